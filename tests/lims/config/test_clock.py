"""The clock inside a worker: started anew where it was killed, and stopped with the worker."""

import os
import signal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from celery.beat import EmbeddedService

from lims.config.celery import app, clock_revive


@pytest.fixture
def worker(tmp_path: Path) -> Any:
    """What the clock needs of a worker; its broker is memory, so that a clock rings nobody."""
    celery = app.__class__("clock-test", broker="memory://", set_as_current=False)
    celery.conf.beat_schedule = {}
    held = SimpleNamespace(app=celery, schedule_filename=str(tmp_path / "schedule"), scheduler=None)
    held.beat = EmbeddedService(celery, schedule_filename=held.schedule_filename, scheduler_cls=None)
    held.steps = [SimpleNamespace(obj=None), SimpleNamespace(obj=held.beat)]
    return held


def test_a_killed_clock_is_started_anew(worker: Any) -> None:
    first = worker.beat
    first.start()
    try:
        assert clock_revive(worker) is False
        assert worker.beat is first
        os.kill(first.pid, signal.SIGKILL)
        first.join()
        assert clock_revive(worker) is True
        assert worker.beat is not first
        assert worker.beat.is_alive()
        assert [step.obj for step in worker.steps] == [None, worker.beat]
        assert clock_revive(worker) is False
    finally:
        worker.beat.terminate()
        worker.beat.join()


def test_a_worker_without_a_clock_has_none_to_start() -> None:
    assert clock_revive(SimpleNamespace(beat=None)) is False
