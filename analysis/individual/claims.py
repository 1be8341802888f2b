"""Claims of parentage, as a breeder states them: who is the young of whom."""

from __future__ import annotations

from dataclasses import dataclass

from analysis.errors import InputRefused
from analysis.genotypes.columns import column_position
from analysis.genotypes.grid import read_delimited
from analysis.inputs import InputFile
from analysis.textfile import SIZE_LIMIT, text_of

COLUMNS = ("young", "mother", "father")


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A young animal with one or two claimed parents; `line` of the table, None for a claim of parameters."""

    young: str
    mother: str
    father: str
    line: int | None = None

    @property
    def parents(self) -> tuple[tuple[str, str], ...]:
        """Kind and name of each parent that is claimed."""
        return tuple((kind, name) for kind, name in (("mother", self.mother), ("father", self.father)) if name)


def claims_read(file: InputFile) -> list[Claim]:
    """Claims of a table. Raises `InputRefused` for a claim that names nobody or one animal twice."""
    grid = read_delimited(text_of(file.read(limit=SIZE_LIMIT), name=file.name), name=file.name)
    at = [column_position(grid, column) for column in COLUMNS]
    claims = []
    for row, line in zip(grid.rows, grid.lines, strict=True):
        young, mother, father = (row[place].strip() for place in at)
        claim = Claim(young=young, mother=mother, father=father, line=line)
        claim_check(claim, file.name)
        claims.append(claim)
    return claims


def claim_check(claim: Claim, file: str = "") -> None:
    """Raises `InputRefused` for a claim without a young or a parent, or with one animal twice."""
    names = [name for name in (claim.young, claim.mother, claim.father) if name]
    if not claim.young or not (claim.mother or claim.father) or len(set(names)) < len(names):
        raise InputRefused(
            "A claim names a young animal and one or two parents, all different.",
            file=file or None,
            row=claim.line,
            field="young",
            remedy="Name them as the genotype table does.",
        )
