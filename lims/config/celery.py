"""The Celery application. The broker only rings bells: every job's truth is a row in PostgreSQL."""

import logging
import os
from typing import Any

from celery import Celery, bootsteps
from celery.beat import EmbeddedService
from django.conf import settings
from django.db import DatabaseError, connections

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lims.config.settings")

log = logging.getLogger(__name__)
app = Celery("spoor")
app.set_default()
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["lims.accounts", "lims.casework", "lims.lab", "lims.links", "lims.disclosure"])


class Liveness(bootsteps.StartStopStep):
    """The worker's sign of life, from the timer of its main process.

    Not a task: tasks wait for a free process of the pool, and two long analyses would make a worker look dead that
    works. The step starts again with the connection to the broker.
    """

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def start(self, parent: Any) -> None:
        """Report at once, `/healthz` waits for it, then at every beat."""
        self._report()
        seconds = settings.SPOOR_WORKER_BEAT_SECONDS
        self._entries = [
            parent.timer.call_repeatedly(seconds, self._report),
            parent.timer.call_repeatedly(seconds, clock_revive, (parent.controller,)),
        ]

    def stop(self, parent: Any) -> None:
        """No more signs of life."""
        for entry in self._entries:
            entry.cancel()

    @staticmethod
    def _report() -> None:
        try:
            app.tasks["lims.accounts.worker_heartbeat"]()
        except DatabaseError as error:
            log.warning("This worker cannot report that it lives: %s", error)
        finally:
            connections.close_all()  # processes of the pool are forked from here and must inherit none


def clock_revive(worker: Any) -> bool:
    """Start the clock inside a worker anew where it was killed; whether it was.

    Celery starts lost processes of the pool again, but not its clock. Without the clock nothing is swept: a run whose
    process died would be running for ever, and access log, holds and checkpoints would wait with it.
    """
    old = worker.beat
    if old is None or old.is_alive():
        return False
    log.error("The clock of this worker ended; it is started anew.")
    new: Any = EmbeddedService(worker.app, schedule_filename=worker.schedule_filename, scheduler_cls=worker.scheduler)
    worker.beat = new
    for step in worker.steps:
        if step.obj is old:
            step.obj = new  # who stops the worker stops this clock
    new.start()
    return True


app.steps["consumer"].add(Liveness)
