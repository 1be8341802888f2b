"""Appending acts to the ledger."""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID, uuid4

from django.db import connection

from chain_of_custody.core.actor import Actor
from chain_of_custody.core.actwriter import ActWriter, Hidden
from chain_of_custody.core.canonical import Json, canonical_bytes
from chain_of_custody.core.entry import SALT_SIZE, EntryActor, StreamKey, entry_hash
from chain_of_custody.core.errors import EntryRefused, NotCanonical
from chain_of_custody.errors import BadInput, BadTime, EntryTooLarge, LedgerError
from chain_of_custody.schemas import check_payload
from chain_of_custody.services.arrays import Bigints, Byteas, Texts, Uuids
from chain_of_custody.services.claims import claimed_now
from chain_of_custody.services.statements import Along, prepared
from chain_of_custody.services.streams import Head, Heads, held

CLOCK_TOLERANCE = timedelta(minutes=2)
"""How far a claimed time may run ahead of the database's clock: clocks of phones differ."""

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


class EntryRef(NamedTuple):
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


class _Page:
    """What one act writes, column by column: entries, and the values behind their commitments."""

    def __init__(self) -> None:
        self.streams: list[int] = []
        self.ids: list[UUID] = []
        self.sequences: list[int] = []
        self.canonical: list[bytes] = []
        self.hashes: list[bytes] = []
        self.hidden_ids: list[UUID] = []
        self.fields: list[str] = []
        self.salts: list[bytes] = []
        self.opened: list[bytes] = []
        self._texts: dict[str, bytes] = {}

    def add(self, row: int, entry_id: UUID, sequence: int, data: bytes, digest: bytes) -> None:
        """An entry of a stream."""
        self.streams.append(row)
        self.ids.append(entry_id)
        self.sequences.append(sequence)
        self.canonical.append(data)
        self.hashes.append(digest)

    def hide(self, entry_id: UUID, values: Mapping[str, Json]) -> list[Hidden]:
        """Give each value of an entry a salt, and keep both."""
        random = secrets.token_bytes(SALT_SIZE * len(values))
        salts = [random[at : at + SALT_SIZE] for at in range(0, len(random), SALT_SIZE)]
        opened = [self._written(value) for value in values.values()]
        self.hidden_ids += [entry_id] * len(values)
        self.fields += values
        self.salts += salts
        self.opened += opened
        return list(map(Hidden, values, salts, opened))

    def _written(self, value: Json) -> bytes:
        """Canonical bytes of a value; the same text is written once an act."""
        if not isinstance(value, str):
            return canonical_bytes(value)
        known = self._texts.get(value)
        if known is None:
            known = self._texts[value] = canonical_bytes(value)
        return known


def act_append(
    *,
    actor: Actor,
    drafts: Sequence[EntryDraft],
    happened_at: datetime | None = None,
    reason: str = "",
    place: str = "",
    act: UUID | None = None,
    heads: Heads | None = None,
    along: Along | None = None,
) -> Act:
    """Write one act to every stream it touched: two SQL statements, whatever the number of entries; two more where a
    stream is new. One where the caller locked the streams and hands in their `heads`. `along` is what else the act
    changes, sent with its entries.

    Streams are opened on first use and locked in ascending order, so that acts on the same streams queue and never
    deadlock. `recorded_at` is the database's clock under these locks, never below the streams' newest. The entries
    become visible, and get their place in the log, when the caller's transaction commits. One draft per stream, never
    naming items of two cases; several drafts on one stream are numbered in the order given.

    Raises `LedgerError` outside a transaction or without drafts, `UnknownSchema` for an undeclared payload, `BadTime`
    for a claimed time in the future, `EntryTooLarge` beyond 32 KB, `BadInput` for a value without canonical form.
    """
    _check(drafts)
    known = held(heads, {draft.stream for draft in drafts})
    happened = _happened(happened_at or claimed_now(), known.recorded_at)
    act_id = act or uuid4()
    page = _page(actor, drafts, known, act_id, happened, _shared_committed(actor, reason, place))
    _write(page, act_id, known.recorded_at, along)
    entries = zip(drafts, page.sequences, page.ids, page.hashes, strict=True)
    refs = tuple(EntryRef(draft.stream, number, entry, digest.hex()) for draft, number, entry, digest in entries)
    return Act(id=act_id, recorded_at=known.recorded_at, entries=refs)


def _check(drafts: Sequence[EntryDraft]) -> None:
    if not connection.in_atomic_block:
        raise LedgerError("act_append needs transaction.atomic: an act and its entries stand or fall together")
    if not drafts:
        raise LedgerError("act_append without drafts: an act touches at least one stream")
    for draft in drafts:
        check_payload(draft.schema, draft.verb, draft.values, draft.committed)


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


def _page(
    actor: Actor,
    drafts: Sequence[EntryDraft],
    heads: Heads,
    act: UUID,
    happened_at: datetime,
    shared: Mapping[str, Json],
) -> _Page:
    """The entries' bytes, each linked to the one before in its stream; `heads` then say what was written."""
    page, newest = _Page(), heads.by_stream
    with _refused():
        writer = ActWriter(act=act, actor=EntryActor.of(actor), happened_at=happened_at, recorded_at=heads.recorded_at)
        for draft in drafts:
            row, sequence, previous = newest[draft.stream]
            entry_id = uuid4()
            hidden = page.hide(entry_id, {**shared, **draft.committed})
            data = writer.entry(
                entry_id=str(entry_id),
                stream=draft.stream,
                sequence=sequence + 1,
                previous=previous,
                schema=draft.schema,
                verb=draft.verb,
                values=draft.values,
                committed=hidden,
            )
            digest = entry_hash(data)
            page.add(row, entry_id, sequence + 1, data, digest)
            newest[draft.stream] = Head(row, sequence + 1, digest.hex())
    return page


@contextmanager
def _refused() -> Iterator[None]:
    """Turn what the entry's format refuses into the words for it."""
    try:
        yield
    except (EntryRefused, NotCanonical) as error:
        kind = EntryTooLarge if "at most" in str(error) else BadInput
        raise kind(f"the ledger cannot hold this entry: {error}", field="values") from error


def _write(page: _Page, act: UUID, recorded_at: datetime, along: Along | None) -> None:
    rows = [Bigints(page.streams), Uuids(page.ids), Bigints(page.sequences), Byteas(page.canonical)]
    hidden = [Uuids(page.hidden_ids), Texts(page.fields), Byteas(page.salts), Byteas(page.opened)]
    values = [*rows, Byteas(page.hashes), act, recorded_at, *hidden, recorded_at]
    if along is None:
        prepared().execute(_WRITE, values)
        return
    with along.around():
        prepared().execute(along.before(_WRITE), [*along.values, *values])
