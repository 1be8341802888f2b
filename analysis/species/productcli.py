"""``python -m analysis species amplicons``: what is in a product, from its amplicon reads."""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from analysis.canonical import Json, plain_json
from analysis.species.amplicon import Line, Product, product_identify
from analysis.species.calibration import calibration_read
from analysis.species.denoising import DENOISERS, LEAST_READS
from analysis.species.library import library_open
from analysis.species.options import positive
from analysis.species.setcli import UNCALIBRATED
from analysis.statistics import binomial_interval
from analysis.terminal import progress_bar

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]


def add_amplicons(questions: Subparsers) -> None:
    """Add `amplicons`."""
    parser = questions.add_parser("amplicons", help="what is in a product: amplicon reads, denoised and identified")
    parser.add_argument("reads", type=Path, metavar="READS.fastq[.gz]")
    parser.add_argument("--reference", type=Path, required=True, metavar="DIR")
    parser.add_argument("--control", type=Path, action="append", default=[], metavar="FASTQ", help="a blank")
    parser.add_argument("--denoiser", choices=sorted(DENOISERS), default="own", help="own (default) or vsearch")
    parser.add_argument("--least", type=positive, default=LEAST_READS, metavar="N", help="fewest reads of a sequence")
    parser.add_argument("--format", choices=("table", "jsonl"), default="table")
    parser.set_defaults(run=run_amplicons)


def run_amplicons(parsed: argparse.Namespace) -> int:
    """Filter, denoise, identify, print one line a taxon."""
    library = library_open(parsed.reference)
    calibration = calibration_read(library)
    if calibration is None:
        sys.stderr.write(UNCALIBRATED)
    product = product_identify(
        library,
        calibration,
        parsed.reads,
        parsed.control,
        denoiser=parsed.denoiser,
        least=parsed.least,
        progress=progress_bar(),
    )
    if parsed.format == "jsonl":
        for line in product.lines:
            low, high = _interval(product, line)
            values: Json = {**asdict(line), "share_interval95": [round(low, 6), round(high, 6)]}
            sys.stdout.buffer.write(plain_json(values) + b"\n")
        sys.stdout.flush()
    else:
        sys.stdout.write(product_table(product))
    return 0


def product_table(product: Product) -> str:
    """Reads kept, then one line a taxon."""
    filtered = product.filtered
    left = ", ".join(f"{reason} {count}" for reason, count in sorted(filtered.left_out.items())) or "none"
    rows: list[tuple[str, ...]] = [("outcome", "taxon", "reads", "share", "95 %", "sequences", "in control", "state")]
    rows += [_row(product, line) for line in product.lines]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    head = f"{filtered.kept} of {filtered.total} reads kept (left out: {left}); denoiser {product.denoiser}"
    note = (
        "share: of the reads kept, with the interval of counting alone (Clopper–Pearson, 95 %); "
        "reads say nothing exact of amounts (primers and copies differ between species)"
    )
    return "\n".join([head, "", *lines, "", note, ""])


def _row(product: Product, line: Line) -> tuple[str, ...]:
    low, high = _interval(product, line)
    counts = (str(line.variants), str(line.control_reads))
    shares = (f"{line.share:.1%}", f"{low:.1%}–{high:.1%}")
    return line.outcome, line.taxon or "–", str(line.reads), *shares, *counts, line.state


def _interval(product: Product, line: Line) -> tuple[float, float]:
    return binomial_interval(line.reads, max(product.filtered.kept, line.reads))
