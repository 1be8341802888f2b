"""Is a claimed pair, or one claimed parent, possible? Mendelian contradictions counted against what errors make.

A claim «bred in captivity by these parents» is contradicted where the young shows an allele that neither parent
has. One or two such loci may be a dropped or misread allele or a mutation; how many are to be expected of a true
family under the error model is computed exactly per locus (true trio, then typing errors of all three) and summed
over loci. The pair is excluded where a true family would show as many contradictions with a probability below
`alpha`. How often a false claim would be excluded is computed the same way for those who are nearest to the true
parents: their full siblings, and full siblings of the young.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from analysis.errors import InputRefused
from analysis.genotypes.table import MISSING
from analysis.individual.kinship import ErrorModel, identity_states, observation
from analysis.individual.panel import Floats, Panel

ALPHA = 0.001
FEWEST_LOCI = 8
TRUE = "true"
PAIR_WRONG = ("unrelated", "one_unrelated", "one_sibling")
"""Who a claimed pair may be instead: two unrelated animals; one parent and an unrelated animal; one parent and a full
sibling of the other."""
PARENT_WRONG = ("unrelated", "sibling", "young_sibling")
"""Who one claimed parent may be instead: an unrelated animal, a full sibling of the parent, one of the young."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParentageTest:
    """`contradictions` at `loci` compared; `expected` of a true family by typing errors alone; `p` the probability
    that a true family shows as many; `powers` the share of false claims that would be excluded, by who the claimed
    are (`PAIR_WRONG` or `PARENT_WRONG`)."""

    loci: int
    contradictions: int
    at: tuple[str, ...]
    expected: float
    p: float
    powers: Mapping[str, float]
    excluded: bool

    @property
    def power(self) -> float:
        """The share of unrelated claimants that would be excluded."""
        return self.powers["unrelated"]


class Mendel:
    """The tests on one panel under one error model; each locus is worked out once, when it is first compared."""

    def __init__(self, panel: Panel, model: ErrorModel) -> None:
        self.panel, self.model = panel, model
        self._names: list[list[tuple[int, int]]] = [_genotypes(len(one)) for one in panel.frequencies]
        self._pairs: dict[int, Mapping[str, float]] = {}
        self._parents: dict[int, Mapping[str, float]] = {}

    def pair(
        self,
        young: npt.NDArray[np.integer],
        mother: npt.NDArray[np.integer],
        father: npt.NDArray[np.integer],
        *,
        alpha: float = ALPHA,
    ) -> ParentageTest:
        """Test both claimed parents together; genotypes are numbers per locus (L,), -1 where not typed.

        Loci at which all three are typed are compared. Raises `InputRefused` for fewer than eight.
        """
        usable = (young != MISSING) & (mother != MISSING) & (father != MISSING)
        bad, chances = [], []
        for locus in np.flatnonzero(usable).tolist():
            names = self._names[locus]
            if not trio_possible(*(names[int(one[locus])] for one in (mother, father, young))):
                bad.append(self.panel.loci[locus])
            if locus not in self._pairs:
                self._pairs[locus] = pair_chances(self.panel.frequencies[locus], self.model)
            chances.append(self._pairs[locus])
        return _tested(bad, chances, PAIR_WRONG, alpha)

    def parent(
        self, young: npt.NDArray[np.integer], parent: npt.NDArray[np.integer], *, alpha: float = ALPHA
    ) -> ParentageTest:
        """Test one claimed parent: a contradiction is a locus without a common allele. As `pair`."""
        usable = (young != MISSING) & (parent != MISSING)
        bad, chances = [], []
        for locus in np.flatnonzero(usable).tolist():
            names = self._names[locus]
            if not set(names[int(young[locus])]) & set(names[int(parent[locus])]):
                bad.append(self.panel.loci[locus])
            if locus not in self._parents:
                self._parents[locus] = parent_chances(self.panel.frequencies[locus], self.model)
            chances.append(self._parents[locus])
        return _tested(bad, chances, PARENT_WRONG, alpha)


def _genotypes(alleles: int) -> list[tuple[int, int]]:
    """Alleles of each genotype, in the order of their numbers."""
    first, second = np.triu_indices(alleles)
    return list(zip(first.tolist(), second.tolist(), strict=True))


def trio_possible(mother: tuple[int, int], father: tuple[int, int], young: tuple[int, int]) -> bool:
    """Whether one allele of the young can come from each parent."""
    a, b = young
    return (a in mother and b in father) or (b in mother and a in father)


def pair_chances(frequencies: Floats, model: ErrorModel) -> Mapping[str, float]:
    """How often a trio, as it is typed, looks impossible at a locus, by who the claimed pair is.

    Alleles of one subpopulation are drawn one after the other (Balding & Nichols 1994, θ of `model`): those of true
    parents, of unrelated claimants, and what the young has from parents that are not among the claimed. A full
    sibling of the true parent carries the very copy the young got with probability 1/2, and else two further draws.
    """
    alleles = len(frequencies)
    found = {}
    for who, draws in _FAMILIES.items():
        both, one = _possible(alleles, model.dropout, model.miscall, who)
        first, second = np.triu_indices(alleles, 1)
        a, b = frequencies[first], frequencies[second]
        pairs = np.stack([a, b, np.maximum(1.0 - a - b, 0.0)])
        singles = np.stack([frequencies, np.zeros(alleles), 1.0 - frequencies])
        possible = sum(
            float(chance * _urn(classes, counts, model.theta, draws).sum())
            for classes, table in ((pairs, both), (singles, one))
            for counts, chance in table.items()
        )
        found[who] = min(max(1.0 - possible, 0.0), 1.0)
    found["one_sibling"] = (found[TRUE] + found["one_unrelated"]) / 2
    return MappingProxyType(found)


_FAMILIES: Mapping[str, int] = MappingProxyType({TRUE: 4, "one_unrelated": 5, "unrelated": 6})
"""Alleles that are drawn: two of each claimed parent, and those of the young that neither of them passed on."""
_A, _B, _OTHER = range(3)
Counts = tuple[int, int, int]


@lru_cache(maxsize=512)
def _possible(
    alleles: int, dropout: float, miscall: float, who: str
) -> tuple[Mapping[Counts, float], Mapping[Counts, float]]:
    """How often a trio looks possible, by how many of the alleles drawn are a, b or another: (young «ab», young «aa»).

    Dropout and miscall treat all alleles alike, so for a young that is seen as «ab» every other allele is one class:
    the sum over all families needs 3^6 rows, however many alleles the locus has.
    """
    miscall = miscall if alleles > 1 else 0.0  # there is nothing to misread it as
    share = miscall / max(alleles - 1, 1)
    seen = {(x, y): _seen((x, y), share, dropout, miscall) for x, y in product(range(3), repeat=2)}
    draws = _FAMILIES[who]
    found: tuple[dict[Counts, float], dict[Counts, float]] = ({}, {})
    for row in product(range(3), repeat=draws):
        young = {4: (row[0], row[2]), 5: (row[0], row[-1]), 6: (row[-2], row[-1])}[draws]
        counts = (row.count(_A), row.count(_B), row.count(_OTHER))
        one, other, own = seen[row[0], row[1]], seen[row[2], row[3]], seen[young]
        either = one.a * other.b + one.b * other.a - one.ab * other.ab
        found[0][counts] = found[0].get(counts, 0.0) + own.ab * either
        if not counts[_B]:
            found[1][counts] = found[1].get(counts, 0.0) + own.aa * one.a * other.a
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """Probabilities that a genotype is typed as one that holds a, that holds b, as «ab», as «aa»."""

    a: float
    b: float
    ab: float
    aa: float


def _seen(genotype: tuple[int, int], share: float, dropout: float, miscall: float) -> _Seen:
    """`share`: probability that a copy of another allele is read as a, which is that of being read as b."""
    x, y = genotype
    left = [(1.0, x, y)] if x == y != _OTHER else [(1 - dropout, x, y), (dropout / 2, x, x), (dropout / 2, y, y)]
    a = b = ab = aa = 0.0
    for chance, one, other in left:
        as_a, as_b = ([1 - miscall if copy == allele else share for copy in (one, other)] for allele in (_A, _B))
        a += chance * (1 - (1 - as_a[0]) * (1 - as_a[1]))
        b += chance * (1 - (1 - as_b[0]) * (1 - as_b[1]))
        ab += chance * (as_a[0] * as_b[1] + as_b[0] * as_a[1])
        aa += chance * as_a[0] * as_a[1]
    return _Seen(a=a, b=b, ab=ab, aa=aa)


def _urn(classes: Floats, counts: Counts, theta: float, draws: int) -> Floats:
    """Probability of a row of alleles that holds so many of each class, by the frequencies of the `classes` (3, N)."""
    total = np.ones(classes.shape[1])
    for frequency, count in zip(classes, counts, strict=True):
        for place in range(count):
            total = total * ((1 - theta) * frequency + place * theta)
    below = math.prod(1 - theta + place * theta for place in range(draws))
    found: Floats = total / below
    return found


def parent_chances(frequencies: Floats, model: ErrorModel) -> Mapping[str, float]:
    """How often young and parent, as they are typed, share no allele at a locus, by who the claimed parent is."""
    errors = observation(len(frequencies), model)
    apart = pair_contradiction(len(frequencies))
    none, one, two = (
        float((errors.T @ state @ errors)[apart].sum()) for state in identity_states(frequencies, model.theta)
    )
    found = {
        TRUE: one,
        "unrelated": none,
        "sibling": (none + one) / 2,
        "young_sibling": none / 4 + one / 2 + two / 4,
    }
    return MappingProxyType(found)


def pair_contradiction(alleles: int) -> npt.NDArray[np.bool_]:
    """(G, G): whether two genotypes share no allele."""
    first, second = np.triu_indices(alleles)
    shared = np.zeros((len(first), len(first)), dtype=np.bool_)
    for own in (first, second):
        for other in (first, second):
            shared |= own[:, None] == other[None, :]
    return ~shared


def exceedance(chances: Sequence[float]) -> list[float]:
    """P(at least n of independent events with these chances) for n from 0 to one more than there are."""
    exactly = np.zeros(len(chances) + 1)
    exactly[0] = 1.0
    for chance in chances:
        exactly[1:] = exactly[1:] * (1 - chance) + exactly[:-1] * chance
        exactly[0] *= 1 - chance
    return [*np.cumsum(exactly[::-1])[::-1].tolist(), 0.0]


def _tested(
    bad: list[str], chances: Sequence[Mapping[str, float]], wrong: Sequence[str], alpha: float
) -> ParentageTest:
    if len(chances) < FEWEST_LOCI:
        raise InputRefused(
            f"The animals are typed together at {len(chances)} loci; {FEWEST_LOCI} are needed.",
            remedy="Type more loci; with so few, no claim can be tested.",
        )
    true = [one[TRUE] for one in chances]
    tail = exceedance(true)
    limit = next(count for count, share in enumerate(tail) if share < alpha)
    p = tail[len(bad)]
    powers = {name: exceedance([one[name] for one in chances])[limit] for name in wrong}
    return ParentageTest(
        loci=len(true),
        contradictions=len(bad),
        at=tuple(bad),
        expected=float(sum(true)),
        p=p,
        powers=MappingProxyType(powers),
        excluded=p < alpha,
    )


def alpha_check(alpha: float) -> None:
    """Raises `InputRefused` for a level that is no small probability."""
    if not 0 < alpha <= 0.5:
        raise InputRefused(
            f"alpha is {alpha:g}.", field="alpha", remedy="Choose above 0 and up to 0.5; 0.001 is usual."
        )
