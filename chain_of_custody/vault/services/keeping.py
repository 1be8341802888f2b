"""How long files are kept, and legal holds: acts in the ledger and locks in the store.

The order is chosen so that a crash in between leaves a file kept too well, never too little: what binds is
done in the store first and then recorded; what releases is recorded first and done in the store after the
commit.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from uuid import UUID

from django.conf import settings
from django.db import transaction

from chain_of_custody.core.actor import Actor
from chain_of_custody.core.canonical import Json
from chain_of_custody.errors import CustodyError
from chain_of_custody.models import StoredFile
from chain_of_custody.services import EntryDraft, StreamKey, act_append
from chain_of_custody.vault.errors import RetentionRefused
from chain_of_custody.vault.file_schema import FILE
from chain_of_custody.vault.objects import ObjectStat, Retention, RetentionMode, utc_now, whole_second
from chain_of_custody.vault.services.stores import store_current

RETENTION_DAYS = 90
"""The horizon of a lock: short, and moved on by a job while the case is open (setting SPOOR_RETENTION_DAYS).
"""

_BATCH = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtensionReport:
    """What an extension did: files now kept longer, files with enough time left, and what failed and why."""

    extended: tuple[UUID, ...]
    sufficient: tuple[UUID, ...]
    failed: tuple[tuple[UUID, str], ...]


def retention_default(*, draft: bool = False, now: datetime | None = None) -> Retention:
    """COMPLIANCE for evidence and GOVERNANCE for drafts, until the horizon."""
    days = getattr(settings, "SPOOR_RETENTION_DAYS", RETENTION_DAYS)
    mode = RetentionMode.GOVERNANCE if draft else RetentionMode.COMPLIANCE
    return Retention(mode=mode, until=whole_second((now or utc_now()) + timedelta(days=days)))


def retention_extend_open_cases(
    *, actor: Actor, files: Iterable[UUID], until: datetime | None = None, reason: str = ""
) -> ExtensionReport:
    """Keep the files of open cases for another horizon; for a job that names them, run daily.

    `files` are UUIDs of stored files; those kept for more than half the horizon from now are left alone, so
    that a daily run extends each every few weeks and a store that is away for a while costs nothing. A file
    whose object cannot be extended is reported and does not stop the others. Raises `StoreUnreachable` when
    the store does not answer at the start.
    """
    store_current().check()
    target = Retention(mode=RetentionMode.COMPLIANCE, until=until) if until else retention_default()
    now = utc_now()
    enough = now + (target.until - now) / 2
    extended: list[UUID] = []
    sufficient: list[UUID] = []
    failed: list[tuple[UUID, str]] = []
    for batch in _batches(files):
        rows = list(StoredFile.objects.select_related("stream").filter(uuid__in=batch).order_by("id"))
        failed += [(missing, "there is no such file") for missing in set(batch) - {row.uuid for row in rows}]
        due = [row for row in rows if row.retention_until is None or row.retention_until < enough]
        sufficient += [row.uuid for row in rows if row not in due]
        done, wrong = _extend(actor, due, target, reason)
        extended += done
        failed += wrong
    return ExtensionReport(extended=tuple(extended), sufficient=tuple(sufficient), failed=tuple(failed))


def legal_hold_set(*, actor: Actor, file: StoredFile, reason: str, happened_at: datetime | None = None) -> StoredFile:
    """Hold a file until the hold is cleared, whatever its retention; again changes nothing.

    Raises `ObjectMissing`, `StoreUnreachable`.
    """
    store_current().legal_hold_set(file.digest, version=file.store_version)
    with transaction.atomic(savepoint=False):
        row = _locked(file)
        if not row.legal_hold:
            row.legal_hold = True
            row.save(update_fields=["legal_hold"])
            act_append(actor=actor, drafts=[_draft(row, "hold_set")], reason=reason, happened_at=happened_at)
    return row


def legal_hold_clear(*, actor: Actor, file: StoredFile, reason: str, happened_at: datetime | None = None) -> StoredFile:
    """Lift the hold of a file; the object stays held while another file with the same bytes is.

    The store follows after the commit; if it does not answer then, `StoreUnreachable` is raised, the object
    stays held and clearing again completes it.
    """
    with transaction.atomic(savepoint=False):
        row = _locked(file)
        if row.legal_hold:
            row.legal_hold = False
            row.save(update_fields=["legal_hold"])
            act_append(actor=actor, drafts=[_draft(row, "hold_cleared")], reason=reason, happened_at=happened_at)
        transaction.on_commit(_clearing(row.digest, row.store_version))
    return row


def _clearing(digest: str, version: str) -> Callable[[], None]:
    def clear() -> None:
        if not StoredFile.objects.filter(digest=digest, legal_hold=True).exists():
            store_current().legal_hold_clear(digest, version=version)

    return clear


def _extend(
    actor: Actor, rows: Sequence[StoredFile], target: Retention, reason: str
) -> tuple[list[UUID], list[tuple[UUID, str]]]:
    kept: list[tuple[StoredFile, Retention]] = []
    failed: list[tuple[UUID, str]] = []
    for row in rows:
        try:
            kept.append((row, _extend_one(row, target)))
        except CustodyError as error:
            failed.append((row.uuid, error.message))
    if kept:
        with transaction.atomic(savepoint=False):
            for row, lock in kept:
                StoredFile.objects.filter(pk=row.pk).update(retention_until=lock.until)
            drafts = [_draft(row, "retention_extended", _lock_values(lock)) for row, lock in kept]
            act_append(actor=actor, drafts=drafts, reason=reason)
    return [row.uuid for row, _lock in kept], failed


def _extend_one(row: StoredFile, target: Retention) -> Retention:
    """Extend one object, keeping the mode it has: a draft's GOVERNANCE lock stays one."""
    store = store_current()
    stat = store.stat(row.digest, version=row.store_version)
    wanted = Retention(mode=stat.retention.mode, until=target.until) if stat.retention else target
    if stat.retention is not None and stat.retention.covers(wanted):
        return stat.retention
    return _lock_of(store.extend_retention(row.digest, retention=wanted, version=row.store_version))


def _lock_of(stat: ObjectStat) -> Retention:
    if stat.retention is None:
        raise RetentionRefused(f"The store took the retention of {stat.digest} and reports none.")
    return stat.retention


def _locked(file: StoredFile) -> StoredFile:
    return StoredFile.objects.select_for_update(no_key=True, of=("self",)).select_related("stream").get(pk=file.pk)


def _draft(row: StoredFile, verb: str, more: dict[str, Json] | None = None) -> EntryDraft:
    return EntryDraft(
        stream=StreamKey(kind=row.stream.kind, id=row.stream.uuid),
        schema=FILE,
        verb=verb,
        values={"file": str(row.uuid), "sha256": row.digest, **(more or {})},
    )


def _lock_values(lock: Retention) -> dict[str, Json]:
    return {"retention_mode": lock.mode.value, "retention_until": lock.until.isoformat()}


def _batches(files: Iterable[UUID]) -> Iterator[list[UUID]]:
    rest = iter(files)
    while batch := list(islice(rest, _BATCH)):
        yield batch
