"""What a calibration sets beside the species rule: exclusion of a declared species, genera, rates of a genus."""

from __future__ import annotations

import pytest

from analysis.species.calibrate import _exclusion, _genus_rates, _rank_rule
from analysis.species.calibration import Rate
from analysis.species.choosing import Found, Trial, Tried, species_rule
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


def test_a_genus_has_a_rate_of_its_own_from_five_trials_on(library: Library) -> None:
    first, other = (number(library, f"{GENERA[0]} {epithet}") for epithet in ("albus", "niger"))
    second = number(library, f"{GENERA[1]} albus")

    def tried(species: int) -> Tried:
        return Tried(species=species, left_out=None, hidden=None, itself=Found(pairs=((0.0, species),), within=None))

    rule = species_rule(library, None, [], [])
    of_first = [tried(first)] * 3 + [tried(other)] * 2
    assert _genus_rates(library, [*of_first, *[tried(second)] * 4], None, rule) == {GENERA[0]: Rate(count=0, total=5)}
