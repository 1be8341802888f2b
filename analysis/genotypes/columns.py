"""Which columns are loci: pairs of neighbours whose names say that they belong together."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from analysis.errors import InputRefused
from analysis.genotypes.grid import Grid

_STYLES = (("_1", "_2"), (".1", ".2"), ("", ".1"), ("", "_1"))
_HALF = re.compile(r".+[._][12]$")
_ALLELE_LIKE = re.compile(r"(-9|\d{1,4}|[ACGT]|NA|)$")

DESCRIPTIVE = frozenset(
    {
        *("id", "indiv", "individual", "sample", "sample_type", "synthetic", "species", "taxon"),
        *("pop", "population", "collection", "group", "repunit", "region"),
        *("sex", "age", "year", "date", "lab", "notes", "comment", "comments"),
        *("country", "site", "locality", "location", "area", "altitude", "elevation"),
        *("lat", "latitude", "lon", "lng", "long", "longitude", "x", "y"),
    }
)
"""Names of columns that describe an animal; never taken for half a locus."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LocusColumns:
    """A locus and the positions of its two allele columns."""

    name: str
    first: int
    second: int


def column_position(grid: Grid, column: str) -> int:
    """Where a named column stands; raises `InputRefused` naming the nearest column that exists."""
    try:
        return grid.header.index(column)
    except ValueError:
        pass
    near = difflib.get_close_matches(column, grid.header, n=1, cutoff=0.5)
    hint = f"Did you mean «{near[0]}»?" if near else f"The columns begin: {', '.join(grid.header[:6])}."
    raise InputRefused("The table has no such column.", file=grid.name, row=1, field=column, remedy=hint)


def locus_columns(
    grid: Grid, *, named: Collection[str], ignored: Collection[str] = ()
) -> tuple[tuple[LocusColumns, ...], tuple[str, ...]]:
    """Pair the allele columns; returns the loci and the columns that were left unread.

    The two columns of a locus stand side by side and are called `L_1`, `L_2`; `L.1`, `L.2`; `L`, `L.1`; or
    `L`, `L_1`. Columns before the first pair describe the animal. Raises `InputRefused` for a column that
    looks like half a locus, for an unpaired column between the loci and where there is no pair at all.
    """
    loci: list[LocusColumns] = []
    unread: list[str] = []
    skipped = set(named) | set(ignored)
    last_named = max((grid.header.index(column) for column in named), default=-1)
    position = 0
    while position < len(grid.header):
        column = grid.header[position]
        locus = None if column in skipped else _pair(grid.header, position, skipped)
        if locus is not None:
            loci.append(LocusColumns(name=locus, first=position, second=position + 1))
            position += 2
            continue
        if column not in skipped:
            _odd_check(grid, position, after_named=position > last_named, among_loci=bool(loci))
            unread.append(column)
        position += 1
    _loci_check(grid, loci)
    return tuple(loci), tuple(unread)


def _pair(header: Sequence[str], position: int, skipped: Collection[str]) -> str | None:
    column = header[position]
    partner = header[position + 1] if position + 1 < len(header) else None
    if partner is None or partner in skipped or column.lower() in DESCRIPTIVE:
        return None
    for first, second in _STYLES:
        stem = column[: len(column) - len(first)]
        if stem and column.endswith(first) and partner == stem + second:
            return stem
    return None


def _odd_check(grid: Grid, position: int, *, after_named: bool, among_loci: bool) -> None:
    column = grid.header[position]
    if column.lower() in DESCRIPTIVE or not after_named:
        return
    if among_loci or _HALF.match(column) or _all_alleles(grid, position):
        raise InputRefused(
            f"Column «{column}» has no partner beside it: half a locus, or columns shifted?",
            file=grid.name,
            row=1,
            field=column,
            remedy="Each locus needs two neighbouring columns, L_1 and L_2 or L and L.1; "
            "leave out a column that is no locus, or name it as one to ignore.",
        )


def _all_alleles(grid: Grid, position: int) -> bool:
    return all(_ALLELE_LIKE.match(row[position].strip()) for row in grid.rows)


def _loci_check(grid: Grid, loci: Sequence[LocusColumns]) -> None:
    if not loci:
        raise InputRefused(
            "The table has no locus columns.",
            file=grid.name,
            row=1,
            remedy="Each locus needs two neighbouring columns, L_1 and L_2 or L and L.1.",
        )
    seen: dict[str, str] = {}
    for locus in loci:
        other = seen.setdefault(locus.name, grid.header[locus.first])
        if other != grid.header[locus.first]:
            raise InputRefused(
                f"Two pairs of columns are the locus «{locus.name}».",
                file=grid.name,
                row=1,
                field=grid.header[locus.first],
                remedy="Keep one; merge repeated typings into a consensus first.",
            )
