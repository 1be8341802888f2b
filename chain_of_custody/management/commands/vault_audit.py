"""`manage.py vault_audit`: compare the evidence store with the record of what it keeps."""

import dataclasses
import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from chain_of_custody.management.trouble import trouble_told
from chain_of_custody.vault.services import AuditProgress, AuditReport, vault_audit_record


class Command(BaseCommand):
    """Exit 0 when all is as recorded, 1 when something is wrong or the audit could not be finished.

    The report is kept for the page of exceptions.
    """

    help = "Compare every stored file with the evidence store, reading all bytes, and name what is wrong."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print the report as JSON")
        parser.add_argument(
            "--no-content", action="store_true", help="compare names and locks only; do not read the bytes"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        show = self.stderr.isatty() and not options["json"]
        with trouble_told("The audit could not be finished", returncode=1):
            report = vault_audit_record(
                content=not options["no_content"], progress=self._progress if show else lambda _step: None
            )
        if options["json"]:
            self.stdout.write(json.dumps(_as_json(report), indent=1))
        else:
            self._print(report)
        if not report.passed:
            raise SystemExit(1)

    def _progress(self, step: AuditProgress) -> None:
        self.stderr.write(f"\r{step.done:,} of {step.recorded:,}, {step.bytes_read / 1e6:,.1f} MB read", ending="")

    def _print(self, report: AuditReport) -> None:
        read = f"{report.bytes_read:,} bytes read" if report.content_read else "bytes not read"
        self.stdout.write(f"Store: {report.store}")
        self.stdout.write(f"{report.files:,} stored files, {report.objects:,} objects, {read}")
        for finding in report.findings:
            named = f" (files: {', '.join(map(str, finding.files))})" if finding.files else ""
            self.stdout.write(f"{finding.problem.value:20} {finding.key}{named}: {finding.detail}")
        self.stdout.write("All is as recorded." if report.passed else "The store is not as recorded.")


def _as_json(report: AuditReport) -> dict[str, Any]:
    body = dataclasses.asdict(report)
    body["began_at"], body["ended_at"] = report.began_at.isoformat(), report.ended_at.isoformat()
    for finding in body["findings"]:
        finding["files"] = [str(uuid) for uuid in finding["files"]]
    return body | {"passed": report.passed}
