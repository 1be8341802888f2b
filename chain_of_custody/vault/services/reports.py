"""Reports of the store's audit, kept so that a page can show the last one with its age."""

from collections import Counter
from collections.abc import Callable

from chain_of_custody.errors import CustodyError
from chain_of_custody.models import VaultAudit
from chain_of_custody.vault.objects import utc_now
from chain_of_custody.vault.services.audit import AuditProblem, AuditProgress, AuditReport, vault_audit_run
from chain_of_custody.vault.services.stores import store_current

LISTED = 500
"""Findings kept one by one; `counts` holds all."""


def vault_audit_record(
    *, content: bool = True, progress: Callable[[AuditProgress], None] = lambda _progress: None
) -> AuditReport:
    """Run the audit (`vault_audit`) and keep its report. An audit that could not be finished is kept as such.

    Raises:
        StoreUnreachable: the store stopped answering.
    """
    began_at = utc_now()
    try:
        report = vault_audit_run(content=content, progress=progress)
    except CustodyError as error:
        VaultAudit.objects.create(
            store=store_current().name[:300],
            began_at=began_at,
            ended_at=utc_now(),
            content_read=content,
            passed=False,
            error=error.message,
        )
        raise
    VaultAudit.objects.create(
        store=report.store[:300],
        began_at=report.began_at,
        ended_at=report.ended_at,
        content_read=report.content_read,
        files=report.files,
        objects_seen=report.objects,
        bytes_read=report.bytes_read,
        passed=report.passed,
        counts=dict(Counter(finding.problem.value for finding in report.findings)),
        findings=[
            {
                "problem": finding.problem.value,
                "key": finding.key,
                "digest": finding.digest,
                "files": [str(uuid) for uuid in finding.files],
                "detail": finding.detail,
            }
            for finding in report.findings[:LISTED]
        ],
    )
    return report


def vault_audit_last() -> VaultAudit | None:
    """The last report, None before the first audit."""
    return VaultAudit.objects.order_by("-id").first()


def vault_audit_wrong(report: VaultAudit | None) -> int:
    """How many findings of a report fail it; an upload under way does not, an unfinished audit counts as one."""
    if report is None:
        return 0
    if report.error:
        return 1
    return sum(number for problem, number in report.counts.items() if problem != AuditProblem.UNDER_WAY)
