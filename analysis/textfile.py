"""Text files as people send them: plain or gzip-packed, UTF-8 with or without a byte-order mark."""

from __future__ import annotations

import gzip
import io
import zlib

from analysis.errors import InputRefused

SIZE_LIMIT = 512 << 20
"""Bytes of an unpacked table; a million individuals of 60 loci fit."""


def text_of(content: bytes, *, name: str) -> str:
    """The text of a plain or gzip-packed file, UTF-8 with or without a byte-order mark.

    Raises `InputRefused` for a broken archive, a text in another encoding, an empty file and a file
    above `SIZE_LIMIT`.
    """
    plain = _unpacked(content, name) if content[:2] == b"\x1f\x8b" else content
    try:
        text = plain.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = plain.count(b"\n", 0, error.start) + 1
        raise InputRefused(
            f"Byte 0x{plain[error.start]:02x} is not UTF-8 text.",
            file=name,
            row=row,
            remedy="Save the table as «CSV UTF-8» and send it again.",
        ) from error
    if not text.strip():
        raise InputRefused("The file is empty.", file=name, remedy="Export the table again.")
    if "\0" in text:
        raise InputRefused(
            "The file holds NUL bytes: it is not a text table.",
            file=name,
            row=text.count("\n", 0, text.index("\0")) + 1,
            remedy="Export the sheet as CSV or TSV; a spreadsheet file itself is not read.",
        )
    return text


def _unpacked(content: bytes, name: str) -> bytes:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as archive:
            plain = archive.read(SIZE_LIMIT + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise InputRefused(
            f"The gzip file cannot be unpacked: {error}.", file=name, remedy="Copy the file again."
        ) from error
    if len(plain) > SIZE_LIMIT:
        raise InputRefused(f"The unpacked table is larger than {SIZE_LIMIT:,} bytes.", file=name, remedy="Split it.")
    return plain
