"""`/healthz`: 200 only when database, broker, worker, sequencer and store work; 503 naming what does not."""

from collections.abc import Callable

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from kombu import Connection
from kombu.exceptions import OperationalError

from chain_of_custody.selectors import ledger_health
from chain_of_custody.vault.services import store_health
from lims.accounts.selectors import worker_last_seen

_WORKER_BEATS_MISSED = 4
_LEDGER_LAG_SECONDS = 60


def _database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return ""


def _broker() -> str:
    try:
        with Connection(settings.CELERY_BROKER_URL, connect_timeout=2) as broker:
            broker.ensure_connection(max_retries=1, timeout=2)
    except (OperationalError, OSError) as error:
        return f"the broker does not answer: {error}"
    return ""


def _worker() -> str:
    seen = worker_last_seen()
    if seen is None:
        return "no worker has reported yet"
    silence = (timezone.now() - seen).total_seconds()
    return (
        f"the last worker reported {silence:.0f} s ago"
        if silence > _WORKER_BEATS_MISSED * settings.SPOOR_WORKER_BEAT_SECONDS
        else ""
    )


def _sequencer() -> str:
    health = ledger_health()
    if health.lag_seconds > _LEDGER_LAG_SECONDS:
        return f"the ledger lags {health.lag_seconds:.0f} s with {health.pending} entries waiting"
    return ""


def _store() -> str:
    return store_health()


_PARTS: dict[str, Callable[[], str]] = {
    "database": _database,
    "broker": _broker,
    "worker": _worker,
    "sequencer": _sequencer,
    "store": _store,
}


def _state(part: str) -> str:
    try:
        return _PARTS[part]() or "ok"
    except DatabaseError as error:
        return f"the database does not answer: {str(error).splitlines()[0]}"


def healthz(_request: HttpRequest) -> JsonResponse:
    """State of every part; 503 as soon as one does not work."""
    states = {part: _state(part) for part in _PARTS}
    well = all(state == "ok" for state in states.values())
    return JsonResponse({"status": "ok" if well else "failing", "parts": states}, status=200 if well else 503)
