"""A genotype file looked at before it is kept: its columns, every cell that cannot be read, the table made of it."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass

from analysis.genotypes.columns import LocusColumns, column_position, locus_columns
from analysis.genotypes.grid import Grid, clean
from analysis.genotypes.markers import MarkerPanel, binned
from analysis.genotypes.reader import Layout, TableFormat, cell_problems, genotype_grid

MISSING_CELLS = frozenset({"", "NA", "0", "-9", "000", "00"})
ALIKE_LOCI = 8
"""At fewer typed loci two animals may well agree."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A cell, where it stands, and what to do about it."""

    row: int
    column: str
    cell: str
    remedy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """What a file holds. `table` is a CSV of the column `id` and two columns per locus, binned where a panel was given;
    empty while there are problems. `typed` is the share of genotypes that are there; `notices` tell of
    animals that stand under several names, among others."""

    animals: int
    loci: tuple[str, ...]
    unread: tuple[str, ...]
    typed: float
    problems: tuple[Problem, ...]
    notices: tuple[str, ...]
    table: bytes


def inspect(
    content: bytes,
    *,
    name: str,
    layout: Layout,
    table_format: TableFormat = TableFormat.AUTO,
    panel: MarkerPanel | None = None,
) -> Inspection:
    """Look at a file in any of the forms: two columns per locus, GENEPOP, STRUCTURE, SCAT, rubias.

    Cells that cannot be read are listed, not raised. Raises `InputRefused` for what makes the whole unreadable: another
    form, a column that is not there, half a locus in the head, shifted rows, a locus that the panel does not have.
    """
    grid = genotype_grid(content, name=name, layout=layout, table_format=table_format)
    ignored = [column for column in layout.ignored if column in grid.header]
    place = column_position(grid, layout.id)
    loci, unread = locus_columns(grid, named=[layout.id], ignored=ignored)
    problems = _names(grid, place, layout.id, repeats=layout.repeats)
    if panel is None:
        problems += [_problem(grid, one.row, one.column, one.remedy) for one in cell_problems(grid, loci)]
    else:
        kept = _only(grid, place, loci)
        grid, found = binned(kept, panel, named=[layout.id])
        loci, _none = locus_columns(grid, named=[layout.id])
        place = 0
        problems += [Problem(row=one.row, column=one.column, cell=one.cell, remedy=one.remedy) for one in found]
    return Inspection(
        animals=len(grid.rows),
        loci=tuple(locus.name for locus in loci),
        unread=unread,
        typed=_typed(grid, loci),
        problems=tuple(problems),
        notices=(*grid.notices, *(() if problems or layout.repeats else _alike(grid, place, loci))),
        table=b"" if problems else _table(grid, place, loci),
    )


def _alike(grid: Grid, place: int, loci: tuple[LocusColumns, ...]) -> list[str]:
    """Animals under several names: rows that hold the same genotype, at `ALIKE_LOCI` typed loci or more."""
    named: dict[tuple[tuple[str, ...], ...], list[str]] = {}
    for row in grid.rows:
        genotype = tuple(tuple(sorted(row[at].strip() for at in (one.first, one.second))) for one in loci)
        if sum(pair[0].upper() not in MISSING_CELLS for pair in genotype) >= ALIKE_LOCI:
            named.setdefault(genotype, []).append(clean(row[place]))
    return [
        f"The same genotype stands under {len(names)} names: {', '.join(names[:6])}. One animal sampled or typed twice?"
        for names in named.values()
        if len(names) > 1
    ]


def _only(grid: Grid, place: int, loci: tuple[LocusColumns, ...]) -> Grid:
    """The identifier and the loci alone, so that a panel meets no column it does not know."""
    wanted = [place, *(at for locus in loci for at in (locus.first, locus.second))]
    return Grid(
        name=grid.name,
        header=tuple(grid.header[at] for at in wanted),
        rows=[[row[at] for at in wanted] for row in grid.rows],
        lines=grid.lines,
        notices=grid.notices,
    )


def _names(grid: Grid, place: int, column: str, *, repeats: bool) -> list[Problem]:
    seen: dict[str, int] = {}
    found = []
    for row, line in zip(grid.rows, grid.lines, strict=True):
        name = clean(row[place])
        if not name:
            found.append(Problem(row=line, column=column, cell="", remedy="Name the animal, or leave the row out."))
        elif name in seen and not repeats:
            words = (
                f"It stands in row {seen[name]} already. Say that these are repeated typings, or rename different "
                "animals."
            )
            found.append(Problem(row=line, column=column, cell=name, remedy=words))
        else:
            seen[name] = line
    return found


def _problem(grid: Grid, row: int, column: str, remedy: str) -> Problem:
    cell = grid.rows[list(grid.lines).index(row)][grid.header.index(column)]
    return Problem(row=row, column=column, cell=cell.strip()[:40], remedy=remedy)


def _typed(grid: Grid, loci: tuple[LocusColumns, ...]) -> float:
    cells = [row[locus.first].strip().upper() not in MISSING_CELLS for row in grid.rows for locus in loci]
    return sum(cells) / len(cells) if cells else 0.0


def _table(grid: Grid, place: int, loci: tuple[LocusColumns, ...]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["id", *(f"{locus.name}_{half}" for locus in loci for half in (1, 2))])
    for row in grid.rows:
        writer.writerow([clean(row[place]), *(row[at].strip() for one in loci for at in (one.first, one.second))])
    return out.getvalue().encode()
