"""The audit of the evidence store: what the database says is kept against what is there, byte by byte."""

from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import groupby
from uuid import UUID

from chain_of_custody.models import StoredFile
from chain_of_custody.vault.errors import DigestMismatch, LockRecordDamaged, ObjectMissing
from chain_of_custody.vault.objects import ListedObject, utc_now
from chain_of_custody.vault.services.stores import store_current
from chain_of_custody.vault.store import EvidenceStore

UNDER_WAY = timedelta(hours=1)
"""An object younger than this that no row names yet may belong to an upload that is being stored."""


class AuditProblem(StrEnum):
    """What can be wrong. All but `UNDER_WAY` fail the audit."""

    MISSING = "missing"
    ALTERED = "altered"
    ORPHAN = "orphan"
    UNDER_WAY = "under_way"
    STRANGER = "stranger"
    RETENTION_SHORTER = "retention_shorter"
    HOLD_MISSING = "hold_missing"
    LOCK_RECORD_DAMAGED = "lock_record_damaged"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFinding:
    """One thing that is wrong: with which object, which stored files name it, and what was met."""

    problem: AuditProblem
    key: str
    digest: str | None
    files: tuple[UUID, ...]
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditProgress:
    """After each object: how many are done, of how many recorded, bytes read so far, and what was found in
    it."""

    done: int
    recorded: int
    bytes_read: int
    findings: tuple[AuditFinding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditReport:
    """The whole audit. `content_read` says whether digests were computed or only names and locks compared."""

    store: str
    began_at: datetime
    ended_at: datetime
    content_read: bool
    files: int
    objects: int
    bytes_read: int
    findings: tuple[AuditFinding, ...]

    @property
    def passed(self) -> bool:
        return all(finding.problem is AuditProblem.UNDER_WAY for finding in self.findings)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Recorded:
    """All rows that name one digest."""

    digest: str
    size: int
    versions: tuple[str, ...]
    files: tuple[UUID, ...]
    retention_until: datetime | None
    legal_hold: bool


@dataclass(slots=True)
class _Tally:
    bytes_read: int = 0
    objects: int = 0
    files: int = 0
    done: int = 0
    findings: list[AuditFinding] = field(default_factory=list)


def vault_audit_run(
    *, content: bool = True, progress: Callable[[AuditProgress], None] = lambda _progress: None
) -> AuditReport:
    """Run the whole audit, calling `progress` after each object; see `vault_audit`."""
    steps = vault_audit(content=content)
    while True:
        try:
            progress(next(steps))
        except StopIteration as end:
            report: AuditReport = end.value
            return report


def vault_audit(
    *, store: EvidenceStore | None = None, content: bool = True
) -> Generator[AuditProgress, None, AuditReport]:
    """Compare every stored file's row with the store and every object in the store with the rows.

    Finds objects without a row, rows without an object, altered bytes (unless `content` is false), strangers,
    locks that end before the recorded date, and holds that are gone. Rows and listing are both read in the
    order of digests and merged, so memory does not grow with either. Yields after each object and returns the
    report. Raises `StoreUnreachable` when the store stops answering: half an audit is none.
    """
    audited = store or store_current()
    began_at = utc_now()
    recorded = StoredFile.objects.values("digest").distinct().count()
    tally = _Tally()
    for record, listed in _merged(_recorded(), audited.list_objects()):
        findings = tuple(_findings(audited, record, listed, tally, content=content))
        tally.done += 1
        tally.objects += listed is not None
        tally.files += len(record.files) if record else 0
        tally.findings += findings
        yield AuditProgress(done=tally.done, recorded=recorded, bytes_read=tally.bytes_read, findings=findings)
    return AuditReport(
        store=audited.name,
        began_at=began_at,
        ended_at=utc_now(),
        content_read=content,
        files=tally.files,
        objects=tally.objects,
        bytes_read=tally.bytes_read,
        findings=tuple(tally.findings),
    )


def _recorded() -> Iterator[_Recorded]:
    rows = StoredFile.objects.order_by("digest", "id").iterator(chunk_size=500)
    for digest, group in groupby(rows, key=lambda row: row.digest):
        files = list(group)
        untils = [row.retention_until for row in files if row.retention_until is not None]
        yield _Recorded(
            digest=digest,
            size=files[0].size,
            versions=tuple(sorted({row.store_version for row in files})),
            files=tuple(row.uuid for row in files),
            retention_until=max(untils, default=None),
            legal_hold=any(row.legal_hold for row in files),
        )


def _merged(
    records: Iterable[_Recorded], objects: Iterable[ListedObject]
) -> Iterator[tuple[_Recorded | None, ListedObject | None]]:
    """Both sides in one pass; an object that is none of ours comes alone."""
    left, right = iter(records), iter(objects)
    record, listed = next(left, None), next(right, None)
    while record is not None or listed is not None:
        if listed is not None and (listed.digest is None or record is None or listed.digest < record.digest):
            yield None, listed
            listed = next(right, None)
        elif record is not None and (listed is None or listed.digest is None or record.digest < listed.digest):
            yield record, None
            record = next(left, None)
        else:
            yield record, listed
            record, listed = next(left, None), next(right, None)


def _findings(
    store: EvidenceStore,
    record: _Recorded | None,
    listed: ListedObject | None,
    tally: _Tally,
    *,
    content: bool,
) -> Iterator[AuditFinding]:
    if record is None:
        if listed is not None:
            yield from _unrecorded(listed)
        return
    for version in record.versions:
        try:
            yield from _lock_findings(store, record, version)
            if content:
                tally.bytes_read += _read(store, record.digest, version)
        except ObjectMissing as error:
            # A row written after the listing passed its place has its object; asking by digest settles that
            # too.
            yield _finding(AuditProblem.MISSING, record, error.message)
        except DigestMismatch as error:
            yield _finding(AuditProblem.ALTERED, record, error.message)
        except LockRecordDamaged as error:
            yield _finding(AuditProblem.LOCK_RECORD_DAMAGED, record, error.message)


def _unrecorded(listed: ListedObject) -> Iterator[AuditFinding]:
    problem, detail = AuditProblem.STRANGER, "this is no object of the evidence store"
    if listed.digest is not None:
        if StoredFile.objects.filter(digest=listed.digest).exists():
            return
        young = utc_now() - listed.stored_at < UNDER_WAY
        problem = AuditProblem.UNDER_WAY if young else AuditProblem.ORPHAN
        detail = f"{listed.size:,} bytes stored {listed.stored_at.isoformat(timespec='seconds')} that no file names"
    yield AuditFinding(problem=problem, key=listed.key, digest=listed.digest, files=(), detail=detail)


def _lock_findings(store: EvidenceStore, record: _Recorded, version: str) -> Iterator[AuditFinding]:
    stat = store.stat(record.digest, version=version)
    if stat.size != record.size:
        yield _finding(AuditProblem.ALTERED, record, f"{stat.size:,} bytes where {record.size:,} were stored")
    due = record.retention_until
    kept = stat.retention.until if stat.retention else None
    if due is not None and due > utc_now() and (kept is None or kept < due):
        said = kept.isoformat() if kept else "no date"
        yield _finding(AuditProblem.RETENTION_SHORTER, record, f"kept until {said}, recorded until {due.isoformat()}")
    if record.legal_hold and not stat.legal_hold:
        yield _finding(AuditProblem.HOLD_MISSING, record, "a legal hold is recorded and not set in the store")


def _read(store: EvidenceStore, digest: str, version: str) -> int:
    with store.open(digest, version=version) as reader:
        return sum(len(piece) for piece in reader)


def _finding(problem: AuditProblem, record: _Recorded, detail: str) -> AuditFinding:
    return AuditFinding(
        problem=problem,
        key=f"sha256/{record.digest[:2]}/{record.digest}",
        digest=record.digest,
        files=record.files,
        detail=detail,
    )
