"""Two tables of genotypes on one panel: common loci, common alleles, their frequencies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.errors import InputRefused
from analysis.genotypes.alleles import allele_key
from analysis.genotypes.table import MISSING, Codes, GenotypeTable

Floats = npt.NDArray[np.float64]
MOST_ALLELES = 80
RESOLVED = 0.8
"""Share of cases in which the panel must find what is asked before it is said to resolve it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """The loci all tables share. `frequencies[locus]` (A,) add to 1 and none is 0; they were counted in so many
    `copies`."""

    loci: tuple[str, ...]
    alleles: tuple[tuple[str, ...], ...]
    frequencies: tuple[Floats, ...]
    copies: tuple[int, ...]


def panel_of(tables: list[GenotypeTable], *, frequencies_from: GenotypeTable | None = None) -> Panel:
    """Common loci and their alleles, with frequencies of `frequencies_from` or of all tables together.

    A frequency is (c + 1/K) / (n + 1), the mean of the posterior under the prior of Rannala & Mountain
    (1997): an allele that the reference never saw is rare, not impossible. Raises `InputRefused`
    where no locus is shared.
    """
    sources = [*tables, *([] if frequencies_from is None else [frequencies_from])]
    loci = [name for name in sources[0].loci if all(name in table.loci for table in sources[1:])]
    if not loci:
        raise InputRefused(
            f"«{sources[0].name}» and «{sources[-1].name}» share no locus.",
            file=sources[-1].name,
            row=1,
            remedy="Use tables of the same marker panel, or rename the columns.",
        )
    counted = tables if frequencies_from is None else [frequencies_from]
    alleles, frequencies, copies = [], [], []
    for name in loci:
        found = {allele for table in sources for allele in table.alleles[table.loci.index(name)]}
        names = tuple(sorted(found, key=allele_key)) or ("-",)
        _alleles_check(name, len(names), sources[0].name)
        counts = np.zeros(len(names))
        for table in counted:
            codes = _recoded(table, name, names)
            counts += np.bincount(codes[codes != MISSING], minlength=len(names))
        alleles.append(names)
        frequencies.append((counts + 1 / len(names)) / (counts.sum() + 1))
        copies.append(int(counts.sum()))
    return Panel(loci=tuple(loci), alleles=tuple(alleles), frequencies=tuple(frequencies), copies=tuple(copies))


def _alleles_check(locus: str, alleles: int, file: str) -> None:
    """Tables of pairs of genotypes grow with the fourth power of the alleles: beyond 80 they fill a worker's memory."""
    if alleles > MOST_ALLELES:
        raise InputRefused(
            f"The locus has {alleles} alleles over all tables; {MOST_ALLELES} at most can be compared.",
            file=file, field=locus, remedy="Columns shifted, or raw lengths? Bin them, or leave the locus out.",
        )  # fmt: skip


def genotype_index(alleles: int) -> npt.NDArray[np.intp]:
    """(A, A): the number of the unordered genotype of two alleles, 0 to A(A+1)/2 - 1."""
    index = np.zeros((alleles, alleles), dtype=np.intp)
    rows, columns = np.triu_indices(alleles)
    index[rows, columns] = index[columns, rows] = np.arange(len(rows))
    return index


def genotype_numbers(panel: Panel, table: GenotypeTable) -> npt.NDArray[np.int32]:
    """(L, N): each animal's genotype number on the panel, -1 where not typed."""
    numbers = np.full((len(panel.loci), len(table)), MISSING, dtype=np.int32)
    for locus, name in enumerate(panel.loci):
        codes = _recoded(table, name, panel.alleles[locus])
        typed = codes[:, 0] != MISSING
        index = genotype_index(len(panel.alleles[locus]))
        numbers[locus, typed] = index[codes[typed, 0], codes[typed, 1]]
    return numbers


def _recoded(table: GenotypeTable, locus: str, names: tuple[str, ...]) -> Codes:
    place = table.loci.index(locus)
    lookup = [names.index(name) for name in table.alleles[place]]
    codes: Codes = np.array([*lookup, MISSING], dtype=np.int16)[table.codes[place]]
    return codes
