"""The cells of a file before anything is believed about them."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from analysis.errors import InputRefused

SIZE_LIMIT = 512 << 20
"""Bytes of an unpacked table; a million individuals of 60 loci fit."""

_DELIMITERS = ("\t", ",", ";")
_CONTROLS = "".join(map(chr, range(32)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """Head, cells and the line of the file each row stood on (1-based, the head counts)."""

    name: str
    header: tuple[str, ...]
    rows: Sequence[Sequence[str]]
    lines: Sequence[int]
    notices: tuple[str, ...] = ()


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


def read_delimited(text: str, *, name: str) -> Grid:
    """Read a table with a head row; tab, comma and semicolon are told apart by the head.

    Blank lines are passed over. Raises `InputRefused` where a row has another number of cells than the
    head, a column has no name or two columns have one name.
    """
    head_line = next(line for line in text.splitlines() if line.strip())
    delimiter = max(_DELIMITERS, key=head_line.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    rows: list[list[str]] = []
    lines: list[int] = []
    last = 0
    try:
        for row in reader:
            if any(map(str.strip, row)):
                rows.append(row)
                lines.append(last + 1)
            last = reader.line_num
    except csv.Error as error:
        raise InputRefused(
            f"The row cannot be read: {error}.", file=name, row=last + 1, remedy="Check its quotation marks."
        ) from error
    header = tuple(map(clean, rows[0]))
    _head_check(header, name=name, row=lines[0])
    _widths_check(header, rows, lines, name=name)
    if len(rows) == 1:
        raise InputRefused("The table has a head but no rows.", file=name, remedy="Export it again.")
    return Grid(name=name, header=header, rows=rows[1:], lines=lines[1:])


def clean(cell: str) -> str:
    """A cell without the blanks and control signs some programs leave around it."""
    return cell.strip().strip(_CONTROLS).strip()


def _unpacked(content: bytes, name: str) -> bytes:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as archive:
            plain = archive.read(SIZE_LIMIT + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise InputRefused(
            f"The gzip file cannot be unpacked: {error}.", file=name, remedy="Copy the file again."
        ) from error
    if len(plain) > SIZE_LIMIT:
        raise InputRefused(
            f"The unpacked table is larger than {SIZE_LIMIT:,} bytes.", file=name, remedy="Split it."
        )
    return plain


def _head_check(header: Sequence[str], *, name: str, row: int) -> None:
    for number, column in enumerate(header, start=1):
        if not column:
            raise InputRefused(
                f"Column {number} has no name.", file=name, row=row, remedy="Name every column in the head."
            )
    column, times = Counter(header).most_common(1)[0]
    if times > 1:
        raise InputRefused(
            f"{times} columns are called «{column}».",
            file=name,
            row=row,
            field=column,
            remedy="Give every column its own name; the alleles of a locus are L_1 and L_2, or L and L.1.",
        )


def _widths_check(
    header: Sequence[str], rows: Sequence[Sequence[str]], lines: Sequence[int], *, name: str
) -> None:
    width = len(header)
    for row, line in zip(rows, lines, strict=True):
        if len(row) != width:
            raise InputRefused(
                f"The row has {len(row)} cells, the head has {width}.",
                file=name,
                row=line,
                remedy="Columns may be shifted: an untyped allele is an empty cell, not a missing one.",
            )
