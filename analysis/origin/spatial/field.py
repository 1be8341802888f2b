"""Allele frequencies as smooth surfaces: a Gaussian process per allele, fitted by Laplace's method.

The model is that of SCAT (Wasser et al. 2004, PNAS 101: 14847-14852): the logit of an allele's frequency
varies over the map with covariance a0 exp(-(d/a1)^a2), so that near places have similar frequencies.
Instead of a Markov chain, each allele's surface is the mode of its posterior under binomial counts (one
allele against all others), its uncertainty that of the normal distribution at the mode (Rasmussen &
Williams 2006, sections 3.4 and 3.7), and a0, a1, a2 and the site's own deviation are those of the highest
approximate evidence over all alleles. Frequencies of a locus are made to add to one afterwards.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from analysis.origin.spatial.geography import Floats, chord_km, distinct

_MEAN_VARIANCE = 1.0
_ITERATIONS = 25
_GAIN = 1e-4
"""An allele is left alone once its log posterior grew by no more than this: the next step of Newton's method, were it
taken, would gain about its square."""
_COMMON_COPIES = 8
_SEARCH_ALLELES = 64
_SEARCH_STEPS, _SEARCH_GAIN = 2, 1.0
"""A search takes one step of Newton's method for every allele, and a second one where the first gained more than this:
its evidence need not be that of the mode itself."""
_LEAST_WEIGHT = 1e-10
_SMALL = 12
"""Matrices up to this size are inverted as they are, larger ones by halves."""


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


def field_fit(vectors: Floats, counts: Counts) -> Field:
    """Choose the covariance by evidence and fit every allele."""
    return field_at(vectors, counts, covariance_search(vectors, counts))


def field_at(vectors: Floats, counts: Counts, covariance: Covariance) -> Field:
    """Fit every allele under a given covariance."""
    mean = _pooled_logits(counts)
    kernel = covariance.within(chord_km(vectors, vectors))
    dual = _modes(kernel, counts, mean, np.zeros_like(counts.copies))
    frequency = _sigmoid(mean[:, None] + dual @ kernel)
    return Field(
        covariance=covariance,
        counts=counts,
        vectors=vectors,
        mean=mean,
        dual=dual,
        precision=inverse(_observed(kernel, _weight(counts, frequency))).astype(np.float32),
        frequency=frequency,
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
            # The logits at the sites hardly depend on the covariance: from the last ones a step or two are enough.
            begin = np.asarray(np.linalg.solve(kernel, latent.T).T, dtype=np.float64)
            most, gain = (_SEARCH_STEPS, _SEARCH_GAIN) if seen else (_ITERATIONS, _GAIN)
            latent = _modes(kernel, chosen, mean, begin, most=most, gain=gain) @ kernel
            seen[candidate] = log_evidence(kernel, chosen, mean, latent)
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
        here = getattr(best, name)
        scale = here if place >= len(steps) - 2 else 1.0
        others = [replace(best, **{name: scale * value}) for value in values]
        best = _climbed(best, sorted(others, key=lambda one: abs(math.log(getattr(one, name) / here))), evidence, name)
    return best


def _climbed(
    best: Covariance, others: Sequence[Covariance], evidence: Callable[[Covariance], float], name: str
) -> Covariance:
    """The best of neighbours in one parameter, the nearest first: beyond one that is worse than the last on its side
    nothing better is looked for."""
    here = getattr(best, name)
    tops = {False: best, True: best}
    for other in others:
        above = getattr(other, name) > here
        if above in tops and evidence(other) > evidence(tops[above]):
            tops[above] = other
        elif above in tops:
            best = max(best, tops.pop(above), key=evidence)
    return max([best, *tops.values()], key=evidence)


def _informative(counts: Counts) -> Counts:
    common = np.flatnonzero(counts.copies.sum(axis=1) >= _COMMON_COPIES)
    if not len(common):
        common = np.arange(len(counts.copies))
    places = distinct(np.linspace(0, len(common) - 1, min(_SEARCH_ALLELES, len(common))).round().astype(np.intp))
    rows = common[places]
    return Counts(copies=counts.copies[rows], totals=counts.totals[rows], starts=(0,))


def _pooled_logits(counts: Counts) -> Floats:
    copies, totals = counts.copies.sum(axis=1), counts.totals.sum(axis=1)
    share = (copies + 0.5) / (totals + 1.0)
    logits: Floats = np.log(share) - np.log1p(-share)
    return logits


def _modes(
    kernel: Floats, counts: Counts, mean: Floats, start: Floats, *, most: int = _ITERATIONS, gain: float = _GAIN
) -> Floats:
    """Dual weights (T, J) of every allele's mode: Newton's method (Rasmussen & Williams, algorithm 3.1) from `start`,
    in `most` steps, halved where the objective falls; an allele whose step brought less than `gain` is left alone."""
    dual, level = start.copy(), _objective(kernel, counts, mean, start)
    active, asked = np.arange(len(dual)), counts
    for _ in range(most):
        old, before, middle = dual[active], level[active], mean[active]
        proposal = _newton(kernel, asked, middle, old)
        better = _objective(kernel, asked, middle, proposal)
        for _ in range(8):
            worse = better < before - 1e-9
            if not worse.any():
                break
            proposal[worse] = (proposal[worse] + old[worse]) / 2
            better = _objective(kernel, asked, middle, proposal)
        dual[active], level[active] = proposal, better
        active = active[better - before >= gain]
        if not len(active):
            break
        asked = Counts(copies=counts.copies[active], totals=counts.totals[active], starts=(0,))
    return dual


def _newton(kernel: Floats, counts: Counts, mean: Floats, dual: Floats) -> Floats:
    deviation = dual @ kernel
    _, weight, seen = _quadratic(counts, mean, deviation)
    solved = np.linalg.solve(_observed(kernel, weight), seen[:, :, None])
    return np.asarray(solved[:, :, 0], dtype=np.float64)


def _objective(kernel: Floats, counts: Counts, mean: Floats, dual: Floats) -> Floats:
    deviation = dual @ kernel
    found: Floats = _log_likelihood(counts, mean[:, None] + deviation) - 0.5 * (dual * deviation).sum(axis=1)
    return found


def _log_likelihood(counts: Counts, latent: Floats) -> Floats:
    # log(1 + e^x), written so that no e^x is large.
    softplus = np.log(1 + np.exp(-np.abs(latent))) + np.maximum(latent, 0)
    found: Floats = (counts.copies * latent - counts.totals * softplus).sum(axis=1)
    return found


def _quadratic(counts: Counts, mean: Floats, deviation: Floats) -> tuple[Floats, Floats, Floats]:
    """Of the log likelihood about logits that deviate so much from their mean: slope and curvature W (T, J), and the
    deviations at its top, as if they had been seen with variance 1/W."""
    frequency = _sigmoid(mean[:, None] + deviation)
    slope = counts.copies - counts.totals * frequency
    weight = _weight(counts, frequency)
    return slope, weight, deviation + slope / weight


def log_evidence(kernel: Floats, counts: Counts, mean: Floats, deviation: Floats) -> float:
    """Log evidence of all alleles together, the likelihood taken as quadratic about deviations near the mode. At the
    mode it is that of Laplace's method."""
    slope, weight, seen = _quadratic(counts, mean, deviation)
    size = len(kernel)
    # The factor of a matrix with `seen` as one more row: its last row is what solves for the quadratic form.
    matrix = np.empty((len(weight), size + 1, size + 1))
    matrix[:, :size, :size] = kernel
    matrix.reshape(len(matrix), -1)[:, : -size - 1 : size + 2] += 1 / weight
    matrix[:, size, :size] = matrix[:, :size, size] = seen
    matrix[:, size, size] = 1 + (weight * seen**2).sum(axis=1)
    lower = np.linalg.cholesky(matrix)
    volume = np.log(np.diagonal(lower, axis1=1, axis2=2)[:, :size]).sum() + 0.5 * np.log(weight).sum()
    spread = (lower[:, size, :size] ** 2).sum() - (slope**2 / weight).sum()
    return float(_log_likelihood(counts, mean[:, None] + deviation).sum() - volume - 0.5 * spread)


def _weight(counts: Counts, frequency: Floats) -> Floats:
    """(T, J): curvature of the log likelihood in the logit, W; where nothing was typed, next to none."""
    found: Floats = np.maximum(counts.totals * frequency * (1 - frequency), _LEAST_WEIGHT)
    return found


def _observed(kernel: Floats, weight: Floats) -> Floats:
    """(T, J, J): K + 1/W, the covariance of what the copies say of the logits."""
    size = len(kernel)
    matrix = np.empty((len(weight), size, size))
    matrix[:] = kernel
    matrix.reshape(len(matrix), -1)[:, :: size + 1] += 1 / weight
    return matrix


def inverse(matrix: Floats) -> Floats:
    """Inverses of positive definite matrices (T, J, J) by halves (Schur's complement): products of many small matrices
    are several times as fast as their factors."""
    size = matrix.shape[1]
    if size <= _SMALL:
        return np.asarray(np.linalg.inv(matrix), dtype=np.float64)
    half = size // 2
    first, below = inverse(matrix[:, :half, :half]), matrix[:, half:, :half]
    carried = below @ first
    last = inverse(matrix[:, half:, half:] - carried @ below.transpose(0, 2, 1))
    across = last @ carried
    found = np.empty_like(matrix)
    found[:, half:, half:] = last
    np.negative(across, out=found[:, half:, :half])
    found[:, :half, half:] = found[:, half:, :half].transpose(0, 2, 1)
    np.add(first, carried.transpose(0, 2, 1) @ across, out=found[:, :half, :half])
    return found


def _sigmoid(values: Floats) -> Floats:
    found: Floats = 1.0 / (1.0 + np.exp(-values))
    return found
