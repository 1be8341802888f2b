"""Technical and administrative review. Whoever worked on a report cannot review it; the database refuses it too."""

from uuid import uuid4

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from chain_of_custody.core.canonical import Json
from chain_of_custody.services import EntryDraft, act_append
from lims.accounts.actors import Actor, require
from lims.casework.models import Case
from lims.casework.selectors.access import case_scope
from lims.casework.services.cases import case_lock
from lims.common.checks import text_clean
from lims.common.errors import BadInput, NotAllowed, RuleViolation
from lims.lab.checklists import ADMINISTRATIVE, TECHNICAL
from lims.lab.enums import ReportState, ReviewDecision, ReviewKind, Side
from lims.lab.models import Report, ReportPerson, Review, ReviewPoint
from lims.lab.selectors.reports import disagreements_open
from lims.lab.services.reports import report_draft_entry, report_lock, report_state_check

_STATES = {
    ReviewKind.TECHNICAL: ReportState.TECHNICAL_REVIEW,
    ReviewKind.ADMINISTRATIVE: ReportState.ADMINISTRATIVE_REVIEW,
}
_NEXT = {
    ReviewKind.TECHNICAL: ReportState.ADMINISTRATIVE_REVIEW,
    ReviewKind.ADMINISTRATIVE: ReportState.REVIEWED,
}
_POINTS = {ReviewKind.TECHNICAL: TECHNICAL, ReviewKind.ADMINISTRATIVE: ADMINISTRATIVE}


def review_open(*, actor: Actor, report: Report) -> Review:
    """Take the report for the review that is due. The reviewer stands on the side of review from now on.

    Raises:
        NotAllowed: without the capability, or an author or analyst of this report, by whatever account.
        RuleViolation: no review is due, somebody else has it open, or this person disagreed with this very draft.
    """
    case = Case.objects.select_related("agency").get(pk=report.case_id)
    kind = ReviewKind.ADMINISTRATIVE if report.state == ReportState.ADMINISTRATIVE_REVIEW else ReviewKind.TECHNICAL
    require(actor, f"review.{kind.value}", case_scope(case))
    try:
        with transaction.atomic():
            case_lock(case)
            row = report_lock(report)
            if row.state != _STATES[kind]:
                raise RuleViolation(_("%(number)s waits for no review.") % {"number": row.number}, code="no-review-due")
            _side_take(actor, row, kind)
            _other_than_the_disagreeing(actor, row)
            return _review_create(actor, row, kind)
    except IntegrityError as error:
        raise RuleViolation(_("Somebody else has this review open."), code="review-open") from error


def review_point_set(*, actor: Actor, review: Review, key: str, passed: bool, comment: str = "") -> ReviewPoint:
    """Pass a point of the checklist, or fail it with a comment.

    Raises:
        NotAllowed: somebody else's review.
        BadInput: failed without comment, or no such point.
        RuleViolation: the review is closed.
    """
    comment = text_clean(comment, field="comment", required=not passed, limit=4000)
    with transaction.atomic():
        row = _own_open(actor, review)
        _still_allowed(actor, row)
        point = ReviewPoint.objects.filter(review=row, key=key).first()
        if point is None:
            raise BadInput(_("There is no such point in this review."), code="unknown-point", field="key", found=key)
        point.passed, point.comment = passed, comment
        point.save(update_fields=["passed", "comment"])
    return point


def review_decide(*, actor: Actor, review: Review, agree: bool, note: str = "") -> Review:
    """Agree, or send back with what has to change. Disagreement is kept, never overwritten.

    Whoever agrees over a colleague's disagreement says why: that is how it is resolved.

    Raises:
        NotAllowed: somebody else's review.
        BadInput: sent back, or agreed over a disagreement, without a note.
        RuleViolation: a point has not been passed, or the review is closed.
    """
    with transaction.atomic():
        row_report, row = _locked(actor, review)
        needed = not agree or disagreements_open().filter(report=row_report).exists()
        note = text_clean(note, field="note", required=needed, limit=8000)
        if agree:
            _all_passed(row)
        row.decision = ReviewDecision.AGREED if agree else ReviewDecision.SENT_BACK
        row.note, row.closed_at = note, timezone.now()
        row.save(update_fields=["decision", "note", "closed_at"])
        row_report.state = _NEXT[ReviewKind(row.kind)] if agree else ReportState.DRAFT
        row_report.version += 1
        row_report.save(update_fields=["state", "version"])
        act_append(actor=actor, drafts=[_ended(row_report, row, "agreed" if agree else "sent_back")], reason=note)
    return row


def review_disagree(*, actor: Actor, review: Review, note: str) -> Review:
    """End one's review in disagreement: its words stay in the record, and the report is not signed over it.

    The report keeps waiting for the same review. Another reviewer agrees, in words, or sends it back, or its author
    withdraws it (ISO 21043-5; ILAC G19: a disagreement is recorded and resolved, never overwritten).

    Raises:
        NotAllowed: somebody else's review.
        BadInput: without words.
        RuleViolation: the review is closed.
    """
    note = text_clean(note, field="note", required=True, limit=8000)
    with transaction.atomic():
        report, row = _locked(actor, review)
        row.decision, row.note, row.closed_at = ReviewDecision.DISAGREED, note, timezone.now()
        row.save(update_fields=["decision", "note", "closed_at"])
        report.version += 1
        report.save(update_fields=["version"])
        act_append(actor=actor, drafts=[_ended(report, row, "disagreed")], reason=note)
    return row


def review_answer(*, actor: Actor, point: ReviewPoint, answer: str) -> ReviewPoint:
    """The author's answer to a reviewer's comment, while the report is a draft; each wording stays in the ledger.

    Raises:
        NotAllowed: without `report.write`, or not on the side of the work.
        BadInput: no answer.
        RuleViolation: the report is no draft, or the point has no comment.
    """
    case = Case.objects.select_related("agency").get(reports__reviews=point.review_id)
    require(actor, "report.write", case_scope(case))
    answer = text_clean(answer, field="answer", required=True, limit=4000)
    with transaction.atomic():
        case_lock(case)
        report = report_lock(point.review.report)
        if not ReportPerson.objects.filter(report=report, party_id=actor.party_id, side=Side.WORK).exists():
            raise NotAllowed(_("An author or analyst of the report answers."), code="not-involved")
        report_state_check(report, ReportState.DRAFT)
        row = ReviewPoint.objects.select_for_update(no_key=True, of=("self",)).get(pk=point.pk)
        if not row.comment:
            raise RuleViolation(_("There is no comment to answer here."), code="nothing-to-answer", found=row.key)
        row.answer = answer
        row.save(update_fields=["answer"])
        values: dict[str, Json] = {"review": str(point.review.uuid), "point": row.key}
        act_append(actor=actor, drafts=[report_draft_entry(report, "answered", values)], reason=answer)
    return row


def _locked(actor: Actor, review: Review) -> tuple[Report, Review]:
    """The report and the actor's own open review under lock, in the global order."""
    report = Report.objects.select_related("case").get(pk=review.report_id)
    case_lock(report.case)
    row_report = report_lock(report)
    row = _own_open(actor, review)
    _still_allowed(actor, row)
    return row_report, row


def _ended(report: Report, review: Review, verb: str) -> EntryDraft:
    values: dict[str, Json] = {
        "review": str(review.uuid),
        "kind": review.kind,
        "round": review.round,
        "content": report.frozen_digest,
        "failed": [point.key for point in review.points.order_by("pk") if point.passed is False],
    }
    return report_draft_entry(report, verb, values)


def _other_than_the_disagreeing(actor: Actor, report: Report) -> None:
    if disagreements_open().filter(report=report, reviewer_id=actor.party_id).exists():
        raise RuleViolation(
            _("You disagreed with this draft. Another reviewer looks at it next."), code="second-reviewer-needed"
        )


def _side_take(actor: Actor, report: Report, kind: ReviewKind) -> None:
    row, _made = ReportPerson.objects.get_or_create(
        report=report, party_id=actor.party_id, defaults={"side": Side.REVIEW, "part": f"{kind.value} reviewer"}
    )
    if row.side != Side.REVIEW:
        raise NotAllowed(
            _("You wrote or analysed part of %(number)s. Somebody else reviews it.") % {"number": report.number},
            code="own-work",
            field="reviewer",
        )


def _review_create(actor: Actor, report: Report, kind: ReviewKind) -> Review:
    rounds = Review.objects.filter(report=report, kind=kind).count()
    mine = Review.objects.filter(
        report=report, kind=kind, decision=ReviewDecision.OPEN, reviewer_id=actor.party_id
    ).first()
    if mine is not None:
        return mine
    review = Review.objects.create(
        uuid=uuid4(), report=report, kind=kind, reviewer_id=actor.party_id, round=rounds + 1, opened_at=timezone.now()
    )
    ReviewPoint.objects.bulk_create(
        [ReviewPoint(review=review, key=key, text=str(text)) for key, text in _POINTS[kind]]
    )
    return review


def _own_open(actor: Actor, review: Review) -> Review:
    row = Review.objects.select_for_update(no_key=True, of=("self",)).get(pk=review.pk)
    if row.reviewer_id != actor.party_id:
        raise NotAllowed(_("This is somebody else's review."), code="not-your-review")
    if row.decision != ReviewDecision.OPEN:
        raise RuleViolation(_("This review is closed."), code="review-closed")
    return row


def _still_allowed(actor: Actor, review: Review) -> None:
    """The role that opened the review must still be held when it is done."""
    case = Case.objects.select_related("agency").get(reports=review.report_id)
    require(actor, f"review.{review.kind}", case_scope(case))


def _all_passed(review: Review) -> None:
    waiting = [point.key for point in review.points.exclude(passed=True)]
    if waiting:
        raise RuleViolation(
            _("%(count)s points have not been passed: %(points)s.")
            % {"count": len(waiting), "points": ", ".join(waiting)},
            code="points-open",
            field="points",
            found=", ".join(waiting),
        )
