"""The Celery application. The broker only rings bells: every job's truth is a row in PostgreSQL."""

import logging
import os
from typing import Any

from celery import Celery, bootsteps
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
        self._entry = parent.timer.call_repeatedly(settings.SPOOR_WORKER_BEAT_SECONDS, self._report)

    def stop(self, parent: Any) -> None:
        """No more signs of life."""
        self._entry.cancel()

    @staticmethod
    def _report() -> None:
        try:
            app.tasks["lims.accounts.worker_heartbeat"]()
        except DatabaseError as error:
            log.warning("This worker cannot report that it lives: %s", error)
        finally:
            connections.close_all()  # processes of the pool are forked from here and must inherit none


app.steps["consumer"].add(Liveness)
