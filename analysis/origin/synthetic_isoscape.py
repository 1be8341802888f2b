"""A made-up isoscape with animals of known origin: every identifier says so.

A slope to the east and a wave to the north, written as a GeoTIFF (TIFF 6.0; GeoTIFF 1.1: geographic WGS 84). Tissue
values are a line of the cell's value with normal scatter, so that nothing but the place joins them to any genotype.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np

from analysis.origin.spatial.geography import Floats
from analysis.origin.synthetic import MARK

_SLOPE, _INTERCEPT = 0.9, 30.0
_KEYS = (1, 1, 0, 2, 1024, 0, 1, 2, 2048, 0, 1, 4326)
"""Two GeoTIFF keys: geographic model, EPSG 4326."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IsoscapeDesign:
    """What to make: so many cells of `step` degrees from the north-west corner, and `known` animals with their scatter
    in per mil."""

    seed: int
    north: float
    west: float
    rows: int = 20
    columns: int = 20
    step: float = 1.0
    known: int = 40
    scatter: float = 0.6
    scale: str = f"{MARK} laboratory"


@dataclass(frozen=True, slots=True, kw_only=True)
class SyntheticIsoscape:
    """The raster as a GeoTIFF, and a table of known animals (id, value, scale, latitude, longitude)."""

    geotiff: bytes
    known_csv: str


def synthetic_isoscape(design: IsoscapeDesign) -> SyntheticIsoscape:
    """Make a raster and known animals; the same design gives the same bytes."""
    random = np.random.RandomState(design.seed)
    values = _surface(design)
    lines = ["synthetic,id,value,scale,latitude,longitude"]
    for number in range(1, design.known + 1):
        row, column = int(random.randint(design.rows)), int(random.randint(design.columns))
        latitude, longitude = design.north - (row + 0.5) * design.step, design.west + (column + 0.5) * design.step
        value = _INTERCEPT + _SLOPE * float(values[row, column]) + random.normal(0, design.scatter)
        lines.append(f"{MARK},SYN-K{number:04d},{value:.2f},{design.scale},{latitude:g},{longitude:g}")
    return SyntheticIsoscape(geotiff=_geotiff(values, design), known_csv="\n".join(lines) + "\n")


def tissue_value(design: IsoscapeDesign, latitude: float, longitude: float) -> float:
    """What the line gives for a tissue grown at a place of the raster."""
    row, column = int((design.north - latitude) / design.step), int((longitude - design.west) / design.step)
    return _INTERCEPT + _SLOPE * float(_surface(design)[row, column])


def _surface(design: IsoscapeDesign) -> Floats:
    """(rows, columns), per mil, as a float of 32 bits holds it."""
    across, down = np.arange(design.columns), np.arange(design.rows)
    values = -8.0 + 0.5 * across[None] + 1.5 * np.sin(down[:, None] / 4)
    found: Floats = values.astype(np.float32).astype(np.float64)
    return found


def _geotiff(values: Floats, design: IsoscapeDesign) -> bytes:
    """One uncompressed strip of 32-bit floats, little-endian, its directory last."""
    parts = [
        values.astype("<f4").tobytes(),
        struct.pack("<3d", design.step, design.step, 0.0),
        struct.pack("<6d", 0, 0, 0, design.west, design.north, 0),
        struct.pack(f"<{len(_KEYS)}H", *_KEYS),
    ]
    starts = (8 + np.cumsum([0, *(len(part) for part in parts)])).tolist()
    rows, columns = values.shape
    entries = [
        *((256, 3, 1, columns), (257, 3, 1, rows), (258, 3, 1, 32), (259, 3, 1, 1), (262, 3, 1, 1)),
        *((273, 4, 1, starts[0]), (277, 3, 1, 1), (278, 3, 1, rows), (279, 4, 1, len(parts[0])), (339, 3, 1, 3)),
        *((33550, 12, 3, starts[1]), (33922, 12, 6, starts[2]), (34735, 3, len(_KEYS), starts[3])),
    ]
    directory = struct.pack("<H", len(entries)) + b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return b"II*\0" + struct.pack("<I", starts[-1]) + b"".join(parts) + directory + struct.pack("<I", 0)
