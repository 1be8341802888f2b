"""A hundred people release and receive at once on one PostgreSQL: nothing lost, nothing doubled, no deadlock."""

import random
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.db import connection, connections

from chain_of_custody.core.custody import Custody, custody_step
from chain_of_custody.core.entry import entry_parse
from chain_of_custody.enums import HandOverState
from chain_of_custody.errors import CustodyError
from chain_of_custody.models import Entry, HandOver, Item, Leaf, Stream
from chain_of_custody.services import Receipt, handover_offer, handover_receive, sequencer_run_once
from chain_of_custody.services.verifying import ledger_verify_now
from tests.chain_of_custody.builders import Person, item, own_log, person

pytestmark = pytest.mark.commits
CLIENTS = 100
TURNS = 8
ITEMS = 30


@pytest.fixture(autouse=True)
def _log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own_log(tmp_path, monkeypatch)


def client(me: Person, people: list[Person], seed: int, barrier: threading.Barrier) -> Counter[str]:
    """Receive what is offered, release what one holds; how often each was confirmed, and how often refused."""
    chance, done = random.Random(seed), Counter[str]()
    try:
        connection.ensure_connection()
        barrier.wait(60)
        for _turn in range(TURNS):
            for act in (_receive, _release):
                try:
                    act(me, people, chance, done)
                except CustodyError:
                    done["refused"] += 1
    finally:
        connections.close_all()
    return done


def _receive(me: Person, people: list[Person], chance: random.Random, done: Counter[str]) -> None:
    # The whole house may receive for the laboratory: several people reach for the same hand-over.
    mine = [me.party, people[0].party]
    waiting = list(HandOver.objects.filter(state=HandOverState.OPEN, receiver__in=mine).order_by("pk")[:5])
    if waiting:
        offer = chance.choice(waiting)
        items = [line.item for line in offer.lines.select_related("item")]
        handover_receive(actor=me.actor, handover=offer, receipts=[Receipt(item=one) for one in items])
        done["received"] += len(items)


def _release(me: Person, people: list[Person], chance: random.Random, done: Counter[str]) -> None:
    held = list(Item.objects.filter(custodian=me.party, state="held")[:2])
    if held:
        to = people[0] if chance.random() < 0.6 else chance.choice(people)
        handover_offer(actor=me.actor, items=held, to=to.party, purpose="examination")
        done["offered"] += len(held)


def test_a_hundred_clients_lose_and_double_nothing() -> None:
    house = person("Laboratory", kind="organisation")
    people = [person(f"Person {number}", organisation=house.party) for number in range(CLIENTS)]
    things = [item(people[number]) for number in range(ITEMS)]
    barrier = threading.Barrier(CLIENTS)
    with ThreadPoolExecutor(CLIENTS) as pool:
        jobs = [pool.submit(client, me, [house, *people], number, barrier) for number, me in enumerate(people)]
        done = sum((job.result(240) for job in jobs), Counter[str]())  # a deadlock would be an error of the database
    verbs: Counter[str] = Counter()
    for thing in things:
        state = Custody.unpack(b"")
        rows = list(Entry.objects.filter(stream__uuid=thing.uuid).order_by("sequence"))
        assert [row.sequence for row in rows] == list(range(1, len(rows) + 1))
        for row in rows:
            entry = entry_parse(bytes(row.canonical))
            state = custody_step(state, entry.verb, entry.values)  # raises where two would hold it, or nobody
            verbs[entry.verb] += 1
        assert state.custodian == Item.objects.get(pk=thing.pk).custodian.uuid.bytes
    assert (verbs["offered"], verbs["received"]) == (done["offered"], done["received"])
    assert done["received"] > 10
    assert done["refused"] > 0
    while sequencer_run_once(limit=97):
        pass
    assert list(Leaf.objects.order_by("index").values_list("index", flat=True)) == list(range(Entry.objects.count()))
    assert sum(Stream.objects.values_list("head_sequence", flat=True)) == Entry.objects.count()
    verdict = ledger_verify_now()
    assert verdict.passed, verdict.findings
