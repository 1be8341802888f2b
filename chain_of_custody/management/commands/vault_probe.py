"""`manage.py vault_probe`: try to break the evidence store's locks."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from chain_of_custody.management.trouble import trouble_told
from chain_of_custody.vault.services import vault_probe


class Command(BaseCommand):
    """Exit 0 when every attempt was refused, 1 otherwise."""

    help = "Try to delete, shorten and downgrade locked objects and report whether the store refuses it."
    # Runs at every start: Django's checks would load every page of the application.
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print the report as JSON")

    def handle(self, *_args: Any, **options: Any) -> None:
        with trouble_told("The store could not be probed", returncode=1):
            report = vault_probe()
        checks = [
            {"name": check.name, "outcome": check.outcome.value, "detail": check.detail} for check in report.checks
        ]
        if options["json"]:
            body = {
                "store": report.store,
                "enforced": report.enforced,
                "label": report.label,
                "checks": checks,
            }
            self.stdout.write(json.dumps(body, indent=1))
        else:
            self.stdout.write(f"Store: {report.store}")
            for check in checks:
                self.stdout.write(f"{check['outcome']:8} {check['name']:22} {check['detail']}")
            self.stdout.write(f"Result: {report.label}")
        if not report.enforced:
            raise SystemExit(1)
