"""Reference records: read from FASTA, named by their headers or by a taxonomy table."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from analysis.errors import InputRefused
from analysis.inputs import digest_file
from analysis.species.bases import clean
from analysis.species.texts import text_open

_SPECIES = re.compile(r"^[A-Z][a-zë-]+ [a-zéëïöü][a-zéëïöü-]+$")
_OPEN_NAMES = frozenset({"sp", "spp", "cf", "aff", "nr", "environmental", "uncultured", "x", "hybrid", "gen"})
_RANKS = ("genus", "family", "order", "class", "phylum")
_ENDINGS = frozenset({"gz", "fasta", "fa", "fas", "fna", "fsa", "txt", "seq", "ffn"})
_ID_COLUMNS = ("id", "accession", "dbid", "record")


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
    sequence are known to be absent from the set. `accepted` maps a synonym to its accepted name (a column «accepted»).
    `tables` are the files it was read from; `name` says whose names they are, and of which edition.
    """

    species_of: Mapping[str, str]
    ranks: Mapping[str, Mapping[str, str]]
    accepted: Mapping[str, str] = field(default_factory=dict)
    tables: tuple[Table, ...] = ()
    name: str = ""


def fasta_iterate(path: Path) -> Iterator[tuple[int, str, str]]:
    """(row of the header, header without «>», sequence text) for each record of a FASTA file, gzip allowed.

    Raises `InputRefused` for a file that cannot be read, is empty, is not text or does not begin
    with «>».
    """
    with text_open(path) as source:
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
    if taxonomy is not None:
        species = taxonomy.accepted.get(species, species)
    return Record(
        accession=accession,
        name=name,
        species=species,
        locus=locus,
        sequence=clean(text, file=file, row=row),
        verified=verified,
        note="|".join(fields[2:]),
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

    A table without a header row is read as identifier, species. Raises `InputRefused` where a row
    has no species or the file is empty.
    """
    rows = _table_rows(path)
    header = [cell.lower() for cell in rows[0][1]]
    if "species" in header:
        rows = rows[1:]
    else:
        header = ["id", "species", *(f"column {n}" for n in range(3, len(header) + 1))]
    species_of: dict[str, str] = {}
    accepted: dict[str, str] = {}
    ranks: dict[str, dict[str, str]] = {}
    for row, cells in rows:
        values = dict(zip(header, cells, strict=False))
        name = values.get("species", "").replace("_", " ")
        if not name:
            raise InputRefused("The row names no species.", file=path.name, row=row, field="species")
        key = next((values[column] for column in _ID_COLUMNS if values.get(column)), None)
        if key:
            species_of[key] = name
        species, verified = species_name(name)
        current = " ".join(values.get("accepted", "").replace("_", " ").split())
        if current and current != species:
            accepted[species] = species = species_name(current)[0]
        known = ranks.setdefault(species, {})
        known.update({rank: values[rank] for rank in _RANKS if values.get(rank)})
        if verified:
            known.setdefault("genus", species.split()[0])
    table = Table(file=path.name, sha256=digest_file(path), species=len(ranks))
    return Taxonomy(species_of=species_of, ranks=ranks, accepted=accepted, tables=(table,))


def _table_rows(path: Path) -> list[tuple[int, list[str]]]:
    with text_open(path) as source:
        text = source.read()
    rows = [
        (row, [cell.strip() for cell in line.split("\t")])
        for row, line in enumerate(text.splitlines(), start=1)
        if line.strip()
    ]
    if not rows:
        raise InputRefused("The table is empty.", file=path.name, remedy="Give at least identifier and species.")
    return rows
