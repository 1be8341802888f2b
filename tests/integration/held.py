"""The worker's Celery application, with jobs that can be held in their middle for as long as a test likes.

A run long enough to be met in its middle on a fast machine is too long on a slow one. So jobs are short, and while the
file named by SPOOR_TEST_HOLD is there, they wait at the first sign of progress beyond the share written in it. Waiting,
they report as before: the lease is kept, and a wish to cancel and a lost lease are met.
"""

import os
import time
from pathlib import Path

import django

from lims.config.celery import app

django.setup()

from lims.lab.services.jobs import Heart  # noqa: E402  (models need the application)

__all__ = ["app"]

_hold = Path(os.environ["SPOOR_TEST_HOLD"])
_report = Heart.progress


def _held_at() -> float:
    try:
        return float(_hold.read_text(encoding="ascii"))
    except FileNotFoundError:
        return 2.0


def _report_and_wait(heart: Heart, share: float, words: str) -> None:
    _report(heart, share, words)
    while share >= _held_at():
        time.sleep(0.05)
        _report(heart, share, words)


Heart.progress = _report_and_wait  # type: ignore[method-assign]
