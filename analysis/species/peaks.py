"""Second peaks under called ones: a mixture of templates, a nuclear copy, or noise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

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
    found: list[DoublePeak] = []
    for at in range(kept.start, kept.end):
        if int(read.qualities[at]) < quality:
            continue
        scan = int(read.peaks[at])
        heights = sorted(
            (
                (int(signal[max(scan - _HALF, 0) : scan + _HALF + 1].max(initial=0)), letter)
                for letter, signal in read.channels.items()
            ),
            reverse=True,
        )
        (high, first), (low, second) = heights[0], heights[1]
        if high > 0 and low > ratio * high:
            called = chr(read.bases[at])
            found.append(
                DoublePeak(
                    position=at + 1,
                    called=called,
                    second=second if called == first else first,
                    ratio=round(low / high, 3),
                    quality=int(read.qualities[at]),
                )
            )
    return tuple(found)
