"""Taking the whole of an exhibit into samples uses it up: only with a recorded authority."""

from decimal import Decimal

import pytest

from chain_of_custody.models import Item
from chain_of_custody.selectors import item_history
from lims.casework.models import Quantity, Sample
from lims.casework.services.samples import Taking, sample_take
from lims.common.errors import RuleViolation
from tests.lims import builders
from tests.lims.builders import Laboratory

pytestmark = pytest.mark.django_db


def _take(lab: Laboratory, item: Item, grams: str, authority: str = "", waste: str = "0") -> Sample:
    taking = Taking(parent=builders.fresh(item), amount=Decimal(grams), unit="g", waste=Decimal(waste))
    return sample_take(actor=lab.custodian, takings=[taking], kind="powder", authority=authority)


def _authorities(item: Item) -> list[str]:
    return [str(row.shown["authority"]) for row in item_history(item) if "authority" in row.shown]


def test_the_last_of_an_exhibit_needs_a_recorded_authority(lab: Laboratory) -> None:
    item = builders.exhibits(lab.custodian, builders.case(lab.custodian), grams="10")[0].item
    _take(lab, item, "4")
    for grams, waste in (("6", "0"), ("5", "1")):
        with pytest.raises(RuleViolation) as refused:
            _take(lab, item, grams, authority="  ", waste=waste)
        assert (refused.value.code, refused.value.field) == ("authority-needed", "authority")
    assert Quantity.objects.get(item=item).left == Decimal(6)
    assert Sample.objects.count() == 1
    assert _authorities(item) == []
    _take(lab, item, "6", authority="Court order 12/26")
    assert Quantity.objects.get(item=item).left == 0
    assert _authorities(item) == ["Court order 12/26"]


def test_a_sample_is_used_up_without_one(lab: Laboratory) -> None:
    item = builders.exhibits(lab.custodian, builders.case(lab.custodian), grams="10")[0].item
    sample = _take(lab, item, "4")
    _take(lab, sample.item, "4")
    assert Quantity.objects.get(item=sample.item).left == 0
