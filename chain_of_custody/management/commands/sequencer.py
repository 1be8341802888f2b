"""manage.py sequencer: give entries their place in the log and sign checkpoints, until told to stop."""

import signal
from threading import Event
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from chain_of_custody.errors import SequencerRefused
from chain_of_custody.services.sequencer import POLL_SECONDS, sequencer_check, sequencer_loop, sequencer_run_once


class Command(BaseCommand):
    """Runs as one process of its own; it alone may read the log's key."""

    help = "Sequence committed ledger entries and sign checkpoints, until SIGINT or SIGTERM."
    # Django's checks would load every page of the application, which this process never shows.
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="sequence what waits now, then end")
        parser.add_argument("--poll", type=float, default=POLL_SECONDS, help="seconds between looks (%(default)s)")

    def handle(self, *_args: Any, **options: Any) -> None:
        stop = Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda _number, _frame: stop.set())
        try:
            if options["once"]:
                self._once()
            else:
                sequencer_loop(stop, poll=options["poll"])
        except SequencerRefused as refusal:
            raise CommandError(f"sequencer: {refusal}", returncode=2) from refusal

    def _once(self) -> None:
        sequencer_check()
        total = 0
        while made := sequencer_run_once():
            total += made
        self.stdout.write(f"{total} entries sequenced")
