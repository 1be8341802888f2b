"""Hand-overs: two halves, each by its own side."""

import pytest
from django.db import IntegrityError, connection, transaction

from chain_of_custody.errors import (
    AlreadyOffered,
    BadInput,
    HandOverClosed,
    ItemSealed,
    NotCustodian,
    NotYourHalf,
    PermitRequired,
)
from chain_of_custody.models import HandOver, HandOverLine, Item
from chain_of_custody.services import (
    Permit,
    Receipt,
    handover_offer,
    handover_receive,
    handover_refuse,
    handover_withdraw,
    item_consume,
    items_move,
    seal_apply,
)
from tests.chain_of_custody.builders import item, location, person, stored_file, values, verbs

pytestmark = pytest.mark.django_db


def test_custody_passes_when_received_and_not_before() -> None:
    ada, bob = person("Ada"), person("Bob")
    tusk = item(ada)
    offer = handover_offer(actor=ada.actor, items=[tusk], to=bob.party, purpose="examination", note="fragile")
    tusk.refresh_from_db()
    assert (tusk.custodian, tusk.state, offer.state) == (ada.party, "offered", "open")

    offer = handover_receive(actor=bob.actor, handover=offer, receipts=[Receipt(item=tusk, condition="dry")])

    tusk.refresh_from_db()
    assert (tusk.custodian, tusk.state, offer.state) == (bob.party, "held", "received")
    assert verbs(tusk) == ["created", "offered", "received"]
    found = values(tusk)
    assert (found["from"], found["to"]) == (str(ada.party.uuid), str(bob.party.uuid))
    assert found["hand_over"] == str(offer.uuid)


def test_items_without_receipt_are_not_received() -> None:
    ada, bob = person("Ada"), person("Bob")
    scanned, left = item(ada), item(ada)
    offer = handover_offer(actor=ada.actor, items=[scanned, left], to=bob.party, purpose="storage")
    offer = handover_receive(actor=bob.actor, handover=offer, receipts=[Receipt(item=scanned)])
    left.refresh_from_db()
    assert (left.custodian, left.state, offer.state) == (ada.party, "offered", "open")

    offer = handover_refuse(actor=bob.actor, handover=offer, reason="was not in the bag")

    left.refresh_from_db()
    assert (left.custodian, left.state, offer.state) == (ada.party, "held", "mixed")
    assert verbs(left) == ["created", "offered", "refused"]


def test_a_refusal_needs_a_reason() -> None:
    ada, bob = person("Ada"), person("Bob")
    tusk = item(ada)
    offer = handover_offer(actor=ada.actor, items=[tusk], to=bob.party, purpose="storage")
    with pytest.raises(BadInput, match="reason"):
        handover_refuse(actor=bob.actor, handover=offer, reason="  ")


def test_neither_side_writes_the_others_half() -> None:
    ada, bob, eve = person("Ada"), person("Bob"), person("Eve")
    tusk, horn = item(ada), item(ada)
    offer = handover_offer(actor=ada.actor, items=[tusk], to=bob.party, purpose="storage")
    for stranger in (ada, eve):
        with pytest.raises(NotYourHalf):
            handover_receive(actor=stranger.actor, handover=offer, receipts=[Receipt(item=tusk)])
        with pytest.raises(NotYourHalf):
            handover_refuse(actor=stranger.actor, handover=offer, reason="no")
    with pytest.raises(NotYourHalf):
        handover_withdraw(actor=bob.actor, handover=offer)
    with pytest.raises(NotYourHalf):
        handover_offer(actor=eve.actor, items=[horn], to=eve.party, purpose="storage")
    # A signature on the screen does not stand in for somebody who has an account.
    with pytest.raises(NotYourHalf):
        handover_receive(actor=ada.actor, handover=offer, receipts=[Receipt(item=tusk)], signature=stored_file(ada))
    assert verbs(tusk) == ["created", "offered"]
    assert verbs(horn) == ["created"]


def test_the_giver_takes_an_offer_back() -> None:
    ada, bob = person("Ada"), person("Bob")
    tusk = item(ada)
    offer = handover_offer(actor=ada.actor, items=[tusk], to=bob.party, purpose="storage")
    offer = handover_withdraw(actor=ada.actor, handover=offer)
    tusk.refresh_from_db()
    assert (tusk.state, offer.state, verbs(tusk)[-1]) == ("held", "withdrawn", "withdrawn")
    with pytest.raises(HandOverClosed, match="withdrawn by Ada"):
        handover_receive(actor=bob.actor, handover=offer, receipts=[Receipt(item=tusk)])


def test_an_offered_item_can_only_be_settled() -> None:
    ada, bob = person("Ada"), person("Bob")
    tusk, shelf = item(ada), location()
    handover_offer(actor=ada.actor, items=[tusk], to=bob.party, purpose="storage")
    with pytest.raises(AlreadyOffered, match=tusk.reference):
        items_move(actor=ada.actor, items=[tusk], to=shelf)
    with pytest.raises(AlreadyOffered):
        handover_offer(actor=ada.actor, items=[tusk], to=bob.party, purpose="storage")
    with pytest.raises(AlreadyOffered):
        item_consume(actor=ada.actor, item=tusk)
    with pytest.raises(AlreadyOffered):
        seal_apply(actor=ada.actor, item=tusk, number="A 1")
    assert verbs(tusk) == ["created", "offered"]


def test_one_open_line_an_item_by_the_database() -> None:
    ada, bob = person("Ada"), person("Bob")
    tusk = item(ada)
    offer = handover_offer(actor=ada.actor, items=[tusk], to=bob.party, purpose="storage")
    other = HandOver.objects.create(giver=ada.party, receiver=bob.party, purpose="storage", offered_at=offer.offered_at)
    with pytest.raises(IntegrityError, match="hand_over_line_one_open"), transaction.atomic():
        HandOverLine.objects.create(hand_over=other, item=tusk)


def test_seals_are_found_one_by_one() -> None:
    ada, bob = person("Ada"), person("Bob")
    bag = item(ada, kind="container", seal_number="KE 0001")
    offer = handover_offer(actor=ada.actor, items=[bag], to=bob.party, purpose="storage")
    with pytest.raises(BadInput, match="KE 0001"):
        handover_receive(actor=bob.actor, handover=offer, receipts=[Receipt(item=bag)])
    with pytest.raises(BadInput, match="no state of a seal"):
        handover_receive(actor=bob.actor, handover=offer, receipts=[Receipt(item=bag, seal_found="tampered")])
    handover_receive(actor=bob.actor, handover=offer, receipts=[Receipt(item=bag, seal_found="broken")])
    line = HandOverLine.objects.get(item=bag)
    assert (line.seal_found, line.seal_released.state if line.seal_released else "") == ("broken", "broken")
    assert (values(bag)["seal_number"], values(bag)["seal_state"]) == ("KE 0001", "broken")


def test_a_container_goes_with_everything_in_it() -> None:
    ada, bob = person("Ada"), person("Bob")
    crate = item(ada, kind="container")
    box = item(ada, kind="container", container=crate)
    tube = item(ada, kind="sample", container=box)
    offer = handover_offer(actor=ada.actor, items=[crate], to=bob.party, purpose="transport")
    with pytest.raises(BadInput, match="travels inside"):
        handover_receive(actor=bob.actor, handover=offer, receipts=[Receipt(item=tube)])
    handover_receive(actor=bob.actor, handover=offer, receipts=[Receipt(item=crate)])
    for thing in (crate, box, tube):
        thing.refresh_from_db()
        assert (thing.custodian, verbs(thing)) == (bob.party, ["created", "offered", "received"])
    assert (box.container, tube.container) == (crate, box)
    assert values(tube)["carried_in"] == str(crate.uuid)


def test_what_is_named_beside_its_container_goes_inside_it() -> None:
    ada, bob = person("Ada"), person("Bob")
    crate = item(ada, kind="container")
    tube = item(ada, kind="sample", container=crate)
    handover_offer(actor=ada.actor, items=[tube, crate], to=bob.party, purpose="transport")
    tube.refresh_from_db()
    assert tube.container == crate
    assert HandOverLine.objects.get(item=tube).carried_in == crate


def test_an_item_offered_alone_leaves_its_container() -> None:
    ada, bob = person("Ada"), person("Bob")
    crate = item(ada, kind="container")
    tube = item(ada, kind="sample", container=crate)
    handover_offer(actor=ada.actor, items=[tube], to=bob.party, purpose="examination")
    tube.refresh_from_db()
    assert tube.container is None
    assert values(tube)["left_container"] == str(crate.uuid)


def test_nothing_is_offered_out_of_a_sealed_container() -> None:
    ada, bob = person("Ada"), person("Bob")
    crate = item(ada, kind="container")
    tube = item(ada, kind="sample", container=crate)
    seal_apply(actor=ada.actor, item=crate, number="S-1")
    with pytest.raises(ItemSealed, match="S-1"):
        handover_offer(actor=ada.actor, items=[tube], to=bob.party, purpose="examination")


def test_a_party_without_account_signs_on_the_screen() -> None:
    ada, ranger = person("Ada"), person("Ranger Otieno", signs_in=False, document_kind="ID", document_number="7")
    tusk = item(ada)
    offer = handover_offer(actor=ada.actor, items=[tusk], to=ranger.party, purpose="return")
    with pytest.raises(NotYourHalf, match="has not signed"):
        handover_receive(actor=ada.actor, handover=offer, receipts=[Receipt(item=tusk)])
    form = stored_file(ada)
    handover_receive(actor=ada.actor, handover=offer, receipts=[Receipt(item=tusk)], signature=form)
    assert values(tusk)["signed_by"] == str(ranger.party.uuid)
    assert (values(tusk)["signature_file"], values(tusk)["signature_sha256"]) == (str(form.uuid), form.digest)

    back = handover_offer(
        actor=ada.actor, items=[tusk], to=ada.party, purpose="examination", signature=stored_file(ada)
    )
    handover_receive(actor=ada.actor, handover=back, receipts=[Receipt(item=tusk)])
    tusk.refresh_from_db()
    assert tusk.custodian == ada.party


def test_a_member_receives_for_the_organisation() -> None:
    ada, court = person("Ada"), person("High Court", kind="organisation")
    clerk = person("Clerk", organisation=court.party)
    tusk = item(ada)
    offer = handover_offer(actor=ada.actor, items=[tusk], to=court.party, purpose="court")
    handover_receive(actor=clerk.actor, handover=offer, receipts=[Receipt(item=tusk)])
    tusk.refresh_from_db()
    assert tusk.custodian == court.party


def test_places_and_oneself_cannot_receive() -> None:
    ada, tusk_holder = person("Ada"), person("Bob")
    tusk = item(ada)
    for party, words in ((location(), "cannot receive"), (ada.party, "holds the items already")):
        with pytest.raises(BadInput, match=words):
            handover_offer(actor=ada.actor, items=[tusk], to=party, purpose="storage")
    with pytest.raises(BadInput, match="no purpose"):
        handover_offer(actor=ada.actor, items=[tusk], to=tusk_holder.party, purpose="gift")


def test_items_of_a_place_are_taken_out_first() -> None:
    ada, bob, shelf = person("Ada"), person("Bob"), location()
    tusk = item(ada, custodian=shelf)
    with pytest.raises(NotCustodian, match="Freezer 3"):
        handover_offer(actor=ada.actor, items=[tusk], to=bob.party, purpose="storage", signature=stored_file(ada))


@pytest.mark.parametrize(
    "permit",
    [
        Permit(number=" ", country="KE", purpose="L", source="I"),
        Permit(number="KE-77", country="Kenya", purpose="L", source="I"),
        Permit(number="KE-77", country="KE", purpose="X", source="I"),
        Permit(number="KE-77", country="KE", purpose="L", source="Z"),
    ],
)
def test_malformed_permits_are_refused(permit: Permit) -> None:
    ada, bob = person("Ada", country="KE"), person("Bob", country="DE")
    with pytest.raises((BadInput, PermitRequired)):
        handover_offer(actor=ada.actor, items=[item(ada)], to=bob.party, purpose="examination", permit=permit)
    assert HandOver.objects.count() == 0


def test_a_border_needs_a_permit() -> None:
    agency = person("Bundesamt", kind="organisation", country="DE")
    ada, bob = person("Ada", country="KE"), person("Bob", organisation=agency.party)
    tusk = item(ada)
    with pytest.raises(PermitRequired):
        handover_offer(actor=ada.actor, items=[tusk], to=bob.party, purpose="examination")
    permit = Permit(number="KE-77", country="KE", purpose="L", source="I")
    offer = handover_offer(actor=ada.actor, items=[tusk], to=bob.party, purpose="examination", permit=permit)
    assert offer.crosses_border
    found = values(tusk)
    assert (found["permit_number"], found["permit_country"]) == ("KE-77", "KE")
    assert (found["permit_purpose"], found["permit_source"], found["crosses_border"]) == ("L", "I", True)


def test_of_a_border_both_countries_are_known_or_it_is_said() -> None:
    ada, bob, eve = person("Ada", country="KE"), person("Bob"), person("Eve", country="KE")
    for receiver in (bob, eve):
        offer = handover_offer(actor=ada.actor, items=[item(ada)], to=receiver.party, purpose="examination")
        assert not offer.crosses_border
    with pytest.raises(PermitRequired):
        handover_offer(actor=ada.actor, items=[item(ada)], to=bob.party, purpose="court", crosses_border=True)


def test_items_of_two_holders_are_not_offered_together() -> None:
    ada, bob, eve = person("Ada"), person("Bob"), person("Eve")
    own, others = item(ada), item(bob)
    with pytest.raises(BadInput, match="custody of several parties: Ada, Bob"):
        handover_offer(actor=ada.actor, items=[own, others], to=eve.party, purpose="storage")
    assert (verbs(own), verbs(others)) == (["created"], ["created"])


def test_a_border_without_permit_is_refused_by_the_database_too() -> None:
    ada, bob = person("Ada"), person("Bob")
    offer = handover_offer(actor=ada.actor, items=[item(ada)], to=bob.party, purpose="storage")
    with pytest.raises(IntegrityError, match="hand_over_border_needs_permit"), transaction.atomic():
        HandOver.objects.filter(pk=offer.pk).update(crosses_border=True)


def test_contents_cannot_be_parted_from_their_container_by_the_database() -> None:
    ada, bob = person("Ada"), person("Bob")
    crate = item(ada, kind="container")
    tube = item(ada, kind="sample", container=crate)
    with transaction.atomic():
        Item.objects.filter(pk=tube.pk).update(custodian=bob.party)
        with connection.cursor() as cursor, pytest.raises(IntegrityError, match="different custodians"):
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        transaction.set_rollback(True)
