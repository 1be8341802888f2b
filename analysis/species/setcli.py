"""``python -m analysis species import|curate|coverage|compare``: everything about a reference set before it is used."""

from __future__ import annotations

import argparse
import csv
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from analysis.species.curate import compare, coverage, curate
from analysis.species.imports import import_files
from analysis.species.library import library_open
from analysis.species.missing import species_held, species_list_read
from analysis.species.records import Record, species_name, taxonomy_read
from analysis.terminal import progress_bar

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

UNCALIBRATED: Final = "warning: the set is not calibrated, so nothing is named; run «species validate»\n"


def add_sets(questions: Subparsers) -> None:
    """Add the commands about reference sets."""
    parser = questions.add_parser("import", help="FASTA, GenBank and BOLD files to one FASTA a locus, with a report")
    parser.add_argument("files", type=Path, nargs="+", metavar="FILE")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for LOCUS.fasta and report.tsv")
    parser.add_argument("--locus", help="keep this locus alone")
    parser.add_argument("--taxonomy", type=Path, metavar="TSV", help="identifier, species, ranks, accepted names")
    parser.add_argument(
        "--against",
        type=Path,
        metavar="DIR",
        help="a set that tells loci and strands by alignment",
    )
    parser.set_defaults(run=run_import)
    parser = questions.add_parser("curate", help="records of a set that a person should look at")
    parser.add_argument("reference", type=Path, metavar="DIR")
    parser.set_defaults(run=run_curate)
    parser = questions.add_parser("coverage", help="species by locus by number of records")
    parser.add_argument("reference", type=Path, metavar="DIR")
    parser.set_defaults(run=run_coverage)
    parser = questions.add_parser("missing", help="species of a list that have no record at a locus")
    parser.add_argument("reference", type=Path, metavar="DIR")
    parser.add_argument("--species", type=Path, required=True, metavar="SPECIES.txt", help="one species a line")
    parser.add_argument("--locus", action="append", default=[], metavar="NAME", help="all of the set's where not given")
    parser.set_defaults(run=run_missing)
    parser = questions.add_parser("compare", help="what a new version of a set changed")
    parser.add_argument("old", type=Path, metavar="OLD")
    parser.add_argument("new", type=Path, metavar="NEW")
    parser.set_defaults(run=run_compare)


def run_import(parsed: argparse.Namespace) -> int:
    """Read the files, write FASTA and report; 1 when no record could be taken."""
    taxonomy = taxonomy_read(parsed.taxonomy) if parsed.taxonomy else None
    against = library_open(parsed.against) if parsed.against else None
    found = import_files(parsed.files, locus=parsed.locus, taxonomy=taxonomy, against=against, progress=progress_bar())
    parsed.out.mkdir(parents=True, exist_ok=True)
    for locus in sorted({record.locus for record in found.records}):
        with (parsed.out / f"{locus}.fasta").open("x", encoding="utf-8") as out:
            for record in found.records:
                if record.locus == locus:
                    out.write(f">{_header(record)}\n{record.sequence.decode()}\n")
    with (parsed.out / "report.tsv").open("x", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, delimiter="\t", lineterminator="\n")
        writer.writerow(("file", "row", "accession", "taken", "reason"))
        writer.writerows((n.file, n.row, n.accession, "yes" if n.taken else "no", n.reason) for n in found.report)
    for name in found.legacy:
        sys.stderr.write(f"{name}: is no UTF-8, read as Windows-1252 (Latin-1). Look at names of persons and places.\n")
    left = sum(not line.taken for line in found.report)
    sys.stdout.write(f"{len(found.records)} records taken, {left} left out; see {parsed.out / 'report.tsv'}\n")
    return 0 if found.records else 1


def _header(record: Record) -> str:
    """Accession, name and note: a name that the table of names replaced stands in the note."""
    note = record.note.replace("|", "/")
    if species_name(record.name)[0] == record.species:
        return f"{record.accession}|{record.name}|{note}"
    return f"{record.accession}|{record.species}|{'; '.join(filter(None, (f'as_found={record.name}', note)))}"


def _table(rows: list[tuple[object, ...]]) -> None:
    csv.writer(sys.stdout, delimiter="\t", lineterminator="\n").writerows(rows)


def run_curate(parsed: argparse.Namespace) -> int:
    """Print findings as a table."""
    found = curate(library_open(parsed.reference), progress=progress_bar())
    _table([("code", "accession", "taxon", "what"), *((f.code, f.accession, f.taxon, f.text) for f in found)])
    return 0


def run_coverage(parsed: argparse.Namespace) -> int:
    """Print species, locus, records."""
    found = coverage(library_open(parsed.reference))
    _table([("species", "locus", "records"), *((species, locus, n) for (species, locus), n in found.items())])
    return 0


def run_missing(parsed: argparse.Namespace) -> int:
    """Print species and locus of what has no record."""
    counted = coverage(library_open(parsed.reference))
    held = species_held(species_list_read(parsed.species), counted, loci=parsed.locus)
    _table([("species", "locus"), *((one.species, one.locus) for one in held if not one.records)])
    return 0


def run_compare(parsed: argparse.Namespace) -> int:
    """Print what changed."""
    found = compare(library_open(parsed.old), library_open(parsed.new))
    rows: list[tuple[object, ...]] = [("change", "accession", "before", "after")]
    rows += [("added", name, "", "") for name in found.added]
    rows += [("removed", name, "", "") for name in found.removed]
    rows += [("renamed", *row) for row in found.renamed]
    rows += [("bases", name, "", "") for name in found.changed]
    _table(rows)
    return 0
