"""Ctrl-C, SIGTERM and SIGHUP as one exception."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(BaseException):
    """A signal asked us to stop. Not an Exception, so that no handler on the way swallows it."""


def _raise_stopped(_number: int, _frame: FrameType | None) -> None:
    raise Stopped


@contextmanager
def stop_signals() -> Iterator[None]:
    """In the block a signal raises Stopped; the handlers of before come back afterwards."""
    before = {number: signal.signal(number, _raise_stopped) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def signals_ignore() -> None:
    """From here on stopping is under way, and asking again changes nothing."""
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)
