"""Verifications of the ledger as rows: asked for, run by a worker, looked at by pages."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from chain_of_custody.core.errors import CoreError
from chain_of_custody.core.note import VerifierKey
from chain_of_custody.enums import CheckKind, CheckState
from chain_of_custody.errors import CustodyError
from chain_of_custody.models import Checkpoint, LedgerCheck
from chain_of_custody.models.checks import SILENT
from chain_of_custody.selectors import log_verifier
from chain_of_custody.verification import LedgerVerdict, Progress, ledger_verify

logger = logging.getLogger(__name__)

_ORDERING = 0x53504F4F52_02
"""The advisory lock under which verifications are asked for."""


def log_verifiers() -> list[VerifierKey]:
    """The log's key now, and those that were rotated out (`log.former.vkeys` beside it, one a line)."""
    former = Path(settings.SPOOR_LOG_VKEY_FILE).with_name("log.former.vkeys")
    lines = former.read_text(encoding="ascii").split() if former.is_file() else []
    now = log_verifier()
    return [now, *(VerifierKey.parse(line) for line in lines)]


def outside_checkpoints() -> list[bytes]:
    """Checkpoints kept outside the database: the newest, and what was put into `log/given` to be held against it."""
    folder = Path(settings.SPOOR_HOME) / "log"
    files = [folder / "checkpoint", *sorted((folder / "given").glob("*.txt"))]
    return [file.read_bytes() for file in files if file.is_file()]


def ledger_verify_now(*, since: int = 0, progress: Progress = lambda _done, _size: None) -> LedgerVerdict:
    """Verify the ledger of this installation, whole or from a size on that a checkpoint was signed for."""
    keys = log_verifiers()
    outside = outside_checkpoints()
    # Read last: what is signed meanwhile must not look like a tail that was lost.
    return ledger_verify(origin=keys[0].name, keys=keys, outside=outside, since=since, progress=progress)


def since_last_check() -> int:
    """The size up to which the last verification that passed has read; 0 when there is none."""
    passed = LedgerCheck.objects.filter(state=CheckState.PASSED).order_by("-pk").first()
    size = 0 if passed is None else passed.size
    return size if Checkpoint.objects.filter(origin=log_verifier().name, size=size).exists() else 0


def check_order(*, kind: CheckKind) -> LedgerCheck:
    """Ask for a verification; the one that is under way, when there is one. Of two who ask at once both get the same.

    One that died with its worker has failed, and is no longer under way.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_ORDERING])
        open_ = LedgerCheck.objects.filter(state__in=[CheckState.WAITING, CheckState.RUNNING])
        told = "The worker ended before the verification did. Verify again."
        died = open_.filter(seen_at__lt=timezone.now() - SILENT).update(
            state=CheckState.FAILED, ended_at=timezone.now(), findings=[["not-finished", "worker", told]]
        )
        if died:
            logger.error("A verification of the ledger was not finished: %s", told)
        return open_.first() or LedgerCheck.objects.create(kind=kind)


def check_run(*, check: LedgerCheck) -> LedgerCheck:
    """Run a verification that was asked for and write what it found; done by nobody else meanwhile.

    One that cannot be finished has failed, with the reason.
    """
    taken = LedgerCheck.objects.filter(pk=check.pk, state=CheckState.WAITING)
    if not taken.update(state=CheckState.RUNNING, seen_at=timezone.now()):
        return check
    row = LedgerCheck.objects.filter(pk=check.pk)

    def seen(done: int, size: int) -> None:
        row.update(done=done, size=size, seen_at=timezone.now())

    with _ended(row):
        since = since_last_check() if check.kind == CheckKind.INCREMENTAL else 0
        row.update(since=since, done=since)
        verdict = ledger_verify_now(since=since, progress=seen)
        # Taken for dead meanwhile, it has failed and stays so.
        row.filter(state=CheckState.RUNNING).update(
            state=CheckState.PASSED if verdict.passed else CheckState.FAILED,
            size=verdict.size,
            done=verdict.size,
            findings=[list(asdict(one).values()) for one in verdict.findings],
            ended_at=timezone.now(),
        )
        for one in verdict.findings:
            logger.error("LEDGER NOT SOUND: %s at %s: %s", one.reason, one.where, one.detail)
    check.refresh_from_db()
    return check


@contextmanager
def _ended(row: QuerySet[LedgerCheck]) -> Iterator[None]:
    """However a verification breaks off, its row says so: what cannot be verified is as loud as what does not hold."""
    told = "The worker's log says more. Verify again."
    try:
        yield
    except (CoreError, CustodyError, OSError) as error:
        logger.exception("The ledger could not be verified")
        told = str(error)
    finally:
        row.filter(state=CheckState.RUNNING).update(
            state=CheckState.FAILED, ended_at=timezone.now(), findings=[["not-finished", "verification", told]]
        )
