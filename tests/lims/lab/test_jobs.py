"""What a sweep leaves alone: jobs that beat again, jobs that are storing their result at this moment."""

import io
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from analysis.errors import Cancelled, InputRefused
from analysis.inputs import Progress
from chain_of_custody.core.errors import PackRefused
from lims.common.errors import BadInput
from lims.lab.models import ReferenceBuild
from lims.lab.services.jobs import (
    LeaseLost,
    job_beat,
    job_carry_out,
    job_finish,
    job_hold,
    job_take,
    jobs_sweep,
)
from lims.lab.services.references import reference_propose
from tests.lims.builders import Laboratory
from tests.lims.lab.support import Keys

pytestmark = pytest.mark.commits
JOBS = ReferenceBuild.objects


@pytest.fixture
def lab(keys: Keys, committed_db: Any) -> Laboratory:
    return Laboratory()


def _spent(lab: Laboratory, name: str) -> ReferenceBuild:
    """A build whose third worker is silent."""
    row = reference_propose(
        actor=lab.analyst,
        kind="species",
        name=name,
        edition="1",
        files=[("a.fasta", io.BytesIO(b">a|Fictus primus\nACGT\n"))],
        provenance="Synthetic.",
    )
    late = timezone.now() - timedelta(seconds=1)
    JOBS.filter(reference=row).update(state="running", attempt=ReferenceBuild.MOST_ATTEMPTS, lease_until=late)
    return JOBS.get(reference=row)


def test_a_spent_job_that_is_storing_its_result_is_not_given_up(lab: Laboratory) -> None:
    job, held, go_on = _spent(lab, "Stored late"), threading.Event(), threading.Event()

    def store() -> None:
        try:
            with transaction.atomic():
                job_hold(jobs=JOBS, job=job)
                held.set()
                go_on.wait(30)
                job_finish(jobs=JOBS, job=job, state="done")
        finally:
            connection.close()

    worker = threading.Thread(target=store)
    worker.start()
    assert held.wait(30)
    given_up: list[ReferenceBuild] = []
    try:
        jobs_sweep(jobs=JOBS, task="none", give_up=given_up.append)
    finally:
        go_on.set()
        worker.join(30)
    job.refresh_from_db()
    assert (given_up, job.state) == ([], "done")


def test_a_spent_job_that_beats_after_it_was_listed_is_not_given_up(lab: Laboratory) -> None:
    jobs = {one.pk: one for one in (_spent(lab, "First"), _spent(lab, "Second"))}
    given_up: list[int] = []

    def give_up(job: ReferenceBuild) -> None:
        given_up.append(job.pk)
        others = JOBS.filter(pk__in=jobs).exclude(pk=job.pk)
        others.update(lease_until=timezone.now() + timedelta(minutes=1))

    jobs_sweep(jobs=JOBS, task="none", give_up=give_up)
    assert len(given_up) == 1


@pytest.mark.parametrize("goes_on", [False, True])
def test_a_worker_thought_dead_writes_nothing_while_another_has_the_job(lab: Laboratory, goes_on: bool) -> None:
    """Its lease ran out and another took it, under the next attempt, or under the first one of a job that goes on."""
    job = _spent(lab, "Fenced")
    JOBS.filter(pk=job.pk).update(attempt=1, worker="slow:1")
    slow = JOBS.get(pk=job.pk)
    if goes_on:
        JOBS.filter(pk=job.pk).update(attempt=0, state="queued", lease_until=None)
    eager = job_take(jobs=JOBS, pk=job.pk, worker="eager:2")
    assert eager is not None
    assert eager.attempt == (1 if goes_on else 2)
    with pytest.raises(LeaseLost):
        job_beat(jobs=JOBS, job=slow, progress=0.9)
    with pytest.raises(LeaseLost), transaction.atomic():
        job_hold(jobs=JOBS, job=slow)
    with pytest.raises(LeaseLost):
        job_finish(jobs=JOBS, job=slow, state="done")
    job.refresh_from_db()
    assert (job.state, job.worker, job.progress) == ("running", "eager:2", 0.0)
    assert job_beat(jobs=JOBS, job=eager, progress=0.5) is False
    job_finish(jobs=JOBS, job=eager, state="done")
    with pytest.raises(LeaseLost):
        job_finish(jobs=JOBS, job=eager, state="failed")
    job.refresh_from_db()
    assert job.state == "done"


def _ended(
    lab: Laboratory, error: Exception | None, refusals: tuple[type[Exception], ...] = ()
) -> list[tuple[str, str]]:
    """How a task ends whose work raises this: what its service was told, and how often the result was written."""
    job = job_take(jobs=JOBS, pk=_waiting(lab), worker="one:1")
    assert job is not None
    told: list[tuple[str, str]] = []

    def work(_progress: Progress) -> Callable[[], None]:
        if error is not None:
            raise error
        return lambda: told.append(("", "done"))

    def fail(*, error: str, state: str = "failed") -> None:
        told.append((error, state))

    try:
        job_carry_out(jobs=JOBS, job=job, name="Job", work=work, fail=fail, refusals=refusals)
    except (ValueError, PackRefused):
        told.append(("", "raised"))
    return told


def _waiting(lab: Laboratory) -> int:
    job = _spent(lab, "Carried out")
    JOBS.filter(pk=job.pk).update(attempt=0, state="queued", lease_until=None)
    return job.pk


UNEXPECTED = "An unexpected error stopped this job. The administrator finds it in the worker's log."


@pytest.mark.parametrize(
    ("error", "refusals", "told"),
    [
        (None, (), [("", "done")]),
        (Cancelled("stop"), (), [("Cancelled on request.", "cancelled")]),
        (InputRefused("no base", remedy="Look."), (), [("no base Look.", "failed")]),
        (BadInput("too long", field="name"), (), [("too long", "failed")]),
        (LeaseLost(), (), []),
        (ValueError("oh"), (), [(UNEXPECTED, "failed"), ("", "raised")]),
        (PackRefused("odd"), (), [(UNEXPECTED, "failed"), ("", "raised")]),
        (PackRefused("odd"), (PackRefused,), [("odd", "failed")]),
    ],
    ids=["done", "cancelled", "refused", "bad-input", "lease-lost", "unexpected", "odd-pack", "refused-pack"],
)
def test_every_end_of_a_task_is_told_once(
    lab: Laboratory,
    error: Exception | None,
    refusals: tuple[type[Exception], ...],
    told: list[tuple[str, str]],
) -> None:
    assert _ended(lab, error, refusals) == told
