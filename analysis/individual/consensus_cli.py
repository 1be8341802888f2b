"""``python -m analysis individual consensus``."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from analysis.errors import InputRefused
from analysis.genotypes.consensus import ConsensusRule
from analysis.genotypes.reader import TableFormat
from analysis.individual.consensus_method import TABLE, run
from analysis.inputs import InputFile, RunInputs, RunResult
from analysis.terminal import progress_bar

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]


def add_consensus(questions: Subparsers) -> None:
    """Add `consensus` to the questions of `individual`."""
    rule = ConsensusRule()
    parser = questions.add_parser("consensus", help="one genotype from repeated typings, with the rates they show")
    parser.add_argument("table", type=Path, metavar="TABLE", help="one row per typing, under the sample's name")
    parser.add_argument("--id-column", required=True, metavar="C")
    parser.add_argument("--allele-runs", type=int, default=rule.allele_runs, metavar="N")
    parser.add_argument("--homozygote-runs", type=int, default=rule.homozygote_runs, metavar="N")
    parser.add_argument("--input-format", choices=list(TableFormat), default=TableFormat.AUTO.value)
    parser.add_argument("--output", type=Path, metavar="CSV", help="write the joined table here; it must not exist")
    parser.add_argument("--format", choices=("table", "jsonl"), default="table")
    parser.set_defaults(run=run_consensus)


def run_consensus(parsed: argparse.Namespace) -> int:
    """Read, join, print; the same answers as the method «individual.consensus»."""
    inputs = RunInputs(
        files=(InputFile.from_path("genotype_runs", parsed.table),),
        parameters={
            "id_column": parsed.id_column,
            "allele_runs": parsed.allele_runs,
            "homozygote_runs": parsed.homozygote_runs,
            "table_format": str(parsed.input_format),
        },
    )
    found = run(inputs, progress_bar())
    if parsed.output is not None:
        _write(parsed.output, found)
    lines = _jsonl(found) if parsed.format == "jsonl" else _readable(found)
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return 0


def _write(path: Path, found: RunResult) -> None:
    content = next(one.content for one in found.artefacts if one.name == TABLE)
    try:
        with path.open("xb") as target:
            target.write(content)
    except OSError as error:
        raise InputRefused(
            f"The joined table cannot be written: {error.strerror or error}.",
            file=path.name,
            remedy="Name a file that does not exist, in a folder you may write to.",
        ) from error


def _jsonl(found: RunResult) -> list[str]:
    return [json.dumps({"outcome": one.finding.outcome, **one.details}, ensure_ascii=False) for one in found.outcomes]


def _readable(found: RunResult) -> list[str]:
    lines = []
    for one in found.outcomes:
        lines += [one.finding.statement, *(f"  {reason.text}" for reason in one.finding.reasons)]
    for number in found.outcomes[0].numbers:
        if number.interval is not None:
            low, high, level = number.interval
            lines.append(f"{number.name}: {number.value:.3g} ({level:.0%} interval {low:.3g} to {high:.3g})")
            lines.append(f"  {number.definition}")
    return [*lines, *(f"caveat: {words}" for words in found.outcomes[0].caveats)]
