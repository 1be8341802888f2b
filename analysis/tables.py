"""Small tables of named columns, read cell by cell with the row named in every refusal."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from analysis.errors import InputRefused
from analysis.genotypes.grid import read_delimited
from analysis.textfile import text_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row: its line in the file and its cells by column."""

    file: str
    line: int
    cells: Mapping[str, str]

    def text(self, column: str, *, required: bool = False) -> str:
        """A cell's text; empty where the table has no such column. Raises `InputRefused` for an empty needed cell."""
        value = self.cells.get(column, "")
        if required and not value:
            raise self.refused("The cell is empty.", column, "Fill it in, or leave the row out.")
        return value

    def number(self, column: str) -> float:
        """A cell's number. Raises `InputRefused` for anything else."""
        value = self.text(column, required=True)
        try:
            found = float(value)
        except ValueError:
            found = math.nan
        if not math.isfinite(found):
            raise self.refused(f"«{value}» is no number.", column, "Mend the cell; the decimal sign is a point.")
        return found

    def choice(self, column: str, choices: Sequence[str]) -> str:
        """A cell that holds one of a few words, or nothing. Raises `InputRefused` for another word."""
        value = self.text(column).lower()
        if value and value not in choices:
            raise self.refused(f"«{value}» is not known here.", column, f"Write {' or '.join(choices)}.")
        return value

    def refused(self, message: str, column: str, remedy: str) -> InputRefused:
        """A refusal that names this row."""
        return InputRefused(message, file=self.file, row=self.line, field=column, remedy=remedy)


def rows_read(content: bytes, *, name: str, needed: Sequence[str], optional: Sequence[str] = ()) -> list[Row]:
    """Read a CSV or TSV table. Raises `InputRefused` for a missing column, naming those there are."""
    grid = read_delimited(text_of(content, name=name), name=name)
    lower = {column.lower(): place for place, column in enumerate(grid.header)}
    missing = [column for column in needed if column.lower() not in lower]
    if missing:
        raise InputRefused(
            f"The table lacks the columns {', '.join(missing)}.",
            file=name,
            row=1,
            field=missing[0],
            remedy=f"It has {', '.join(grid.header[:12])}.",
        )
    present = [column for column in (*needed, *optional) if column.lower() in lower]
    return [
        Row(file=name, line=line, cells={column: row[lower[column.lower()]].strip() for column in present})
        for row, line in zip(grid.rows, grid.lines, strict=True)
    ]
