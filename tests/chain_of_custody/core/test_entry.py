"""Entries: the exact bytes of format version 1, and the fast reader against the careful one."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain_of_custody.core.actor import Actor
from chain_of_custody.core.canonical import canonical_bytes
from chain_of_custody.core.commitment import commitment
from chain_of_custody.core.entry import (
    Entry,
    EntryActor,
    StreamKey,
    entry_bytes,
    entry_hash,
    entry_object,
    entry_parse,
    leaf_data,
)
from chain_of_custody.core.errors import EntryRefused
from chain_of_custody.core.scan import _scan_exact, _scan_fast, entry_scan

ENTRY = Entry(
    id=UUID("11111111-1111-4111-8111-111111111111"),
    act=UUID("22222222-2222-4222-8222-222222222222"),
    stream=StreamKey(kind="item", id=UUID("33333333-3333-4333-8333-333333333333")),
    sequence=2,
    previous="ab" * 32,
    schema="custody.item/1",
    verb="received",
    actor=EntryActor.of(
        Actor(
            party=UUID("44444444-4444-4444-8444-444444444444"),
            account=None,
            name="Wanjiru Otieno",
            role="custodian",
            via="web",
        )
    ),
    happened_at=datetime(2026, 3, 1, 11, 30, tzinfo=timezone(timedelta(hours=3))),
    recorded_at=datetime(2026, 3, 1, 8, 31, 2, 5, tzinfo=UTC),
    values={"weight_kg": "12.50", "count": 2},
    committed={"actor.name": "cd" * 32},
)

# Written by hand from docs/ledger-format.md.
BYTES = (
    b'{"act":"22222222-2222-4222-8222-222222222222","actor":{"account":null,'
    b'"party":"44444444-4444-4444-8444-444444444444","role":"custodian","via":"web"},'
    b'"committed":{"actor.name":"' + b"cd" * 32 + b'"},"happened_at":"2026-03-01T11:30:00+03:00",'
    b'"id":"11111111-1111-4111-8111-111111111111","previous":"' + b"ab" * 32 + b'",'
    b'"recorded_at":"2026-03-01T08:31:02.000005Z","schema":"custody.item/1","sequence":2,'
    b'"stream":{"id":"33333333-3333-4333-8333-333333333333","kind":"item"},"v":1,'
    b'"values":{"count":2,"weight_kg":"12.50"},"verb":"received"}'
)


def test_the_bytes_of_an_entry() -> None:
    assert entry_bytes(ENTRY) == BYTES
    assert entry_parse(BYTES) == ENTRY


def test_the_hashes_of_an_entry() -> None:
    """Written out with nothing but SHA-256."""
    digest = sha256(b"spoor/entry/v1\x00" + BYTES).digest()
    assert entry_hash(BYTES) == digest
    assert leaf_data(b"s" * 32, digest) == sha256(b"spoor/leaf/v1\x00" + b"s" * 32 + digest).digest()
    told = b'["11111111-1111-4111-8111-111111111111","reason","sent to court"]'
    wanted = sha256(b"spoor/commitment/v1\x00" + b"s" * 32 + told).hexdigest()
    assert commitment(entry_id=ENTRY.id, field="reason", value="sent to court", salt=b"s" * 32) == wanted


@pytest.mark.parametrize("salt", [b"", b"s" * 31, b"s" * 33])
def test_salts_have_32_bytes(salt: bytes) -> None:
    with pytest.raises(EntryRefused):
        commitment(entry_id=ENTRY.id, field="reason", value="x", salt=salt)
    with pytest.raises(EntryRefused):
        leaf_data(salt, bytes(32))


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"sequence": 0, "previous": None}, "sequence"),
        ({"sequence": 1}, "previous"),
        ({"previous": None}, "previous"),
        ({"previous": "AB" * 32}, "previous"),
        ({"schema": "item"}, "schema"),
        ({"schema": "custody.item/0"}, "schema"),
        ({"verb": "Received"}, "verb"),
        ({"stream": StreamKey(kind="", id=ENTRY.id)}, "stream.kind"),
        ({"happened_at": datetime(2026, 3, 1)}, "happened_at"),  # noqa: DTZ001 - a naive time is the case
        ({"happened_at": datetime(2026, 3, 1, tzinfo=timezone(timedelta(seconds=30)))}, "happened_at"),
        ({"recorded_at": datetime(2026, 3, 1)}, "recorded_at"),  # noqa: DTZ001
        ({"values": {"weight": 12.5}}, "values"),
        ({"values": {"text": "x" * 33_000}}, "bytes"),
        ({"committed": {"Name": "cd" * 32}}, "committed"),
        ({"committed": {"name": "cd"}}, "committed.name"),
        ({"actor": replace(ENTRY.actor, via="")}, "actor.via"),
    ],
)
def test_entries_outside_the_format_are_refused_by_name(fields: dict, named: str) -> None:
    with pytest.raises(EntryRefused, match=named.replace(".", r"\.")):
        entry_bytes(replace(ENTRY, **fields))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"v":1', b'"v":true'),
        (b'"v":1', b'"v":2'),
        (b'"sequence":2', b'"sequence":true'),
        (b'"sequence":2', b'"sequence":"2"'),
        (b"8222-222222222222", b"8222-22222222222A"),
        (b"2026-03-01T08", b"2026-02-30T08"),
        (b"2026-03-01T11", b"2026-13-01T11"),
        (b"T11:30:00+03:00", b"T24:00:00+03:00"),
        (b"T11:30:00+03:00", b"T11:30:00"),
        (b"000005Z", b"00005Z"),
        (b'"role":"custodian",', b""),
        (b'"via":"web"', b'"via":"web","x":1'),
        (b'"account":null', b'"account":"me"'),
        (b'"values":{"count":2,"weight_kg":"12.50"}', b'"values":[]'),
        (b'"committed":{"a', b'"committed":{"A'),
        (b'{"actor.name"', b'{"' + b"n" * 65 + b'"'),
        (b'"verb":"received"', b'"verb":"received","verb":"received"'),
    ],
)
def test_bytes_outside_the_format_are_refused_by_both_readers(old: bytes, new: bytes) -> None:
    data = BYTES.replace(old, new)
    assert data != BYTES
    assert _scan_fast(data) is None
    with pytest.raises(EntryRefused):
        entry_parse(data)


def test_fields_of_commitments_in_another_order() -> None:
    two = replace(ENTRY, committed={"place": "ab" * 32, "actor.name": "cd" * 32})
    data = entry_bytes(two)
    assert _scan_fast(data) == _scan_exact(data)
    first, second = b'"actor.name":"' + b"cd" * 32 + b'"', b'"place":"' + b"ab" * 32 + b'"'
    swapped = data.replace(first + b"," + second, second + b"," + first)
    assert swapped != data
    assert _scan_fast(swapped) is None
    with pytest.raises(EntryRefused):
        entry_scan(swapped)


VALUES = st.dictionaries(
    st.text(max_size=8),
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(max_size=12),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
        max_leaves=8,
    ),
    max_size=4,
)
FIELDS = st.dictionaries(
    st.from_regex(r"[a-z][a-z0-9_]{0,9}(\.[a-z0-9_]{1,5})?", fullmatch=True),
    st.binary(min_size=32, max_size=32).map(bytes.hex),
    max_size=4,
)


@given(VALUES, FIELDS, st.datetimes(timezones=st.just(UTC)), st.integers(1, 2**53 - 1))
def test_both_readers_agree_on_sound_entries(values: dict, fields: dict, moment: datetime, sequence: int) -> None:
    previous = None if sequence == 1 else "ef" * 32
    entry = replace(ENTRY, values=values, committed=fields, recorded_at=moment, sequence=sequence, previous=previous)
    data = entry_bytes(entry)
    assert entry_parse(data) == entry
    assert _scan_fast(data) == _scan_exact(data)


@given(VALUES, st.integers(min_value=0), st.binary(max_size=2), st.integers(0, 2))
def test_the_fast_reader_accepts_nothing_the_careful_one_refuses(
    values: dict, place: int, put: bytes, cut: int
) -> None:
    data = entry_bytes(replace(ENTRY, values=values))
    place %= len(data)
    data = data[:place] + put + data[place + cut :]
    fast = _scan_fast(data)
    if fast is not None:
        assert fast == _scan_exact(data)
        assert canonical_bytes(entry_object(data)) == data
        assert json.loads(data)["id"] == fast.id


def test_an_entry_nested_deep_goes_the_careful_way() -> None:
    deep: object = []
    for _ in range(61):
        deep = [deep]
    data = entry_bytes(replace(ENTRY, values={"deep": deep}))
    assert _scan_fast(data) is None
    assert entry_scan(data).values == {"deep": deep}
    with pytest.raises(EntryRefused, match="deeper"):
        entry_bytes(replace(ENTRY, values={"deep": [deep]}))
