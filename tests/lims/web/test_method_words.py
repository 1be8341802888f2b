"""Words of methods: every parameter that a run may be told has a label of its own in every language."""

import re

import pytest
from django.utils.translation import override

from lims.lab.rules.methods import METHOD_SHAPES
from lims.web.methodwords import parameter_words, value_words
from lims.web.results import result_view

EVERY = [(method, one.name) for method, shape in sorted(METHOD_SHAPES.items()) for one in shape.parameters]


@pytest.mark.parametrize("language", ["en", "fr", "es"])
def test_every_parameter_has_words(language: str) -> None:
    with override(language):
        for method, name in EVERY:
            words = str(parameter_words(method, name))
            assert words != name, (method, name)
            assert "_" not in words, (method, name)


def test_words_of_shares_and_numbers_say_their_unit() -> None:
    """A number between bounds says what it counts or between which ends it lies."""
    units = ("from 0", "number", "km", "years", "share of", "ratio")
    for method, shape in METHOD_SHAPES.items():
        for one in shape.parameters:
            if one.kind in {"number", "whole"}:
                words = str(parameter_words(method, one.name))
                assert any(unit in words for unit in units), (method, one.name, words)


def test_bounds_in_words_are_those_that_are_checked() -> None:
    for method, shape in METHOD_SHAPES.items():
        for one in shape.parameters:
            said = re.search(r"from ([\d.]+) to ([\d.]+)", str(parameter_words(method, one.name)))
            if said is not None:
                assert one.most == float(said[2]), (method, one.name)
                assert one.least == pytest.approx(float(said[1]), abs=1e-8), (method, one.name)


def test_settings_of_a_result_are_in_words() -> None:
    given = {"alpha": 0.01, "calibrated": True, "prior": {"wild": 0.5}, "gone": 3}
    outcome = {"method": "individual.parentage", "parameters": given, "finding": {}}
    with override("fr"):
        shown = dict(result_view(outcome, "parents_possible", "A").parameters)
    assert shown["Seuil pour le pedigree entier, de 0 à 0,5"] == "0.01"
    assert shown["gone"] == "3", "a parameter of an older version keeps its name"
    with override("en"):
        assert value_words(False) == "no"
        assert value_words({"wild": 0.5, "captive": 0.5}) == "wild 0.5, captive 0.5"
