"""Retention of the files of open cases: a short horizon that a daily job prolongs while work goes on."""

from collections.abc import Iterator
from uuid import UUID

from django.db.models import Q

from chain_of_custody.models import StoredFile
from chain_of_custody.vault.services import retention_extend_open_cases
from lims.accounts.services import system_actor
from lims.casework.enums import CaseState
from lims.casework.models import Case, Exhibit, Intake, Sample


def retention_extend_open() -> int:
    """Extend the retention of every file about an open case or one of its things; returns how many were extended."""
    report = retention_extend_open_cases(actor=system_actor(), files=_open_files())
    return len(report.extended)


def _open_files() -> Iterator[UUID]:
    is_open = {"case__state": CaseState.OPEN}
    about = Q(stream__kind="case", stream__uuid__in=Case.objects.filter(state=CaseState.OPEN).values("uuid"))
    about |= Q(stream__kind="item", stream__uuid__in=Exhibit.objects.filter(**is_open).values("item__uuid"))
    about |= Q(stream__kind="item", stream__uuid__in=Sample.objects.filter(**is_open).values("item__uuid"))
    about |= Q(stream__kind="intake", stream__uuid__in=Intake.objects.filter(**is_open).values("uuid"))
    return StoredFile.objects.filter(about).order_by("id").values_list("uuid", flat=True).iterator(chunk_size=500)
