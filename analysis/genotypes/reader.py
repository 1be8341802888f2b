"""From bytes to a `GenotypeTable`, or to a refusal that says where and what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from analysis.errors import InputRefused
from analysis.genotypes.alleles import NotAnAllele, allele_key, allele_of
from analysis.genotypes.columns import LocusColumns, column_position, locus_columns
from analysis.genotypes.genepop import is_genepop, read_genepop
from analysis.genotypes.grid import Grid, clean, read_delimited
from analysis.genotypes.structure import read_structure
from analysis.genotypes.table import MISSING, Codes, GenotypeTable
from analysis.inputs import InputFile
from analysis.textfile import SIZE_LIMIT, text_of


class TableFormat(StrEnum):
    """How a genotype file is written. SCAT files are STRUCTURE files without a head."""

    AUTO = "auto"
    TABLE = "table"
    GENEPOP = "genepop"
    STRUCTURE = "structure"


def format_named(name: str | None) -> TableFormat:
    """The format of that name, «auto» without one. Raises `InputRefused` for a name that is none."""
    try:
        return TableFormat(name or TableFormat.AUTO)
    except ValueError as error:
        raise InputRefused(
            f"«{name}» is no table format.", field="table_format", remedy=f"Use {', '.join(TableFormat)}."
        ) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """What the descriptive columns are called. GENEPOP and STRUCTURE files get these names on reading.

    `population` and `group` must be filled in every row where they are asked for; `others` may be empty. With
    `repeats` the names of a table's identifier column may stand in several rows, one for each typing of a sample.
    """

    id: str
    population: str | None = None
    group: str | None = None
    others: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    repeats: bool = False

    @property
    def required(self) -> tuple[str, ...]:
        """The columns that may not hold an empty cell."""
        return tuple(name for name in (self.id, self.population, self.group) if name is not None)


MOST_LISTED = 20
_CODED = frozenset({"1", "2"})
_ZERO = "0 says «not typed»: where 0 and 1 are the two alleles of a SNP, write 1 and 2, or the bases."


@dataclass(frozen=True, slots=True, kw_only=True)
class CellProblem:
    """A cell that cannot be read: its row in the file, its column, the locus, what is wrong and what to do."""

    row: int
    column: str
    locus: str
    message: str
    remedy: str


def read_file(file: InputFile, layout: Layout, *, table_format: TableFormat = TableFormat.AUTO) -> GenotypeTable:
    """Read a genotype file whose digest is checked on the way; see `read_genotypes`."""
    return read_genotypes(file.read(limit=SIZE_LIMIT), name=file.name, layout=layout, table_format=table_format)


def read_genotypes(
    content: bytes, *, name: str, layout: Layout, table_format: TableFormat = TableFormat.AUTO
) -> GenotypeTable:
    """Read CSV, TSV (tab, comma or semicolon), GENEPOP, STRUCTURE or SCAT, plain or gzip-packed.

    Missing is an empty cell, `NA`, `0` or `-9`; a population column may hold the code `NA` (Namibia).
    Raises `InputRefused` for missing or odd columns, shifted rows, empty required cells and doubled identifiers, and
    for cells that are no allele and half-typed loci: the first is described, the next ones are listed with it.
    """
    grid = genotype_grid(content, name=name, layout=layout, table_format=table_format)
    named = _named_columns(grid, layout)
    loci, unread = locus_columns(
        grid, named=named, ignored=[column for column in layout.ignored if column in grid.header]
    )
    ids = _typings(grid, named[layout.id]) if layout.repeats else _ids(grid, named[layout.id], layout.id)
    problems: list[CellProblem] = []
    read = [_locus_read(grid, locus, problems) for locus in loci]
    _problems_check(grid, problems)
    notices = list(grid.notices)
    if unread:
        notices.append(f"Columns not read: {', '.join(unread)}.")
    return GenotypeTable(
        name=name,
        ids=ids,
        loci=tuple(locus.name for locus in loci),
        alleles=tuple(names for names, _ in read),
        codes=np.stack([codes for _, codes in read]),
        lines=tuple(grid.lines),
        columns=named,
        notices=tuple(notices),
    )


def genotype_grid(content: bytes, *, name: str, layout: Layout, table_format: TableFormat = TableFormat.AUTO) -> Grid:
    """The cells of a genotype file in any of the forms. Raises `InputRefused` where it is none of them."""
    return _grid(text_of(content, name=name), name, layout, table_format)


def cell_problems(grid: Grid, loci: Sequence[LocusColumns]) -> tuple[CellProblem, ...]:
    """Every cell among the loci that is no allele or half a genotype, in order of the file."""
    problems: list[CellProblem] = []
    for locus in loci:
        _locus_read(grid, locus, problems)
    place = {column: position for position, column in enumerate(grid.header)}
    return tuple(sorted(problems, key=lambda problem: (problem.row, place[problem.column])))


def _grid(text: str, name: str, layout: Layout, table_format: TableFormat) -> Grid:
    population = layout.population or "population"
    if table_format is TableFormat.GENEPOP or (table_format is TableFormat.AUTO and is_genepop(text)):
        return read_genepop(text, name=name, id_column=layout.id, population_column=population)
    if table_format is TableFormat.STRUCTURE or (
        table_format is TableFormat.AUTO and name.lower().endswith((".str", ".stru", ".structure"))
    ):
        return read_structure(text, name=name, id_column=layout.id, population_column=population)
    return read_delimited(text, name=name)


def _named_columns(grid: Grid, layout: Layout) -> Mapping[str, tuple[str, ...]]:
    named: dict[str, tuple[str, ...]] = {}
    for column in (*layout.required, *layout.others):
        position = column_position(grid, column)
        cells = tuple(clean(row[position]) for row in grid.rows)
        if column in layout.required and "" in cells:
            raise InputRefused(
                "The cell is empty.",
                file=grid.name,
                row=grid.lines[cells.index("")],
                field=column,
                remedy="Fill it in, or leave the row out.",
            )
        named[column] = cells
    return named


def _ids(grid: Grid, cells: Sequence[str], column: str) -> tuple[str, ...]:
    seen: dict[str, int] = {}
    for cell, line in zip(cells, grid.lines, strict=True):
        first = seen.setdefault(cell, line)
        if first != line:
            raise InputRefused(
                f"«{cell}» stands in row {first} already.",
                file=grid.name,
                row=line,
                field=column,
                remedy="Give every animal one row: merge repeated typings (individual.consensus), rename different "
                "animals.",
            )
    return tuple(cells)


def _typings(grid: Grid, cells: Sequence[str]) -> tuple[str, ...]:
    """A name for every typing: its sample, and its row in the file."""
    return tuple(f"{cell} (row {line})" for cell, line in zip(cells, grid.lines, strict=True))


def _locus_read(grid: Grid, locus: LocusColumns, problems: list[CellProblem]) -> tuple[tuple[str, ...], Codes]:
    """Allele names and codes of a locus; cells that cannot be read are added to `problems`."""
    first = [row[locus.first] for row in grid.rows]
    second = [row[locus.second] for row in grid.rows]
    meaning: dict[str, str | None] = {}
    for cell in {*first, *second}:
        try:
            meaning[cell] = allele_of(cell)
        except NotAnAllele as error:
            meaning[cell] = None
            problems += _bad_cells(grid, locus, cell, str(error))
    names = tuple(sorted({allele for allele in meaning.values() if allele is not None}, key=allele_key))
    code = {name: position for position, name in enumerate(names)}
    numbers = {cell: MISSING if allele is None else code[allele] for cell, allele in meaning.items()}
    pairs = np.array([[numbers[cell] for cell in first], [numbers[cell] for cell in second]], np.int16).T
    bad = {problem.row for problem in problems if problem.locus == locus.name}
    problems += [problem for problem in _half_typed(grid, locus, pairs) if problem.row not in bad]
    return names, np.sort(pairs, axis=1)


def _half_typed(grid: Grid, locus: LocusColumns, pairs: Codes) -> list[CellProblem]:
    found = []
    for row in np.flatnonzero((pairs[:, 0] == MISSING) != (pairs[:, 1] == MISSING)).tolist():
        empty, filled = locus.first, locus.second
        if pairs[row, 0] != MISSING:
            empty, filled = filled, empty
        coded = grid.rows[row][empty].strip() == "0" and grid.rows[row][filled].strip() in _CODED
        found.append(
            CellProblem(
                row=grid.lines[row],
                column=grid.header[empty],
                locus=locus.name,
                message=f"Locus «{locus.name}» is half typed: «{grid.rows[row][filled].strip()}» and nothing.",
                remedy=_ZERO
                if coded
                else "Type both alleles (a homozygote is written twice) or neither; columns shifted?",
            )
        )
    return found


def _bad_cells(grid: Grid, locus: LocusColumns, cell: str, remedy: str) -> list[CellProblem]:
    return [
        CellProblem(
            row=line,
            column=grid.header[position],
            locus=locus.name,
            message=f"«{cell.strip()[:40]}» is not an allele.",
            remedy=remedy,
        )
        for row, line in zip(grid.rows, grid.lines, strict=True)
        for position in (locus.first, locus.second)
        if row[position] == cell
    ]


def _problems_check(grid: Grid, problems: list[CellProblem]) -> None:
    if not problems:
        return
    place = {column: position for position, column in enumerate(grid.header)}
    first, *others = sorted(problems, key=lambda problem: (problem.row, place[problem.column]))
    words = first.message
    if others:
        listed = "; ".join(
            f"row {problem.row}, {problem.column}: {problem.message.rstrip('.')}" for problem in others[:MOST_LISTED]
        )
        rest = f"; and {len(others) - MOST_LISTED} more" if len(others) > MOST_LISTED else ""
        cells = "1 more cell" if len(others) == 1 else f"{len(others)} more cells"
        words = f"{words} {cells} cannot be read: {listed}{rest}."
    raise InputRefused(words, file=grid.name, row=first.row, field=first.column, remedy=first.remedy)
