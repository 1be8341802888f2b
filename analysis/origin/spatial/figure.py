"""The map of one sample: the frame, both regions, the sampled sites and the middle point."""

from __future__ import annotations

import math

import numpy as np

from analysis.origin import svg
from analysis.origin.borders import SOURCE
from analysis.origin.spatial.borderlines import border_lines, label_places
from analysis.origin.spatial.countries import Countries, countries_text
from analysis.origin.spatial.geography import Bools, Grid
from analysis.origin.spatial.locate import LocatedSample
from analysis.origin.spatial.model import MapModel
from analysis.origin.spatial.priors import Prior
from analysis.origin.spatial.regions import geojson
from analysis.origin.spatial.wording import area_text, place_text, statement

WIDTH = 640.0
TOP = 8.0
_TICKS = 4
_FINEST = 1.2
"""Steps of a border below this many units of the drawing are left out."""


class Projection:
    """Equirectangular, true to scale in the middle of the map."""

    def __init__(self, grid: Grid) -> None:
        rows, columns = grid.inside.shape
        self.west, self.north = grid.west, grid.south + rows * grid.height
        self.east, self.south = grid.west + columns * grid.width, grid.south
        shrink = max(math.cos(math.radians((self.north + self.south) / 2)), 0.1)
        self.scale = min((WIDTH - 60) / (self.east - self.west), 560 * shrink / (self.north - self.south))
        self.stretch = self.scale / shrink
        self.width = (self.east - self.west) * self.scale
        self.height = (self.north - self.south) * self.stretch

    def place(self, longitude: float, latitude: float) -> tuple[float, float]:
        """Where a place of the map lies in the drawing."""
        return 50 + (longitude - self.west) * self.scale, TOP + (self.north - latitude) * self.stretch


def map_figure(model: MapModel, answer: LocatedSample, *, key: str, prior: Prior = Prior.FLAT) -> str:
    """An SVG map with 50 % and 95 % regions, never a bare point; crosses are sites of the baseline.

    Needs an answer that has a place. Borders and codes of countries are drawn where their outlines are at hand.
    """
    found = answer.by_prior[prior]
    projection = Projection(model.grid)
    body = [svg.rect("sea", 50, TOP, projection.width, projection.height)]
    if model.grid.restricted:
        body.append(outline("land", model.grid, np.ones(len(model.grid.areas), dtype=np.bool_), projection))
    half, wide = found.regions
    body += [outline("r95", model.grid, wide.cells, projection), outline("r50", model.grid, half.cells, projection)]
    body += [*frontiers(model.countries, model.grid, projection), *_sites(model, projection)]
    x, y = projection.place(found.point.longitude, found.point.latitude)
    body += [svg.circle("sea", x, y, 6), svg.circle("query", x, y, 4), *axes(projection)]
    bottom = TOP + projection.height + 34
    body += [svg.text(words, 50, bottom + 13 * line, kind="tiny") for line, words in enumerate(legend(model, prior))]
    return svg.document(
        key=key,
        title=f"Map of origin for {answer.id}, {prior.value} prior",
        description=description(model, answer, prior),
        width=WIDTH,
        height=bottom + 21,
        body=body,
    )


def description(model: MapModel, answer: LocatedSample, prior: Prior) -> str:
    """The map in words."""
    found = answer.by_prior[prior]
    half, wide = found.regions
    words = statement(answer)
    if prior is not Prior.FLAT:
        words = (
            f"The 95 % region has {area_text(wide.area_km2)}, the 50 % region {area_text(half.area_km2)}, around "
            f"{place_text(found.point)} ({prior.value} prior)."
        )
    if model.countries is None:
        return words
    return f"{words} Countries in it: {countries_text(model.countries.inside(model.grid, wide, found.share))}."


def legend(model: MapModel, prior: Prior) -> tuple[str, str]:
    """What stands below a map."""
    first = f"{prior.value} prior; inner region 50 %, outer 95 %; {crosses_text(model)}"
    return first, borders_text(model.countries)


def crosses_text(model: MapModel) -> str:
    """What the crosses of a map are."""
    km = model.squares_km
    return f"crosses: squares of {km:g} km that hold sampled sites" if km else "crosses: sampled sites"


def borders_text(countries: Countries | None) -> str:
    """Where the borders of a map come from."""
    if countries is None:
        return "country borders are not at hand"
    return f"borders: {SOURCE}, version {countries.borders.version}; no statement on sovereignty"


def frontiers(countries: Countries | None, grid: Grid, projection: Projection) -> list[str]:
    """Borders and codes of countries."""
    if countries is None:
        return []
    commands = []
    for line in border_lines(countries.borders, grid, finest=_FINEST / projection.scale):
        corners = [projection.place(*corner) for corner in line.tolist()]
        commands.append("M" + "L".join(f"{svg.amount(x)} {svg.amount(y)}" for x, y in corners))
    labels = [
        svg.text(code, *projection.place(longitude, latitude), kind="tiny", anchor="middle")
        for code, longitude, latitude in label_places(countries, grid)
    ]
    return [svg.path("frontier", "".join(commands)), *labels]


def outline(kind: str, grid: Grid, cells: Bools, projection: Projection) -> str:
    """The outline of cells as a path."""
    polygons = geojson(grid, cells)["coordinates"]
    commands = []
    for polygon in polygons if isinstance(polygons, list) else []:
        for ring in polygon if isinstance(polygon, list) else []:
            corners = [projection.place(*corner) for corner in ring]
            commands.append("M" + "L".join(f"{svg.amount(x)} {svg.amount(y)}" for x, y in corners) + "Z")
    return svg.path(kind, "".join(commands))


def _sites(model: MapModel, projection: Projection) -> list[str]:
    commands = []
    for latitude, longitude in zip(model.sites.latitudes.tolist(), model.sites.longitudes.tolist(), strict=True):
        x, y = projection.place(longitude, latitude)
        commands.append(f"M{svg.amount(x - 2.5)} {svg.amount(y)}h5M{svg.amount(x)} {svg.amount(y - 2.5)}v5")
    drawn = "".join(commands)
    return [svg.path("ring", drawn), svg.path("cross", drawn)]


def axes(projection: Projection) -> list[str]:
    """Degrees along two sides."""
    found = []
    for place in range(_TICKS):
        share = place / (_TICKS - 1)
        longitude = projection.west + share * (projection.east - projection.west)
        latitude = projection.south + share * (projection.north - projection.south)
        x, y = projection.place(longitude, latitude)
        anchor = "start" if place == 0 else "end" if place == _TICKS - 1 else "middle"
        found.append(svg.text(f"{longitude:.1f}°", x, TOP + projection.height + 14, kind="tiny", anchor=anchor))
        found.append(svg.text(f"{latitude:.1f}°", 46, min(max(y + 3, TOP + 8), y + 3), kind="tiny", anchor="end"))
    return found
