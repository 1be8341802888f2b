"""Coordinates made coarse on output: where rare animals live is not printed to the metre."""

from __future__ import annotations

import math

_KM_PER_DEGREE = 111.2


def generalised(latitude: float, longitude: float, km: float) -> tuple[float, float]:
    """The middle of the square of about `km` by `km` that holds a place; the place itself for 0.

    Squares are fixed on the globe, so that asking twice, or for two animals of one site, tells no more.
    """
    if km <= 0:
        return latitude, longitude
    step = km / _KM_PER_DEGREE
    north = min(max((math.floor(latitude / step) + 0.5) * step, -90.0), 90.0)
    wide = step / max(math.cos(math.radians(north)), 0.05)
    east = (math.floor(longitude / wide) + 0.5) * wide
    return round(north, 6), round(min(max(east, -180.0), 180.0), 6)
