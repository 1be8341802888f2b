"""manage.py ledger_verify: the ledger in the database, against itself and the checkpoints kept outside it."""

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from chain_of_custody.management.trouble import trouble_told
from chain_of_custody.services.verifying import ledger_verify_now, since_last_check
from chain_of_custody.verification import LedgerVerdict


class Command(BaseCommand):
    """Exit 0 when everything holds, 1 when something does not (each named), 2 when it could not be done."""

    help = "Verify the whole ledger, or with --incremental what came since the last verification that passed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--incremental", action="store_true", help="go on where the last one that passed ended")
        parser.add_argument("--since", type=int, default=0, metavar="SIZE", help="go on from a signed size of the log")
        parser.add_argument("--json", action="store_true", help="print the verdict as JSON")

    def handle(self, *_args: Any, **options: Any) -> None:
        show = self.stderr.isatty() and not options["json"]
        with trouble_told("The ledger could not be verified", returncode=2):
            since = since_last_check() if options["incremental"] else options["since"]
            verdict = ledger_verify_now(since=since, progress=self._progress if show else lambda _done, _size: None)
        if show:
            self.stderr.write("")
        if options["json"]:
            self.stdout.write(json.dumps(asdict(verdict) | {"passed": verdict.passed}, indent=1))
        else:
            self._print(verdict)
        if not verdict.passed:
            raise SystemExit(1)

    def _progress(self, done: int, size: int) -> None:
        filled = 40 * done // max(size, 1)
        self.stderr.write(f"\r[{'#' * filled}{'.' * (40 - filled)}] {done:,} of {size:,}", ending="")

    def _print(self, verdict: LedgerVerdict) -> None:
        part = f"entries {verdict.since + 1:,} to {verdict.size:,}" if verdict.since else f"{verdict.size:,} entries"
        self.stdout.write(f"{part}; checkpoint outside: {verdict.outside if verdict.outside is not None else 'none'}")
        for one in verdict.findings:
            self.stdout.write(f"{one.reason:18} {one.where}: {one.detail}")
        self.stdout.write("Everything holds." if verdict.passed else "The ledger is NOT as it was signed.")
