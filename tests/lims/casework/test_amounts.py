"""Amounts cannot be talked up: tolerances are small, and a step makes no more than went in."""

from decimal import Decimal

import pytest

from lims.casework.rules import made_allowed
from lims.casework.services.items import Amount
from lims.common.errors import BadInput, RuleViolation


def test_a_tolerance_is_small_against_the_amount() -> None:
    Amount(value=Decimal(10), unit="g", tolerance=Decimal(1)).check()
    with pytest.raises(BadInput, match="no weighing"):
        Amount(value=Decimal(1), unit="g", tolerance=Decimal(1000)).check()


def test_a_step_makes_no_more_than_went_in() -> None:
    made_allowed(Decimal(1000), "mg", [(Decimal(1), "g")])
    made_allowed(Decimal(80), "ul", [(Decimal(50), "mg")])
    with pytest.raises(RuleViolation, match="cannot come from"):
        made_allowed(Decimal(100), "g", [(Decimal(1), "g")])
