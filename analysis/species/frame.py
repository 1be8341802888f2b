"""Reading-frame screen for nuclear copies (NUMTs) of mitochondrial genes.

About two thirds of nuclear COI copies carry an indel or an early stop, the rest do not (Hebert et al.
2023, PLoS ONE 18:e0286620): an open frame is necessary, never sufficient. Only positions of good quality count.
"""

from __future__ import annotations

import re
from typing import Final

from analysis.outcome import Diagnostic

GOOD: Final = 20
_GAP: Final = re.compile("-+")
_STOPS: Final = ("TAA", "TAG")
"""Stops in the vertebrate, invertebrate and most other mitochondrial codes (NCBI 2, 4, 5, 9, 13) and in plastids.

None begins inside another, so that a search that goes on behind each finds all.
"""

_CODING_LEAST: Final = 150

PASSED: Final = Diagnostic(
    code="reading-frame",
    state="passed",
    text="No stop codon, no frame shift; this does not rule out a nuclear copy.",
    value={"stops": [], "frame_shifts": []},
)


def frame_of(reference: str) -> int | None:
    """The only reading frame (0, 1, 2) of a coding stretch without stops; None where no or several frames are open."""
    if len(reference) < _CODING_LEAST:
        return None
    closed = {place % 3 for place in _stop_places(reference)}
    open_frames = [frame for frame in range(3) if frame not in closed]
    return open_frames[0] if len(open_frames) == 1 else None


def frame_check(rows: tuple[str, str], good: tuple[bool, ...] | None = None) -> Diagnostic:
    """Compare a query's frame with that of its nearest reference.

    `rows` are the aligned query and reference; `good[i]` says whether the query's i-th base in the aligned
    stretch has Phred 20 or more (all, where None).
    """
    query, reference = rows
    frame = frame_of(reference.replace("-", ""))
    if frame is None:
        return Diagnostic(
            code="reading-frame",
            state="not_done",
            text="The nearest reference is no coding stretch with one open frame.",
        )
    shifts = _shifts(query, reference, good)
    stops = _query_stops(query, reference, frame, good)
    if shifts or stops:
        return Diagnostic(
            code="reading-frame",
            state="warning",
            text=f"{len(stops)} stop codons and {len(shifts)} frame shifts at good positions: possibly a nuclear copy.",
            value={"stops": stops, "frame_shifts": shifts},
        )
    return PASSED


def _stop_places(sequence: str) -> list[int]:
    found: list[int] = []
    for stop in _STOPS:
        at = sequence.find(stop)
        while at >= 0:
            found.append(at)
            at = sequence.find(stop, at + 3)
    found.sort()
    return found


def _query_stops(query: str, reference: str, frame: int, good: tuple[bool, ...] | None) -> list[int]:
    """Positions (from 1, in the query) of in-frame stops, the frame taken from the reference column by column."""
    if query == reference:
        return []
    if "-" not in query and "-" not in reference:
        return [at + 1 for at in _stop_places(query) if at % 3 == frame and _is_good(good, at, 3)]
    found: list[int] = []
    for column in _stop_places(query):
        place = column - reference.count("-", 0, column)
        at = column - query.count("-", 0, column)
        if place % 3 == frame and "-" not in reference[column : column + 3] and _is_good(good, at, 3):
            found.append(at + 1)
    return found


def _shifts(query: str, reference: str, good: tuple[bool, ...] | None) -> list[int]:
    """Positions (from 1, in the query) of gaps whose length is no multiple of three."""
    if "-" not in query and "-" not in reference:
        return []
    found: list[int] = []
    for row, other in ((query, reference), (reference, query)):
        for gap in _GAP.finditer(row):
            at = gap.end() - query.count("-", 0, gap.end())
            shifts = (gap.end() - gap.start()) % 3 != 0 and "-" not in other[gap.start() : gap.end()]
            if shifts and _is_good(good, max(at - 1, 0), 2):
                found.append(at)
    return sorted(found)


def _is_good(good: tuple[bool, ...] | None, start: int, length: int) -> bool:
    return good is None or all(good[start : start + length])
