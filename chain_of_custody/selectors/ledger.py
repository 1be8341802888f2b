"""Reading the ledger: streams, the state of the log, proofs."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Min
from django.utils import timezone

from chain_of_custody.core.canonical import Json
from chain_of_custody.core.merkle import NodeReader, inclusion_proof
from chain_of_custody.models import Checkpoint, CheckpointStamp, Commitment, Entry, Leaf, LedgerCheck, Pending
from chain_of_custody.selectors.tree import node_reader

PAGE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryRow:
    """One entry for people. Times keep the zone they were claimed in; `recorded_at` is UTC.

    `shown` holds the committed values that are still there, by field; `erased` the names of those forgotten.
    `index` is the entry's place in the log, None while the sequencer has not got to it. Hash in hexadecimal.
    """

    sequence: int
    entry: UUID
    act: UUID
    schema: str
    verb: str
    happened_at: datetime
    recorded_at: datetime
    actor: UUID
    role: str
    via: str
    values: Mapping[str, Json]
    shown: Mapping[str, Json]
    erased: tuple[str, ...]
    hash: str
    index: int | None

    @property
    def actor_name(self) -> str:
        """The actor's name as shown at the time, empty when forgotten."""
        return str(self.shown.get("actor.name", ""))


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerHealth:
    """How far the log is: leaves signed, entries waiting, age in seconds of the one that waits longest (0: none)."""

    size: int
    pending: int
    lag_seconds: float
    checkpoint_at: datetime | None


def stream_entries(kind: str, id: UUID, *, after: int = 0, limit: int = PAGE) -> list[HistoryRow]:  # noqa: A002 - the name in StreamKey
    """Entries of one stream in order, from behind sequence `after`: two statements whatever the length."""
    entries = list(
        Entry.objects.filter(stream__kind=kind, stream__uuid=id, sequence__gt=after)
        .select_related("leaf")
        .order_by("sequence")[:limit]
    )
    return history_rows(entries)


def entries_latest(*, limit: int = 25) -> list[HistoryRow]:
    """The newest entries of all streams, newest first: two statements whatever the number."""
    return history_rows(list(Entry.objects.select_related("leaf").order_by("-pk")[:limit]))


def act_entries(act: UUID) -> list[HistoryRow]:
    """All entries of one act, in the order written."""
    return history_rows(list(Entry.objects.filter(act=act).select_related("leaf").order_by("pk")))


def history_rows(entries: Sequence[Entry]) -> list[HistoryRow]:
    """Entries with their committed values, for people."""
    shown: dict[int, dict[str, Json]] = {}
    erased: dict[int, list[str]] = {}
    for hidden in Commitment.objects.filter(entry__in=entries).order_by("field"):
        if hidden.value is None:
            erased.setdefault(hidden.entry_id, []).append(hidden.field)
        else:
            shown.setdefault(hidden.entry_id, {})[hidden.field] = json.loads(bytes(hidden.value))
    return [_row(entry, shown.get(entry.pk, {}), erased.get(entry.pk, [])) for entry in entries]


def _row(entry: Entry, shown: Mapping[str, Json], erased: Sequence[str]) -> HistoryRow:
    data = json.loads(bytes(entry.canonical))
    leaf = getattr(entry, "leaf", None)
    return HistoryRow(
        sequence=entry.sequence,
        entry=entry.uuid,
        act=entry.act,
        schema=data["schema"],
        verb=data["verb"],
        happened_at=datetime.fromisoformat(data["happened_at"]),
        recorded_at=datetime.fromisoformat(data["recorded_at"]),
        actor=UUID(data["actor"]["party"]),
        role=data["actor"]["role"],
        via=data["actor"]["via"],
        values=data["values"],
        shown=shown,
        erased=tuple(erased),
        hash=bytes(entry.hash).hex(),
        index=None if leaf is None else leaf.index,
    )


def checkpoint_latest() -> Checkpoint | None:
    """The newest signed state of the log."""
    return Checkpoint.objects.order_by("-pk").first()


def stamp_last() -> CheckpointStamp | None:
    """The newest time stamp by somebody else on a checkpoint."""
    return (
        CheckpointStamp.objects.filter(token__isnull=False).select_related("checkpoint").order_by("-stamped_at").first()
    )


def stamps_waiting() -> int:
    """How many checkpoints wait for their time stamp."""
    return CheckpointStamp.objects.filter(token__isnull=True).count()


def ledger_check_last() -> LedgerCheck | None:
    """The last verification that ended."""
    return LedgerCheck.objects.filter(ended_at__isnull=False).order_by("-ended_at").first()


def ledger_check_newest() -> LedgerCheck | None:
    """The verification asked for last, under way or ended."""
    return LedgerCheck.objects.order_by("-pk").first()


def ledger_health() -> LedgerHealth:
    """How far the sequencer is behind; for `/healthz`."""
    waiting = Pending.objects.aggregate(number=Count("pk"), first=Min("entry__recorded_at"))
    last = checkpoint_latest()
    lag = 0.0 if waiting["first"] is None else (timezone.now() - waiting["first"]).total_seconds()
    return LedgerHealth(
        size=0 if last is None else last.size,
        pending=waiting["number"],
        lag_seconds=max(lag, 0.0),
        checkpoint_at=None if last is None else last.created_at,
    )


def leaf_proof(entry: UUID, *, size: int) -> tuple[int, list[bytes]]:
    """Index of an entry's leaf and its inclusion proof in the tree of the first `size` leaves.

    Raises `Leaf.DoesNotExist` while it has no place, `ProofRefused` when the tree of that size does not hold it.
    """
    index = Leaf.objects.values_list("index", flat=True).get(entry__uuid=entry)
    return index, inclusion_proof(node_reader(size), index, size)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofRow:
    """Inclusion of one entry in the tree of `size` leaves; hashes in hexadecimal.

    `state` is "proved", "waiting" (no place in the log yet) or "behind" (placed after the newest checkpoint).
    """

    sequence: int
    entry: UUID
    hash: str
    index: int | None
    leaf: str
    leaf_salt: str
    proof: tuple[str, ...]
    state: str
    size: int


def stream_proofs(kind: str, id: UUID, *, after: int = 0, limit: int = PAGE) -> list[ProofRow]:  # noqa: A002 - the name in StreamKey
    """Inclusion proofs of a stream's entries in the newest checkpoint's tree, from behind sequence `after`."""
    last = checkpoint_latest()
    size = last.size if last else 0
    read = node_reader(size)
    entries = Entry.objects.filter(stream__kind=kind, stream__uuid=id, sequence__gt=after).select_related("leaf")
    return [_proof_row(entry, size, read) for entry in entries.order_by("sequence")[:limit]]


def _proof_row(entry: Entry, size: int, read: NodeReader) -> ProofRow:
    leaf = getattr(entry, "leaf", None)
    proved = leaf is not None and leaf.index < size
    return ProofRow(
        sequence=entry.sequence,
        entry=entry.uuid,
        hash=bytes(entry.hash).hex(),
        index=None if leaf is None else leaf.index,
        leaf="" if leaf is None else bytes(leaf.data).hex(),
        leaf_salt="" if leaf is None else bytes(leaf.salt).hex(),
        proof=tuple(node.hex() for node in inclusion_proof(read, leaf.index, size)) if leaf and proved else (),
        state="waiting" if leaf is None else "proved" if proved else "behind",
        size=size,
    )
