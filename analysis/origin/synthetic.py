"""Made-up genotypes for demonstrations, training and tests: every identifier and population says so.

Allele frequencies follow the island model with two levels (Balding & Nichols 1995): an ancestral frequency,
groups that differ from it by `fst_groups`, populations that differ from their group by
`fst_populations`. Animals are drawn in Hardy-Weinberg proportions, a few loci left untyped.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.errors import InputRefused

MARK = "SYNTHETIC"
_Frequencies = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """What to make. `outside` is a population that the baseline does not hold; its samples test «none»."""

    seed: int
    groups: int = 3
    populations_per_group: int = 3
    animals: int = 40
    loci: int = 16
    alleles: int = 14
    fst_groups: float = 0.08
    fst_populations: float = 0.04
    fst_outside: float = 0.25
    untyped: float = 0.02
    samples: int = 12
    outside_samples: int = 3

    def __post_init__(self) -> None:
        shares = (self.fst_groups, self.fst_populations, self.fst_outside)
        if any(not 0 < share < 1 for share in shares) or not 0 <= self.untyped < 1:
            raise InputRefused("F_ST lies between 0 and 1, the untyped share from 0 to below 1.")
        if min(self.groups, self.populations_per_group, self.animals, self.loci) < 1 or self.alleles < 2:
            raise InputRefused("At least one group, population, animal and locus, and two alleles are needed.")


@dataclass(frozen=True, slots=True, kw_only=True)
class SyntheticData:
    """A baseline and samples as CSV text, and for each sample the population it was made from.

    `truth` maps a sample's identifier to its population, `None` for one from outside the baseline.
    """

    baseline_csv: str
    samples_csv: str
    truth: dict[str, str | None]


def synthetic_data(design: Design) -> SyntheticData:
    """Make a baseline (columns synthetic, id, population, group) and samples (synthetic, id).

    The same design gives the same text.
    """
    maker = _Maker(design)
    populations = maker.populations()
    rows = [
        [
            MARK,
            f"SYN-{population.code}-{number:03d}",
            population.name,
            population.group,
            *maker.animal(population),
        ]
        for population in populations
        for number in range(1, design.animals + 1)
    ]
    chosen = [maker.choice(populations) for _ in range(design.samples)]
    chosen += [maker.outside()] * design.outside_samples
    ids = [f"SYN-S{number:03d}" for number in range(1, len(chosen) + 1)]
    samples = [[MARK, name, *maker.animal(population)] for name, population in zip(ids, chosen, strict=True)]
    return SyntheticData(
        baseline_csv=_csv(["synthetic", "id", "population", "group", *maker.columns], rows),
        samples_csv=_csv(["synthetic", "id", *maker.columns], samples),
        truth={
            name: population.name if population in populations else None
            for name, population in zip(ids, chosen, strict=True)
        },
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Population:
    code: str
    name: str
    group: str
    frequencies: _Frequencies


class _Maker:
    """One random stream and one panel of loci. NumPy keeps `RandomState` streams as they are for ever."""

    def __init__(self, design: Design) -> None:
        self._design = design
        self._random = np.random.RandomState(design.seed)
        self._shortest = self._random.randint(90, 220, design.loci)
        self._repeat = np.where(self._random.random_sample(design.loci) < 0.7, 2, 4)
        self._ancestral = self._random.dirichlet(np.full(design.alleles, 0.8), design.loci)
        self.columns = [f"SYN{number:02d}_{half}" for number in range(1, design.loci + 1) for half in (1, 2)]

    def populations(self) -> list[_Population]:
        design, found = self._design, []
        for group in range(design.groups):
            shared = self._drift(self._ancestral, design.fst_groups)
            for place in range(1, design.populations_per_group + 1):
                code = f"{_letters(group)}{place}"
                found.append(
                    _Population(
                        code=code,
                        name=f"Synthetic population {code}",
                        group=f"Synthetic group {_letters(group)}",
                        frequencies=self._drift(shared, design.fst_populations),
                    )
                )
        return found

    def outside(self) -> _Population:
        frequencies = self._drift(self._ancestral, self._design.fst_outside)
        return _Population(code="X", name="Synthetic outside", group="", frequencies=frequencies)

    def choice(self, populations: Sequence[_Population]) -> _Population:
        return populations[int(self._random.randint(len(populations)))]

    def animal(self, population: _Population) -> list[str]:
        steps = population.frequencies.cumsum(axis=1)
        steps[:, -1] = 1.0
        drawn = self._random.random_sample((self._design.loci, 2, 1)) > steps[:, None, :]
        codes = np.sort(drawn.sum(axis=2), axis=1)
        lengths = self._shortest[:, None] + self._repeat[:, None] * codes
        untyped = self._random.random_sample(self._design.loci) < self._design.untyped
        return ["" if untyped[locus] else str(size) for locus, pair in enumerate(lengths) for size in pair]

    def _drift(self, frequencies: _Frequencies, fst: float) -> _Frequencies:
        weight = (1 - fst) / fst
        return np.stack([self._random.dirichlet(row * weight + 1e-9) for row in frequencies])


def _letters(number: int) -> str:
    return chr(ord("A") + number % 26) + ("" if number < 26 else str(number // 26))


def _csv(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return out.getvalue()
