"""The table of bases: every position of a consensus with the calls it was made of."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, fields

from analysis.species.assembly import Consensus
from analysis.species.bases import reverse_complement


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseRow:
    """A consensus position (from 1): its base and Phred quality, and each read's call, quality and stored position.

    Calls are given in the forward direction; a read that does not reach here, or has a gap, has «», None and 0.
    `edited` is the reason of an edit.
    """

    position: int
    base: str
    quality: int | None
    forward: str
    forward_quality: int | None
    forward_base: int
    reverse: str
    reverse_quality: int | None
    reverse_base: int
    edited: str


def base_table(consensus: Consensus) -> list[BaseRow]:
    """One row a base of the (edited) consensus."""
    edited = _edited(consensus)
    rows = []
    for place, letter in enumerate(consensus.bases.decode()):
        forward_base, reverse_base = consensus.origins[place] if consensus.origins else (0, 0)
        forward, forward_quality = _call(consensus, 0, forward_base, turn=False)
        reverse, reverse_quality = _call(consensus, 1, reverse_base, turn=True)
        rows.append(
            BaseRow(
                position=place + 1,
                base=letter,
                quality=int(consensus.qualities[place]) if len(consensus.qualities) else None,
                forward=forward,
                forward_quality=forward_quality,
                forward_base=forward_base,
                reverse=reverse,
                reverse_quality=reverse_quality,
                reverse_base=reverse_base,
                edited=edited.get(place + 1, ""),
            )
        )
    return rows


def _edited(consensus: Consensus) -> dict[int, str]:
    """Reasons by position in the edited consensus; a deletion stands at the base that follows it."""
    reasons: dict[int, str] = {}
    moved = 0
    for edit in consensus.edits:
        reasons[edit.position + moved] = f"{edit.old or '+'}>{edit.new or '-'}: {edit.reason} ({edit.editor})"
        moved += len(edit.new) - len(edit.old)
    return reasons


def _call(consensus: Consensus, number: int, base: int, *, turn: bool) -> tuple[str, int | None]:
    if not base or number >= len(consensus.reads):
        return "", None
    read = consensus.reads[number].read
    letter = read.bases[base - 1 : base]
    quality = int(read.qualities[base - 1]) if len(read.qualities) else None
    return (reverse_complement(letter) if turn else letter).decode(), quality


def base_csv(consensus: Consensus) -> bytes:
    """The table as CSV."""
    out = io.StringIO()
    names = [field.name for field in fields(BaseRow)]
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(names)
    for row in base_table(consensus):
        writer.writerow(["" if (value := getattr(row, name)) is None else value for name in names])
    return out.getvalue().encode()
