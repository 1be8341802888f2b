"""Exhibit submission forms: announced before the seizure arrives, with labels to print."""

from typing import Any
from uuid import UUID

from django.urls import path
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from labels.sizes import LABELS
from lims.api.base import Pointing, View, created
from lims.api.fields import CaseRef, Code, Input, Output, PartyRef, Reason, text
from lims.api.labels import MEDIA, PrintsOut
from lims.api.operations import acts, creates, lists, reads
from lims.casework.enums import SubmissionState
from lims.casework.selectors.naming import party_named
from lims.casework.selectors.submissions import submission_get, submission_list
from lims.casework.services.labels import labels_print_announced
from lims.casework.services.submissions import LineFacts, submission_create, submission_withdraw

AREA = "submissions"


class LineIn(Input):
    """One bag or item that will come."""

    description = text(300, required=True)
    pieces = serializers.IntegerField(required=False, default=1, min_value=1, max_value=1_000_000)
    seal_number = text(60)
    declared_taxon = text(120)


class SubmissionNew(Input):
    """An announcement."""

    agency = serializers.UUIDField()
    place = text(300, required=True)
    seized_at = serializers.DateTimeField()
    lines = serializers.ListField(child=LineIn(), min_length=1, max_length=500)
    agency_reference = text(80)
    expected_on = serializers.DateField(required=False, allow_null=True, default=None)
    question = text(500)
    note = text(500)


class AnnouncedLine(Output):
    """One announced bag and its reserved code."""

    number = serializers.IntegerField()
    description = serializers.CharField()
    pieces = serializers.IntegerField()
    seal_number = serializers.CharField()
    declared_taxon = serializers.CharField()
    code = serializers.SerializerMethodField()

    def get_code(self, line: Any) -> str:
        """The scan code reserved for it."""
        return next((label.code for label in line.labels.all()), "")


class SubmissionRow(Output):
    """A submission form in a list."""

    uuid = serializers.UUIDField()
    reference = serializers.CharField()
    agency = PartyRef()
    submitted_by = PartyRef(source="submitted_by.party")
    submitted_at = serializers.DateTimeField()
    state = serializers.CharField()
    case = CaseRef(allow_null=True)
    agency_reference = serializers.CharField()
    place = serializers.CharField()
    seized_at = serializers.DateTimeField()
    expected_on = serializers.DateField(allow_null=True)
    question = serializers.CharField()
    note = serializers.CharField()


class SubmissionOut(SubmissionRow):
    """A submission form with its bags."""

    lines = AnnouncedLine(many=True, source="lines.all")


class SubmissionFilter(Input):
    """Which forms to show."""

    state = Code(SubmissionState.values, required=False)


class AnnouncedPrint(Input):
    """How to print the labels of the bags."""

    size = Code(LABELS)
    medium = Code(MEDIA)
    reason = text(200, help_text="Needed for a reprint.")


class Submissions(View):
    """Submission forms."""

    pointing = Pointing(rows="lines")

    @lists("submission_list", SubmissionRow, area=AREA, query=SubmissionFilter)
    def get(self, request: Request) -> Response:
        """Forms of one's agencies, for staff all of them; newest first."""
        return self.page(submission_list(actor=self.actor, **self.query(SubmissionFilter)), SubmissionRow)

    @creates("submission_create", SubmissionNew, SubmissionOut, area=AREA)
    def post(self, request: Request) -> Response:
        """Announce exhibits; each bag gets a scan code whose label can be stuck on before transport."""
        body = self.body(SubmissionNew)
        agency = party_named(uuid=body.pop("agency"), field="agency")
        lines = [LineFacts(**line) for line in body.pop("lines")]
        made = submission_create(actor=self.actor, agency=agency, lines=lines, **body)
        shown = submission_get(actor=self.actor, uuid=made.uuid)
        return created(self.data(shown, SubmissionOut), location=f"/api/v1/submissions/{made.uuid}/")


class SubmissionView(View):
    """A view of one form."""

    def submission(self) -> Any:
        """The form, when one may see it."""
        return submission_get(actor=self.actor, uuid=self.kwargs["uuid"])


class OneSubmission(SubmissionView):
    """One form."""

    @reads("submission_get", SubmissionOut, area=AREA)
    def get(self, request: Request, uuid: UUID) -> Response:
        """One form with its bags and their codes."""
        return self.one(self.submission(), SubmissionOut)


class Withdraw(SubmissionView):
    """An announcement taken back."""

    @acts("submission_withdraw", Reason, SubmissionOut, area=AREA)
    def post(self, request: Request, uuid: UUID) -> Response:
        """Take an announcement back before it has arrived."""
        submission_withdraw(actor=self.actor, submission=self.submission(), **self.body(Reason))
        return self.one(self.submission(), SubmissionOut)


class SubmissionPrints(SubmissionView):
    """Labels of announced bags."""

    @creates("labels_print_announced", AnnouncedPrint, PrintsOut, area=AREA)
    def post(self, request: Request, uuid: UUID) -> Response:
        """Record a print of the labels of announced bags; the copies can then be drawn."""
        made = labels_print_announced(actor=self.actor, submission=self.submission(), **self.body(AnnouncedPrint))
        return Response(self.data({"prints": made}, PrintsOut), status=201)


urlpatterns = [
    path("submissions/", Submissions.as_view()),
    path("submissions/<uuid:uuid>/", OneSubmission.as_view()),
    path("submissions/<uuid:uuid>/withdraw/", Withdraw.as_view()),
    path("submissions/<uuid:uuid>/prints/", SubmissionPrints.as_view()),
]
