"""Intervals for shares."""

from __future__ import annotations

import math

Z95 = 1.959963984540054
LEVEL = 0.95


def wilson(successes: int, trials: int) -> tuple[float, float]:
    """Wilson's (1927) 95 % score interval of a share; (0, 1) where there were no trials."""
    if trials == 0:
        return (0.0, 1.0)
    share = successes / trials
    centre = share + Z95**2 / (2 * trials)
    half = Z95 * math.sqrt(share * (1 - share) / trials + Z95**2 / (4 * trials**2))
    scale = 1 + Z95**2 / trials
    return (max(0.0, (centre - half) / scale), min(1.0, (centre + half) / scale))
