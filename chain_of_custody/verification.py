"""The ledger in the database verified against itself and against the checkpoint kept outside it.

What a stranger does with an export, and what only the laboratory can do: that columns say what the exact bytes say,
that tiles, heads and stored checkpoints fit the leaves, and that no entry is without a place or a queue ticket.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Max

from chain_of_custody.core import checkpoint as notes
from chain_of_custody.core.commitment import commitment_of_bytes
from chain_of_custody.core.custody import ITEM_SCHEMA, Custody, custody_step
from chain_of_custody.core.entry import Entry, entry_hash, entry_parse, leaf_data
from chain_of_custody.core.errors import CoreError, CustodyBroken
from chain_of_custody.core.merkle import CompactRange, leaf_hash
from chain_of_custody.core.note import VerifierKey
from chain_of_custody.core.tiles import WIDTH
from chain_of_custody.errors import BadInput
from chain_of_custody.models import Checkpoint

CHUNK = 1000
MOST_FINDINGS = 100

_ROWS = """
SELECT l.index, l.salt, l.data, e.id, e.uuid, e.stream_id, s.kind, s.uuid, e.sequence, e.act, e.recorded_at,
       e.canonical, e.hash
FROM chain_of_custody_leaf l
JOIN chain_of_custody_entry e ON e.id = l.entry_id
JOIN chain_of_custody_stream s ON s.id = e.stream_id
WHERE l.index >= %s AND l.index < %s
ORDER BY l.index
"""
_HIDDEN = "SELECT entry_id, field, salt, value FROM chain_of_custody_commitment WHERE entry_id = ANY(%s)"
_BEFORE = "SELECT hash FROM chain_of_custody_entry WHERE stream_id = %s AND sequence = %s"
_TILES = "SELECT level, index, hashes, root FROM chain_of_custody_tile WHERE level = %s AND index >= %s ORDER BY index"
_UNPLACED = """
SELECT e.uuid FROM chain_of_custody_entry e
WHERE e.id > %s AND NOT EXISTS (SELECT FROM chain_of_custody_leaf l WHERE l.entry_id = e.id)
AND NOT EXISTS (SELECT FROM chain_of_custody_pending p WHERE p.entry_id = e.id)
LIMIT 20
"""
_HEADS = """
SELECT s.kind, s.uuid FROM chain_of_custody_stream s
LEFT JOIN LATERAL (
    SELECT e.sequence, e.hash FROM chain_of_custody_entry e WHERE e.stream_id = s.id ORDER BY e.sequence DESC LIMIT 1
) last ON true
WHERE (%s OR s.id = ANY(%s::bigint[]))
  AND (s.head_sequence <> coalesce(last.sequence, 0) OR s.head_hash IS DISTINCT FROM last.hash)
LIMIT 20
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that does not hold: a reason in one word, where, and a sentence."""

    reason: str
    where: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerVerdict:
    """What a verification found: empty findings are good. `outside` is the size of the checkpoint outside, if any."""

    since: int
    size: int
    outside: int | None
    findings: tuple[Finding, ...]

    @property
    def passed(self) -> bool:
        """Whether everything holds."""
        return not self.findings


Progress = Callable[[int, int], None]


@dataclass(slots=True)
class _Walk:
    """What is carried along the leaves: the tree, newest entry of each stream seen, custody of items, faults."""

    tree: CompactRange
    whole: bool
    heads: dict[int, tuple[int, bytes]] = field(default_factory=dict)
    custody: dict[int, Custody] = field(default_factory=dict)
    tiles: dict[int, list[bytes]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    newest_entry: int = 0

    def fault(self, reason: str, where: object, detail: str) -> None:
        """Note what does not hold, up to a hundred."""
        if len(self.findings) < MOST_FINDINGS:
            self.findings.append(Finding(reason=reason, where=str(where), detail=detail))


def ledger_verify(
    *,
    origin: str,
    keys: Sequence[VerifierKey],
    outside: Sequence[bytes] = (),
    since: int = 0,
    progress: Progress = lambda _done, _size: None,
) -> LedgerVerdict:
    """Verify all entries that have a place in the log, or those placed after the log had `since` leaves.

    `keys` are those that sign or once signed the log of `origin`. `outside` are signed checkpoints kept outside the
    database: the log must extend each. An incremental run trusts the stored checkpoint of size `since` to state what
    came before, and holds it to `outside` where sizes agree. Raises `BadInput` when no checkpoint was signed there.
    """
    last = Checkpoint.objects.filter(origin=origin).order_by("-size").first()
    size = 0 if last is None else last.size
    walk = _Walk(tree=_tree_at(origin, since), whole=since == 0)
    wanted = _outside_roots(walk, origin, keys, outside, size)
    _stored_roots(walk, origin, keys, since, wanted)
    for chunk in _chunks(since, size):
        _chunk(walk, chunk, wanted)
        progress(walk.tree.size, size)
    if walk.tree.size != size:
        walk.fault("leaf-missing", walk.tree.size, f"{walk.tree.size} leaves are there, {size} were signed")
    _tiles_check(walk, origin, since)
    _rest_check(walk)
    sizes = [one for one, (_root, where) in wanted.items() if where.startswith("checkpoint outside")]
    return LedgerVerdict(since=since, size=size, outside=max(sizes, default=None), findings=tuple(walk.findings))


def _tree_at(origin: str, size: int) -> CompactRange:
    if size == 0:
        return CompactRange()
    row = Checkpoint.objects.filter(origin=origin, size=size).first()
    if row is None:
        raise _not_signed(origin, size)
    frontier = bytes(row.frontier)
    return CompactRange(size, [frontier[start : start + 32] for start in range(0, len(frontier), 32)])


def _not_signed(origin: str, size: int) -> BadInput:
    below = Checkpoint.objects.filter(origin=origin, size__lt=size).aggregate(size=Max("size"))["size"]
    return BadInput(
        f"no checkpoint of {size} entries was signed, so a verification cannot go on from there",
        field="since",
        found=str(size),
        remedy=f"Go on from {below}, or verify the whole." if below else "Verify the whole.",
    )


def _outside_roots(
    walk: _Walk, origin: str, keys: Sequence[VerifierKey], outside: Sequence[bytes], size: int
) -> dict[int, tuple[bytes, str]]:
    """The roots that checkpoints outside the database state, by size."""
    wanted: dict[int, tuple[bytes, str]] = {}
    for data in outside:
        try:
            signed, _note = notes.checkpoint_open(data, *keys)
        except CoreError as error:
            walk.fault("outside-malformed", "checkpoint outside", str(error))
            continue
        where = f"checkpoint outside, size {signed.size}"
        if signed.origin != origin:
            walk.fault("outside-origin", where, f"it is of {signed.origin}")
        elif signed.size > size:
            walk.fault("outside-ahead", where, f"{signed.size} entries were signed, the database has {size}")
        elif wanted.setdefault(signed.size, (signed.root, where))[0] != signed.root:
            walk.fault("outside-fork", where, "two checkpoints outside state different roots for this size")
    return wanted


def _stored_roots(
    walk: _Walk, origin: str, keys: Sequence[VerifierKey], since: int, wanted: dict[int, tuple[bytes, str]]
) -> None:
    """Add the roots of the checkpoints in the database, each signed, none in conflict with one outside."""
    for row in Checkpoint.objects.filter(origin=origin, size__gte=since).order_by("size").iterator(chunk_size=CHUNK):
        _stored_checkpoint(walk, keys, row, wanted)
    if since in wanted and walk.tree.root() != wanted[since][0]:
        walk.fault("root-mismatch", wanted[since][1], f"the stored frontier of {since} leaves has another root")


def _stored_checkpoint(
    walk: _Walk, keys: Sequence[VerifierKey], row: Checkpoint, wanted: dict[int, tuple[bytes, str]]
) -> None:
    where = f"checkpoint {row.size}"
    try:
        signed, _note = notes.checkpoint_open(row.text.encode(), *keys)
    except CoreError as error:
        walk.fault("signature-invalid", where, str(error))
        return
    if (signed.size, signed.root) != (row.size, bytes(row.root)):
        walk.fault("checkpoint-differs", where, "its columns are not what its signed text states")
    known = wanted.setdefault(signed.size, (signed.root, where))
    if known[0] != signed.root:
        walk.fault("outside-fork", known[1], "the database's checkpoint of this size has another root")


def _chunks(since: int, size: int) -> Iterator[list[tuple[Any, ...]]]:
    for start in range(since, size, CHUNK):
        with connection.cursor() as cursor:
            cursor.execute(_ROWS, [start, min(start + CHUNK, size)])
            rows = cursor.fetchall()
        if rows:
            yield rows


def _chunk(walk: _Walk, rows: Sequence[tuple[Any, ...]], wanted: Mapping[int, tuple[bytes, str]]) -> None:
    hidden: dict[int, dict[str, tuple[Any, Any]]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_HIDDEN, [[row[3] for row in rows]])
        for entry, name, salt, value in cursor.fetchall():
            hidden.setdefault(entry, {})[name] = (salt, value)
    for row in rows:
        index, salt, data, key = row[0], bytes(row[1]), bytes(row[2]), row[3]
        if index != walk.tree.size:
            walk.fault("index-gap", index, f"leaf {walk.tree.size} is missing")
        if data != leaf_data(salt, bytes(row[12])):
            walk.fault("leaf-mismatch", row[4], f"leaf {index} is not that of this entry")
        _entry(walk, row, hidden.get(key, {}))
        _grow(walk, leaf_hash(data))
        walk.newest_entry = max(walk.newest_entry, key)
        signed = wanted.get(walk.tree.size)
        if signed is not None and signed[0] != walk.tree.root():
            walk.fault("root-mismatch", signed[1], f"the first {walk.tree.size} leaves have another root")


def _grow(walk: _Walk, leaf: bytes) -> None:
    """Add a leaf; the roots of full tiles are noted for their level above."""
    for level, _index, node in walk.tree.append(leaf):
        if level % 8 == 0:
            walk.tiles.setdefault(level // 8, []).append(node)


def _entry(walk: _Walk, row: tuple[Any, ...], hidden: Mapping[str, tuple[Any, Any]]) -> None:
    uuid, stream, kind, stream_uuid, sequence, act, recorded_at = row[4:11]
    canonical, digest = bytes(row[11]), bytes(row[12])
    if entry_hash(canonical) != digest:
        walk.fault("entry-changed", uuid, "its bytes are not those its hash was made of")
    try:
        entry = entry_parse(canonical)
    except CoreError as error:
        walk.fault("entry-malformed", uuid, str(error))
        return
    told = (entry.id, entry.stream.kind, entry.stream.id, entry.sequence, entry.act, entry.recorded_at)
    if told != (uuid, kind, stream_uuid, sequence, act, recorded_at):
        walk.fault("columns-differ", uuid, "the row's columns say something other than the entry's bytes")
    _link(walk, entry, stream, digest)
    _openings(walk, entry, hidden)
    if walk.whole and entry.schema == ITEM_SCHEMA:
        try:
            now = walk.custody.get(stream, Custody.unpack(b""))
            walk.custody[stream] = custody_step(now, entry.verb, entry.values)
        except CustodyBroken as error:
            walk.fault(error.reason, uuid, str(error))


def _link(walk: _Walk, entry: Entry, stream: int, digest: bytes) -> None:
    before = walk.heads.get(stream)
    if before is None and entry.sequence > 1 and not walk.whole:
        with connection.cursor() as cursor:
            cursor.execute(_BEFORE, [stream, entry.sequence - 1])
            found = cursor.fetchone()
        before = None if found is None else (entry.sequence - 1, bytes(found[0]))
    number, link = before or (0, None)
    if entry.sequence != number + 1:
        walk.fault("sequence-gap", entry.id, f"sequence {entry.sequence} follows {number}")
    elif entry.previous != (None if link is None else link.hex()):
        walk.fault("link-broken", entry.id, "previous does not name the entry before it in its stream")
    walk.heads[stream] = (entry.sequence, digest)


def _openings(walk: _Walk, entry: Entry, hidden: Mapping[str, tuple[Any, Any]]) -> None:
    if hidden.keys() != entry.committed.keys():
        names = ", ".join(sorted(hidden.keys() ^ entry.committed.keys()))
        walk.fault("opening-missing", entry.id, f"values and commitments do not pair: {names}")
    for name, (salt, value) in hidden.items():
        if salt is None or name not in entry.committed:
            continue
        opened = commitment_of_bytes(entry_id=entry.id, field=name, value=bytes(value), salt=bytes(salt))
        if opened != entry.committed[name]:
            walk.fault("opening-mismatch", entry.id, f"the value kept for {name} is not the one committed to")


def _tiles_check(walk: _Walk, origin: str, since: int) -> None:
    """Every full tile is stored, with the hashes the leaves give."""
    for level, nodes in walk.tiles.items():
        start = since >> (8 * level)
        first = -(-start // WIDTH)
        with connection.cursor() as cursor:
            cursor.execute(_TILES, [level, first])
            stored = {row[1]: (bytes(row[2]), bytes(row[3])) for row in cursor.fetchall()}
        for index in range(first, (start + len(nodes)) // WIDTH):
            here = nodes[index * WIDTH - start : (index + 1) * WIDTH - start]
            state = CompactRange()
            state.extend(here)
            if stored.pop(index, None) != (b"".join(here), state.root()):
                walk.fault("tile-differs", f"tile {level}/{index}", "the stored tile is missing or has other hashes")
        for index in stored:
            if (index + 1) << (8 * (level + 1)) <= _size_now(origin):
                continue  # stored while we read: the log goes on meanwhile
            walk.fault("tile-differs", f"tile {level}/{index}", "a tile is stored that the log has no leaves for")


def _size_now(origin: str) -> int:
    return Checkpoint.objects.filter(origin=origin).aggregate(size=Max("size"))["size"] or 0


def _rest_check(walk: _Walk) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_UNPLACED, [0 if walk.whole else walk.newest_entry])
        for (uuid,) in cursor.fetchall():
            walk.fault("entry-unplaced", UUID(str(uuid)), "it has no place in the log and does not wait for one")
        cursor.execute(_HEADS, [walk.whole, list(walk.heads)])
        for kind, uuid in cursor.fetchall():
            walk.fault("head-differs", f"{kind}/{uuid}", "the stream's head is not its newest entry")
