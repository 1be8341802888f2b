"""Jobs of the accounts app."""

import socket

from celery import shared_task

from lims.accounts.idempotency import idempotency_expire
from lims.accounts.services import access_anchor, worker_seen


@shared_task(name="lims.accounts.worker_heartbeat")
def worker_heartbeat() -> None:
    """A worker that runs this is alive. Its main process calls it, whatever its pool is busy with."""
    worker_seen(host=socket.gethostname())


@shared_task(name="lims.accounts.access_log_anchor")
def access_log_anchor() -> None:
    """Anchor the access log in the ledger; forget first answers that nobody asks for again."""
    access_anchor()
    idempotency_expire()
