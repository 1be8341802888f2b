"""Scan sessions, labels as printed, submission forms, discrepancies: what the bench and the counter look at."""

from datetime import datetime

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from chain_of_custody.models import Item
from lims.accounts.actors import Actor, Scope
from lims.casework.models import (
    Case,
    Container,
    Discrepancy,
    Intake,
    Label,
    LabelPrint,
    Photograph,
    ScanLine,
    ScanSession,
    Submission,
)
from lims.casework.selectors.access import visible
from lims.casework.selectors.cases import intake_list
from lims.common.errors import NotFound

_LINE_ITEM = (
    "item__custodian",
    "item__container",
    "item__sealed_by",
    "item__quantity",
    "item__exhibit__case",
    "item__sample__case",
    "item__sample__exhibit",
    "item__container_of__case",
)


def scan_session_now(*, actor: Actor) -> ScanSession | None:
    """The actor's open session with its target, None where there is none."""
    rows = ScanSession.objects.select_related("target", "container__container_of", "container__custodian")
    return rows.filter(user_id=actor.user_id, state="open").first()


def scan_list(*, session: ScanSession) -> list[ScanLine]:
    """What is on the list, last scan first."""
    rows = ScanLine.objects.filter(session=session, removed_at__isnull=True)
    return list(rows.select_related(*_LINE_ITEM).order_by("-id"))


def box_grid(*, box: Item) -> Container:
    """The grid of a box."""
    return Container.objects.select_related("item__custodian").get(item=box)


def label_prints_last(*, actor: Actor) -> datetime | None:
    """When the actor last printed labels: the name of that print job."""
    row = LabelPrint.objects.filter(printed_by=actor.party_id).order_by("-pk").first()
    return row.printed_at if row else None


def label_job(*, actor: Actor, printed_at: datetime) -> list[LabelPrint]:
    """The actor's own prints of one job, in order.

    Raises:
        NotFound: none.
    """
    rows = list(
        LabelPrint.objects.filter(printed_by=actor.party_id, printed_at=printed_at)
        .select_related(
            "label__item__exhibit__case",
            "label__item__sample__case",
            "label__item__container_of__case",
            "label__submission_line__submission",
            "label__party",
        )
        .order_by("pk")
    )
    if not rows:
        raise NotFound(_("There is no such print of yours."), code="print-not-found")
    return rows


def label_copies_made(*, items: list[Item]) -> dict[int, int]:
    """How often the live label of each item was printed, by item key; 0 where never."""
    rows = Label.objects.filter(item__in=items, state="live").annotate(copies=Count("prints"))
    return {row.item_id: row.copies for row in rows if row.item_id is not None}


def submission_queue(*, actor: Actor) -> QuerySet[Submission]:
    """Submission forms: the laboratory's all, an investigator's own agency's; newest first."""
    rows = Submission.objects.select_related("agency", "submitted_by__party", "case")
    if not actor.in_laboratory:
        own = [grant.agency for grant in actor.scopes_of("submission.create") if grant.agency]
        rows = rows.filter(Q(agency__uuid__in=own) | Q(submitted_by=actor.user_id))
    return rows.annotate(bags=Count("lines")).order_by("-id")


def submission_by_reference(*, actor: Actor, reference: str) -> Submission:
    """One submission form with its lines and their labels.

    Raises:
        NotFound: none, or another agency's.
    """
    row = submission_queue(actor=actor).filter(reference=reference.upper()).prefetch_related("lines__labels").first()
    if row is None:
        raise NotFound(_("There is no such submission form, or it is not yours."), code="submission-not-found")
    return row


def submissions_announced(*, actor: Actor, case: Case) -> list[Submission]:
    """Announcements of a case's agency that have not arrived, oldest first."""
    rows = submission_queue(actor=actor).filter(state="submitted", agency=case.agency)
    return list(rows.prefetch_related("lines__labels").order_by("id"))


def submission_editable(*, actor: Actor, submission: Submission) -> bool:
    """Whether the actor may withdraw the form."""
    return actor.may("submission.create", Scope(agency=submission.agency.uuid))


def intake_by_reference(*, actor: Actor, reference: str) -> Intake:
    """One intake with its containers, photographs and discrepancies.

    Raises:
        NotFound: none, or not the actor's to see.
    """
    row = (
        intake_list(actor=actor)
        .filter(reference=reference.upper())
        .select_related("case__agency", "submission")
        .prefetch_related(
            "containers__item__sealed_by",
            "containers__item__container_of",
            "containers__item__contents",
            "photographs__file",
        )
        .first()
    )
    if row is None:
        raise NotFound(_("There is no such intake, or it is not yours to see."), code="intake-not-found")
    return row


def intakes_open(*, actor: Actor) -> QuerySet[Intake]:
    """Intakes that wait to be itemised, oldest first."""
    return intake_list(actor=actor).exclude(state="complete").order_by("id")


def discrepancies_waiting(*, actor: Actor) -> QuerySet[Discrepancy]:
    """Differences that the actor could countersign: recorded by somebody else; oldest first."""
    rows = visible(
        Discrepancy.objects.select_related("case", "item", "intake", "recorded_by"), actor, "discrepancy.countersign"
    )
    return rows.filter(state="recorded").exclude(recorded_by=actor.party_id).order_by("id")


def item_photographs(*, item: Item) -> QuerySet[Photograph]:
    """Photographs of an item."""
    return Photograph.objects.filter(item=item).select_related("file").order_by("pk")
