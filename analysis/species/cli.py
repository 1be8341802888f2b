"""``python -m analysis species consensus|build|identify|validate``."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from analysis.canonical import readable_json
from analysis.errors import InputRefused
from analysis.inputs import InputFile
from analysis.outcome import Identification
from analysis.species.assembly import assemble, single, single_each
from analysis.species.calibrate import SAMPLE, library_calibrate
from analysis.species.calibration import Calibration, LocusCalibration, Rate, calibration_read
from analysis.species.fetchcli import add_fetch
from analysis.species.identify import HITS, Asked, Identified, identify_each
from analysis.species.library import SAMPLING, library_build, library_open
from analysis.species.options import one_line, one_word, positive, word_of
from analysis.species.productcli import add_amplicons
from analysis.species.records import records_read, taxonomy_read
from analysis.species.report import consensus_json, identified_line, identified_table
from analysis.species.setcli import UNCALIBRATED, add_sets
from analysis.species.texts import text_open
from analysis.species.traces import reads_of, trace_read
from analysis.species.treecli import add_tree
from analysis.terminal import progress_bar

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]


def add_parser(subparsers: Subparsers) -> None:
    """Add `species` and its questions."""
    species = subparsers.add_parser("species", help="which species a sequence belongs to")
    questions = species.add_subparsers(dest="question", required=True, metavar="QUESTION")
    _add_consensus(questions)
    _add_build(questions)
    _add_identify(questions)
    _add_validate(questions)
    add_tree(questions)
    add_sets(questions)
    add_amplicons(questions)
    add_fetch(questions)


def _add_consensus(questions: Subparsers) -> None:
    parser = questions.add_parser("consensus", help="one consensus from a forward and a reverse trace")
    parser.add_argument("forward", type=Path, metavar="FORWARD.ab1", help="ab1, or one read as FASTQ")
    parser.add_argument("reverse", type=Path, metavar="REVERSE.ab1", nargs="?", help="likewise")
    parser.add_argument("--name", type=one_word, help="name of the consensus, one word; the forward file's by default")
    parser.add_argument("--format", choices=("fasta", "json"), default="fasta")
    parser.set_defaults(run=run_consensus)


def _add_build(questions: Subparsers) -> None:
    parser = questions.add_parser("build", help="freeze a reference set and calibrate it")
    parser.add_argument("references", type=Path, nargs="+", metavar="REFERENCES.fasta")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("--taxonomy", type=Path, metavar="TSV", help="identifier, species and ranks")
    parser.add_argument("--names", default="", metavar="TEXT", help="whose names the table holds, and of which edition")
    parser.add_argument("--locus", type=one_line, help="locus of all records; each file's name by default")
    parser.add_argument("--name", type=one_line, help="name of the set; the folder's name by default")
    parser.add_argument("--version", type=one_line, default="1", help="version of the set (default 1)")
    parser.add_argument("--sampling", type=positive, default=SAMPLING, metavar="N", help="keep one k-mer in N")
    parser.add_argument("--sample", type=positive, default=SAMPLE, metavar="N", help="records tried a locus and length")
    parser.add_argument("--no-validate", action="store_true", help="do not calibrate now; nothing is named until then")
    parser.set_defaults(run=run_build)


def _add_identify(questions: Subparsers) -> None:
    parser = questions.add_parser("identify", help="identify sequences against a set")
    parser.add_argument("queries", type=Path, metavar="QUERIES.fasta")
    parser.add_argument("--reference", type=Path, required=True, metavar="DIR")
    parser.add_argument("--declared", type=Path, metavar="TSV", help="query and declared species")
    parser.add_argument("--hits", type=positive, default=HITS, metavar="N", help=f"records reported (default {HITS})")
    parser.add_argument("--format", choices=("table", "jsonl"), default="table")
    parser.set_defaults(run=run_identify)


def _add_validate(questions: Subparsers) -> None:
    parser = questions.add_parser("validate", help="calibrate a set; its rates are written beside it")
    parser.add_argument("reference", type=Path, metavar="DIR")
    parser.add_argument("--sample", type=positive, default=SAMPLE, metavar="N", help="records tried a locus and length")
    parser.add_argument("--format", choices=("table", "json"), default="table")
    parser.set_defaults(run=run_validate)


def run_consensus(parsed: argparse.Namespace) -> int:
    """Read, assemble, print; a suspect pair is named on standard error."""
    forward = trace_read(InputFile.from_path("trace_forward", parsed.forward))
    if parsed.reverse is None:
        consensus = single(forward)
    else:
        consensus = assemble(forward, trace_read(InputFile.from_path("trace_reverse", parsed.reverse)))
    name = parsed.name or word_of(parsed.forward.stem)
    if not consensus.bases:
        raise InputRefused("No stretch of the read is good enough.", file=parsed.forward.name, remedy="Sequence again.")
    if consensus.suspect_pair:
        sys.stderr.write(
            f"warning: the reads differ firmly at {consensus.firm_disagreements} positions; are they of one specimen?\n"
        )
    if parsed.format == "json":
        sys.stdout.buffer.write(readable_json(consensus_json(consensus, name)))
    else:
        sys.stdout.write(f">{name}\n{consensus.bases.decode()}\n")
    return 0


def run_build(parsed: argparse.Namespace) -> int:
    """Read the records, freeze the set, calibrate it, say what was left out."""
    progress = progress_bar()
    taxonomy = replace(taxonomy_read(parsed.taxonomy), name=parsed.names) if parsed.taxonomy else None
    unreadable: list[tuple[str, str]] = []
    library, report = library_build(
        parsed.out,
        records_read(parsed.references, locus=parsed.locus, taxonomy=taxonomy, left_out=unreadable),
        name=parsed.name or parsed.out.resolve().name,
        version=parsed.version,
        taxonomy=taxonomy,
        sampling=parsed.sampling,
        progress=progress,
    )
    sys.stdout.write(
        f"set {library.reference.name} {library.reference.version}, sha256 {library.reference.sha256}\n"
        f"{report.records} records, {report.distinct_sequences} distinct sequences, {report.species} species, "
        f"{report.species_without_record} species known without a record\n"
    )
    for accession, why in (*unreadable, *report.left_out):
        sys.stdout.write(f"left out {accession}: {why}\n")
    if not parsed.no_validate:
        _, calibration = library_calibrate(parsed.out, sample=parsed.sample, progress=progress)
        sys.stdout.write(calibration_table(calibration))
    return 0


def run_identify(parsed: argparse.Namespace) -> int:
    """Identify every query, in input order; JSON lines are written as they are found."""
    library = library_open(parsed.reference)
    calibration = calibration_read(library)
    if calibration is None:
        sys.stderr.write(UNCALIBRATED)
    reads = reads_of(InputFile.from_path("sequence", parsed.queries), empty=True)
    declared = declared_read(parsed.declared, [read.name for read in reads]) if parsed.declared else {}
    shared = Counter(read.name for read in reads)
    if again := [name for name, count in shared.items() if count > 1]:
        sys.stderr.write(
            f"warning: {len(again)} names stand for several queries («{again[0]}», for one); "
            "a caveat of each says which it is\n"
        )
    progress = progress_bar()
    found: list[Identified] = []
    asked = (
        Asked(name=read.name, bases=consensus.bases, declared=declared.get(read.name))
        for read, consensus in zip(reads, single_each(reads), strict=True)
    )
    for number, item in enumerate(identify_each(library, calibration, asked, hits=parsed.hits)):
        progress(number / len(reads), item.query)
        if shared[item.query] > 1:
            item = _told_apart(item, number + 1, shared[item.query])  # noqa: PLW2901
        if parsed.format == "jsonl":
            sys.stdout.buffer.write(identified_line(item) + b"\n")
        else:
            found.append(item)
    progress(1.0, f"{len(reads)} queries")
    if parsed.format == "table":
        sys.stdout.write(identified_table(found))
    sys.stdout.flush()
    return 0


def _told_apart(item: Identified, number: int, count: int) -> Identified:
    """The record of one of several queries of a name, with a caveat that says which of them it is about."""
    caveat = (
        f"{count} sequences of the file are called «{item.query}»; this is about sequence {number} of the file, "
        f"the one whose bases have the SHA-256 {item.sha256}."
    )
    return replace(item, caveats=(caveat, *item.caveats))


def run_validate(parsed: argparse.Namespace) -> int:
    """Calibrate a set and print its rules and rates."""
    _, calibration = library_calibrate(parsed.reference, sample=parsed.sample, progress=progress_bar())
    if parsed.format == "json":
        sys.stdout.buffer.write(readable_json(calibration))
    else:
        sys.stdout.write(calibration_table(calibration))
    return 0


def declared_read(path: Path, queries: Iterable[str]) -> dict[str, str]:
    """Query and declared species from a tab-separated table, a header row «query …» allowed.

    Raises `InputRefused` for a row without two cells, a query that does not occur or whose name several sequences have,
    a second species for one query, and a table without a row.
    """
    known = Counter(queries)
    with text_open(path) as source:
        lines = source.read().splitlines()
    declared: dict[str, str] = {}
    for row, line in enumerate(lines, start=1):
        cells = [cell.strip() for cell in line.split("\t")]
        if not line.strip() or (row == 1 and cells[0].lower() in {"query", "id"} and cells[0] not in known):
            continue
        if problem := _row_problem(cells, known, declared):
            field, what, remedy = problem
            raise InputRefused(what, file=path.name, row=row, field=field, remedy=remedy)
        declared[cells[0]] = cells[1]
    if not declared:
        raise InputRefused(
            "The table declares nothing.", file=path.name, remedy="Write query, tab, species; or leave it out."
        )
    return declared


def _row_problem(
    cells: Sequence[str], known: Mapping[str, int], declared: Mapping[str, str]
) -> tuple[str, str, str] | None:
    """Field, what is wrong and the remedy for a row of the declared table; None for a good one."""
    name = cells[0]
    if not name:
        return "query", "The row names no query.", "Write query, tab, species."
    if len(cells) < 2 or not cells[1]:
        return "species", "The row names no species.", "Write query, tab, species."
    if name not in known:
        return "query", f"There is no query «{name}».", "Check the name: it ends at the first space."
    if known[name] > 1:
        return "query", f"{known[name]} queries are called «{name}».", "Give every sequence a name of its own."
    if declared.get(name, cells[1]) != cells[1]:
        what = f"«{name}» was declared as {declared[name]} before, here as {cells[1]}."
        return "species", what, "Keep one of the two, or identify the sequence once for each."
    return None


def calibration_table(calibration: Calibration) -> str:
    """Rules and rates, one line a locus and length."""
    lines = [f"calibration sha256 {calibration.sha256}"]
    for local in calibration.loci:
        lines.append(f"{local.locus}, {local.length} bases or more:")
        lines.extend(_rule_lines(local))
    return "\n".join([*lines, ""])


def _rule_lines(local: LocusCalibration) -> Iterable[str]:
    rule = local.species
    limit = (
        f"within {rule.distance:.2%}, next species {rule.gap:.2%} further, confidence {rule.confidence} or more"
        if rule.usable
        else "never (no safe rule)"
    )
    yield (
        f"  {Identification.SPECIES.value}: {limit}; "
        f"absent species named {_of(rule.absent_named)}, present wrong {_of(rule.present_wrong)}, "
        f"present named {_of(rule.present_called)}, records themselves named {_of(rule.records_named)}"
    )
    grouped = "never" if rule.group_confidence is None else f"confidence {rule.group_confidence} or more together"
    yield (
        f"  {Identification.SPECIES_GROUP.value}: {grouped}; absent species grouped {_of(rule.absent_grouped)}, "
        f"present outside {_of(rule.present_outside)}, present grouped {_of(rule.present_grouped)}"
    )
    for rank, higher in ((Identification.GENUS, local.genus), (Identification.FAMILY, local.family)):
        limit = f"within {higher.distance:.2%}, next {higher.gap:.2%} further" if higher.usable else "never"
        yield (
            f"  {rank.value}: {limit}; absent named {_of(higher.absent_named)}, "
            f"present wrong {_of(higher.present_wrong)}"
        )


def _of(rate: Rate) -> str:
    return f"{rate.count}/{rate.total}"
