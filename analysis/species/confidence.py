"""How sure a species is: one number between 0 and 1, learnt from the set itself, to order answers by.

Identity alone orders badly: 99 % means one thing where species lie 10 % apart and another where they lie 1 % apart. Put
together here are the distance to the nearest species, the distance to the next one, and how far records of the nearest
species lie apart. Their weights are fitted (logistic regression, Berkson 1944) to tell leave-one-out searches that
find the right species from leave-one-species-out searches, both kinds counting the same. How many of either kind are
as sure is counted on trials that had no part in the fit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from analysis.species.calibration import Confidence, Rate, Step
from analysis.species.rules import Pairs

Row = npt.NDArray[np.float64]

GRID: Final = (0.0, 0.25, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.92, 0.94, 0.95, 0.96, 0.97, 0.98, 0.985, 0.99, 0.995, 0.998)
"""Confidences at which the trials that are as sure are counted."""

_FAR: Final = 0.3
_ALIKE: Final = 0.002
_PRIOR: Final = np.array([4.1, -1.9, -0.6, 0.95, 0.55, 0.8, -0.95, -1.1, 0.0])
"""Weights before any trial is seen, from fish and vertebrate sets: few species of several records move them little."""
_PRECISION: Final = np.array([0.001, *[3.0] * 8])
_ROUNDS: Final = 100
_STILL: Final = 1e-7
_FLAT: Final = 30.0


def features(pairs: Pairs, within: float | None) -> Row:
    """What the confidence rests on, shape (9,), all of order 1.

    A constant; the distance (capped at 5 %) and its root; logarithms of the gap to the next species, of the distance to
    it, and of the ratio of both distances; whether nothing is known of how the species varies (`within` is None); and
    by how much, and how many times, the distance exceeds the largest one inside the species.
    """
    nearest = min(pairs[0][0], _FAR)
    following = min(pairs[1][0], _FAR) if len(pairs) > 1 else _FAR
    known, inside = (0.0, 0.0) if within is None else (1.0, within)
    return np.array([
        1.0,
        50 * min(nearest, 0.05),
        5 * nearest**0.5,
        np.log((max(following - nearest, 0.0) + 0.003) / 0.03),
        np.log((following + 0.005) / 0.05),
        np.log((nearest + _ALIKE) / (following + 2 * _ALIKE)),
        1.0 - known,
        known * 50 * min(max(nearest - inside, 0.0), 0.05),
        known * np.log((nearest + _ALIKE) / (inside + _ALIKE)),
    ])  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Features of trials, and whether each found its own, present species nearest (False: the species was absent)."""

    rows: Sequence[Row]
    right: Sequence[bool]


def confidence_fit(choosing: Seen, counting: Seen) -> Confidence | None:
    """Weights from one half of the trials, counts from the other; None where either half shows no absent species."""
    if all(choosing.right) or all(counting.right):
        return None
    weights = _fitted(np.array(choosing.rows), np.array(choosing.right, np.float64)).round(6)
    values = _shares(np.array(counting.rows) @ weights)
    right = np.array(counting.right, np.bool_)
    steps = tuple(
        Step(
            value=value,
            present=Rate(count=int((values[right] >= value).sum()), total=int(right.sum())),
            absent=Rate(count=int((values[~right] >= value).sum()), total=int((~right).sum())),
        )
        for value in GRID
    )
    return Confidence(weights=tuple(weights.tolist()), steps=steps)


def confidence_of(fitted: Confidence, row: Row) -> tuple[float, Step]:
    """The confidence of one answer, and the step of the counts it reaches."""
    value = float(_shares(np.array([row @ np.array(fitted.weights)]))[0])
    return value, max((step for step in fitted.steps if step.value <= value), key=lambda step: step.value)


def _fitted(rows: Row, right: Row) -> Row:
    """The most probable weights (Newton's method), absent species weighing as much together as present ones."""
    present = right.sum()
    each = np.where(right == 1.0, 1.0, present / (len(right) - present))
    weights = _PRIOR.copy()
    for _ in range(_ROUNDS):
        shares = _shares(rows @ weights)
        curved = (rows * (each * shares * (1.0 - shares))[:, None]).T @ rows + np.diag(_PRECISION)
        slope = rows.T @ (each * (right - shares)) - _PRECISION * (weights - _PRIOR)
        step = np.linalg.solve(curved, slope)
        # A whole step may overshoot where the curve is flat: halve it until it leads upwards.
        before = _worth(rows, right, each, weights)
        while _worth(rows, right, each, weights + step) < before and np.abs(step).max() > _STILL:
            step = step / 2
        weights = weights + step
        if np.abs(step).max() <= _STILL:
            break
    return weights


def _worth(rows: Row, right: Row, each: Row, weights: Row) -> float:
    """Logarithm of the weights' probability, up to a constant."""
    logits = rows @ weights
    likely = each @ (right * logits - np.logaddexp(0.0, logits))
    return float(likely - 0.5 * (_PRECISION * (weights - _PRIOR) ** 2).sum())


def _shares(logits: Row) -> Row:
    shares: Row = 1.0 / (1.0 + np.exp(-np.clip(logits, -_FLAT, _FLAT)))
    return shares
