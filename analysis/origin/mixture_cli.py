"""``python -m analysis origin mixture``."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from analysis.canonical import Json
from analysis.genotypes.reader import Layout, TableFormat, read_file
from analysis.inputs import InputFile
from analysis.origin.baseline import baseline_open, baseline_read
from analysis.origin.mixture import Mixture, MixtureShare, mixtures
from analysis.origin.numbers import number
from analysis.terminal import progress_bar

_SHOWN = 12
CAVEAT = (
    "Shares are of the populations of the baseline only; animals from elsewhere are counted with the population they "
    "resemble most. Intervals hold the drawing of animals, not what the finite baseline adds."
)


def mixture_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `mixture`."""
    parser.add_argument("genotypes", type=Path, metavar="GENOTYPES")
    parser.add_argument("--baseline", type=Path, required=True, metavar="TABLE", help="table or frozen set")
    parser.add_argument("--id-column", required=True, metavar="C")
    parser.add_argument("--population-column", required=True, metavar="C")
    parser.add_argument("--group-column", metavar="C")
    parser.add_argument("--by-column", metavar="C", help="a mixture of its own for each value of this column")
    parser.add_argument("--ignore-column", action="append", default=[], metavar="C")
    parser.add_argument("--input-format", type=TableFormat, choices=list(TableFormat), default="auto")
    parser.add_argument("--baseline-format", type=TableFormat, choices=list(TableFormat), help="if not --input-format")
    parser.add_argument("--replicates", type=int, default=200, metavar="N", help="bootstrap replicates")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--format", choices=("table", "jsonl"), default="table")
    parser.set_defaults(run=run_mixture)


def run_mixture(parsed: argparse.Namespace) -> int:
    """Read, estimate, print."""
    table_format = TableFormat(parsed.input_format)
    if parsed.baseline.is_dir():
        baseline = baseline_open(parsed.baseline)
    else:
        baseline = baseline_read(
            InputFile.from_path("baseline", parsed.baseline),
            id_column=parsed.id_column,
            population_column=parsed.population_column,
            group_column=parsed.group_column,
            ignored=parsed.ignore_column,
            table_format=TableFormat(parsed.baseline_format or table_format),
        )
    described = {parsed.population_column, parsed.group_column} - {None, parsed.by_column}
    layout = Layout(
        id=parsed.id_column,
        others=() if parsed.by_column is None else (parsed.by_column,),
        ignored=(*parsed.ignore_column, *sorted(described)),
    )
    samples = read_file(InputFile.from_path("genotypes", parsed.genotypes), layout, table_format=table_format)
    found = mixtures(
        baseline,
        samples,
        by=parsed.by_column,
        replicates=parsed.replicates,
        seed=parsed.seed,
        progress=progress_bar(),
    )
    if parsed.format == "jsonl":
        sys.stdout.write("".join(json.dumps(mixture_json(one), ensure_ascii=False) + "\n" for one in found))
    else:
        sys.stdout.write("\n".join(line for one in found for line in _readable(one)) + f"\n{CAVEAT}\n")
    return 0


def mixture_json(found: Mixture) -> dict[str, Json]:
    """The values of one mixture."""
    return {
        "mixture": found.name,
        "animals": found.animals,
        "untyped": found.untyped,
        "groups": [_share_json("group", item) for item in found.groups],
        "populations": [_share_json("population", item) for item in found.populations],
        "caveats": [CAVEAT],
    }


def _share_json(kind: str, item: MixtureShare) -> dict[str, Json]:
    return {kind: item.name, "share": number(item.share), "interval_95": [number(item.low), number(item.high)]}


def _readable(found: Mixture) -> list[str]:
    head = f"{found.name or 'mixture'}: {found.animals} animals" + (
        f", {found.untyped} without a typed locus left out" if found.untyped else ""
    )
    shown = [
        f"  {item.name:30}  {item.share:6.1%}  ({item.low:.1%} to {item.high:.1%})" for item in found.groups[:_SHOWN]
    ]
    return [head, *shown]
