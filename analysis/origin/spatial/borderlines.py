"""Borders as lines for a drawing: thinned to what can be seen, cut at the frame."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from analysis.origin.borders import NOBODY, Borders
from analysis.origin.spatial.countries import Countries
from analysis.origin.spatial.geography import Floats, Grid

_LABELLED = 0.01
_MOST_LABELS = 25
Bools = npt.NDArray[np.bool_]


def border_lines(known: Borders, grid: Grid, *, finest: float) -> list[Floats]:
    """Lines (K, 2) of longitude and latitude inside the frame of a grid; steps below `finest` degrees are left out."""
    lines: list[Floats] = []
    for ring in known.within(*grid.frame):
        points = _thinned(known.rings[ring], finest)
        if len(points) > 2:
            lines += _cut(points, grid.frame)
    return lines


def label_places(countries: Countries, grid: Grid) -> list[tuple[str, float, float]]:
    """Code, longitude and latitude of a label for each country that takes a hundredth of the frame or more, the
    largest first: the place of the country that is nearest to its middle."""
    fine = countries.fine
    codes, sizes = np.unique(fine[fine != NOBODY], return_counts=True)
    high, wide = grid.inside.shape[0] * grid.height / fine.shape[0], grid.inside.shape[1] * grid.width / fine.shape[1]
    found = []
    for place in np.argsort(-sizes, kind="stable")[:_MOST_LABELS]:
        if sizes[place] < _LABELLED * fine.size:
            break
        row, column = np.nonzero(fine == codes[place])
        nearest = int(((row - row.mean()) ** 2 + (column - column.mean()) ** 2).argmin())
        code = countries.borders.countries[int(codes[place])].code
        longitude = grid.west + (float(column[nearest]) + 0.5) * wide
        found.append((code, longitude, grid.south + (float(row[nearest]) + 0.5) * high))
    return found


def _thinned(ring: Floats, finest: float) -> Floats:
    """Points that fall into another square than the one before; first and last stay."""
    squares = np.floor(ring / finest)
    keep = np.ones(len(ring), dtype=np.bool_)
    keep[1:-1] = (squares[1:-1] != squares[:-2]).any(axis=1)
    return ring[keep]


def _cut(points: Floats, frame: tuple[float, float, float, float]) -> list[Floats]:
    """The pieces of a line inside a frame (Liang & Barsky 1984, all segments at once)."""
    start, step = points[:-1], np.diff(points, axis=0)
    enter, leave = np.zeros(len(step)), np.ones(len(step))
    outside = np.zeros(len(step), dtype=np.bool_)
    for axis, (low, high) in enumerate(((frame[0], frame[2]), (frame[1], frame[3]))):
        for room, way in ((start[:, axis] - low, -step[:, axis]), (high - start[:, axis], step[:, axis])):
            still = way == 0
            outside |= still & (room < 0)
            ratio = room / np.where(still, 1.0, way)
            enter = np.where(way < 0, np.maximum(enter, ratio), enter)
            leave = np.where(way > 0, np.minimum(leave, ratio), leave)
    kept = np.flatnonzero(~outside & (enter < leave))
    if not len(kept):
        return []
    first = start[kept] + enter[kept, None] * step[kept]
    last = start[kept] + leave[kept, None] * step[kept]
    broken = np.flatnonzero((np.diff(kept) > 1) | (leave[kept][:-1] < 1) | (enter[kept][1:] > 0)) + 1
    return [np.concatenate([first[piece[:1]], last[piece]]) for piece in np.split(np.arange(len(kept)), broken)]
