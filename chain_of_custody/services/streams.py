"""Streams under lock: opened on first use, locked in ascending order, with the clock read under all the locks."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from chain_of_custody.core.entry import StreamKey
from chain_of_custody.services.arrays import Texts, Uuids
from chain_of_custody.services.statements import prepared

_OPEN = """
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
# is locked unless all the streams are there: see `streams_lock`.
_LOCK = """
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


class Head(NamedTuple):
    """A locked stream: row id and newest entry, its hash in hexadecimal."""

    row: int
    sequence: int
    hash: str | None


@dataclass(slots=True)
class Heads:
    """Streams locked by this transaction, and the time at which their next entries count as recorded."""

    by_stream: dict[StreamKey, Head]
    recorded_at: datetime


StreamRow = tuple[int, str, UUID, int, bytes | None, datetime | None, datetime]
"""Row id, kind, UUID, newest sequence, its hash, its recorded time, the clock."""


def heads_of(rows: Collection[StreamRow]) -> Heads:
    """The locked streams, at least one. The time is the clock's latest, never below the streams' newest entries."""
    times = [row[6] for row in rows] + [row[5] for row in rows if row[5] is not None]
    heads = {
        StreamKey(kind=kind, id=uuid): Head(row, sequence, None if digest is None else digest.hex())
        for row, kind, uuid, sequence, digest, _recorded, _clock in rows
    }
    return Heads(heads, max(times))


def streams_lock(keys: Iterable[StreamKey]) -> Heads:
    """Lock streams in ascending order; the ones that are new are opened."""
    ordered = sorted(keys)
    columns = [Texts(key.kind for key in ordered), Uuids(key.id for key in ordered)]
    cursor = prepared()
    cursor.execute(_LOCK, columns)
    rows = cursor.fetchall()
    if not rows:
        # Before any lock is held: waiting for another's new stream while holding one could close a circle.
        cursor.execute(_OPEN, columns)
        cursor.execute(_LOCK, columns)
        rows = cursor.fetchall()
    return heads_of(rows)


def held(heads: Heads | None, keys: Collection[StreamKey]) -> Heads:
    """The heads at hand where they cover all the streams, else the streams locked now."""
    if heads is not None and heads.by_stream.keys() >= set(keys):
        return heads
    return streams_lock(set(keys))
