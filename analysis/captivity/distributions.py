"""The upper tail of the F distribution, by the incomplete beta function's continued fraction."""

from __future__ import annotations

import math

_STEPS = 300
_SMALL = 1e-300
_CLOSE = 1e-14


def f_survival(statistic: float, first: int, second: int) -> float:
    """P(F >= statistic) with `first` and `second` degrees of freedom (Abramowitz & Stegun 26.6.2)."""
    if statistic <= 0:
        return 1.0
    return incomplete_beta(second / 2, first / 2, second / (second + first * statistic))


def incomplete_beta(a: float, b: float, x: float) -> float:
    """The regularised incomplete beta function I_x(a, b) (Abramowitz & Stegun 26.5.8, modified Lentz)."""
    if x <= 0 or x >= 1:
        return 0.0 if x <= 0 else 1.0
    if x > (a + 1) / (a + b + 2):
        return 1.0 - incomplete_beta(b, a, 1 - x)
    front = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x))
    return front / a * _fraction(a, b, x)


def _fraction(a: float, b: float, x: float) -> float:
    above, below = 1.0, 1.0 / _off_zero(1 - (a + b) * x / (a + 1))
    found = below
    for step in range(1, _STEPS):
        for term in (
            step * (b - step) * x / ((a + 2 * step - 1) * (a + 2 * step)),
            -(a + step) * (a + b + step) * x / ((a + 2 * step) * (a + 2 * step + 1)),
        ):
            below = 1.0 / _off_zero(1 + term * below)
            above = _off_zero(1 + term / above)
            found *= above * below
        if abs(above * below - 1) < _CLOSE:
            break
    return found


def _off_zero(value: float) -> float:
    return value if abs(value) > _SMALL else _SMALL
