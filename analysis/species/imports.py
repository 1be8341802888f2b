"""Reference records from the formats they are published in: FASTA, GenBank flat files, BOLD tables.

Nothing is dropped in silence: every record of a file is taken or left out with its reason (`Import.report`).
The fields by which a record is judged (voucher, identifier, country, publication: the checklist of ANSI/ASB 180)
go into its note.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from Bio import SeqIO
from Bio.SeqFeature import SeqFeature
from Bio.SeqRecord import SeqRecord

from analysis.errors import InputRefused
from analysis.inputs import Progress, no_progress
from analysis.species.bases import clean
from analysis.species.library import Library
from analysis.species.locus import locus_assign
from analysis.species.records import (
    UNVERIFIED,
    Record,
    Taxonomy,
    fasta_iterate,
    header_record,
    locus_name,
    record_named,
    species_name,
)
from analysis.species.texts import is_utf8, plain_check, text_open

LOCI: Final[Mapping[str, tuple[str, ...]]] = {
    "COI": ("coi", "coi5p", "co1", "cox1", "coxi", "cytochromeoxidasesubunit1", "cytochromecoxidasesubuniti",
            "cytochromecoxidasesubunit1", "cytochromeoxidasesubuniti"),
    "cytb": ("cytb", "cob", "cyb", "cytochromeb"),
    "12S": ("12s", "12srrna", "12sribosomalrna", "rrns", "srrna", "mtrnr1", "smallsubunitribosomalrna"),
    "16S": ("16s", "16srrna", "16sribosomalrna", "rrnl", "lrrna", "mtrnr2", "largesubunitribosomalrna"),
    "rbcL": ("rbcl", "rbcla"),
    "matK": ("matk",),
}  # fmt: skip
"""Spellings of loci, letters and digits alone."""

LONGEST_NAME: Final = 120
"""Characters of an accession and of a name."""

TOLD_EVERY: Final = 2000
"""Records between two words of progress: in one large file, too, a build is seen to move and can be cancelled."""

_LOCUS_OF: Final = {spelling: locus for locus, spellings in LOCI.items() for spelling in spellings}
_UNPUBLISHED: Final = re.compile(r"^(unpublished|submitted)", re.IGNORECASE)
_SOURCE_FACTS: Final[Mapping[str, tuple[str, ...]]] = {
    "voucher": ("specimen_voucher", "bio_material", "culture_collection"),
    "identified_by": ("identified_by",),
    "country": ("geo_loc_name", "country"),
}
"""Qualifiers of a GenBank «source» feature (INSDC Feature Table), the first that is there: `geo_loc_name` was `country`
until 2024; a kept specimen, a stock or a culture stands for the voucher."""
_BOLD: Final[Mapping[str, tuple[str, ...]]] = {
    "id": ("processid", "process_id", "record_id"),
    "species": ("species_name", "species", "identification"),
    "locus": ("markercode", "marker_code", "marker"),
    "bases": ("nucleotides", "nuc", "sequence"),
    "voucher": ("museumid", "sampleid", "sample_id"),
    "identified_by": ("identification_provided_by", "identified_by"),
    "country": ("country", "country/ocean"),
    "accession": ("genbank_accession", "insdc_acs"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What became of one record of a file: `taken` and why not; `row` is its line or place in the file (from 1)."""

    file: str
    row: int
    accession: str
    taken: bool
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """Records that can be used, and a line for every record seen. `legacy` are files that are no UTF-8."""

    records: tuple[Record, ...]
    report: tuple[Line, ...]
    legacy: tuple[str, ...] = ()


def locus_of(text: str) -> str | None:
    """The locus a gene or marker name stands for: `cox1` and `COI-5P` give `COI`; None for others."""
    bare = re.sub(r"[^a-z0-9]", "", text.lower())
    return _LOCUS_OF.get(bare)


def import_files(
    paths: list[Path],
    *,
    locus: str | None = None,
    taxonomy: Taxonomy | None = None,
    against: Library | None = None,
    progress: Progress = no_progress,
) -> Import:
    """Read FASTA, GenBank and BOLD files, told apart by their content.

    `locus` keeps that locus alone and names FASTA records; else a FASTA record has its file's name, or where a set is
    given (`against`) the locus of the record it lies beside, and that one's strand. Raises `InputRefused` for a file
    that is none of the three; a bad record inside a file is a line of the report. A file that is no UTF-8 is read as
    Windows-1252, of which Latin-1 is a part.
    """
    taken = _Taken()
    for done, path in enumerate(paths):
        progress(done / len(paths), path.name)
        for row, accession, read in _records(path, None if against else locus, taxonomy):
            made = read if against is None or isinstance(read, str) else _assigned(against, read, locus)
            if len(taken.report) % TOLD_EVERY == TOLD_EVERY - 1:
                progress(done / len(paths), f"{path.name}: {len(taken.report) + 1:,} records read")
            named = accession if isinstance(made, str) else made.accession
            line = Line(file=path.name, row=row, accession=named[:LONGEST_NAME], taken=False)
            if isinstance(made, str):
                taken.report.append(replace(line, reason=made))
            else:
                taken.offer(made, line)
    progress(1.0, f"{len(taken.records)} records")
    legacy = tuple(path.name for path in paths if not is_utf8(path))
    return Import(records=tuple(taken.records.values()), report=tuple(taken.report), legacy=legacy)


class _Taken:
    """Records taken so far by accession and locus, with the line of each in the report."""

    def __init__(self) -> None:
        self.records: dict[tuple[str, str], Record] = {}
        self.report: list[Line] = []
        self._places: dict[tuple[str, str], int] = {}
        """Where in the report the first record of an accession and locus stands, also of one that was taken back."""

    def offer(self, record: Record, line: Line) -> None:
        """Take a record, or say why not; of two that contradict each other neither is kept, whichever came first."""
        key = record.accession, record.locus
        place = self._places.get(key)
        if len(record.accession) > LONGEST_NAME or len(record.name) > LONGEST_NAME:
            line = replace(line, reason=f"accession or name has more than {LONGEST_NAME} characters")
        elif place is None:
            self._places[key] = len(self.report)
            self.records[key] = record
            line = replace(line, taken=True)
        else:
            line = replace(line, reason=self._again(key, record, place, line))
        self.report.append(line)

    def _again(self, key: tuple[str, str], record: Record, place: int, line: Line) -> str:
        first, known = self.report[place], self.records.get(key)
        if known is not None and (known.species, known.sequence) == (record.species, record.sequence):
            return "the same record again; the first is kept"
        if known is not None:
            del self.records[key]
            self.report[place] = replace(first, taken=False, reason=_contradicts(line))
        return _contradicts(first)


def _contradicts(other: Line) -> str:
    return f"the accession stands for other bases or another species too ({other.file}, {other.row}): none is kept"


def records_check(found: Import) -> None:
    """Raises `InputRefused` where no record was taken, with the first record's reason and how many share it."""
    if found.records:
        return
    if not found.report:
        raise InputRefused("No record was found in the files.", remedy="Check that they came whole.")
    first = found.report[0]
    alike = sum(line.reason == first.reason for line in found.report)
    raise InputRefused(
        f"None of {len(found.report)} records can be used: {first.reason.rstrip('.')} ({alike} of them).",
        file=first.file,
        row=first.row,
        remedy="Write «accession|Genus species» above DNA sequences, or see what the formats need.",
    )


def _assigned(against: Library, record: Record, wanted: str | None) -> Record | str:
    found = locus_assign(against, record)
    if wanted is not None and not isinstance(found, str) and found.locus != wanted:
        return f"lies beside records of {found.locus}"
    return found


Made = tuple[int, str, Record | str]


def _records(path: Path, locus: str | None, taxonomy: Taxonomy | None) -> Iterator[Made]:
    with text_open(path, legacy=True) as source:
        head = source.readline(1 << 16)
    plain_check(head, file=path.name)
    if not head:
        raise InputRefused("The file is empty.", file=path.name, remedy="Check that it came whole.")
    if head.startswith(">"):
        return _fasta(path, locus, taxonomy)
    if head.startswith("LOCUS"):
        return _named(_genbank(path, locus), taxonomy)
    if "\t" in head and _columns(head.rstrip("\n").split("\t")).keys() >= {"id", "species", "bases"}:
        return _named(_bold(path, locus), taxonomy)
    raise InputRefused(
        f"The file begins with {head[:30]!r}: neither FASTA nor GenBank nor a BOLD table.",
        file=path.name,
        remedy="Give FASTA («>»), GenBank («LOCUS») or BOLD's TSV with processid, species_name, nucleotides.",
    )


def _named(records: Iterator[Made], taxonomy: Taxonomy | None) -> Iterator[Made]:
    """Records under the names of the taxonomy, as those of FASTA are."""
    for row, accession, made in records:
        yield row, accession, made if taxonomy is None or isinstance(made, str) else record_named(made, taxonomy)


def _fasta(path: Path, locus: str | None, taxonomy: Taxonomy | None) -> Iterator[Made]:
    for row, header, text in fasta_iterate(path, legacy=True):
        try:
            made: Record | str = header_record(path.name, row, header, text, locus or locus_name(path), taxonomy)
        except InputRefused as error:
            made = error.message
        yield row, header.split("|")[0].strip(), made


def _genbank(path: Path, locus: str | None) -> Iterator[Made]:
    broken = _genbank_broken(path)
    try:
        with text_open(path, legacy=True) as source:
            for row, entry in enumerate(SeqIO.parse(source, "genbank"), start=1):  # type: ignore[no-untyped-call]
                found = ["the file ends inside this record"] if row == broken else _entry(entry, locus)
                yield from ((row, str(entry.id), made) for made in found)
    except (ValueError, AttributeError, IndexError) as error:
        raise InputRefused(f"The GenBank file cannot be read on: {error}.", file=path.name) from error


def _genbank_broken(path: Path) -> int:
    """The number of the record a file breaks off in, 0 where its last record ends as it should, with «//»."""
    begun, last = 0, "//"
    with text_open(path, legacy=True) as source:
        for line in source:
            begun += line.startswith("LOCUS ")
            last = line.strip() or last
    return 0 if last == "//" else begun


def _entry(entry: SeqRecord, wanted: str | None) -> list[Record | str]:
    """The loci of one GenBank entry as records; a text where it has none that can be used."""
    annotations: Mapping[str, object] = dict(entry.annotations)
    name = str(annotations.get("organism", ""))
    if not name:
        return ["names no organism"]
    if not entry.seq or not entry.seq.defined:
        return ["holds no bases"]
    found = {locus: feature for feature in entry.features if (locus := _feature_locus(feature)) is not None}
    chosen = {locus: feature for locus, feature in found.items() if wanted is None or locus == wanted}
    if not chosen:
        listed = ", ".join(sorted(found)) or "none that is known"
        return [f"no feature of the locus wanted (loci found: {listed})"]
    species, verified = species_name(name)
    unverified = "UNVERIFIED" in str(entry.description).upper()
    made: list[Record | str] = []
    for locus, feature in sorted(chosen.items()):
        suffix = f":{locus}" if len(chosen) > 1 else ""
        bases = clean(str(feature.extract(entry.seq)), file=str(entry.id))  # type: ignore[no-untyped-call]
        made.append(
            Record(
                accession=f"{entry.id}{suffix}", name=name, species=species, locus=locus, sequence=bases,
                verified=verified and not unverified, note=_note(_genbank_facts(entry, annotations, unverified)),
            )
        )  # fmt: skip
    return made


def _feature_locus(feature: SeqFeature) -> str | None:
    if feature.type not in {"CDS", "rRNA", "gene", "misc_feature"}:
        return None
    for key in ("gene", "product", "note"):
        for value in feature.qualifiers.get(key, ()):
            locus = locus_of(str(value))
            if locus is not None:
                return locus
    return None


def _genbank_facts(entry: SeqRecord, annotations: Mapping[str, object], unverified: bool) -> dict[str, str]:
    source = next((feature.qualifiers for feature in entry.features if feature.type == "source"), {})
    references = annotations.get("references", [])
    journals = [str(getattr(item, "journal", "")) for item in references] if isinstance(references, list) else []
    published = next((journal for journal in journals if journal and not _UNPUBLISHED.match(journal)), "")
    facts = {
        key: str(source[name][0])
        for key, names in _SOURCE_FACTS.items()
        if (name := next((name for name in names if source.get(name)), None)) is not None
    }
    facts["published"] = published or "no"
    if unverified:
        key, _sign, value = UNVERIFIED.partition("=")
        facts[key] = value
    return facts


def _columns(header: list[str]) -> dict[str, int]:
    places = {name.strip().lower(): place for place, name in enumerate(header)}
    return {
        key: next(places[name] for name in names if name in places)
        for key, names in _BOLD.items()
        if any(name in places for name in names)
    }


def _bold(path: Path, wanted: str | None) -> Iterator[Made]:
    with text_open(path, legacy=True) as source:
        text = source.read()
    rows = csv.reader(io.StringIO(text), delimiter="\t", quoting=csv.QUOTE_NONE)
    columns = _columns(next(rows))
    for row, cells in enumerate(rows, start=2):
        values = {key: cells[place].strip() for key, place in columns.items() if place < len(cells)}
        accession = values.get("id", "")
        if cells:
            yield row, accession, _bold_record(values, wanted, path.name, row)


def _bold_record(values: Mapping[str, str], wanted: str | None, file: str, row: int) -> Record | str:
    if not values.get("id") or not values.get("species"):
        return "names no record or no species"
    marker = values.get("locus", "")
    locus = locus_of(marker) or marker or "COI"
    if wanted is not None and locus != wanted:
        return f"the marker is {marker or 'not stated'}"
    try:
        bases = clean(values.get("bases", ""), file=file, row=row)
    except InputRefused as error:
        return error.message
    if not bases:
        return "holds no bases"
    species, verified = species_name(values["species"])
    facts = {key: values[key] for key in ("voucher", "identified_by", "country", "accession") if values.get(key)}
    return Record(
        accession=values["id"], name=values["species"], species=species, locus=locus, sequence=bases,
        verified=verified, note=_note(facts),
    )  # fmt: skip


def _note(facts: Mapping[str, str]) -> str:
    return "; ".join(f"{key}={value}" for key, value in facts.items())
