"""``python -m analysis individual match|kin|parentage|consensus``."""

from __future__ import annotations

import argparse
import json
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from analysis.canonical import Json
from analysis.errors import InputRefused
from analysis.genotypes.reader import Layout, TableFormat, read_file
from analysis.genotypes.table import GenotypeTable
from analysis.individual.claims import COLUMNS, claims_read
from analysis.individual.compare import Comparer, Comparison, ComparisonRun
from analysis.individual.consensus_cli import add_consensus
from analysis.individual.kinship import ErrorModel
from analysis.individual.panel import RESOLVED
from analysis.individual.parentage import ALPHA
from analysis.individual.pedigree import pedigree_of
from analysis.individual.pedigree_wording import pedigree_json, pedigree_readable
from analysis.individual.regions import region_of
from analysis.inputs import InputFile
from analysis.terminal import progress_bar

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]


def add_parser(subparsers: Subparsers) -> None:
    """Add `individual` and its questions."""
    individual = subparsers.add_parser("individual", help="who it is, and whose relative")
    questions = individual.add_subparsers(dest="question", required=True, metavar="QUESTION")
    match = questions.add_parser("match", help="find the same animal twice")
    _add_common(match, least_shared=0.85)
    match.add_argument("--least-match", type=float, default=0.85, metavar="SHARE")
    match.set_defaults(run=run_match)
    kin = questions.add_parser("kin", help="find possible relatives, as likelihood ratios")
    _add_common(kin, least_shared=0.8)
    kin.add_argument("--least-lr", type=float, default=1000.0, metavar="LR")
    kin.set_defaults(run=run_kin)
    _add_parentage(questions)
    add_consensus(questions)


def _add_parentage(questions: Subparsers) -> None:
    parser = questions.add_parser("parentage", help="test claimed parents, one by one and as a pedigree")
    _add_inputs(parser)
    parser.add_argument("--claims", type=Path, required=True, metavar="TABLE", help=f"columns {', '.join(COLUMNS)}")
    parser.add_argument("--alpha", type=float, default=ALPHA, metavar="P", help="for the whole pedigree")
    parser.set_defaults(run=run_parentage)


def _add_common(parser: argparse.ArgumentParser, *, least_shared: float) -> None:
    _add_inputs(parser)
    parser.add_argument("--against", type=Path, metavar="TABLE", help="compare with these, not within")
    parser.add_argument(
        "--least-shared",
        type=float,
        default=least_shared,
        metavar="SHARE",
        help="share of the panel's loci both animals must be typed at",
    )


def _add_inputs(parser: argparse.ArgumentParser) -> None:
    default = ErrorModel()
    parser.add_argument("table", type=Path, metavar="TABLE")
    parser.add_argument("--id-column", required=True, metavar="C")
    parser.add_argument("--frequencies", type=Path, metavar="TABLE", help="take allele frequencies from here")
    parser.add_argument("--frequencies-where", metavar="COLUMN=VALUE", help="only those of its animals, of one region")
    parser.add_argument("--ignore-column", action="append", default=[], metavar="C")
    parser.add_argument("--input-format", type=TableFormat, choices=list(TableFormat), default="auto")
    parser.add_argument("--theta", type=float, default=default.theta)
    parser.add_argument("--dropout", type=float, default=default.dropout)
    parser.add_argument("--miscall", type=float, default=default.miscall)
    parser.add_argument("--format", choices=("table", "jsonl"), default="table")


def run_match(parsed: argparse.Namespace) -> int:
    """Read, compare, print."""
    found = _comparer(parsed).match(
        least_match=parsed.least_match, least_shared=parsed.least_shared, progress=progress_bar()
    )
    _print(parsed, found)
    return 0


def run_kin(parsed: argparse.Namespace) -> int:
    """Read, compare, print."""
    found = _comparer(parsed).kin(least_lr=parsed.least_lr, least_shared=parsed.least_shared, progress=progress_bar())
    _print(parsed, found)
    return 0


def run_parentage(parsed: argparse.Namespace) -> int:
    """Read, test every claim, print."""
    file = InputFile.from_path("claims", parsed.claims)
    found, _panel = pedigree_of(
        _read(parsed, parsed.table),
        claims_read(file),
        frequencies=_frequencies(parsed),
        model=ErrorModel(theta=parsed.theta, dropout=parsed.dropout, miscall=parsed.miscall),
        alpha=parsed.alpha,
        file=file.name,
    )
    if parsed.format == "jsonl":
        lines = [json.dumps(line, ensure_ascii=False) for line in pedigree_json(found)]
    else:
        lines = pedigree_readable(found)
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return 0


def comparison_json(item: Comparison, run: ComparisonRun) -> dict[str, Json]:
    """One line: likelihood ratios against «unrelated», and what a search of this size finds by chance."""
    best = max(item.log10_lr, key=lambda name: (item.log10_lr[name], name))
    return {
        "a": item.a,
        "b": item.b,
        "shared_loci": item.shared_loci,
        "matching_loci": item.matching_loci,
        "lr": {name: _power_of_ten(value) for name, value in item.log10_lr.items()},
        "log10_lr": {name: _finite(value) for name, value in item.log10_lr.items()},
        "lr_interval_95": {
            name: [_power_of_ten(low), _power_of_ten(high)] for name, (low, high) in item.log10_interval.items()
        },
        "best": best,
        "match_probability": float(f"{item.match_probability:.6g}"),
        "match_probability_interval_95": [float(f"{end:.6g}") for end in item.match_interval],
        "not_resolved": [power.relationship for power in run.power if power.detected < RESOLVED],
        "identity_unrelated": float(f"{run.identity_unrelated:.6g}"),
        "identity_siblings": float(f"{run.identity_siblings:.6g}"),
        "pairs_compared": run.pairs_compared,
        "chance_finds_at_most": float(f"{run.pairs_compared * 10 ** -item.log10_lr[best]:.6g}"),
        "model": {
            "theta": run.model.theta,
            "dropout": run.model.dropout,
            "miscall": run.model.miscall,
        },
    }


def readable(run: ComparisonRun) -> list[str]:
    """The readable form: pairs, then what the panel can and cannot resolve."""
    lines = [f"{run.pairs_compared:,} pairs compared at {len(run.panel.loci)} loci; {len(run.comparisons)} found"]
    if run.comparisons:
        lines.append("a\tb\tshared\tmatching\tbest\tlog10 LR\t95 % interval\tchance finds at most")
    for item in run.comparisons:
        best = max(item.log10_lr, key=lambda name: (item.log10_lr[name], name))
        value, (low, high) = item.log10_lr[best], item.log10_interval.get(best, (math.nan, math.nan))
        lines.append(
            f"{item.a}\t{item.b}\t{item.shared_loci}\t{item.matching_loci}\t{best}\t{value:.2f}\t"
            f"{low:.2f} to {high:.2f}\t{run.pairs_compared * 10**-value:.2g}"
        )
    lines += ["", *_power_lines(run)]
    lines.append(f"probability of identity, unrelated: {run.identity_unrelated:.2e}")
    lines.append(f"probability of identity, siblings: {run.identity_siblings:.2e}")
    lines.append(
        "A likelihood ratio compares two statements; it is not the probability that either is true. Its interval holds "
        "what the finite sample of allele frequencies adds. Among many pairs, some unrelated ones look related."
    )
    return lines


def _power_lines(run: ComparisonRun) -> list[str]:
    return [
        f"{item.relationship}: log10 LR {item.mean:.1f} ± {item.deviation:.1f} in true pairs, "
        f"{item.unrelated_mean:.1f} in unrelated; "
        + (
            f"{item.detected:.0%} of true pairs expected"
            if item.detected >= RESOLVED
            else f"NOT RESOLVED by this panel: only {item.detected:.0%} of true pairs expected"
        )
        for item in run.power
    ]


def _comparer(parsed: argparse.Namespace) -> Comparer:
    against = None if parsed.against is None else _read(parsed, parsed.against)
    frequencies = _frequencies(parsed)
    model = ErrorModel(theta=parsed.theta, dropout=parsed.dropout, miscall=parsed.miscall)
    return Comparer(_read(parsed, parsed.table), against, model=model, frequencies_from=frequencies)


def _frequencies(parsed: argparse.Namespace) -> GenotypeTable | None:
    """The animals whose alleles are counted, where they are not those compared."""
    if parsed.frequencies_where is None:
        return None if parsed.frequencies is None else _read(parsed, parsed.frequencies)
    column, _, value = parsed.frequencies_where.partition("=")
    if parsed.frequencies is None or not column or not value:
        raise InputRefused(
            f"«{parsed.frequencies_where}» does not say whose frequencies.",
            field="frequencies-where",
            remedy="Give --frequencies TABLE and --frequencies-where COLUMN=VALUE, such as region=north.",
        )
    table = _read(parsed, parsed.frequencies, others=(column,))
    return region_of(table, (column,), value, field=column)


def _read(parsed: argparse.Namespace, path: Path, *, others: tuple[str, ...] = ()) -> GenotypeTable:
    ignored = tuple(name for name in parsed.ignore_column if name not in others)
    layout = Layout(id=parsed.id_column, others=others, ignored=ignored)
    return read_file(InputFile.from_path("genotypes", path), layout, table_format=TableFormat(parsed.input_format))


def _print(parsed: argparse.Namespace, run: ComparisonRun) -> None:
    if parsed.format == "jsonl":
        lines = [json.dumps(comparison_json(item, run), ensure_ascii=False) for item in run.comparisons]
    else:
        lines = readable(run)
    sys.stdout.write("".join(f"{line}\n" for line in lines))


def _power_of_ten(exponent: float) -> float:
    return float(f"{10.0 ** min(exponent, 300.0):.6g}")


def _finite(value: float) -> float | None:
    return round(value, 6) if value != float("-inf") else None
