"""Fitted surfaces over the cells of a map, and taking animals out of them again.

In each cell an allele's logit is normal with the field's mean and variance. A cell that holds a sampled site stands
for that site, its deviation from the smooth surface included; any other cell is a place not yet sampled, whose
deviation is unknown. What a genotype's probability is there, `tables` says. Surfaces are kept in single precision:
what they state is known to two or three digits.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from analysis.genotypes.table import MISSING, Codes
from analysis.origin.spatial.field import Field
from analysis.origin.spatial.geography import Floats, Indexes, chord_km

Singles = npt.NDArray[np.float32]
_SPREAD = 0.368
"""E[sigmoid(x)] is close to sigmoid(m / sqrt(1 + 0.368 v)) for x ~ N(m, v) (Daunizeau 2017, arXiv:1703.00091)."""
_LEAST = np.float32(1 + _SPREAD * 1e-6)


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """Copies to be taken out again at some `sites`: `copies` (T, S) of each allele, `totals` (T, S)."""

    sites: Indexes
    copies: Floats
    totals: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """What chosen `sites` have to do with every cell: covariances given what the baseline shows, `cross` (T, S, G)
    of sites and cells, `among` (T, S, S) of the sites."""

    sites: Indexes
    cross: Singles
    among: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """Animals taken out of S sites: by how much each site's covariances with the cells, `cross` (T, S, G), move means
    and what variances stretch, `weights` (T, S, 1 + S)."""

    weights: Singles
    cross: Singles


@dataclass(frozen=True, slots=True, kw_only=True)
class Surface:
    """Logit means (T, G) over the cells of a map, 1 + 0.368 v of their variances v, `stretched` (T, G), and what is
    needed to take animals out.

    `vectors` (G, 3) are the cells' places, `hosts` (G,) the site a cell stands for or -1, `cells` (G, J) the
    covariance of cells and sites, `own` (J, J) that of the sites among themselves.
    """

    field: Field
    vectors: Floats
    hosts: Indexes
    cells: Singles
    own: Floats
    mean: Singles
    stretched: Singles

    @property
    def variance(self) -> Singles:
        """(T, G): variances of the logits."""
        found: Singles = (self.stretched - 1) / np.float32(_SPREAD)
        return found

    def thinned(self, chosen: Indexes) -> Surface:
        """The same surface over some of its cells."""
        return replace(
            self,
            vectors=self.vectors[chosen],
            hosts=self.hosts[chosen],
            cells=self.cells[chosen],
            mean=self.mean.take(chosen, axis=1),
            stretched=self.stretched.take(chosen, axis=1),
        )

    def reach(self, sites: Indexes) -> Reach:
        """What sites have to do with every cell; serves any number of removals at these sites."""
        own = self.own[:, sites]
        alleles, count = len(self.mean), len(sites)
        weights = (self.field.precision.reshape(-1, len(own)) @ own.astype(np.float32)).reshape(alleles, -1, count)
        rows = weights.transpose(0, 2, 1).reshape(alleles * count, len(own))
        known = (rows @ self.cells.T).reshape(alleles, count, len(self.cells))
        cross = np.subtract(self.cells[:, sites].T[None], known, out=known)
        return Reach(sites=sites, cross=cross, among=own[sites] - own.T @ weights.astype(np.float64))

    def shift(self, removal: Removal, reach: Reach | None = None) -> Shift:
        """By how much means and variances move with some animals of the sites taken out.

        One Newton step from the mode with the removed copies' gradient and curvature subtracted: exact
        for a normal likelihood, and close to a new fit for binomial counts.
        """
        reach = reach or self.reach(removal.sites)
        share = self.field.frequency[:, removal.sites]
        lost = removal.totals * share * (1 - share)
        gradient = removal.totals * share - removal.copies
        weights = _effects(reach.among, gradient, lost)
        weights[:, :, 1:] *= _SPREAD
        return Shift(weights=weights.astype(np.float32), cross=reach.cross)

    def logits(self, alleles: slice, shift: Shift | None = None) -> tuple[Singles, Singles]:
        """Means and what variances stretch (T', G), of some alleles, to be written over."""
        known = self.mean[alleles], self.stretched[alleles]
        if shift is None:
            return known[0].copy(), known[1].copy()
        weights, crosses = shift.weights[alleles], shift.cross[alleles]
        mean, stretched = np.empty_like(known[0]), np.empty_like(known[0])
        for place in range(crosses.shape[1]):
            cross = crosses[:, place]
            # Sum over the other sites first: (T', G) of what this one shares with all that is taken out.
            shared = _shared(crosses, weights[:, :, 1 + place])
            shared *= cross
            np.add(known[1], shared, out=stretched)
            np.add(known[0], np.multiply(weights[:, place, :1], cross, out=shared), out=mean)
            known = mean, stretched
        return mean, np.maximum(stretched, _LEAST, out=stretched)


def cell_covariance(field: Field, vectors: Floats, hosts: Indexes) -> Floats:
    """(G, J): covariance of cells and sites; a cell that stands for a site shares its deviation."""
    covariance = field.covariance.between(chord_km(vectors, field.vectors))
    hosting = np.flatnonzero(hosts >= 0)
    covariance[hosting, hosts[hosting]] += field.covariance.nugget
    return covariance


def surface_of(field: Field, vectors: Floats, hosts: Indexes) -> Surface:
    """Evaluate a field at cells (G, 3); `hosts` (G,) as in `Surface`."""
    vectors = np.where((hosts >= 0)[:, None], field.vectors[np.maximum(hosts, 0)], vectors)
    cells = cell_covariance(field, vectors, hosts)
    narrow = np.ascontiguousarray(cells.T, dtype=np.float32)
    known = np.empty((len(field.mean), len(cells)), dtype=np.float32)
    ones, spare = np.ones((1, len(narrow)), dtype=np.float32), np.empty_like(narrow)
    for allele, precision in enumerate(field.precision):
        np.multiply(np.matmul(precision, narrow, out=spare), narrow, out=spare)
        np.matmul(ones, spare, out=known[allele : allele + 1])
    stretched = np.subtract(np.float32(1 + _SPREAD * field.covariance.prior_variance), _SPREAD * known)
    return Surface(
        field=field,
        vectors=vectors,
        hosts=hosts,
        cells=cells.astype(np.float32),
        own=field.covariance.within(chord_km(field.vectors, field.vectors)),
        mean=(field.mean[:, None] + field.dual @ cells.T).astype(np.float32),
        stretched=np.maximum(stretched, _LEAST, out=stretched),
    )


def genotype_copies(codes: Codes, starts: tuple[int, ...], alleles: int) -> tuple[Floats, Floats]:
    """Copies (T,) of each allele in animals (L, N, 2), and the typed copies (T,) of its locus."""
    typed = codes[:, :, 0] != MISSING
    rows = codes[typed] + np.repeat(starts, typed.sum(axis=1))[:, None]
    copies = np.bincount(rows.ravel(), minlength=alleles).astype(np.float64)
    totals = np.repeat(2.0 * typed.sum(axis=1), np.diff([*starts, alleles]))
    return copies, totals


def _effects(among: Floats, gradient: Floats, lost: Floats) -> Floats:
    """(T, S, 1 + S): by how much of each site's covariances means and variances move."""
    if lost.shape[1] == 1:
        alone: Floats = np.stack([gradient, lost], axis=2) / (1.0 - lost * among[:, 0])[:, :, None]
        return alone
    system = np.eye(lost.shape[1]) - lost[:, :, None] * among
    diagonal = np.zeros_like(system)
    place = np.arange(lost.shape[1])
    diagonal[:, place, place] = lost
    found: Floats = np.linalg.solve(system, np.concatenate([gradient[:, :, None], diagonal], axis=2))
    return found


def _shared(cross: Singles, weights: Singles) -> Singles:
    """(T, G): sum over sites of covariances (T, S, G) times weights (T, S)."""
    if weights.shape[1] == 1:
        return np.multiply(cross[:, 0], weights)
    found: Singles = np.einsum("tsg,ts->tg", cross, weights)
    return found
