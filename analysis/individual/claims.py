"""Claims of parentage, as a breeder states them: who is the young of whom."""

from __future__ import annotations

from dataclasses import dataclass

from analysis.errors import InputRefused
from analysis.genotypes.columns import column_position
from analysis.genotypes.grid import Grid, clean, read_delimited
from analysis.inputs import InputFile
from analysis.textfile import SIZE_LIMIT, text_of

COLUMNS = ("young", "mother", "father")
OTHER_NAMES = {"young": ("offspring",), "mother": ("dam",), "father": ("sire",)}
UNTYPED = "untyped"
LONGEST = 120
"""Signs of an animal's name, as results keep them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A young animal with one or two claimed parents.

    `untyped` are those of the three that are stated to have no genotype. `line` is that of the table, None for a claim
    of parameters.
    """

    young: str
    mother: str
    father: str
    untyped: frozenset[str] = frozenset()
    line: int | None = None

    @property
    def parents(self) -> tuple[tuple[str, str], ...]:
        """Kind and name of each parent that is claimed."""
        return tuple((kind, name) for kind, name in (("mother", self.mother), ("father", self.father)) if name)

    @property
    def animals(self) -> tuple[tuple[str, str], ...]:
        """Column and name of the young and each parent."""
        return ("young", self.young), *self.parents


def claims_read(file: InputFile) -> list[Claim]:
    """Claims of a table with the columns young, mother, father (or offspring, dam, sire), and maybe untyped.

    Raises `InputRefused` for a claim that names nobody, one animal twice, or an animal without genotype that it does
    not name otherwise.
    """
    grid = read_delimited(text_of(file.read(limit=SIZE_LIMIT), name=file.name), name=file.name)
    at = [_position(grid, column) for column in COLUMNS]
    stated = grid.header.index(UNTYPED) if UNTYPED in grid.header else None
    claims = []
    for row, line in zip(grid.rows, grid.lines, strict=True):
        young, mother, father = (clean(row[place]) for place in at)
        untyped = frozenset(filter(None, map(clean, row[stated].split(";")))) if stated is not None else frozenset()
        claim = Claim(young=young, mother=mother, father=father, untyped=untyped, line=line)
        claim_check(claim, file.name)
        claims.append(claim)
    return claims


def _position(grid: Grid, column: str) -> int:
    found = [name for name in (column, *OTHER_NAMES[column]) if name in grid.header]
    if len(found) > 1:
        raise InputRefused(
            f"The columns {' and '.join(found)} both say who the {column} is.",
            file=grid.name, row=1, field=found[1], remedy="Keep one of them.",
        )  # fmt: skip
    return column_position(grid, found[0] if found else column)


def claim_check(claim: Claim, file: str = "") -> None:
    """Raises `InputRefused` for a claim without a young or a parent, or with one animal twice."""
    problem, field = _problem(claim)
    if problem:
        raise InputRefused(
            problem, file=file or None, row=claim.line, field=field, remedy="Name them as the genotype table does."
        )


def _problem(claim: Claim) -> tuple[str, str]:
    if not claim.young:
        return "The claim names no young animal.", "young"
    if not claim.parents:
        return f"The claim about «{claim.young}» names no parent.", "mother"
    seen: dict[str, str] = {}
    for column, name in claim.animals:
        if len(name) > LONGEST:
            return f"«{name[:20]}…» has {len(name):,} signs; a name has {LONGEST} at most.", column
        if name in seen:
            return f"«{name}» is claimed as {seen[name]} and as {column} at once.", column
        seen[name] = column
    strange = sorted(claim.untyped - set(seen))
    return (f"«{strange[0]}» is none of the animals of this claim.", UNTYPED) if strange else ("", "")
