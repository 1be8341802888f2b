"""The clock of the demonstration: acts are entered now and claim to have happened in the weeks before.

What the ledger records (`recorded_at`) stays the database's clock: nothing pretends to have been recorded earlier.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from chain_of_custody.services import claimed_times

_LEASE_SECONDS = 60
_USUAL = timezone.now


class Clock:
    """A clock that was set to a moment in the past and runs on from there."""

    def __init__(self, moment: datetime) -> None:
        self._moment = moment
        self._set = time.monotonic()

    def now(self) -> datetime:
        """The time it shows."""
        return self._moment + timedelta(seconds=time.monotonic() - self._set)

    def forward(self, *, hours: float = 0, minutes: float = 0) -> None:
        """Let time pass."""
        self._moment += timedelta(hours=hours, minutes=minutes)


@contextmanager
def clock_at(moment: datetime) -> Iterator[Clock]:
    """Let the application's clock start at `moment` inside the block, and acts claim its times."""
    clock = Clock(moment)
    lease = settings.SPOOR_RUN_LEASE_SECONDS
    timezone.now = clock.now
    # A lease counted from a past time must still hold against the real clock of a worker that runs beside us.
    settings.SPOOR_RUN_LEASE_SECONDS = int((_USUAL() - moment).total_seconds()) + _LEASE_SECONDS
    try:
        with claimed_times(clock.now):
            yield clock
    finally:
        timezone.now = _USUAL
        settings.SPOOR_RUN_LEASE_SECONDS = lease


@contextmanager
def clock_usual() -> Iterator[None]:
    """The real clock inside a block of `clock_at`: for leases, which another process may have taken."""
    shown = timezone.now
    timezone.now = _USUAL
    try:
        yield
    finally:
        timezone.now = shown
