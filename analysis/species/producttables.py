"""The files of a product's result: taxa, controls, sequences."""

from __future__ import annotations

import csv
import io

from analysis.canonical import Json
from analysis.species.amplicon import Control, Line, Product


def line_json(line: Line) -> dict[str, Json]:
    """A taxon as files and pages read it."""
    return {
        "outcome": line.outcome,
        "taxon": line.taxon,
        "reads": line.reads,
        "share": round(line.share, 6),
        "sequences": line.variants,
        "control_reads": line.control_reads,
        "state": line.state,
    }


def control_json(control: Control) -> dict[str, Json]:
    """A control with the reads of each taxon."""
    taxa: list[Json] = [{"outcome": o, "taxon": taxon, "reads": reads} for o, taxon, reads in control.taxa]
    return {"name": control.name, "total": control.filtered.total, "kept": control.filtered.kept, "taxa": taxa}


def lines_csv(product: Product) -> bytes:
    """One row a taxon."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("outcome", "taxon", "reads", "share", "sequences", "control_reads", "state"))
    writer.writerows(tuple(line_json(line).values()) for line in product.lines)
    return out.getvalue().encode()


def controls_csv(product: Product) -> bytes:
    """One row a taxon of a control."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("control", "outcome", "taxon", "reads"))
    writer.writerows((one.name, *row) for one in product.controls for row in one.taxa)
    return out.getvalue().encode()


def sequences_fasta(product: Product) -> bytes:
    """The sequences left after denoising, with their reads and names."""
    rows = []
    for one in product.variants:
        item = one.identified
        taxon = item.taxon or ", ".join(item.decision.among)
        rows.append(f">{item.query};size={one.reads} {item.outcome.value} {taxon}".rstrip())
        rows.append(one.bases.decode())
    return ("\n".join(rows) + "\n").encode() if rows else b""
