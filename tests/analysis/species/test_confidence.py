"""How sure an answer is: the fit against its own definition, the counts, and what stands beside an identification."""

from __future__ import annotations

import itertools
import random

import numpy as np
import pytest

from analysis.species.calibration import Calibration, Rate
from analysis.species.confidence import _PRECISION, _PRIOR, Seen, _fitted, confidence_fit, confidence_of, features
from analysis.species.identify import identify
from analysis.species.library import Library
from analysis.species.report import identified_json
from analysis.species.synthetic import Barcode
from analysis.species.within import Within
from tests.analysis.species.conftest import held_out


def seen(seed: int, count: int = 200) -> Seen:
    """Trials of a made-up locus: inside a species 0.3 % on average, between species 4 %."""
    draw = random.Random(seed)
    rows, right = [], []
    for number in range(count):
        present = number % 2 == 0
        nearest = min(draw.expovariate(1 / (0.003 if present else 0.04)), 0.3)
        rows.append(features([(nearest, 1), (nearest + draw.expovariate(1 / 0.04), 2)], 0.006))
        right.append(present)
    return Seen(rows=rows, right=right)


def log_posterior(weights: np.ndarray, rows: np.ndarray, right: np.ndarray) -> float:
    """Bernoulli log-likelihood, both kinds weighing the same, and a normal prior, written out term by term."""
    balance = right.sum() / (~right).sum()
    total = 0.0
    for row, yes in zip(rows, right, strict=True):
        share = 1 / (1 + np.exp(-row @ weights))
        total += np.log(share) if yes else balance * np.log(1 - share)
    return float(total - 0.5 * sum(_PRECISION * (weights - _PRIOR) ** 2))


def test_the_fit_is_a_maximum_of_the_posterior() -> None:
    trials = seen(1)
    rows, right = np.array(trials.rows)[:150], np.array(trials.right)[:150]
    weights = _fitted(rows, right.astype(float))
    best = log_posterior(weights, rows, right)
    for place, sign in itertools.product(range(len(weights)), (-1, 1)):
        aside = weights.copy()
        aside[place] += sign * 0.05
        assert log_posterior(aside, rows, right) < best


def test_counts_are_of_the_half_that_was_not_fitted_and_fall_with_the_step() -> None:
    choosing, counting = seen(2), seen(3, count=120)
    fitted = confidence_fit(choosing, counting)
    assert fitted is not None
    assert fitted.steps[0].present == Rate(count=60, total=60)
    assert fitted.steps[0].absent == Rate(count=60, total=60)
    for one, other in itertools.pairwise(fitted.steps):
        assert one.value < other.value
        assert one.present.count >= other.present.count
        assert one.absent.count >= other.absent.count
    values = [confidence_of(fitted, row)[0] for row in counting.rows]
    for step in fitted.steps:
        absent = sum(value >= step.value for value, yes in zip(values, counting.right, strict=True) if not yes)
        assert step.absent.count == absent
    assert fitted.steps[7].absent.count < fitted.steps[7].present.count


def test_few_present_species_leave_the_weights_near_the_prior() -> None:
    trials = seen(4)
    none = Seen(rows=[row for row, yes in zip(trials.rows, trials.right, strict=True) if not yes], right=[False] * 100)
    fitted = confidence_fit(none, none)
    assert fitted is not None
    assert fitted.weights == pytest.approx(_PRIOR, abs=1e-6)
    assert confidence_fit(Seen(rows=[], right=[]), trials) is None


def test_nearer_and_further_from_the_next_is_surer() -> None:
    fitted = confidence_fit(seen(5), seen(6))
    assert fitted is not None

    def value(nearest: float, following: float) -> float:
        return confidence_of(fitted, features([(nearest, 1), (following, 2)], 0.006))[0]

    assert value(0.0, 0.1) > value(0.01, 0.1) > value(0.03, 0.1)
    assert value(0.002, 0.1) > value(0.002, 0.004)


def test_the_spread_inside_a_species_leaves_the_record_itself_out() -> None:
    texts = [b"A" * 60, b"A" * 60, b"C" + b"A" * 59, b"CCC" + b"A" * 57]
    inside = Within(lambda number: texts[number])
    assert inside.largest([0]) is None
    assert inside.largest([0, 0]) == 0.0
    assert inside.largest([0, 2]) == pytest.approx(1 / 60)
    assert inside.largest([0, 2, 3]) == pytest.approx(3 / 60)


def test_an_identification_says_how_sure_it_is(
    calibrated: tuple[Library, Calibration], individuals: list[Barcode]
) -> None:
    new = [one for one in individuals if one.accession in held_out(individuals)]
    for one in new:
        shown = identified_json(identify(*calibrated, one.accession, one.sequence.encode()))
        confidence, sure = shown["confidence"], shown["as_sure"]
        assert isinstance(confidence, float)
        assert isinstance(sure, dict)
        assert isinstance(sure["step"], float)
        assert 0 <= sure["step"] <= confidence <= 1
        assert isinstance(sure["absent"], dict)
        assert sure["absent"]["total"] == 5  # half of the ten species, each taken out once
    unknown = "".join(random.Random(1).choices("ACGT", k=650))
    assert identified_json(identify(*calibrated, "q", unknown.encode()))["confidence"] is None
    uncalibrated = identified_json(identify(calibrated[0], None, "q", new[0].sequence.encode()))
    assert uncalibrated["confidence"] is uncalibrated["as_sure"] is None
