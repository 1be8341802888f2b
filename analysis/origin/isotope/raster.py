"""Isoscapes from GeoTIFF: a small reader of what isoscapes are written as, and a refusal of all else.

Read are classic TIFF 6.0 files (Adobe 1992) in strips or tiles of 32- or 64-bit floats, one or more bands,
uncompressed, LZW or deflate, without predictor, placed by the tags ModelPixelScale and ModelTiepoint of the
GeoTIFF standard (OGC 19-008r4) in geographic WGS 84 degrees. No file is handed to a general image library.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from analysis.errors import InputRefused
from analysis.origin.spatial.geography import EARTH_KM, Floats

_TYPES: Mapping[int, tuple[str, int]] = {
    1: ("B", 1), 2: ("c", 1), 3: ("H", 2), 4: ("I", 4), 5: ("II", 8), 11: ("f", 4), 12: ("d", 8)
}  # fmt: skip
_MOST_CELLS = 50_000_000
_WGS84 = {4326, 4979}
_GEOGRAPHIC = 2
(_WIDTH, _HEIGHT, _BITS, _COMPRESSION, _OFFSETS, _SAMPLES, _ROWS, _SIZES, _PLANAR, _PREDICTOR) = (
    256, 257, 258, 259, 273, 277, 278, 279, 284, 317,
)  # fmt: skip
_TILE_WIDTH, _TILE_HEIGHT, _TILE_OFFSETS, _TILE_SIZES, _FORMAT = 322, 323, 324, 325, 339
_SCALE, _TIEPOINT, _TRANSFORM, _GEOKEYS, _NODATA = 33550, 33922, 34264, 34735, 42113


@dataclass(frozen=True, slots=True, kw_only=True)
class Raster:
    """`bands` (B, rows, columns), north first, NaN where there are no data; degrees of WGS 84."""

    name: str
    bands: Floats
    north: float
    west: float
    height: float
    width: float

    @property
    def latitudes(self) -> Floats:
        """Of the centres of the rows."""
        return self.north - self.height * (np.arange(self.bands.shape[1], dtype=np.float64) + 0.5)

    @property
    def longitudes(self) -> Floats:
        """Of the centres of the columns."""
        return self.west + self.width * (np.arange(self.bands.shape[2], dtype=np.float64) + 0.5)

    @property
    def areas(self) -> Floats:
        """(rows,): km² of a cell."""
        edges = np.radians(self.north - self.height * np.arange(self.bands.shape[1] + 1, dtype=np.float64))
        found: Floats = EARTH_KM**2 * np.radians(self.width) * -np.diff(np.sin(edges))
        return found

    def cell(self, latitude: float, longitude: float) -> tuple[int, int] | None:
        """Row and column of a place; `None` outside."""
        row = int(np.floor((self.north - latitude) / self.height))
        column = int(np.floor((longitude - self.west) / self.width))
        inside = 0 <= row < self.bands.shape[1] and 0 <= column < self.bands.shape[2]
        return (row, column) if inside else None

    def at(self, surface: Floats, latitudes: Floats, longitudes: Floats) -> Floats:
        """Of a surface (rows, columns) the values at places (N,); 0 outside."""
        rows = np.floor((self.north - latitudes) / self.height).astype(np.intp)
        columns = np.floor((longitudes - self.west) / self.width).astype(np.intp)
        inside = (rows >= 0) & (rows < surface.shape[0]) & (columns >= 0) & (columns < surface.shape[1])
        found = np.zeros(len(rows))
        found[inside] = surface[rows[inside], columns[inside]]
        return found


def raster_read(content: bytes, *, name: str) -> Raster:
    """Read a GeoTIFF. Raises `InputRefused` naming what is not supported, above all another projection."""
    try:
        return _Reader(content, name).raster()
    except (struct.error, IndexError, KeyError, ValueError, zlib.error) as error:
        raise InputRefused(
            "The GeoTIFF cannot be read: it ends too early, or its parts contradict each other.",
            file=name,
            remedy="Write it again as 32-bit float GeoTIFF, EPSG:4326.",
        ) from error


class _Reader:
    def __init__(self, content: bytes, name: str) -> None:
        self._bytes, self._name = content, name
        self._end = {b"II": "<", b"MM": ">"}.get(content[:2], "")
        if not self._end or struct.unpack(f"{self._end}H", content[2:4])[0] != 42:
            self._refuse("This is no TIFF file (or a BigTIFF, which is not read).")
        self._tags = self._directory(struct.unpack(f"{self._end}I", content[4:8])[0])

    def raster(self) -> Raster:
        self._supported()
        rows, columns = int(self._one(_HEIGHT)), int(self._one(_WIDTH))
        scale, tie = self._placement()
        bands = self._bands(rows, columns)
        nodata = self._nodata()
        if nodata is not None:
            bands[np.isclose(bands, nodata, rtol=1e-6)] = np.nan
        bands[~np.isfinite(bands) | (np.abs(bands) > 1e30)] = np.nan
        return Raster(
            name=self._name,
            bands=bands,
            north=tie[4] + tie[1] * scale[1],
            west=tie[3] - tie[0] * scale[0],
            height=scale[1],
            width=scale[0],
        )

    def _directory(self, at: int) -> dict[int, tuple[float, ...] | bytes]:
        count = struct.unpack_from(f"{self._end}H", self._bytes, at)[0]
        found: dict[int, tuple[float, ...] | bytes] = {}
        for number in range(count):
            tag, kind, many = struct.unpack_from(f"{self._end}HHI", self._bytes, at + 2 + 12 * number)
            if kind not in _TYPES:
                continue
            code, size = _TYPES[kind]
            place = at + 10 + 12 * number
            if many * size > 4:
                place = struct.unpack_from(f"{self._end}I", self._bytes, place)[0]
            if kind == 2:
                found[tag] = self._bytes[place : place + many]
            else:
                found[tag] = struct.unpack_from(f"{self._end}{many * len(code)}{code[0]}", self._bytes, place)
        return found

    def _values(self, tag: int, default: tuple[float, ...] | None = None) -> tuple[float, ...]:
        found = self._tags.get(tag, default)
        if not isinstance(found, tuple):
            self._refuse(f"The tag {tag} is missing.")
        return found  # type: ignore[return-value]  # _refuse raises

    def _one(self, tag: int, default: float | None = None) -> float:
        return self._values(tag, None if default is None else (default,))[0]

    def _supported(self) -> None:
        cells = self._one(_WIDTH) * self._one(_HEIGHT) * self._one(_SAMPLES, 1)
        bits, form = self._values(_BITS), self._one(_FORMAT, 1)
        checks = (
            (0 < cells <= _MOST_CELLS, f"It has {cells:,.0f} values; up to {_MOST_CELLS:,} are read."),
            (form == 3 and set(bits) <= {32, 64} and len(set(bits)) == 1, "Its values are not 32- or 64-bit floats."),
            (self._one(_COMPRESSION, 1) in (1, 5, 8, 32946), "Its compression is not none, LZW or deflate."),
            (self._one(_PREDICTOR, 1) == 1, "It is written with a predictor."),
        )
        for good, words in checks:
            if not good:
                self._refuse(words)

    def _placement(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        keys = self._geokeys()
        if keys.get(1024) != _GEOGRAPHIC or keys.get(2048, 4326) not in _WGS84:
            self._refuse("It is not in geographic WGS 84 degrees: wrong projection.")
        if _TRANSFORM in self._tags or _SCALE not in self._tags:
            self._refuse("It is rotated or not placed on the earth.")
        scale, tie = self._values(_SCALE), self._values(_TIEPOINT)
        north, west = tie[4] + tie[1] * scale[1], tie[3] - tie[0] * scale[0]
        south, east = north - self._one(_HEIGHT) * scale[1], west + self._one(_WIDTH) * scale[0]
        if north > 90.5 or south < -90.5 or west < -180.5 or east > 360.5:
            self._refuse(f"Its frame ({west:g} to {east:g}, {south:g} to {north:g}) is not in degrees.")
        return scale, tie

    def _geokeys(self) -> dict[int, int]:
        words = [int(value) for value in self._values(_GEOKEYS)]
        return {words[at]: words[at + 3] for at in range(4, len(words) - 3, 4) if words[at + 1] == 0}

    def _bands(self, rows: int, columns: int) -> Floats:
        samples, planar = int(self._one(_SAMPLES, 1)), int(self._one(_PLANAR, 1))
        tiled = _TILE_OFFSETS in self._tags
        tall = int(self._one(_TILE_HEIGHT)) if tiled else min(int(self._one(_ROWS, rows)), rows)
        wide = int(self._one(_TILE_WIDTH)) if tiled else columns
        offsets = [int(value) for value in self._values(_TILE_OFFSETS if tiled else _OFFSETS)]
        sizes = [int(value) for value in self._values(_TILE_SIZES if tiled else _SIZES)]
        down, across = -(-rows // tall), -(-columns // wide)
        inner = samples if planar == 1 else 1
        kind = np.dtype(f"{self._end}f{int(self._values(_BITS)[0]) // 8}")
        found = np.full((samples, down * tall, across * wide), np.nan)
        for number, (offset, size) in enumerate(zip(offsets, sizes, strict=True)):
            band, place = divmod(number, down * across)
            row, column = divmod(place, across)
            deep = tall if tiled else min(tall, rows - row * tall)
            needed = deep * wide * inner * kind.itemsize
            plain = self._unpacked(self._bytes[offset : offset + size], needed)
            block = np.frombuffer(plain[:needed], kind).reshape(deep, wide, inner).transpose(2, 0, 1)
            at = slice(row * tall, row * tall + deep), slice(column * wide, (column + 1) * wide)
            found[(slice(None) if planar == 1 else slice(band, band + 1), *at)] = block
        return np.ascontiguousarray(found[:, :rows, :columns])

    def _unpacked(self, packed: bytes, needed: int) -> bytes:
        kind = self._one(_COMPRESSION, 1)
        if kind == 5:
            return lzw_unpack(packed, needed)
        if kind in (8, 32946):
            return zlib.decompressobj().decompress(packed, needed)
        return packed

    def _nodata(self) -> float | None:
        text = self._tags.get(_NODATA)
        words = text.rstrip(b"\0 ").decode("ascii") if isinstance(text, bytes) else ""
        return float(words) if words else None

    def _refuse(self, words: str) -> None:
        raise InputRefused(
            words, file=self._name, remedy="Write it as 32-bit float GeoTIFF in EPSG:4326, uncompressed or deflate."
        )


def lzw_unpack(packed: bytes, needed: int) -> bytes:
    """LZW of TIFF 6.0, section 13: codes of 9 to 12 bits, most significant bit first, early change."""
    clear, end = 256, 257
    table: list[bytes] = []
    out = bytearray()
    width, bits, held = 9, 0, 0
    before = b""
    for byte in packed:
        held, bits = (held << 8) | byte, bits + 8
        if bits < width:
            continue
        bits -= width
        code, held = held >> bits, held & ((1 << bits) - 1)
        if code == end or len(out) >= needed:
            break
        if code == clear:
            table = [bytes([value]) for value in range(256)] + [b"", b""]
            width, before = 9, b""
            continue
        word = table[code] if code < len(table) else before + before[:1]
        out += word
        if before:
            table.append(before + word[:1])
        before = word
        width = 9 + (len(table) >= 511) + (len(table) >= 1023) + (len(table) >= 2047)
    return bytes(out)
