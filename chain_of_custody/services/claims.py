"""Times claimed for a whole stretch of acts, for what is entered later than it happened: imports, demonstrations.

Only `happened_at`, which is a claim, is touched; `recorded_at` is always the database's clock. A laboratory's own log
never takes times this way: there every act that claims a time names it, and is held to the item's previous act.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime

from django.conf import settings

from chain_of_custody.errors import LedgerError

_CLOCK: ContextVar[Callable[[], datetime] | None] = ContextVar("claimed_clock", default=None)


@contextmanager
def claimed_times(clock: Callable[[], datetime]) -> Iterator[None]:
    """Let acts that name no time of their own claim what `clock` (aware, never in the future) shows.

    Raises `LedgerError` anywhere but in a demonstration's or a test's own system.
    """
    if getattr(settings, "SPOOR_MODE", "lab") not in {"demo", "test"}:
        raise LedgerError("claimed_times outside a demonstration: an act that claims a time names it itself")
    token = _CLOCK.set(clock)
    try:
        yield
    finally:
        _CLOCK.reset(token)


def claimed_now() -> datetime | None:
    """The time to claim now; None where acts happen as they are recorded."""
    clock = _CLOCK.get()
    return None if clock is None else clock()
