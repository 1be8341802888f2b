"""ZIP archives in one exact form: the same files give the same bytes, and every byte is accounted for.

Stored (no compression), UTF-8 names, no comments, the time 1980-01-01 00:00, mode 0644, sizes in a ZIP64
field of the local header (so that they can be filled in after streaming), members back to back. A reader
rebuilds all headers from names, sizes and checksums and compares: nothing can hide between members, before or
after the archive.
"""

import io
import struct
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import BinaryIO

from chain_of_custody.core.errors import PackRefused

CHUNK = 1 << 20
DIRECTORY_LIMIT = 1 << 28

_LOCAL = struct.Struct("<4s5H3L2H")
_SIZES = struct.Struct("<2H2Q")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_END64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR = struct.Struct("<4sLQL")
_END = struct.Struct("<4s4H2LH")
_VERSION, _UTF8, _STORED, _TIME, _DATE = 45, 0x0800, 0, 0, 0x0021
_MADE_BY, _MODE = 3 << 8 | _VERSION, 0o100644 << 16
_MAX16, _MAX32 = 0xFFFF, 0xFFFFFFFF


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A file in an archive: name, size in bytes, CRC-32, and where its header starts."""

    name: str
    size: int
    crc: int
    offset: int

    @property
    def header(self) -> bytes:
        """The local header this member must have."""
        name = self.name.encode()
        fixed = (_VERSION, _UTF8, _STORED, _TIME, _DATE, self.crc, _MAX32, _MAX32, len(name), _SIZES.size)
        return _LOCAL.pack(b"PK\x03\x04", *fixed) + name + _SIZES.pack(1, 16, self.size, self.size)

    @property
    def start(self) -> int:
        """Where its bytes start."""
        return self.offset + _LOCAL.size + len(self.name.encode()) + _SIZES.size

    @property
    def end(self) -> int:
        return self.start + self.size

    @property
    def record(self) -> bytes:
        """Its record in the central directory; ZIP64 fields only where 32 bits do not hold a number."""
        name = self.name.encode()
        size, sizes = (_MAX32, (self.size, self.size)) if self.size >= _MAX32 else (self.size, ())
        offset, offsets = (_MAX32, (self.offset,)) if self.offset >= _MAX32 else (self.offset, ())
        wide = struct.pack(f"<{len(sizes) + len(offsets)}Q", *sizes, *offsets)
        extra = struct.pack("<2H", 1, len(wide)) + wide if wide else b""
        fixed = (_MADE_BY, _VERSION, _UTF8, _STORED, _TIME, _DATE, self.crc, size, size)
        rest = (len(name), len(extra), 0, 0, 0, _MODE, offset)
        return _CENTRAL.pack(b"PK\x01\x02", *fixed, *rest) + name + extra


def directory(members: Sequence[Member]) -> bytes:
    """Central directory and end records: everything after the last member."""
    start = members[-1].end if members else 0
    records = b"".join(member.record for member in members)
    count, size = len(members), len(records)
    wide = b""
    if count >= _MAX16 or size >= _MAX32 or start >= _MAX32:
        end64 = _END64.pack(b"PK\x06\x06", 44, _MADE_BY, _VERSION, 0, 0, count, count, size, start)
        wide = end64 + _LOCATOR.pack(b"PK\x06\x07", 0, start + size, 1)
    short = min(count, _MAX16)
    end = _END.pack(b"PK\x05\x06", 0, 0, short, short, min(size, _MAX32), min(start, _MAX32), 0)
    return records + wide + end


class ArchiveWriter:
    """Writes an archive to a seekable file, one member after the other, holding only names and sums."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._start = out.tell()
        self._members: list[Member] = []

    def add(self, name: str, chunks: Iterable[bytes]) -> tuple[int, str]:
        """Store one file; returns its size and SHA-256 (hex)."""
        offset = self._members[-1].end if self._members else 0
        self._out.write(Member(name=name, size=0, crc=0, offset=offset).header)
        size, crc, digest = 0, 0, sha256()
        for chunk in chunks:
            self._out.write(chunk)
            digest.update(chunk)
            crc = zlib.crc32(chunk, crc)
            size += len(chunk)
        member = Member(name=name, size=size, crc=crc, offset=offset)
        self._out.seek(self._start + offset)
        self._out.write(member.header)
        self._out.seek(self._start + member.end)
        self._members.append(member)
        return size, digest.hexdigest()

    def close(self) -> None:
        """Write the directory. The file itself stays open."""
        self._out.write(directory(self._members))


class Archive:
    """A read archive whose structure was checked byte by byte.

    Raises `PackRefused` (reason "archive-malformed" or "archive-strange") for anything that this module would
    not have written: other methods, encryption, comments, extra fields, gaps, bytes before or after.
    """

    def __init__(self, source: BinaryIO) -> None:
        self._source = source
        self._length = source.seek(0, io.SEEK_END)
        count, size, start = self._end()
        self.members = {member.name: member for member in self._directory(count, size, start)}
        if len(self.members) != count:
            raise PackRefused("a name occurs twice in the archive", reason="archive-strange")
        self._check(start)

    def chunks(self, name: str) -> Iterator[bytes]:
        """The bytes of a member; raises `PackRefused` at the end when they do not have its CRC-32."""
        member = self.members[name]
        crc, left = 0, member.size
        self._source.seek(member.start)
        position = member.start
        while left:
            self._source.seek(position)
            chunk = self._source.read(min(left, CHUNK))
            if not chunk:
                raise PackRefused("the file ends early", path=_inside(name), reason="archive-malformed")
            crc, left, position = zlib.crc32(chunk, crc), left - len(chunk), position + len(chunk)
            yield chunk
        if crc != member.crc:
            raise PackRefused("the bytes do not have the stated CRC-32", path=_inside(name), reason="archive-malformed")

    def open(self, name: str) -> io.BufferedReader:
        """A member as a readable file."""
        return io.BufferedReader(_Section(self._source, self.members[name]), CHUNK)

    def _end(self) -> tuple[int, int, int]:
        tail = self._read(max(self._length - _END.size, 0), _END.size)
        if len(tail) < _END.size or not tail.startswith(b"PK\x05\x06"):
            raise PackRefused(
                "no end record in the last 22 bytes: truncated, or a comment or other bytes follow",
                reason="archive-malformed",
            )
        _, _, _, _, count, size, start, _ = _END.unpack(tail)
        locator = self._read(self._length - _END.size - _LOCATOR.size, _LOCATOR.size)
        if locator.startswith(b"PK\x06\x07"):
            end64 = self._read(_LOCATOR.unpack(locator)[2], _END64.size)
            if len(end64) == _END64.size:
                count, size, start = _END64.unpack(end64)[7:]
        return count, size, start

    def _directory(self, count: int, size: int, start: int) -> Iterator[Member]:
        if size > DIRECTORY_LIMIT or start + size > self._length:
            raise PackRefused("the directory does not fit in the file", reason="archive-malformed")
        data, place = self._read(start, size), 0
        for _ in range(count):
            record = data[place : place + _CENTRAL.size]
            if len(record) < _CENTRAL.size or not record.startswith(b"PK\x01\x02"):
                raise PackRefused("the directory has fewer records than stated", reason="archive-malformed")
            _, _, _, flags, method, _, _, crc, _, length, name_size, extra_size, *_, offset = _CENTRAL.unpack(record)
            place += _CENTRAL.size
            name = _name(data[place : place + name_size], flags, method)
            extra = data[place + name_size : place + name_size + extra_size]
            length, offset = _wide(extra, length, offset)
            yield Member(name=name, size=length, crc=crc, offset=offset)
            place += name_size + extra_size

    def _check(self, start: int) -> None:
        members = list(self.members.values())
        due = 0
        for member in members:
            fits = member.offset == due and member.end <= self._length
            if not fits or self._read(due, len(member.header)) != member.header:
                detail = "its header is not where or what it must be (gap, overlap, extra field, flag or date)"
                raise PackRefused(detail, path=_inside(member.name), reason="archive-strange")
            due = member.end
        tail = directory(members) if due == start else b""
        if not tail or due + len(tail) != self._length or self._read(due, len(tail)) != tail:
            detail = "the directory is not what the members demand (extra field, comment, attribute or stray bytes)"
            raise PackRefused(detail, reason="archive-strange")

    def _read(self, place: int, size: int) -> bytes:
        if place < 0:
            return b""
        self._source.seek(min(place, self._length))
        return self._source.read(size)


class _Section(io.RawIOBase):
    """One member's bytes as a raw stream."""

    def __init__(self, source: BinaryIO, member: Member) -> None:
        self._source = source
        self._place, self._end = member.start, member.end

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        self._source.seek(self._place)
        data = self._source.read(min(len(buffer), self._end - self._place))
        buffer[: len(data)] = data
        self._place += len(data)
        return len(data)


def _inside(name: str) -> str:
    """The path below the folder that holds everything."""
    return name.partition("/")[2] or name


def _name(data: bytes, flags: int, method: int) -> str:
    if flags & 1:
        raise PackRefused(f"{data!r} is encrypted", reason="archive-strange")
    if method != _STORED:
        raise PackRefused(f"{data!r} is compressed; packs store files as they are", reason="archive-strange")
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise PackRefused(f"the name {data!r} is not UTF-8", reason="archive-strange") from None


def _wide(extra: bytes, size: int, offset: int) -> tuple[int, int]:
    """Size and offset from a ZIP64 field; a wrong field gives wrong numbers, which the rebuilt headers
    reveal.
    """
    values = iter(struct.unpack_from(f"<{(len(extra) - 4) // 8}Q", extra, 4) if len(extra) >= 12 else ())
    if size == _MAX32:
        size = next(values, size)
        next(values, None)
    if offset == _MAX32:
        offset = next(values, offset)
    return size, offset
