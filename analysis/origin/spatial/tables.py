"""From surfaces to the probability of a genotype in every cell.

Mean and variance of the frequencies follow from the usual approximation of the logistic-normal integral; a Dirichlet
distribution of the same mean and total variance stands for them, so that a genotype's probability is compound
Dirichlet, as in the discrete assignment. Genotyping errors mix in the pooled genotype frequency with the weight
`error` (SCAT's delta, 0.05).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.genotypes.table import MISSING
from analysis.origin.spatial.geography import Bools, Floats, Indexes
from analysis.origin.spatial.surface import Reach, Removal, Singles, Surface

ERROR = 0.05
_SPREAD = np.float32(0.368)
"""E[sigmoid(x)] is close to sigmoid(m / sqrt(1 + 0.368 v)) for x ~ N(m, v) (Daunizeau 2017, arXiv:1703.00091)."""
_LEAST, _MOST = 0.5, 1e5
_Genotypes = npt.NDArray[np.integer]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tables:
    """Frequencies (T, G) up to a factor per locus, `scale` (L, G), which makes them add to 1; the Dirichlet
    distributions' `sums` (L, G); `pooled` (T,) frequencies for errors."""

    shares: Singles
    scale: Singles
    sums: Singles
    starts: tuple[int, ...]
    pooled: Floats
    error: float

    @property
    def weights(self) -> Singles:
        """(T, G): the weights of the Dirichlet distributions."""
        lengths = np.diff([*self.starts, len(self.shares)])
        found: Singles = self.shares * np.repeat(self.scale * self.sums, lengths, axis=0)
        return found

    def log_likelihood(self, genotype: _Genotypes, allele_counts: Indexes) -> Floats:
        """(G,): natural log probability of a genotype (L, 2) in every cell."""
        found: Floats = self.log_likelihoods(genotype[:, None], allele_counts)[0]
        return found

    def log_likelihoods(self, genotypes: _Genotypes, allele_counts: Indexes) -> Floats:
        """(N, G): natural log probability of genotypes (L, N, 2) in every cell.

        An allele the baseline never saw says nothing about the place: its locus counts with the other
        allele alone, or not at all.
        """
        known = (genotypes != MISSING) & (genotypes < allele_counts[:, None, None])
        found = np.zeros((genotypes.shape[1], self.shares.shape[1]))
        animal, locus = np.nonzero(known.all(axis=2).T)
        if len(animal):
            logs = self._pairs(genotypes[locus, animal], locus)
            present, first = np.unique(animal, return_index=True)
            found[present] = np.add.reduceat(logs, first, axis=0)
        for place, one in np.argwhere(known.sum(axis=2) == 1).tolist():
            row = self.starts[place] + int(genotypes[place, one][known[place, one]][0])
            chance = self.shares[row] * self.scale[place]
            found[one] += np.log((1 - self.error) * chance + self.error * self.pooled[row])
        return found

    def fit(self, genotype: _Genotypes, allele_counts: Indexes, cell: int) -> float:
        """How often an animal of this cell has a genotype that fits no better, over its loci of known alleles.

        Mean and variance of the log probability are exact sums over all genotypes of each locus; over loci
        the normal distribution is used. 1 where no locus is typed.
        """
        known = ((genotype != MISSING) & (genotype < allele_counts[:, None])).all(axis=1)
        loci = np.flatnonzero(known)
        if not loci.size:
            return 1.0
        alleles = np.arange(int(allele_counts[loci].max()))
        first, second = np.triu_indices(len(alleles))
        chance = self._genotypes(loci, alleles < allele_counts[loci][:, None], cell, first, second)
        logs = np.log(chance, where=chance > 0, out=np.zeros_like(chance))
        mean = (chance * logs).sum(axis=1)
        variance = float(((chance * logs**2).sum(axis=1) - mean**2).sum())
        number = np.zeros((len(alleles), len(alleles)), dtype=np.intp)
        number[first, second] = number[second, first] = np.arange(len(first))
        seen = logs[np.arange(len(loci)), number[genotype[loci, 0], genotype[loci, 1]]]
        return 1.0 if variance <= 0 else _normal_tail(float((seen - mean).sum()) / math.sqrt(variance))

    def _genotypes(self, loci: Indexes, held: Bools, cell: int, first: Indexes, second: Indexes) -> Floats:
        """(L', K): probability of every genotype of chosen loci in a cell, 0 for alleles a locus does not have."""
        rows = np.where(held, np.array(self.starts)[loci][:, None] + np.arange(held.shape[1]), 0)
        shares = np.where(held, self.shares[rows, cell] * self.scale[loci, cell][:, None].astype(np.float64), 0.0)
        pooled = np.where(held, self.pooled[rows], 0.0)
        sums = self.sums[loci, cell][:, None].astype(np.float64)
        spare = pooled[:, first] * pooled[:, second]
        return _mixed(shares[:, first], shares[:, second], first == second, sums, spare, self.error)

    def _pairs(self, genotypes: _Genotypes, locus: Indexes) -> Floats:
        """(P, G): log probability of P genotypes (P, 2), each at its locus."""
        rows = np.array(self.starts)[locus][:, None] + genotypes
        scale = self.scale[locus].astype(np.float64)
        first, second = (self.shares[rows[:, half]] * scale for half in (0, 1))
        spare = self.pooled[rows].prod(axis=1)[:, None]
        same = (genotypes[:, 0] == genotypes[:, 1])[:, None]
        chance = _mixed(first, second, same, self.sums[locus].astype(np.float64), spare, self.error)
        return np.log(chance, out=chance)


def tables_of(
    surface: Surface, *, removal: Removal | None = None, reach: Reach | None = None, error: float = ERROR
) -> Tables:
    """Dirichlet distributions for every cell, of all baseline animals or of those that remain."""
    if removal is None:
        mean, variance = surface.mean.copy(), surface.variance.copy()
    else:
        mean, variance = surface.without(removal, reach)
    counts = surface.field.counts
    shares, lost = _shares(mean, variance)
    scale = np.reciprocal(_by_locus(shares, counts.starts))
    # Of p(1 - p), the variance of a single draw, the uncertain logit takes the part `lost`.
    spread = np.multiply(shares, 1 - shares, out=mean)
    whole = _by_locus(spread, counts.starts)
    spread *= lost
    whole /= _by_locus(spread, counts.starts)
    whole -= 1
    copies = counts.copies.sum(axis=1) + 0.5
    lengths = np.diff([*counts.starts, len(shares)])
    return Tables(
        shares=shares,
        scale=scale,
        sums=np.clip(whole, _LEAST, _MOST, out=whole),
        starts=counts.starts,
        pooled=copies / np.repeat(np.add.reduceat(copies, counts.starts), lengths),
        error=error,
    )


def _shares(mean: Singles, variance: Singles) -> tuple[Singles, Singles]:
    """(T, G): mean frequencies of logits of this mean and variance, and 1 - 1 / s, where s is by how much the
    logit shrinks. Writes over what it is given: surfaces are large, and memory is what takes the time."""
    stretched = np.multiply(variance, _SPREAD, out=variance)
    shrink = np.sqrt(stretched + 1)
    shares = np.divide(mean, shrink, out=mean)
    np.exp(np.negative(shares, out=shares), out=shares)
    shares += 1
    shares = np.reciprocal(shares)
    # (s - 1) / s with s² - 1 known: no difference of nearly equal numbers.
    shrink *= shrink + 1
    return shares, np.divide(stretched, shrink, out=stretched)


def _by_locus(values: Singles, starts: tuple[int, ...]) -> Singles:
    """(L, G): sums over the alleles of each locus; several times as fast as `reduceat` on wide rows."""
    found = np.empty((len(starts), values.shape[1]), dtype=np.float32)
    for locus, (start, end) in enumerate(zip(starts, [*starts[1:], len(values)], strict=True)):
        np.add.reduce(values[start:end], axis=0, out=found[locus])
    return found


def _mixed(first: Floats, second: Floats, same: Bools, sums: Floats, spare: Floats, error: float) -> Floats:
    """Compound probability of genotypes of two alleles with mean frequencies `first` and `second`, the Dirichlet
    weights adding to `sums`; with the weight `error` that of the pooled frequencies, `spare`, instead."""
    together = sums / (sums + 1)
    chance = first * second * together
    chance += np.where(same, first * (1 - together), 0)
    chance *= 1 - error
    chance += error * spare
    chance *= np.where(same, 1, 2).astype(chance.dtype)
    return chance


def _normal_tail(value: float) -> float:
    """P(Z <= value)."""
    return 0.5 * math.erfc(-value / math.sqrt(2))
