"""Regions of an isotope value over the isoscape, and regions of any posterior in the same drawing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from analysis.origin import svg
from analysis.origin.spatial.countries import Countries
from analysis.origin.spatial.figure import TOP, WIDTH, Projection, axes, borders_text, frontiers, outline
from analysis.origin.spatial.geography import Grid
from analysis.origin.spatial.picture import Drawn, plain_area, region_png
from analysis.origin.spatial.regions import Region

SURFACE = "flat prior over the isoscape; inner region 50 %, outer 95 %"


def surface_figure(
    grid: Grid,
    found: Sequence[Region],
    *,
    key: str,
    title: str,
    words: str,
    countries: Countries | None = None,
    legend: str = SURFACE,
) -> str:
    """The grid's land and borders with the regions of 95 and 50 %; no middle is drawn, for regions are often in
    parts."""
    projection = Projection(grid)
    land = np.ones(len(grid.areas), dtype=np.bool_)
    body = [
        svg.rect("sea", 50, TOP, projection.width, projection.height),
        outline("land", grid, land, projection),
        outline("r95", grid, found[-1].cells, projection),
        outline("r50", grid, found[0].cells, projection),
        *frontiers(countries, grid, projection),
        *axes(projection),
    ]
    bottom = TOP + projection.height + 34
    lines = (legend, borders_text(countries))
    body += [svg.text(line, 50, bottom + 13 * place, kind="tiny") for place, line in enumerate(lines)]
    return svg.document(key=key, title=title, description=words, width=WIDTH, height=bottom + 21, body=body)


def surface_png(
    grid: Grid, found: Sequence[Region], *, name: str, countries: Countries | None = None, legend: str = SURFACE
) -> bytes:
    """The same as a PNG, for programs that show no SVG."""
    half, wide = found[0], found[-1]
    first = f"{name}: 95 % region {plain_area(wide)}, 50 % region {plain_area(half)}"
    words = (first, legend, borders_text(countries))
    return region_png(Drawn(grid=grid, regions=(half, wide), words=words, countries=countries, land=True))
