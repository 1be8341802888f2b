"""Items in hands, places and containers; seals; the ways custody ends; orders and paper."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from chain_of_custody.errors import (
    BadInput,
    BadTime,
    Conflict,
    CustodyError,
    HandOverNeeded,
    ItemFinal,
    ItemSealed,
    NotCustodian,
    SealTaken,
)
from chain_of_custody.models import HandOver, Item, Seal
from chain_of_custody.selectors import custody_now, item_history
from chain_of_custody.services import (
    NewItem,
    Receipt,
    custody_back_enter,
    custody_reassign,
    custody_state_earlier,
    handover_offer,
    handover_receive,
    item_consume,
    item_dispose,
    item_return,
    item_touch_check,
    items_create,
    items_move,
    party_deactivate,
    seal_apply,
    seal_open,
)
from tests.chain_of_custody.builders import at, entries, item, location, person, stored_file, values, verbs

pytestmark = pytest.mark.django_db


# Into custody


def test_many_items_begin_in_one_act() -> None:
    ada = person("Ada")
    made = items_create(
        actor=ada.actor, new=[NewItem(kind="exhibit", reference=f"E{n}") for n in range(5)], custodian=ada.party
    )
    acts = {entries(one)[0].act for one in made}
    assert len(acts) == 1
    assert [one.custodian for one in Item.objects.order_by("pk")] == [ada.party] * 5


def test_references_and_scan_codes_are_used_once() -> None:
    ada = person("Ada")
    first = item(ada, reference="E1", scan_code="7K3M9Q2P")
    for clash in ({"reference": "E1"}, {"reference": "E2", "scan_code": "7K3M9Q2P"}):
        with pytest.raises(Conflict, match="already"), transaction.atomic():
            item(ada, **clash)
    assert Item.objects.get() == first


def test_nothing_begins_in_the_hands_of_another_with_an_account() -> None:
    ada, bob, ranger = person("Ada"), person("Bob"), person("Ranger", signs_in=False)
    with pytest.raises(NotCustodian, match="Bob"):
        item(ada, custodian=bob.party)
    assert item(ada, custodian=ranger.party).custodian == ranger.party
    assert item(ada, custodian=location()).custodian.kind == "location"


@pytest.mark.parametrize("facts", [{"kind": "suitcase"}, {"reference": " "}, {"seal_number": "1", "seal_state": "ok"}])
def test_bad_facts_leave_nothing_behind(facts: dict[str, str]) -> None:
    ada = person("Ada")
    with pytest.raises(BadInput):
        item(ada, **facts)
    assert Item.objects.count() == 0


# Moves


def test_into_a_place_and_out_again() -> None:
    ada, bob, shelf = person("Ada"), person("Bob"), location()
    tusk = item(ada)
    items_move(actor=ada.actor, items=[tusk], to=shelf)
    tusk.refresh_from_db()
    assert tusk.custodian == shelf
    with pytest.raises(NotCustodian, match="Freezer 3"):
        items_move(actor=bob.actor, items=[tusk], to=bob.party)
    items_move(actor=bob.actor, items=[tusk], to=bob.party, from_location=True)
    tusk.refresh_from_db()
    assert tusk.custodian == bob.party
    moved = values(tusk)
    assert (moved["from"], moved["to"]) == (str(shelf.uuid), str(bob.party.uuid))
    shown = item_history(tusk)[-1]
    assert (shown.actor_name, shown.shown["from.name"], shown.shown["to.name"]) == ("Bob", "Freezer 3", "Bob")


def test_nothing_is_moved_to_or_from_another_person() -> None:
    ada, bob = person("Ada"), person("Bob")
    tusk = item(ada)
    with pytest.raises(HandOverNeeded, match="Bob"):
        items_move(actor=ada.actor, items=[tusk], to=bob.party)
    for from_location in (False, True):
        with pytest.raises(NotCustodian, match="Ada"):
            items_move(actor=bob.actor, items=[tusk], to=bob.party, from_location=from_location)


def test_into_a_container_at_a_position() -> None:
    ada, shelf = person("Ada"), location()
    rack = item(ada, kind="plate", custodian=shelf)
    tube, other = item(ada, kind="sample"), item(ada, kind="sample")
    items_move(actor=ada.actor, items=[tube], container=rack, position="A1")
    tube.refresh_from_db()
    assert (tube.container, tube.position, tube.custodian) == (rack, "A1", shelf)
    assert (values(tube)["container"], values(tube)["position"]) == (str(rack.uuid), "A1")
    with pytest.raises(Conflict, match="position"), transaction.atomic():
        items_move(actor=ada.actor, items=[other], container=rack, position="A1")
    items_move(actor=ada.actor, items=[other], container=rack, position="A2")
    now = custody_now(tube)
    assert ([one.reference for one in now.containers], now.custodian) == ([rack.reference], shelf)


def test_a_container_takes_its_contents_along() -> None:
    ada, shelf = person("Ada"), location()
    crate = item(ada, kind="container")
    tube = item(ada, kind="sample", container=crate)
    items_move(actor=ada.actor, items=[crate], to=shelf)
    tube.refresh_from_db()
    assert (tube.custodian, tube.container) == (shelf, crate)
    assert (values(tube)["to"], values(tube)["carried_in"]) == (str(shelf.uuid), str(crate.uuid))
    assert entries(tube)[-1].act == entries(crate)[-1].act


def test_containers_do_not_go_into_themselves_and_things_are_no_containers() -> None:
    ada = person("Ada")
    crate = item(ada, kind="container")
    box = item(ada, kind="container", container=crate)
    tusk = item(ada)
    for things, into in (([crate], box), ([crate], crate), ([box], tusk)):
        with pytest.raises(BadInput):
            items_move(actor=ada.actor, items=things, container=into)


def test_anothers_container_is_closed_to_me() -> None:
    ada, bob = person("Ada"), person("Bob")
    box = item(bob, kind="container")
    with pytest.raises(NotCustodian, match="Bob"):
        items_move(actor=ada.actor, items=[item(ada)], container=box)


def test_a_move_names_one_destination_and_items() -> None:
    ada, shelf = person("Ada"), location()
    tusk, box = item(ada), item(ada, kind="container")
    for facts in ({}, {"to": shelf, "container": box}, {"to": shelf, "position": "A1"}):
        with pytest.raises(BadInput):
            items_move(actor=ada.actor, items=[tusk], **facts)
    for things in ([], [tusk, tusk]):
        with pytest.raises(BadInput):
            items_move(actor=ada.actor, items=things, to=shelf)


# Seals


def test_seals_are_opened_and_applied_and_stay_on_record() -> None:
    ada = person("Ada")
    bag = item(ada, kind="container", seal_number=" KE  0001 ")
    with pytest.raises(ItemSealed, match="KE 0001"):
        seal_apply(actor=ada.actor, item=bag, number="KE 0002")
    old = seal_open(actor=ada.actor, item=bag, found="intact_resealed", condition="tape lifted")
    new = seal_apply(actor=ada.actor, item=bag, number="KE 0002")
    bag.refresh_from_db()
    assert bag.sealed_by == new
    old.refresh_from_db()
    assert (old.number, old.state, old.opened_by) == ("KE 0001", "intact_resealed", ada.party)
    assert verbs(bag) == ["created", "opened", "sealed"]
    assert Seal.objects.filter(item=bag).count() == 2


def test_a_seal_number_is_in_force_once() -> None:
    ada = person("Ada")
    first, second = item(ada), item(ada)
    seal_apply(actor=ada.actor, item=first, number="ab 1")
    with pytest.raises(SealTaken), transaction.atomic():
        seal_apply(actor=ada.actor, item=second, number="AB 1")
    seal_open(actor=ada.actor, item=first)
    seal_apply(actor=ada.actor, item=second, number="AB 1")
    with pytest.raises(Conflict, match="no seal in force"):
        seal_open(actor=ada.actor, item=first)


def test_nothing_goes_into_or_out_of_a_sealed_container() -> None:
    ada, shelf = person("Ada"), location()
    crate = item(ada, kind="container")
    box = item(ada, kind="container", container=crate)
    tube, loose = item(ada, kind="sample", container=box), item(ada, kind="sample")
    seal_apply(actor=ada.actor, item=crate, number="C-9")
    with pytest.raises(ItemSealed, match="C-9"):
        items_move(actor=ada.actor, items=[tube], to=shelf)
    with pytest.raises(ItemSealed, match="C-9"):
        items_move(actor=ada.actor, items=[loose], container=box)
    with pytest.raises(ItemSealed, match="C-9"):
        items_move(actor=ada.actor, items=[loose], container=crate)
    with pytest.raises(ItemSealed, match="C-9"):
        item_touch_check(actor=ada.actor, items=[tube])
    with pytest.raises(ItemSealed, match="C-9"):
        seal_apply(actor=ada.actor, item=box, number="C-10")
    items_move(actor=ada.actor, items=[crate], to=shelf)
    tube.refresh_from_db()
    assert tube.custodian == shelf


def test_others_may_not_touch_seals() -> None:
    ada, bob = person("Ada"), person("Bob")
    bag = item(ada, seal_number="1")
    for act in (lambda: seal_open(actor=bob.actor, item=bag), lambda: item_touch_check(actor=bob.actor, items=[bag])):
        with pytest.raises(NotCustodian, match="Ada"):
            act()


# Endings


def test_consumed_returned_and_disposed_are_final() -> None:
    ada, owner, shelf, boss = person("Ada"), person("Owner", signs_in=False), location(), person("Boss")
    consumed, returned, disposed = item(ada), item(ada), item(ada)
    item_consume(actor=ada.actor, item=consumed, authority="prosecutor, 3 March")
    item_return(actor=ada.actor, item=returned, to=owner.party, authority="court order 7", receipt="R-1")
    item_dispose(actor=ada.actor, item=disposed, method="destroyed", authority="court order 8", witness=boss.party)
    for thing, state in ((consumed, "consumed"), (returned, "returned"), (disposed, "disposed")):
        thing.refresh_from_db()
        assert (thing.state, verbs(thing)) == (state, ["created", state])
        acts = (
            lambda one=thing: items_move(actor=ada.actor, items=[one], to=shelf),
            lambda one=thing: handover_offer(actor=ada.actor, items=[one], to=boss.party, purpose="court"),
            lambda one=thing: seal_apply(actor=ada.actor, item=one, number="1"),
            lambda one=thing: seal_open(actor=ada.actor, item=one),
            lambda one=thing: item_consume(actor=ada.actor, item=one),
            lambda one=thing: custody_back_enter(
                actor=ada.actor, items=[one], to=boss.party, file=stored_file(ada), happened_at=at(9), reason="x"
            ),
            lambda one=thing: custody_reassign(
                actor=boss.actor, items=[one], to=boss.party, inventory_by=person("Z").party, authority="order"
            ),
        )
        for act in acts:
            with pytest.raises((ItemFinal, CustodyError)) as refusal:
                act()
            assert refusal.value.code in {"item-final", "not-your-half"}
    assert returned.custodian == owner.party


def test_returns_and_disposals_need_their_papers() -> None:
    ada, owner, boss = person("Ada"), person("Owner", signs_in=False), person("Boss")
    tusk = item(ada)
    with pytest.raises(BadInput, match="authority"):
        item_return(actor=ada.actor, item=tusk, to=owner.party, authority=" ", receipt="1")
    with pytest.raises(BadInput, match="receipt"):
        item_return(actor=ada.actor, item=tusk, to=owner.party, authority="order")
    with pytest.raises(BadInput, match="authority"):
        item_dispose(actor=ada.actor, item=tusk, method="destroyed", authority="", witness=boss.party)
    with pytest.raises(BadInput, match="witness"):
        item_dispose(actor=ada.actor, item=tusk, method="destroyed", authority="order")
    with pytest.raises(BadInput, match="somebody other"):
        item_dispose(actor=ada.actor, item=tusk, method="destroyed", authority="order", witness=ada.party)
    with pytest.raises(BadInput, match="method"):
        item_dispose(actor=ada.actor, item=tusk, method="lost", authority="order", witness=boss.party)
    with pytest.raises(NotCustodian):
        item_dispose(actor=boss.actor, item=tusk, method="destroyed", authority="order", witness=ada.party)
    assert verbs(tusk) == ["created"]


def test_a_full_container_is_not_consumed() -> None:
    ada = person("Ada")
    box = item(ada, kind="container")
    tube = item(ada, kind="sample", container=box)
    with pytest.raises(Conflict, match=tube.reference):
        item_consume(actor=ada.actor, item=box)


# Orders, statements, paper


def test_what_a_leaver_held_is_reassigned_after_an_inventory_by_two() -> None:
    gone, boss, bob, receiver = person("Gone"), person("Boss"), person("Bob"), person("Receiver")
    tusk = item(gone)
    offer = handover_offer(actor=gone.actor, items=[tusk], to=bob.party, purpose="storage")
    for second in (boss, gone, person("Lab", kind="organisation")):
        with pytest.raises(BadInput):
            custody_reassign(
                actor=boss.actor, items=[tusk], to=receiver.party, inventory_by=second.party, authority="order"
            )
    with pytest.raises(BadInput, match="order"):
        custody_reassign(actor=boss.actor, items=[tusk], to=receiver.party, inventory_by=bob.party, authority="")
    custody_reassign(actor=boss.actor, items=[tusk], to=receiver.party, inventory_by=bob.party, authority="order 12")
    tusk.refresh_from_db()
    offer.refresh_from_db()
    assert (tusk.custodian, tusk.state, offer.state) == (receiver.party, "held", "withdrawn")
    found = values(tusk)
    assert found["inventory_by"] == [str(boss.party.uuid), str(bob.party.uuid)]
    assert found["hand_over"] == str(offer.uuid)
    handover_offer(actor=receiver.actor, items=[tusk], to=bob.party, purpose="storage")


def test_orders_and_paper_give_items_to_somebody_active_who_has_them_not() -> None:
    gone, boss, bob, left = person("Gone"), person("Boss"), person("Bob"), person("Left")
    tusk = item(gone, happened_at=at(8))
    party_deactivate(actor=boss.actor, party=left.party, reason="left too")
    with pytest.raises(BadInput, match="Left is no longer active"):
        custody_reassign(actor=boss.actor, items=[tusk], to=left.party, inventory_by=bob.party, authority="order 12")
    with pytest.raises(Conflict, match="with Gone already"):
        custody_back_enter(
            actor=boss.actor, items=[tusk], to=gone.party, file=stored_file(boss), happened_at=at(9), reason="outage"
        )
    assert verbs(tusk) == ["created"]


def test_a_seals_number_has_sixty_signs_at_most() -> None:
    ada = person("Ada")
    for number in ("", "  ", "9" * 61):
        with pytest.raises(BadInput, match="1 to 60 characters"):
            seal_apply(actor=ada.actor, item=item(ada), number=number)
    assert (
        seal_apply(actor=ada.actor, item=item(ada), number=f" {'9' * 29}   {'8' * 30} ").number
        == f"{'9' * 29} {'8' * 30}"
    )
    with pytest.raises(BadInput, match="no state of a seal"):
        seal_open(actor=ada.actor, item=item(ada), found="tampered")


def test_earlier_custody_is_stated_and_changes_nothing() -> None:
    ada = person("Ada")
    tusk = item(ada, happened_at=at(10))
    custody_state_earlier(
        actor=ada.actor, item=tusk, holder="Officer Mwangi", statement="held in the boot", since=at(6), until=at(9)
    )
    tusk.refresh_from_db()
    assert (tusk.custodian, verbs(tusk)) == (ada.party, ["created", "stated_earlier"])
    row = item_history(tusk)[-1]
    assert (row.shown["holder"], row.shown["statement"]) == ("Officer Mwangi", "held in the boot")
    assert "Mwangi" not in bytes(entries(tusk)[-1].canonical).decode()
    for since, until in ((at(6), at(11)), (at(11), None), (at(9), at(8))):
        with pytest.raises(BadTime):
            custody_state_earlier(actor=ada.actor, item=tusk, holder="X", statement="y", since=since, until=until)


def test_a_paper_form_is_entered_with_both_times_and_its_scan() -> None:
    ada, bob = person("Ada"), person("Bob")
    tusk = item(ada, happened_at=at(8))
    items_move(actor=ada.actor, items=[tusk], to=ada.party, happened_at=at(12))
    form = stored_file(ada)
    with pytest.raises(BadTime, match="previous act"):
        items_move(actor=ada.actor, items=[tusk], to=location(), happened_at=at(11))
    with pytest.raises(BadInput, match="reason"):
        custody_back_enter(actor=ada.actor, items=[tusk], to=bob.party, file=form, happened_at=at(11), reason="")
    with pytest.raises(BadTime):
        custody_back_enter(actor=ada.actor, items=[tusk], to=bob.party, file=form, happened_at=at(7), reason="outage")
    with pytest.raises(BadTime, match=r"later act on record, at .*12:00"):
        custody_back_enter(actor=ada.actor, items=[tusk], to=bob.party, file=form, happened_at=at(11), reason="outage")
    tusk.refresh_from_db()
    assert tusk.custodian == ada.party
    custody_back_enter(actor=ada.actor, items=[tusk], to=bob.party, file=form, happened_at=at(13), reason="outage")
    tusk.refresh_from_db()
    row = item_history(tusk)[-1]
    assert (tusk.custodian, row.verb, row.happened_at) == (bob.party, "back_entered", at(13))
    assert row.recorded_at - row.happened_at > timedelta(days=1)
    assert (row.values["file"], row.values["sha256"]) == (str(form.uuid), form.digest)
    with pytest.raises(BadTime):
        handover_offer(actor=bob.actor, items=[tusk], to=ada.party, purpose="storage", happened_at=at(12, 30))


@pytest.mark.parametrize("claimed", [datetime(2999, 1, 1, tzinfo=UTC), datetime(2026, 3, 4, 9)])  # noqa: DTZ001
def test_times_in_the_future_or_without_zone_are_refused(claimed: datetime) -> None:
    ada = person("Ada")
    tusk = item(ada, happened_at=at(8))
    with pytest.raises(BadTime), transaction.atomic():
        items_move(actor=ada.actor, items=[tusk], to=location(), happened_at=claimed)
    tusk.refresh_from_db()
    assert (tusk.custodian, verbs(tusk)) == (ada.party, ["created"])


def test_the_database_knows_the_lists_too() -> None:
    ada, bob = person("Ada"), person("Bob")
    tusk = item(ada)
    offer = handover_offer(actor=ada.actor, items=[tusk], to=bob.party, purpose="court")
    handover_receive(actor=bob.actor, handover=offer, receipts=[Receipt(item=tusk)])
    for rows, wrong in (
        (Item.objects.filter(pk=tusk.pk), {"state": "lost"}),
        (Item.objects.filter(pk=tusk.pk), {"container": tusk}),
        (HandOver.objects.filter(pk=offer.pk), {"state": "open"}),
        (HandOver.objects.filter(pk=offer.pk), {"purpose": "gift"}),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.update(**wrong)
