"""How sure a species is, as the page of a result prints it."""

from typing import Any

import pytest

from lims.web.sureview import sure_view

RATE = {"count": 1, "total": 20, "interval95": [0.001, 0.249]}


def details(**more: Any) -> dict[str, Any]:
    return {
        "confidence": 0.9409996,
        "as_sure": {"step": 0.94, "present": RATE, "absent": RATE},
        "nearest_species": [{"taxon": "Aus albus", "distance": 0.0}],
        "found": {"outcome": "inconclusive"},
        **more,
    }


@pytest.mark.parametrize(("asked", "shown"), [(0.941, "0.941"), (0.007, "0.007"), (None, "")])
def test_what_is_asked_for_stands_beside_what_was_found(asked: float | None, shown: str) -> None:
    view = sure_view(details(confidence_asked=asked))
    assert view is not None
    assert (view.value, view.asked, view.named) == ("0.940", shown, False)


def test_a_result_of_the_earlier_rule_says_nothing_of_what_is_asked_for() -> None:
    view = sure_view(details())
    assert view is not None
    assert view.asked is None
