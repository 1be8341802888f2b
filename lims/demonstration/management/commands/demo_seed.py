"""`manage.py demo_seed`: make the demonstration laboratory, or what is missing of it."""

import time

from celery import Celery
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from chain_of_custody.errors import CustodyError
from lims.common.errors import DomainError
from lims.demonstration.cast import credentials_read
from lims.demonstration.scenes import STEPS
from lims.demonstration.world import steps_run, world_open


class Command(BaseCommand):
    """Each step is made whole or not at all, so the command can be stopped at any instant and started again."""

    help = "Make the synthetic demonstration laboratory. Refused anywhere but in a demonstration's home."

    def handle(self, *args: object, **options: object) -> None:
        """Make every step that is missing.

        Raises:
            CommandError: this is a laboratory's own system, or a step could not be made.
        """
        if settings.SPOOR_MODE == "lab":
            raise CommandError(
                "This is a laboratory's own system: nothing synthetic may enter its log. Use «make demo»."
            )
        # Runs and packs are done here, at the time of their scene; nobody is rung.
        Celery("demonstration", broker="memory://localhost/").set_default()
        begun = time.monotonic()
        try:
            world = world_open(credentials_read())
            made = steps_run(world, STEPS, self._tell)
        except (DomainError, CustodyError) as error:
            raise CommandError(f"The demonstration is not complete: {error}") from error
        self.stdout.write(f"{made} of {len(STEPS)} scenes made in {time.monotonic() - begun:.1f} s")

    def _tell(self, name: str) -> None:
        self.stdout.write(f"  {name}")
        self.stdout.flush()
