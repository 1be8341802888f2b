"""Shares and probabilities as pages print them: never certain, never impossible, areas with three digits."""

import pytest

from lims.web.numberlines import number_line, number_name
from lims.web.shares import chance, equal


@pytest.mark.parametrize(
    ("value", "words"),
    [(0.0, "< 0.1"), (0.0004, "< 0.1"), (0.0006, "0.1"), (0.398, "39.8"), (0.9994, "99.9"), (1.0, "> 99.9")],
)
def test_a_computed_probability_is_never_certain(value: float, words: str) -> None:
    assert chance(value) == f"{words}\u00a0%"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("coverage_rate_50", "50 % regions that held the site"),
        ("coverage_rate_95", "95 % regions that held the site"),
        ("area_90_flat", "Area of the 90 % region, flat prior"),
        ("area_95_density", "Area of the 95 % region, sampling-density prior"),
        ("genetic_area_95", "Genetic area 95"),
        ("age_of_tree", "Age of tree"),
    ],
)
def test_names_with_a_level_are_said_in_words(name: str, words: str) -> None:
    assert number_name(name) == words


def test_a_small_p_is_no_equation() -> None:
    assert [equal(f"p = {one}") for one in ("< 0.001", "0.02")] == ["p < 0.001", "p = 0.02"]


@pytest.mark.parametrize(
    ("name", "value", "unit", "words"),
    [
        ("posterior", 1.0, "1", "> 0.999"),
        ("posterior", 0.9391, "1", "0.939"),
        ("area_95_flat", 396781.0, "km²", "397,000 km²"),
        ("area_95_flat", 1716543.0, "km²", "1,720,000 km²"),
        ("area_50_flat", 12.345, "km²", "12.3 km²"),
        ("formed after 1975-07-01", 1.0, "share", "> 99.9\u00a0%"),
        ("range 1", 0.9556, "share", "95.6\u00a0%"),
        ("typed", 16, "loci", "16 loci"),
    ],
)
def test_a_number_is_printed_as_what_it_is(name: str, value: float, unit: str, words: str) -> None:
    assert number_line({"name": name, "value": value, "unit": unit}).value == words
