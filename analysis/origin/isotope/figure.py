"""Regions of an isotope value over the isoscape."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from analysis.origin import svg
from analysis.origin.spatial.figure import TOP, WIDTH, Projection, axes, outline
from analysis.origin.spatial.geography import Grid
from analysis.origin.spatial.regions import Region


def surface_figure(grid: Grid, found: Sequence[Region], *, key: str, title: str, words: str) -> str:
    """The isoscape's land with the regions of 95 and 50 %; no middle is drawn, for regions are often in parts."""
    projection = Projection(grid)
    land = np.ones(len(grid.areas), dtype=np.bool_)
    body = [
        svg.rect("sea", 50, TOP, projection.width, projection.height),
        outline("land", grid, land, projection),
        outline("r95", grid, found[-1].cells, projection),
        outline("r50", grid, found[0].cells, projection),
        *axes(projection),
    ]
    bottom = TOP + projection.height + 34
    body.append(
        svg.text("flat prior over the isoscape; dark 50 %, light 95 % of the posterior", 50, bottom, kind="tiny")
    )
    return svg.document(key=key, title=title, description=words, width=WIDTH, height=bottom + 8, body=body)
