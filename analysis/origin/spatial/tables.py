"""From surfaces to the probability of a genotype in every cell.

Mean and variance of the frequencies follow from the usual approximation of the logistic-normal integral; a Dirichlet
distribution of the same mean and total variance stands for them, so that a genotype's probability is compound
Dirichlet, as in the discrete assignment. Genotyping errors mix in the pooled genotype frequency with the weight
`error` (SCAT's delta, 0.05).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from analysis.genotypes.table import MISSING
from analysis.origin.spatial.geography import Bools, Floats, Indexes
from analysis.origin.spatial.surface import Reach, Removal, Singles, Surface

ERROR = 0.05
_LEAST, _MOST = 0.5, 1e5
_NEAR, _TOGETHER = 1 << 15, 16
_Genotypes = npt.NDArray[np.integer]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tables:
    """Frequencies (T, G) up to a factor per locus, `scale` (L, G), which makes them add to 1; `apart` (L, G): how
    probable it is that two copies are two draws from these frequencies and not one copy twice, s / (s + 1) of Dirichlet
    distributions whose weights add to s; `pooled` (T,) frequencies for errors."""

    shares: Singles
    scale: Singles
    apart: Singles
    starts: tuple[int, ...]
    pooled: Floats
    error: float

    @property
    def sums(self) -> Singles:
        """(L, G): what the weights of a locus add to."""
        found: Singles = self.apart / (1 - self.apart)
        return found

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
            first = np.flatnonzero(np.diff(animal, prepend=-1))
            pairs = genotypes[locus, animal]
            found[animal[first]] = np.add.reduceat(self._pairs(pairs, locus), first, axis=0, dtype=np.float64)
            two = np.add.reduceat((pairs[:, 0] != pairs[:, 1]).astype(np.intp), first)
            found[animal[first]] += (two * math.log(2.0))[:, None]
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
        apart = self.apart[loci, cell][:, None].astype(np.float64)
        spare = pooled[:, first] * pooled[:, second]
        return _mixed(shares[:, first], shares[:, second], first == second, apart, spare, self.error)

    def _pairs(self, genotypes: _Genotypes, locus: Indexes) -> Singles:
        """(P, G): log probability of P genotypes (P, 2), each at its locus, alleles in a given order: `_mixed`, in
        single precision and with what belongs to a locus multiplied beforehand."""
        rows = np.array(self.starts)[locus][:, None] + genotypes
        sure = np.float32(1 - self.error) * self.scale
        twice = sure * (1 - self.apart)
        chance = self.shares[rows[:, 0]]
        chance *= self.shares[rows[:, 1]]
        chance *= (sure * self.scale * self.apart)[locus]
        chance += (self.error * self.pooled[rows].prod(axis=1)).astype(np.float32)[:, None]
        same = genotypes[:, 0] == genotypes[:, 1]
        chance[same] += self.shares[rows[same, 0]] * twice[locus[same]]
        return np.log(chance, out=chance)


def tables_of(
    surface: Surface, *, removal: Removal | None = None, reach: Reach | None = None, error: float = ERROR
) -> Tables:
    """Dirichlet distributions for every cell, of all baseline animals or of those that remain."""
    counts = surface.field.counts
    shift = None if removal is None else surface.shift(removal, reach)
    shares = np.empty_like(surface.mean)
    scale = np.empty((len(counts.starts), shares.shape[1]), dtype=np.float32)
    apart, whole = np.empty_like(scale), np.empty_like(scale)
    for loci, alleles, ones in _parts(counts.starts, *shares.shape):
        mean, shrink = surface.logits(alleles, shift)
        part = _shares(mean, shrink, out=shares[alleles])
        np.matmul(ones, part, out=scale[loci])
        # Of p(1 - p), the variance of a single draw, the uncertain logit leaves the part 1 / s to the draw; `shrink` is
        # the negative of that.
        spread = np.subtract(1, part, out=mean)
        spread *= part
        np.matmul(ones, spread, out=whole[loci])
        spread *= shrink
        np.matmul(ones, spread, out=apart[loci])
    np.negative(np.divide(apart, whole, out=apart), out=apart)
    copies = counts.copies.sum(axis=1) + 0.5
    lengths = np.diff([*counts.starts, len(shares)])
    return Tables(
        shares=shares,
        scale=np.reciprocal(scale, out=scale),
        apart=np.clip(apart, _LEAST / (_LEAST + 1), _MOST / (_MOST + 1), out=apart),
        starts=counts.starts,
        pooled=copies / np.repeat(np.add.reduceat(copies, counts.starts), lengths),
        error=error,
    )


def _shares(mean: Singles, stretched: Singles, *, out: Singles) -> Singles:
    """(T, G): mean frequencies of logits of this mean and stretch s². Leaves -1 / s in `stretched` and writes over
    `mean`: surfaces are large, and memory is what takes the time."""
    shrink = np.divide(np.float32(-1), np.sqrt(stretched, out=stretched), out=stretched)
    mean *= shrink
    np.exp(mean, out=mean)
    mean += 1
    return np.reciprocal(mean, out=out)


@lru_cache(maxsize=8)
def _parts(starts: tuple[int, ...], alleles: int, cells: int) -> list[tuple[slice, slice, Singles]]:
    """A few loci at a time, as many as stay near the processor: which loci, which alleles they have, and by ones and
    zeros (L', T') which allele belongs to which of them."""
    bounds = [*starts, alleles]
    found, first = [], 0
    while first < len(starts):
        last = first + 1
        while last < len(starts) and (bounds[last + 1] - bounds[first]) * cells <= _NEAR and last - first < _TOGETHER:
            last += 1
        ones = np.repeat(np.eye(last - first, dtype=np.float32), np.diff(bounds[first : last + 1]), axis=1)
        found.append((slice(first, last), slice(bounds[first], bounds[last]), ones))
        first = last
    return found


def _mixed(first: Floats, second: Floats, same: Bools, apart: Floats, spare: Floats, error: float) -> Floats:
    """Compound probability of genotypes of two alleles with mean frequencies `first` and `second`, two draws with the
    probability `apart`; with the weight `error` that of the pooled frequencies, `spare`, instead."""
    chance = first * second * apart
    chance += np.where(same, first * (1 - apart), 0)
    chance *= 1 - error
    chance += error * spare
    chance *= np.where(same, 1, 2).astype(chance.dtype)
    return chance


def _normal_tail(value: float) -> float:
    """P(Z <= value)."""
    return 0.5 * math.erfc(-value / math.sqrt(2))
