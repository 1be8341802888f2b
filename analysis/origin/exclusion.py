"""Exclusion of a population by resampling gametes (Paetkau et al. 2004).

For each population, genotypes are made of two gametes; a gamete is one allele per locus of one randomly
drawn animal of the population, so that linkage within gametes stays. Each made genotype is scored in its
own population with the two copies it was made of taken out, as an animal of the population would be in a
leave-one-out. The p-value of a sample is the share of made genotypes, over the sample's typed loci, that
fit no better than the sample: (number + 1) / (made + 1).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.draws import Draws
from analysis.genotypes.table import MISSING, Codes
from analysis.inputs import Progress, no_progress
from analysis.origin.baseline import Baseline
from analysis.origin.likelihood import Floats, pair_log_probability

_TOLERANCE = 1e-9
_SUMS = 16_000_000
"""Sums kept at a time: 128 MB."""

_SORT_FROM = 40
QUANTILES = (0.01, 0.5, 0.99)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusion:
    """`p` (N, P); `spread` (M, P, 3) the 1, 50 and 99 % points of the made genotypes' scores, for the
    first M samples."""

    p: Floats
    spread: Floats
    simulations: int


def exclusion_test(
    baseline: Baseline,
    log_likelihood: Floats,
    typed: npt.NDArray[np.bool_],
    *,
    simulations: int,
    seed: int,
    spread_of: int = 0,
    progress: Progress = no_progress,
) -> Exclusion:
    """Test N samples against P populations.

    `log_likelihood` (N, P) and `typed` (N, L) are of the samples; for the first `spread_of` of them the
    spread of the made genotypes is kept for a figure. Samples with the same typed loci share their made
    genotypes; each population has its own stream of the seed.
    """
    patterns, of_pattern = np.unique(typed, axis=0, return_inverse=True)
    rows_of = [np.flatnonzero(of_pattern.ravel() == pattern) for pattern in range(len(patterns))]
    p = np.empty_like(log_likelihood)
    spread = np.zeros((min(spread_of, len(p)), len(baseline.populations), len(QUANTILES)))
    places = [round(share * (simulations - 1)) for share in QUANTILES]
    for population, name in enumerate(baseline.populations):
        progress(population / len(baseline.populations), f"exclusion test, {name}")
        for pattern, values in _sums(baseline, population, patterns, simulations, seed):
            rows = rows_of[pattern]
            shown = rows[rows < len(spread)]
            if shown.size:
                spread[shown, population] = np.partition(values, places)[places]
            below = _count_below(values, log_likelihood[rows, population] + _TOLERANCE)
            p[rows, population] = (below + 1) / (simulations + 1)
    return Exclusion(p=p, spread=spread, simulations=simulations)


def _sums(
    baseline: Baseline, population: int, patterns: npt.NDArray[np.bool_], simulations: int, seed: int
) -> Iterator[tuple[int, Floats]]:
    """Every pattern with the made genotypes' scores over its loci, in memory that grows neither with the number of
    loci nor, beyond `_SUMS`, with that of patterns: for more of them the same genotypes are made again."""
    size = max(1, _SUMS // simulations)
    for start in range(0, len(patterns), size):
        block = patterns[start : start + size]
        sums = np.zeros((len(block), simulations))
        for locus, scores in enumerate(null_scores(baseline, population, simulations, Draws(seed, population))):
            for row in np.flatnonzero(block[:, locus]):
                sums[row] += scores
        for offset, values in enumerate(sums):
            yield start + offset, values


def _count_below(values: Floats, limits: Floats) -> npt.NDArray[np.intp]:
    if len(limits) > _SORT_FROM:
        return np.searchsorted(np.sort(values), limits, side="right")
    return np.array([np.count_nonzero(values <= limit) for limit in limits], dtype=np.intp)


def null_scores(baseline: Baseline, population: int, simulations: int, draws: Draws) -> Iterator[Floats]:
    """Locus by locus the scores, (simulations,), of genotypes made of two gametes of a population."""
    for locus, made in enumerate(_genotypes(baseline, population, simulations, draws)):
        yield _score_table(baseline, population, locus)[made[:, 0], made[:, 1]]


def _genotypes(baseline: Baseline, population: int, simulations: int, draws: Draws) -> Iterator[Codes]:
    """Locus by locus the two alleles, (simulations, 2), of every made genotype."""
    animals = np.flatnonzero(baseline.member == population)
    loci = len(baseline.table.loci)
    parents = animals[draws.below(len(animals), (simulations, 2))]
    coins = draws.coins(loci * simulations * 2)
    for locus in range(loci):
        made = baseline.table.codes[locus][parents, coins.take((simulations, 2))]
        empty = made == MISSING
        if empty.any():
            made[empty] = _by_frequency(baseline, population, locus, int(empty.sum()), draws)
        yield made


def _by_frequency(baseline: Baseline, population: int, locus: int, count: int, draws: Draws) -> npt.NDArray[np.intp]:
    counts = baseline.counts[population, locus]
    if not counts.any():
        # Typed in no animal of this population: its alleles are drawn from all populations together.
        counts = baseline.counts[:, locus].sum(axis=0)
    steps = np.cumsum(counts)
    if steps[-1] == 0:
        return np.zeros(count, dtype=np.intp)
    return np.searchsorted(steps, draws.below(int(steps[-1]), (count,)), side="right")


def _score_table(baseline: Baseline, population: int, locus: int) -> Floats:
    counts = baseline.counts[population, locus].astype(np.int64)
    same = np.eye(len(counts), dtype=np.bool_)
    own = np.where(same, 2, 1)
    return pair_log_probability(
        first_copies=counts[:, None] - own,
        second_copies=counts[None, :] - own,
        same=same,
        copies=np.array(baseline.copies[population, locus] - 2),
        allele_count=int(baseline.allele_counts[locus]),
    )
