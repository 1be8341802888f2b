"""Jobs of the laboratory: a bell rings, a service takes the job, pure work is done, a service writes the result."""

from collections.abc import Callable

from celery import shared_task

from analysis.inputs import Progress
from lims.lab.enums import JobState
from lims.lab.execution import drift_compute, law_read, reference_compute, run_compute
from lims.lab.fetching import fetch_compute
from lims.lab.models import DriftCheck, LegalList, RecordFetch, ReferenceBuild, Run
from lims.lab.services import references
from lims.lab.services.builds import build_fail, build_finish, build_give_up, build_start
from lims.lab.services.drift import TASK as DRIFT_TASK
from lims.lab.services.drift import drift_fail, drift_finish, drift_give_up, drift_start
from lims.lab.services.fetches import TASK as FETCH_TASK
from lims.lab.services.fetches import fetch_fail, fetch_finish, fetch_give_up, fetch_start
from lims.lab.services.jobs import job_carry_out, jobs_sweep, worker_name
from lims.lab.services.law import TASK as LAW_TASK
from lims.lab.services.law import law_fail, law_finish, law_give_up, law_start
from lims.lab.services.runs import TASK, run_fail, run_finish, run_give_up, run_start


@shared_task(name=TASK)
def run_execute(pk: int) -> None:
    """Execute one run, once, whoever rings however often."""
    run = run_start(pk=pk, worker=worker_name())
    if run is None:
        return

    def work(progress: Progress) -> Callable[[], None]:
        answers, artefacts = run_compute(run, progress)
        return lambda: run_finish(run=run, answers=answers, artefacts=artefacts)

    def fail(*, error: str, state: str = JobState.FAILED) -> None:
        run_fail(run=run, error=error, state=state)

    job_carry_out(jobs=Run.objects, job=run, name=f"Run {run.reference}", work=work, fail=fail)


@shared_task(name=references.TASK)
def reference_build(pk: int) -> None:
    """Build and calibrate one reference set, once, whoever rings however often."""
    build = build_start(pk=pk, worker=worker_name())
    if build is None:
        return

    def work(progress: Progress) -> Callable[[], None]:
        frozen = reference_compute(build.reference, progress)
        return lambda: build_finish(build=build, frozen=frozen)

    def fail(*, error: str, state: str = JobState.FAILED) -> None:
        build_fail(build=build, error=error, state=state)

    job_carry_out(jobs=ReferenceBuild.objects, job=build, name=f"Reference set {build.reference}", work=work, fail=fail)


@shared_task(name=LAW_TASK)
def law_import(pk: int) -> None:
    """Read one list of the law, once, whoever rings however often."""
    row = law_start(pk=pk, worker=worker_name())
    if row is None:
        return

    def work(progress: Progress) -> Callable[[], None]:
        parsed = law_read(row, progress)
        return lambda: law_finish(row=row, parsed=parsed)

    def fail(*, error: str, state: str = JobState.FAILED) -> None:
        law_fail(row=row, error=error, state=state)

    job_carry_out(jobs=LegalList.objects, job=row, name=f"List {row}", work=work, fail=fail)


@shared_task(name=DRIFT_TASK)
def drift_execute(pk: int) -> None:
    """Find what one new edition would change, once, whoever rings however often."""
    check = drift_start(pk=pk, worker=worker_name())
    if check is None:
        return

    def work(progress: Progress) -> Callable[[], None]:
        found = drift_compute(check, progress)
        return lambda: drift_finish(check=check, found=found)

    def fail(*, error: str, state: str = JobState.FAILED) -> None:
        drift_fail(check=check, error=error, state=state)

    job_carry_out(jobs=DriftCheck.objects, job=check, name=f"Check of {check.reference}", work=work, fail=fail)


@shared_task(name=FETCH_TASK)
def fetch_execute(pk: int) -> None:
    """Fetch the records of one list, once, whoever rings however often."""
    row = fetch_start(pk=pk, worker=worker_name())
    if row is None:
        return

    def work(progress: Progress) -> Callable[[], None]:
        found = fetch_compute(row, progress)
        return lambda: fetch_finish(fetch=row, found=found)

    def fail(*, error: str, state: str = JobState.FAILED) -> None:
        fetch_fail(fetch=row, error=error, state=state)

    job_carry_out(jobs=RecordFetch.objects, job=row, name=f"Fetch {row.name}", work=work, fail=fail)


@shared_task(name="lims.lab.runs_sweep")
def runs_sweep() -> int:
    """Ring again for runs, builds of reference sets and lists of the law that wait or whose worker died."""
    rung = jobs_sweep(jobs=Run.objects, task=TASK, give_up=run_give_up)
    rung += jobs_sweep(jobs=DriftCheck.objects, task=DRIFT_TASK, give_up=drift_give_up)
    rung += jobs_sweep(jobs=RecordFetch.objects, task=FETCH_TASK, give_up=fetch_give_up)
    rung += jobs_sweep(jobs=LegalList.objects, task=LAW_TASK, give_up=law_give_up)
    return rung + jobs_sweep(jobs=ReferenceBuild.objects, task=references.TASK, give_up=build_give_up)
