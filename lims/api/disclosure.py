"""Evidence requests, disclosure packs and the status of exhibits over the API."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.http import StreamingHttpResponse
from django.urls import path
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from lims.api.base import View, created, if_match
from lims.api.fields import Code, Input, Output, text
from lims.api.operations import creates, downloads, edits, lists, reads
from lims.api.reports import ReportRow
from lims.casework.selectors.cases import case_get
from lims.common.errors import BadInput, NotFound
from lims.disclosure.enums import EvidenceRequestState
from lims.disclosure.selectors.requests import (
    STATUS_WORDS,
    case_index,
    evidence_get,
    evidence_list,
    pack_get,
    pack_list,
    status_list,
)
from lims.disclosure.services.packs import pack_order, pack_read
from lims.disclosure.services.requests import Withholding, evidence_decide, evidence_request

AREA = "disclosure"


class EvidenceNew(Input):
    """What is asked for, on what legal basis."""

    legal_basis = text(300, required=True)
    scope = text(500, required=True)
    reports = serializers.ListField(child=serializers.UUIDField(), required=False, default=list)
    needed_on = serializers.DateField(required=False)


class WithholdingIn(Input):
    """One line of the schedule of withheld material."""

    kind = Code(["field", "file"])
    description = text(300, required=True)
    rule = text(300, required=True)
    decided_by = text(200, required=True)
    field = text(80)
    subject = serializers.UUIDField(required=False, allow_null=True, default=None)


class EvidenceDecision(Input):
    """Approve with the schedule of what is withheld, or decline with the reason."""

    approve = serializers.BooleanField()
    note = text(500)
    withheld = WithholdingIn(many=True, required=False)


class EvidenceOut(Output):
    """An evidence request."""

    uuid = serializers.UUIDField()
    reference = serializers.CharField()
    case = serializers.CharField(source="case.reference")
    requested_by = serializers.CharField(source="requested_by.party.name")
    requested_at = serializers.DateTimeField()
    legal_basis = serializers.CharField()
    scope = serializers.CharField()
    needed_on = serializers.DateField(allow_null=True)
    state = serializers.CharField()
    decision_note = serializers.CharField()
    version = serializers.IntegerField()


class PackOut(Output):
    """A disclosure pack: the job while it is built, then what it holds."""

    uuid = serializers.UUIDField()
    reference = serializers.CharField()
    case = serializers.CharField(source="case.reference")
    request = serializers.CharField(source="request.reference")
    state = serializers.CharField()
    progress = serializers.FloatField()
    message = serializers.CharField()
    error = serializers.CharField()
    sha256 = serializers.CharField(source="file.digest", allow_null=True, default=None)
    size = serializers.IntegerField(source="file.size", allow_null=True, default=None)
    checkpoint_size = serializers.IntegerField(allow_null=True)
    contents = serializers.ListField(child=serializers.DictField())


class EvidenceFilter(Input):
    """Which requests to show."""

    state = Code(EvidenceRequestState.values, required=False)


class StatusOut(Output):
    """Where an exhibit stands: a word and a date, no result."""

    reference = serializers.CharField()
    description = serializers.CharField()
    status = serializers.ChoiceField(choices=STATUS_WORDS)
    since = serializers.DateTimeField()


class CaseIndex(View):
    """Everything issued in a case."""

    @lists("case_index", ReportRow, area=AREA)
    def get(self, request: Request, case: str) -> Response:
        """Issued reports of the case: what may be asked for."""
        row = case_get(actor=self.actor, key=case, capability="pack.read")
        return self.page(case_index(actor=self.actor, case=row), ReportRow, seen=lambda report: report.case)


class EvidenceRequests(View):
    """Evidence requests of a case."""

    @lists("evidence_list", EvidenceOut, area=AREA, query=EvidenceFilter)
    def get(self, request: Request, case: str) -> Response:
        """Requests of the case, newest first."""
        row = case_get(actor=self.actor, key=case, capability="pack.read")
        rows = evidence_list(actor=self.actor, case=row, **self.query(EvidenceFilter))
        return self.page(rows, EvidenceOut, seen=lambda one: one.case)

    @creates("evidence_request", EvidenceNew, EvidenceOut, area=AREA)
    def post(self, request: Request, case: str) -> Response:
        """Ask the laboratory to disclose its record of the case, or some of its reports."""
        data = self.body(EvidenceNew)
        row = case_get(actor=self.actor, key=case, capability="pack.read")
        wanted = set(data.pop("reports"))
        reports = [one for one in case_index(actor=self.actor, case=row) if one.uuid in wanted]
        if len(reports) != len(wanted):
            raise BadInput(_("Choose issued reports of this case."), code="bad-report", field="reports")
        made = evidence_request(actor=self.actor, case=row, reports=reports, **data)
        location = f"/api/v1/evidence-requests/{made.uuid}/"
        return created(self.data(made, EvidenceOut), location=location, version=made.version)


class EvidenceRequestView(View):
    """One evidence request."""

    @reads("evidence_get", EvidenceOut, area=AREA, edited=True)
    def get(self, request: Request, uuid: UUID) -> Response:
        """The request and where it stands."""
        row = evidence_get(actor=self.actor, uuid=uuid)
        self.shows(row.case, kind="evidence_request", subject=row.uuid, reference=row.reference)
        return self.one(row, EvidenceOut, version=row.version)


class EvidenceDecisionView(View):
    """The laboratory's decision."""

    @edits("evidence_decide", EvidenceDecision, EvidenceOut, area=AREA)
    def post(self, request: Request, uuid: UUID) -> Response:
        """Approve with the schedule of withheld material, or decline."""
        version = if_match(request)
        data = self.body(EvidenceDecision)
        withheld = [Withholding(**line) for line in data.pop("withheld", None) or ()]
        row = evidence_get(actor=self.actor, uuid=uuid)
        evidence_decide(actor=self.actor, request=row, version=version, withheld=withheld, **data)
        done = evidence_get(actor=self.actor, uuid=uuid)
        return self.one(done, EvidenceOut, version=done.version)


class Packs(View):
    """Packs of an evidence request."""

    @creates("pack_order", None, PackOut, area=AREA, status=202)
    def post(self, request: Request, uuid: UUID) -> Response:
        """Order the next pack: 202 with the address where it can be followed."""
        made = pack_order(actor=self.actor, request=evidence_get(actor=self.actor, uuid=uuid))
        row = pack_get(actor=self.actor, key=made.uuid)
        return Response(self.data(row, PackOut), status=202, headers={"Location": f"/api/v1/packs/{row.uuid}/"})


class CasePacks(View):
    """Packs of a case."""

    @lists("pack_list", PackOut, area=AREA)
    def get(self, request: Request, case: str) -> Response:
        """Packs of the case, newest first."""
        row = case_get(actor=self.actor, key=case, capability="pack.read")
        return self.page(pack_list(actor=self.actor, case=row), PackOut, seen=lambda pack: pack.case)


class Pack(View):
    """One pack: the job's address."""

    @reads("pack_get", PackOut, area=AREA)
    def get(self, request: Request, uuid: UUID) -> Response:
        """State, progress, and what it holds once it is built."""
        row = pack_get(actor=self.actor, key=uuid)
        self.shows(row.case, kind="pack", subject=row.uuid, reference=row.reference)
        return self.one(row, PackOut)


class PackFile(View):
    """The pack's bytes."""

    @downloads("pack_download", "application/zip", area=AREA)
    def get(self, request: Request, uuid: UUID) -> StreamingHttpResponse:
        """The archive; the reading enters the access log and the ledger."""
        row = pack_get(actor=self.actor, key=uuid)
        self.shows(row.case, kind="pack", subject=row.uuid, reference=row.reference)
        if row.file is None:
            raise NotFound(_("%(pack)s is not built yet.") % {"pack": row.reference}, code="pack-not-built")
        headers = {
            "Content-Length": str(row.file.size),
            "Content-Disposition": f'attachment; filename="{row.file.name}"',
            "X-Content-Type-Options": "nosniff",
        }
        return StreamingHttpResponse(self._chunks(row), content_type="application/zip", headers=headers)

    def _chunks(self, pack: Any) -> Iterator[bytes]:
        with pack_read(actor=self.actor, pack=pack) as (_file, chunks):
            yield from chunks


class CaseStatus(View):
    """The status of a case's exhibits."""

    @reads("case_status", StatusOut, area=AREA)
    def get(self, request: Request, case: str) -> Response:
        """A word and a date for each exhibit; never an interim result."""
        row = case_get(actor=self.actor, key=case, capability="status.read")
        self.shows(row, kind="status")
        rows: list[Any] = status_list(actor=self.actor, case=row)
        return Response([self.data(one, StatusOut) for one in rows])


urlpatterns = [
    path("cases/<str:case>/index/", CaseIndex.as_view(), name="case-index"),
    path("cases/<str:case>/status/", CaseStatus.as_view(), name="case-status"),
    path("cases/<str:case>/evidence-requests/", EvidenceRequests.as_view(), name="evidence-requests"),
    path("evidence-requests/<uuid:uuid>/", EvidenceRequestView.as_view(), name="evidence-request"),
    path("evidence-requests/<uuid:uuid>/decision/", EvidenceDecisionView.as_view(), name="evidence-decision"),
    path("evidence-requests/<uuid:uuid>/packs/", Packs.as_view(), name="packs"),
    path("cases/<str:case>/packs/", CasePacks.as_view(), name="case-packs"),
    path("packs/<uuid:uuid>/", Pack.as_view(), name="pack"),
    path("packs/<uuid:uuid>/archive/", PackFile.as_view(), name="pack-archive"),
]
