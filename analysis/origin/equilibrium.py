"""Is a baseline what the assignment supposes: populations that differ, in Hardy-Weinberg proportions, loci independent?

F_ST and F_IS are those of Weir & Cockerham (1984, Evolution 38: 1358-1370), over loci as ratios of summed
components. The Hardy-Weinberg test shuffles a population's allele copies among its animals (Guo & Thompson
1992, Biometrics 48: 361-372, with the number of heterozygotes as statistic). The linkage test adds, over
populations, n r² of the copies of each locus's most common allele (Weir 1979, Biometrics 35: 235-254), against
chi-square. Many tests are made, so results come with how many were to be expected by chance.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.draws import Draws
from analysis.genotypes.table import MISSING
from analysis.origin.baseline import Baseline
from analysis.statistics import chi_square_survival

Floats = npt.NDArray[np.float64]
FEWEST = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Differentiation:
    """Per locus and over all; `None` where nothing varies or fewer than two populations are typed."""

    fst: float | None
    fis: float | None
    by_locus: tuple[tuple[str, float | None, float | None], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """One test below the bound. `deficit`: fewer heterozygotes than expected (null alleles, mixed samples)."""

    population: str
    locus: str
    p: float
    observed: int
    expected: float

    @property
    def deficit(self) -> bool:
        """Whether heterozygotes are too few."""
        return self.observed < self.expected


@dataclass(frozen=True, slots=True, kw_only=True)
class Linkage:
    """Two loci that go together within populations."""

    first: str
    second: str
    p: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Equilibrium:
    """Tests made, departures found at `alpha`, and the number expected by chance alone (tests x alpha)."""

    alpha: float
    hardy_weinberg_tests: int
    departures: tuple[Departure, ...]
    linkage_tests: int
    linked: tuple[Linkage, ...]


def differentiation(baseline: Baseline) -> Differentiation:
    """F_ST (theta) and F_IS (f) of Weir and Cockerham."""
    parts = [_components(baseline, locus) for locus in range(len(baseline.table.loci))]
    total = np.sum(parts, axis=0)
    by_locus = tuple((name, *_ratios(part)) for name, part in zip(baseline.table.loci, parts, strict=True))
    fst, fis = _ratios(total)
    return Differentiation(fst=fst, fis=fis, by_locus=by_locus)


def equilibrium(baseline: Baseline, *, alpha: float = 0.01, shuffles: int = 999, seed: int = 0) -> Equilibrium:
    """Test every population and locus, and every pair of loci; fewer than eight typed animals are passed over."""
    departures: list[Departure] = []
    tests = 0
    for population in range(len(baseline.populations)):
        for locus in range(len(baseline.table.loci)):
            found = _hardy_weinberg(baseline, population, locus, shuffles, Draws(seed, population, locus))
            tests += found is not None
            if found is not None and found.p < alpha:
                departures.append(found)
    pairs = _linkage(baseline)
    return Equilibrium(
        alpha=alpha,
        hardy_weinberg_tests=tests,
        departures=tuple(sorted(departures, key=lambda one: (one.p, one.population, one.locus))),
        linkage_tests=len(pairs),
        linked=tuple(sorted((one for one in pairs if one.p < alpha), key=lambda one: (one.p, one.first, one.second))),
    )


def _components(baseline: Baseline, locus: int) -> Floats:
    """Sums over alleles of a (between populations), b (between animals), c (within animals)."""
    codes, member = baseline.table.codes[locus], baseline.member
    typed = codes[:, 0] != MISSING
    size = np.bincount(member[typed], minlength=len(baseline.populations)).astype(float)
    present = size > 0
    r, total = int(present.sum()), float(size.sum())
    if r < 2 or total <= r:
        return np.zeros(3)
    mean = total / r
    width = (total - float((size**2).sum()) / total) / (r - 1)
    found = np.zeros(3)
    het = typed & (codes[:, 0] != codes[:, 1])
    for allele in range(int(baseline.allele_counts[locus])):
        share = baseline.counts[present, locus, allele] / (2 * size[present])
        carrying = het & (codes == allele).any(axis=1)
        h = float(carrying.sum()) / total
        p = float((size[present] * share).sum()) / total
        s2 = float((size[present] * (share - p) ** 2).sum()) / ((r - 1) * mean)
        spread = p * (1 - p) - (r - 1) / r * s2
        found[0] += mean / width * (s2 - (spread - h / 4) / (mean - 1))
        found[1] += mean / (mean - 1) * (spread - (2 * mean - 1) / (4 * mean) * h)
        found[2] += h / 2
    return found


def _ratios(parts: Floats) -> tuple[float | None, float | None]:
    a, b, c = (float(part) for part in parts)
    return (a / (a + b + c) if a + b + c else None), (b / (b + c) if b + c else None)


def _hardy_weinberg(baseline: Baseline, population: int, locus: int, shuffles: int, draws: Draws) -> Departure | None:
    pairs = baseline.table.codes[locus, baseline.member == population]
    pairs = pairs[pairs[:, 0] != MISSING]
    copies = pairs.ravel()
    if len(pairs) < FEWEST or len(np.unique(copies)) < 2:
        return None
    order = np.argsort(draws.uniform((shuffles, len(copies))), axis=1)
    shuffled = copies[order].reshape(shuffles, len(pairs), 2)
    made = (shuffled[:, :, 0] != shuffled[:, :, 1]).sum(axis=1)
    observed = int((pairs[:, 0] != pairs[:, 1]).sum())
    counts = np.bincount(copies)
    expected = len(pairs) * (1 - float((counts * (counts - 1)).sum()) / (len(copies) * (len(copies) - 1)))
    tail = min(int((made <= observed).sum()), int((made >= observed).sum()))
    return Departure(
        population=baseline.populations[population],
        locus=baseline.table.loci[locus],
        p=min(1.0, 2 * (tail + 1) / (shuffles + 1)),
        observed=observed,
        expected=expected,
    )


def _linkage(baseline: Baseline) -> list[Linkage]:
    loci = baseline.table.loci
    common = [int(baseline.counts[:, locus].sum(axis=0).argmax()) for locus in range(len(loci))]
    dose = np.stack([(baseline.table.codes[locus] == allele).sum(axis=1) for locus, allele in enumerate(common)])
    typed = baseline.table.codes[:, :, 0] != MISSING
    statistic = np.zeros((len(loci), len(loci)))
    degrees = np.zeros((len(loci), len(loci)), dtype=np.intp)
    for population in range(len(baseline.populations)):
        own = baseline.member == population
        squares, usable = _correlations(dose[:, own].astype(float), typed[:, own])
        statistic += squares
        degrees += usable
    return [
        Linkage(
            first=loci[a],
            second=loci[b],
            p=chi_square_survival(float(statistic[a, b]), int(degrees[a, b])),
        )
        for a in range(len(loci))
        for b in range(a + 1, len(loci))
        if degrees[a, b]
    ]


def _correlations(dose: Floats, typed: npt.NDArray[np.bool_]) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """n r² over animals typed at both loci, and whether it could be had."""
    weight = typed.astype(float)
    value = dose * weight
    n = weight @ weight.T
    sum_x = value @ weight.T
    squares = (value**2) @ weight.T
    with np.errstate(divide="ignore", invalid="ignore"):
        covariance = value @ value.T - sum_x * sum_x.T / n
        variance = squares - sum_x**2 / n
        r2 = covariance**2 / (variance * variance.T)
    usable = (n >= FEWEST) & (variance > 1e-9) & (variance.T > 1e-9)
    # n - 1 in place of n: the mean of r² of independent values is 1 / (n - 1).
    return np.where(usable, (n - 1) * np.where(usable, r2, 0.0), 0.0), usable
