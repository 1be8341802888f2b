"""Handing the ledger out: rows for `spoor-export/1`, read in log order with memory that does not grow."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db.models import Q

from chain_of_custody.core.entry import StreamKey, entry_parse
from chain_of_custody.core.export import ExportHeader, ExportRow, Opening, Scope
from chain_of_custody.core.merkle import NodeReader, inclusion_proof, tree_root
from chain_of_custody.core.note import SignerKey, VerifierKey
from chain_of_custody.core.verify.state import VerifyState
from chain_of_custody.custody_schemas import ITEM_STREAM, LOG, LOG_STREAM, LOG_STREAM_ID
from chain_of_custody.errors import Conflict
from chain_of_custody.models import Checkpoint, Commitment, Item, Leaf, Pending, Stream
from chain_of_custody.selectors.ledger import checkpoint_latest
from chain_of_custody.selectors.tree import node_reader

CHUNK = 500

Reveal = Callable[[str], bool]
"""Whether the committed field of this name is opened in an export."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """What `core.export` writes. `waiting` counts entries that have no place in the log yet and are left out."""

    header: ExportHeader
    rows: Iterator[ExportRow]
    waiting: int


def reveal_nothing(_field: str) -> bool:
    """Open no commitment."""
    return False


def reveal_everything(_field: str) -> bool:
    """Open every commitment whose value has not been erased."""
    return True


def export_open(
    *,
    items: Sequence[Item] | None = None,
    others: Sequence[StreamKey] = (),
    reveal: Reveal = reveal_nothing,
    since: VerifyState | None = None,
) -> Export:
    """The whole log, or the whole streams of some items and of `others` with inclusion proofs, up to the checkpoint.

    `since` is the state a reader kept of an earlier verification: entries before it are left out of a whole log.
    The header holds every change of keys of this log, so that whoever trusts an older key can follow.

    Raises `Conflict` while nothing has been signed, or when the log does not extend `since`.
    """
    checkpoint = checkpoint_latest()
    if checkpoint is None:
        raise Conflict("the log has no checkpoint yet", remedy="Start the sequencer, then export again.")
    start = 0 if since is None or items is not None else _start(since, checkpoint)
    leaves = Leaf.objects.filter(index__gte=start, index__lt=checkpoint.size)
    pending = Pending.objects.all()
    if items is not None:
        streams = _streams([*(StreamKey(kind=ITEM_STREAM, id=item.uuid) for item in items), *others])
        leaves = leaves.filter(entry__stream__in=streams)
        pending = pending.filter(entry__stream__in=streams)
    changes = _rotations(checkpoint)
    header = ExportHeader(
        origin=checkpoint.origin,
        scope=Scope.FULL if items is None else Scope.ITEMS,
        checkpoint=checkpoint.text.encode(),
        keys=tuple(dict.fromkeys([log_verifier(), *(key for change in changes for key in change.keys)])),
        rotations=tuple(change.statement for change in changes),
        start=start,
    )
    found = leaves.select_related("entry").order_by("index").iterator(chunk_size=CHUNK)
    return Export(header=header, rows=_rows(found, checkpoint, items is not None, reveal), waiting=pending.count())


def _start(since: VerifyState, checkpoint: Checkpoint) -> int:
    """The first index a reader who kept this state has not seen."""
    size = since.tree.size
    if since.origin != checkpoint.origin:
        raise Conflict(
            f"the state is of the log {since.origin}, this log is {checkpoint.origin}",
            remedy="Export the whole log.",
        )
    if size > checkpoint.size or tree_root(node_reader(size), size) != since.tree.root():
        raise Conflict(
            f"the log of {checkpoint.size} entries does not extend the state kept after {size}",
            remedy="Change nothing, and compare with checkpoints that others hold: entries are gone or altered.",
        )
    return size


@dataclass(frozen=True, slots=True)
class _Change:
    """A change of keys as it stands in the log, and the two keys it names."""

    statement: bytes
    keys: tuple[VerifierKey, VerifierKey]


def _rotations(checkpoint: Checkpoint) -> list[_Change]:
    """The changes of keys of this log up to a checkpoint, oldest first."""
    rows = Leaf.objects.filter(
        index__lt=checkpoint.size,
        entry__stream__kind=LOG_STREAM,
        entry__stream__uuid=LOG_STREAM_ID,
    )
    found = []
    for canonical in rows.order_by("index").values_list("entry__canonical", flat=True):
        entry = entry_parse(bytes(canonical))
        values = entry.values
        if (entry.schema, entry.verb) == (LOG, "key_rotated") and values["origin"] == checkpoint.origin:
            keys = (VerifierKey.parse(str(values["old_key"])), VerifierKey.parse(str(values["new_key"])))
            found.append(_Change(str(values["statement"]).encode(), keys))
    return found


def _streams(keys: Sequence[StreamKey]) -> list[int]:
    by_kind: dict[str, list[UUID]] = {}
    for key in keys:
        by_kind.setdefault(key.kind, []).append(key.id)
    wanted = Q(pk__in=[])
    for kind, ids in by_kind.items():
        wanted |= Q(kind=kind, uuid__in=ids)
    return list(Stream.objects.filter(wanted).values_list("pk", flat=True))


def log_verifier() -> VerifierKey:
    """The public key of the log: SPOOR_LOG_VKEY_FILE, or taken from the signing key where that is at hand."""
    public = Path(getattr(settings, "SPOOR_LOG_VKEY_FILE", "") or "missing")
    if public.is_file():
        return VerifierKey.parse(public.read_text(encoding="ascii").strip())
    return SignerKey.parse(Path(settings.SPOOR_LOG_KEY_FILE).read_text(encoding="ascii").strip()).verifier


def _rows(leaves: Iterator[Leaf], checkpoint: Checkpoint, proofs: bool, reveal: Reveal) -> Iterator[ExportRow]:
    read = node_reader(checkpoint.size) if proofs else None
    while chunk := list(islice(leaves, CHUNK)):
        opened = _opened(chunk, reveal)
        for leaf in chunk:
            yield ExportRow(
                bytes(leaf.entry.canonical),
                leaf.index,
                bytes(leaf.data),
                bytes(leaf.salt),
                _proof(read, leaf.index, checkpoint.size),
                opened.get(leaf.entry_id, {}),
            )


def _proof(read: NodeReader | None, index: int, size: int) -> tuple[bytes, ...] | None:
    return None if read is None else tuple(inclusion_proof(read, index, size))


def _opened(leaves: Sequence[Leaf], reveal: Reveal) -> dict[int, dict[str, Opening]]:
    if reveal is reveal_nothing:
        return {}
    opened: dict[int, dict[str, Opening]] = {}
    hidden = Commitment.objects.filter(entry__in=[leaf.entry_id for leaf in leaves], erased_at__isnull=True)
    for row in hidden.order_by("field"):
        if row.salt is not None and row.value is not None and reveal(row.field):
            value = json.loads(bytes(row.value))
            opened.setdefault(row.entry_id, {})[row.field] = Opening(bytes(row.salt), value)
    return opened
