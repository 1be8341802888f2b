"""Evidence between two seizures: direct matches, and kin evidence added up per pair of seizures.

Among thousands of animals many unrelated pairs look related by chance, so a single kin pair is never shown as a
link. For each pair of seizures, the pairs of animals that reach a bin of likelihood ratios are counted and
compared with how many would be expected by chance. A bin's weight is (observed - expected) / observed, not below
zero; the similarity of two seizures is the sum of weights over their kin pairs plus five times the number of direct
matches beyond those expected (scheme of Wasser et al. 2022, Nat. Hum. Behav. 6: 371-382, as documented with their
program). The published scheme draws a link from a similarity of 1; between large seizures chance alone reaches that,
so here the number of kin pairs must besides be too large for chance: the smallest Poisson probability of so many pairs
from one of the bins upwards, times the number of bins, is at most the budget over the number of pairs of seizures
compared. So a whole search is expected to draw at most `budget` chance links from kin evidence. Only from two pairs
upwards is a count weighed at all.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from analysis.errors import InputRefused
from analysis.individual.linkrules import LinkRule

NONE, DIRECT, KIN, BOTH = "none", "direct", "kin", "both"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What was found between two seizures, beside what chance lets expect.

    `observed` and `expected` are kin pairs per bin, `p` the probability of counts like these by chance (see above).
    `basis` names what makes it a link: `direct`, `kin`, `both`, or `none`.
    """

    pairs_compared: int
    direct: int
    direct_expected: float
    observed: tuple[int, ...]
    expected: tuple[float, ...]
    p: float
    similarity: float
    basis: str

    @property
    def shown(self) -> bool:
        """Whether this is a link."""
        return self.basis != NONE


def evidence_of(
    *,
    pairs_compared: int,
    direct: int,
    direct_expected: float,
    observed: Sequence[int],
    expected: Sequence[float],
    rule: LinkRule,
    comparisons: int,
) -> Evidence:
    """Weigh two seizures; `comparisons` is the number of pairs of seizures in the whole search.

    Raises `InputRefused` where the bins do not fit the rule, or something is expected below zero.
    """
    if not len(observed) == len(expected) == len(rule.bins):
        raise InputRefused(
            f"{len(observed)} counts and {len(expected)} expectations for {len(rule.bins)} bins.",
            field="bins",
            remedy="Give one per bin.",
        )
    if min([direct_expected, *expected]) < 0 or comparisons < 1:
        raise InputRefused("Chance finds are counted from 0 on.", field="expected", remedy="Compute them again.")
    excess = sum(max(seen - chance, 0.0) for seen, chance in zip(observed, expected, strict=True))
    similarity = excess + rule.direct_weight * max(direct - direct_expected, 0.0)
    p = chance_of(observed, expected, least=rule.least_kin_pairs)
    kin = excess >= rule.shown_from and p <= rule.budget / comparisons
    return Evidence(
        pairs_compared=pairs_compared,
        direct=direct,
        direct_expected=direct_expected,
        observed=tuple(observed),
        expected=tuple(expected),
        p=p,
        similarity=similarity,
        basis={(False, False): NONE, (True, False): DIRECT, (False, True): KIN, (True, True): BOTH}[direct > 0, kin],
    )


def chance_of(observed: Sequence[int], expected: Sequence[float], *, least: int) -> float:
    """Probability by chance of counts per bin at least as telling, over every bin and upwards (Bonferroni)."""
    tails = [
        poisson_tail(sum(observed[place:]), math.fsum(expected[place:]))
        for place in range(len(observed))
        if sum(observed[place:]) >= least
    ]
    return min(1.0, len(observed) * min(tails)) if tails else 1.0


def direct_bound(pairs: int, rule: LinkRule) -> float:
    """log10 of the likelihood ratio from which two profiles are one animal, in a search of so many pairs.

    The expected ratio of unrelated pairs is 1, so among N pairs at most N / LR reach LR by chance (Markov); the
    bound rises with the search until that is the budget.
    """
    return max(rule.direct_least_log10, math.log10(max(pairs, 1) / rule.budget))


def poisson_tail(count: int, mean: float) -> float:
    """P(X >= count) of a Poisson variable; terms are added from the side that keeps small values exact."""
    if count <= 0:
        return 1.0
    if mean <= 0:
        return 0.0
    if count <= mean:
        return max(1.0 - math.fsum(_poisson(k, mean) for k in range(count)), 0.0)
    total, term, k = 0.0, _poisson(count, mean), count
    while term > total * 1e-17 and term > 0.0:
        total += term
        k += 1
        term *= mean / k
    return min(total, 1.0)


def _poisson(k: int, mean: float) -> float:
    return math.exp(k * math.log(mean) - mean - math.lgamma(k + 1))
