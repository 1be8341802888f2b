"""`manage.py law_import FILE …`: read a checklist of the law into this system, as a named person."""

from argparse import ArgumentParser
from datetime import date
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from chain_of_custody.errors import CustodyError
from lims.accounts.models import User
from lims.accounts.selectors import actor_of_user
from lims.common.errors import DomainError
from lims.lab.enums import JobState, LegalScheme
from lims.lab.services.law import law_propose
from lims.lab.tasks import law_import


class Command(BaseCommand):
    """The list waits for a second person's approval afterwards, as one proposed on the page does."""

    help = "Read the CSV of Species+ or the Checklist of CITES Species, or a national list, and propose it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The file and what it is."""
        parser.add_argument("file", type=Path)
        parser.add_argument("--scheme", choices=LegalScheme.values, default=LegalScheme.CITES)
        parser.add_argument("--country", default="", help="ISO code of the country of a national list")
        parser.add_argument("--name", required=True)
        parser.add_argument("--edition", required=True)
        parser.add_argument("--as-of", required=True, type=date.fromisoformat, help="the day whose law it gives")
        parser.add_argument("--from", required=True, dest="provenance", help="where the file comes from")
        parser.add_argument("--as", required=True, dest="username", help="account of who proposes it")
        parser.add_argument("--synthetic", action="store_true", help="the list is invented")

    def handle(self, *args: object, **options: object) -> None:
        """Propose the list, read it here and now, tell what could not be read.

        Raises:
            CommandError: no such account or file, a refusal, or a file that cannot be used.
        """
        user = User.objects.filter(username=options["username"]).first()
        if user is None:
            raise CommandError(f"There is no account «{options['username']}».")
        path = Path(str(options["file"]))
        try:
            row = law_propose(
                actor=actor_of_user(user, via="command"),
                scheme=str(options["scheme"]),
                jurisdiction=str(options["country"]),
                name=str(options["name"]),
                edition=str(options["edition"]),
                as_of=options["as_of"],  # type: ignore[arg-type]  # argparse made it a date
                source=(path.name, path.read_bytes()),
                provenance=str(options["provenance"]),
                synthetic=bool(options["synthetic"]),
            )
        except (DomainError, CustodyError, OSError) as error:
            raise CommandError(str(error)) from error
        law_import(row.pk)
        row.refresh_from_db()
        if row.state != JobState.DONE:
            raise CommandError(row.error or "Another worker is reading it.")
        for one in row.report["refused"]:
            self.stderr.write(f"row {one['row']}, {one['column']}: «{one['found']}» {one['why']}")
        self.stdout.write(
            f"{row}: {row.taxa_count} taxa, {row.listing_count} listings, {row.refused_count} rows not read"
        )
