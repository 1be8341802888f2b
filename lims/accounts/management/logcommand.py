"""What the commands that change the log's name or key have in common."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.core.management.base import BaseCommand, CommandError, CommandParser

from chain_of_custody.errors import CustodyError, SequencerRefused
from chain_of_custody.services.origins import Begun, after_words
from lims.accounts.services import system_actor


class LogCommand(BaseCommand):
    """Runs with the sequencer's rights: it reads and writes the log's key. `begin` is the service it calls."""

    begin: ClassVar[Callable[..., Begun]]

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--decided-by", required=True, metavar="WHO", help="name and function of who decided")
        parser.add_argument("--reason", required=True, metavar="TEXT", help="why; it enters the ledger as a commitment")

    def handle(self, *_args: Any, **options: Any) -> None:
        actor = system_actor(via="command")
        try:
            done = type(self).begin(actor=actor, decided_by=options["decided_by"], reason=options["reason"])
        except (CustodyError, SequencerRefused) as error:
            remedy = getattr(error, "remedy", None)
            raise CommandError(f"{error}" + (f" {remedy}" if remedy else "")) from error
        self.stdout.write(f"The log is {done.origin}, {done.size} entries; the last is {done.entry}, which says so.")
        self.stdout.write(f"Give this key away, by another way than the log:\n{done.key}")
        self.stdout.write(after_words(done))
