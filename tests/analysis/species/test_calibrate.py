"""What a calibration sets beside the species rule: exclusion of a declared species, genera, rates of a genus."""

from __future__ import annotations

import pytest

from analysis.species.calibrate import Half, _crossed, _exclusion, _genus_rates, _rank_rule
from analysis.species.calibration import Confidence, Rate, Rule
from analysis.species.choosing import Found, Trial, Tried
from analysis.species.library import Library, library_build
from analysis.species.records import Record
from analysis.species.synthetic import Design, barcodes

GENERA = tuple(f"{first}{second}us" for first in "BCDFG" for second in "aeiou")
"""25 made genera of one species each, and one more species in the first."""


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    names = [*(f"{genus} albus" for genus in GENERA), f"{GENERA[0]} niger"]
    records = [
        Record(
            accession=one.accession, name=one.species, species=one.species, locus="COI", sequence=one.sequence.encode()
        )
        for one in barcodes(names, seed=5, design=Design(each=1))
    ]
    return library_build(tmp_path_factory.mktemp("genera") / "set", records, name="genera", version="1")[0]


def number(library: Library, name: str) -> int:
    found = library.species_number(name)
    assert found is not None
    return found


def trial(library: Library, own: str, *others: tuple[float, str]) -> Trial:
    species = number(library, own)
    pairs = ((0.0, species), *((distance, number(library, name)) for distance, name in others))
    return Trial(record=species, species=species, with_own=pairs)


@pytest.mark.parametrize(
    ("within", "beyond"),
    [
        ([place / 1000 for place in range(100)], 0.09),  # 90 of 100 lie below it
        ([0.001] * 30, 0.05),
        ([0.001] * 29, 0.1),
        ([], 0.1),
    ],
)
def test_a_declared_species_is_excluded_beyond_nine_tenths_of_the_distances_inside_species(
    within: list[float], beyond: float
) -> None:
    assert _exclusion(within) == pytest.approx(beyond)


def test_a_genus_is_named_as_far_as_one_absent_genus_in_twenty_allows(library: Library) -> None:
    """Twenty genera hidden, the nearest other one at 2.2, 4.2, 6.2 … %: at 4.0 % one of them is named, at 4.5 % two."""
    choosing = [
        trial(library, f"{genus} albus", (0.022 + 0.02 * place, f"{GENERA[24]} albus"))
        for place, genus in enumerate(GENERA[1:21])
    ]
    counting = [
        trial(library, f"{GENERA[0]} albus", (0.01, f"{GENERA[0]} niger"), (0.03, f"{GENERA[2]} albus")),
        trial(library, f"{GENERA[21]} albus", (0.041, f"{GENERA[3]} albus")),
        trial(library, f"{GENERA[22]} albus", (0.04, f"{GENERA[3]} albus"), (0.049, f"{GENERA[4]} albus")),
    ]
    rule = _rank_rule(library, (choosing, counting), "genus")
    assert (rule.usable, rule.distance, rule.gap) == (True, 0.04, 0.01)
    # Hidden: the first has another genus at 3 %, the second lies beyond 4 %, the third has two within 1 %.
    assert rule.absent_named == Rate(count=1, total=3)
    # Of one alone is the genus there without the species: it is named, rightly.
    assert rule.present_wrong == Rate(count=0, total=1)


def test_no_genus_is_named_where_absent_ones_lie_at_nothing(library: Library) -> None:
    alike = [trial(library, f"{genus} albus", (0.0, f"{GENERA[24]} albus")) for genus in GENERA[1:5]]
    rule = _rank_rule(library, (alike, alike), "genus")
    assert not rule.usable
    assert rule.absent_named == Rate(count=0, total=4)


GAPS_ALONE = Confidence(weights=(0.0, 0.0, 0.0, 2.0, 0.0, 0.0, 0.0), steps=())
NONE = Rate(count=0, total=0)


def half(asked: float | None, counting: list[Tried]) -> Half:
    rule = Rule(
        distance=0.02, gap=0.0004, confidence=asked, group_confidence=None, present_called=NONE, present_wrong=NONE,
        absent_named=NONE, records_named=NONE, present_grouped=NONE, present_outside=NONE, absent_grouped=NONE,
    )  # fmt: skip
    return Half(fitted=GAPS_ALONE, rule=rule, counting=counting)


def test_a_genus_has_a_rate_of_its_own_from_five_trials_on_each_by_the_rule_of_the_other_half(library: Library) -> None:
    """Hidden, all are found at 0.1 % with a gap of 3 %: odds 1.21, confidence 0.548; asked are 0.5 and 0.6."""
    first, other = (number(library, f"{GENERA[0]} {epithet}") for epithet in ("albus", "niger"))
    second, third, fourth = (number(library, f"{genus} albus") for genus in GENERA[1:4])

    def tried(species: int) -> Tried:
        hidden = Found(pairs=((0.001, third), (0.031, fourth)), within=None)
        return Tried(species=species, left_out=None, hidden=hidden, itself=Found(pairs=((0.0, species),), within=None))

    halves = [half(0.5, [tried(first)] * 3), half(0.6, [tried(other)] * 2 + [tried(second)] * 4)]
    assert _genus_rates(library, halves) == {GENERA[0]: Rate(count=3, total=5)}
    assert _genus_rates(library, [halves[0], half(None, halves[1].counting)]) == {}


def test_each_half_of_the_species_is_counted_by_the_rule_of_the_other(library: Library) -> None:
    """Six species, two trials each: the halves share none, and each counts one trial of each of its three."""
    species = [number(library, f"{genus} albus") for genus in GENERA[:8]]

    def tried(own: int, gap: float) -> Tried:
        return Tried(
            species=own,
            left_out=Found(pairs=((0.001, own), (0.1, species[7])), within=0.002),
            hidden=Found(pairs=((0.03, species[6]), (0.03 + gap, species[7])), within=None),
            itself=Found(pairs=((0.0, own), (0.03, species[6])), within=0.002),
        )

    every = [tried(own, gap) for own in species[:6] for gap in (0.01, 0.02)]
    one, other = _crossed(library, every)
    assert [trial.species for trial in one.counting] == species[1:6:2]
    assert [trial.species for trial in other.counting] == species[0:6:2]
    assert one.rule.absent_named.total == other.rule.absent_named.total == 3
    # Where nothing else is found no species can be missed: no half has anything to tell present from absent by.
    alone = [Tried(species=n, left_out=None, hidden=None, itself=every[0].itself) for n in species[:6]]
    assert _crossed(library, alone) == []
