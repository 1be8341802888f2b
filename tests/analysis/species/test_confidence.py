"""How sure an answer is: the fit against its own definition, the counts, and what stands beside an identification."""

from __future__ import annotations

import itertools
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.species.calibration import Calibration, Confidence, Rate
from analysis.species.confidence import (
    _PRECISION,
    Seen,
    _fitted,
    confidence_fit,
    confidence_joined,
    confidence_of,
    features,
)
from analysis.species.identify import identify
from analysis.species.library import Library
from analysis.species.report import identified_json
from analysis.species.rules import Pairs
from analysis.species.synthetic import Barcode
from analysis.species.within import Within
from tests.analysis.species.conftest import held_out


def found(seed: int, count: int = 200) -> list[tuple[Pairs, bool]]:
    """Searches of a made-up locus: inside a species 0.3 % on average, between species 4 %."""
    draw = random.Random(seed)
    made: list[tuple[Pairs, bool]] = []
    for number in range(count):
        present = number % 2 == 0
        nearest = min(draw.expovariate(1 / (0.003 if present else 0.04)), 0.3)
        made.append((((nearest, 1), (nearest + draw.expovariate(1 / 0.04), 2)), present))
    return made


def seen(seed: int, count: int = 200) -> Seen:
    """The same as features."""
    made = found(seed, count)
    return Seen(rows=[features(pairs, 0.006) for pairs, _ in made], right=[present for _, present in made])


def log_posterior(weights: np.ndarray, trials: Seen) -> float:
    """Bernoulli log-likelihood and a normal prior around nought, written out term by term.

    Absent species weigh together as present ones do, of which records found by their own sequence weigh a tenth each.
    """
    present, absent = sum(trials.right) + 0.1 * len(trials.itself), len(trials.right) - sum(trials.right)
    rows = [(row, yes, 1.0 if yes else present / absent) for row, yes in zip(trials.rows, trials.right, strict=True)]
    total = 0.0
    for row, yes, weight in (*rows, *((row, True, 0.1) for row in trials.itself)):
        share = 1 / (1 + np.exp(-np.array(row) @ weights))
        total += weight * np.log(share if yes else 1 - share)
    return float(total - 0.5 * sum(_PRECISION * weights**2))


@pytest.mark.parametrize("seed", [1, 7])
def test_the_fit_is_the_maximum_of_the_posterior_among_weights_of_the_right_sign(seed: int) -> None:
    made = seen(seed)
    itself = [features([(0.0, 1), pairs[1]], 0.006) for pairs, _ in found(seed + 50, 60)]
    trials = Seen(rows=made.rows[:150], right=made.right[:150], itself=itself)
    weights = _fitted(trials)
    assert (weights[1:] >= 0).all()
    best = log_posterior(weights, trials)
    for place, sign in itertools.product(range(len(weights)), (-1, 1)):
        aside = weights.copy()
        aside[place] += sign * 0.05
        # A weight that stands at nought may not go below it, where the posterior may be higher.
        if place == 0 or aside[place] >= 0.0:
            assert log_posterior(aside, trials) < best


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
    values = [confidence_of(fitted, pairs, 0.006) for pairs, _ in found(3, 120)]
    for step in fitted.steps:
        absent = sum(value >= step.value for value, yes in zip(values, counting.right, strict=True) if not yes)
        assert step.absent.count == absent
    assert fitted.steps[7].absent.count < fitted.steps[7].present.count


def test_joined_weights_come_of_all_trials_and_counts_of_both_halves() -> None:
    """Each half is counted by the weights of the other: 40 + 60 present and as many absent ones."""
    one, other = seen(5, count=80), seen(6, count=120)
    crossed = [confidence_fit(one, other), confidence_fit(other, one)]
    halves = [half for half in crossed if half is not None]
    whole = Seen(rows=[*one.rows, *other.rows], right=[*one.right, *other.right])
    joined = confidence_joined(whole, halves)
    assert joined is not None
    assert joined.weights == pytest.approx(_fitted(whole), abs=1e-6)
    assert joined.weights not in [half.weights for half in halves]
    assert joined.steps[0].present == joined.steps[0].absent == Rate(count=100, total=100)
    for step, first, second in zip(joined.steps, halves[0].steps, halves[1].steps, strict=True):
        assert step.absent == Rate(count=first.absent.count + second.absent.count, total=100)
    assert confidence_joined(whole, []) is None
    assert confidence_joined(Seen(rows=whole.rows, right=[True] * 200), halves) is None


def test_records_found_by_their_own_sequence_do_not_outvote_those_left_out() -> None:
    """Ten records left out weigh as a hundred found by themselves: where both kinds say otherwise, they are even.

    Left out, all lie at 1 % with a gap of 10 %, absent ones at 1 % with one of 0.2 %, and those found by themselves at
    0 with one of 1 %. Present and absent are told apart by the gap alone, and the answer left out is a sure one.
    """
    left_out = [features([(0.01, 1), (0.11, 2)], None)] * 10
    absent = [features([(0.01, 1), (0.012, 2)], None)] * 10
    trials = Seen(
        rows=[*left_out, *absent],
        right=[*[True] * 10, *[False] * 10],
        itself=[features([(0.0, 1), (0.01, 2)], None)] * 100,
    )
    assert confidence_of(Confidence(weights=tuple(_fitted(trials)), steps=()), ((0.01, 1), (0.11, 2)), None) > 0.5


def test_without_present_trials_nothing_but_the_constant_speaks() -> None:
    """No trial found its own species and no record itself: nothing was learnt of what makes a name right."""
    trials = seen(4)
    none = Seen(rows=[row for row, yes in zip(trials.rows, trials.right, strict=True) if not yes], right=[False] * 100)
    fitted = confidence_fit(none, none)
    assert fitted is not None
    assert confidence_of(fitted, ((0.0, 1), (0.2, 2)), 0.006) < 0.01
    assert confidence_fit(Seen(rows=[], right=[]), trials) is None


@settings(max_examples=100, deadline=None)
@given(
    seed=st.integers(0, 5),
    near=st.floats(0, 0.08),
    nearer_by=st.floats(0, 0.08),
    following=st.floats(0, 0.4),
    further_by=st.floats(0, 0.4),
    within=st.none() | st.floats(0, 0.05),
)
def test_nearer_or_further_from_the_next_is_never_less_sure(
    seed: int, near: float, nearer_by: float, following: float, further_by: float, within: float | None
) -> None:
    """Even where the trials say the opposite: identical sequences only of absent species, as in thinned references."""
    draw = random.Random(seed)
    absent = [features([(0.0, 1), (0.1, 2)], None) for _ in range(30)]
    present = [features([(draw.uniform(0.002, 0.01), 1), (0.1, 2)], 0.006) for _ in range(30)]
    trials = Seen(rows=[*present, *absent], right=[*[True] * 30, *[False] * 30])
    fitted = confidence_fit(trials, trials)
    assert fitted is not None
    one = ((near, 1), (near + following, 2))
    other = ((max(near - nearer_by, 0.0), 1), (near + following + further_by, 2))
    assert confidence_of(fitted, other, within) >= confidence_of(fitted, one, within) - 1e-12


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
        assert sure["absent"]["total"] == 10  # the ten species, each taken out once where it had no part in the fit
    unknown = "".join(random.Random(1).choices("ACGT", k=650))
    assert identified_json(identify(*calibrated, "q", unknown.encode()))["confidence"] is None
    uncalibrated = identified_json(identify(calibrated[0], None, "q", new[0].sequence.encode()))
    assert uncalibrated["confidence"] is uncalibrated["as_sure"] is None
