"""How far a likelihood ratio may be off because allele frequencies were counted in a finite sample.

A locus's frequencies have the Dirichlet posterior of the counts (prior 1/K, as in `panel_of`); loci are independent.
The variance of the logarithm of a ratio follows from its derivatives by the frequencies (delta method: Chakraborty,
Srinivasan & Daiger 1993, Am. J. Hum. Genet. 52: 60-70; why the sampling of frequencies belongs beside a ratio: Curran,
Buckleton & Triggs 2002, Sci. Justice 42: 29-37). Of a pair at a locus only the alleles seen matter: all others are one
«rest», which changes no probability, for drawing, dropout and misreading treat them alike. So a pair costs at most five
alleles, whatever the locus has.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from analysis.genotypes.table import MISSING
from analysis.individual.kinship import RELATIONSHIPS, ErrorModel
from analysis.individual.panel import Floats, Panel

Numbers = npt.NDArray[np.integer]
Z_95 = 1.959964
_Pattern = tuple[int, int, int, int]
_STEP = 1e-5
_CHUNK = 2_000


def ratio_variances(panel: Panel, model: ErrorModel, left: Numbers, right: Numbers) -> Floats:
    """(P, R): variance of the natural logarithm of the ratio of pairs, for each of `RELATIONSHIPS`.

    `left` and `right` (L, P) are genotype numbers, -1 where not typed.
    """
    found = np.zeros((left.shape[1], len(RELATIONSHIPS)))
    for locus, frequencies in enumerate(panel.frequencies):
        both = np.flatnonzero((left[locus] != MISSING) & (right[locus] != MISSING))
        if not both.size:
            continue
        pairs = np.stack([left[locus, both], right[locus, both]], axis=1)
        kinds, place = np.unique(pairs, axis=0, return_inverse=True)
        found[both] += _kinds(frequencies, panel.copies[locus], model, kinds)[place.ravel()]
    return found


def _kinds(frequencies: Floats, copies: int, model: ErrorModel, kinds: Numbers) -> Floats:
    """(K, R): variances of pairs of genotype numbers (K, 2) at a locus."""
    alleles = np.stack(np.triu_indices(len(frequencies)), axis=1)
    seen = alleles[kinds].reshape(len(kinds), 4)
    by_pattern: dict[_Pattern, list[int]] = {}
    for row, four in enumerate(seen.tolist()):
        by_pattern.setdefault(_pattern(four), []).append(row)
    found = np.zeros((len(kinds), len(RELATIONSHIPS)))
    for pattern, rows in by_pattern.items():
        for start in range(0, len(rows), _CHUNK):
            some = rows[start : start + _CHUNK]
            shares = _shares(frequencies, seen[some], pattern)
            slopes = _slopes(shares, pattern, model, len(frequencies))
            mean = (shares[:, :, None] * slopes).sum(axis=1)
            found[some] = ((shares[:, :, None] * slopes**2).sum(axis=1) - mean**2) / (copies + 2)
    return found


def _pattern(four: list[int]) -> _Pattern:
    """Which of the four alleles are alike: numbers in the order of first sight."""
    order = list(dict.fromkeys(four))
    one, two, three, last = (order.index(allele) for allele in four)
    return one, two, three, last


def _shares(frequencies: Floats, seen: Numbers, pattern: _Pattern) -> Floats:
    """(M, D + 1): frequencies of the D alleles a pattern tells apart, and of all others together."""
    places = [pattern.index(label) for label in range(max(pattern) + 1)]
    known = frequencies[seen[:, places]]
    rest = np.maximum(1.0 - known.sum(axis=1, keepdims=True), 0.0)
    return np.concatenate([known, np.where(rest < 1e-12, 0.0, rest)], axis=1)


def _slopes(shares: Floats, pattern: _Pattern, model: ErrorModel, alleles: int) -> Floats:
    """(M, D + 1, R): derivatives of the logarithm of the ratios by each frequency; 0 where that is 0."""
    found = np.zeros((*shares.shape, len(RELATIONSHIPS)))
    for label in range(shares.shape[1]):
        step = _STEP * shares[:, label]
        some = np.flatnonzero(step > 0)
        if not some.size:
            continue
        ends = []
        for sign in (1.0, -1.0):
            moved = shares[some].copy()
            moved[:, label] += sign * step[some]
            ends.append(log_ratios(moved, pattern, model, alleles))
        with np.errstate(invalid="ignore"):
            slope = (ends[0] - ends[1]) / (2 * step[some])[:, None]
        found[some, label] = np.where(np.isfinite(slope), slope, 0.0)
    return found


def log_ratios(shares: Floats, pattern: _Pattern, model: ErrorModel, alleles: int) -> Floats:
    """(M, R): natural logarithm of the ratio of each relationship for a pattern of alleles with the given frequencies
    (M, D + 1), at a locus of so many alleles; -inf for what cannot be."""
    none, one, two = _weights(pattern, model.dropout, model.miscall, alleles)
    theta, count = model.theta, shares.shape[1]
    rest = (1 - theta) * shares
    same = theta * np.eye(count)
    second = same[None] + rest[:, None, :]
    pair = shares[:, :, None] * second
    third = (same[:, None, :] + same[None, :, :])[None] + rest[:, None, None, :]
    three = pair[:, :, :, None] * third / (1 + theta)
    fourth = (same[:, None, None, :] + same[None, :, None, :] + same[None, None, :, :])[None]
    four = three[:, :, :, :, None] * (fourth + rest[:, None, None, None, :]) / (1 + 2 * theta)
    states = [
        values.reshape(len(shares), -1) @ weight.ravel() for values, weight in ((four, none), (three, one), (pair, two))
    ]
    joint = [sum(k * state for k, state in zip(shared, states, strict=True)) for shared in RELATIONSHIPS.values()]
    with np.errstate(divide="ignore"):
        found: Floats = np.log(np.stack(joint, axis=1)) - np.log(states[0])[:, None]
    return found


@lru_cache(maxsize=4096)
def _weights(pattern: _Pattern, dropout: float, miscall: float, alleles: int) -> tuple[Floats, Floats, Floats]:
    """Probability of observing the pattern's two genotypes given true alleles: four drawn apart (a, b), (c, d); three
    of which the first is in both animals; two that are in both."""
    count = max(pattern) + 2
    first = _observed(pattern[:2], count, dropout, miscall, alleles)
    second = _observed(pattern[2:], count, dropout, miscall, alleles)
    return (
        first[:, :, None, None] * second[None, None, :, :],
        first[:, :, None] * second[:, None, :],
        first * second,
    )


def _observed(seen: tuple[int, ...], count: int, dropout: float, miscall: float, alleles: int) -> Floats:
    """(D + 1, D + 1): probability of seeing a genotype given its two true alleles; the last is the rest."""
    read = np.full((count, count), miscall / max(alleles - 1, 1))
    np.fill_diagonal(read, 1 - miscall if alleles > 1 else 1.0)
    a, b = read[:, seen[0]], read[:, seen[1]]
    kept = np.outer(a, b) if seen[0] == seen[1] else np.outer(a, b) + np.outer(b, a)
    alone = np.diagonal(kept)
    found: Floats = (1 - dropout) * kept + dropout / 2 * (alone[:, None] + alone[None, :])
    np.fill_diagonal(found, alone)
    return found
