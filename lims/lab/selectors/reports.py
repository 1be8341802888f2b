"""Reports and reviews, filtered to what the actor may see."""

from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from lims.accounts.actors import Actor
from lims.casework.models import Case
from lims.casework.selectors.access import visible
from lims.common.errors import NotFound
from lims.lab.enums import ReportState, ReviewDecision, Side
from lims.lab.models import Report, ReportPerson, Review, ReviewPoint


def report_list(*, actor: Actor, case: Case | None = None, state: str = "") -> QuerySet[Report]:
    """Reports, newest first."""
    rows = visible(
        Report.objects.select_related("case__agency", "created_by", "signed_by", "replaces", "replaced_by"),
        actor,
        "report.read",
    )
    if case:
        rows = rows.filter(case=case)
    if state:
        rows = rows.filter(state=state)
    return rows.order_by("-id")


def report_get(*, actor: Actor, key: UUID | str) -> Report:
    """One report by UUID or number.

    Raises:
        NotFound: none, or not the actor's to see.
    """
    rows = (
        visible(Report.objects.all(), actor, "report.read")
        .select_related("case__agency", "request", "created_by", "signed_by", "replaces", "draft_file", "signed_file")
        .prefetch_related("items__item", "people__party", "findings__item", "findings__analyst", "reviews__points")
    )
    row = rows.filter(uuid=key).first() if isinstance(key, UUID) else rows.filter(number=key.upper()).first()
    if row is None:
        raise NotFound(_("There is no such report, or it is not yours to see."), code="report-not-found")
    return row


def report_to_review(*, actor: Actor) -> QuerySet[Report]:
    """Reports that wait for a review which this person may do: never their own work."""
    wanted = Q(pk__in=[])
    if actor.may("review.technical"):
        wanted |= Q(state=ReportState.TECHNICAL_REVIEW)
    if actor.may("review.administrative"):
        wanted |= Q(state=ReportState.ADMINISTRATIVE_REVIEW)
    mine = ReportPerson.objects.filter(report=OuterRef("pk"), party_id=actor.party_id, side=Side.WORK)
    taken = Review.objects.filter(report=OuterRef("pk"), decision=ReviewDecision.OPEN).exclude(
        reviewer_id=actor.party_id
    )
    refused = disagreements_open().filter(report=OuterRef("pk"), reviewer_id=actor.party_id)
    rows = Report.objects.filter(wanted).filter(~Exists(mine), ~Exists(taken), ~Exists(refused))
    return rows.select_related("case", "created_by").order_by("id")


def disagreements_open() -> QuerySet[Review]:
    """Disagreements that still stand: no later review of the report agreed or sent it back."""
    ended = [ReviewDecision.AGREED, ReviewDecision.SENT_BACK]
    later = Review.objects.filter(report=OuterRef("report"), pk__gt=OuterRef("pk"), decision__in=ended)
    return Review.objects.filter(~Exists(later), decision=ReviewDecision.DISAGREED)


def report_contested(*, report: Report) -> bool:
    """Whether a reviewer disagreed with a report and nobody has taken it since: its author may withdraw it."""
    taken = report.reviews.filter(decision=ReviewDecision.OPEN)
    return disagreements_open().filter(report=report).exists() and not taken.exists()


def report_to_sign(*, actor: Actor) -> QuerySet[Report]:
    """Reviewed reports this person may sign: as one of their authors or reviewers."""
    if not actor.may("report.sign"):
        return Report.objects.none()
    involved = ReportPerson.objects.filter(report=OuterRef("pk"), party_id=actor.party_id)
    rows = Report.objects.filter(Exists(involved), state=ReportState.REVIEWED)
    return rows.select_related("case", "created_by").order_by("id")


def report_mine(*, actor: Actor) -> QuerySet[Report]:
    """Reports the person wrote, drafts first sent back on top."""
    rows = Report.objects.filter(created_by_id=actor.party_id).exclude(state=ReportState.WITHDRAWN)
    return rows.select_related("case").order_by("-id")


def review_get(*, actor: Actor, uuid: UUID) -> Review:
    """One review with its points.

    Raises:
        NotFound: none, or not the actor's to see.
    """
    rows = visible(Review.objects.all(), actor, "report.read", path="report__case__")
    row = rows.select_related("report__case__agency", "reviewer").prefetch_related("points").filter(uuid=uuid).first()
    if row is None:
        raise NotFound(_("There is no such review, or it is not yours to see."), code="review-not-found")
    return row


def review_open_of(*, report: Report) -> Review | None:
    """The review that is open on a report."""
    return (
        Review.objects.filter(report=report, decision=ReviewDecision.OPEN)
        .select_related("reviewer")
        .prefetch_related("points")
        .first()
    )


def review_point_get(*, review: Review, key: str) -> ReviewPoint:
    """A point of a review the actor has been given.

    Raises:
        NotFound: none.
    """
    row = ReviewPoint.objects.select_related("review").filter(review=review, key=key).first()
    if row is None:
        raise NotFound(_("This review has no such point."), code="point-not-found")
    return row
