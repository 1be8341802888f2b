"""Contamination screen: is the query the sequence of somebody or something that was in the laboratory?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from analysis.outcome import Diagnostic
from analysis.species.bases import reverse_complement
from analysis.species.distance import edits_within

ALIKE: Final = 0.99
_LEAST: Final = 100


def contamination_screen(bases: bytes, others: Sequence[tuple[str, bytes]]) -> Diagnostic:
    """Compare a query with the batch's other sequences, its controls and the elimination set of the staff.

    `others` are (name, bases). At 99 % identity over 100 bases and more the other is named: a warning,
    since two animals of one species look like this too.
    """
    if not others:
        return Diagnostic(code="contamination", state="not_done", text="No other sequence of the batch was given.")
    alike = [(name, share) for name, other in others if (share := _identity(bases, other)) >= ALIKE]
    if not alike:
        text = f"None of {len(others)} sequences of batch, controls and staff is {ALIKE:.0%} alike."
        return Diagnostic(code="contamination", state="passed", text=text, value=[])
    named = ", ".join(f"{name} ({share:.2%})" for name, share in alike)
    return Diagnostic(
        code="contamination",
        state="warning",
        text=f"Alike: {named}. The same species, the same individual, or a contamination.",
        value=[{"name": name, "identity": round(share, 6)} for name, share in alike],
    )


def _identity(one: bytes, other: bytes) -> float:
    """Identity over the shorter of the two, on the better strand; 0 for fewer than 100 bases."""
    inner, outer = sorted((one, other), key=len)
    if len(inner) < _LEAST:
        return 0.0
    return 1.0 - min(edits_within(turned, outer) for turned in (inner, reverse_complement(inner))) / len(inner)
