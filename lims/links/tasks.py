"""Jobs of links: profiles are compared by a worker, once."""

from collections.abc import Callable

from celery import shared_task

from analysis.inputs import Progress
from lims.lab.enums import JobState
from lims.lab.services.jobs import job_carry_out, jobs_sweep, worker_name
from lims.links.execution import search_compute
from lims.links.models import LinkSearch
from lims.links.services.searches import TASK, search_fail, search_finish, search_give_up, search_start


@shared_task(name=TASK)
def search_execute(pk: int) -> None:
    """Execute one search, once, whoever rings however often."""
    search = search_start(pk=pk, worker=worker_name())
    if search is None:
        return

    def work(progress: Progress) -> Callable[[], None]:
        found = search_compute(search, progress)
        return lambda: search_finish(search=search, found=found)

    def fail(*, error: str, state: str = JobState.FAILED) -> None:
        search_fail(search=search, error=error, state=state)

    job_carry_out(jobs=LinkSearch.objects, job=search, name=f"Search {search.reference}", work=work, fail=fail)


@shared_task(name="lims.links.searches_sweep")
def searches_sweep() -> int:
    """Ring again for searches that wait or whose worker died."""
    return jobs_sweep(jobs=LinkSearch.objects, task=TASK, give_up=search_give_up)
