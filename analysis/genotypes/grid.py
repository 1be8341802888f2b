"""The cells of a file before anything is believed about them."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from analysis.errors import InputRefused

_DELIMITERS = ("\t", ",", ";")
_STATED = re.compile(r"\s*\"?sep=([\t,;])\"?\s*$", re.IGNORECASE)
_CONTROLS = "".join(map(chr, range(32)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """Head, cells and the line of the file each row stood on (1-based, the head counts)."""

    name: str
    header: tuple[str, ...]
    rows: Sequence[Sequence[str]]
    lines: Sequence[int]
    notices: tuple[str, ...] = ()


def read_delimited(text: str, *, name: str) -> Grid:
    """Read a table with a head row; tab, comma and semicolon are told apart by the head, or by a first line `sep=;`.

    Blank lines are passed over, and so are columns at the end that hold nothing, not even a name: spreadsheets add
    both. Raises `InputRefused` where a row has another number of cells than the head, a column has no name or two
    columns have one name.
    """
    head_line = next(line for line in text.splitlines() if line.strip())
    stated = _STATED.match(head_line)
    delimiter = stated[1] if stated else max(_DELIMITERS, key=head_line.count)
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
    if stated:
        rows, lines = rows[1:], lines[1:]
    if not rows:
        raise InputRefused("The table has no head.", file=name, remedy="Export it again.")
    _table_check(rows[0], name=name, row=lines[0])
    rows = _filled(rows)
    header = tuple(map(clean, rows[0]))
    _head_check(header, name=name, row=lines[0])
    _widths_check(header, rows, lines, name=name)
    if len(rows) == 1:
        raise InputRefused("The table has a head but no rows.", file=name, remedy="Export it again.")
    return Grid(name=name, header=header, rows=rows[1:], lines=lines[1:])


def _table_check(head: Sequence[str], *, name: str, row: int) -> None:
    if len(head) == 1 and len(head[0].split()) > 2:
        raise InputRefused(
            "The first line has no tab, comma or semicolon: this is no table with a head.",
            file=name,
            row=row,
            remedy="A STRUCTURE or SCAT file is read when its format is named (--input-format structure).",
        )


def _filled(rows: list[list[str]]) -> list[list[str]]:
    """The rows without columns at the end that are empty from the head down."""
    width, used = len(rows[0]), 0
    for row in rows:
        last = len(row)
        while last > used and not clean(row[last - 1]):
            last -= 1
        used = max(used, last)
    if not 0 < used < width or any(len(row) != width for row in rows):
        return rows
    return [row[:used] for row in rows]


def clean(cell: str) -> str:
    """A cell without the blanks and control signs some programs leave around it."""
    return cell.strip().strip(_CONTROLS).strip()


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


def _widths_check(header: Sequence[str], rows: Sequence[Sequence[str]], lines: Sequence[int], *, name: str) -> None:
    width = len(header)
    for row, line in zip(rows, lines, strict=True):
        if len(row) != width:
            raise InputRefused(
                f"The row has {len(row)} cells, the head has {width}.",
                file=name,
                row=line,
                remedy="Columns may be shifted: an untyped allele is an empty cell, not a missing one.",
            )
