"""Coordinates made coarse: where rare animals live is not told to the metre.

They are made coarse before anything is computed. Whatever rests on exact places gives them away: the frame of a map its
outermost sites, a distance from a region's middle a circle about a site, a region the cells that were sampled.
"""

from __future__ import annotations

import math

import numpy as np

from analysis.errors import InputRefused
from analysis.origin.spatial.sites import FEWEST_SITES, Coordinates

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


def squared(places: Coordinates, km: float) -> Coordinates:
    """Every place as the middle of its square; the places themselves for 0.

    Raises `InputRefused` where the squares leave too few places for a map.
    """
    if km <= 0:
        return places
    pairs = zip(places.latitudes.tolist(), places.longitudes.tolist(), strict=True)
    moved = np.array([generalised(latitude, longitude, km) for latitude, longitude in pairs]).reshape(-1, 2)
    left = len(np.unique(moved, axis=0))
    if left < FEWEST_SITES:
        raise InputRefused(
            f"In squares of {km:g} km the animals were sampled at {left} different places; a map needs {FEWEST_SITES}.",
            field="generalise_km",
            remedy="Ask for the populations only (origin.assign), or have the set shown in smaller squares.",
        )
    return Coordinates(latitudes=moved[:, 0], longitudes=moved[:, 1])
