"""manage.py ledger_erase: a single value behind a commitment, forgotten because the law says so."""

from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from chain_of_custody.errors import CustodyError
from chain_of_custody.services import commitment_erase
from lims.accounts.services import system_actor


class Command(BaseCommand):
    """The entry stays, and the ledger still verifies; who decided, and on whose authority, enters the same stream."""

    help = "Erase the value behind one committed field of an entry. It cannot be undone."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("entry", type=UUID, help="UUID of the entry, as an export shows it")
        parser.add_argument("field", help="name of the committed field, such as reason or condition")
        parser.add_argument("--decided-by", required=True, metavar="WHO", help="name and function of who decided")
        parser.add_argument("--authority", required=True, metavar="TEXT", help="law or order, and its number")

    def handle(self, *_args: Any, **options: Any) -> None:
        who, order = options["decided_by"].strip(), options["authority"].strip()
        if not who or not order:
            raise CommandError("An erasure says who decided and on whose authority: neither may be empty.")
        try:
            act = commitment_erase(
                actor=system_actor(via="command"),
                entry=options["entry"],
                field=options["field"],
                authority=f"{order}; decided by {who}",
            )
        except CustodyError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"{options['field']} of entry {options['entry']} is erased; entry {act.entries[0].id} says so."
        )
        self.stdout.write("Backups, packs and exports handed out before still hold the value: deal with them apart.")
