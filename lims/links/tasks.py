"""Jobs of links: profiles are compared by a worker, once."""

import logging
import os
import socket

from celery import shared_task

from analysis.errors import AnalysisError, Cancelled
from chain_of_custody.errors import CustodyError
from lims.common.errors import DomainError
from lims.lab.enums import JobState
from lims.lab.services.jobs import Heart, LeaseLost, jobs_sweep
from lims.links.execution import search_compute
from lims.links.models import LinkSearch
from lims.links.services.searches import TASK, search_fail, search_finish, search_give_up, search_start

log = logging.getLogger(__name__)


@shared_task(name=TASK)
def search_execute(pk: int) -> None:
    """Execute one search, once, whoever rings however often."""
    search = search_start(pk=pk, worker=f"{socket.gethostname()}:{os.getpid()}")
    if search is None:
        return
    try:
        with Heart(jobs=LinkSearch.objects, job=search) as heart:
            found = search_compute(search, heart.progress)
        search_finish(search=search, found=found)
    except LeaseLost:
        log.warning("Search %s was taken over; this attempt is dropped.", search.reference)
    except Cancelled:
        search_fail(search=search, error="Cancelled on request.", state=JobState.CANCELLED)
    except (AnalysisError, DomainError, CustodyError) as error:
        search_fail(search=search, error=str(error))
    except Exception:
        log.exception("Search %s failed", search.reference)
        search_fail(
            search=search,
            error="An unexpected error stopped this search. The administrator finds it in the worker's log.",
        )
        raise


@shared_task(name="lims.links.searches_sweep")
def searches_sweep() -> int:
    """Ring again for searches that wait or whose worker died."""
    return jobs_sweep(jobs=LinkSearch.objects, task=TASK, give_up=search_give_up)
