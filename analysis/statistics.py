"""Exact intervals for counted errors, and the upper tail of chi-square."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Final

_LEAST: Final = 1e-300
"""What stands for a denominator of zero in a continued fraction."""
_HALVINGS: Final = 45
_STILL: Final = 2.0**-48
_BESIDE: Final = 1.01
"""How much larger a second share to begin with is, or how much smaller what is left of it."""


@lru_cache(maxsize=4096)
def binomial_interval(count: int, total: int, *, level: float = 0.95) -> tuple[float, float]:
    """Clopper–Pearson interval of a proportion (Biometrika 1934, 26, 404–413).

    For `total` = 0 nothing is known and the interval is (0, 1). Raises `ValueError` unless
    0 ≤ count ≤ total.
    """
    if not 0 <= count <= total:
        raise ValueError(f"{count} of {total} is no proportion")
    tail = (1.0 - level) / 2.0
    return _quantile(count, total - count + 1, tail), _quantile(count + 1, total - count, 1.0 - tail)


def _quantile(a: int, b: int, share: float) -> float:
    """Where I_x(a, b) is `share`; 0 for a = 0, 1 for b = 0."""
    if not a or not b:
        return float(not b)
    return _solve(lambda x: beta_share(a, b, x) - share, _nearly(a, b, share))


def _nearly(a: int, b: int, share: float) -> float:
    """About where I_x(a, b) is `share` (Abramowitz & Stegun 26.2.23 and 26.5.22): where to begin, no more."""
    t = math.sqrt(-2.0 * math.log(min(share, 1.0 - share)))
    y = t - (2.515517 + t * (0.802853 + t * 0.010328)) / (1.0 + t * (1.432788 + t * (0.189269 + t * 0.001308)))
    y = y if share < 0.5 else -y
    one, other = 1.0 / (2 * a - 1), 1.0 / (2 * b - 1)
    curved, mean = (y * y - 3.0) / 6.0, 2.0 / (one + other)
    w = y * math.sqrt(max(mean + curved, _STILL)) / mean - (other - one) * (curved + 5.0 / 6.0 - 2.0 / (3.0 * mean))
    return a / (a + b * math.exp(2.0 * w))


def beta_share(a: float, b: float, x: float) -> float:
    """The regularised incomplete beta function I_x(a, b), for a, b > 0 and 0 ≤ x ≤ 1.

    By its continued fraction (Abramowitz & Stegun 26.5.8), evaluated by Lentz's method; for integers it is
    P(X ≥ a) of a binomial count of a + b − 1 trials.
    """
    if x <= 0.0 or x >= 1.0:
        return min(max(x, 0.0), 1.0)
    if x > (a + 1.0) / (a + b + 2.0):
        return 1.0 - beta_share(b, a, 1.0 - x)
    front = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x))
    return front * _beta_fraction(a, b, x) / a


def _beta_fraction(a: float, b: float, x: float) -> float:
    numerator, below = 1.0, 1.0 - (a + b) * x / (a + 1.0)
    denominator = 1.0 / (below if abs(below) > _LEAST else _LEAST)
    value = denominator
    for m in range(1, 10_000):
        for term in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            below, numerator = 1.0 + term * denominator, 1.0 + term / numerator
            denominator = 1.0 / (below if abs(below) > _LEAST else _LEAST)
            numerator = numerator if abs(numerator) > _LEAST else _LEAST
            step = numerator * denominator
            value *= step
        if abs(step - 1.0) < 1e-15:
            break
    return value


def _solve(function: Callable[[float], float], begin: float) -> float:
    """The zero of a rising function on [0, 1]: the middle of the 2^-45 in which it lies, to twelve digits.

    Halving finds that in 45 steps; the secant method from where it nearly lies in a fifth, and both ends prove it.
    """
    near = _secant(function, begin)
    cell = math.floor(near * 2.0**_HALVINGS)
    first, last = cell / 2.0**_HALVINGS, (cell + 1) / 2.0**_HALVINGS
    if not function(first) <= 0.0 < function(last):
        first, last = _halved(function, 0.0, 1.0)
    return round((first + last) / 2.0, 12)


def _halved(function: Callable[[float], float], low: float, high: float) -> tuple[float, float]:
    for _ in range(_HALVINGS):
        middle = (low + high) / 2.0
        if function(middle) > 0.0:
            high = middle
        else:
            low = middle
    return low, high


def _secant(function: Callable[[float], float], begin: float) -> float:
    """Where a dozen steps of the secant method come to, 0 where they leave the interval."""
    one, other = begin, min(begin * _BESIDE, 1.0 - (1.0 - begin) / _BESIDE)
    at_one, at_other = function(one), function(other)
    for _ in range(12):
        if at_one == at_other or abs(other - one) < _STILL:
            break
        one, at_one, other = other, at_other, other - at_other * (other - one) / (at_other - at_one)
        if not 0.0 < other < 1.0:
            return 0.0
        at_other = function(other)
    return other


def chi_square_survival(statistic: float, degrees: int) -> float:
    """P(X >= statistic) of chi-square: the regularised upper incomplete gamma function Q(degrees/2, statistic/2).

    Series below the mean, continued fraction above (Abramowitz & Stegun 6.5.29 and 6.5.31).
    """
    a, x = degrees / 2, statistic / 2
    if x <= 0:
        return 1.0
    front = math.exp(a * math.log(x) - x - math.lgamma(a))
    if x < a + 1:
        term = total = 1 / a
        step = a
        while term > total * 1e-16:
            step += 1
            term *= x / step
            total += term
        return max(1.0 - front * total, 0.0)
    below = x + 1 - a
    above, part = 1e300, 1 / below
    found = part
    for step in range(1, 1000):
        term = -step * (step - a)
        below += 2
        part = 1 / (term * part + below)
        above = below + term / above
        found *= above * part
        if abs(above * part - 1) < 1e-15:
            break
    return front * found
