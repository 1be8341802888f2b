"""A made-up curve for demonstrations, training and tests; its file says so. It has a bomb peak and both limbs, but no
value of it was measured.
"""

from __future__ import annotations

import math

FIRST, LAST = 1930, 2024
_PEAK, _RISE_FROM = 1964.0, 1955.0


def synthetic_f14c(year: float) -> float:
    """F14C of the made-up atmosphere: even before 1955, rising to 1.8 in 1964, falling back by half every 13 years."""
    if year <= _RISE_FROM:
        return 0.98
    if year <= _PEAK:
        return 0.98 + 0.82 * (year - _RISE_FROM) / (_PEAK - _RISE_FROM)
    return 1.0 + 0.8 * math.exp(-math.log(2) * (year - _PEAK) / 13.0)


def synthetic_curve(zone: str) -> bytes:
    """The curve as a CSV of half years, with an error of 0.002."""
    rows = ["year_ad,F14C,F14C_sd,zone"]
    for half in range(2 * (LAST - FIRST) + 1):
        year = FIRST + half / 2
        rows.append(f"{year:.1f},{synthetic_f14c(year):.5f},0.002,{zone}")
    return ("\n".join(rows) + "\n").encode()
