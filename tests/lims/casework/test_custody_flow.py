"""Exhibits, samples and custody through the services, on a real database."""

from decimal import Decimal

import pytest

from chain_of_custody.errors import ItemSealed, NotCustodian
from chain_of_custody.models import Entry, Item
from chain_of_custody.services import Receipt
from lims.accounts.roles import Role
from lims.casework.models import Label, Quantity
from lims.casework.services.custody import handover_offer, handover_receive, items_move, seal_apply, seal_open
from lims.casework.services.items import Amount
from lims.casework.services.samples import Taking, item_reweigh, sample_take
from lims.common.errors import BadInput, NotAllowed, RuleViolation
from tests.lims import builders
from tests.lims.builders import Laboratory

pytestmark = pytest.mark.django_db


def test_an_exhibit_comes_with_item_label_amount_and_entries(lab: Laboratory) -> None:
    case = builders.case(lab.custodian)
    exhibit = builders.exhibits(lab.custodian, case)[0]
    assert exhibit.item.reference.startswith(f"{case.reference}-E01")
    assert Label.objects.get(item=exhibit.item).code == exhibit.item.scan_code
    assert Quantity.objects.get(item=exhibit.item).left == Decimal(500)
    entries = Entry.objects.filter(stream__kind="item", stream__uuid=exhibit.item.uuid).order_by("sequence")
    assert [entry.sequence for entry in entries] == [1, 2]


def test_registering_511_pieces_takes_few_statements(lab: Laboratory, django_assert_max_num_queries: object) -> None:
    case = builders.case(lab.custodian)
    with django_assert_max_num_queries(30):  # type: ignore[operator]
        made = builders.exhibits(lab.custodian, case, 511)
    assert len({one.item.reference for one in made}) == 511


def test_a_sub_sample_balances_and_keeps_its_parent_above_zero(lab: Laboratory) -> None:
    case = builders.case(lab.custodian)
    exhibit = builders.exhibits(lab.custodian, case, grams="10")[0]
    taking = Taking(parent=builders.fresh(exhibit.item), amount=Decimal("500"), unit="mg", waste=Decimal("5"))
    sample = sample_take(actor=lab.custodian, takings=[taking], kind="powder")
    assert Quantity.objects.get(item=exhibit.item).left == Decimal("9.495")
    assert Quantity.objects.get(item=sample.item).left == Decimal(500)
    too_much = Taking(parent=builders.fresh(exhibit.item), amount=Decimal("11"), unit="g")
    with pytest.raises(RuleViolation, match=r"11 g is more than the 9\.495 g left"):
        sample_take(actor=lab.custodian, takings=[too_much], kind="powder")
    assert Quantity.objects.get(item=exhibit.item).left == Decimal("9.495")


def test_no_child_from_a_sealed_item_nor_from_another_persons(lab: Laboratory) -> None:
    case = builders.case(lab.custodian)
    exhibit = builders.exhibits(lab.custodian, case)[0]
    item = builders.fresh(exhibit.item)
    seal_apply(actor=lab.custodian, item=item, number="S-1")
    taking = [Taking(parent=builders.fresh(item), amount=Decimal(1), unit="g")]
    with pytest.raises(ItemSealed):
        sample_take(actor=lab.custodian, takings=taking, kind="powder")
    seal_open(actor=lab.custodian, item=builders.fresh(item), found="intact", reason="sampling")
    with pytest.raises(NotCustodian):
        sample_take(actor=lab.technician, takings=taking, kind="powder")


def test_a_mass_may_shrink_but_not_grow(lab: Laboratory) -> None:
    exhibit = builders.exhibits(lab.custodian, builders.case(lab.custodian), grams="100")[0]
    item = builders.fresh(exhibit.item)
    item_reweigh(actor=lab.custodian, item=item, value=Decimal("97.2"), unit="g", note="dried")
    item_reweigh(actor=lab.custodian, item=item, value=Decimal("97.6"), unit="g", note="within the tolerance of 0.5 g")
    with pytest.raises(RuleViolation, match="does not grow"):
        item_reweigh(actor=lab.custodian, item=item, value=Decimal("99"), unit="g")


@pytest.mark.parametrize(("amount", "unit", "field"), [("-1", "g", "amount"), ("1", "stone", "unit")])
def test_a_negative_mass_and_an_unknown_unit_are_refused(lab: Laboratory, amount: str, unit: str, field: str) -> None:
    with pytest.raises(BadInput) as caught:
        Amount(value=Decimal(amount), unit=unit).check()
    assert caught.value.field == field


def test_a_handover_passes_custody_only_when_received(lab: Laboratory) -> None:
    case = builders.case(lab.custodian)
    exhibit = builders.exhibits(lab.custodian, case)[0]
    item = builders.fresh(exhibit.item)
    offer = handover_offer(actor=lab.custodian, items=[item], to=builders.party(lab.technician), purpose="examination")
    assert Item.objects.get(pk=item.pk).custodian_id == lab.custodian.party_id
    with pytest.raises(NotAllowed):
        handover_receive(actor=lab.analyst, handover=offer, receipts=[Receipt(item=item)])
    handover_receive(actor=lab.technician, handover=offer, receipts=[Receipt(item=item)])
    assert Item.objects.get(pk=item.pk).custodian_id == lab.technician.party_id


def test_items_go_into_a_place_and_out_into_own_hands(lab: Laboratory) -> None:
    case = builders.case(lab.custodian)
    item = builders.fresh(builders.exhibits(lab.custodian, case)[0].item)
    freezer = builders.place(lab.custodian)
    items_move(actor=lab.custodian, items=[item], to=freezer.party)
    assert Item.objects.get(pk=item.pk).custodian_id == freezer.party_id
    items_move(actor=lab.technician, items=[builders.fresh(item)], to=builders.party(lab.technician))
    assert Item.objects.get(pk=item.pk).custodian_id == lab.technician.party_id


def test_an_investigator_may_not_touch_evidence(lab: Laboratory) -> None:
    case = builders.case(lab.custodian)
    item = builders.fresh(builders.exhibits(lab.custodian, case)[0].item)
    outsider = builders.actor(Role.INVESTIGATOR, agency=case.agency)
    with pytest.raises(NotAllowed):
        seal_apply(actor=outsider, item=item, number="S-9")
