"""The life of a job: taken by lease and attempt, kept alive, finished once, swept when its worker died.

Worker and attempt are a fencing token: every write of a worker carries the attempt it took, so that a worker that was
thought dead and comes back writes nothing.
"""

import logging
import os
import socket
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Protocol, TypeVar

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.models import Manager, Q, QuerySet
from django.utils import timezone

from analysis.errors import AnalysisError, Cancelled
from analysis.inputs import Progress
from chain_of_custody.errors import CustodyError
from lims.common.bell import ring
from lims.common.errors import DomainError, RuleViolation
from lims.lab.enums import JobState
from lims.lab.models import JobBase

J = TypeVar("J", bound=JobBase)
log = logging.getLogger(__name__)


class LeaseLost(Exception):
    """Another worker holds this job now, or it is over: whatever was computed is dropped."""


def job_take(*, jobs: Manager[J], pk: int, worker: str) -> J | None:
    """Take a waiting job, or one whose lease ran out, under a new attempt; None when there is nothing to take."""
    now = timezone.now()
    free = Q(state=JobState.QUEUED) | Q(state=JobState.RUNNING, lease_until__lt=now)
    with transaction.atomic():
        job = jobs.select_for_update(no_key=True, of=("self",), skip_locked=True).filter(free, pk=pk).first()
        if job is None or job.attempt >= job.MOST_ATTEMPTS:
            return None
        job.state = JobState.RUNNING
        job.attempt += 1
        job.worker = worker[:120]
        job.lease_until = now + _lease()
        job.started_at = job.started_at or now
        job.progress, job.message = 0.0, ""
        job.save(update_fields=["state", "attempt", "worker", "lease_until", "started_at", "progress", "message"])
    return job


def job_beat(*, jobs: Manager[J], job: J, progress: float | None = None, message: str = "") -> bool:
    """Prolong the lease and show how far the work is; returns whether somebody asked to cancel.

    Raises:
        LeaseLost: the attempt is not the row's any more.
    """
    changes: dict[str, Any] = {"lease_until": timezone.now() + _lease()}
    if progress is not None:
        changes |= {"progress": max(0.0, min(1.0, progress)), "message": message[:300]}
    mine = _held(jobs.all(), job)
    if not mine.update(**changes):
        raise LeaseLost
    return bool(mine.values_list("cancel_requested", flat=True).first())


def job_hold(*, jobs: Manager[J], job: J) -> None:
    """Lock the row of a job one still has, until the caller's transaction ends: before files of its result are stored.

    While it is locked nobody takes the job, however long the store needs.

    Raises:
        LeaseLost: the attempt is not the row's any more.
    """
    if not _held(jobs.select_for_update(no_key=True, of=("self",)), job).exists():
        raise LeaseLost


def job_finish(*, jobs: Manager[J], job: J, state: str, error: str = "", **changes: Any) -> None:
    """End the job, once: only the attempt that holds it may. Within the caller's transaction.

    Raises:
        LeaseLost: the attempt is not the row's any more.
    """
    changes |= {"state": state, "error": error[:4000], "finished_at": timezone.now(), "lease_until": None}
    if state == JobState.DONE:
        changes["progress"] = 1.0
    if not _held(jobs.all(), job).update(**changes):
        raise LeaseLost


def jobs_sweep(*, jobs: Manager[J], task: str, give_up: Callable[[J], None]) -> int:
    """Ring again for jobs that wait or whose worker died; `give_up` on those that used all attempts.

    Returns how many were rung.
    """
    now = timezone.now()
    dead = jobs.filter(state=JobState.RUNNING, lease_until__lt=now)
    for pk in dead.filter(attempt__gte=jobs.model.MOST_ATTEMPTS).values_list("pk", flat=True):
        with transaction.atomic():
            # A locked one is storing its result, late but alive.
            rows = jobs.select_for_update(no_key=True, of=("self",), skip_locked=True)
            spent = rows.filter(pk=pk, state=JobState.RUNNING, lease_until__lt=now).first()
            if spent is not None:
                give_up(spent)
    waiting = jobs.filter(state=JobState.QUEUED, queued_at__lt=now - timedelta(seconds=5))
    rung = 0
    for pk in [
        *dead.filter(attempt__lt=jobs.model.MOST_ATTEMPTS).values_list("pk", flat=True),
        *waiting.values_list("pk", flat=True)[:200],
    ]:
        ring(task, pk)
        rung += 1
    return rung


def job_cancel(*, jobs: Manager[J], job: J, over: RuleViolation) -> J | None:
    """Ask a job to stop. Within the caller's transaction.

    Returns its row when that ends it at once, because no worker has begun it; None when one has.

    Raises:
        RuleViolation: `over`, when it is over.
    """
    row = jobs.select_for_update(no_key=True, of=("self",)).get(pk=job.pk)
    if row.over:
        raise over
    if row.state == JobState.QUEUED:
        jobs.filter(pk=row.pk).update(state=JobState.CANCELLED, finished_at=timezone.now())
        return row
    jobs.filter(pk=row.pk).update(cancel_requested=True)
    return None


def _held(rows: QuerySet[J], job: J) -> QuerySet[J]:
    """The job's row while this worker has it; by worker too, since a job that goes on begins anew with attempt 1."""
    return rows.filter(pk=job.pk, attempt=job.attempt, worker=job.worker, state=JobState.RUNNING)


def _lease() -> timedelta:
    return timedelta(seconds=settings.SPOOR_RUN_LEASE_SECONDS)


class Heart:
    """Keeps a job's lease while its worker computes, and carries progress and the wish to cancel between the two.

    Use as a context manager around the computation; the thread has a database connection of its own and closes it.
    """

    def __init__(self, *, jobs: Manager[J], job: J) -> None:
        self._jobs, self._job = jobs, job
        self._progress: tuple[float, str] = (0.0, "")
        self._stop = threading.Event()
        self._cancelled = False
        self._lost = False
        self._thread = threading.Thread(target=self._run, name=f"heart-{job.pk}", daemon=True)

    def __enter__(self) -> "Heart":
        self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._stop.set()
        self._thread.join(timeout=10)

    def progress(self, share: float, words: str) -> None:
        """Note how far the work is: an `analysis.inputs.Progress`.

        Raises:
            Cancelled: somebody asked to cancel.
            LeaseLost: another worker holds the job now.
        """
        self._progress = (share, words)
        if self._lost:
            raise LeaseLost
        if self._cancelled:
            raise Cancelled("Cancelled on request.")

    def _run(self) -> None:
        every = max(0.2, min(2.0, settings.SPOOR_RUN_LEASE_SECONDS / 4))
        try:
            while not self._stop.wait(every):
                self._beat()
        finally:
            connection.close()

    def _beat(self) -> None:
        share, words = self._progress
        try:
            self._cancelled = job_beat(jobs=self._jobs, job=self._job, progress=share, message=words) or self._cancelled
        except LeaseLost:
            self._lost = True
            self._stop.set()
        except DatabaseError:
            log.warning("The lease of job %s could not be prolonged; trying again.", self._job.pk)


class JobFail(Protocol):
    """A service that ends a job without a result, with the reason."""

    def __call__(self, *, error: str, state: str = ...) -> None: ...


def job_carry_out(
    *,
    jobs: Manager[J],
    job: J,
    name: str,
    work: Callable[[Progress], Callable[[], None]],
    fail: JobFail,
    refusals: tuple[type[Exception], ...] = (),
) -> None:
    """Compute under a heart that keeps the lease, then write what `work` returned; any end is written once.

    The outermost body of a task: what is none of the domain's errors (`refusals` are further ones that say their own
    reason) ends the job with a word for people, stands in the worker's log, and is raised again.
    """
    told: tuple[type[Exception], ...] = (AnalysisError, DomainError, CustodyError, *refusals)
    try:
        with Heart(jobs=jobs, job=job) as heart:
            write = work(heart.progress)
        write()
    except LeaseLost:
        log.warning("%s was taken over; this attempt's result is dropped.", name)
    except Cancelled:
        fail(error="Cancelled on request.", state=JobState.CANCELLED)
    except told as error:
        fail(error=str(error))
    except Exception:
        log.exception("%s failed", name)
        fail(error="An unexpected error stopped this job. The administrator finds it in the worker's log.")
        raise


def worker_name() -> str:
    """How this worker is called in a job's row and in the ledger: host and process."""
    return f"{socket.gethostname()}:{os.getpid()}"
