"""Where reference animals were sampled, as a map: one mark per place, larger for more animals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.origin import svg
from analysis.origin.spatial.countries import countries_of
from analysis.origin.spatial.figure import TOP, WIDTH, Projection, borders_text, frontiers
from analysis.origin.spatial.geography import Grid

_LEFT, _CELLS = 50.0, 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampled:
    """A place with its population and how many animals were sampled there; degrees of WGS 84."""

    latitude: float
    longitude: float
    population: str
    animals: int


def sampling_map(places: Sequence[Sampled], *, key: str, title: str, squares_km: float = 0.0) -> str:
    """An SVG of the sampled places; with `squares_km` the caption says that places are squares of this size."""
    grid = _grid(places)
    frame, countries = Projection(grid), countries_of(grid)
    body = [svg.rect("sea", _LEFT, TOP, frame.width, frame.height), *frontiers(countries, grid, frame)]
    body += [
        svg.circle("query", *frame.place(place.longitude, place.latitude), 2.5 + min(math.sqrt(place.animals), 9) / 1.5)
        for place in sorted(places, key=lambda one: (-one.animals, one.latitude, one.longitude))
    ]
    bottom = TOP + frame.height
    for share, anchor in ((0.0, "start"), (0.5, "middle"), (1.0, "end")):
        longitude = frame.west + share * (frame.east - frame.west)
        latitude = frame.south + share * (frame.north - frame.south)
        at = frame.place(longitude, latitude)
        body.append(svg.text(f"{longitude:.1f}°", at[0], bottom + 14, kind="tiny", anchor=anchor))
        body.append(svg.text(f"{latitude:.1f}°", _LEFT - 4, min(at[1] + 4, bottom), kind="tiny", anchor="end"))
    coarse = f"; places are the middles of squares of {squares_km:g} km" if squares_km else ""
    words = f"{len(places)} places, {sum(one.animals for one in places)} animals{coarse}"
    body.append(svg.text(words, _LEFT, bottom + 32, kind="tiny"))
    body.append(svg.text(borders_text(countries), _LEFT, bottom + 45, kind="tiny"))
    return svg.document(key=key, title=title, description=words, width=WIDTH, height=bottom + 53, body=body)


def _grid(places: Sequence[Sampled]) -> Grid:
    """The frame about the places, cut into cells that only the borders need."""
    latitudes, longitudes = [one.latitude for one in places], [one.longitude for one in places]
    margin = max(max(latitudes) - min(latitudes), max(longitudes) - min(longitudes), 1.0) * 0.06
    south, north = max(min(latitudes) - margin, -89.0), min(max(latitudes) + margin, 89.0)
    west, east = max(min(longitudes) - margin, -180.0), min(max(longitudes) + margin, 180.0)
    height, width = (north - south) / _CELLS, (east - west) / _CELLS
    centres = np.arange(_CELLS) + 0.5
    return Grid(
        south=south,
        west=west,
        height=height,
        width=width,
        inside=np.ones((_CELLS, _CELLS), dtype=np.bool_),
        latitudes=np.repeat(south + height * centres, _CELLS),
        longitudes=np.tile(west + width * centres, _CELLS),
        areas=np.ones(_CELLS**2),
        restricted=False,
    )
