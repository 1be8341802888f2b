"""Regions of origin as a PNG, for programs that show no SVG: the same regions, borders, sites and middle."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from analysis.origin.spatial.borderlines import border_lines, label_places
from analysis.origin.spatial.countries import Countries
from analysis.origin.spatial.figure import TOP, WIDTH, Projection, legend
from analysis.origin.spatial.geography import Grid
from analysis.origin.spatial.locate import LocatedSample
from analysis.origin.spatial.model import MapModel
from analysis.origin.spatial.priors import Prior
from analysis.origin.spatial.regions import Place, Region
from analysis.origin.spatial.wording import area_text, place_text

_SCALE = 2
_LEFT = 50.0
_PAPER = (255, 255, 255)
_SEA, _LAND = (251, 250, 246), (241, 239, 232)
_ACCENT, _INK, _SOFT, _LINE = (14, 90, 76), (24, 33, 29), (70, 81, 75), (125, 124, 114)
_OPACITY = (0.85, 0.32)
_Colours = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """What a picture shows: two regions (50 % and the widest), borders, sites and a middle where they are at hand.

    `words` stand below the map, a line each; the font that comes with Pillow has no raised 2, so areas are
    written out. `land`: whether cells of the grid are shaded, for a map confined to a range.
    """

    grid: Grid
    regions: tuple[Region, Region]
    words: Sequence[str]
    countries: Countries | None
    land: bool
    sites: Sequence[tuple[float, float]] = ()
    point: Place | None = None


def map_png(model: MapModel, answer: LocatedSample, *, prior: Prior = Prior.FLAT) -> bytes:
    """A PNG map; needs an answer that has a place. Same input, same bytes (with one version of Pillow)."""
    found = answer.by_prior[prior]
    half, wide = found.regions
    sites = model.sites
    first = f"{answer.id}: 95 % region {plain_area(wide)}, middle {place_text(found.point)}"
    drawn = Drawn(
        grid=model.grid,
        regions=(half, wide),
        words=(first, *legend(model, prior)),
        countries=model.countries,
        land=model.grid.restricted,
        sites=list(zip(sites.latitudes.tolist(), sites.longitudes.tolist(), strict=True)),
        point=found.point,
    )
    return region_png(drawn)


def region_png(drawn: Drawn) -> bytes:
    """The picture as a PNG. Same input, same bytes (with one version of Pillow)."""
    projection = Projection(drawn.grid)
    height = round((TOP + projection.height + 68) * _SCALE)
    image = Image.new("RGB", (round(WIDTH * _SCALE), height), _PAPER)
    image.paste(_regions(drawn, projection), (round(_LEFT * _SCALE), round(TOP * _SCALE)))
    draw = ImageDraw.Draw(image)
    _borders(draw, drawn, projection)
    for latitude, longitude in drawn.sites:
        x, y = _at(projection, longitude, latitude)
        draw.line((x - 5, y, x + 5, y), fill=_INK, width=2)
        draw.line((x, y - 5, x, y + 5), fill=_INK, width=2)
    if drawn.point is not None:
        x, y = _at(projection, drawn.point.longitude, drawn.point.latitude)
        draw.ellipse((x - 8, y - 8, x + 8, y + 8), fill=_ACCENT, outline=_PAPER, width=2)
    _words(draw, drawn, projection)
    out = io.BytesIO()
    image.save(out, format="PNG")
    return out.getvalue()


def plain_area(region: Region) -> str:
    """The area of a region in signs that the picture's font has."""
    return area_text(region.area_km2).replace("km²", "square km")


def _regions(drawn: Drawn, projection: Projection) -> Image.Image:
    grid = drawn.grid
    colours: _Colours = np.empty((*grid.inside.shape, 3), dtype=np.uint8)
    colours[:] = _SEA
    ground = _LAND if drawn.land else _SEA
    inner = np.tile(np.array(ground, dtype=np.float64), (len(grid.areas), 1))
    half, wide = drawn.regions
    for region, opacity in ((wide, _OPACITY[1]), (half, _OPACITY[0])):
        inner[region.cells] = opacity * np.array(_ACCENT) + (1 - opacity) * inner[region.cells]
    colours[grid.inside] = inner.round().astype(np.uint8)
    size = (round(projection.width * _SCALE), round(projection.height * _SCALE))
    return Image.fromarray(np.ascontiguousarray(colours[::-1])).resize(size, Image.Resampling.NEAREST)


def _borders(draw: ImageDraw.ImageDraw, drawn: Drawn, projection: Projection) -> None:
    if drawn.countries is None:
        return
    for line in border_lines(drawn.countries.borders, drawn.grid, finest=0.5 / projection.scale):
        draw.line([_at(projection, *corner) for corner in line.tolist()], fill=_LINE, width=2)
    font = ImageFont.load_default(20)
    for code, longitude, latitude in label_places(drawn.countries, drawn.grid):
        draw.text(_at(projection, longitude, latitude), code, fill=_SOFT, font=font, anchor="mm")


def _words(draw: ImageDraw.ImageDraw, drawn: Drawn, projection: Projection) -> None:
    font = ImageFont.load_default(20)
    bottom = (TOP + projection.height) * _SCALE
    box = (_LEFT * _SCALE, TOP * _SCALE, (_LEFT + projection.width) * _SCALE, bottom)
    draw.rectangle(box, outline=_LINE)
    for line, words in enumerate(drawn.words):
        draw.text((_LEFT * _SCALE, bottom + 34 + 28 * line), words, fill=_SOFT, font=font)
    for longitude, anchor in ((projection.west, "lt"), (projection.east, "rt")):
        draw.text(
            (_at(projection, longitude, 0)[0], bottom + 6), f"{longitude:.1f}°", fill=_SOFT, font=font, anchor=anchor
        )
    for latitude, anchor in ((projection.north, "rt"), (projection.south, "rb")):
        y = _at(projection, projection.west, latitude)[1]
        draw.text((_LEFT * _SCALE - 8, y), f"{latitude:.1f}°", fill=_SOFT, font=font, anchor=anchor)


def _at(projection: Projection, longitude: float, latitude: float) -> tuple[float, float]:
    x, y = projection.place(longitude, latitude)
    return x * _SCALE, y * _SCALE
