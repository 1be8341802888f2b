"""From fitted surfaces to the probability of a genotype in every cell of the map.

In each cell an allele's logit is normal with the field's mean and variance. A cell that holds a sampled site stands
for that site, its deviation from the smooth surface included; any other cell is a place not yet sampled, whose
deviation is unknown. Mean and variance of the frequencies follow from the usual approximation
of the logistic-normal integral; a Dirichlet distribution of the same mean and total variance stands for them, so
that a genotype's probability is compound Dirichlet, as in the discrete assignment. Genotyping errors
mix in the pooled genotype frequency with the weight `error` (SCAT's delta, 0.05).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from analysis.genotypes.table import MISSING, Codes
from analysis.origin.spatial.field import Field
from analysis.origin.spatial.geography import Floats, chord_km

ERROR = 0.05
_SPREAD = 0.368
"""E[sigmoid(x)] is close to sigmoid(m / sqrt(1 + 0.368 v)) for x ~ N(m, v) (Daunizeau 2017, arXiv:1703.00091)."""
_BLOCK = 16


def _normal_tail(value: float) -> float:
    """P(Z <= value)."""
    return 0.5 * math.erfc(-value / math.sqrt(2))


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """Copies to be taken out again at some `sites`: `copies` (T, S) of each allele, `totals` (T, S)."""

    sites: npt.NDArray[np.intp]
    copies: Floats
    totals: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Surface:
    """Logit means and variances (T, G) over the cells of a map, and what is needed to take animals out.

    `vectors` (G, 3) are the cells' places, `hosts` (G,) the site a cell stands for or -1, `cells` (G, J) the
    covariance of cells and sites, `own` (J, J) that of the sites among themselves.
    """

    field: Field
    vectors: Floats
    hosts: npt.NDArray[np.intp]
    cells: Floats
    own: Floats
    mean: Floats
    variance: Floats

    def thinned(self, chosen: npt.NDArray[np.intp]) -> Surface:
        """The same surface over some of its cells."""
        return replace(
            self,
            vectors=self.vectors[chosen],
            hosts=self.hosts[chosen],
            cells=self.cells[chosen],
            mean=self.mean[:, chosen],
            variance=self.variance[:, chosen],
        )

    def without(self, removal: Removal) -> tuple[Floats, Floats]:
        """Means and variances (T, G) with some animals of the sites taken out.

        One Newton step from the mode with the removed copies' gradient and curvature subtracted: exact
        for a normal likelihood, and close to a new fit for binomial counts.
        """
        sites = removal.sites
        cross, among = self._covariances(sites)
        share = self.field.frequency[:, sites]
        lost = removal.totals * share * (1 - share)
        system = np.eye(len(sites)) - lost[:, :, None] * among
        gradient = -(removal.copies - removal.totals * share)
        weights = np.linalg.solve(system, np.concatenate([gradient[:, :, None], _diagonal(lost)], axis=2))
        mean, variance = self.mean.copy(), self.variance.copy()
        for place in range(len(sites)):
            mean += weights[:, place, :1] * cross[:, place]
            # Sum over the other sites first: (T, G) of what this one shares with all that is taken out.
            variance += np.einsum("tsg,ts->tg", cross, weights[:, :, 1 + place]) * cross[:, place]
        return mean, variance

    def _covariances(self, sites: npt.NDArray[np.intp]) -> tuple[Floats, Floats]:
        """(T, S, G) of chosen sites and cells, (T, S, S) of the sites, both given what the baseline shows."""
        own = self.own[:, sites]
        weights = self.field.precision @ own
        alleles, count = len(weights), len(sites)
        rows = weights.transpose(0, 2, 1).reshape(alleles * count, len(own))
        known = (rows @ self.cells.T).reshape(alleles, count, len(self.cells))
        cross = np.subtract(self.cells[:, sites].T[None], known, out=known)
        among = own[sites] - own.T @ weights
        return cross, among


@dataclass(frozen=True, slots=True, kw_only=True)
class Tables:
    """Dirichlet weights (T, G) and their sums per locus (L, G); `pooled` (T,) frequencies for errors."""

    weights: Floats
    sums: Floats
    starts: tuple[int, ...]
    pooled: Floats
    error: float

    def log_likelihood(self, genotype: npt.NDArray[np.integer], allele_counts: npt.NDArray[np.intp]) -> Floats:
        """(G,): natural log probability of a genotype (L, 2) in every cell.

        An allele the baseline never saw says nothing about the place: its locus counts with the other
        allele alone, or not at all.
        """
        known = (genotype != MISSING) & (genotype < allele_counts[:, None])
        both = np.flatnonzero(known.all(axis=1))
        one = np.flatnonzero(known.sum(axis=1) == 1)
        total = np.zeros(self.weights.shape[1])
        starts = np.array(self.starts)
        if both.size:
            first, second = starts[both] + genotype[both, 0], starts[both] + genotype[both, 1]
            total += self._pairs(first, second, self.sums[both])
        for locus in one:
            row = starts[locus] + genotype[locus][known[locus]][0]
            chance = self.weights[row] / self.sums[locus]
            total += np.log((1 - self.error) * chance + self.error * self.pooled[row])
        return total

    def fit(self, genotype: npt.NDArray[np.integer], allele_counts: npt.NDArray[np.intp], cell: int) -> float:
        """How often an animal of this cell has a genotype that fits no better, over its loci of known alleles.

        Mean and variance of the log probability are exact sums over all genotypes of each locus; over loci
        the normal distribution is used. 1 where no locus is typed.
        """
        known = ((genotype != MISSING) & (genotype < allele_counts[:, None])).all(axis=1)
        seen = mean = variance = 0.0
        for locus in np.flatnonzero(known).tolist():
            rows = slice(self.starts[locus], self.starts[locus] + int(allele_counts[locus]))
            weights, pooled, total = self.weights[rows, cell], self.pooled[rows], float(self.sums[locus, cell])
            first, second = np.triu_indices(len(weights))
            twice = np.where(first == second, 1.0, 2.0)
            chance = twice * weights[first] * (weights[second] + (first == second)) / (total * (total + 1))
            chance = (1 - self.error) * chance + self.error * twice * pooled[first] * pooled[second]
            logs = np.log(chance)
            centre = float((chance * logs).sum())
            mean += centre
            variance += float((chance * logs**2).sum()) - centre**2
            low, high = sorted(genotype[locus].tolist())
            seen += float(logs[np.flatnonzero((first == low) & (second == high))[0]])
        return 1.0 if variance <= 0 else _normal_tail((seen - mean) / math.sqrt(variance))

    def _pairs(self, first: npt.NDArray[np.intp], second: npt.NDArray[np.intp], sums: Floats) -> Floats:
        same = (first == second)[:, None]
        chance = self.weights[first] * (self.weights[second] + same) / (sums * (sums + 1.0))
        chance *= np.where(same, 1.0, 2.0) * (1 - self.error)
        spare = self.pooled[first] * self.pooled[second] * np.where(same[:, 0], 1.0, 2.0) * self.error
        found: Floats = np.log(chance + spare[:, None]).sum(axis=0)
        return found


def cell_covariance(field: Field, vectors: Floats, hosts: npt.NDArray[np.intp]) -> Floats:
    """(G, J): covariance of cells and sites; a cell that stands for a site shares its deviation."""
    covariance = field.covariance.between(chord_km(vectors, field.vectors))
    hosting = np.flatnonzero(hosts >= 0)
    covariance[hosting, hosts[hosting]] += field.covariance.nugget
    return covariance


def surface_of(field: Field, vectors: Floats, hosts: npt.NDArray[np.intp]) -> Surface:
    """Evaluate a field at cells (G, 3); `hosts` (G,) as in `Surface`."""
    vectors = np.where((hosts >= 0)[:, None], field.vectors[np.maximum(hosts, 0)], vectors)
    cells = cell_covariance(field, vectors, hosts)
    mean = field.mean[:, None] + field.dual @ cells.T
    variance = np.empty_like(mean)
    narrow = cells.astype(np.float32)
    for start in range(0, len(mean), _BLOCK):
        block = field.precision[start : start + _BLOCK].astype(np.float32)
        known = np.einsum("tgj,gj->tg", narrow @ block, narrow)
        variance[start : start + _BLOCK] = field.covariance.prior_variance - known
    return Surface(
        field=field,
        vectors=vectors,
        hosts=hosts,
        cells=cells,
        own=field.covariance.within(chord_km(field.vectors, field.vectors)),
        mean=mean,
        variance=np.maximum(variance, 1e-6),
    )


def tables_of(surface: Surface, *, removal: Removal | None = None, error: float = ERROR) -> Tables:
    """Dirichlet weights for every cell, of all baseline animals or of those that remain."""
    mean, variance = (surface.mean, surface.variance) if removal is None else surface.without(removal)
    scale = np.maximum(variance, 1e-6)
    scale *= _SPREAD
    scale += 1.0
    np.sqrt(scale, out=scale)
    share = np.divide(mean, scale)
    np.negative(share, out=share)
    np.exp(share, out=share)
    share += 1.0
    np.reciprocal(share, out=share)
    starts = surface.field.counts.starts
    sums = np.add.reduceat(share, starts, axis=0)
    spread = share * (1 - share)
    concentration = np.add.reduceat(spread, starts, axis=0)
    np.divide(spread, scale, out=scale)
    spread -= scale
    concentration /= np.add.reduceat(spread, starts, axis=0)
    concentration = np.clip(concentration - 1.0, 0.5, 1e5)
    lengths = np.diff([*starts, len(share)])
    share *= np.repeat(concentration / sums, lengths, axis=0)
    share += 1e-9
    copies = surface.field.counts.copies.sum(axis=1) + 0.5
    pooled = copies / np.repeat(np.add.reduceat(copies, starts), lengths)
    return Tables(
        weights=share,
        sums=np.add.reduceat(share, starts, axis=0),
        starts=starts,
        pooled=pooled,
        error=error,
    )


def genotype_copies(codes: Codes, starts: tuple[int, ...], alleles: int) -> tuple[Floats, Floats]:
    """Copies (T,) of each allele in animals (L, N, 2), and the typed copies (T,) of its locus."""
    copies = np.zeros(alleles)
    totals = np.zeros(alleles)
    ends = [*starts[1:], alleles]
    for locus, (start, end) in enumerate(zip(starts, ends, strict=True)):
        typed = codes[locus][codes[locus, :, 0] != MISSING]
        copies[start:end] = np.bincount(typed.ravel(), minlength=end - start)
        totals[start:end] = typed.size
    return copies, totals


def _diagonal(values: Floats) -> Floats:
    found = np.zeros((*values.shape, values.shape[1]))
    place = np.arange(values.shape[1])
    found[:, place, place] = values
    return found
