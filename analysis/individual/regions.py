"""Allele frequencies of one region: the animals of a table that belong to it, where they are enough."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from analysis.errors import InputRefused
from analysis.genotypes.table import GenotypeTable

FEWEST = 20
"""Of 20 animals, 40 copies, an allele of 5 % is missed with a probability of 0.95^40 = 13 %; fewer say too little."""


def region_of(table: GenotypeTable, columns: Sequence[str], value: str, *, field: str) -> GenotypeTable:
    """The animals that have this value in one of the columns; the name says which they are.

    Raises `InputRefused`, naming what the columns hold, where there is none, and where there are fewer than 20.
    """
    cells = [table.columns[column] for column in columns]
    kept = [row for row, own in enumerate(zip(*cells, strict=True)) if value in own]
    if not kept:
        raise InputRefused(
            f"No animal of «{table.name}» has «{value}» in {' or '.join(columns)}.",
            file=table.name, field=field, remedy=_remedy(table, columns),
        )  # fmt: skip
    if len(kept) < FEWEST:
        raise InputRefused(
            f"Only {len(kept)} animals of «{table.name}» are of «{value}»; {FEWEST} are needed for frequencies.",
            file=table.name, field=field, remedy="Take a larger region, or the frequencies of the whole table.",
        )  # fmt: skip
    return replace(table.only(kept), name=f"{table.name}: {value}")


def _remedy(table: GenotypeTable, columns: Sequence[str]) -> str:
    known = sorted({cell for column in columns for cell in table.columns[column] if cell})
    more = f" and {len(known) - 8} more" if len(known) > 8 else ""
    return f"There are {', '.join(known[:8])}{more}." if known else "The columns are empty."
