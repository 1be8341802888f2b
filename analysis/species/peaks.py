"""Second peaks under called ones: a mixture of templates, a nuclear copy, or noise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from analysis.species.assembly import Trimmed

RATIO: Final = 0.25
GOOD: Final = 20
_HALF: Final = 1
MANY: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class DoublePeak:
    """A base (position from 1 in the read as stored) with a second signal at `ratio` of the called one's height."""

    position: int
    called: str
    second: str
    ratio: float
    quality: int


def double_peaks(kept: Trimmed, *, ratio: float = RATIO, quality: int = GOOD) -> tuple[DoublePeak, ...]:
    """Positions of the kept part whose second-highest signal at the call is above `ratio` of the highest.

    Only calls of Phred `quality` and more count: where the caller was unsure anyway a second peak says nothing.
    """
    read = kept.read
    if read.peaks is None or len(read.channels) != 4:
        return ()
    letters, channels = zip(*read.channels.items(), strict=True)
    heights = np.stack([_heights(signal, read.peaks[kept.start : kept.end]) for signal in channels], axis=1)
    ranked = np.sort(heights, axis=1)
    sure = read.qualities[kept.start : kept.end] >= quality
    found: list[DoublePeak] = []
    for place in np.flatnonzero(sure & (ranked[:, 3] > 0) & (ranked[:, 2] > ratio * ranked[:, 3])).tolist():
        order = sorted(zip(heights[place].tolist(), letters, strict=True), reverse=True)
        (high, first), (low, second) = order[0], order[1]
        called = chr(read.bases[kept.start + place])
        found.append(
            DoublePeak(
                position=kept.start + place + 1,
                called=called,
                second=second if called == first else first,
                ratio=round(low / high, 3),
                quality=int(read.qualities[kept.start + place]),
            )
        )
    return tuple(found)


def _heights(signal: npt.NDArray[np.int64], scans: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The highest signal around each scan, 0 where the signal does not reach it or is below nothing."""
    around = np.zeros(2 * _HALF, np.int64)
    windows = np.lib.stride_tricks.sliding_window_view(np.concatenate([around, signal, around]), 2 * _HALF + 1)
    highest = np.maximum(windows.max(axis=1), 0)
    at = scans + _HALF
    inside = (at >= 0) & (at < len(highest))
    return np.where(inside, highest[np.where(inside, at, 0)], 0)
