"""Every registered method: what a court asks stands beside it."""

import pytest

from analysis.registry import METHODS


@pytest.mark.parametrize("name", sorted(METHODS))
def test_every_method_says_what_a_court_asks(name: str) -> None:
    method = METHODS[name]
    assert method.name == name
    assert method.version
    assert method.citation
    assert method.assumptions
    assert method.limits
    assert method.validation
