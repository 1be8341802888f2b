"""Reports and reviews over the API."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import StreamingHttpResponse
from django.urls import path
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from lims.accounts.services import reauthenticate
from lims.api.base import View, created, if_match
from lims.api.downloads import download
from lims.api.fields import Code, Input, Output, PartyRef, Reason, key, text
from lims.api.operations import acts, creates, downloads, edits, lists, reads
from lims.casework.selectors.cases import case_get
from lims.casework.selectors.naming import item_named
from lims.common.errors import NotFound
from lims.lab.enums import ReportState
from lims.lab.selectors.reports import report_get, report_list, report_to_review, review_get, review_point_get
from lims.lab.selectors.work import finding_get, request_get
from lims.lab.services.reports import (
    ReportFacts,
    report_change,
    report_draft,
    report_sign,
    report_submit,
    report_withdraw,
)
from lims.lab.services.reviews import review_answer, review_decide, review_disagree, review_open, review_point_set

AREA = "reports"


class NotExaminedIn(Input):
    """An item the report names as not examined, and why."""

    item = key()
    reason = text(200, required=True)


class ReportIn(Input):
    """What an author writes; the rest of a report comes from records."""

    title = text(200, required=True)
    question = text(500, required=True)
    findings = serializers.ListField(child=serializers.UUIDField(), min_length=1)
    limits = text(8000)
    declaration = text(8000)
    recipients = serializers.ListField(child=serializers.CharField(max_length=200), required=False, default=list)
    not_examined = NotExaminedIn(many=True, required=False)
    language = Code([code for code, _name in settings.LANGUAGES], required=False, default="en")


class ReportNew(ReportIn):
    """A report to draft, or one that replaces an issued one."""

    request = serializers.UUIDField(required=False)
    replaces = serializers.UUIDField(required=False)
    replace_reason = text(500)


class PersonOut(Output):
    """A person of a report and the one side they stand on."""

    party = PartyRef()
    side = serializers.CharField()
    part = serializers.CharField()


class ReportItemOut(Output):
    """An item of a report."""

    reference = serializers.CharField(source="item.reference")
    examined = serializers.BooleanField()
    reason = serializers.CharField()


class PointOut(Output):
    """A point of a review."""

    id = serializers.IntegerField()
    key = serializers.CharField()
    text = serializers.CharField()
    passed = serializers.BooleanField(allow_null=True)
    comment = serializers.CharField()
    answer = serializers.CharField()


class ReviewOut(Output):
    """One round of review."""

    uuid = serializers.UUIDField()
    kind = serializers.CharField()
    round = serializers.IntegerField()
    decision = serializers.CharField()
    note = serializers.CharField()
    reviewer = PartyRef()
    opened_at = serializers.DateTimeField()
    closed_at = serializers.DateTimeField(allow_null=True)
    points = PointOut(many=True)


class ReportRow(Output):
    """A report in a list."""

    uuid = serializers.UUIDField()
    number = serializers.CharField()
    case = serializers.CharField(source="case.reference")
    title = serializers.CharField()
    state = serializers.CharField()
    issued_at = serializers.DateTimeField(allow_null=True)
    replaces = serializers.CharField(source="replaces.number", allow_null=True, default=None)
    version = serializers.IntegerField()


class FindingRef(Output):
    """A finding, as named in answers."""

    uuid = serializers.UUIDField()
    kind = serializers.CharField()
    item = serializers.CharField(source="item.reference")
    identification = serializers.CharField()
    name_found = serializers.CharField()


class ReportOut(ReportRow):
    """A report with its people, items and reviews."""

    question = serializers.CharField()
    limits = serializers.CharField()
    declaration = serializers.CharField()
    recipients = serializers.ListField(child=serializers.CharField())
    language = serializers.CharField()
    content = serializers.CharField(source="frozen_digest", help_text="SHA-256 over what the report says.")
    draft_file = serializers.UUIDField(source="draft_file.uuid", allow_null=True, default=None)
    signed_file = serializers.UUIDField(source="signed_file.uuid", allow_null=True, default=None)
    signed_sha256 = serializers.CharField(source="signed_file.digest", allow_null=True, default=None)
    people = PersonOut(many=True)
    items = ReportItemOut(many=True)
    findings = FindingRef(many=True)
    reviews = ReviewOut(many=True)


class ReportFilter(Input):
    """Which reports to show."""

    state = Code(ReportState.values, required=False)


class SignIn(Input):
    """The password again, at the moment of signing."""

    password = serializers.CharField(max_length=200, trim_whitespace=False)


class PointIn(Input):
    """Whether a point passed."""

    passed = serializers.BooleanField()
    comment = text(4000)


class AnswerIn(Input):
    """An author's answer."""

    answer = text(4000, required=True)


class DecisionIn(Input):
    """The end of a review."""

    agree = serializers.BooleanField()
    note = text(8000)


class DisagreementIn(Input):
    """Why one disagrees."""

    note = text(8000, required=True)


class ReportView(View):
    """A view of reports."""

    def report(self, uuid: UUID, *, seen: bool = False) -> Any:
        """The report, when one may see it; `seen` records that it is shown."""
        row = report_get(actor=self.actor, key=uuid)
        if seen:
            self.shows(row.case, kind="report", subject=row.uuid, reference=row.number)
        return row

    def facts(self, data: dict[str, Any]) -> ReportFacts:
        """What the author wrote, with its findings and items found."""
        return ReportFacts(
            title=data["title"],
            question=data["question"],
            findings=[finding_get(actor=self.actor, uuid=one) for one in data["findings"]],
            limits=data.get("limits", ""),
            declaration=data.get("declaration", ""),
            recipients=data.get("recipients") or (),
            not_examined=[
                (item_named(actor=self.actor, key=one["item"], field="not_examined"), one["reason"])
                for one in data.get("not_examined") or ()
            ],
            language=data.get("language", "en"),
        )

    def shown(self, uuid: UUID, *, status: int = 200) -> Response:
        """The report as it is now."""
        row = report_get(actor=self.actor, key=uuid)
        return self.one(row, ReportOut, status=status, version=row.version)


class CaseReports(ReportView):
    """Reports of a case."""

    @lists("report_list", ReportRow, area=AREA, query=ReportFilter)
    def get(self, request: Request, case: str) -> Response:
        """Reports of the case, newest first."""
        row = case_get(actor=self.actor, key=case)
        rows = report_list(actor=self.actor, case=row, **self.query(ReportFilter))
        return self.page(rows, ReportRow, seen=lambda report: report.case)

    @creates("report_draft", ReportNew, ReportOut, area=AREA)
    def post(self, request: Request, case: str) -> Response:
        """Draft a report under the next number of the case."""
        data = self.body(ReportNew)
        made = report_draft(
            actor=self.actor,
            case=case_get(actor=self.actor, key=case),
            facts=self.facts(data),
            request=request_get(actor=self.actor, uuid=data["request"]) if data.get("request") else None,
            replaces=report_get(actor=self.actor, key=data["replaces"]) if data.get("replaces") else None,
            replace_reason=data.get("replace_reason", ""),
        )
        row = report_get(actor=self.actor, key=made.uuid)
        return created(self.data(row, ReportOut), location=f"/api/v1/reports/{row.uuid}/", version=row.version)


class ReportsToReview(ReportView):
    """Reports that wait for the caller's review."""

    @lists("report_to_review", ReportRow, area=AREA)
    def get(self, request: Request) -> Response:
        """Reports that wait for a review the caller may do: never their own work."""
        return self.page(
            report_to_review(actor=self.actor), ReportRow, index="reviews", seen=lambda report: report.case
        )


class OneReport(ReportView):
    """One report."""

    @reads("report_get", ReportOut, area=AREA, edited=True)
    def get(self, request: Request, uuid: UUID) -> Response:
        """The report with its people, items, findings and reviews."""
        row = self.report(uuid, seen=True)
        return self.one(row, ReportOut, version=row.version)

    @edits("report_change", ReportIn, ReportOut, area=AREA)
    def patch(self, request: Request, uuid: UUID) -> Response:
        """Change a draft."""
        version = if_match(request)
        facts = self.facts(self.body(ReportIn))
        report_change(actor=self.actor, report=self.report(uuid), version=version, facts=facts)
        return self.shown(uuid)


class ReportSubmission(ReportView):
    """The way into review."""

    @edits("report_submit", Input, ReportOut, area=AREA)
    def post(self, request: Request, uuid: UUID) -> Response:
        """Freeze the draft and send it to technical review."""
        report_submit(actor=self.actor, report=self.report(uuid), version=if_match(request))
        return self.shown(uuid)


class ReportWithdrawal(ReportView):
    """A draft given up."""

    @edits("report_withdraw", Reason, ReportOut, area=AREA)
    def post(self, request: Request, uuid: UUID) -> Response:
        """Give a draft up; its number is not used again."""
        report_withdraw(actor=self.actor, report=self.report(uuid), version=if_match(request), **self.body(Reason))
        return self.shown(uuid)


class ReportSignature(ReportView):
    """The signature."""

    @edits("report_sign", SignIn, ReportOut, area=AREA)
    def post(self, request: Request, uuid: UUID) -> Response:
        """Sign and issue a reviewed report, with the password entered again."""
        version = if_match(request)
        proof = reauthenticate(actor=self.actor, password=self.body(SignIn)["password"])
        report_sign(actor=self.actor, report=self.report(uuid), version=version, proof=proof)
        return self.shown(uuid)


class ReportFile(ReportView):
    """The report's PDF."""

    @downloads("report_pdf", "application/pdf", area=AREA)
    def get(self, request: Request, uuid: UUID) -> StreamingHttpResponse:
        """The signed PDF, or the draft as it went to review."""
        row = self.report(uuid)
        file = row.signed_file or row.draft_file
        if file is None:
            raise NotFound(_("This report has no file yet: it is a draft."), code="no-file")
        return download(self, file, row.case)


class ReportReviews(ReportView):
    """The review that is due."""

    @creates("review_open", None, ReviewOut, area=AREA)
    def post(self, request: Request, uuid: UUID) -> Response:
        """Take the report for the review that is due; never one's own work."""
        made = review_open(actor=self.actor, report=self.report(uuid))
        row = review_get(actor=self.actor, uuid=made.uuid)
        return created(self.data(row, ReviewOut), location=f"/api/v1/reviews/{row.uuid}/")


class OneReview(ReportView):
    """One review."""

    @reads("review_get", ReviewOut, area=AREA)
    def get(self, request: Request, uuid: UUID) -> Response:
        """The review with its points."""
        row = review_get(actor=self.actor, uuid=uuid)
        self.shows(row.report.case, kind="review", subject=row.uuid, reference=row.report.number)
        return self.one(row, ReviewOut)


class ReviewPointView(ReportView):
    """A point of a review."""

    @acts("review_point_set", PointIn, PointOut, area=AREA)
    def post(self, request: Request, uuid: UUID, key: str) -> Response:
        """Pass the point, or fail it with a comment."""
        review = review_get(actor=self.actor, uuid=uuid)
        return self.one(review_point_set(actor=self.actor, review=review, key=key, **self.body(PointIn)), PointOut)


class ReviewAnswer(ReportView):
    """The author's answer to a comment."""

    @acts("review_answer", AnswerIn, PointOut, area=AREA)
    def post(self, request: Request, uuid: UUID, key: str) -> Response:
        """Answer the reviewer's comment on a point."""
        review = review_get(actor=self.actor, uuid=uuid)
        point = review_point_get(review=review, key=key)
        return self.one(review_answer(actor=self.actor, point=point, **self.body(AnswerIn)), PointOut)


class ReviewDecisionView(ReportView):
    """The end of a review."""

    @acts("review_decide", DecisionIn, ReviewOut, area=AREA)
    def post(self, request: Request, uuid: UUID) -> Response:
        """Agree, or send back with what has to change."""
        review = review_get(actor=self.actor, uuid=uuid)
        review_decide(actor=self.actor, review=review, **self.body(DecisionIn))
        return self.one(review_get(actor=self.actor, uuid=uuid), ReviewOut)


class ReviewDisagreement(ReportView):
    """A review that ends in disagreement."""

    @acts("review_disagree", DisagreementIn, ReviewOut, area=AREA)
    def post(self, request: Request, uuid: UUID) -> Response:
        """Disagree, in words that stay in the record; another reviewer looks at the draft next."""
        review = review_get(actor=self.actor, uuid=uuid)
        review_disagree(actor=self.actor, review=review, **self.body(DisagreementIn))
        return self.one(review_get(actor=self.actor, uuid=uuid), ReviewOut)


urlpatterns = [
    path("cases/<str:case>/reports/", CaseReports.as_view(), name="reports"),
    path("reports/to-review/", ReportsToReview.as_view(), name="reports-to-review"),
    path("reports/<uuid:uuid>/", OneReport.as_view(), name="report"),
    path("reports/<uuid:uuid>/submission/", ReportSubmission.as_view(), name="report-submission"),
    path("reports/<uuid:uuid>/withdrawal/", ReportWithdrawal.as_view(), name="report-withdrawal"),
    path("reports/<uuid:uuid>/signature/", ReportSignature.as_view(), name="report-signature"),
    path("reports/<uuid:uuid>/pdf/", ReportFile.as_view(), name="report-pdf"),
    path("reports/<uuid:uuid>/reviews/", ReportReviews.as_view(), name="report-reviews"),
    path("reviews/<uuid:uuid>/", OneReview.as_view(), name="review"),
    path("reviews/<uuid:uuid>/points/<str:key>/", ReviewPointView.as_view(), name="review-point"),
    path("reviews/<uuid:uuid>/points/<str:key>/answer/", ReviewAnswer.as_view(), name="review-answer"),
    path("reviews/<uuid:uuid>/decision/", ReviewDecisionView.as_view(), name="review-decision"),
    path("reviews/<uuid:uuid>/disagreement/", ReviewDisagreement.as_view(), name="review-disagreement"),
]
