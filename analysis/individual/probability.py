"""How rare a genotype is: match probability, probability of identity, and of siblings."""

from __future__ import annotations

from collections.abc import Sequence

from analysis.individual.panel import Floats


def match_probability(first: float, second: float, *, same: bool, theta: float) -> float:
    """Probability that another animal of the population shows the same genotype at a locus.

    National Research Council (1996), formula 4.10, after Balding & Nichols (1994); `first` and `second` are
    the frequencies of the two alleles.
    """
    below = (1 + theta) * (1 + 2 * theta)
    if same:
        return (2 * theta + (1 - theta) * first) * (3 * theta + (1 - theta) * first) / below
    return 2 * (theta + (1 - theta) * first) * (theta + (1 - theta) * second) / below


def probability_of_identity(frequencies: Sequence[Floats]) -> float:
    """PI over loci: two unrelated animals show one genotype (Paetkau & Strobeck 1994).

    Per locus 2 (sum p^2)^2 - sum p^4. Observed values lie up to three orders of magnitude higher
    (Waits et al. 2001), so `probability_of_identity_siblings` is the conservative bound.
    """
    product = 1.0
    for p in frequencies:
        squares = float((p**2).sum())
        product *= 2 * squares**2 - float((p**4).sum())
    return product


def probability_of_identity_siblings(frequencies: Sequence[Floats]) -> float:
    """PI of full siblings over loci (Evett & Weir 1998): 1/4 + s/2 + s^2/2 - sum p^4 / 4, s = sum p^2."""
    product = 1.0
    for p in frequencies:
        squares = float((p**2).sum())
        product *= 0.25 + 0.5 * squares + 0.5 * squares**2 - 0.25 * float((p**4).sum())
    return product
