"""Evidence requests and packs, filtered to what the actor may see; status for investigators."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from lims.accounts.actors import Actor
from lims.casework.models import Case, Exhibit
from lims.casework.selectors.access import visible
from lims.common.errors import NotFound
from lims.disclosure.models import Delivery, DisclosurePack, EvidenceRequest
from lims.lab.enums import JobState, ReportState
from lims.lab.models import Report


def evidence_list(*, actor: Actor, case: Case | None = None, state: str = "") -> QuerySet[EvidenceRequest]:
    """Evidence requests, newest first: the laboratory's all, a prosecutor's in their cases."""
    rows = visible(EvidenceRequest.objects.select_related("case__agency", "requested_by__party"), actor, "pack.read")
    if case:
        rows = rows.filter(case=case)
    if state:
        rows = rows.filter(state=state)
    return rows.order_by("-id")


def evidence_get(*, actor: Actor, uuid: UUID) -> EvidenceRequest:
    """One evidence request.

    Raises:
        NotFound: none, or not the actor's to see.
    """
    rows = visible(EvidenceRequest.objects.all(), actor, "pack.read")
    row = rows.select_related("case__agency", "requested_by__party", "decided_by").filter(uuid=uuid).first()
    if row is None:
        raise NotFound(_("There is no such request, or it is not yours to see."), code="request-not-found")
    return row


def pack_list(*, actor: Actor, case: Case | None = None) -> QuerySet[DisclosurePack]:
    """Packs, newest first."""
    rows = visible(DisclosurePack.objects.select_related("case__agency", "request", "file"), actor, "pack.read")
    return (rows.filter(case=case) if case else rows).order_by("-id")


def pack_get(*, actor: Actor, key: UUID | str) -> DisclosurePack:
    """One pack by UUID or reference.

    Raises:
        NotFound: none, or not the actor's to see.
    """
    rows = visible(DisclosurePack.objects.all(), actor, "pack.read").select_related(
        "case__agency", "request__requested_by__party", "file", "signature_file", "ordered_by"
    )
    row = rows.filter(uuid=key).first() if isinstance(key, UUID) else rows.filter(reference=key.upper()).first()
    if row is None:
        raise NotFound(_("There is no such pack, or it is not yours to see."), code="pack-not-found")
    return row


def delivery_get(*, uuid: UUID) -> Delivery:
    """A delivery by its UUID, for whoever has the code.

    Raises:
        NotFound: none.
    """
    row = Delivery.objects.select_related("pack__case", "recipient").filter(uuid=uuid).first()
    if row is None:
        raise NotFound(_("There is nothing to fetch here."), code="delivery-not-found")
    return row


def case_index(*, actor: Actor, case: Case) -> QuerySet[Report]:
    """The index of everything issued in a case: what a prosecutor may ask for."""
    issued = Q(state__in=[ReportState.ISSUED, ReportState.REPLACED])
    return visible(Report.objects.filter(issued, case=case), actor, "pack.read").order_by("id")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExhibitStatus:
    """What an investigator may know of an exhibit: a word and a date, no result."""

    reference: str
    description: str
    status: str
    since: datetime


STATUS_WORDS = ("received", "in_analysis", "in_review", "reported", "returned")


def status_list(*, actor: Actor, case: Case) -> list[ExhibitStatus]:
    """The status of the exhibits of a case, dated; never an interim result.

    Two statements whatever the number of exhibits.
    """
    rows = (
        visible(Exhibit.objects.filter(case=case), actor, "status.read")
        .select_related("item", "case")
        .order_by("number")
    )
    reports = list(
        Report.objects.filter(case=case).exclude(state=ReportState.WITHDRAWN).prefetch_related("items__item")
    )
    began = dict(case.runs.filter(started_at__isnull=False).order_by("-id").values_list("item_id", "started_at"))
    sample_runs = dict(
        case.runs.filter(started_at__isnull=False, item__sample__exhibit__isnull=False)
        .order_by("-id")
        .values_list("item__sample__exhibit_id", "started_at")
    )
    return [_status(row, reports, began.get(row.item_id) or sample_runs.get(row.pk)) for row in rows]


def _status(row: Exhibit, reports: list[Report], began: datetime | None) -> ExhibitStatus:
    status, since = "received", row.item.created_at
    if began is not None:
        status, since = "in_analysis", began
    for report in reports:
        if not any(line.item_id == row.item_id or _made_from(line.item, row) for line in report.items.all()):
            continue
        if report.state in {ReportState.ISSUED, ReportState.REPLACED} and report.issued_at:
            status, since = "reported", report.issued_at
        elif status != "reported" and report.state != ReportState.DRAFT:
            status, since = "in_review", report.created_at
    if row.item.state in {"returned", "disposed"}:
        status, since = "returned", row.item.last_act_at
    return ExhibitStatus(reference=row.item.reference, description=row.description, status=status, since=since)


def _made_from(item: object, row: Exhibit) -> bool:
    reference = str(getattr(item, "reference", ""))
    return reference.startswith(f"{row.case.reference}-E{row.number:02d}-")


def building(*, request: EvidenceRequest) -> bool:
    """Whether a pack of the request is being built."""
    return request.packs.filter(state__in=[JobState.QUEUED, JobState.RUNNING]).exists()
