"""Likelihood ratios of a relationship against «unrelated», per locus and pair of genotypes.

Two animals share 0, 1 or 2 alleles identical by descent with probabilities k0, k1, k2 (Cotterman
coefficients). The alleles that are not shared are drawn one after the other from a structured population
(Balding & Nichols 1994): having seen j alleles, m of them a, the next is a with probability
(m theta + (1 - theta) p) / (1 + (j - 1) theta). Joint probabilities are sums over the draws themselves,
so they add to 1 by construction; published code for ivory enumerates cases and misses part of one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from analysis.errors import InputRefused
from analysis.individual.panel import Floats, genotype_index

RELATIONSHIPS: Mapping[str, tuple[float, float, float]] = MappingProxyType(
    {
        "identity": (0.0, 0.0, 1.0),
        "parent_offspring": (0.0, 1.0, 0.0),
        "full_siblings": (0.25, 0.5, 0.25),
        "half_siblings": (0.5, 0.5, 0.0),
    }
)
"""k0, k1, k2 of animals that are not inbred. Half siblings stand for all second-degree relatives."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorModel:
    """`theta`: coancestry of the population (0.03: NRC II 1996 for small, isolated groups).

    `dropout`: probability that a heterozygote shows one of its alleles only, either equally; `miscall`:
    probability that one allele copy is read as another, all others equally.
    """

    theta: float = 0.03
    dropout: float = 0.01
    miscall: float = 0.005

    def __post_init__(self) -> None:
        for name in ("theta", "dropout", "miscall"):
            if not 0 <= getattr(self, name) < 1:
                raise InputRefused(f"{name} is {getattr(self, name)}.", field=name, remedy="Choose from 0 to below 1.")


@dataclass(frozen=True, slots=True, kw_only=True)
class LocusTables:
    """`joint[name]` (G, G) probabilities of pairs of observed genotypes, `unrelated` the same for none."""

    unrelated: Floats
    joint: Mapping[str, Floats]

    def log_ratio(self, name: str) -> Floats:
        """(G, G): natural logarithm of the likelihood ratio; -inf for a pair that cannot be."""
        with np.errstate(divide="ignore"):
            ratio: Floats = np.log(self.joint[name]) - np.log(self.unrelated)
        return ratio


def locus_tables(frequencies: Floats, model: ErrorModel) -> LocusTables:
    """All relationships' tables for a locus with allele frequencies (A,), G = A(A+1)/2."""
    none, one, two = identity_states(frequencies, model.theta)
    errors = observation(len(frequencies), model)
    seen = [errors.T @ state @ errors for state in (none, one, two)]
    joint = {
        name: sum((k * state for k, state in zip(shares, seen, strict=True)), np.zeros_like(seen[0]))
        for name, shares in RELATIONSHIPS.items()
    }
    return LocusTables(unrelated=seen[0], joint=MappingProxyType(joint))


def identity_states(frequencies: Floats, theta: float) -> tuple[Floats, Floats, Floats]:
    """Joint probabilities (G, G) of two true genotypes that share 0, 1 or 2 alleles by descent."""
    index = genotype_index(len(frequencies))
    count = int(index.max()) + 1
    first, second = np.triu_indices(len(frequencies))
    pair = _drawn(frequencies, theta, [first, second]) * np.where(first == second, 1.0, 2.0)
    two = np.diag(pair)
    a, b = first[:, None], second[:, None]
    c, d = first[None, :], second[None, :]
    orders = np.where(a == b, 1.0, 2.0) * np.where(c == d, 1.0, 2.0)
    none = orders * _drawn(frequencies, theta, [a, b, c, d])
    one = np.zeros((count, count))
    shared, left, right = np.indices((len(frequencies),) * 3)
    np.add.at(one, (index[shared, left], index[shared, right]), _drawn(frequencies, theta, [shared, left, right]))
    return none, one, two


def observation(alleles: int, model: ErrorModel) -> Floats:
    """(G, G): probability of the observed genotype (column) given the true one (row); rows add to 1."""
    index = genotype_index(alleles)
    count = int(index.max()) + 1
    first, second = np.triu_indices(alleles)
    dropped = np.zeros((count, count))
    rows = np.arange(count)
    het = first != second
    np.add.at(dropped, (rows, rows), np.where(het, 1 - model.dropout, 1.0))
    for kept in (first, second):
        np.add.at(dropped, (rows, index[kept, kept]), np.where(het, model.dropout / 2, 0.0))
    copy = np.full((alleles, alleles), model.miscall / max(alleles - 1, 1))
    np.fill_diagonal(copy, 1 - model.miscall if alleles > 1 else 1.0)
    read = np.zeros((count, count))
    for row in range(count):
        both = np.outer(copy[first[row]], copy[second[row]])
        read[row] = np.bincount(index.ravel(), weights=both.ravel(), minlength=count)
    return dropped @ read


def _drawn(frequencies: Floats, theta: float, draws: list[np.ndarray]) -> Floats:
    """Probability of an ordered sequence of alleles; the arrays broadcast."""
    total: Floats = np.ones(1)
    for place, allele in enumerate(draws):
        chance = (1 - theta) * frequencies[allele]
        if place == 0:
            total = total * frequencies[allele]
            continue
        seen = sum((np.equal(allele, other).astype(float) for other in draws[:place]), np.zeros(1))
        total = total * (seen * theta + chance) / (1 + (place - 1) * theta)
    return total
