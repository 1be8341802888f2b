"""Retention of the files of cases at work or under legal hold: a short horizon that a daily job prolongs."""

from collections.abc import Callable, Iterator
from uuid import UUID

from django.db.models import Q, QuerySet

from chain_of_custody.models import StoredFile
from chain_of_custody.vault.services import retention_extend_open_cases
from lims.accounts.services import system_actor
from lims.casework.enums import CaseState
from lims.casework.models import Case, Container, Discrepancy, Exhibit, Intake, Sample

FilesOfCases = Callable[[QuerySet[Case]], Q]
"""Which stored files belong to the cases, as a condition on `StoredFile`."""

FILES_OF_CASES: list[FilesOfCases] = []
"""Apps above this one, whose files (results, reports, packs) live in streams of their own, add theirs."""


def retention_extend_open() -> int:
    """Extend the retention of every file about a case that is open or held; returns how many were extended."""
    report = retention_extend_open_cases(actor=system_actor(), files=files_kept())
    return len(report.extended)


def files_kept() -> Iterator[UUID]:
    """Every file of a case that is open, or closed and under legal hold; drafts of reports expire."""
    cases = Case.objects.filter(Q(state=CaseState.OPEN) | Q(legal_hold=True)).order_by()
    about = Q(stream__kind="case", stream__uuid__in=cases.values("uuid"))
    for items in (
        Exhibit.objects.filter(case__in=cases).values("item__uuid"),
        Sample.objects.filter(case__in=cases).values("item__uuid"),
        Container.objects.filter(case__in=cases).values("item__uuid"),
    ):
        about |= Q(stream__kind="item", stream__uuid__in=items)
    about |= Q(stream__kind="intake", stream__uuid__in=Intake.objects.filter(case__in=cases).values("uuid"))
    about |= Q(stream__kind="discrepancy", stream__uuid__in=Discrepancy.objects.filter(case__in=cases).values("uuid"))
    for files_of_cases in FILES_OF_CASES:
        about |= files_of_cases(cases)
    rows = StoredFile.objects.filter(about).exclude(role="draft")
    return rows.order_by("id").values_list("uuid", flat=True).iterator(chunk_size=500)
