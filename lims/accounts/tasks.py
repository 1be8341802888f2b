"""Jobs of the accounts app."""

import socket

from celery import shared_task

from chain_of_custody.models import LedgerCheck
from chain_of_custody.services.stamping import stamps_collect
from lims.accounts.idempotency import idempotency_expire
from lims.accounts.services import access_anchor, worker_seen
from lims.accounts.services.ledger_checks import checkpoint_give_away, ledger_check_nightly, ledger_check_run


@shared_task(name="lims.accounts.worker_heartbeat")
def worker_heartbeat() -> None:
    """A worker that runs this is alive. Its main process calls it, whatever its pool is busy with."""
    worker_seen(host=socket.gethostname())


@shared_task(name="lims.accounts.access_log_anchor")
def access_log_anchor() -> None:
    """Anchor the access log in the ledger; forget first answers that nobody asks for again."""
    access_anchor()
    idempotency_expire()


@shared_task(name="lims.accounts.ledger_check")
def ledger_check(key: int) -> str:
    """Run a verification of the ledger that somebody asked for."""
    return str(ledger_check_run(check=LedgerCheck.objects.get(pk=key)).state)


@shared_task(name="lims.accounts.ledger_check_nightly")
def ledger_check_tonight() -> str:
    """Verify the ledger, as every night."""
    return str(ledger_check_nightly().state)


@shared_task(name="lims.accounts.checkpoints_stamp")
def checkpoints_stamp() -> int:
    """Collect time stamps for checkpoints; returns how many came."""
    return stamps_collect()


@shared_task(name="lims.accounts.checkpoint_give_away")
def checkpoint_give() -> list[str]:
    """Give the newest checkpoint away; returns what could not be reached."""
    return checkpoint_give_away()
