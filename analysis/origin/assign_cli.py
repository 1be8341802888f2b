"""``python -m analysis origin assign`` and ``… origin validate``."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from analysis.genotypes.reader import Layout, TableFormat, read_file
from analysis.inputs import InputFile
from analysis.origin.accuracy import Level, validate
from analysis.origin.assign import Assignment, AssignmentRun, Settings, assign
from analysis.origin.baseline import Baseline, baseline_open, baseline_read
from analysis.origin.equilibrium import equilibrium
from analysis.origin.method import artefacts_of
from analysis.origin.numbers import p_text, posterior_text
from analysis.origin.wording import (
    answer_json,
    caveats,
    equilibrium_json,
    statement,
    validation_json,
)
from analysis.terminal import progress_bar

_SHOWN = 5


def assign_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `assign`."""
    default = Settings()
    parser.add_argument("genotypes", type=Path, metavar="GENOTYPES")
    parser.add_argument("--baseline", type=Path, required=True, metavar="TABLE", help="table or frozen set")
    _add_columns(parser)
    parser.add_argument("--baseline-id-column", metavar="C", help="if not the same as --id-column")
    parser.add_argument("--baseline-format", type=TableFormat, choices=list(TableFormat), help="if not --input-format")
    parser.set_defaults(baseline_format=None)
    parser.add_argument("--simulations", type=int, default=default.simulations, metavar="N")
    parser.add_argument("--alpha", type=float, default=default.alpha, metavar="P")
    parser.add_argument("--threshold", type=float, default=default.threshold, metavar="POSTERIOR")
    parser.add_argument("--least-typed", type=float, default=default.least_typed, metavar="SHARE")
    parser.add_argument("--seed", type=int, default=default.seed)
    parser.add_argument("--format", choices=("table", "jsonl"), default="table")
    parser.add_argument("--artefacts", type=Path, metavar="FOLDER", help="write tables and figures here")
    parser.set_defaults(run=run_assign)


def validate_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `validate`."""
    parser.add_argument("table", type=Path, metavar="TABLE")
    _add_columns(parser)
    parser.add_argument(
        "--equilibrium", action="store_true", help="test Hardy-Weinberg proportions and linkage as well (slower)"
    )
    parser.set_defaults(run=run_validate)


def _add_columns(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--id-column", required=True, metavar="C")
    parser.add_argument("--population-column", required=True, metavar="C")
    parser.add_argument("--group-column", metavar="C")
    parser.add_argument("--ignore-column", action="append", default=[], metavar="C")
    parser.add_argument("--input-format", type=TableFormat, choices=list(TableFormat), default="auto")


def run_assign(parsed: argparse.Namespace) -> int:
    """Read, assign, print."""
    settings = Settings(
        alpha=parsed.alpha,
        simulations=parsed.simulations,
        threshold=parsed.threshold,
        least_typed=parsed.least_typed,
        seed=parsed.seed,
        figures=Settings().figures if parsed.artefacts else 0,
    )
    baseline = _baseline(parsed, parsed.baseline, parsed.baseline_id_column or parsed.id_column)
    samples = read_file(
        InputFile.from_path("genotypes", parsed.genotypes),
        Layout(id=parsed.id_column, ignored=(*parsed.ignore_column, *_described(parsed))),
        table_format=TableFormat(parsed.input_format),
    )
    found = assign(baseline, samples, settings, progress_bar())
    if parsed.artefacts:
        _write_artefacts(found, parsed.artefacts)
    if parsed.format == "jsonl":
        for answer in found.assignments:
            print_json(answer_json(answer, found))
    else:
        sys.stdout.write("\n".join(readable(found)) + "\n")
    return 0


def run_validate(parsed: argparse.Namespace) -> int:
    """Read a baseline and print its leave-one-out accuracy."""
    baseline = _baseline(parsed, parsed.table, parsed.id_column)
    values = validation_json(baseline, validate(baseline))
    if parsed.equilibrium:
        values["equilibrium"] = equilibrium_json(equilibrium(baseline))
    text = json.dumps(values, ensure_ascii=False, indent=2)
    sys.stdout.write(f"{text}\n")
    return 0


def print_json(value: object) -> None:
    """One JSON line."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, separators=(", ", ": ")) + "\n")


def readable(found: AssignmentRun) -> list[str]:
    """The readable form: per sample the finding, the best populations, the accuracy, the caveats."""
    baseline = found.baseline
    lines = [f"baseline {baseline.name}, {len(baseline.table)} animals, sha256 {baseline.sha256}"]
    lines += [f"note: {words}" for words in found.notices]
    for answer in found.assignments:
        lines += ["", f"{answer.id}: {statement(answer, found)}", *_ranking_lines(answer)]
        lines += _accuracy_lines(answer)
        lines += [f"  reason: {reason.text}" for reason in answer.reasons]
        lines += [f"  caveat: {words}" for words in caveats(answer, found)]
    return lines


def _ranking_lines(answer: Assignment) -> list[str]:
    if not answer.ranking:
        return []
    wide = max(10, *(len(item.population) for item in answer.ranking[:_SHOWN]))
    lines = [f"  {'population':{wide}}  posterior  exclusion p  log-likelihood"]
    lines += [
        f"  {item.population:{wide}}  {posterior_text(item.posterior):>9}  {p_text(item.exclusion_p):>11}  "
        f"{item.log_likelihood:14.3f}{'  excluded' if item.excluded else ''}"
        for item in answer.ranking[:_SHOWN]
    ]
    if len(answer.ranking) > _SHOWN:
        lines.append(f"  … {len(answer.ranking) - _SHOWN} more; --format jsonl lists all")
    return lines


def _accuracy_lines(answer: Assignment) -> list[str]:
    lines = []
    for level in Level:
        band = answer.accuracy.get(level)
        if band is not None and band.share.accuracy is not None:
            low, high = band.share.interval
            lines.append(
                f"  leave-one-out at a posterior of {band.low:g} to {band.high:g}: {band.share.accuracy:.1%} "
                f"right to {level.value} (95 % interval {low:.1%} to {high:.1%}, "
                f"{band.share.animals} animals)"
            )
    return lines


def _write_artefacts(found: AssignmentRun, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for artefact in artefacts_of(found):
        (folder / artefact.name).write_bytes(artefact.content)


def _baseline(parsed: argparse.Namespace, path: Path, id_column: str) -> Baseline:
    if path.is_dir():
        return baseline_open(path)
    return baseline_read(
        InputFile.from_path("baseline", path),
        id_column=id_column,
        population_column=parsed.population_column,
        group_column=parsed.group_column,
        ignored=parsed.ignore_column,
        table_format=TableFormat(getattr(parsed, "baseline_format", None) or parsed.input_format),
    )


def _described(parsed: argparse.Namespace) -> tuple[str, ...]:
    """Columns that hold no locus in the samples' table either, should they be there."""
    return tuple(name for name in (parsed.population_column, parsed.group_column) if name is not None)
