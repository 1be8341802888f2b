"""The Celery application. The broker only rings bells: every job's truth is a row in PostgreSQL."""

import os

from celery import Celery
from celery.signals import worker_ready

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lims.config.settings")

app = Celery("spoor")
app.set_default()
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["lims.accounts", "lims.casework", "lims.lab", "lims.disclosure"])


@worker_ready.connect
def _report_at_once(**_sender: object) -> None:
    """The worker shows itself when it is ready, not only at the next beat: `/healthz` waits for it."""
    app.send_task("lims.accounts.worker_heartbeat", retry=False)
