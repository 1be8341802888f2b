"""Paper forms and signed papers: of the same case, entered by a side of the transfer, never over a later act."""

import io
from collections.abc import Callable

import pytest
from django.utils import timezone

from chain_of_custody.errors import BadTime
from chain_of_custody.models import Item, Party, StoredFile
from chain_of_custody.services import Receipt
from lims.accounts.actors import Actor
from lims.casework.models import Case
from lims.casework.services.custody import (
    custody_back_enter,
    custody_state_earlier,
    handover_offer,
    handover_receive,
    handover_refuse,
    item_dispose,
    items_move,
)
from lims.casework.services.files import case_file_store
from lims.casework.services.places import container_create
from lims.common.errors import BadInput, NotAllowed
from tests.lims import builders
from tests.lims.builders import Laboratory

pytestmark = pytest.mark.django_db


def _paper(lab: Laboratory, case: Case) -> StoredFile:
    return case_file_store(
        actor=lab.custodian,
        case=case,
        source=io.BytesIO(b"signed paper"),
        name="paper.pdf",
        media_type="application/pdf",
        role="form",
    )


def _item(lab: Laboratory, case: Case) -> Item:
    return builders.fresh(builders.exhibits(lab.custodian, case)[0].item)


def _enter(actor: Actor, item: Item, to: Party, file: StoredFile) -> Party:
    custody_back_enter(
        actor=actor, items=[item], to=to, file=file, happened_at=timezone.now(), reason="The line was cut"
    )
    return builders.fresh(item).custodian


def test_a_paper_form_is_entered_by_a_side_of_the_transfer_or_by_order(lab: Laboratory, case: Case) -> None:
    form, technician, analyst = _paper(lab, case), builders.party(lab.technician), builders.party(lab.analyst)
    item = _item(lab, case)
    with pytest.raises(NotAllowed, match="Whoever gave or received"):
        _enter(lab.technician, item, analyst, form)
    assert builders.fresh(item).custodian_id == lab.custodian.party_id
    assert _enter(lab.technician, item, technician, form) == technician  # who received
    assert _enter(lab.technician, builders.fresh(item), analyst, form) == analyst  # who gave
    assert _enter(lab.manager, builders.fresh(item), technician, form) == technician  # custody.reassign


def test_a_paper_form_of_another_case_is_refused(lab: Laboratory, case: Case) -> None:
    item = _item(lab, case)
    strange = _paper(lab, builders.case(lab.custodian))
    with pytest.raises(BadInput) as refused:
        _enter(lab.custodian, item, builders.party(lab.technician), strange)
    assert (refused.value.code, refused.value.field) == ("other-case", "file")


def test_an_older_paper_form_does_not_displace_the_present_custodian(lab: Laboratory, case: Case) -> None:
    moved_at = timezone.now()
    item, freezer = _item(lab, case), builders.place(lab.custodian)
    Item.objects.filter(pk=item.pk).update(witnessed_from=builders.hours_ago(5), last_act_at=builders.hours_ago(4))
    items_move(actor=lab.custodian, items=[builders.fresh(item)], to=freezer.party, happened_at=moved_at)
    with pytest.raises(BadTime, match="later act on record") as refused:
        custody_back_enter(
            actor=lab.manager,
            items=[builders.fresh(item)],
            to=builders.party(lab.technician),
            file=_paper(lab, case),
            happened_at=builders.hours_ago(2),
            reason="The line was cut",
        )
    assert moved_at.isoformat(timespec="minutes") in refused.value.message
    assert "in order" in str(refused.value.remedy)
    assert builders.fresh(item).custodian_id == freezer.party_id


def test_signed_papers_belong_to_a_case_of_their_items(lab: Laboratory, case: Case) -> None:
    item, strange, own = _item(lab, case), _paper(lab, builders.case(lab.custodian)), _paper(lab, case)
    driver = builders.driver()

    def refused(act: Callable[[], object], field: str) -> None:
        with pytest.raises(BadInput) as caught:
            act()
        assert (caught.value.code, caught.value.field) == ("other-case", field)

    me = lab.custodian
    refused(
        lambda: handover_offer(actor=me, items=[item], to=driver, purpose="transport", signature=strange), "signature"
    )
    refused(
        lambda: item_dispose(
            actor=me, item=item, method="destroyed", authority="Order", witness_name="B", certificate=strange
        ),
        "certificate",
    )
    refused(lambda: custody_state_earlier(actor=me, item=item, holder="Post", statement="kept", file=strange), "file")
    offer = handover_offer(actor=me, items=[item], to=driver, purpose="transport")
    refused(
        lambda: handover_receive(actor=me, handover=offer, receipts=[Receipt(item=item)], signature=strange),
        "signature",
    )
    refused(
        lambda: handover_refuse(actor=me, handover=offer, items=[item], reason="no", signature=strange), "signature"
    )
    handover_receive(actor=me, handover=offer, receipts=[Receipt(item=item)], signature=own)
    assert builders.fresh(item).custodian_id == driver.pk


def test_a_box_of_the_laboratory_carries_papers_of_what_is_inside(lab: Laboratory, case: Case) -> None:
    box = container_create(
        actor=lab.custodian, kind="box", description="Box", held_by=builders.party(lab.custodian)
    ).item
    items_move(actor=lab.custodian, items=[_item(lab, case)], container=box)
    box, driver = builders.fresh(box), builders.driver()
    offer = handover_offer(actor=lab.custodian, items=[box], to=driver, purpose="transport")
    receipts, strange = [Receipt(item=box)], _paper(lab, builders.case(lab.custodian))
    with pytest.raises(BadInput, match="was not handed in for"):
        handover_receive(actor=lab.custodian, handover=offer, receipts=receipts, signature=strange)
    handover_receive(actor=lab.custodian, handover=offer, receipts=receipts, signature=_paper(lab, case))
    assert builders.fresh(box).custodian_id == driver.pk
