"""``python -m analysis captivity classify``."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from analysis.canonical import Json
from analysis.captivity.classify import Confusion, Floats, Judgement, Training, cross_validate, judge, training_of
from analysis.errors import InputRefused
from analysis.genotypes.grid import Grid, read_delimited
from analysis.inputs import InputFile
from analysis.statistics import binomial_interval
from analysis.textfile import SIZE_LIMIT, text_of

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

CAVEATS = (
    "Support for one keeping against another within this training set; not a proof of a source code.",
    "An animal caught lately, ranched, head-started or fed in the wild may look like either.",
    "The tissue speaks of the time in which it grew.",
)


def add_parser(subparsers: Subparsers) -> None:
    """Add `captivity`."""
    captivity = subparsers.add_parser("captivity", help="wild or captive, from isotopes and elements")
    questions = captivity.add_subparsers(dest="question", required=True, metavar="QUESTION")
    parser = questions.add_parser("classify", help="judge samples by a training set, or refuse them")
    parser.add_argument("samples", type=Path, metavar="SAMPLES")
    parser.add_argument("--training", type=Path, required=True, metavar="TABLE")
    parser.add_argument("--id-column", required=True, metavar="C")
    parser.add_argument("--class-column", required=True, metavar="C")
    parser.add_argument("--variable", action="append", required=True, metavar="C", help="a measured column")
    parser.add_argument("--prior", action="append", default=[], metavar="CLASS=SHARE")
    parser.add_argument("--threshold", type=float, default=0.9, metavar="POSTERIOR")
    parser.add_argument("--alpha", type=float, default=0.01, metavar="P", help="of the out-of-domain test")
    parser.add_argument("--format", choices=("table", "jsonl"), default="table")
    parser.set_defaults(run=run_classify)


def run_classify(parsed: argparse.Namespace) -> int:
    """Read, judge, print."""
    grid = _grid(parsed.training)
    training = training_of(parsed.variable, _texts(grid, parsed.class_column), _values(grid, parsed.variable))
    prior = _prior(parsed.prior)
    rules = {"threshold": parsed.threshold, "alpha": parsed.alpha}
    confusion = cross_validate(training, prior=prior, **rules)
    samples = _grid(parsed.samples)
    names, values = _texts(samples, parsed.id_column), _values(samples, parsed.variable)
    found = [(name, judge(training, row, prior=prior, **rules)) for name, row in zip(names, values, strict=True)]
    if parsed.format == "jsonl":
        lines = [json.dumps(judgement_json(name, one, training, confusion), ensure_ascii=False) for name, one in found]
    else:
        lines = _readable(found, training, confusion)
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return 0


def judgement_json(name: str, found: Judgement, training: Training, confusion: Confusion) -> dict[str, Json]:
    """The values of one sample."""
    right, named = confusion.named
    return {
        "id": name,
        "outcome": found.outcome.value,
        "subject": found.subject,
        "posterior": {key: float(f"{value:.6g}") for key, value in found.posterior.items()},
        "log10_lr": round(found.log10_lr, 6),
        "nearest_class": found.nearest,
        "domain_p": float(f"{found.domain_p:.6g}"),
        "confusion": {true: dict(said) for true, said in confusion.counts.items()},
        "cross_validated": {"right": right, "named": named, "interval_95": list(binomial_interval(right, named))},
        "training": {"animals": len(training.values), "variables": list(training.variables)},
        "caveats": list(CAVEATS),
    }


def _readable(found: Sequence[tuple[str, Judgement]], training: Training, confusion: Confusion) -> list[str]:
    right, named = confusion.named
    low, high = binomial_interval(right, named)
    lines = [
        f"training set: {len(training.values)} animals, {', '.join(training.variables)}",
        f"left out one by one: {right} of {named} named rightly (95 % interval {low:.1%} to {high:.1%})",
    ]
    for true, said in confusion.counts.items():
        lines.append(f"  {true}: " + ", ".join(f"{name} {count}" for name, count in sorted(said.items())))
    for name, one in found:
        shares = ", ".join(f"{key} {value:.3f}" for key, value in one.posterior.items())
        lines.append(
            f"{name}: {one.subject or one.outcome.value}; {shares}; log10 LR {one.log10_lr:.2f}; "
            f"as far from «{one.nearest}» as this: p = {one.domain_p:.2g}"
        )
    return [*lines, *(f"caveat: {words}" for words in CAVEATS)]


def _grid(path: Path) -> Grid:
    content = InputFile.from_path("table", path).read(limit=SIZE_LIMIT)
    return read_delimited(text_of(content, name=path.name), name=path.name)


def _texts(grid: Grid, column: str) -> list[str]:
    if column not in grid.header:
        raise InputRefused(
            "The table has no such column.", file=grid.name, row=1, field=column, remedy=", ".join(grid.header[:12])
        )
    at = grid.header.index(column)
    cells = [row[at].strip() for row in grid.rows]
    if "" in cells:
        line = grid.lines[cells.index("")]
        raise InputRefused("The cell is empty.", file=grid.name, row=line, field=column, remedy="Fill it in.")
    return cells


def _values(grid: Grid, variables: Sequence[str]) -> Floats:
    found = np.empty((len(grid.rows), len(variables)))
    for place, column in enumerate(variables):
        for row, (cell, line) in enumerate(zip(_texts(grid, column), grid.lines, strict=True)):
            try:
                found[row, place] = float(cell)
            except ValueError as error:
                raise InputRefused(
                    f"«{cell}» is no number.", file=grid.name, row=line, field=column, remedy="Mend the cell."
                ) from error
    return found


def _prior(words: Sequence[str]) -> dict[str, float] | None:
    found = {}
    for word in words:
        name, equals, share = word.partition("=")
        try:
            found[name] = float(share)
        except ValueError as error:
            raise InputRefused(f"«{word}» is no prior.", field="prior", remedy="Write CLASS=SHARE.") from error
        if not equals:
            raise InputRefused(f"«{word}» is no prior.", field="prior", remedy="Write CLASS=SHARE.")
    return found or None
