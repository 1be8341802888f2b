"""Ring a task by name once the transaction has been committed.

Services know task names, never tasks, so that no service imports a task module. A lost ring loses nothing: the row is
the truth and a sweeper rings again.
"""

import logging
from functools import partial

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

log = logging.getLogger(__name__)


def ring(task: str, *args: str | int) -> None:
    """Send `task` with `args` (ids and short words only) after commit."""
    transaction.on_commit(partial(_send, task, args))


def _send(task: str, args: tuple[str | int, ...]) -> None:
    try:
        current_app.send_task(task, args=args, retry=False)
    except OperationalError as error:
        log.warning("The broker did not take %s; the sweeper will ring again: %s", task, error)
