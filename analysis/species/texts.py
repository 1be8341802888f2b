"""Text files as they come: plain or gzip, UTF-8 with or without byte order mark, any line ends."""

from __future__ import annotations

import codecs
import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final, TextIO

from analysis.errors import InputRefused

_GZIP: Final = b"\x1f\x8b"
_BLOCK: Final = 1 << 20


@contextmanager
def text_open(path: Path, *, legacy: bool = False) -> Iterator[TextIO]:
    """Open a text file, unpacked where it is gzip; line ends become «\\n».

    With `legacy` a file that is no UTF-8 is read as Windows-1252, of which Latin-1 is a part; whoever reads it so says
    so. Raises `InputRefused` where it cannot be read, is a damaged archive or is not text.
    """
    encoding = "utf-8-sig" if not legacy or is_utf8(path) else "cp1252"
    errors = "replace" if legacy else "strict"
    with _opened(path) as plain, io.TextIOWrapper(plain, encoding=encoding, errors=errors) as source:
        yield source


def is_utf8(path: Path) -> bool:
    """Whether a file, unpacked where it is gzip, is UTF-8 from its first byte to its last."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        with _opened(path) as plain:
            while block := plain.read(_BLOCK):
                decoder.decode(block)
            decoder.decode(b"", final=True)
    except InputRefused as error:
        if isinstance(error.__cause__, UnicodeDecodeError):
            return False
        raise
    return True


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    """The bytes of a file, unpacked where it is gzip; what goes wrong in reading them as text is an `InputRefused`."""
    try:
        with path.open("rb") as raw:
            packed = raw.peek(2)[:2] == _GZIP
            yield gzip.GzipFile(fileobj=raw) if packed else raw  # type: ignore[misc]
    except UnicodeDecodeError as error:
        raise InputRefused("The file is not text.", file=path.name, remedy="Save it as plain UTF-8 text.") from error
    except (gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise InputRefused(
            f"The gzip file is damaged: {error}.", file=path.name, remedy="Fetch it again, or unpack it first."
        ) from error
    except OSError as error:
        raise InputRefused(f"The file cannot be read: {error.strerror}.", file=path.name) from error


def plain_check(head: str, *, file: str) -> None:
    """Raises `InputRefused` where the beginning of a text holds zero bytes: another encoding, or no text at all."""
    if "\x00" in head:
        raise InputRefused("The file is no plain text, or is UTF-16.", file=file, remedy="Save it as plain UTF-8 text.")


def unpacked(content: bytes, *, file: str, limit: int) -> bytes:
    """The content itself, or what a gzip file holds; at most `limit` bytes.

    Raises `InputRefused` for a damaged archive and for one that holds more.
    """
    if content[:2] != _GZIP:
        return content
    parts: list[bytes] = []
    size = 0
    try:
        with gzip.open(io.BytesIO(content)) as source:
            while size <= limit and (block := source.read(_BLOCK)):
                parts.append(block)
                size += len(block)
    except (gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise InputRefused(
            f"The gzip file is damaged: {error}.", file=file, remedy="Fetch it again, or unpack it first."
        ) from error
    if size > limit:
        raise InputRefused(
            f"The gzip file holds more than the {limit:,} bytes this method reads.",
            file=file,
            remedy="Split it, or check that it is the right file.",
        )
    return b"".join(parts)
