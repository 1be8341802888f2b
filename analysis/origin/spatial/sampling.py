"""Where reference animals were sampled, as a map: one mark per place, larger for more animals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from analysis.origin import svg

_WIDTH, _MOST_HEIGHT, _LEFT, _TOP = 640.0, 520.0, 50.0, 8.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampled:
    """A place with its population and how many animals were sampled there; degrees of WGS 84."""

    latitude: float
    longitude: float
    population: str
    animals: int


def sampling_map(places: Sequence[Sampled], *, key: str, title: str, squares_km: float = 0.0) -> str:
    """An SVG of the sampled places; with `squares_km` the caption says that places are squares of this size."""
    frame = _Frame(places)
    body = [svg.rect("sea", _LEFT, _TOP, frame.width, frame.height)]
    body += [
        svg.circle("query", *frame.at(place.latitude, place.longitude), 2.5 + min(math.sqrt(place.animals), 9) / 1.5)
        for place in sorted(places, key=lambda one: (-one.animals, one.latitude, one.longitude))
    ]
    bottom = _TOP + frame.height
    for share, anchor in ((0.0, "start"), (0.5, "middle"), (1.0, "end")):
        longitude = frame.west + share * (frame.east - frame.west)
        latitude = frame.south + share * (frame.north - frame.south)
        at = frame.at(latitude, longitude)
        body.append(svg.text(f"{longitude:.1f}°", at[0], bottom + 14, kind="tiny", anchor=anchor))
        body.append(svg.text(f"{latitude:.1f}°", _LEFT - 4, min(at[1] + 4, bottom), kind="tiny", anchor="end"))
    coarse = f"; places are the middles of squares of {squares_km:g} km" if squares_km else ""
    words = f"{len(places)} places, {sum(one.animals for one in places)} animals{coarse}"
    body.append(svg.text(words, _LEFT, bottom + 32, kind="tiny"))
    return svg.document(key=key, title=title, description=words, width=_WIDTH, height=bottom + 40, body=body)


class _Frame:
    def __init__(self, places: Sequence[Sampled]) -> None:
        latitudes, longitudes = [one.latitude for one in places], [one.longitude for one in places]
        margin = max(max(latitudes) - min(latitudes), max(longitudes) - min(longitudes), 1.0) * 0.06
        self.south, self.north = min(latitudes) - margin, max(latitudes) + margin
        self.west, self.east = min(longitudes) - margin, max(longitudes) + margin
        shrink = max(math.cos(math.radians((self.north + self.south) / 2)), 0.1)
        wide = (_WIDTH - 60) / (self.east - self.west)
        self._scale = min(wide, _MOST_HEIGHT * shrink / (self.north - self.south))
        self._stretch = self._scale / shrink
        self.width = (self.east - self.west) * self._scale
        self.height = (self.north - self.south) * self._stretch

    def at(self, latitude: float, longitude: float) -> tuple[float, float]:
        return _LEFT + (longitude - self.west) * self._scale, _TOP + (self.north - latitude) * self._stretch
