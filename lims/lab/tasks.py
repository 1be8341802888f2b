"""Jobs of the laboratory: a bell rings, a service takes the run, pure work is done, a service writes the result."""

import logging
import os
import socket

from celery import shared_task

from analysis.errors import AnalysisError, Cancelled
from chain_of_custody.errors import CustodyError
from lims.common.errors import DomainError
from lims.lab.enums import JobState
from lims.lab.execution import run_compute
from lims.lab.models import Run
from lims.lab.services.jobs import Heart, LeaseLost, jobs_sweep
from lims.lab.services.runs import TASK, run_fail, run_finish, run_give_up, run_start

log = logging.getLogger(__name__)


@shared_task(name=TASK)
def run_execute(pk: int) -> None:
    """Execute one run, once, whoever rings however often."""
    run = run_start(pk=pk, worker=f"{socket.gethostname()}:{os.getpid()}")
    if run is None:
        return
    try:
        with Heart(jobs=Run.objects, job=run) as heart:
            answers, artefacts = run_compute(run, heart.progress)
        run_finish(run=run, answers=answers, artefacts=artefacts)
    except LeaseLost:
        log.warning("Run %s was taken over; this attempt's result is dropped.", run.reference)
    except Cancelled:
        run_fail(run=run, error="Cancelled on request.", state=JobState.CANCELLED)
    except (AnalysisError, DomainError, CustodyError) as error:
        run_fail(run=run, error=str(error))
    except Exception:
        log.exception("Run %s failed", run.reference)
        run_fail(run=run, error="An unexpected error stopped this run. The administrator finds it in the worker's log.")
        raise


@shared_task(name="lims.lab.runs_sweep")
def runs_sweep() -> int:
    """Ring again for runs that wait or whose worker died."""
    return jobs_sweep(jobs=Run.objects, task=TASK, give_up=run_give_up)
