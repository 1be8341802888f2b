"""Jobs of the laboratory: a bell rings, a service takes the job, pure work is done, a service writes the result."""

import logging
import os
import socket
from collections.abc import Callable
from typing import Protocol, TypeVar

from celery import shared_task
from django.db.models import Manager

from analysis.errors import AnalysisError, Cancelled
from analysis.inputs import Progress
from chain_of_custody.errors import CustodyError
from lims.common.errors import DomainError
from lims.lab.enums import JobState
from lims.lab.execution import drift_compute, law_read, reference_compute, run_compute
from lims.lab.fetching import fetch_compute
from lims.lab.models import DriftCheck, JobBase, LegalList, RecordFetch, ReferenceBuild, Run
from lims.lab.services import references
from lims.lab.services.builds import build_fail, build_finish, build_give_up, build_start
from lims.lab.services.drift import TASK as DRIFT_TASK
from lims.lab.services.drift import drift_fail, drift_finish, drift_give_up, drift_start
from lims.lab.services.fetches import TASK as FETCH_TASK
from lims.lab.services.fetches import fetch_fail, fetch_finish, fetch_give_up, fetch_start
from lims.lab.services.jobs import Heart, LeaseLost, jobs_sweep
from lims.lab.services.law import TASK as LAW_TASK
from lims.lab.services.law import law_fail, law_finish, law_give_up, law_start
from lims.lab.services.runs import TASK, run_fail, run_finish, run_give_up, run_start

log = logging.getLogger(__name__)
J = TypeVar("J", bound=JobBase)


class _Fail(Protocol):
    def __call__(self, *, error: str, state: str = ...) -> None: ...


@shared_task(name=TASK)
def run_execute(pk: int) -> None:
    """Execute one run, once, whoever rings however often."""
    run = run_start(pk=pk, worker=_worker())
    if run is None:
        return

    def work(progress: Progress) -> Callable[[], None]:
        answers, artefacts = run_compute(run, progress)
        return lambda: run_finish(run=run, answers=answers, artefacts=artefacts)

    def fail(*, error: str, state: str = JobState.FAILED) -> None:
        run_fail(run=run, error=error, state=state)

    _carry_out(Run.objects, run, f"Run {run.reference}", work, fail)


@shared_task(name=references.TASK)
def reference_build(pk: int) -> None:
    """Build and calibrate one reference set, once, whoever rings however often."""
    build = build_start(pk=pk, worker=_worker())
    if build is None:
        return

    def work(progress: Progress) -> Callable[[], None]:
        frozen = reference_compute(build.reference, progress)
        return lambda: build_finish(build=build, frozen=frozen)

    def fail(*, error: str, state: str = JobState.FAILED) -> None:
        build_fail(build=build, error=error, state=state)

    _carry_out(ReferenceBuild.objects, build, f"Reference set {build.reference}", work, fail)


@shared_task(name=LAW_TASK)
def law_import(pk: int) -> None:
    """Read one list of the law, once, whoever rings however often."""
    row = law_start(pk=pk, worker=_worker())
    if row is None:
        return

    def work(progress: Progress) -> Callable[[], None]:
        parsed = law_read(row, progress)
        return lambda: law_finish(row=row, parsed=parsed)

    def fail(*, error: str, state: str = JobState.FAILED) -> None:
        law_fail(row=row, error=error, state=state)

    _carry_out(LegalList.objects, row, f"List {row}", work, fail)


@shared_task(name=DRIFT_TASK)
def drift_execute(pk: int) -> None:
    """Find what one new edition would change, once, whoever rings however often."""
    check = drift_start(pk=pk, worker=_worker())
    if check is None:
        return

    def work(progress: Progress) -> Callable[[], None]:
        found = drift_compute(check, progress)
        return lambda: drift_finish(check=check, found=found)

    def fail(*, error: str, state: str = JobState.FAILED) -> None:
        drift_fail(check=check, error=error, state=state)

    _carry_out(DriftCheck.objects, check, f"Check of {check.reference}", work, fail)


@shared_task(name=FETCH_TASK)
def fetch_execute(pk: int) -> None:
    """Fetch the records of one list, once, whoever rings however often."""
    row = fetch_start(pk=pk, worker=_worker())
    if row is None:
        return

    def work(progress: Progress) -> Callable[[], None]:
        found = fetch_compute(row, progress)
        return lambda: fetch_finish(fetch=row, found=found)

    def fail(*, error: str, state: str = JobState.FAILED) -> None:
        fetch_fail(fetch=row, error=error, state=state)

    _carry_out(RecordFetch.objects, row, f"Fetch {row.name}", work, fail)


@shared_task(name="lims.lab.runs_sweep")
def runs_sweep() -> int:
    """Ring again for runs, builds of reference sets and lists of the law that wait or whose worker died."""
    rung = jobs_sweep(jobs=Run.objects, task=TASK, give_up=run_give_up)
    rung += jobs_sweep(jobs=DriftCheck.objects, task=DRIFT_TASK, give_up=drift_give_up)
    rung += jobs_sweep(jobs=RecordFetch.objects, task=FETCH_TASK, give_up=fetch_give_up)
    rung += jobs_sweep(jobs=LegalList.objects, task=LAW_TASK, give_up=law_give_up)
    return rung + jobs_sweep(jobs=ReferenceBuild.objects, task=references.TASK, give_up=build_give_up)


def _worker() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"


def _carry_out(
    jobs: Manager[J], job: J, name: str, work: Callable[[Progress], Callable[[], None]], fail: _Fail
) -> None:
    """Compute under a heart that keeps the lease, then write what `work` returned; any end is written once."""
    try:
        with Heart(jobs=jobs, job=job) as heart:
            write = work(heart.progress)
        write()
    except LeaseLost:
        log.warning("%s was taken over; this attempt's result is dropped.", name)
    except Cancelled:
        fail(error="Cancelled on request.", state=JobState.CANCELLED)
    except (AnalysisError, DomainError, CustodyError) as error:
        fail(error=str(error))
    except Exception:
        log.exception("%s failed", name)
        fail(error="An unexpected error stopped this job. The administrator finds it in the worker's log.")
        raise
