"""From F14C and its error to calendar years, by Bayes with an even prior over the curve's years.

At each year the likelihood is normal with the variance of the measurement plus that of the curve (Bronk
Ramsey 2009). Bomb carbon rose until the middle of the 1960s and has fallen since, so most values above 1 have
several ranges; all are reported, and a second sample from a known older or younger place of the tissue
tells which.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.age.curve import Curve, Floats
from analysis.errors import InputRefused

LEVELS = (0.683, 0.954)
BOMB_FROM = 1940.0
_FINE, _COARSE = 0.01, 1.0
_REACH = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """A calendar range (years AD) of the highest density. `limb`: "rising" or "falling" about the bomb
    peak, "before" it began; `at_edge`: the range touches an end of the curve and may go on beyond."""

    start: float
    end: float
    probability: float
    limb: str
    at_edge: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """Ranges per level, the year of the curve's `peak`, the years at which the curve has exactly this value,
    the density itself."""

    curve: str
    f14c: float
    sigma: float
    peak: float
    ranges: dict[float, tuple[Range, ...]]
    crossings: tuple[float, ...]
    years: Floats
    probabilities: Floats
    widths: Floats

    def formed_after(self, year: float) -> float:
        """Probability that the sampled increment was formed after a date, given as a decimal year."""
        start = self.years - self.widths / 2
        inside = np.clip((start + self.widths - year) / self.widths, 0.0, 1.0)
        return float((self.probabilities * inside).sum())


def calibrate(curve: Curve, *, f14c: float, sigma: float) -> Calibration:
    """Calibrate one measurement.

    Raises `InputRefused` for values that are no measurement and where the curve never comes within three
    standard errors: nothing is invented outside the curve.
    """
    if not (math.isfinite(f14c) and 0 < f14c < 3):
        raise InputRefused(f"F14C is {f14c}.", field="f14c", remedy="Give a value between 0 and 3.")
    if not (math.isfinite(sigma) and 0 < sigma < 0.5):
        raise InputRefused(f"Sigma is {sigma}.", field="sigma", remedy="Give one standard error of F14C.")
    years, widths = _years(curve)
    means = np.interp(years, curve.years, curve.means)
    spread = np.hypot(sigma, np.interp(years, curve.years, curve.deviations))
    distance = (f14c - means) / spread
    _reach_check(curve, f14c, float(np.abs(distance).min()))
    weights = np.exp(-0.5 * distance**2) / spread * widths
    probabilities = weights / weights.sum()
    peak = float(curve.years[curve.means.argmax()])
    return Calibration(
        curve=curve.name,
        f14c=f14c,
        sigma=sigma,
        peak=peak,
        ranges={level: _ranges(years, widths, probabilities, level, peak) for level in LEVELS},
        crossings=_crossings(curve, f14c),
        years=years,
        probabilities=probabilities,
        widths=widths,
    )


def ranges_of(found: Calibration, level: float) -> tuple[Range, ...]:
    """Ranges of highest density that hold `level` of a calibration's probabilities."""
    return _ranges(found.years, found.widths, found.probabilities, level, found.peak)


def _years(curve: Curve) -> tuple[Floats, Floats]:
    low, high = float(curve.years[0]), float(curve.years[-1])
    turn = min(max(low, BOMB_FROM), high)
    edges = [_edges(low, turn, _COARSE), _edges(turn, high, _FINE)]
    steps = np.unique(np.concatenate(edges))
    return (steps[1:] + steps[:-1]) / 2, np.diff(steps)


def _edges(low: float, high: float, step: float) -> Floats:
    count = max(math.ceil((high - low) / step), 1)
    return np.linspace(low, high, count + 1)


def _reach_check(curve: Curve, f14c: float, nearest: float) -> None:
    if nearest <= _REACH:
        return
    first, last = curve.years[0], curve.years[-1]
    raise InputRefused(
        f"F14C {f14c:g} is not reached by «{curve.name}» ({curve.means.min():.4f} to {curve.means.max():.4f}, "
        f"{first:.1f} to {last:.1f}): older than the curve, another zone, or contaminated?",
        field="f14c",
        remedy="Add the curve of the time before, or check the zone and the measurement.",
    )


def _ranges(years: Floats, widths: Floats, probabilities: Floats, level: float, peak: float) -> tuple[Range, ...]:
    order = np.argsort(-probabilities / widths, kind="stable")
    needed = int(np.searchsorted(probabilities[order].cumsum(), level)) + 1
    chosen = np.zeros(len(years) + 2, dtype=np.int8)
    chosen[1 + order[:needed]] = 1
    starts = np.flatnonzero(np.diff(chosen) == 1)
    ends = np.flatnonzero(np.diff(chosen) == -1) - 1
    return tuple(
        Range(
            start=float(years[start] - widths[start] / 2),
            end=float(years[end] + widths[end] / 2),
            probability=float(probabilities[start : end + 1].sum()),
            limb=_limb(float((years[start] + years[end]) / 2), peak),
            at_edge=bool(start == 0 or end == len(years) - 1),
        )
        for start, end in zip(starts.tolist(), ends.tolist(), strict=True)
    )


def _limb(year: float, peak: float) -> str:
    if year < 1955:
        return "before"
    return "rising" if year < peak else "falling"


def _crossings(curve: Curve, f14c: float) -> tuple[float, ...]:
    left, right = curve.means[:-1] - f14c, curve.means[1:] - f14c
    places = np.flatnonzero((left * right < 0) | (left == 0))
    share = left[places] / (left[places] - right[places] + (left[places] == right[places]))
    years = curve.years[places] + share * np.diff(curve.years)[places]
    found: Sequence[float] = years.tolist()
    return (*found, float(curve.years[-1])) if curve.means[-1] == f14c else tuple(found)
