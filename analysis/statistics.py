"""Exact intervals for counted errors, and the upper tail of chi-square."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache


@lru_cache(maxsize=4096)
def binomial_interval(count: int, total: int, *, level: float = 0.95) -> tuple[float, float]:
    """Clopper–Pearson interval of a proportion (Biometrika 1934, 26, 404–413).

    For `total` = 0 nothing is known and the interval is (0, 1). Raises `ValueError` unless
    0 ≤ count ≤ total.
    """
    if not 0 <= count <= total:
        raise ValueError(f"{count} of {total} is no proportion")
    tail = (1.0 - level) / 2.0
    low = 0.0 if count == 0 else _solve(lambda p: beta_share(count, total - count + 1, p) - tail)
    high = 1.0 if count == total else _solve(lambda p: beta_share(count + 1, total - count, p) - (1.0 - tail))
    return low, high


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
    numerator, denominator = 1.0, _away(1.0 - (a + b) * x / (a + 1.0))
    denominator = 1.0 / denominator
    value = denominator
    for m in range(1, 10_000):
        for term in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            denominator = 1.0 / _away(1.0 + term * denominator)
            numerator = _away(1.0 + term / numerator)
            step = numerator * denominator
            value *= step
        if abs(step - 1.0) < 1e-15:
            break
    return value


def _away(value: float) -> float:
    return value if abs(value) > 1e-300 else 1e-300


def _solve(function: Callable[[float], float]) -> float:
    """The zero of a rising function on [0, 1], by bisection to the last digits that matter."""
    low, high = 0.0, 1.0
    for _ in range(45):
        middle = (low + high) / 2.0
        if function(middle) > 0.0:
            high = middle
        else:
            low = middle
    return round((low + high) / 2.0, 12)


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
