"""A worker whose processes are all busy is alive, and `/healthz` says so."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from lims.accounts.selectors import worker_last_seen
from lims.config import settings as configured
from lims.lab.models import Run
from tests.conftest import TestBroker, TestDatabase
from tests.integration.working import hold, holding_system, in_the_middle, let_go, over, work
from tests.system import System, wait_until

pytestmark = [pytest.mark.commits, pytest.mark.slow]

BEAT_SECONDS = 1
SILENCE_SECONDS = 4 * BEAT_SECONDS
PATIENCE_SECONDS = 300


@pytest.fixture
def system(committed_db: TestDatabase, embedded_redis: TestBroker, tmp_path: Path) -> Iterator[System]:
    environment = {
        **committed_db.environment(),
        **embedded_redis.environment(),
        "SPOOR_WORKER_BEAT_SECONDS": str(BEAT_SECONDS),
    }
    with holding_system(tmp_path, environment) as running:
        running.start("worker", "web", "sequencer")
        yield running


def _health(system: System) -> tuple[int, dict[str, Any]]:
    try:
        with urllib.request.urlopen(f"{system.address}/healthz", timeout=120) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def test_two_long_analyses_leave_the_health_page_green_and_a_dead_worker_does_not(system: System) -> None:
    bench = work(system)
    hold(system)
    first, second = (bench.queue() for _run in range(2))  # one process: the second waits
    in_the_middle(first)
    busy_since = worker_last_seen()
    assert busy_since is not None
    wait_until(lambda: _alive_later(system, busy_since), seconds=PATIENCE_SECONDS, what="the busy worker reports")
    states = dict(Run.objects.values_list("pk", "state"))
    assert states == {first.pk: "running", second.pk: "queued"}, "the pool was busy all the while"
    for run in (second, first):
        bench.analyst.api.call("POST", f"runs/{run.uuid}/cancel/")
    assert over(first).state == "cancelled"
    let_go(system)
    system.kill("worker")
    wait_until(lambda: _health(system)[0] == 503, seconds=PATIENCE_SECONDS, what="a dead worker is missed")
    assert "the last worker reported" in _health(system)[1]["parts"]["worker"]


def _alive_later(system: System, busy_since: datetime) -> bool:
    """Whether the worker has gone on reporting for longer than a silence that turns the page red, and it is green."""
    seen = worker_last_seen()
    if seen is None or seen - busy_since <= timedelta(seconds=SILENCE_SECONDS):
        return False
    status, body = _health(system)
    return (status, body["parts"]["worker"]) == (200, "ok")


def test_nothing_of_the_clock_outlives_its_next_turn() -> None:
    day = 86400.0
    for name, entry in configured.CELERY_BEAT_SCHEDULE.items():
        every = entry["schedule"] if isinstance(entry["schedule"], float) else day  # the audit: once a night
        assert entry["options"]["expires"] == every, name
