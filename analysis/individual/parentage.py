"""Is a claimed pair, or one claimed parent, possible? Mendelian contradictions counted against what errors make.

A claim «bred in captivity by these parents» is contradicted where the young shows an allele that neither parent
has. One or two such loci may be a dropped or misread allele or a mutation; how many are to be expected of a true
family under the error model is computed exactly per locus (true trio, then typing errors of all three) and summed
over loci. The pair is excluded where a true family would show as many contradictions with a probability below
`alpha`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.errors import InputRefused
from analysis.genotypes.table import MISSING
from analysis.individual.kinship import ErrorModel, identity_states, observation
from analysis.individual.panel import Floats, Panel, genotype_index

ALPHA = 0.001
FEWEST_LOCI = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class ParentageTest:
    """`contradictions` at `loci` compared; `expected` of a true family by typing errors alone; `p` the probability
    that a true family shows as many; `power` the share of unrelated claimants that would be excluded."""

    loci: int
    contradictions: int
    at: tuple[str, ...]
    expected: float
    p: float
    power: float
    excluded: bool


def pair_test(
    panel: Panel,
    young: npt.NDArray[np.integer],
    mother: npt.NDArray[np.integer],
    father: npt.NDArray[np.integer],
    model: ErrorModel,
    *,
    alpha: float = ALPHA,
) -> ParentageTest:
    """Test both claimed parents together; genotypes are numbers per locus (L,), -1 where not typed.

    Loci at which all three are typed are compared. Raises `InputRefused` for fewer than eight.
    """
    usable = (young != MISSING) & (mother != MISSING) & (father != MISSING)
    bad, chances, powers = [], [], []
    for locus in np.flatnonzero(usable).tolist():
        frequencies = panel.frequencies[locus]
        impossible = trio_contradiction(len(frequencies))
        errors = observation(len(frequencies), model)
        chances.append(_trio_chance(frequencies, errors, impossible))
        pool = _pool(frequencies)
        powers.append(float(np.einsum("m,f,c,mfc->", pool, pool, pool, impossible)))
        if impossible[mother[locus], father[locus], young[locus]]:
            bad.append(panel.loci[locus])
    return _tested(bad, chances, powers, alpha)


def parent_test(
    panel: Panel,
    young: npt.NDArray[np.integer],
    parent: npt.NDArray[np.integer],
    model: ErrorModel,
    *,
    alpha: float = ALPHA,
) -> ParentageTest:
    """Test one claimed parent: a contradiction is a locus without a common allele."""
    usable = (young != MISSING) & (parent != MISSING)
    bad, chances, powers = [], [], []
    for locus in np.flatnonzero(usable).tolist():
        frequencies = panel.frequencies[locus]
        impossible = pair_contradiction(len(frequencies))
        errors = observation(len(frequencies), model)
        seen = errors.T @ identity_states(frequencies, model.theta)[1] @ errors
        chances.append(float(seen[impossible].sum()))
        pool = _pool(frequencies)
        powers.append(float(pool @ impossible @ pool))
        if impossible[parent[locus], young[locus]]:
            bad.append(panel.loci[locus])
    return _tested(bad, chances, powers, alpha)


def trio_contradiction(alleles: int) -> npt.NDArray[np.bool_]:
    """(G, G, G): whether mother, father and young cannot be a family without error."""
    index = genotype_index(alleles)
    count = int(index.max()) + 1
    possible = np.zeros((count, count, count), dtype=np.bool_)
    first, second = np.triu_indices(alleles)
    for egg in (first, second):
        for sperm in (first, second):
            young = index[egg[:, None], sperm[None, :]]
            possible[np.arange(count)[:, None], np.arange(count)[None, :], young] = True
    return ~possible


def pair_contradiction(alleles: int) -> npt.NDArray[np.bool_]:
    """(G, G): whether two genotypes share no allele."""
    first, second = np.triu_indices(alleles)
    shared = np.zeros((len(first), len(first)), dtype=np.bool_)
    for own in (first, second):
        for other in (first, second):
            shared |= own[:, None] == other[None, :]
    return ~shared


def exceedance(chances: Sequence[float], count: int) -> float:
    """P(at least `count` of independent events with these chances), by adding one event after the other."""
    at_most = np.zeros(len(chances) + 1)
    at_most[0] = 1.0
    for chance in chances:
        at_most[1:] = at_most[1:] * (1 - chance) + at_most[:-1] * chance
        at_most[0] *= 1 - chance
    return float(at_most[count:].sum())


def _tested(bad: list[str], chances: list[float], powers: list[float], alpha: float) -> ParentageTest:
    if len(chances) < FEWEST_LOCI:
        raise InputRefused(
            f"The animals are typed together at {len(chances)} loci; {FEWEST_LOCI} are needed.",
            remedy="Type more loci; with so few, no claim can be tested.",
        )
    limit = next(count for count in range(len(chances) + 2) if exceedance(chances, count) < alpha)
    p = exceedance(chances, len(bad))
    return ParentageTest(
        loci=len(chances),
        contradictions=len(bad),
        at=tuple(bad),
        expected=float(sum(chances)),
        p=p,
        power=exceedance(powers, limit),
        excluded=p < alpha,
    )


def _pool(frequencies: Floats) -> Floats:
    first, second = np.triu_indices(len(frequencies))
    found: Floats = frequencies[first] * frequencies[second] * np.where(first == second, 1.0, 2.0)
    return found


def _trio_chance(frequencies: Floats, errors: Floats, impossible: npt.NDArray[np.bool_]) -> float:
    """Probability that a true family, as it is typed, looks impossible at a locus."""
    index = genotype_index(len(frequencies))
    first, second = np.triu_indices(len(frequencies))
    pool = _pool(frequencies)
    truth = np.zeros((len(pool),) * 3)
    rows, columns = np.arange(len(pool))[:, None], np.arange(len(pool))[None, :]
    for egg in (first, second):
        for sperm in (first, second):
            np.add.at(truth, (rows, columns, index[egg[:, None], sperm[None, :]]), 0.25 * np.outer(pool, pool))
    seen = np.einsum("abc,ai,bj,ck->ijk", truth, errors, errors, errors, optimize=True)
    return float(seen[impossible].sum())
