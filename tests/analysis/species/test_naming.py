"""The naming rule: what it asks for, how it is chosen, and what is counted of it.

The confidence here has one weight, 2, of the logarithm of (gap + 0.003) / 0.03, so that its odds are the square of that
ratio and every number can be worked out by hand.
"""

from __future__ import annotations

import random
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from analysis.errors import InputRefused
from analysis.outcome import Identification
from analysis.species.calibrate import library_calibrate
from analysis.species.calibration import Calibration, Confidence, Rate, Rule, calibration_read
from analysis.species.choosing import Found, Tried, crossed_rule, one_of_each, species_rule
from analysis.species.identify import identify
from analysis.species.library import Library, library_build, library_open
from analysis.species.naming import named_together, together
from analysis.species.records import records_read
from analysis.species.rules import Pairs
from analysis.species.speciestable import Species
from analysis.species.synthetic import Barcode
from tests.analysis.species.conftest import held_out

GAPS_ALONE = Confidence(weights=(0.0, 0.0, 0.0, 2.0, 0.0, 0.0, 0.0), steps=())
NONE = Rate(count=0, total=0)


def confidence(gap: float) -> float:
    odds = ((gap + 0.003) / 0.03) ** 2
    return odds / (1 + odds)


def gap_of(value: float) -> float:
    return 0.03 * (value / (1 - value)) ** 0.5 - 0.003


def rule(asked: float | None, grouped: float | None) -> Rule:
    return Rule(
        distance=0.02, gap=0.0004, confidence=asked, group_confidence=grouped, present_called=NONE, present_wrong=NONE,
        absent_named=NONE, records_named=NONE, present_grouped=NONE, present_outside=NONE, absent_grouped=NONE,
    )  # fmt: skip


def named(pairs: Pairs, asked: float | None, grouped: float | None) -> int:
    return named_together(GAPS_ALONE, rule(asked, grouped), pairs, None)[0]


def test_near_apart_and_sure_enough_are_all_asked_for() -> None:
    near = ((0.001, 1), (0.031, 2))
    assert named(near, confidence(0.03) - 1e-9, None) == 1
    assert named(near, confidence(0.03) + 1e-9, None) == 0
    assert named(near, None, None) == 0
    assert named(((0.0201, 1), (0.2, 2)), 0.1, 0.1) == 0
    assert named(((0.02, 1), (0.2, 2)), 0.1, 0.1) == 1
    assert named(((0.001, 1), (0.0013, 2)), 0.01, None) == 0
    assert named(((0.001, 1), (0.0015, 2)), 0.01, None) == 1
    assert named(((0.001, 1),), confidence(0.299) - 1e-9, None) == 1
    assert named((), 0.1, 0.1) == 0


def test_species_not_told_apart_are_named_together_by_the_gap_to_the_next_outside() -> None:
    pairs = ((0.001, 1), (0.001, 2), (0.003, 3), (0.041, 4))
    assert list(together(GAPS_ALONE, pairs, None)) == [
        (2, pytest.approx(confidence(0.002))),
        (3, pytest.approx(confidence(0.04))),
    ]
    near = (*pairs[:3], (0.02, 4))
    assert list(together(GAPS_ALONE, near, None))[2] == (4, pytest.approx(confidence(0.299)))
    assert named(pairs, 0.1, confidence(0.04) - 1e-9) == 3
    assert named(pairs, 0.1, confidence(0.002) - 1e-9) == 2
    assert named(pairs, 0.1, None) == 0


def test_a_group_of_all_species_found_counts_only_where_so_few_were_found_that_nothing_else_is_near() -> None:
    assert named(tuple((0.001, number) for number in range(5)), 0.5, 0.5) == 5
    assert named(tuple((0.001, number) for number in range(6)), 0.5, 0.5) == 0
    many = (*((0.001, number) for number in range(13)), (0.2, 13))
    assert named(many, 0.5, 0.5) == 0
    assert named(many[1:], 0.5, 0.5) == 12


# ── How the number asked for is chosen, and what is counted ──────────────────────────────────────────────────────────


def library(names: int = 2_000, unsettled: frozenset[int] = frozenset()) -> Library:
    every = [
        Species(name=f"Aus n{number}", genus="Aus", family=None, verified=number not in unsettled)
        for number in range(names)
    ]
    return cast("Library", SimpleNamespace(species=every))


def tried(species: int, *, hidden: Pairs, itself: float, left_out: Pairs | None = None) -> Tried:
    return Tried(
        species=species,
        left_out=None if left_out is None else Found(pairs=left_out, within=None),
        hidden=Found(pairs=hidden, within=None),
        itself=Found(pairs=((0.0, species), (gap_of(itself), 1_000)), within=None),
    )


FAR: Pairs = ((0.1, 1_000), (0.2, 1_001))


def alone(value: float) -> Pairs:
    """A search that finds another species with this confidence."""
    return ((0.001, 1_000), (0.001 + gap_of(value), 1_001))


def choosing() -> list[Tried]:
    """100 species: absent ones named from 0.97 (two, one of them by ten records alike) and 0.90 (one) downwards."""
    hidden = [alone(0.97), alone(0.97), alone(0.90), *[FAR] * 97]
    itself = [*[0.955] * 40, *[0.9155] * 50, *[0.8555] * 10]
    once = [tried(n, hidden=h, itself=i) for n, (h, i) in enumerate(zip(hidden, itself, strict=True))]
    return [*once, *[once[0]] * 9]


def test_the_least_confidence_is_asked_for_that_names_two_absent_species_of_a_hundred() -> None:
    """0.855 would name a third, and 0.955 half as many records for the same two."""
    counting = [
        *(tried(n, hidden=alone(0.92), itself=0.95) for n in range(100, 104)),
        *(tried(n, hidden=alone(0.50), itself=0.90) for n in range(104, 110)),
    ]
    chosen = species_rule(library(), GAPS_ALONE, choosing(), counting)
    assert chosen.confidence == 0.915
    assert (chosen.absent_named, chosen.records_named) == (Rate(count=4, total=10), Rate(count=4, total=10))
    assert chosen.present_called == NONE


def test_where_too_many_absent_species_are_as_sure_as_any_none_is_named() -> None:
    trials = [tried(n, hidden=alone(0.98) if n < 3 else FAR, itself=0.95) for n in range(100)]
    chosen = species_rule(library(), GAPS_ALONE, trials, trials)
    assert (chosen.confidence, chosen.group_confidence, chosen.usable) == (None, None, False)
    assert chosen.absent_named == Rate(count=0, total=100)
    assert species_rule(library(), None, trials, trials).confidence is None


def test_the_number_is_chosen_on_all_trials_and_the_rates_are_those_of_the_halves() -> None:
    """Three of 150 absent species may be named, so 0.855 serves the whole; the first half of 100 may name but two.

    It asks for 0.915, and none of the other half is as sure. That half asks for 0.855 and names three of the first.
    """
    first, other = choosing(), [tried(n, hidden=FAR, itself=0.8555) for n in range(100, 150)]
    halves = [
        species_rule(library(), GAPS_ALONE, one, one_of_each(two)) for one, two in ((first, other), (other, first))
    ]
    whole = crossed_rule(library(), GAPS_ALONE, [*first, *other], halves)
    assert [half.confidence for half in halves] == [0.915, 0.855]
    assert whole.confidence == 0.855
    assert [half.absent_named for half in halves] == [Rate(count=0, total=50), Rate(count=3, total=100)]
    assert whole.absent_named == Rate(count=3, total=150)
    assert whole.records_named == Rate(count=100, total=150)


def test_a_half_without_a_rule_says_nothing_of_how_the_rule_goes_wrong() -> None:
    sure = [tried(n, hidden=alone(0.98) if n < 3 else FAR, itself=0.95) for n in range(100)]
    quiet = [tried(n, hidden=FAR, itself=0.95) for n in range(100, 300)]
    halves = [species_rule(library(), GAPS_ALONE, one, two) for one, two in ((sure, quiet), (quiet, sure))]
    assert [half.usable for half in halves] == [False, True]
    whole = crossed_rule(library(), GAPS_ALONE, [*sure, *quiet], halves)
    assert whole.usable
    assert whole.absent_named == Rate(count=3, total=100)
    without = crossed_rule(library(), GAPS_ALONE, [*sure, *quiet], halves[:1])
    assert (without.usable, without.group_confidence) == (False, None)
    assert without.absent_named == Rate(count=0, total=300)


def test_a_wrong_name_weighs_as_ten_missed_ones() -> None:
    """Of ten present species one is named wrongly at 0.85: asking for 0.93 loses five right ones, and is worth it."""

    def left_out(own: int, nearest: int, value: float) -> Tried:
        pairs = ((0.001, nearest), (0.001 + gap_of(value), 1_000))
        return tried(own, hidden=FAR, itself=0.985, left_out=pairs)

    right = [left_out(n, n, 0.9305) for n in range(1, 5)]
    less = [left_out(n, n, 0.8055) for n in range(5, 10)]
    wrong = left_out(10, 99, 0.8505)
    counting = [*right, *less, wrong]
    assert species_rule(library(), GAPS_ALONE, counting, counting).confidence == 0.93
    assert species_rule(library(), GAPS_ALONE, [*right, *less], counting).confidence == 0.805
    seen = species_rule(library(), GAPS_ALONE, [*right, *less], counting)
    assert (seen.present_called, seen.present_wrong) == (Rate(count=10, total=10), Rate(count=1, total=10))


def test_a_name_that_leaves_the_species_open_is_never_a_false_name() -> None:
    trials = [tried(n, hidden=alone(0.98), itself=0.9505) for n in range(100)]
    chosen = species_rule(library(unsettled=frozenset({1_000})), GAPS_ALONE, trials, trials)
    assert chosen.confidence == 0.95
    assert chosen.absent_named == Rate(count=0, total=100)


def test_groups_have_a_confidence_and_rates_of_their_own() -> None:
    """Ten absent species of 100 would get a group at 0.60, five at 0.80: those five are the most allowed."""

    def pair(value: float) -> Pairs:
        return ((0.001, 1_000), (0.001, 1_001), (0.001 + gap_of(value), 1_002))

    hidden = [*[pair(0.8005)] * 5, *[pair(0.6005)] * 5, *[FAR] * 90]
    trials = [tried(n, hidden=h, itself=0.5005) for n, h in enumerate(hidden)]
    present = tried(200, hidden=FAR, itself=0.5005, left_out=((0.001, 200), (0.001, 5), (0.2, 6)))
    outside = tried(201, hidden=pair(0.9), itself=0.5005, left_out=((0.001, 4), (0.001, 5), (0.2, 201)))
    chosen = species_rule(library(), GAPS_ALONE, trials, [present, outside])
    assert (chosen.confidence, chosen.group_confidence) == (0.5, 0.8)
    assert (chosen.present_grouped, chosen.present_outside) == (Rate(count=2, total=2), Rate(count=1, total=2))
    assert (chosen.absent_grouped, chosen.absent_named) == (Rate(count=1, total=2), Rate(count=0, total=2))


# ── A whole set ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_reasons_say_what_was_found_and_asked_for_and_the_rates_are_those_of_the_rule(
    calibrated: tuple[Library, Calibration], individuals: list[Barcode]
) -> None:
    found = [
        identify(*calibrated, one.accession, one.sequence.encode())
        for one in individuals
        if one.accession in held_out(individuals)
    ]
    answer = next(one for one in found if one.outcome is Identification.SPECIES)
    assert answer.calibration is not None
    assert answer.sure is not None
    used = answer.calibration.species
    near, sure = answer.decision.reasons
    assert (near.code, sure.code) == ("within-species-limit", "sure-enough")
    assert f"{answer.nearest_species[0][1]:.2%}, within the limit of 2.00%" in near.text
    assert f"{used.confidence} is asked for" in sure.text
    assert used.confidence is not None
    assert answer.sure.value >= used.confidence == answer.sure.asked
    rates = {rate.name: rate.rate for rate in answer.error_rates}
    assert rates["absent_species_named"] == used.absent_named
    assert rates["present_species_wrong"] == used.present_wrong


def test_the_order_of_records_changes_no_calibration(reference_fasta: Path, tmp_path: Path) -> None:
    every = list(records_read([reference_fasta], locus=None, taxonomy=None))
    seals = set()
    for place in range(2):
        library_build(tmp_path / str(place), every, name="s", version="1")
        seals.add(library_calibrate(tmp_path / str(place))[1].sha256)
        random.Random(1).shuffle(every)
    assert len(seals) == 1


def test_a_calibration_of_the_earlier_rule_is_refused_with_the_remedy(
    calibrated: tuple[Library, Calibration], tmp_path: Path
) -> None:
    shutil.copytree(calibrated[0].reference.folder, tmp_path / "set")
    path = tmp_path / "set" / "calibration.json"
    path.write_text(path.read_text().replace("spoor-species-calibration/4", "spoor-species-calibration/3"))
    with pytest.raises(InputRefused, match="this version reads spoor-species-calibration/4") as refused:
        calibration_read(library_open(tmp_path / "set"))
    assert "validate" in cast("Any", refused.value).remedy
    assert "not what was written" not in str(refused.value), "nobody changed it"
