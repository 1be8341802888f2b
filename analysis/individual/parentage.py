"""Is a claimed pair, or one claimed parent, possible? Mendelian contradictions counted against what errors make.

A claim «bred in captivity by these parents» is contradicted where the young shows an allele that neither parent
has. One or two such loci may be a dropped or misread allele or a mutation; how many are to be expected of a true
family under the error model is computed exactly per locus (true trio, then typing errors of all three) and summed
over loci. The pair is excluded where a true family would show as many contradictions with a probability below
`alpha`. How often a false claim would be excluded is computed the same way for those who are nearest to the true
parents: their full siblings, and full siblings of the young.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from analysis.errors import InputRefused
from analysis.genotypes.table import MISSING
from analysis.individual.kinship import ErrorModel, identity_states, observation
from analysis.individual.panel import Floats, Panel, genotype_index

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

    The alleles of unrelated animals are drawn independently (θ enters the tests of one parent only). A full sibling of
    the true parent carries the very copy that the young got with probability 1/2, and else an independent genotype.
    """
    errors = observation(len(frequencies), model)
    first, second = np.triu_indices(len(frequencies))
    pool = frequencies[first] * frequencies[second] * np.where(first == second, 1.0, 2.0)
    passed = np.zeros((len(frequencies), len(pool)))
    for allele in (first, second):
        np.add.at(passed, (allele, np.arange(len(pool))), 0.5 * pool)
    own = passed @ errors
    other = np.outer(frequencies, pool @ errors)
    found = {
        TRUE: _impossible(own, own, errors),
        "one_unrelated": _impossible(own, other, errors),
        "unrelated": _impossible(other, other, errors),
    }
    found["one_sibling"] = (found[TRUE] + found["one_unrelated"]) / 2
    return MappingProxyType(found)


def _impossible(one: Floats, other: Floats, errors: Floats) -> float:
    """`one` and `other` (A, G): probability that a parent's side passes an allele on and is seen with a genotype."""
    alleles = len(one)
    index = genotype_index(alleles)
    first, second = np.triu_indices(alleles)
    holds = (first[:, None] == np.arange(alleles)) | (second[:, None] == np.arange(alleles))
    sides = one @ holds, other @ holds
    possible = 0.0
    for seen, (a, b) in enumerate(zip(first.tolist(), second.tolist(), strict=True)):
        (left, right), shown = sides, errors[index, seen]
        both = [side[:, a] if a == b else whole[:, seen] for side, whole in zip(sides, (one, other), strict=True)]
        possible += float(
            left[:, a] @ shown @ right[:, b] + left[:, b] @ shown @ right[:, a] - both[0] @ shown @ both[1]
        )
    return min(max(1.0 - possible, 0.0), 1.0)


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
