"""Curve, measurement and probability in one picture, as calibration programs draw it."""

from __future__ import annotations

import math
from html import escape

import numpy as np

from analysis.age.calibrate import Calibration
from analysis.age.curve import Curve

_WIDTH, _HEIGHT = 640.0, 320.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 60.0, 620.0, 20.0, 280.0
_POINTS = 400


def calibration_figure(curve: Curve, found: Calibration, *, key: str) -> str:
    """An SVG without style or script: the curve, the measurement's band of one standard error, and the
    probability of each year along the axis."""
    low, high = _window(found)
    years = np.linspace(low, high, _POINTS)
    means = np.interp(years, curve.years, curve.means)
    bottom, top = min(float(means.min()), found.f14c - 2 * found.sigma), max(float(means.max()), found.f14c)
    span = top - bottom or 1.0

    def x(year: float) -> str:
        return f"{_LEFT + (year - low) / (high - low) * (_RIGHT - _LEFT):.1f}"

    def y(value: float) -> str:
        return f"{_BOTTOM - (value - bottom) / span * (_BOTTOM - _TOP):.1f}"

    density = np.interp(years, found.years, found.probabilities / found.widths)
    hills = _BOTTOM - 90 * density / (float(density.max()) or 1.0)
    line = "L".join(f"{x(year)} {y(mean)}" for year, mean in zip(years.tolist(), means.tolist(), strict=True))
    hill = "L".join(f"{x(year)} {height:.1f}" for year, height in zip(years.tolist(), hills.tolist(), strict=True))
    words = "; ".join(
        f"{item.start:.1f} to {item.end:.1f} ({item.probability:.0%})" for item in found.ranges[max(found.ranges)]
    )
    band = found.f14c + found.sigma, found.f14c - found.sigma
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH:g} {_HEIGHT:g}" role="img" '
        f'aria-labelledby="{key}-t {key}-d" font-family="system-ui, sans-serif" font-size="11">'
    )
    stripe = (
        f'<path class="q-bar" fill="#dbd7cc" opacity=".6" d="M{x(low)} {y(band[0])}H{x(high)}V{y(band[1])}H{x(low)}Z"/>'
    )
    parts = [
        head,
        f'<title id="{key}-t">F14C {found.f14c:g} on {escape(curve.name)}</title>',
        f'<desc id="{key}-d">95.4 % ranges: {escape(words)}</desc>',
        f'<path class="r95" fill="#0e5a4c" opacity=".32" d="M{x(low)} {_BOTTOM}L{hill}L{x(high)} {_BOTTOM}Z"/>',
        stripe,
        f'<path class="branch" fill="none" stroke="#7d7c72" stroke-width="1.5" d="M{line}"/>',
        f'<path class="axis" fill="none" stroke="#46514b" d="M{_LEFT} {_TOP}V{_BOTTOM}H{_RIGHT}"/>',
    ]
    return "\n".join([*parts, *_ticks(low, high, bottom, bottom + span), "</svg>", ""])


def _ticks(low: float, high: float, bottom: float, top: float) -> list[str]:
    found = [
        f'<text x="{_LEFT + (year - low) / (high - low) * (_RIGHT - _LEFT):.1f}" y="{_BOTTOM + 16}" '
        f'text-anchor="middle" fill="#46514b">{year:.0f}</text>'
        for year in round_steps(low, high, least=1.0)
    ]
    found += [
        f'<text x="{_LEFT - 6}" y="{_BOTTOM + 4 - (value - bottom) / (top - bottom) * (_BOTTOM - _TOP):.1f}" '
        f'text-anchor="end" fill="#46514b">{value:.6g}</text>'
        for value in round_steps(bottom, top)
    ]
    middle = (_LEFT + _RIGHT) / 2
    found.append(f'<text x="{middle:g}" y="{_BOTTOM + 34}" text-anchor="middle" fill="#46514b">calendar year</text>')
    found.append(f'<text x="{_LEFT - 6}" y="{_TOP - 8}" text-anchor="end" fill="#46514b">F14C</text>')
    return found


def round_steps(low: float, high: float, *, least: float = 0.0) -> list[float]:
    """Three to eight round numbers from low to high, a step of 1, 2 or 5 times a power of ten and `least` at least."""
    rough = max((high - low) / 4, least)
    power = 10.0 ** math.floor(math.log10(rough) + 1e-9)
    step = max((factor * power for factor in (1, 2, 5) if factor * power <= rough * (1 + 1e-9)), default=power)
    first = math.ceil(low / step - 1e-9)
    return [round(number * step, 10) for number in range(first, math.floor(high / step + 1e-9) + 1)]


def _window(found: Calibration) -> tuple[float, float]:
    ranges = found.ranges[max(found.ranges)]
    low, high = min(item.start for item in ranges), max(item.end for item in ranges)
    margin = max((high - low) * 0.15, 5.0)
    return max(low - margin, float(found.years[0])), min(high + margin, float(found.years[-1]))
