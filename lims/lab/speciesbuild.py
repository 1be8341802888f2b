"""How a set of reference sequences is built: records read and told one by one, frozen, calibrated, looked through."""

import csv
import hashlib
import io
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from analysis.errors import InputRefused
from analysis.inputs import Progress
from analysis.species.calibrate import calibrate
from analysis.species.calibration import LocusCalibration, RankRule, Rule, calibration_write
from analysis.species.curate import Finding, coverage, curate
from analysis.species.imports import Import, Line, import_files, records_check
from analysis.species.library import Library, library_build, library_open
from analysis.species.records import Taxonomy, taxonomies_join, taxonomy_read
from analysis.species.texts import text_open

CALIBRATION_SAMPLE = 1500
"""Records tried per locus when a set is proposed; `python -m analysis species validate` tries 5,000."""

REPORT, RECORDS, CURATION, COVERAGE = "report.csv", "records.csv", "curation.csv", "coverage.csv"
FACTS = ("voucher", "identified_by", "country", "published")
"""What a record that may support a name should have: a specimen kept, who named it, where, a publication.

After ANSI/ASB 180, of which only the scope was read [M].
"""


OwnItems = Callable[[Collection[str]], Collection[str]]
_NAME_PARTS = re.compile(r"[_|.,;:=()\s]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeciesBuilt:
    """A built set: how many records, its hash, a summary for its page, and tables for the evidence store."""

    records: int
    digest: str
    summary: dict[str, Any]
    tables: tuple[tuple[str, bytes], ...]


def species_build(
    folder: Path,
    sources: Sequence[Path],
    *,
    name: str,
    edition: str,
    locus: str | None,
    excluded: Mapping[str, str],
    own_items: OwnItems,
    against: Path | None,
    progress: Progress,
    names: str = "",
) -> SpeciesBuilt:
    """Read FASTA, GenBank and BOLD files and taxonomy tables, leave out what was excluded, freeze, calibrate, curate.

    `excluded` maps accessions to the reason, `own_items` tells which names are items of the laboratory, `against` is
    the set whose records tell new ones their locus and strand; `names` says whose names the tables hold. Every record
    of every file stands in report.csv, taken or not and why.

    Raises:
        AnalysisError: a file is none of these forms, no record can be used, an excluded record is not there, or a
            record names an item: evidence may not enter a reference.
        Cancelled: what `progress` raises.
    """
    files, taxonomy = _taxonomies(sources, names)
    beside = library_open(against) if against else None
    found = import_files(files, locus=locus, taxonomy=taxonomy, against=beside, progress=part(progress, 0.0, 0.1))
    found = _without(found, excluded)
    _no_evidence(found, own_items)
    records_check(found)
    library, built = library_build(
        folder, found.records, name=name, version=edition, taxonomy=taxonomy, progress=part(progress, 0.1, 0.25)
    )
    calibration = calibrate(library, sample=CALIBRATION_SAMPLE, progress=part(progress, 0.25, 0.8))
    calibration_write(folder, calibration)
    curated = curate(library, progress=part(progress, 0.8, 0.98))
    short = dict(built.left_out)
    report = [_told(line, short) for line in found.report]
    rows = list(records_rows(library))
    return SpeciesBuilt(
        records=built.records,
        digest=library.reference.sha256,
        summary={
            "species": built.species,
            "calibration": calibration.sha256,
            "error_rates": [_rates(one) for one in calibration.loci],
            "taxonomy": library.reference.facts.get("taxonomy"),
            "legacy": list(found.legacy),
            **_summary(report, rows, curated),
        },
        tables=_tables(library, report, rows, curated),
    )


def _summary(report: Sequence[Line], rows: Sequence[Mapping[str, str]], curated: Sequence[Finding]) -> dict[str, Any]:
    """How many records were read and left out, have what a record should have, and are to be looked at."""
    left = [(line.accession or f"{line.file} {line.row}", line.reason) for line in report if not line.taken]
    return {
        "left_out": [list(pair) for pair in left][:50],
        "left_out_count": len(left),
        "records_read": len(report),
        "checklist": {fact: sum(bool(row[fact]) for row in rows) for fact in FACTS},
        "findings": _counts(finding.code for finding in curated),
    }


def _tables(
    library: Library, report: Sequence[Line], rows: Sequence[Mapping[str, str]], curated: Sequence[Finding]
) -> tuple[tuple[str, bytes], ...]:
    """Every record read, the records of the set, what was found against them, species by locus."""
    return (
        (REPORT, table_csv(_REPORT_HEAD, ((n.file, n.row, n.accession, _yes(n.taken), n.reason) for n in report))),
        (RECORDS, table_csv(RECORD_HEAD, ([row[key] for key in RECORD_HEAD] for row in rows))),
        (CURATION, table_csv(_CURATION_HEAD, ((f.code, f.accession, f.taxon, f.text) for f in curated))),
        (COVERAGE, table_csv(("species", "locus", "records"), ((*key, n) for key, n in coverage(library).items()))),
    )


_CURATION_HEAD = ("code", "accession", "taxon", "text")
_REPORT_HEAD = ("file", "row", "accession", "taken", "reason")
RECORD_HEAD = ("accession", "name", "species", "locus", "length", "bases", *FACTS, "flag")


def records_rows(library: Library) -> Iterable[dict[str, str]]:
    """One row a record: names, length, the hash of its bases, and what is known of its specimen."""
    for record in range(library.size):
        bases = library.sequence(int(library.record_sequence[record]))
        facts = note_facts(library.note(record))
        yield {
            "accession": library.accession(record),
            "name": library.name(record),
            "species": library.species[int(library.record_species[record])].name,
            "locus": library.loci[int(library.record_locus[record])],
            "length": str(len(bases)),
            "bases": hashlib.sha256(bases).hexdigest(),
            **{fact: "" if facts.get(fact) == "no" else facts.get(fact, "") for fact in FACTS},
            "flag": facts.get("flag", ""),
        }


def note_facts(note: str) -> dict[str, str]:
    """`voucher=ABC 1; published=no` as a mapping; parts without a sign of equality say nothing."""
    pairs = (piece.partition("=") for part_ in note.split("|") for piece in part_.split(";"))
    return {key.strip(): value.strip() for key, sign, value in pairs if sign}


def table_csv(head: Sequence[str], rows: Iterable[Iterable[object]]) -> bytes:
    """A table as CSV with a header."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    return out.getvalue().encode()


def part(progress: Progress, begin: float, end: float) -> Progress:
    """A `Progress` for a step of the whole work."""

    def told(share: float, words: str) -> None:
        progress(begin + share * (end - begin), words)

    return told


def _taxonomies(sources: Sequence[Path], names: str) -> tuple[list[Path], Taxonomy | None]:
    """The files of records, and what the tables of names among the sources say together."""
    tables = [path for path in sources if _is_taxonomy(path)]
    if not tables:
        return list(sources), None
    joined = taxonomies_join([taxonomy_read(path) for path in tables], names)
    return [path for path in sources if path not in tables], joined


def _is_taxonomy(path: Path) -> bool:
    """A tab-separated table, gzip or not, with a column «species» and none with bases (those are BOLD's)."""
    with text_open(path, legacy=True) as source:
        head = {cell.strip().lower() for cell in source.readline(1 << 16).split("\t")}
    return "species" in head and not head & {"nucleotides", "nuc", "sequence"}


def _no_evidence(found: Import, own_items: OwnItems) -> None:
    """No record bears the reference of an item: in its accession, its name or what else its header says.

    Of names and notes only words built as references are (letters, figures and a hyphen) are asked after: a large set
    has as many others as a dictionary.
    """
    named = {part.upper(): one for one in found.records for part in _NAME_PARTS.split(one.accession)}
    for one in found.records:
        for part in _NAME_PARTS.split(f"{one.name} {one.note}"):
            if "-" in part and any(sign.isdigit() for sign in part):
                named[part.upper()] = one
    for name in sorted(own_items(named)):
        raise InputRefused(
            f"The record «{named[name].accession}» names an item of this laboratory ({name}): evidence may not enter "
            "a reference.",
            field="files",
            remedy="Take it out of the file.",
        )


def _without(found: Import, excluded: Mapping[str, str]) -> Import:
    missing = sorted(excluded.keys() - {record.accession for record in found.records})
    if missing:
        raise InputRefused(
            f"The record «{missing[0]}» is to be left out, and is in none of the files.",
            field="exclude",
            remedy="Take it off the list of exclusions.",
        )
    records = tuple(record for record in found.records if record.accession not in excluded)
    report = tuple(
        Line(file=n.file, row=n.row, accession=n.accession, taken=False, reason=f"excluded: {excluded[n.accession]}")
        if n.taken and n.accession in excluded
        else n
        for n in found.report
    )
    return replace(found, records=records, report=report)


def _told(line: Line, short: Mapping[str, str]) -> Line:
    if line.taken and line.accession in short:
        return Line(file=line.file, row=line.row, accession=line.accession, taken=False, reason=short[line.accession])
    return line


def _yes(taken: bool) -> str:
    return "yes" if taken else "no"


def _counts(codes: Iterable[str]) -> dict[str, int]:
    counted: dict[str, int] = {}
    for code in codes:
        counted[code] = counted.get(code, 0) + 1
    return dict(sorted(counted.items()))


def _rates(one: LocusCalibration) -> dict[str, Any]:
    """Error rates of a locus at a query length (0: whole), as counts: wrong or named out of how many were tried.

    `present_wrong`: a species in the set called by another name; `absent_named`: a species hidden from the set
    and yet named as another.
    """
    rules: dict[str, Rule | RankRule] = {"species": one.species, "genus": one.genus, "family": one.family}
    rates = {
        rank: {
            "usable": rule.usable,
            "present_wrong": [rule.present_wrong.count, rule.present_wrong.total],
            "absent_named": [rule.absent_named.count, rule.absent_named.total],
        }
        for rank, rule in rules.items()
    }
    return {"locus": one.locus, "length": one.length, **rates}
