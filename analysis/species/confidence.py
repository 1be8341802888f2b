"""How sure a species is: one number between 0 and 1, learnt from the set itself, by which species are named.

Identity alone orders badly: 99 % means one thing where species lie 10 % apart and another where they lie 1 % apart. Put
together here are the distance to the nearest species, the gap to the next one, and how far records of the nearest
species lie apart. Their weights are fitted (logistic regression, Berkson 1944) to tell leave-one-out searches that
find the right species from leave-one-species-out searches, both kinds counting the same. No weight may have the wrong
sign: a sequence that lies nearer, or whose next species lies further away, is never less sure. The weights used come of
all trials. How many of either kind are as sure is counted crosswise: each half of the species by weights of the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log
from operator import mul
from typing import Final

import numpy as np
import numpy.typing as npt

from analysis.species.calibration import Confidence, Rate, Step, added
from analysis.species.rules import Pairs

Row = tuple[float, ...]
Array = npt.NDArray[np.float64]

GRID: Final = (0.0, 0.25, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.92, 0.94, 0.95, 0.96, 0.97, 0.98, 0.985, 0.99, 0.995, 0.998)
"""Confidences at which the trials that are as sure are counted."""

_FAR: Final = 0.3
_ALIKE: Final = 0.002
_ITSELF: Final = 0.1
"""Weight of a record found by its own sequence, beside 1 of one that was left out.

Every species has the first, few have the second: at a half each the first decide alone where most have one record.
"""
_PRECISION: Final = np.array([0.001, *[0.16] * 6])
"""Of the weights before any trial is seen: normal around 0, standard deviation 2.5; that of the constant is wide."""
_ROUNDS: Final = 100
_STILL: Final = 1e-7
_FLAT: Final = 30.0


def features(pairs: Pairs, within: float | None) -> Row:
    """What the confidence rests on, seven numbers of order 1; none but the first may lower it as it grows.

    A constant; less the distance (capped at 5 %); less its root; logarithm of the gap to the next species; whether
    it is known how the species varies (`within` is not None); and less by how much, and how many times, the distance
    exceeds the largest one inside the species.
    """
    nearest = min(pairs[0][0], _FAR)
    following = min(pairs[1][0], _FAR) if len(pairs) > 1 else _FAR
    known, inside = (0.0, 0.0) if within is None else (1.0, within)
    return (
        1.0,
        -50 * min(nearest, 0.05),
        -5 * nearest**0.5,
        log((max(following - nearest, 0.0) + 0.003) / 0.03),
        known - 1.0,
        -known * 50 * min(max(nearest - inside, 0.0), 0.05),
        -known * log((nearest + _ALIKE) / (inside + _ALIKE)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Features of trials, and whether each found its own, present species nearest (False: the species was absent).

    `itself` are features of records found by their own sequences. References are often thinned to different sequences,
    where leaving one out would teach that an identical one is a bad sign; in casework it is the best there is.
    """

    rows: Sequence[Row]
    right: Sequence[bool]
    itself: Sequence[Row] = ()


def confidence_fit(choosing: Seen, counting: Seen) -> Confidence | None:
    """Weights from one half of the trials, counts from the other; None where either half shows no absent species."""
    if all(choosing.right) or all(counting.right):
        return None
    weights = tuple(_fitted(choosing).round(6).tolist())
    values = np.array([_share(weights, row) for row in counting.rows])
    right = np.array(counting.right, np.bool_)
    steps = tuple(
        Step(
            value=value,
            present=Rate(count=int((values[right] >= value).sum()), total=int(right.sum())),
            absent=Rate(count=int((values[~right] >= value).sum()), total=int((~right).sum())),
        )
        for value in GRID
    )
    return Confidence(weights=weights, steps=steps)


def confidence_joined(whole: Seen, halves: Sequence[Confidence]) -> Confidence | None:
    """Weights from all trials, counts added up from the halves; None without a half that has any."""
    if not halves or all(whole.right):
        return None
    steps = tuple(
        Step(
            value=value,
            present=added([half.steps[place].present for half in halves]),
            absent=added([half.steps[place].absent for half in halves]),
        )
        for place, value in enumerate(GRID)
    )
    return Confidence(weights=tuple(_fitted(whole).round(6).tolist()), steps=steps)


def confidence_of(fitted: Confidence, pairs: Pairs, within: float | None) -> float:
    """The confidence of one answer."""
    return _share(fitted.weights, features(pairs, within))


def step_of(fitted: Confidence, value: float) -> Step:
    """The step of the counts that a confidence reaches."""
    return next(step for step in reversed(fitted.steps) if step.value <= value)  # they ascend (`GRID`)


def _share(weights: Sequence[float], row: Row) -> float:
    logit = sum(map(mul, weights, row))
    return 1.0 / (1.0 + exp(-max(-_FLAT, min(_FLAT, logit))))


def _fitted(seen: Seen) -> Array:
    """The most probable weights of which none but the constant is negative, absent weighing as present ones together.

    A weight that comes out negative is set to nought, the most negative one first, and the others are fitted anew.
    """
    rows = np.array([*seen.rows, *seen.itself])
    right = np.array([*seen.right, *[True] * len(seen.itself)], np.float64)
    each = np.array([*[1.0] * len(seen.rows), *[_ITSELF] * len(seen.itself)])
    absent = right == 0.0
    present = each[~absent].sum()
    if present:
        each[absent] = present / absent.sum()
    free = np.ones(rows.shape[1], np.bool_)
    while True:
        weights = np.zeros(rows.shape[1])
        weights[free] = _most_probable(rows[:, free], right, each, _PRECISION[free])
        if weights[1:].min() >= 0.0:
            return weights
        free[1 + int(weights[1:].argmin())] = False


def _most_probable(rows: Array, right: Array, each: Array, precision: Array) -> Array:
    """Newton's method from nought."""
    weights = np.zeros(rows.shape[1])
    for _ in range(_ROUNDS):
        shares = 1.0 / (1.0 + np.exp(-np.clip(rows @ weights, -_FLAT, _FLAT)))
        curved = (rows * (each * shares * (1.0 - shares))[:, None]).T @ rows + np.diag(precision)
        slope = rows.T @ (each * (right - shares)) - precision * weights
        step = np.linalg.solve(curved, slope)
        # A whole step may overshoot where the curve is flat: halve it until it leads upwards.
        before = _worth(rows, right, each, precision, weights)
        while _worth(rows, right, each, precision, weights + step) < before and np.abs(step).max() > _STILL:
            step = step / 2
        weights = weights + step
        if np.abs(step).max() <= _STILL:
            break
    return weights


def _worth(rows: Array, right: Array, each: Array, precision: Array, weights: Array) -> float:
    """Logarithm of the weights' probability, up to a constant."""
    logits = rows @ weights
    likely = each @ (right * logits - np.logaddexp(0.0, logits))
    return float(likely - 0.5 * (precision * weights**2).sum())
