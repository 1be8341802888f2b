"""What a posterior over cells says: a middle point, regions of highest density, their outline and area."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from analysis.canonical import Json
from analysis.origin.spatial.geography import Bools, Floats, Grid

LEVELS = (0.5, 0.95)
_STEPS = 60
_DECIMALS = 6
_Corner = tuple[int, int]
_Ring = list[_Corner]


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """Cells (G,) of highest density and their area in km²: the animals of `level` come from such regions, and
    `share` is how much of the posterior this one holds."""

    level: float
    cells: Bools
    area_km2: float
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A point that is never given without its regions; degrees of WGS 84."""

    latitude: float
    longitude: float


def posterior(log_likelihood: Floats, log_prior: Floats) -> Floats:
    """(G,): probability of each cell, adding to 1."""
    weight = log_likelihood + log_prior
    share = np.exp(weight - weight.max())
    found: Floats = share / share.sum()
    return found


def regions(
    grid: Grid, share: Floats, levels: Sequence[float] = LEVELS, floors: Sequence[Floats] | None = None
) -> tuple[Region, ...]:
    """Regions of highest posterior density (probability per km²), each the smallest that holds its level.

    With `floors` (G,) for each level a cell belongs to a region instead if all cells no denser than itself together
    hold more than its floor.
    """
    order = np.argsort(share / grid.areas, kind="stable")
    below = np.empty_like(share)
    below[order] = np.cumsum(share[order])
    found = []
    for place, level in enumerate(levels):
        floor = 1 - level + 1e-12 if floors is None else floors[place]
        cells = below > floor
        cells[order[-1]] = True
        found.append(
            Region(level=level, cells=cells, area_km2=float(grid.areas[cells].sum()), share=float(share[cells].sum()))
        )
    return tuple(found)


def geometric_median(grid: Grid, vectors: Floats, share: Floats) -> Place:
    """The place whose expected straight-line distance to the origin is least (Weiszfeld 1937), brought to the
    nearest cell where it falls outside the map's range. Cells of less than a hundredth of the highest
    probability do not move it noticeably and are left out."""
    heavy = share > share.max() * 1e-2
    weight, places = share[heavy], np.ascontiguousarray(vectors[heavy].T)
    middle = places @ weight / weight.sum()
    for _ in range(_STEPS):
        apart = places - middle[:, None]
        pull = weight / (np.sqrt(np.einsum("ij,ij->j", apart, apart)) + 1e-7)
        moved = places @ pull / pull.sum()
        step = float(np.abs(moved - middle).max())
        middle = moved
        if step < 3e-6:
            break
    middle = middle / np.linalg.norm(middle)
    latitude = float(np.degrees(np.arcsin(middle[2])))
    longitude = float(np.degrees(np.arctan2(middle[1], middle[0])))
    if grid.cell_of(latitude, longitude) is None:
        nearest = int((vectors @ middle).argmax())
        return Place(latitude=float(grid.latitudes[nearest]), longitude=float(grid.longitudes[nearest]))
    return Place(latitude=latitude, longitude=longitude)


def geojson(grid: Grid, cells: Bools) -> dict[str, Json]:
    """The outline of cells as a GeoJSON MultiPolygon (RFC 7946: outer rings counter-clockwise)."""
    picture = np.zeros((grid.inside.shape[0] + 2, grid.inside.shape[1] + 2), dtype=np.bool_)
    inner = picture[1:-1, 1:-1]
    inner[grid.inside] = cells
    outer: list[_Ring] = []
    holes: list[_Ring] = []
    for ring in _rings(picture):
        (outer if _area(ring) > 0 else holes).append(ring)
    polygons = [[ring] for ring in outer]
    for hole in holes:
        _owner(polygons, hole).append(hole)
    coordinates: list[Json] = [[_degrees(grid, ring) for ring in polygon] for polygon in polygons]
    return {"type": "MultiPolygon", "coordinates": coordinates}


def _rings(picture: Bools) -> list[_Ring]:
    """Closed walks around the set cells, the cells on the left: outer rings counter-clockwise.

    Where two cells touch at a corner only, the walk turns left, so that they stay apart.
    """
    runs = _runs(picture)
    following = dict(runs)
    return _simple(following) if len(following) == len(runs) else _touching(runs)


def _simple(following: dict[_Corner, _Corner]) -> list[_Ring]:
    """The walks where one straight piece leaves every corner."""
    rings: list[_Ring] = []
    while following:
        start = next(iter(following))
        ring, here = [start], following.pop(start)
        while here != start:
            ring.append(here)
            here = following.pop(here)
        rings.append([*ring, start])
    return rings


def _touching(runs: Sequence[tuple[_Corner, _Corner]]) -> list[_Ring]:
    """The walks where two pieces may leave a corner."""
    following: dict[_Corner, list[_Corner]] = {}
    for start, end in runs:
        following.setdefault(start, []).append(end)
    rings: list[_Ring] = []
    while following:
        start = next(iter(following))
        ring, here, came = [start], start, (0, 0)
        while True:
            choices = following[here]
            there = min(choices, key=lambda one: _turn(came, _way(here, one)))
            choices.remove(there)
            if not choices:
                del following[here]
            ring.append(there)
            here, came = there, _way(here, there)
            if here == start:
                break
        rings.append(ring)
    return rings


def _runs(picture: Bools) -> list[tuple[_Corner, _Corner]]:
    """The straight pieces of the border from corner to corner (x, y), y growing northwards: lower sides from the south,
    upper ones, right ones from the west, left ones."""
    cells = picture.astype(np.int8)
    # Lower sides are 1 and walked eastwards, upper ones -1; right sides are 1 and walked northwards, left ones -1.
    level, first, last = _straight(cells[1:, 1:-1] - cells[:-1, 1:-1])
    upright, below, above = _straight((cells[1:-1, :-1] - cells[1:-1, 1:]).T)
    starts = [*zip(first, level, strict=True), *zip(upright, below, strict=True)]
    return list(zip(starts, [*zip(last, level, strict=True), *zip(upright, above, strict=True)], strict=True))


def _straight(sides: npt.NDArray[np.int8]) -> tuple[list[int], list[int], list[int]]:
    """Runs of equal numbers but 0 along the rows (N, K): their rows, and where the walk along them begins and ends;
    those of 1, walked forwards, before those of -1, walked backwards."""
    padded = np.zeros((len(sides), sides.shape[1] + 2), dtype=np.int8)
    padded[:, 1:-1] = sides
    change = padded[:, 1:] != padded[:, :-1]
    row, first = np.nonzero(change & (padded[:, 1:] != 0))
    last = np.nonzero(change & (padded[:, :-1] != 0))[1]
    forwards = sides[row, first] > 0
    order = np.concatenate([np.flatnonzero(forwards), np.flatnonzero(~forwards)])
    start, end = np.where(forwards, first, last), np.where(forwards, last, first)
    return row[order].tolist(), start[order].tolist(), end[order].tolist()


def _way(here: _Corner, there: _Corner) -> _Corner:
    """The unit step from one corner to another straight on."""
    x, y = there[0] - here[0], there[1] - here[1]
    return (x > 0) - (x < 0), (y > 0) - (y < 0)


def _turn(came: tuple[int, int], step: tuple[int, int]) -> int:
    """0 for a left turn, 1 straight on, 2 for a right turn."""
    return 1 - (came[0] * step[1] - came[1] * step[0])


def _area(ring: _Ring) -> float:
    return sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in pairwise(ring)) / 2


def _owner(polygons: list[list[_Ring]], hole: _Ring) -> list[_Ring]:
    """The smallest outer ring around a hole: the hole's upper-left corner is just inside it."""
    x, y = min(hole)
    found = [polygon for polygon in polygons if _around(polygon[0], x + 0.5, y + 0.5)]
    return min(found, key=lambda polygon: _area(polygon[0]))


def _around(ring: _Ring, x: float, y: float) -> bool:
    inside = False
    for (x1, y1), (x2, y2) in pairwise(ring):
        if x1 == x2 and x1 > x and min(y1, y2) < y < max(y1, y2):
            inside = not inside
    return inside


def _degrees(grid: Grid, ring: _Ring) -> list[Json]:
    rows, columns = grid.inside.shape
    east, north = _corners(grid.west, grid.width, columns), _corners(grid.south, grid.height, rows)
    return [[east[x], north[y]] for x, y in ring]


@lru_cache(maxsize=16)
def _corners(start: float, step: float, count: int) -> tuple[float, ...]:
    """Degrees of all corners along one side of a grid, as they are written."""
    return tuple(round(start + place * step, _DECIMALS) for place in range(count + 1))
