"""Regions of an isotope value over the isoscape."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from analysis.origin import svg
from analysis.origin.spatial.countries import Countries
from analysis.origin.spatial.figure import TOP, WIDTH, Projection, axes, borders_text, frontiers, outline
from analysis.origin.spatial.geography import Grid
from analysis.origin.spatial.regions import Region


def surface_figure(
    grid: Grid, found: Sequence[Region], *, key: str, title: str, words: str, countries: Countries | None = None
) -> str:
    """The isoscape's land and borders with the regions of 95 and 50 %; no middle is drawn, for regions are often in
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
    lines = ("flat prior over the isoscape; dark 50 %, light 95 % region", borders_text(countries))
    body += [svg.text(line, 50, bottom + 13 * place, kind="tiny") for place, line in enumerate(lines)]
    return svg.document(key=key, title=title, description=words, width=WIDTH, height=bottom + 21, body=body)
