"""Which columns are loci: pairs whose names say that they belong together."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from analysis.errors import InputRefused
from analysis.genotypes.alleles import MISSING_WORDS
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
        *("number", "no", "nr", "n", "index", "order", "row", "batch", "plate", "well", "run", "replicate"),
        *("deme", "zone", "cluster", "subpopulation", "herd", "family", "colony", "station", "park", "province"),
        *("district", "state", "continent", "month", "day", "season", "cohort", "generation", "stage", "status"),
        *("type", "tissue", "material", "weight", "length", "depth", "source", "origin", "case", "seizure", "permit"),
        *("sample_id", "pop_id", "population_id", "site_id", "region_id", "group_id", "animal", "animal_id"),
    }
)
"""Names of columns that describe an animal (capitals and blanks do not matter); never taken for half a locus."""


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
    by_fold = {name.casefold(): name for name in reversed(grid.header)}
    import difflib  # noqa: PLC0415  (only a refusal needs it)

    near = difflib.get_close_matches(column.casefold(), by_fold, n=1, cutoff=0.5)
    hint = f"Did you mean «{by_fold[near[0]]}»?" if near else f"The columns begin: {', '.join(grid.header[:6])}."
    raise InputRefused("The table has no such column.", file=grid.name, row=1, field=column, remedy=hint)


def locus_columns(
    grid: Grid, *, named: Collection[str], ignored: Collection[str] = ()
) -> tuple[tuple[LocusColumns, ...], tuple[str, ...]]:
    """Pair the allele columns; returns the loci and the columns that were left unread.

    The two columns of a locus are called `L_1`, `L_2`; `L.1`, `L.2`; `L`, `L.1`; or `L`, `L_1`. Neighbours are paired
    first, then what is left over by name, so that the order of columns does not matter. Any other column is left
    unread. Raises `InputRefused` for a column that looks like half a locus, for an unpaired column of alleles and
    where there is no pair at all. Where every locus is called `L_1`, `L_2` (or `L.1`, `L.2`), a column of numbers
    without such an ending is half a locus only if it stands among them: before and after them it is a herd's size.
    """
    skipped = set(named) | set(ignored)
    free = [
        position
        for position, column in enumerate(grid.header)
        if column not in skipped and column.lower().replace(" ", "_") not in DESCRIPTIVE
    ]
    loci = _neighbours(grid.header, free)
    taken = {position for locus in loci for position in (locus.first, locus.second)}
    loci += _apart(grid.header, [position for position in free if position not in taken])
    loci.sort(key=lambda locus: locus.first)
    taken = {position for locus in loci for position in (locus.first, locus.second)}
    unread = [
        position for position, column in enumerate(grid.header) if position not in taken and column not in skipped
    ]
    last_named = max((grid.header.index(column) for column in named), default=-1)
    for position in unread:
        if position > last_named and position in free:
            _odd_check(grid, position, loci)
    _loci_check(grid, loci)
    return tuple(loci), tuple(grid.header[position] for position in unread)


def _neighbours(header: Sequence[str], free: Sequence[int]) -> list[LocusColumns]:
    loci: list[LocusColumns] = []
    usable, taken = set(free), -1
    names = {header[position] for position in free}
    for position in free:
        if position == taken or position + 1 not in usable:
            continue
        column, partner = header[position], header[position + 1]
        stem = _stem(column, partner)
        if stem is not None and not _numbered(column, partner, names):
            loci.append(LocusColumns(name=stem, first=position, second=position + 1))
            taken = position + 1
    return loci


def _apart(header: Sequence[str], free: Sequence[int]) -> list[LocusColumns]:
    """Pairs that do not stand side by side, such as all first alleles before all second ones."""
    places = {header[position]: position for position in free}
    loci: list[LocusColumns] = []
    for first, second in _STYLES:
        for column, position in list(places.items()):
            stem = column[: len(column) - len(first)]
            partner = places.get(stem + second)
            if not stem or not column.endswith(first) or partner is None or column not in places:
                continue
            if not _numbered(column, stem + second, places):
                loci.append(LocusColumns(name=stem, first=position, second=partner))
                del places[column], places[stem + second]
    return loci


def _numbered(column: str, partner: str, names: Collection[str]) -> bool:
    """Whether these are two loci, such as Hel_1 and Hel_2, whose second alleles are called Hel_1.1 and Hel_2.1."""
    return f"{column}.1" in names and f"{partner}.1" in names


def _stem(column: str, partner: str) -> str | None:
    for first, second in _STYLES:
        stem = column[: len(column) - len(first)]
        if stem and column.endswith(first) and partner == stem + second:
            return stem
    return None


def _odd_check(grid: Grid, position: int, loci: Sequence[LocusColumns]) -> None:
    column = grid.header[position]
    if _HALF.match(column) or (_may_be_half(grid, position, loci) and _all_alleles(grid, position)):
        raise InputRefused(
            f"Column «{column}» has no partner: half a locus, or columns shifted?",
            file=grid.name,
            row=1,
            field=column,
            remedy="Each locus needs two columns, L_1 and L_2 or L and L.1; "
            "leave out a column that is no locus, or name it as one to ignore (--ignore-column on the command line).",
        )


def _may_be_half(grid: Grid, position: int, loci: Sequence[LocusColumns]) -> bool:
    """Whether a column without an ending could be an allele: the loci's own first columns have none, or it stands
    among them."""
    if not loci or any(grid.header[locus.first] == locus.name for locus in loci):
        return True
    places = [place for locus in loci for place in (locus.first, locus.second)]
    return min(places) < position < max(places)


def _all_alleles(grid: Grid, position: int) -> bool:
    cells = {row[position].strip() for row in grid.rows}
    return all(map(_ALLELE_LIKE.match, cells)) and not cells <= MISSING_WORDS


def _loci_check(grid: Grid, loci: Sequence[LocusColumns]) -> None:
    if not loci:
        raise InputRefused(
            "The table has no locus columns.",
            file=grid.name,
            row=1,
            remedy="Each locus needs two columns, L_1 and L_2 or L and L.1.",
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
