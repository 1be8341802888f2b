"""Records of a set of reference sequences: which findings ask for a decision, what two editions differ in."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

MUST_DECIDE = frozenset({"label-outlier", "contamination", "out-of-frame"})
"""Findings that contradict the record's name or its sequence: a set with one that is not decided is not approved.

The others (duplicates, names that settle no species, short records, shared sequences) are told and need no word: the
method allows for them.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """A record of both editions whose name, species, locus or bases differ."""

    accession: str
    field: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionChange:
    """What a newer edition has, lacks and says otherwise; species with their records before and after."""

    added: tuple[Mapping[str, str], ...]
    removed: tuple[Mapping[str, str], ...]
    changed: tuple[Changed, ...]
    species: tuple[tuple[str, int, int], ...]


def editions_compare(before: Iterable[Mapping[str, str]], after: Iterable[Mapping[str, str]]) -> EditionChange:
    """Two tables of records (see `speciesbuild.records_rows`), by accession.

    Records of an accession that stands at several loci in either table are matched by accession and locus.
    """
    rows = (list(before), list(after))
    several = _several(rows[0]) | _several(rows[1])
    old, new = ({_key(row, several): row for row in one} for one in rows)
    both = sorted(old.keys() & new.keys())
    counts = [_species(old.values()), _species(new.values())]
    names = sorted(counts[0].keys() | counts[1].keys())
    return EditionChange(
        added=tuple(new[key] for key in sorted(new.keys() - old.keys())),
        removed=tuple(old[key] for key in sorted(old.keys() - new.keys())),
        changed=tuple(
            Changed(accession=key[0], field=field, before=old[key][field], after=new[key][field])
            for key in both
            for field in ("name", "species", "locus", "bases")
            if old[key][field] != new[key][field]
        ),
        species=tuple(
            (name, counts[0].get(name, 0), counts[1].get(name, 0))
            for name in names
            if counts[0].get(name, 0) != counts[1].get(name, 0)
        ),
    )


def _several(rows: Iterable[Mapping[str, str]]) -> set[str]:
    """Accessions of more than one row."""
    counted = Counter(row["accession"] for row in rows)
    return {accession for accession, number in counted.items() if number > 1}


def _key(row: Mapping[str, str], several: Collection[str]) -> tuple[str, str]:
    return row["accession"], row["locus"] if row["accession"] in several else ""


def _species(rows: Iterable[Mapping[str, str]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for row in rows:
        found[row["species"]] = found.get(row["species"], 0) + 1
    return found
