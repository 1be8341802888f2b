"""Exact intervals for counted errors."""

from __future__ import annotations

import math
from collections.abc import Callable


def binomial_interval(count: int, total: int, *, level: float = 0.95) -> tuple[float, float]:
    """Clopper–Pearson interval of a proportion (Biometrika 1934, 26, 404–413).

    For `total` = 0 nothing is known and the interval is (0, 1). Raises `ValueError` unless
    0 ≤ count ≤ total.
    """
    if not 0 <= count <= total:
        raise ValueError(f"{count} of {total} is no proportion")
    tail = (1.0 - level) / 2.0
    low = 0.0 if count == 0 else _solve(lambda p: 1.0 - _cdf(count - 1, total, p) - tail, rising=True)
    high = 1.0 if count == total else _solve(lambda p: _cdf(count, total, p) - tail, rising=False)
    return low, high


def _cdf(count: int, total: int, p: float) -> float:
    """P(X ≤ count) for X ~ Binomial(total, p)."""
    if p <= 0.0:
        return 1.0
    if p >= 1.0:
        return 1.0 if count >= total else 0.0
    logs = math.log(p), math.log1p(-p)
    return math.fsum(
        math.exp(
            math.lgamma(total + 1)
            - math.lgamma(k + 1)
            - math.lgamma(total - k + 1)
            + k * logs[0]
            + (total - k) * logs[1]
        )
        for k in range(count + 1)
    )


def _solve(function: Callable[[float], float], *, rising: bool) -> float:
    """The zero of a monotone function on [0, 1], by bisection to the last digits that matter."""
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2.0
        if (function(middle) > 0.0) == rising:
            high = middle
        else:
            low = middle
    return round((low + high) / 2.0, 12)
