"""What is said of a product as a whole, and of its controls."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from analysis.outcome import Diagnostic, Identification, Reason
from analysis.species.amplicon import Control, Line, Product
from analysis.species.records import species_name

NAMED: Final = frozenset({Identification.SPECIES, Identification.GENUS, Identification.FAMILY})
"""Answers that name one taxon."""


def whole_answer(present: Sequence[Line]) -> tuple[Identification, str | None]:
    """Several taxa are a mixture, unless one is only the less certain name of the other."""
    apart = [line for line in present if not _said_by_others(line, present)]
    if not apart:
        return Identification.NO_RESULT, None
    if len(apart) == 1:
        only = Identification(apart[0].outcome)
        return only, apart[0].taxon if only in NAMED else None
    return Identification.MIXTURE, ", ".join(line.taxon for line in apart[:3])


def _said_by_others(line: Line, present: Sequence[Line]) -> bool:
    """Whether a genus or group is named more closely by another line: its reads need no second species."""
    species = {one.taxon for one in present if one.outcome == Identification.SPECIES}
    if line.outcome == Identification.GENUS:
        return any(name.split()[0] == line.taxon for name in species)
    return line.outcome == Identification.SPECIES_GROUP and bool(species & set(line.taxon.split(", ")))


def whole_statement(present: Sequence[Line]) -> str:
    """What the product holds, in a sentence."""
    if not present:
        return "No taxon was identified beyond what the controls show."
    told = "; ".join(f"{line.taxon} ({line.share:.1%} of the reads)" for line in present)
    return f"Reads of {len(present)} {'taxon' if len(present) == 1 else 'taxa'} were found: {told}."


def whole_reasons(product: Product) -> tuple[Reason, ...]:
    """What was left aside, and what could not be named."""
    count = {state: sum(line.state == state for line in product.lines) for state in ("in_control", "unidentified")}
    told = []
    if count["in_control"]:
        told.append(Reason(code="in-control", text=f"{count['in_control']} left aside: a control shows them too."))
    if count["unidentified"]:
        reads = sum(line.reads for line in product.lines if line.state == "unidentified")
        told.append(Reason(code="unidentified", text=f"{reads} reads could not be named."))
    return tuple(told)


def caveats_of(product: Product, has_blank: bool) -> tuple[str, ...]:
    """What shares of reads do not say."""
    told = [
        "Shares are of reads, not of material: primers, copies and decay differ between species.",
        "A taxon that is not found may be there: the primers may not fit it, or its DNA may be gone.",
        f"Sequences of fewer reads than the least stand for nothing; the denoiser was «{product.denoiser}».",
    ]
    if not has_blank:
        told.insert(0, "No blank was given: what a reagent or a neighbour brought in cannot be told from the product.")
    return tuple(told)


def blank_check(control: Control) -> Diagnostic:
    """Whether a blank is empty, as it should be."""
    told = ", ".join(f"{taxon or 'unidentified'} {count}" for _, taxon, count in control.taxa[:5])
    return Diagnostic(
        code="blank",
        state="warning" if control.taxa else "passed",
        text=f"Blank {control.name}: {control.filtered.kept} reads kept" + (f" ({told})." if told else "."),
        value=control.filtered.kept,
    )


def positive_check(control: Control, wanted: Sequence[str]) -> Diagnostic:
    """Whether a positive control shows every taxon it is made of."""
    found = {taxon for _, taxon, _count in control.taxa}
    missing = [name for name in wanted if species_name(name)[0] not in found]
    return Diagnostic(
        code="positive-control",
        state="failed" if missing else "passed",
        text=f"Positive control {control.name}: "
        + (f"not found in it: {', '.join(missing)}." if missing else f"all {len(wanted)} taxa found."),
        value=len(missing),
    )
