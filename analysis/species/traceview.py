"""A stretch of a consensus with the signals it was read from, both reads in the forward direction, as SVG.

Columns are bases of the unedited consensus; before and after them stand the bases that were trimmed. What an edit
changed, where the reads differ and where a base stands for several is framed. Classes are those of the application's
stylesheet, so that dark pages and paper follow.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import escape

import numpy as np

from analysis.errors import InputRefused
from analysis.inputs import InputFile
from analysis.species.assembly import Consensus, Edit, Trimmed, assemble, single
from analysis.species.bases import reverse_complement
from analysis.species.basetable import base_table
from analysis.species.edits import edits_apply
from analysis.species.peaks import double_peaks
from analysis.species.traces import trace_read

STEPS: Final = (8, 14, 24, 40)
"""Widths of a base, smallest first: the zoom."""

LOW: Final = 20
_PANEL: Final = 132
_FOOT: Final = 112
"""Where the bars of qualities stand, above the name of the read."""

_TOP: Final = 74
_TALLEST: Final = 84
_POINTS: Final = 8
_TURNED: Final = {"A": "T", "T": "A", "C": "G", "G": "C"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column: consensus position (0 where trimmed), its base, the stored positions it was read at (0 for none)."""

    position: int
    letter: str
    forward: int
    reverse: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """A position that a person should look at: `kind` is "edit", "disagreement", "mixed" or "low"."""

    position: int
    kind: str
    base: str
    text: str


def traces_assemble(files: Sequence[InputFile]) -> Consensus:
    """The unedited consensus of a forward and a reverse trace, or of one of them.

    Raises:
        InputRefused: a file is no trace, or the two are not of one fragment.
    """
    if not 1 <= len(files) <= 2:
        raise InputRefused(f"{len(files)} traces were given.", field="files", remedy="Give one or two.")
    reads = [trace_read(file) for file in files]
    return assemble(reads[0], reads[1]) if len(reads) == 2 else single(reads[0])


def columns_of(consensus: Consensus) -> tuple[Column, ...]:
    """Every column: what was trimmed on the left, the consensus, what was trimmed on the right.

    Of a read of which nothing was kept, all its bases.
    """
    inside = [
        Column(
            position=place, letter=letter, forward=consensus.origins[place - 1][0], reverse=_second(consensus, place)
        )
        for place, letter in enumerate(consensus.bases.decode(), start=1)
    ]
    if not inside and consensus.reads:
        length = len(consensus.reads[0].read.bases)
        return tuple(_outside(place, 0, [length]) for place in range(1, length + 1))
    first = (_edge(inside, "forward"), _edge(inside, "reverse"))
    last = (_edge(reversed(inside), "forward"), _edge(reversed(inside), "reverse"))
    lengths = [len(kept.read.bases) for kept in consensus.reads]
    right = lengths[1] if len(lengths) > 1 else 0
    before = max(first[0] - 1, right - first[1] if first[1] else 0)
    after = max(lengths[0] - last[0] if lengths and last[0] else 0, last[1] - 1)
    return (
        *(_outside(first[0] - n, first[1] + n if first[1] else 0, lengths) for n in range(max(before, 0), 0, -1)),
        *inside,
        *(_outside(last[0] + n if last[0] else 0, last[1] - n, lengths) for n in range(1, max(after, 0) + 1)),
    )


def _second(consensus: Consensus, place: int) -> int:
    return consensus.origins[place - 1][1] if len(consensus.reads) > 1 else 0


def _edge(columns: Iterable[Column], read: str) -> int:
    return next((value for column in columns if (value := int(getattr(column, read)))), 0)


def _outside(forward: int, reverse: int, lengths: Sequence[int]) -> Column:
    kept = [value if 0 < value <= most else 0 for value, most in zip((forward, reverse), (*lengths, 0), strict=False)]
    return Column(position=0, letter="", forward=kept[0], reverse=kept[1] if len(kept) > 1 else 0)


def noted(consensus: Consensus, edits: Sequence[Edit] = ()) -> list[Noted]:
    """Positions to look at, in order: edits, disagreements, bases that stand for several, poor and double ones."""
    found: dict[int, Noted] = {}
    doubles = _doubles(consensus)
    for row in base_table(consensus):
        if row.base not in "ACGT":
            found[row.position] = Noted(
                position=row.position, kind="mixed", base=row.base, text=f"{row.base}: more than one base is possible"
            )
        elif row.position in doubles:
            found[row.position] = Noted(
                position=row.position, kind="mixed", base=row.base, text=f"a second peak: {doubles[row.position]}"
            )
        elif row.quality is not None and row.quality < LOW:
            words = f"Phred {row.quality}"
            found[row.position] = Noted(position=row.position, kind="low", base=row.base, text=words)
    for one in consensus.disagreements:
        words = f"forward {one.forward} (Phred {one.forward_quality}), reverse {one.reverse} ({one.reverse_quality})"
        found[one.position] = Noted(position=one.position, kind="disagreement", base=one.consensus, text=words)
    for edit in edits:
        words = f"{edit.old or '+'} → {edit.new or '–'}: {edit.reason}"
        found[edit.position] = Noted(position=edit.position, kind="edit", base=edit.old, text=words)
    return [found[position] for position in sorted(found)]


def _doubles(consensus: Consensus) -> dict[int, str]:
    """Consensus positions with a second peak, and which base it is, in the forward direction."""
    told: dict[int, str] = {}
    for number, kept in enumerate(consensus.reads[:2]):
        at = {origin[number]: place for place, origin in enumerate(consensus.origins, start=1) if origin[number]}
        for peak in double_peaks(kept):
            if peak.position in at:
                letter = peak.second if number == 0 else _TURNED.get(peak.second, peak.second)
                told[at[peak.position]] = letter
    return told


def edit_check(consensus: Consensus, edit: Edit) -> None:
    """Whether an edit fits the consensus; raises `InputRefused` where it does not."""
    edits_apply(consensus, [edit])


def traceview_svg(
    consensus: Consensus, first: int, last: int, *, step: int = STEPS[1], edits: Sequence[Edit] = (), key: str = "view"
) -> str:
    """Columns `first` to `last` (from 1, trimmed ones counted) of both reads; the same input gives the same text.

    The drawing is as wide as what was asked for, so that a last row that is not full has the scale of the others.
    """
    columns = columns_of(consensus)[max(first - 1, 0) : last]
    width, panels = (last - max(first, 1) + 1) * step + 8, list(enumerate(consensus.reads[:2]))
    height = 46 + _PANEL * len(panels)
    ways = ("Forward", "Reverse") if len(panels) > 1 else ("Read",)
    changed = {edit.position: edit for edit in edits}
    body = [*_head(consensus, columns, step, changed)]
    for number, kept in panels:
        body.append(f'<g transform="translate(0 {46 + number * _PANEL})">')
        body.extend(_panel(kept, ways[number], columns, step))
        body.append("</g>")
    body.extend(_frames(consensus, columns, step, height, changed))
    title = f"Bases {_span(columns)}"
    return "\n".join(
        [
            (
                f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
                f'viewBox="0 0 {width} {height}" role="img" aria-labelledby="{key}-t {key}-d">'
            ),
            f'<title id="{key}-t">{escape(title)}</title>',
            f'<desc id="{key}-d">{escape(_words(consensus, columns, changed))}</desc>',
            *body,
            "</svg>",
            "",
        ]
    )


def _span(columns: Sequence[Column]) -> str:
    inside = [column.position for column in columns if column.position]
    return f"{inside[0]} to {inside[-1]}" if inside else "that were trimmed"


def _words(consensus: Consensus, columns: Sequence[Column], edits: dict[int, Edit]) -> str:
    inside = {column.position for column in columns if column.position}
    letters = "".join(column.letter for column in columns)
    told = [one for one in noted(consensus, tuple(edits.values())) if one.position in inside and one.kind != "low"]
    marks = "; ".join(f"{one.position} {one.kind} ({one.text})" for one in told)
    return f"Consensus {letters or '–'}. " + (f"Marked: {marks}." if marks else "Nothing is marked.")


def _head(consensus: Consensus, columns: Sequence[Column], step: int, edits: dict[int, Edit]) -> list[str]:
    bars = _bars(
        (int(consensus.qualities[column.position - 1]) if column.position and len(consensus.qualities) else 0)
        for column in columns
    )
    drawn = [f'<path class="q-bar" d="{_bar_path(bars, step, 44, 0.18)}"/>']
    for place, column in enumerate(columns):
        x = 4 + place * step + step / 2
        if not column.position:
            continue
        edit = edits.get(column.position)
        if column.position % 10 == 0 or place == 0:
            drawn.append(f'<text class="tiny" x="{x:g}" y="10" text-anchor="middle">{column.position}</text>')
        drawn.append(_letter(column.letter, x, 24, strong=True))
        if edit is not None:
            drawn.append(f'<text class="mono query" x="{x:g}" y="40" text-anchor="middle">{edit.new or "–"}</text>')
    return drawn


def _bars(values: Iterable[int]) -> list[int]:
    return [min(max(value, 0), 90) for value in values]


def _bar_path(values: Sequence[int], step: int, base: float, scale: float) -> str:
    wide = max(step - 3, 1)
    return "".join(
        f"M{4 + place * step + 1} {base:g}v-{value * scale:.1f}h{wide}v{value * scale:.1f}z"
        for place, value in enumerate(values)
        if value
    )


def _letter(letter: str, x: float, y: int, *, strong: bool = False) -> str:
    kind = f" b-{letter.lower()}" if letter in "ACGT" else ""
    name = "mono strong" if strong else "mono"
    return f'<text class="{name}{kind}" x="{x:g}" y="{y}" text-anchor="middle">{letter}</text>'


def _panel(kept: Trimmed, way: str, columns: Sequence[Column], step: int) -> list[str]:
    """One read: signal, calls, qualities; the reverse one is turned to read forward."""
    read, turned = kept.read, way == "Reverse"
    bases = read.bases
    values, drawn = [], []
    for place, column in enumerate(columns):
        at = column.reverse if turned else column.forward
        values.append(int(read.qualities[at - 1]) if at and len(read.qualities) else 0)
        if at:
            letter = bases[at - 1 : at]
            shown = (reverse_complement(letter) if turned else letter).decode()
            drawn.append(_letter(shown, 4 + place * step + step / 2, 88))
        if at and not column.position:
            drawn.append(f'<path class="trimmed" d="M{4 + place * step} 0h{step}v{_FOOT}h-{step}z"/>')
    name = escape(f"{way} {read.name}")
    return [
        f'<path class="q-bar" d="{_bar_path(_bars(values), step, _FOOT, 0.2)}"/>',
        *_curves(kept, turned, columns, step),
        *drawn,
        f'<text class="tiny" x="4" y="{_FOOT + 13}">{name}</text>',
    ]


def _curves(kept: Trimmed, turned: bool, columns: Sequence[Column], step: int) -> list[str]:
    read = kept.read
    if read.peaks is None or len(read.channels) != 4:
        return []
    top = max(float(np.percentile(np.concatenate(list(read.channels.values())), 99.5)), 1.0)
    drawn = []
    for letter in "ACGT":
        signal = read.channels[_TURNED[letter] if turned else letter].astype(float)
        pieces = [
            piece
            for place, column in enumerate(columns)
            if (at := column.reverse if turned else column.forward)
            for piece in (_cell(read.peaks, signal, at, 4 + place * step, step, top, turned=turned),)
        ]
        if pieces:
            drawn.append(f'<path class="tr tr-{letter.lower()}" d="{"".join(pieces)}"/>')
    return drawn


def _cell(
    peaks: np.ndarray[tuple[int, ...], np.dtype[np.int64]],
    signal: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
    at: int,
    left: int,
    step: int,
    top: float,
    *,
    turned: bool,
) -> str:
    """The signal from halfway to the call before until halfway to the call after, in the width of one base."""
    here = float(peaks[at - 1])
    before = float(peaks[at - 2]) if at > 1 else here - 10
    after = float(peaks[at]) if at < len(peaks) else here + 10
    low, high = (before + here) / 2, (here + after) / 2
    scans = np.linspace(low, high, _POINTS + 1)
    if turned:
        scans = scans[::-1]
    heights = np.clip(np.interp(scans, np.arange(len(signal)), signal) / top, 0.0, 1.1) * _TALLEST * 0.85
    points = "L".join(
        f"{left + step * number / _POINTS:.1f} {_TOP - height:.0f}" for number, height in enumerate(heights)
    )
    return f"M{points}"


def _frames(
    consensus: Consensus, columns: Sequence[Column], step: int, height: int, edits: dict[int, Edit]
) -> list[str]:
    """Frames over columns that are edited, differ between the reads, or stand for several bases."""
    differ = {one.position for one in consensus.disagreements}
    drawn = []
    for place, column in enumerate(columns):
        if not column.position:
            continue
        mixed = column.letter not in "ACGT"
        if column.position in edits or column.position in differ or mixed:
            kind = "mark edit" if column.position in edits else "mark"
            drawn.append(f'<path class="{kind}" d="M{4 + place * step} 14h{step}v{height - 18}h-{step}z"/>')
    return drawn
