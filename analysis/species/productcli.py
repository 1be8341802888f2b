"""``python -m analysis species amplicons``: what is in a product, from its amplicon reads."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from analysis.canonical import Json, jsonable, plain_json
from analysis.species.amplicon import Product, product_identify
from analysis.species.calibration import calibration_read
from analysis.species.denoising import DENOISERS, LEAST_READS
from analysis.species.library import library_open
from analysis.species.options import positive
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
    product = product_identify(
        library,
        calibration_read(library),
        parsed.reads,
        parsed.control,
        denoiser=parsed.denoiser,
        least=parsed.least,
        progress=progress_bar(),
    )
    if parsed.format == "jsonl":
        for line in product.lines:
            values: Json = jsonable(line)
            sys.stdout.buffer.write(plain_json(values) + b"\n")
        sys.stdout.flush()
    else:
        sys.stdout.write(product_table(product))
    return 0


def product_table(product: Product) -> str:
    """Reads kept, then one line a taxon."""
    filtered = product.filtered
    left = ", ".join(f"{reason} {count}" for reason, count in sorted(filtered.left_out.items())) or "none"
    rows = [("outcome", "taxon", "reads", "share", "sequences", "in control", "state")]
    rows += [
        (n.outcome, n.taxon or "–", str(n.reads), f"{n.share:.1%}", str(n.variants), str(n.control_reads), n.state)
        for n in product.lines
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    head = f"{filtered.kept} of {filtered.total} reads kept (left out: {left}); denoiser {product.denoiser}"
    note = "share: of the reads kept; reads say nothing exact of amounts (primers and copies differ between species)"
    return "\n".join([head, "", *lines, "", note, ""])
