"""Short records beside a longer one: what each of them says of the stretch that both cover.

A record that covers less than half of what the best-covering one covers is no rival by its identity: a perfect match
over a short stretch is easily had. It is weighed on its own stretch instead. Where the nearest long record differs more
there, the short one is nearer; where it differs as much, the two are not told apart; where it differs less, the short
record is out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from analysis.species.bases import masks
from analysis.species.library import Library
from analysis.species.search import Near, rows_of

LEAST: Final = 100
"""Settled bases a short record must share with the query to be weighed at all."""

_GAP: Final = ord("-")


def is_short(near: Near, most: int) -> bool:
    """Whether a record covers less than half of the `most` settled bases that any covers."""
    return 2 * near.settled < most


def short_placed(library: Library, query: bytes, found: Sequence[Near]) -> dict[int, float]:
    """Short records that are not worse than the nearest long one where they lie: sequence number -> distance.

    `found` is as `nearest` gives it. The distance is that of the long record less what it differs more by on the common
    stretch, and never below the short record's own: a short record comes no nearer than its stretch can tell.
    """
    most = max((near.settled for near in found), default=0)
    long = [near for near in found if not is_short(near, most)]
    shown: dict[int, float] = {}
    for near in found if len(long) < len(found) else ():
        best = long[0]
        if not is_short(near, most) or near.settled < LEAST:
            continue
        if near.distance >= best.distance or near.reverse is not best.reverse:
            continue
        more = _edits_between(library, best, query, near.start, near.end) - near.edits
        if more >= 0:
            shown[near.sequence] = max(near.distance, best.distance - more / near.settled)
    return shown


def _edits_between(library: Library, near: Near, query: bytes, start: int, end: int) -> int:
    """Edits of a comparison that lie between two positions of the turned query."""
    one, other = (row.encode() for row in rows_of(library, near, query))
    letters = np.frombuffer(one, np.uint8) != _GAP
    at = near.start + np.cumsum(letters) - letters
    return int(np.count_nonzero(((masks(one) & masks(other)) == 0) & (at >= start) & (at < end)))
