"""Several people at once, each on a connection of their own."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import psycopg
import pytest
from django.db import connection, connections, transaction

from chain_of_custody import schemas
from chain_of_custody.enums import CheckKind
from chain_of_custody.errors import AlreadyOffered, CustodyError, HandOverClosed, ItemSealed, LedgerError
from chain_of_custody.models import Entry, HandOverLine, Item, LedgerCheck, Stream
from chain_of_custody.services import (
    EntryDraft,
    Receipt,
    StreamKey,
    act_append,
    handover_offer,
    handover_receive,
    handover_withdraw,
    items_move,
    seal_apply,
)
from chain_of_custody.services.verifying import check_order
from tests.chain_of_custody.builders import ROOT, entries, item, location, person, verbs
from tests.conftest import TestDatabase

pytestmark = pytest.mark.commits
SCHEMA = "tests.counted/1"


@pytest.fixture(autouse=True)
def _schema() -> None:
    schemas.declare(SCHEMA, {"counted"})


def at_once(*acts: Callable[[], object]) -> list[object]:
    """Start all acts together, each in a thread with its own connection; results or refusals in order."""
    barrier = threading.Barrier(len(acts))

    def run(act: Callable[[], object]) -> object:
        try:
            connection.ensure_connection()
            barrier.wait(30)
            return act()
        except CustodyError as refusal:
            return refusal
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(acts)) as pool:
        return [future.result(60) for future in [pool.submit(run, act) for act in acts]]


def append(*streams: StreamKey) -> None:
    with transaction.atomic():
        act_append(actor=ROOT, drafts=[EntryDraft(stream=one, schema=SCHEMA, verb="counted") for one in streams])


def test_an_act_needs_a_transaction() -> None:
    with pytest.raises(LedgerError, match="atomic"):
        act_append(
            actor=ROOT, drafts=[EntryDraft(stream=StreamKey(kind="x", id=uuid4()), schema=SCHEMA, verb="counted")]
        )


def test_of_two_receivers_the_second_is_told_who_was_first() -> None:
    ada, lab = person("Ada"), person("Laboratory", kind="organisation")
    bob, eve = (person(name, organisation=lab.party) for name in ("Bob", "Eve"))
    for _round in range(5):
        tusk = item(ada)
        offer = handover_offer(actor=ada.actor, items=[tusk], to=lab.party, purpose="storage")
        results = at_once(
            *(
                lambda who=who, offer=offer, tusk=tusk: handover_receive(
                    actor=who.actor, handover=offer, receipts=[Receipt(item=tusk)]
                )
                for who in (bob, eve)
            )
        )
        refused = [result for result in results if isinstance(result, CustodyError)]
        assert [type(refusal) for refusal in refused] == [HandOverClosed]
        assert "received by" in str(refused[0])
        assert verbs(tusk) == ["created", "offered", "received"]


def test_receiving_and_withdrawing_at_once_settles_once() -> None:
    ada, bob = person("Ada"), person("Bob")
    for _round in range(5):
        tusk = item(ada)
        offer = handover_offer(actor=ada.actor, items=[tusk], to=bob.party, purpose="storage")
        results = at_once(
            lambda o=offer, t=tusk: handover_receive(actor=bob.actor, handover=o, receipts=[Receipt(item=t)]),
            lambda o=offer: handover_withdraw(actor=ada.actor, handover=o),
        )
        assert sum(isinstance(result, HandOverClosed) for result in results) == 1
        assert len(verbs(tusk)) == 3
        tusk.refresh_from_db()
        assert (tusk.custodian == bob.party) == (verbs(tusk)[-1] == "received")


def test_an_item_is_offered_once() -> None:
    ada, bob, eve = person("Ada"), person("Bob"), person("Eve")
    tusk = item(ada)
    results = at_once(
        *(
            lambda to=to: handover_offer(actor=ada.actor, items=[tusk], to=to.party, purpose="court")
            for to in (bob, eve)
        )
    )
    assert sum(isinstance(result, AlreadyOffered) for result in results) == 1
    assert HandOverLine.objects.filter(item=tusk).count() == 1


def test_what_goes_into_a_moving_container_goes_along_or_stays_out() -> None:
    ada, shelf = person("Ada"), location()
    for _round in range(8):
        box, tube = item(ada, kind="container"), item(ada, kind="sample")
        at_once(
            lambda b=box: items_move(actor=ada.actor, items=[b], to=shelf),
            lambda b=box, t=tube: items_move(actor=ada.actor, items=[t], container=b),
        )
        box.refresh_from_db()
        tube.refresh_from_db()
        assert box.custodian == shelf
        assert tube.container == box
        assert tube.custodian == shelf


def test_nothing_slips_into_a_container_while_it_is_sealed() -> None:
    ada = person("Ada")
    for number in range(8):
        box, tube = item(ada, kind="container"), item(ada, kind="sample")
        _sealed, moved = at_once(
            lambda b=box, n=number: seal_apply(actor=ada.actor, item=b, number=f"S{n}"),
            lambda b=box, t=tube: items_move(actor=ada.actor, items=[t], container=b),
        )
        in_before = not isinstance(moved, ItemSealed)
        tube.refresh_from_db()
        assert (tube.container == box) == in_before
        if in_before:
            assert entries(tube)[-1].pk < entries(box)[-1].pk


def test_fifty_acts_on_one_stream_leave_no_gap() -> None:
    stream = StreamKey(kind="counter", id=uuid4())
    at_once(*[lambda: append(stream)] * 50)
    rows = list(Entry.objects.filter(stream__uuid=stream.id).order_by("sequence"))
    assert [row.sequence for row in rows] == list(range(1, 51))
    times = [row.recorded_at for row in rows]
    assert times == sorted(times)
    assert Stream.objects.get(uuid=stream.id).head_sequence == 50


def test_acts_on_the_same_streams_in_any_order_never_deadlock() -> None:
    streams = [StreamKey(kind="counter", id=uuid4()) for _ in range(6)]
    orders = [streams[n % 6 :] + streams[: n % 6] for n in range(24)]
    # Half of the streams exist before, half are opened in the race.
    append(*streams[::2])
    results = at_once(*[lambda order=order: append(*order[:4]) for order in orders])
    assert results == [None] * 24
    for stream in streams:
        numbers = Entry.objects.filter(stream__uuid=stream.id).order_by("sequence").values_list("sequence", flat=True)
        assert list(numbers) == list(range(1, len(numbers) + 1))
    assert Entry.objects.count() == 3 + 24 * 4


def test_moves_of_overlapping_items_never_deadlock() -> None:
    ada, one, two = person("Ada"), location("One"), location("Two")
    things = [item(ada) for _ in range(4)]
    items_move(actor=ada.actor, items=things, to=one)
    results = at_once(
        *(
            lambda n=n: items_move(
                actor=ada.actor,
                items=things[n % 4 :] + things[: n % 4],
                to=two if n % 2 else one,
                from_location=True,
            )
            for n in range(16)
        )
    )
    assert results == [None] * 16
    assert {len(verbs(thing)) for thing in things} == {18}


def test_a_running_act_blocks_no_foreign_key(committed_db: TestDatabase) -> None:
    ada = person("Ada")
    tusk = item(ada)
    offer = handover_offer(actor=ada.actor, items=[tusk], to=person("Bob").party, purpose="storage")
    with transaction.atomic():
        handover_withdraw(actor=ada.actor, handover=offer)
        with psycopg.connect(committed_db.url) as other:
            other.execute("SET LOCAL lock_timeout = '2s'")
            other.execute(
                "INSERT INTO chain_of_custody_seal (uuid, item_id, number, state, applied_at) "
                "VALUES (gen_random_uuid(), %s, 'FK-1', 'intact', now())",
                [tusk.pk],
            )
            other.execute(
                "INSERT INTO chain_of_custody_storedfile (uuid, digest, size, name, media_type, role, stream_id, "
                "uploaded_by_id, store_key, store_version, legal_hold) VALUES (gen_random_uuid(), %s, 1, 'x', 'x/x', "
                "'x', (SELECT id FROM chain_of_custody_stream WHERE uuid = %s), %s, 'k', '', false)",
                ["ab" * 32, tusk.uuid, ada.party.pk],
            )
            other.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_custody_has_one_holder_at_every_instant() -> None:
    """Two people pass an item back and forth while a third looks: never nobody, never two."""
    ada, bob = person("Ada"), person("Bob")
    tusk = item(ada)
    stop, seen = threading.Event(), set()

    def look() -> None:
        while not stop.is_set():
            seen.add(Item.objects.values_list("custodian_id", flat=True).get(pk=tusk.pk))
            time.sleep(0.002)

    def pass_on() -> None:
        giver, taker = ada, bob
        for _round in range(6):
            offer = handover_offer(actor=giver.actor, items=[tusk], to=taker.party, purpose="examination")
            handover_receive(actor=taker.actor, handover=offer, receipts=[Receipt(item=tusk)])
            giver, taker = taker, giver
        stop.set()

    at_once(look, pass_on)
    assert seen == {ada.party.pk, bob.party.pk}


def test_of_many_who_ask_for_a_verification_all_get_the_same() -> None:
    asked = at_once(*[lambda: check_order(kind=CheckKind.FULL).pk] * 6)
    assert len(set(asked)) == 1
    assert LedgerCheck.objects.count() == 1
