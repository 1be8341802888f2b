"""Builds small logs, exports and packs for the tests of the custody core. Everything in them is synthetic."""

import io
import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from chain_of_custody.core.canonical import Json
from chain_of_custody.core.checkpoint import Checkpoint, checkpoint_sign
from chain_of_custody.core.commitment import commitment
from chain_of_custody.core.entry import Entry, EntryActor, StreamKey, entry_bytes, entry_hash, leaf_data
from chain_of_custody.core.export import ExportHeader, ExportRow, Opening, Scope, export_write
from chain_of_custody.core.merkle import MemoryTree, inclusion_proof, leaf_hash
from chain_of_custody.core.note import SignerKey, VerifierKey
from chain_of_custody.core.pack import CUSTODY_PATH, Source, pack_write
from chain_of_custody.core.verify import Report, verify_file

ORIGIN = "log.lab.example"
LOG_KEY = SignerKey(ORIGIN, bytes(range(32)))
OTHER_KEY = SignerKey(ORIGIN, bytes(range(1, 33)))
PACK_KEY = SignerKey(f"{ORIGIN}/packs", bytes(range(2, 34)))
START = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)


@dataclass
class Log:
    """A log being written: entries in log order with what a store would keep beside them."""

    seed: int = 1
    entries: list[Entry] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    salts: list[bytes] = field(default_factory=list)
    openings: list[dict[str, Opening]] = field(default_factory=list)
    tree: MemoryTree = field(default_factory=MemoryTree)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.clock = START
        self.heads: dict[StreamKey, tuple[int, str]] = {}

    def uuid(self) -> UUID:
        return UUID(int=self.random.getrandbits(128), version=4)

    def append(
        self,
        stream: StreamKey,
        schema: str,
        verb: str,
        values: Mapping[str, Json],
        *,
        recorded_at: datetime | None = None,
    ) -> Entry:
        self.clock += timedelta(seconds=61)
        sequence, previous = self.heads.get(stream, (0, None))
        uid = self.uuid()
        openings = {
            name: Opening(self.random.randbytes(32), value)
            for name, value in (("actor.name", "Wanjiru Otieno"), ("reason", f"reason {len(self.raw)}"))
        }
        entry = Entry(
            id=uid,
            act=self.uuid(),
            stream=stream,
            sequence=sequence + 1,
            previous=previous,
            schema=schema,
            verb=verb,
            actor=EntryActor(party=UUID(int=7), account=None, role="custodian", via="web"),
            happened_at=self.clock,
            recorded_at=recorded_at or self.clock,
            values=values,
            committed={
                name: commitment(entry_id=uid, field=name, value=opening.value, salt=opening.salt)
                for name, opening in openings.items()
            },
        )
        self.put(entry, openings)
        return entry

    def put(self, entry: Entry, openings: dict[str, Opening]) -> None:
        raw = entry_bytes(entry)
        salt = self.random.randbytes(32)
        self.heads[entry.stream] = (entry.sequence, entry_hash(raw).hex())
        self.entries.append(entry)
        self.raw.append(raw)
        self.salts.append(salt)
        self.openings.append(openings)
        self.tree.append(leaf_hash(leaf_data(salt, entry_hash(raw))))

    def custody(self, item: UUID, verb: str, **values: Json) -> Entry:
        shown = {name: str(value) if isinstance(value, UUID) else value for name, value in values.items()}
        return self.append(StreamKey(kind="item", id=item), "custody.item/1", verb, {"item": str(item), **shown})

    def checkpoint(self) -> Checkpoint:
        return Checkpoint(origin=ORIGIN, size=self.tree.size, root=self.tree.root())

    def rows(self, scope: Scope, items: Iterable[UUID] = (), *, reveal: bool = True) -> list[ExportRow]:
        wanted = set(items)
        rows = []
        for index, (entry, raw, salt) in enumerate(zip(self.entries, self.raw, self.salts, strict=True)):
            if scope is Scope.ITEMS and entry.stream.id not in wanted:
                continue
            proof = tuple(inclusion_proof(self.tree.read, index, self.tree.size)) if scope is Scope.ITEMS else None
            opened = {"reason": self.openings[index]["reason"]} if reveal else {}
            rows.append(ExportRow(raw, index, leaf_data(salt, entry_hash(raw)), salt, proof, opened))
        return rows


def header(log: Log, scope: Scope, signer: SignerKey = LOG_KEY, keys: tuple[VerifierKey, ...] = ()) -> ExportHeader:
    return ExportHeader(
        origin=ORIGIN,
        scope=scope,
        checkpoint=checkpoint_sign(log.checkpoint(), signer),
        keys=keys or (signer.verifier,),
    )


def export_bytes(head: ExportHeader, rows: Iterable[ExportRow], signer: SignerKey | None = None) -> bytes:
    out = io.BytesIO()
    export_write(out, head, rows, signer=signer)
    return out.getvalue()


GIVER, TAKER, STORE = UUID(int=101), UUID(int=102), UUID(int=103)
ITEM, SECOND_ITEM, CASE, SEAL = UUID(int=201), UUID(int=202), UUID(int=203), UUID(int=204)


def small_log() -> Log:
    """Two items and a case: registered, sealed, handed over, stored."""
    log = Log()
    case = StreamKey(kind="case", id=CASE)
    log.append(case, "casework.case/1", "opened", {"reference": "WF-2026-000001"})
    for item in (ITEM, SECOND_ITEM):
        log.custody(item, "created", custodian=GIVER)
    log.custody(ITEM, "sealed", seal=SEAL)
    hand_over = log.uuid()
    log.custody(ITEM, "offered", **{"from": GIVER, "to": TAKER, "hand_over": hand_over})
    log.append(case, "casework.case/1", "noted", {"weight": "12.50", "words": ["ivory", "côté", "\U0001f418"]})
    log.custody(ITEM, "received", **{"from": GIVER, "to": TAKER, "hand_over": hand_over})
    log.custody(SECOND_ITEM, "moved", **{"from": GIVER, "to": STORE})
    log.custody(ITEM, "opened", seal=SEAL)
    return log


def full_export(log: Log | None = None) -> bytes:
    log = log or small_log()
    return export_bytes(header(log, Scope.FULL), log.rows(Scope.FULL))


def item_export(log: Log | None = None, *, signer: SignerKey | None = LOG_KEY) -> bytes:
    log = log or small_log()
    return export_bytes(header(log, Scope.ITEMS), log.rows(Scope.ITEMS, [ITEM]), signer)


def pack_bytes(
    files: Mapping[str, Source] | None = None, *, signer: SignerKey = LOG_KEY, custody: bytes | None = None
) -> bytes:
    out = io.BytesIO()
    payload: dict[str, Source] = {
        "data/report/R-1.pdf": b"%PDF-1.7 synthetic",
        "data/raw/trace.ab1": [b"ABIF", b" synthetic"],
        "data/schedule-withheld.json": b"[]",
        CUSTODY_PATH: item_export(signer=None) if custody is None else custody,
        **(files or {}),
    }
    pack_write(out, reference="DP-2026-0001", files=payload.items(), signer=signer, info={"Bagging-Date": "2026-03-02"})
    return out.getvalue()


def verify_bytes(folder: Path, data: bytes, *keys: SignerKey, outside: Checkpoint | None = None) -> Report:
    path = folder / "file"
    path.write_bytes(data)
    return verify_file(path, pinned=tuple(key.verifier for key in keys), outside=outside)


def reasons(report: Report) -> set[str]:
    return {finding.reason for step in report.steps for finding in step.findings}


def where(report: Report, reason: str) -> dict[str, Json]:
    """Place of the first finding with this reason."""
    return next(dict(f.where) for step in report.steps for f in step.findings if f.reason == reason)
