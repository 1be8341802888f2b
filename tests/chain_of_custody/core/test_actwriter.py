"""The writer of an act's entries against the one that knows the format, field by field."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chain_of_custody.core.actwriter import ActWriter, Hidden
from chain_of_custody.core.canonical import Json, canonical_bytes
from chain_of_custody.core.commitment import commitment
from chain_of_custody.core.entry import ENTRY_LIMIT, Entry, EntryActor, StreamKey, entry_bytes
from chain_of_custody.core.errors import EntryRefused

ENTRY = Entry(
    id=UUID("11111111-1111-4111-8111-111111111111"),
    act=UUID("22222222-2222-4222-8222-222222222222"),
    stream=StreamKey(kind="item", id=UUID("33333333-3333-4333-8333-333333333333")),
    sequence=2,
    previous="ab" * 32,
    schema="custody.item/1",
    verb="received",
    actor=EntryActor(party=UUID(int=4), account=UUID(int=5), role="custodian", via="web"),
    happened_at=datetime(2026, 3, 1, 11, 30, tzinfo=timezone(timedelta(hours=3))),
    recorded_at=datetime(2026, 3, 1, 8, 31, 2, 5, tzinfo=UTC),
    values={},
)
SALT = bytes(range(32))

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
leaves = st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | texts
trees = st.recursive(leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3))
objects = st.dictionaries(texts, texts, max_size=5) | st.dictionaries(texts, trees, max_size=4)
fields = st.from_regex(r"\A[a-z][a-z0-9_]{0,4}(\.[a-z0-9_]{1,4})?\Z")
clocks = st.integers(0, 2**50).map(lambda us: datetime(2000, 1, 1, tzinfo=UTC) + timedelta(microseconds=us))
zones = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


def written(entry: Entry, hidden: Mapping[str, Json]) -> bytes:
    writer = ActWriter(act=entry.act, actor=entry.actor, happened_at=entry.happened_at, recorded_at=entry.recorded_at)
    return writer.entry(
        entry_id=str(entry.id),
        stream=entry.stream,
        sequence=entry.sequence,
        previous=entry.previous,
        schema=entry.schema,
        verb=entry.verb,
        values=entry.values,
        committed=[Hidden(name, SALT, canonical_bytes(value)) for name, value in hidden.items()],
    )


@settings(max_examples=60)
@given(
    ids=st.tuples(st.uuids(), st.uuids(), st.uuids()),
    first=st.booleans(),
    sequence=st.integers(2, 2**40),
    account=st.none() | st.uuids(),
    happened=st.builds(lambda clock, zone: clock.replace(tzinfo=zone), clocks, zones),
    recorded=clocks,
    values=objects,
    hidden=st.dictionaries(fields, trees, max_size=4),
)
def test_the_bytes_are_those_of_the_format(
    ids: tuple[UUID, UUID, UUID],
    first: bool,
    sequence: int,
    account: UUID | None,
    happened: datetime,
    recorded: datetime,
    values: dict[str, Any],
    hidden: dict[str, Any],
) -> None:
    entry = replace(
        ENTRY,
        id=ids[0],
        act=ids[1],
        stream=StreamKey(kind="item", id=ids[2]),
        sequence=1 if first else sequence,
        previous=None if first else "cd" * 32,
        actor=replace(ENTRY.actor, account=account),
        happened_at=happened,
        recorded_at=recorded,
        values=values,
        committed={name: commitment(entry_id=ids[0], field=name, value=v, salt=SALT) for name, v in hidden.items()},
    )
    assert written(entry, hidden) == entry_bytes(entry)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"actor": replace(ENTRY.actor, role="Head of it")}, "actor.role"),
        ({"schema": "custody.item"}, "schema"),
        ({"verb": "Received"}, "verb"),
        ({"stream": StreamKey(kind='it"em', id=UUID(int=3))}, "stream.kind"),
        ({"happened_at": ENTRY.recorded_at.replace(tzinfo=None)}, "happened_at"),
        ({"happened_at": datetime(2026, 3, 1, tzinfo=timezone(timedelta(seconds=59)))}, "happened_at"),
        ({"values": {"weight": 1.5}}, "values: .*1.5"),
        ({"values": {"text": "\ud800"}}, "values: .*lone surrogate"),
        ({"values": {"\ud800": "text"}}, "values: .*lone surrogate"),
        ({"values": {"count": 2**53}}, "values: .*beyond"),
        ({"values": {1: "one"}}, "values: .*object key 1"),
        ({"values": {"text": "x" * ENTRY_LIMIT}}, "at most"),
    ],
)
def test_what_the_format_refuses_is_refused_in_its_words(change: dict[str, Any], words: str) -> None:
    entry = replace(ENTRY, **change)
    for write in (lambda: written(entry, {}), lambda: entry_bytes(entry)):
        with pytest.raises(EntryRefused, match=words):
            write()


def test_a_committed_field_outside_the_format_is_refused() -> None:
    with pytest.raises(EntryRefused, match=r"committed: .*Actor"):
        written(ENTRY, {"Actor": "Ada"})


def test_values_nest_as_deep_as_the_format_allows_and_no_deeper() -> None:
    deep: Json = "end"
    for _level in range(62):
        deep = [deep]
    assert written(replace(ENTRY, values={"deep": deep}), {}) == entry_bytes(replace(ENTRY, values={"deep": deep}))
    for write in (written, lambda entry, _hidden: entry_bytes(entry)):
        with pytest.raises(EntryRefused, match="64 levels"):
            write(replace(ENTRY, values={"deep": [deep]}), {})
