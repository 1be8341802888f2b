"""Allele frequencies as smooth surfaces: a Gaussian process per allele, fitted by Laplace's method.

The model is that of SCAT (Wasser et al. 2004, PNAS 101: 14847-14852): the logit of an allele's frequency
varies over the map with covariance a0 exp(-(d/a1)^a2), so that near places have similar frequencies.
Instead of a Markov chain, each allele's surface is the mode of its posterior under binomial counts (one
allele against all others), its uncertainty that of the normal distribution at the mode (Rasmussen &
Williams 2006, sections 3.4 and 3.7), and a0, a1, a2 and the site's own deviation are those of the highest
approximate evidence over all alleles. Frequencies of a locus are made to add to one afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from analysis.origin.spatial.geography import Floats, chord_km

_MEAN_VARIANCE = 1.0
_ITERATIONS = 25
_GAIN = 1e-4
_SEARCH_GAIN = 0.05
"""Newton's method ends when the log posterior of no allele grew by more than this: the next step, were it taken, would
gain about its square."""
_COMMON_COPIES = 8
_SEARCH_ALLELES = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Covariance:
    """`sill` a0 and `nugget` are variances of the logit, `reach` a1 in km, `power` a2."""

    sill: float = 1.0
    reach: float = 500.0
    power: float = 1.0
    nugget: float = 0.05

    def between(self, distances: Floats) -> Floats:
        """Covariance of the smooth part and the common mean at given distances (km)."""
        found: Floats = self.sill * np.exp(-((distances / self.reach) ** self.power)) + _MEAN_VARIANCE
        return found

    def within(self, distances: Floats) -> Floats:
        """The same for the sites themselves: each has its own deviation as well."""
        return self.between(distances) + np.eye(len(distances)) * (self.nugget + 1e-6)

    @property
    def prior_variance(self) -> float:
        """Variance of the logit at a place of which nothing is known."""
        return self.sill + _MEAN_VARIANCE + self.nugget


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Copies of T alleles at J sites, loci one after the other: `copies` (T, J), `totals` (T, J) typed
    copies at the allele's locus, `starts` the first row of each locus."""

    copies: Floats
    totals: Floats
    starts: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A fitted surface per allele. `vectors` (J, 3) are the sites; `dual` (T, J) and `precision`
    (T, J, J; single precision, the largest of all) give mean and variance anywhere; `frequency` (T, J) is the mode at
    the sites."""

    covariance: Covariance
    counts: Counts
    vectors: Floats
    mean: Floats
    dual: Floats
    precision: npt.NDArray[np.float32]
    frequency: Floats
    evidence: float


def field_fit(vectors: Floats, counts: Counts) -> Field:
    """Choose the covariance by evidence and fit every allele."""
    return field_at(vectors, counts, covariance_search(vectors, counts))


def field_at(vectors: Floats, counts: Counts, covariance: Covariance) -> Field:
    """Fit every allele under a given covariance."""
    mean = _pooled_logits(counts)
    kernel = covariance.within(chord_km(vectors, vectors))
    dual, evidence = _modes(kernel, counts, mean)
    latent = mean[:, None] + dual @ kernel
    frequency = _sigmoid(latent)
    root = np.sqrt(counts.totals * frequency * (1 - frequency))
    narrow = root.astype(np.float32)
    inner = np.linalg.inv(_stabilised(kernel, root)).astype(np.float32)
    inner *= narrow[:, :, None]
    inner *= narrow[:, None, :]
    return Field(
        covariance=covariance,
        counts=counts,
        vectors=vectors,
        mean=mean,
        dual=dual,
        precision=inner,
        frequency=frequency,
        evidence=float(evidence.sum()),
    )


def covariance_search(vectors: Floats, counts: Counts) -> Covariance:
    """Highest approximate evidence, one parameter after the other over steps of about two.

    Only alleles with enough copies are looked at, at most 64 spread evenly: rarer ones say next to nothing
    about the covariance.
    """
    distances = chord_km(vectors, vectors)
    longest = float(distances.max()) or 1.0
    chosen = _informative(counts)
    mean = _pooled_logits(chosen)
    latent = np.zeros_like(chosen.copies)
    seen: dict[Covariance, float] = {}

    def evidence(candidate: Covariance) -> float:
        nonlocal latent
        if candidate not in seen:
            kernel = candidate.within(distances)
            # The logits at the sites hardly depend on the covariance: the last ones are where to begin.
            begin = np.asarray(np.linalg.solve(kernel, latent.T).T, dtype=np.float64)
            dual, values = _modes(kernel, chosen, mean, start=begin, search=True)
            latent = dual @ kernel
            seen[candidate] = float(values.sum())
        return seen[candidate]

    best = Covariance(reach=0.3 * longest)
    steps: Sequence[tuple[str, Sequence[float]]] = (
        ("reach", [share * longest for share in (0.05, 0.1, 0.2, 0.6, 1.5)]),
        ("sill", (0.15, 0.4, 2.0, 4.0)),
        ("nugget", (0.005, 0.02, 0.15, 0.4)),
        ("power", (1.5,)),
        ("reach", (0.7, 1.4)),
        ("sill", (0.7, 1.4)),
    )
    for place, (name, values) in enumerate(steps):
        scale = getattr(best, name) if place >= len(steps) - 2 else 1.0
        candidates = [best, *(replace(best, **{name: scale * value}) for value in values)]
        best = max(candidates, key=evidence)
    return best


def _informative(counts: Counts) -> Counts:
    common = np.flatnonzero(counts.copies.sum(axis=1) >= _COMMON_COPIES)
    if not len(common):
        common = np.arange(len(counts.copies))
    places = np.unique(np.linspace(0, len(common) - 1, min(_SEARCH_ALLELES, len(common))).round().astype(int))
    rows = common[places]
    return Counts(copies=counts.copies[rows], totals=counts.totals[rows], starts=(0,))


def _pooled_logits(counts: Counts) -> Floats:
    copies, totals = counts.copies.sum(axis=1), counts.totals.sum(axis=1)
    share = (copies + 0.5) / (totals + 1.0)
    logits: Floats = np.log(share) - np.log1p(-share)
    return logits


def _modes(
    kernel: Floats, counts: Counts, mean: Floats, *, start: Floats | None = None, search: bool = False
) -> tuple[Floats, Floats]:
    """Newton's method for every allele at once (Rasmussen & Williams, algorithm 3.1) with halved steps where
    the objective falls; returns the dual weights (T, J) and the log evidence (T,). A `search` needs neither the last
    step nor matrices of double precision: steps are checked by the objective, which has it."""
    exact: type[np.floating] = np.float32 if search else np.float64
    dual = np.zeros_like(counts.copies) if start is None else start.copy()
    level = _objective(kernel, counts, mean, dual)
    for _ in range(_ITERATIONS):
        proposal = _newton(kernel, counts, mean, dual, exact)
        better = _objective(kernel, counts, mean, proposal)
        for _ in range(8):
            worse = better < level - 1e-9
            if not worse.any():
                break
            proposal[worse] = (proposal[worse] + dual[worse]) / 2
            better = _objective(kernel, counts, mean, proposal)
        grown = float((better - level).max())
        dual, level = proposal, better
        if grown < (_SEARCH_GAIN if search else _GAIN):
            break
    frequency = _sigmoid(mean[:, None] + dual @ kernel)
    root = np.sqrt(counts.totals * frequency * (1 - frequency))
    lower = np.linalg.cholesky(_stabilised(kernel, root, exact))
    return dual, level - np.log(np.diagonal(lower, axis1=1, axis2=2)).sum(axis=1)


def _newton(kernel: Floats, counts: Counts, mean: Floats, dual: Floats, exact: type[np.floating]) -> Floats:
    deviation = dual @ kernel
    frequency = _sigmoid(mean[:, None] + deviation)
    weight = counts.totals * frequency * (1 - frequency)
    target = weight * deviation + counts.copies - counts.totals * frequency
    root = np.sqrt(weight)
    right = (root * (target @ kernel)).astype(exact)
    solved = np.linalg.solve(_stabilised(kernel, root, exact), right[:, :, None])[:, :, 0]
    found: Floats = target - root * solved
    return found


def _objective(kernel: Floats, counts: Counts, mean: Floats, dual: Floats) -> Floats:
    deviation = dual @ kernel
    latent = mean[:, None] + deviation
    likelihood = counts.copies * latent - counts.totals * np.logaddexp(0.0, latent)
    found: Floats = likelihood.sum(axis=1) - 0.5 * (dual * deviation).sum(axis=1)
    return found


def _stabilised(kernel: Floats, root: Floats, exact: type[np.floating] = np.float64) -> npt.NDArray[np.floating]:
    narrow = root.astype(exact)
    matrix = narrow[:, :, None] * narrow[:, None, :]
    matrix *= kernel.astype(exact)
    matrix[:, np.arange(len(kernel)), np.arange(len(kernel))] += 1.0
    return matrix


def _sigmoid(values: Floats) -> Floats:
    found: Floats = 1.0 / (1.0 + np.exp(-values))
    return found
