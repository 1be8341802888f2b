"""Places on the sphere, the grid a posterior lives on, and the mask of a range map.

Coordinates are degrees of WGS 84 (EPSG:4326); lengths are km on a sphere of 6,371.0088 km (mean radius of
GRS 80, Moritz 2000). The grid cannot cross the 180th meridian or come within one degree of a pole.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.errors import InputRefused

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Indexes = npt.NDArray[np.intp]

EARTH_KM = 6371.0088
MOST_CELLS = 2600
_MARGIN = 0.10


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """Cells of equal degrees. `south`, `west` are the corner; `inside` (rows, columns) the cells a
    posterior may use; `latitudes`, `longitudes` and `areas` (km²) are of those cells, (G,)."""

    south: float
    west: float
    height: float
    width: float
    inside: Bools
    latitudes: Floats
    longitudes: Floats
    areas: Floats
    restricted: bool

    @property
    def vectors(self) -> Floats:
        """(G, 3): unit vectors of the cells' centres."""
        return unit_vectors(self.latitudes, self.longitudes)

    @property
    def frame(self) -> tuple[float, float, float, float]:
        """West, south, east and north."""
        rows, columns = self.inside.shape
        return self.west, self.south, self.west + columns * self.width, self.south + rows * self.height

    def cell_of(self, latitude: float, longitude: float) -> int | None:
        """Which of the G cells holds a place; `None` outside."""
        cell = int(self.cells_of(np.array([latitude]), np.array([longitude]))[0])
        return None if cell < 0 else cell

    def cells_of(self, latitudes: Floats, longitudes: Floats) -> Indexes:
        """Which of the G cells holds each place; -1 outside."""
        rows = np.floor((latitudes - self.south) / self.height)
        columns = np.floor((longitudes - self.west) / self.width)
        framed = (rows >= 0) & (rows < self.inside.shape[0]) & (columns >= 0) & (columns < self.inside.shape[1])
        numbers = np.where(self.inside.ravel(), self.inside.ravel().cumsum() - 1, -1)
        places = np.where(framed, rows * self.inside.shape[1] + columns, 0).astype(np.intp)
        return np.where(framed, numbers[places], -1)


def distinct(numbers: Indexes) -> Indexes:
    """The different ones of numbers from 0 on, ascending: `np.unique` first loads all of NumPy's masked arrays."""
    return np.flatnonzero(np.bincount(numbers.ravel()))


def unit_vectors(latitudes: Floats, longitudes: Floats) -> Floats:
    """(…, 3): places as vectors on the unit sphere."""
    lat, lon = np.radians(latitudes), np.radians(longitudes)
    return np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=-1)


def chord_km(first: Floats, second: Floats) -> Floats:
    """(N, M): straight-line distance in km between unit vectors (N, 3) and (M, 3)."""
    squares = np.maximum(2.0 - 2.0 * (first @ second.T), 0.0)
    chords: Floats = EARTH_KM * np.sqrt(squares)
    return chords


def distance_km(latitude: float, longitude: float, latitudes: Floats, longitudes: Floats) -> Floats:
    """Great-circle distances in km from one place to others."""
    here = unit_vectors(np.array([latitude]), np.array([longitude]))
    half = chord_km(here, unit_vectors(latitudes, longitudes))[0] / (2 * EARTH_KM)
    found: Floats = 2 * EARTH_KM * np.arcsin(np.minimum(half, 1.0))
    return found


def grid_build(
    latitudes: Floats, longitudes: Floats, *, range_map: bytes | None = None, name: str = "", cells: int = MOST_CELLS
) -> Grid:
    """A grid of about `cells` cells around sampled places, 10 % wider than their box on each side.

    With a range map (GeoJSON polygons) only cells whose centre lies in it are used, and the grid covers
    the range. Raises `InputRefused` where no cell remains, for a range map that is no polygon in degrees, and for one
    in which no animal was sampled: what is known of the sampled places says nothing about such a range.
    """
    rings = None if range_map is None else range_rings(range_map, name)
    lats, lons = [latitudes], [longitudes]
    if rings is not None:
        points = np.concatenate(rings)
        lats, lons = [points[:, 1]], [points[:, 0]]
    south, north, west, east = _box(np.concatenate(lats), np.concatenate(lons), widened=rings is None)
    height, width = _steps(south, north, west, east, cells)
    rows, columns = max(round((north - south) / height), 1), max(round((east - west) / width), 1)
    height, width = (north - south) / rows, (east - west) / columns
    lat = south + height * (np.arange(rows, dtype=np.float64) + 0.5)
    lon = west + width * (np.arange(columns, dtype=np.float64) + 0.5)
    inside = np.ones((rows, columns), dtype=np.bool_) if rings is None else _within(rings, lat, lon)
    if not inside.any():
        raise InputRefused("No cell of the map lies in the range.", file=name or None, remedy="Check the range map.")
    place = np.nonzero(inside)
    bands = EARTH_KM**2 * np.radians(width) * np.diff(np.sin(np.radians(south + height * np.arange(rows + 1))))
    grid = Grid(
        south=south, west=west, height=height, width=width, inside=inside,
        latitudes=lat[place[0]], longitudes=lon[place[1]], areas=bands[place[0]], restricted=rings is not None,
    )  # fmt: skip
    if rings is not None and (grid.cells_of(latitudes, longitudes) < 0).all():
        raise InputRefused(
            "No animal of the baseline was sampled inside the range map: another species, or longitude and latitude "
            "exchanged?",
            file=name or None,
            remedy="Give the range of this species, or leave the range map out.",
        )
    return grid


def _box(latitudes: Floats, longitudes: Floats, *, widened: bool) -> tuple[float, float, float, float]:
    south, north = float(latitudes.min()), float(latitudes.max())
    west, east = float(longitudes.min()), float(longitudes.max())
    shrink = max(math.cos(math.radians((south + north) / 2)), 0.1)
    if east - west > 180:
        raise InputRefused(
            f"The places span {east - west:.0f} degrees of longitude.",
            field="longitude",
            remedy="A map cannot cross the 180th meridian: treat the two sides apart.",
        )
    margin = max(north - south, (east - west) * shrink, 0.01) * _MARGIN if widened else 0.0
    return (
        max(south - margin, -89.0),
        min(north + margin, 89.0),
        max(west - margin / shrink, -180.0),
        min(east + margin / shrink, 180.0),
    )


def _steps(south: float, north: float, west: float, east: float, cells: int) -> tuple[float, float]:
    shrink = max(math.cos(math.radians((south + north) / 2)), 0.1)
    tall, wide = max(north - south, 1e-4), max(east - west, 1e-4)
    step = math.sqrt(tall * wide * shrink / cells)
    return min(step, tall), min(step / shrink, wide)


def range_rings(content: bytes, name: str) -> list[Floats]:
    """Rings (K, 2) of longitude and latitude of all polygons of a GeoJSON file (RFC 7946).

    Raises `InputRefused` for another format, for a file without polygons and for projected coordinates.
    """
    try:
        read = json.loads(content)
        _reference_check(read, name)
        rings = [np.array(ring, dtype=float)[:, :2] for ring in _rings(read)]
    except (ValueError, TypeError, KeyError, IndexError, RecursionError) as error:
        raise InputRefused(
            f"The range map is not GeoJSON: {error}.", file=name, remedy="Export polygons as GeoJSON (EPSG:4326)."
        ) from error
    if not rings:
        raise InputRefused("The range map holds no polygon.", file=name, remedy="Export polygons as GeoJSON.")
    points = np.concatenate(rings)
    if not np.isfinite(points).all() or (np.abs(points[:, 0]) > 180).any() or (np.abs(points[:, 1]) > 90).any():
        raise InputRefused(
            "The range map's coordinates are not degrees of longitude and latitude: a projected map?",
            file=name,
            remedy="Export it in WGS 84 (EPSG:4326).",
        )
    return rings


def _reference_check(value: object, name: str) -> None:
    """GeoJSON is in WGS 84 (RFC 7946, section 4); older files name their system, and another one is refused."""
    system = value.get("crs") if isinstance(value, dict) else None
    named = json.dumps(system)
    if system is not None and not re.search(r"CRS84|EPSG:{1,2}4326\b", named, re.IGNORECASE):
        raise InputRefused(
            f"The range map names another system of coordinates than WGS 84: {named[:120]}.",
            file=name,
            field="crs",
            remedy="Export it in WGS 84 (EPSG:4326).",
        )


def _rings(value: dict[str, object] | None) -> list[list[list[float]]]:
    if value is None:  # a feature without a place (RFC 7946, section 3.2)
        return []
    kind = value["type"]
    if kind in ("FeatureCollection", "GeometryCollection"):
        parts = value["features" if kind == "FeatureCollection" else "geometries"]
        return [ring for part in parts for ring in _rings(part)]  # type: ignore[attr-defined]  # read as JSON
    if kind == "Feature":
        return _rings(value["geometry"])  # type: ignore[arg-type]  # read as JSON
    if kind == "Polygon":
        return list(value["coordinates"])  # type: ignore[call-overload,no-any-return]  # read as JSON
    if kind == "MultiPolygon":
        return [ring for polygon in value["coordinates"] for ring in polygon]  # type: ignore[attr-defined]  # JSON
    return []


def _within(rings: list[Floats], latitudes: Floats, longitudes: Floats) -> Bools:
    """Even-odd rule per row of cells: centres between an odd number of ring crossings are inside."""
    inside = np.zeros((len(latitudes), len(longitudes)), dtype=np.bool_)
    starts = np.concatenate([ring[:-1] for ring in rings])
    ends = np.concatenate([ring[1:] for ring in rings])
    for row, latitude in enumerate(latitudes):
        crosses = (starts[:, 1] <= latitude) != (ends[:, 1] <= latitude)
        low, high = starts[crosses], ends[crosses]
        at = low[:, 0] + (latitude - low[:, 1]) / (high[:, 1] - low[:, 1]) * (high[:, 0] - low[:, 0])
        inside[row] = np.searchsorted(np.sort(at), longitudes) % 2 == 1
    return inside
