"""The map of one sample: the frame, both regions, the sampled sites and the middle point."""

from __future__ import annotations

import math

import numpy as np

from analysis.origin import svg
from analysis.origin.spatial.geography import Bools, Grid
from analysis.origin.spatial.locate import LocatedSample
from analysis.origin.spatial.model import MapModel, Prior
from analysis.origin.spatial.regions import geojson
from analysis.origin.spatial.wording import area_text, place_text, statement

_WIDTH = 640.0
_TOP = 8.0
_TICKS = 4


class _Projection:
    """Equirectangular, true to scale in the middle of the map."""

    def __init__(self, grid: Grid) -> None:
        rows, columns = grid.inside.shape
        self.west, self.north = grid.west, grid.south + rows * grid.height
        self.east, self.south = grid.west + columns * grid.width, grid.south
        shrink = max(math.cos(math.radians((self.north + self.south) / 2)), 0.1)
        self.scale = min((_WIDTH - 60) / (self.east - self.west), 560 * shrink / (self.north - self.south))
        self.stretch = self.scale / shrink
        self.width = (self.east - self.west) * self.scale
        self.height = (self.north - self.south) * self.stretch

    def place(self, longitude: float, latitude: float) -> tuple[float, float]:
        return 50 + (longitude - self.west) * self.scale, _TOP + (self.north - latitude) * self.stretch


def map_figure(model: MapModel, answer: LocatedSample, *, key: str, prior: Prior = Prior.FLAT) -> str:
    """An SVG map with 50 % and 95 % regions, never a bare point; crosses are sites of the baseline.

    Needs an answer that has a place. Country borders are not drawn: no boundary data are part of the program.
    """
    found = answer.by_prior[prior]
    projection = _Projection(model.grid)
    body = [svg.rect("sea", 50, _TOP, projection.width, projection.height)]
    if model.grid.restricted:
        body.append(_outline("land", model.grid, np.ones(len(model.grid.areas), dtype=np.bool_), projection))
    half, wide = found.regions
    body += [_outline("r95", model.grid, wide.cells, projection), _outline("r50", model.grid, half.cells, projection)]
    body += _sites(model, projection)
    x, y = projection.place(found.point.longitude, found.point.latitude)
    body += [svg.circle("query", x, y, 4), *_axes(projection)]
    bottom = _TOP + projection.height + 34
    words = f"{prior.value} prior; dark 50 %, light 95 % of the posterior; crosses: sampled sites"
    body.append(svg.text(words, 50, bottom, kind="tiny"))
    return svg.document(
        key=key,
        title=f"Map of origin for {answer.id}",
        description=f"{statement(answer)} 95 % region {area_text(wide.area_km2)}, middle {place_text(found.point)}.",
        width=_WIDTH,
        height=bottom + 8,
        body=body,
    )


def _outline(kind: str, grid: Grid, cells: Bools, projection: _Projection) -> str:
    polygons = geojson(grid, cells)["coordinates"]
    commands = []
    for polygon in polygons if isinstance(polygons, list) else []:
        for ring in polygon if isinstance(polygon, list) else []:
            corners = [projection.place(*corner) for corner in ring]
            commands.append("M" + "L".join(f"{svg.amount(x)} {svg.amount(y)}" for x, y in corners) + "Z")
    return svg.path(kind, "".join(commands))


def _sites(model: MapModel, projection: _Projection) -> list[str]:
    commands = []
    for latitude, longitude in zip(model.sites.latitudes.tolist(), model.sites.longitudes.tolist(), strict=True):
        x, y = projection.place(longitude, latitude)
        commands.append(f"M{svg.amount(x - 2.5)} {svg.amount(y)}h5M{svg.amount(x)} {svg.amount(y - 2.5)}v5")
    return [svg.path("cross", "".join(commands))]


def _axes(projection: _Projection) -> list[str]:
    found = []
    for place in range(_TICKS):
        share = place / (_TICKS - 1)
        longitude = projection.west + share * (projection.east - projection.west)
        latitude = projection.south + share * (projection.north - projection.south)
        x, y = projection.place(longitude, latitude)
        anchor = "start" if place == 0 else "end" if place == _TICKS - 1 else "middle"
        found.append(svg.text(f"{longitude:.1f}°", x, _TOP + projection.height + 14, kind="tiny", anchor=anchor))
        found.append(svg.text(f"{latitude:.1f}°", 46, min(max(y + 3, _TOP + 8), y + 3), kind="tiny", anchor="end"))
    return found
