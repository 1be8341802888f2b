"""Text files as they come: plain or gzip, UTF-8 with or without byte order mark, any line ends."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TextIO

from analysis.errors import InputRefused

_GZIP: Final = b"\x1f\x8b"
_BLOCK: Final = 1 << 20


@contextmanager
def text_open(path: Path, *, errors: str = "strict") -> Iterator[TextIO]:
    """Open a text file, unpacked where it is gzip; line ends become «\\n».

    Raises `InputRefused` where it cannot be read, is a damaged archive or is not text.
    """
    try:
        with path.open("rb") as raw:
            packed = raw.peek(2)[:2] == _GZIP
            plain = gzip.GzipFile(fileobj=raw) if packed else raw
            with io.TextIOWrapper(plain, encoding="utf-8-sig", errors=errors) as source:
                yield source
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
