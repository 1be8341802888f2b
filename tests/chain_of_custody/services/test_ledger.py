"""Appending acts: exact bytes, commitments, refusals, and the number of statements."""

import hashlib
import json
from collections.abc import Callable, Iterator
from datetime import timedelta, timezone
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from chain_of_custody import schemas
from chain_of_custody.core.actor import Actor
from chain_of_custody.core.entry import entry_parse
from chain_of_custody.errors import BadInput, Conflict, EntryTooLarge, LedgerError, NotFound, UnknownSchema
from chain_of_custody.models import Commitment, Entry, Item, Pending, Stream
from chain_of_custody.selectors import custody_now, item_history, stream_entries
from chain_of_custody.services import (
    EntryDraft,
    NewItem,
    Receipt,
    StreamKey,
    act_append,
    commitment_erase,
    handover_offer,
    handover_receive,
    items_create,
    items_move,
    party_account_change,
    party_create,
    party_deactivate,
    party_reactivate,
)
from tests.chain_of_custody.builders import ROOT, at, item, location, person

pytestmark = pytest.mark.django_db
ACTOR = Actor(party=uuid4(), account=uuid4(), name="Ada", role="custodian", organisation="Lab", via="api")


@pytest.fixture(autouse=True)
def _schema() -> Iterator[None]:
    schemas.declare("tests.note/1", {"written": schemas.fields("n", optional="text", committed="who")})
    yield
    schemas._REGISTRY.pop("tests.note/1")


def note(stream: StreamKey, n: int = 1, **facts: object) -> EntryDraft:
    return EntryDraft(stream=stream, schema="tests.note/1", verb="written", values={"n": n} | facts)


def key() -> StreamKey:
    return StreamKey(kind="note", id=uuid4())


def test_entries_are_numbered_and_chained_by_their_bytes() -> None:
    stream = key()
    with transaction.atomic():
        act = act_append(actor=ACTOR, drafts=[note(stream, 1), note(stream, 2)])
        act_append(actor=ACTOR, drafts=[note(stream, 3)], happened_at=at(9).astimezone(timezone(timedelta(hours=3))))
    rows = list(Entry.objects.filter(stream__uuid=stream.id).order_by("sequence"))
    previous = None
    for number, row in enumerate(rows, start=1):
        data = bytes(row.canonical)
        found = json.loads(data)
        assert data == json.dumps(found, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        assert (found["sequence"], found["previous"], found["values"]) == (number, previous, {"n": number})
        previous = hashlib.sha256(b"spoor/entry/v1\0" + data).hexdigest()
        assert bytes(row.hash).hex() == previous
    assert [str(row.uuid) for row in rows[:2]] == [str(ref.id) for ref in act.entries]
    assert json.loads(bytes(rows[2].canonical))["happened_at"] == "2026-03-04T12:00:00+03:00"
    head = Stream.objects.get(uuid=stream.id)
    assert (head.head_sequence, bytes(head.head_hash or b"").hex()) == (3, previous)


def test_recorded_times_never_step_back_within_a_stream() -> None:
    stream = key()
    with transaction.atomic():
        act_append(actor=ACTOR, drafts=[note(stream)])
        Stream.objects.filter(uuid=stream.id).update(
            head_recorded_at=Entry.objects.get().recorded_at + timedelta(hours=1), head_sequence=1_000
        )
        act = act_append(actor=ACTOR, drafts=[note(stream)])
    assert act.recorded_at == Entry.objects.get(sequence=1).recorded_at + timedelta(hours=1)


def test_nor_where_the_streams_are_locked_with_their_items() -> None:
    ada, shelf = person("Ada"), location()
    tusk = item(ada)
    ahead = Entry.objects.get(stream__uuid=tusk.uuid).recorded_at + timedelta(hours=1)
    Stream.objects.filter(uuid=tusk.uuid).update(head_recorded_at=ahead, head_sequence=1_000)
    items_move(actor=ada.actor, items=[tusk], to=shelf)
    moved = Entry.objects.get(stream__uuid=tusk.uuid, sequence=1_001)
    assert (moved.recorded_at, entry_parse(bytes(moved.canonical)).recorded_at) == (ahead, ahead)
    assert Item.objects.get(pk=tusk.pk).last_act_at == ahead


@pytest.mark.parametrize("said", [{"reason": "torn \ud800"}, {"place": "torn \ud800"}])
def test_a_text_that_no_file_can_hold_is_refused_in_words(said: dict[str, str]) -> None:
    with transaction.atomic(), pytest.raises(BadInput, match="lone surrogate"):
        act_append(actor=ACTOR, drafts=[note(key())], **said)  # type: ignore[arg-type]


def test_persons_reasons_and_places_are_commitments() -> None:
    stream = key()
    draft = EntryDraft(
        stream=stream, schema="tests.note/1", verb="written", values={"n": 1}, committed={"who": "Eve Adamson"}
    )
    with transaction.atomic():
        act_append(actor=ACTOR, drafts=[draft], reason="court asked", place="Room 12")
    row = Entry.objects.get()
    text = bytes(row.canonical).decode()
    assert not any(word in text for word in ("Ada", "Lab", "court", "Room", "Eve"))
    entry = entry_parse(bytes(row.canonical))
    assert set(entry.committed) == {"actor.name", "actor.organisation", "reason", "place", "who"}
    for hidden in Commitment.objects.all():
        opened = json.dumps(
            [str(row.uuid), hidden.field, json.loads(bytes(hidden.value or b""))], separators=(",", ":")
        )
        digest = hashlib.sha256(b"spoor/commitment/v1\0" + bytes(hidden.salt or b"") + opened.encode())
        assert entry.committed[hidden.field] == digest.hexdigest()
    assert len({bytes(hidden.salt or b"") for hidden in Commitment.objects.all()}) == 5


def test_every_entry_waits_for_its_place() -> None:
    with transaction.atomic():
        act_append(actor=ACTOR, drafts=[note(key()), note(key())])
    assert set(Pending.objects.values_list("entry_id")) == set(Entry.objects.values_list("pk"))


@pytest.mark.parametrize(
    ("schema", "verb", "values", "committed"),
    [
        ("tests.unknown/1", "written", {"n": 1}, {}),
        ("tests.note/2", "written", {"n": 1}, {}),
        ("tests.note/1", "erased", {"n": 1}, {}),
        ("tests.note/1", "written", {}, {}),
        ("tests.note/1", "written", {"n": 1, "colour": "red"}, {}),
        ("tests.note/1", "written", {"n": 1}, {"whom": "x"}),
        ("tests.note/1", "written", {"n": 1}, {"actor.name": "x"}),
    ],
)
def test_undeclared_payloads_are_refused(
    schema: str, verb: str, values: dict[str, int], committed: dict[str, str]
) -> None:
    draft = EntryDraft(stream=key(), schema=schema, verb=verb, values=values, committed=committed)
    with pytest.raises(UnknownSchema), transaction.atomic():
        act_append(actor=ACTOR, drafts=[draft])
    assert Stream.objects.count() == 0


def test_a_schema_is_declared_once() -> None:
    schemas.declare("tests.note/1", {"written": schemas.fields("n", optional="text", committed="who")})
    with pytest.raises(UnknownSchema, match="next version"):
        schemas.declare("tests.note/1", {"written": schemas.fields("m")})
    for name in ("note/1", "tests.note", "Tests.note/1", "tests.note/0"):
        with pytest.raises(UnknownSchema):
            schemas.declare(name, {"written"})


def test_entries_have_a_form_and_a_size() -> None:
    with pytest.raises(BadInput, match=r"1\.5"), transaction.atomic():
        act_append(actor=ACTOR, drafts=[note(key(), text=1.5)])
    with pytest.raises(EntryTooLarge, match="32768"), transaction.atomic():
        act_append(actor=ACTOR, drafts=[note(key(), text="x" * 32768)])
    assert Entry.objects.count() == 0


def test_an_act_touches_something() -> None:
    with pytest.raises(LedgerError, match="drafts"):
        act_append(actor=ACTOR, drafts=[])


def test_history_hides_what_was_erased_and_keeps_the_zone() -> None:
    stream = key()
    with transaction.atomic():
        act_append(actor=ACTOR, drafts=[note(stream)], reason="why", happened_at=at(9))
    Commitment.objects.filter(field="reason").update(salt=None, value=None, erased_at=at(10))
    row = stream_entries("note", stream.id)[0]
    assert (row.shown["actor.name"], row.erased, row.index) == ("Ada", ("reason",), None)
    assert row.happened_at == at(9)


def test_parties_keep_their_papers_out_of_the_entry() -> None:
    ranger = party_create(
        actor=ROOT, kind="person", name="  Joyce   Otieno ", document_kind="passport", document_number="AK 77"
    )
    text = bytes(Entry.objects.get(stream__uuid=ranger.uuid).canonical).decode()
    assert "Otieno" not in text
    assert "AK 77" not in text
    assert ranger.name == "Joyce Otieno"
    for facts in (
        {"kind": "ghost"},
        {"name": " "},
        {"document_kind": "passport"},
        {"document_number": "1"},
        {"organisation": ranger},
        {"country": "Kenya"},
    ):
        with pytest.raises(BadInput):
            party_create(**{"actor": ROOT, "kind": "person", "name": "X"} | facts)


def statements(act: Callable[[], object]) -> int:
    with CaptureQueriesContext(connection) as captured:
        act()
    return len(captured)


def test_statements_do_not_grow_with_items() -> None:
    ada, bob, shelf = person("Ada"), person("Bob"), location()
    counts: dict[int, list[int]] = {}
    for size in (1, 40):
        new = [NewItem(kind="exhibit", reference=f"{size}-{n}", seal_number=f"{size}-{n}") for n in range(size)]
        things = []
        create = statements(lambda: things.extend(items_create(actor=ada.actor, new=new, custodian=ada.party)))  # noqa: B023
        move = statements(lambda: items_move(actor=ada.actor, items=things, to=shelf))  # noqa: B023
        take = statements(lambda: items_move(actor=ada.actor, items=things, to=ada.party, from_location=True))  # noqa: B023
        offers = []
        offer = statements(
            lambda: offers.append(handover_offer(actor=ada.actor, items=things, to=bob.party, purpose="court"))  # noqa: B023
        )
        receipts = [Receipt(item=thing, seal_found="intact") for thing in things]
        receive = statements(
            lambda: handover_receive(actor=bob.actor, handover=offers[0], receipts=receipts)  # noqa: B023
        )
        counts[size] = [create, move, take, offer, receive]
    assert counts[1] == counts[40]
    assert counts[1] == [8, 3, 3, 5, 8]


def test_the_statements_of_acts_are_planned_once() -> None:
    """Left alone, PostgreSQL plans statements over arrays anew at each execution."""
    ada, shelf = person("Ada"), location()
    things = items_create(actor=ada.actor, new=[NewItem(kind="exhibit", reference="P-1")], custodian=ada.party)
    for _ in range(3):
        items_move(actor=ada.actor, items=things, to=shelf)
        items_move(actor=ada.actor, items=things, to=ada.party, from_location=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT generic_plans, custom_plans FROM pg_prepared_statements WHERE NOT from_sql")
        plans = cursor.fetchall()
    assert len(plans) >= 2
    assert max(generic for generic, _custom in plans) >= 6
    assert {custom for _generic, custom in plans} == {0}


def test_statements_do_not_grow_with_history() -> None:
    ada, shelf = person("Ada"), location()
    tusk = item(ada)
    before = statements(lambda: item_history(tusk)), statements(lambda: custody_now(tusk))
    for _round in range(10):
        items_move(actor=ada.actor, items=[tusk], to=shelf)
        items_move(actor=ada.actor, items=[tusk], to=ada.party, from_location=True)
    after = statements(lambda: item_history(tusk)), statements(lambda: custody_now(tusk))
    assert before == after == (2, 1)
    assert len(item_history(tusk)) == 21
    assert [row.sequence for row in item_history(tusk, after=5, limit=3)] == [6, 7, 8]


def test_a_value_is_forgotten_by_an_act_that_says_so() -> None:
    ada = person("Ada")
    tusk = item(ada, condition="belonged to Mr Otieno", reason="tip from a neighbour")
    first = Entry.objects.get(stream__uuid=tusk.uuid)
    with pytest.raises(BadInput, match="authority"):
        commitment_erase(actor=ada.actor, entry=first.uuid, field="condition", authority=" ")
    with pytest.raises(NotFound, match="colour"):
        commitment_erase(actor=ada.actor, entry=first.uuid, field="colour", authority="order 4")
    commitment_erase(actor=ada.actor, entry=first.uuid, field="condition", authority="order 4")
    with pytest.raises(Conflict, match="was erased"):
        commitment_erase(actor=ada.actor, entry=first.uuid, field="condition", authority="order 4")
    rows = item_history(tusk)
    assert (rows[0].erased, rows[0].shown["reason"]) == (("condition",), "tip from a neighbour")
    assert (rows[1].verb, rows[1].values) == ("erased", {"entry": str(first.uuid), "field": "condition"})
    assert not Commitment.objects.filter(value__isnull=False, entry=first, field="condition").exists()
    assert bytes(Entry.objects.get(pk=first.pk).canonical) == bytes(first.canonical)


def test_parties_change_by_acts() -> None:
    ada, bob = person("Ada"), person("Bob", signs_in=False)
    tusk = item(ada)
    party_account_change(actor=ada.actor, party=bob.party, signs_in=True)
    party_deactivate(actor=ada.actor, party=bob.party, reason="left")
    with pytest.raises(BadInput, match="no longer active"):
        handover_offer(actor=ada.actor, items=[tusk], to=bob.party, purpose="storage")
    for change in (party_deactivate, party_reactivate):
        party = bob.party if change is party_deactivate else ada.party
        with pytest.raises(Conflict):
            change(actor=ada.actor, party=party)
    party_reactivate(actor=ada.actor, party=bob.party)
    verbs = [row.verb for row in stream_entries("party", bob.party.uuid)]
    assert verbs == ["created", "account_changed", "deactivated", "reactivated"]
    handover_offer(actor=ada.actor, items=[tusk], to=bob.party, purpose="storage")
