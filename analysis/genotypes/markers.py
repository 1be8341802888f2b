"""A marker panel: which loci, which allele lengths, and how raw fragment lengths are binned.

Panels are data with a version and a digest, because two laboratories' calls are comparable only on one panel. A
locus has its shortest and longest allele, the repeat length and the tolerance in base pairs around each bin's
middle; a length outside every bin is refused cell by cell, never rounded.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from analysis.canonical import canonical_json, sha256_hex
from analysis.errors import InputRefused
from analysis.genotypes.alleles import MISSING_WORDS, NotAnAllele, allele_of
from analysis.genotypes.columns import locus_columns
from analysis.genotypes.grid import Grid

COLUMNS = ("locus", "shortest", "longest", "repeat", "offset", "tolerance")
MOST_PROBLEMS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Marker:
    """One locus. Bins lie at shortest, shortest + repeat, …; `offset` is added to a raw length first (calibration
    between instruments)."""

    locus: str
    shortest: int
    longest: int
    repeat: int
    offset: float
    tolerance: float

    def bin(self, length: float) -> int:
        """The allele of a raw length. Raises `NotAnAllele` outside the range and between two bins."""
        moved = length + self.offset
        step = round((moved - self.shortest) / self.repeat)
        allele = self.shortest + step * self.repeat
        if not self.shortest <= allele <= self.longest:
            raise NotAnAllele(
                f"{self.locus} has alleles from {self.shortest} to {self.longest}: another locus, or columns shifted?"
            )
        if abs(moved - allele) > self.tolerance:
            raise NotAnAllele(
                f"The nearest allele of {self.locus} is {allele}, over {self.tolerance:g} bp away: look at the trace."
            )
        return allele


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkerPanel:
    """A named, versioned panel; `sha256` is over its content."""

    name: str
    version: str
    markers: Mapping[str, Marker]

    @property
    def sha256(self) -> str:
        """Digest of name, version and markers, whatever their order."""
        rows = [self.markers[locus] for locus in sorted(self.markers)]
        return sha256_hex(canonical_json({"panel": self.name, "version": self.version, "markers": rows}))


@dataclass(frozen=True, slots=True, kw_only=True)
class CellProblem:
    """What is wrong with one cell, where, and what to do."""

    row: int
    column: str
    cell: str
    remedy: str


def panel_read(text: str, *, name: str, version: str, file: str) -> MarkerPanel:
    """Read a panel from CSV. Raises `InputRefused` for another head, a bound or bin that cannot be, a doubled locus."""
    reader = csv.DictReader(io.StringIO(text, newline=""))
    if tuple(reader.fieldnames or ()) != COLUMNS:
        raise InputRefused(
            "The head is not that of a marker panel.", file=file, row=1, remedy=f"Its columns are {', '.join(COLUMNS)}."
        )
    markers: dict[str, Marker] = {}
    for row in reader:
        marker = _marker(row, file, reader.line_num)
        if marker.locus in markers:
            raise InputRefused(
                f"The locus «{marker.locus}» stands twice.", file=file, row=reader.line_num, remedy="Keep one row."
            )
        markers[marker.locus] = marker
    if not markers:
        raise InputRefused("The panel has no loci.", file=file, remedy="Add one row per locus.")
    return MarkerPanel(name=name, version=version, markers=markers)


def binned(grid: Grid, panel: MarkerPanel, *, named: Sequence[str]) -> tuple[Grid, tuple[CellProblem, ...]]:
    """A grid of raw lengths as binned alleles, and every cell that could not be binned (up to 1,000).

    `named` are the descriptive columns. Cells with problems are left as they are; a caller that goes on with
    problems has to say so. Half-typed loci are listed too. Raises `InputRefused` for a locus that is not in the
    panel.
    """
    loci, _ = locus_columns(grid, named=named)
    unknown = [locus.name for locus in loci if locus.name not in panel.markers]
    if unknown:
        raise InputRefused(
            f"The panel «{panel.name}» has no {', '.join(unknown[:5])}.",
            file=grid.name,
            row=1,
            field=unknown[0],
            remedy="Rename the columns, or use the panel of these markers.",
        )
    rows = [list(row) for row in grid.rows]
    problems: list[CellProblem] = []
    for row, line in zip(rows, grid.lines, strict=True):
        for locus in loci:
            problems += _bin_pair(row, line, grid.header, (locus.first, locus.second), panel.markers[locus.name])
    found = Grid(name=grid.name, header=grid.header, rows=rows, lines=grid.lines, notices=grid.notices)
    return found, tuple(problems[:MOST_PROBLEMS])


def _bin_pair(
    row: list[str], line: int, header: Sequence[str], places: tuple[int, int], marker: Marker
) -> list[CellProblem]:
    problems = []
    missing = [row[place].strip().upper() in MISSING_WORDS for place in places]
    if missing[0] != missing[1]:
        place = places[missing.index(True)]
        words = "Type both alleles (a homozygote is written twice) or neither; columns shifted?"
        problems.append(CellProblem(row=line, column=header[place], cell=row[place], remedy=words))
    for place, empty in zip(places, missing, strict=True):
        if empty:
            continue
        try:
            row[place] = str(marker.bin(_length(row[place])))
        except NotAnAllele as error:
            problems.append(CellProblem(row=line, column=header[place], cell=row[place], remedy=str(error)))
    return problems


def _length(cell: str) -> float:
    try:
        value = float(cell.strip().replace(",", "."))
    except ValueError:
        allele_of(cell)
        raise NotAnAllele("A panel of lengths needs numbers.") from None
    if not math.isfinite(value):
        raise NotAnAllele("This is no length.")
    return value


def _marker(row: Mapping[str, str], file: str, line: int) -> Marker:
    try:
        marker = Marker(
            locus=row["locus"].strip(),
            shortest=int(row["shortest"]),
            longest=int(row["longest"]),
            repeat=int(row["repeat"]),
            offset=float(row["offset"] or 0),
            tolerance=float(row["tolerance"]),
        )
    except (ValueError, AttributeError, TypeError) as error:
        raise InputRefused(
            "The row is no marker.", file=file, row=line, remedy=f"Give {', '.join(COLUMNS)} as numbers of base pairs."
        ) from error
    good = marker.locus and 0 < marker.shortest <= marker.longest and marker.repeat > 0
    if not good or not 0 < marker.tolerance <= marker.repeat / 2:
        raise InputRefused(
            f"The bins of «{marker.locus}» cannot be.",
            file=file,
            row=line,
            remedy="shortest up to longest, repeat 1 or more, tolerance above 0 and at most half a repeat.",
        )
    return marker
