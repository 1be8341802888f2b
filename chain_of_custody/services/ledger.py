"""Appending acts to the ledger."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID, uuid4

from django.db import connection

from chain_of_custody.core.actor import Actor
from chain_of_custody.core.canonical import Json, canonical_bytes
from chain_of_custody.core.commitment import commitment_of_bytes
from chain_of_custody.core.entry import Entry, EntryActor, StreamKey, entry_bytes, entry_hash
from chain_of_custody.core.errors import EntryRefused
from chain_of_custody.errors import BadInput, BadTime, EntryTooLarge, LedgerError
from chain_of_custody.schemas import check_payload
from chain_of_custody.services.claims import claimed_now
from chain_of_custody.services.statements import Along, bytes_array, plain_array, prepared

CLOCK_TOLERANCE = timedelta(minutes=2)
"""How far a claimed time may run ahead of the database's clock: clocks of phones differ."""

_STREAMS_OPEN = """
INSERT INTO chain_of_custody_stream (kind, uuid)
SELECT wanted.kind, wanted.uuid
FROM unnest(%s::text[], %s::uuid[]) AS wanted (kind, uuid)
WHERE NOT EXISTS (
    SELECT FROM chain_of_custody_stream s WHERE s.kind = wanted.kind AND s.uuid = wanted.uuid
)
ORDER BY wanted.kind, wanted.uuid
ON CONFLICT DO NOTHING
"""

# The clock is read once per row as it comes out of the locking part, so the latest reading is under all locks. Nothing
# is locked unless all the streams are there: see `_streams_lock`.
_STREAMS_LOCK = """
WITH wanted AS MATERIALIZED (
    SELECT * FROM unnest(%s::text[], %s::uuid[]) AS w (kind, uuid)
), locked AS MATERIALIZED (
    SELECT s.id, s.kind, s.uuid, s.head_sequence, s.head_hash, s.head_recorded_at
    FROM chain_of_custody_stream s
    JOIN wanted ON s.kind = wanted.kind AND s.uuid = wanted.uuid
    WHERE NOT EXISTS (
        SELECT FROM wanted w
        WHERE NOT EXISTS (SELECT FROM chain_of_custody_stream o WHERE o.kind = w.kind AND o.uuid = w.uuid)
    )
    ORDER BY s.id
    FOR NO KEY UPDATE OF s
)
SELECT locked.*, clock_timestamp() FROM locked
"""

_WRITE = """
WITH draft AS (
    SELECT * FROM unnest(%s::bigint[], %s::uuid[], %s::bigint[], %s::bytea[], %s::bytea[])
    WITH ORDINALITY AS d (stream_id, uuid, sequence, canonical, hash, n)
), made AS (
    INSERT INTO chain_of_custody_entry (stream_id, uuid, sequence, canonical, hash, act, recorded_at)
    SELECT stream_id, uuid, sequence, canonical, hash, %s, %s FROM draft ORDER BY n
    RETURNING id, uuid
), hidden AS (
    INSERT INTO chain_of_custody_commitment (entry_id, field, salt, value)
    SELECT made.id, c.field, c.salt, c.value
    FROM unnest(%s::uuid[], %s::text[], %s::bytea[], %s::bytea[]) AS c (uuid, field, salt, value)
    JOIN made USING (uuid)
), waiting AS (
    INSERT INTO chain_of_custody_pending (entry_id) SELECT id FROM made
)
UPDATE chain_of_custody_stream s
SET head_sequence = last.sequence, head_hash = last.hash, head_recorded_at = %s
FROM (
    SELECT DISTINCT ON (stream_id) stream_id, sequence, hash FROM draft ORDER BY stream_id, sequence DESC
) last
WHERE s.id = last.stream_id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryDraft:
    """What one act did to one stream.

    `values` stand in the open; `committed` values (names of persons, exact places, free text) enter as salted
    commitments and can be withheld or forgotten.
    """

    stream: StreamKey
    schema: str
    verb: str
    values: Mapping[str, Json] = field(default_factory=dict)
    committed: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryRef:
    """An entry as written; `hash` is hexadecimal."""

    stream: StreamKey
    sequence: int
    id: UUID
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """An act as written: its UUID, which all its entries carry, the recorded time, and its entries in draft order."""

    id: UUID
    recorded_at: datetime
    entries: tuple[EntryRef, ...]


class _Head(NamedTuple):
    """A locked stream: row id and newest entry."""

    row: int
    sequence: int
    hash: bytes | None


class _Hidden(NamedTuple):
    """A committed value: which entry and field, salt, canonical bytes."""

    entry: UUID
    field: str
    salt: bytes
    value: bytes


@dataclass(slots=True)
class _Page:
    """Rows to be written, the values behind their commitments, and the canonical bytes of texts already written."""

    rows: list[tuple[int, UUID, int, bytes, bytes]]
    hidden: list[_Hidden]
    texts: dict[str, bytes]

    def written(self, value: Json) -> bytes:
        """Canonical bytes of a value; the same text is written once an act."""
        if not isinstance(value, str):
            return canonical_bytes(value)
        known = self.texts.get(value)
        if known is None:
            known = self.texts[value] = canonical_bytes(value)
        return known


def act_append(
    *,
    actor: Actor,
    drafts: Sequence[EntryDraft],
    happened_at: datetime | None = None,
    reason: str = "",
    place: str = "",
    act: UUID | None = None,
    along: Along | None = None,
) -> Act:
    """Write one act to every stream it touched: two SQL statements, whatever the number of entries; two more where a
    stream is new. `along` is what else the act changes, sent with the first of them.

    Streams are opened on first use and locked in ascending order, so that acts on the same streams queue and never
    deadlock. `recorded_at` is the database's clock under these locks, never below the streams' newest. The entries
    become visible, and get their place in the log, when the caller's transaction commits. One draft per stream, never
    naming items of two cases; several drafts on one stream are numbered in the order given.

    Raises `LedgerError` outside a transaction or without drafts, `UnknownSchema` for an undeclared payload, `BadTime`
    for a claimed time in the future, `EntryTooLarge` beyond 32 KB, `BadInput` for a value without canonical form.
    """
    _check(drafts)
    heads, recorded_at = _streams_lock({draft.stream for draft in drafts}, along)
    happened = _happened(happened_at or claimed_now(), recorded_at)
    shared = _shared_committed(actor, reason, place)
    page = _Page([], [], {})
    act_id = act or uuid4()
    refs = []
    for draft in drafts:
        entry = _entry(draft, heads[draft.stream], actor, act_id, happened, recorded_at, shared, page)
        data = _bytes(entry)
        digest = entry_hash(data)
        page.rows.append((heads[draft.stream].row, entry.id, entry.sequence, data, digest))
        heads[draft.stream] = heads[draft.stream]._replace(sequence=entry.sequence, hash=digest)
        refs.append(EntryRef(stream=draft.stream, sequence=entry.sequence, id=entry.id, hash=digest.hex()))
    _write(page, act_id, recorded_at)
    return Act(id=act_id, recorded_at=recorded_at, entries=tuple(refs))


def _check(drafts: Sequence[EntryDraft]) -> None:
    if not connection.in_atomic_block:
        raise LedgerError("act_append needs transaction.atomic: an act and its entries stand or fall together")
    if not drafts:
        raise LedgerError("act_append without drafts: an act touches at least one stream")
    for draft in drafts:
        check_payload(draft.schema, draft.verb, draft.values, draft.committed)


def _streams_lock(keys: set[StreamKey], along: Along | None) -> tuple[dict[StreamKey, _Head], datetime]:
    ordered = sorted(keys)
    columns = [plain_array(key.kind for key in ordered), plain_array(key.id for key in ordered)]
    cursor = prepared()
    if along is None:
        cursor.execute(_STREAMS_LOCK, columns)
    else:
        with along.around():
            cursor.execute(along.before(_STREAMS_LOCK), [*along.values, *columns])
    rows = cursor.fetchall()
    if not rows:
        # Before any lock is held: waiting for another's new stream while holding one could close a circle.
        cursor.execute(_STREAMS_OPEN, columns)
        cursor.execute(_STREAMS_LOCK, columns)
        rows = cursor.fetchall()
    heads = {
        StreamKey(kind=kind, id=uuid): _Head(row, sequence, None if digest is None else bytes(digest))
        for row, kind, uuid, sequence, digest, _recorded, _clock in rows
    }
    times = [row[6] for row in rows] + [row[5] for row in rows if row[5] is not None]
    return heads, max(times)


def _happened(claimed: datetime | None, recorded_at: datetime) -> datetime:
    if claimed is None:
        return recorded_at.astimezone(UTC)
    if claimed.tzinfo is None:
        raise BadTime("the claimed time has no time zone", field="happened_at", found=claimed.isoformat())
    if claimed > recorded_at + CLOCK_TOLERANCE:
        raise BadTime(
            f"the claimed time {claimed.isoformat()} lies in the future; the server's clock reads "
            f"{recorded_at.astimezone(claimed.tzinfo).isoformat(timespec='seconds')}",
            field="happened_at",
            found=claimed.isoformat(),
            remedy="Enter the time at which it happened, with its zone.",
        )
    return claimed


def _shared_committed(actor: Actor, reason: str, place: str) -> dict[str, Json]:
    shared: dict[str, Json] = {"actor.name": actor.name}
    given = {"actor.organisation": actor.organisation, "reason": reason, "place": place}
    return shared | {name: text for name, text in given.items() if text}


def _entry(
    draft: EntryDraft,
    head: _Head,
    actor: Actor,
    act: UUID,
    happened_at: datetime,
    recorded_at: datetime,
    shared: Mapping[str, Json],
    page: _Page,
) -> Entry:
    entry_id = uuid4()
    digests = {}
    for name, value in {**shared, **draft.committed}.items():
        salt, data = secrets.token_bytes(32), page.written(value)
        digests[name] = commitment_of_bytes(entry_id=entry_id, field=name, value=data, salt=salt)
        page.hidden.append(_Hidden(entry_id, name, salt, data))
    return Entry(
        id=entry_id,
        act=act,
        stream=draft.stream,
        sequence=head.sequence + 1,
        previous=None if head.hash is None else head.hash.hex(),
        schema=draft.schema,
        verb=draft.verb,
        actor=EntryActor.of(actor),
        happened_at=happened_at,
        recorded_at=recorded_at,
        values=draft.values,
        committed=digests,
    )


def _bytes(entry: Entry) -> bytes:
    try:
        return entry_bytes(entry)
    except EntryRefused as error:
        kind = EntryTooLarge if "at most" in str(error) else BadInput
        raise kind(f"the ledger cannot hold this entry: {error}", field="values") from error


def _write(page: _Page, act: UUID, recorded_at: datetime) -> None:
    streams, ids, sequences, canonical, hashes = zip(*page.rows, strict=True)
    entries, fields, salts, values = zip(*page.hidden, strict=True)
    rows = [*map(plain_array, (streams, ids, sequences)), bytes_array(canonical), bytes_array(hashes)]
    hidden = [plain_array(entries), plain_array(fields), bytes_array(salts), bytes_array(values)]
    prepared().execute(_WRITE, [*rows, act, recorded_at, *hidden, recorded_at])
