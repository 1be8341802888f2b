"""Reference records: read from FASTA, named by their headers or by a taxonomy table."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from analysis.errors import InputRefused
from analysis.inputs import digest_file
from analysis.species.bases import clean
from analysis.species.texts import plain_check, text_open

_SPECIES = re.compile(r"^[A-Z][a-zë-]+ [a-zéëïöü][a-zéëïöü-]+$")
_OPEN_NAMES = frozenset({"sp", "spp", "cf", "aff", "nr", "environmental", "uncultured", "x", "hybrid", "gen"})
_RANKS = ("genus", "family", "order", "class", "phylum")
_ENDINGS = frozenset({"gz", "fasta", "fa", "fas", "fna", "fsa", "txt", "seq", "ffn"})
_ID_COLUMNS = ("id", "accession", "dbid", "record")
UNVERIFIED = "flag=UNVERIFIED"
"""In the note of a record that its source calls unverified."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One sequence of known origin.

    `name` is as found; `species` the two-word name it stands for; `verified` is false for names that
    leave the species open («sp.», «cf.», hybrids), which can never support a species.
    """

    accession: str
    name: str
    species: str
    locus: str
    sequence: bytes
    verified: bool = True
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table of names: its file, the digest of its bytes, how many species it states."""

    file: str
    sha256: str
    species: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Taxonomy:
    """What a taxonomy table states: species of an accession, ranks of a species.

    `ranks[species]` maps a rank («genus», «family», …) to a name. Species listed here without a
    sequence are known to be absent from the set. `accepted` maps a synonym to the accepted name at the end of its
    chain (a column «accepted»).
    `tables` are the files it was read from; `name` says whose names they are, and of which edition.
    """

    species_of: Mapping[str, str]
    ranks: Mapping[str, Mapping[str, str]]
    accepted: Mapping[str, str] = field(default_factory=dict)
    tables: tuple[Table, ...] = ()
    name: str = ""


def fasta_iterate(path: Path, *, legacy: bool = False) -> Iterator[tuple[int, str, str]]:
    """(row of the header, header without «>», sequence text) for each record of a FASTA file, gzip allowed.

    `legacy` allows what is no UTF-8 (see `text_open`). Raises `InputRefused` for a file that cannot be read, is empty,
    is not text or does not begin with «>».
    """
    with text_open(path, legacy=legacy) as source:
        yield from _fasta_lines(source, path.name)


def _fasta_lines(lines: Iterable[str], name: str) -> Iterator[tuple[int, str, str]]:
    header: str | None = None
    start = 0
    parts: list[str] = []
    for row, line in enumerate(lines, start=1):
        text = line.strip()
        if text.startswith(">"):
            if header is not None:
                yield start, header, "".join(parts)
            header, start, parts = text[1:].strip(), row, []
        elif text and header is None:
            raise InputRefused(
                f"The file begins with {text[:20]!r}, not with «>».",
                file=name,
                row=row,
                remedy="Give sequences in FASTA form: a line «>name», then the bases.",
            )
        elif text:
            parts.append(text)
    if header is None:
        raise InputRefused("The file holds no sequence.", file=name, remedy="Check that it is not empty.")
    yield start, header, "".join(parts)


def records_read(
    paths: Iterable[Path],
    *,
    locus: str | None,
    taxonomy: Taxonomy | None,
    left_out: list[tuple[str, str]] | None = None,
) -> Iterator[Record]:
    """Records of FASTA files whose headers read `accession|Genus species|…`, or are named by `taxonomy`.

    The locus of a record is `locus`, else the name of its file. Records of one accession may stand at several loci.
    A record that stands twice is given twice (a set takes it once and says so); raises `InputRefused` for a header
    that names no species and for an accession that occurs twice with different content at one locus. A sequence that
    holds what is no base is refused too, or where `left_out` is given the record goes there with the reason.
    """
    seen: dict[tuple[str, str], tuple[str, int, int]] = {}
    for path in paths:
        for row, header, text in fasta_iterate(path):
            try:
                record = header_record(path.name, row, header, text, locus or locus_name(path), taxonomy)
            except InputRefused as error:
                if left_out is None or error.field != "sequence":
                    raise
                left_out.append((header.split("|")[0].strip(), f"{path.name}, row {row}: {error.message}"))
                continue
            content = hash((record.species, record.sequence))
            first = seen.setdefault((record.accession, record.locus), (path.name, row, content))
            if first[2] != content:
                raise InputRefused(
                    f"The accession «{record.accession}» occurs twice with different content "
                    f"(first in {first[0]}, row {first[1]}).",
                    file=path.name,
                    row=row,
                    remedy="Give every record an accession of its own.",
                )
            yield record


def locus_name(path: Path) -> str:
    """The locus a file is named after: its name without endings of FASTA and gzip."""
    name = path.name
    while "." in name and name.rpartition(".")[2].lower() in _ENDINGS:
        name = name.rpartition(".")[0]
    return name


def header_record(file: str, row: int, header: str, text: str, locus: str, taxonomy: Taxonomy | None) -> Record:
    """The record of a FASTA header `accession|Genus species|…`; raises `InputRefused` where it names no species."""
    fields = [field.strip() for field in header.split("|")]
    accession = fields[0].split()[0] if fields[0] else ""
    listed = taxonomy.species_of.get(accession) if taxonomy else None
    name = listed or (fields[1].replace("_", " ") if len(fields) > 1 else "")
    if not accession or not name:
        raise InputRefused(
            f"The header «{header[:60]}» names no species.",
            file=file,
            row=row,
            remedy="Write «accession|Genus species», or give a taxonomy table with this accession.",
        )
    species, verified = species_name(name)
    made = Record(
        accession=accession,
        name=name,
        species=species,
        locus=locus,
        sequence=clean(text, file=file, row=row),
        verified=verified,
        note="|".join(fields[2:]),
    )
    return record_named(made, taxonomy) if taxonomy else made


def record_named(record: Record, taxonomy: Taxonomy) -> Record:
    """The record under the name a taxonomy gives it: that of its accession, and of a synonym the accepted one.

    One that its source calls unverified stays so.
    """
    keys = (record.accession, record.accession.rpartition(":")[0])
    name = next((taxonomy.species_of[key] for key in keys if key in taxonomy.species_of), record.name)
    species, settled = species_name(name)
    doubted = UNVERIFIED in record.note or (species_name(record.name)[1] and not record.verified)
    return replace(
        record,
        name=name,
        species=taxonomy.accepted.get(species, species),
        verified=settled and not doubted,
    )


def species_name(name: str) -> tuple[str, bool]:
    """The two-word species a name stands for, and whether it settles the species.

    `Panthera tigris altaica` gives (`Panthera tigris`, True); `Manis sp. BOLD:1`
    gives (`Manis sp. BOLD:1`, False).
    """
    words = name.split()
    bare = [word.strip(".,()").lower() for word in words]
    two = " ".join(words[:2])
    if any(word in _OPEN_NAMES for word in bare[1:]) or not _SPECIES.match(two):
        return " ".join(words), False
    return two, True


def taxonomy_read(path: Path) -> Taxonomy:
    """A tab-separated table with an identifier (`id` or `accession`), `species` and any ranks.

    A table without a header row is read as identifier, species. A synonym of a synonym is one of the accepted name at
    the end. Raises `InputRefused` where a row has no species or the file is empty, where an identifier or a synonym
    stands for two names, and where synonyms lead back to themselves.
    """
    rows = _table_rows(path)
    header = [cell.lower() for cell in rows[0][1]]
    if "species" in header:
        rows = rows[1:]
    else:
        header = ["id", "species", *(f"column {n}" for n in range(3, len(header) + 1))]
    species_of: dict[str, str] = {}
    accepted: dict[str, str] = {}
    read: list[tuple[str, bool, dict[str, str]]] = []
    for row, cells in rows:
        values = dict(zip(header, cells, strict=False))
        name = values.get("species", "").replace("_", " ")
        if not name:
            raise InputRefused("The row names no species.", file=path.name, row=row, field="species")
        key = next((values[column] for column in _ID_COLUMNS if values.get(column)), None)
        if key:
            _once(species_of, key, name, file=path.name, row=row, field="species")
        species, verified = species_name(name)
        current = species_name(values.get("accepted", "").replace("_", " "))[0]
        if current and current != species:
            _once(accepted, species, current, file=path.name, row=row, field="accepted")
        read.append((species, verified, values))
    accepted = _resolved(accepted, file=path.name)
    ranks = _ranks(read, accepted)
    table = Table(file=path.name, sha256=digest_file(path), species=len(ranks))
    return Taxonomy(species_of=species_of, ranks=ranks, accepted=accepted, tables=(table,))


def taxonomies_join(read: Sequence[Taxonomy], name: str) -> Taxonomy:
    """What several tables say together; `name` says whose names they are.

    Raises `InputRefused` where they contradict each other: another species for an identifier, another accepted name
    for a synonym, or synonyms that lead back to themselves.
    """
    species_of: dict[str, str] = {}
    accepted: dict[str, str] = {}
    for one in read:
        file = one.tables[-1].file if one.tables else ""
        for key, species in one.species_of.items():
            _once(species_of, key, species, file=file, field="species")
        for synonym, current in one.accepted.items():
            _once(accepted, synonym, current, file=file, field="accepted")
    accepted = _resolved(accepted, file=", ".join(table.file for one in read for table in one.tables))
    ranks: dict[str, dict[str, str]] = {}
    for one in read:
        for species, known in one.ranks.items():
            joined = ranks.setdefault(accepted.get(species, species), {})
            joined.update(_other_ranks(known, joined) if species in accepted else known)
    tables = tuple(table for one in read for table in one.tables)
    return Taxonomy(species_of=species_of, ranks=ranks, accepted=accepted, tables=tables, name=name)


def _once(known: dict[str, str], key: str, value: str, *, file: str, field: str, row: int | None = None) -> None:
    """Keep what a table says of a key, which it says once."""
    first = known.setdefault(key, value)
    if first != value:
        raise InputRefused(
            f"«{key}» stands for «{first}» and for «{value}».",
            file=file,
            row=row,
            field=field,
            remedy="Leave one of the two names.",
        )


def _resolved(accepted: Mapping[str, str], *, file: str) -> dict[str, str]:
    """Every synonym with the name at the end of its chain."""
    ends: dict[str, str] = {}
    for synonym, next_name in accepted.items():
        seen, current = {synonym}, next_name
        while current in accepted:
            if current in seen:
                raise InputRefused(
                    f"The synonyms of «{current}» lead back to «{current}»: none of them is accepted.",
                    file=file,
                    field="accepted",
                    remedy="Leave the cell of the accepted name empty.",
                )
            seen.add(current)
            current = accepted[current]
        ends[synonym] = current
    return ends


def _ranks(
    read: Iterable[tuple[str, bool, Mapping[str, str]]], accepted: Mapping[str, str]
) -> dict[str, dict[str, str]]:
    """Ranks by accepted name. The row of a synonym counts where no other row says a rank, its genus never."""
    ranks: dict[str, dict[str, str]] = {}
    for species, verified, values in sorted(read, key=lambda one: one[0] in accepted):
        said = {rank: values[rank] for rank in _RANKS if values.get(rank)}
        known = ranks.setdefault(accepted.get(species, species), {})
        known.update(_other_ranks(said, known) if species in accepted else said)
        if verified:
            known.setdefault("genus", accepted.get(species, species).split()[0])
    return ranks


def _other_ranks(said: Mapping[str, str], known: Mapping[str, str]) -> dict[str, str]:
    """What the row of a synonym adds to the ranks of the accepted name: never the genus, which is the synonym's."""
    return {rank: name for rank, name in said.items() if rank != "genus" and rank not in known}


def _table_rows(path: Path) -> list[tuple[int, list[str]]]:
    with text_open(path, legacy=True) as source:
        text = source.read()
    plain_check(text, file=path.name)
    rows = [
        (row, [cell.strip() for cell in line.split("\t")])
        for row, line in enumerate(text.splitlines(), start=1)
        if line.strip()
    ]
    if not rows:
        raise InputRefused("The table is empty.", file=path.name, remedy="Give at least identifier and species.")
    return rows
