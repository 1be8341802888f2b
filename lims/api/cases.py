"""Cases: list, open, read, edit, close, hold, assignments, other people's numbers, stated reasons."""

from typing import Any

from django.urls import path
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from lims.accounts.selectors import user_by_uuid
from lims.accounts.services import access_reason_state
from lims.api.base import View, created, if_match
from lims.api.fields import Code, Input, ItemRef, Output, PartyRef, Reason, text, when
from lims.api.operations import acts, creates, edits, lists, reads
from lims.casework.enums import AssignmentRole, CaseKind, CaseState, ReferenceScheme
from lims.casework.selectors.cases import (
    assignment_list,
    assignment_open,
    case_get,
    case_list,
    external_reference_list,
)
from lims.casework.selectors.naming import item_named, party_named
from lims.casework.services.cases import (
    case_assign,
    case_change,
    case_close,
    case_hold,
    case_open,
    case_reopen,
    case_unassign,
    external_reference_add,
)

AREA = "cases"


class CaseOut(Output):
    """A case."""

    uuid = serializers.UUIDField()
    reference = serializers.CharField()
    kind = serializers.CharField()
    title = serializers.CharField()
    agency = PartyRef()
    state = serializers.CharField()
    synthetic = serializers.BooleanField(help_text="Invented data, not evidence.")
    legal_hold = serializers.BooleanField()
    offence_date = serializers.DateField(allow_null=True)
    due_on = serializers.DateField(allow_null=True)
    opened_at = serializers.DateTimeField()
    version = serializers.IntegerField()


class CaseRow(CaseOut):
    """A case in a list, with what is in it."""

    exhibit_count = serializers.IntegerField()
    open_discrepancies = serializers.IntegerField()


class CaseNew(Input):
    """A case to be opened."""

    kind = Code(CaseKind.values)
    title = text(200, required=True)
    agency = serializers.UUIDField(help_text="Party of the submitting agency.")
    synthetic = serializers.BooleanField(required=False, default=False)
    offence_date = serializers.DateField(required=False, allow_null=True, default=None)
    due_on = serializers.DateField(required=False, allow_null=True, default=None)


class CaseEdit(Input):
    """What can be corrected of a case, and why."""

    title = serializers.CharField(max_length=200, required=False)
    offence_date = serializers.DateField(required=False)
    due_on = serializers.DateField(required=False)
    reason = text(500, required=True)


class CaseFilter(Input):
    """Which cases to show."""

    search = text(100, help_text="Part of the number or title, or somebody's number for the case.")
    state = Code(CaseState.values, required=False)
    kind = Code(CaseKind.values, required=False)
    agency = serializers.UUIDField(required=False)


class HoldNew(Reason):
    """A legal hold to set or lift."""

    hold = serializers.BooleanField()
    authority = text(500, help_text="Whose decision it is, such as a court's order and its date; needed to lift it.")


class AssignmentOut(Output):
    """Who outside the laboratory follows the case, from when until when."""

    account = serializers.UUIDField(source="user.uuid")
    party = PartyRef(source="user.party")
    role = serializers.CharField()
    since = serializers.DateTimeField()
    until = serializers.DateTimeField(allow_null=True)


class AssignmentNew(Input):
    """An assignment."""

    account = serializers.UUIDField()
    role = Code(AssignmentRole.values)
    since = when("From when; now when left out.", allow_null=True, default=None)


class AssignmentEnd(Reason):
    """The end of an assignment."""

    account = serializers.UUIDField()
    role = Code(AssignmentRole.values)


class ReferenceOut(Output):
    """Somebody else's number for the case or one of its items."""

    scheme = serializers.CharField()
    value = serializers.CharField()
    issuer = PartyRef(allow_null=True)
    item = ItemRef(allow_null=True)


class ReferenceNew(Input):
    """A number to record."""

    scheme = Code(ReferenceScheme.values)
    value = text(80, required=True)
    issuer = serializers.UUIDField(required=False, allow_null=True, default=None)
    item = text(120, help_text="UUID, reference or scan code of one item; the whole case when left out.")


class Cases(View):
    """All cases."""

    @lists("case_list", CaseRow, area=AREA, query=CaseFilter)
    def get(self, request: Request) -> Response:
        """Cases one may read, newest first."""
        rows = case_list(actor=self.actor, **self.query(CaseFilter))
        return self.page(rows, CaseRow, index="case list", seen=lambda case: case)

    @creates("case_open", CaseNew, CaseOut, area=AREA)
    def post(self, request: Request) -> Response:
        """Open a case under the next number of the year."""
        body = self.body(CaseNew)
        agency = party_named(uuid=body.pop("agency"), field="agency")
        case = case_open(actor=self.actor, agency=agency, **body)
        return created(self.data(case, CaseOut), location=f"/api/v1/cases/{case.uuid}/", version=case.version)


class CaseView(View):
    """A view of one case, by UUID or reference."""

    def case(self, *, seen: bool = False, capability: str = "case.read") -> Any:
        """The case, when one may see it (or do what `capability` says); `seen` records that it is shown."""
        case = case_get(actor=self.actor, key=self.kwargs["key"], capability=capability)
        if seen:
            self.shows(case)
        return case


class OneCase(CaseView):
    """One case."""

    @reads("case_get", CaseOut, area=AREA, edited=True)
    def get(self, request: Request, key: str) -> Response:
        """One case."""
        case = self.case(seen=True)
        return self.one(case, CaseOut, version=case.version)

    @edits("case_change", CaseEdit, CaseOut, area=AREA)
    def patch(self, request: Request, key: str) -> Response:
        """Correct title or dates; what stood there before stays in the ledger."""
        version = if_match(request)
        case = case_change(actor=self.actor, case=self.case(), version=version, **self.body(CaseEdit))
        return self.one(case, CaseOut, version=case.version)


class CaseClose(CaseView):
    """The end of a case."""

    @edits("case_close", Reason, CaseOut, area=AREA)
    def post(self, request: Request, key: str) -> Response:
        """Close a case: nothing new is registered in it."""
        version = if_match(request)
        case = case_close(actor=self.actor, case=self.case(), version=version, **self.body(Reason))
        return self.one(case, CaseOut, version=case.version)


class CaseReopen(CaseView):
    """A case that goes on."""

    @edits("case_reopen", Reason, CaseOut, area=AREA)
    def post(self, request: Request, key: str) -> Response:
        """Open a closed case again."""
        version = if_match(request)
        case = case_reopen(actor=self.actor, case=self.case(), version=version, **self.body(Reason))
        return self.one(case, CaseOut, version=case.version)


class CaseHold(CaseView):
    """The legal hold."""

    @acts("case_hold", HoldNew, CaseOut, area=AREA)
    def post(self, request: Request, key: str) -> Response:
        """Set or lift the legal hold: nothing is returned, disposed of or deleted while it stands."""
        case = case_hold(actor=self.actor, case=self.case(), **self.body(HoldNew))
        return self.one(case, CaseOut, version=case.version)


class Assignments(CaseView):
    """Who follows the case."""

    @lists("assignment_list", AssignmentOut, area=AREA)
    def get(self, request: Request, key: str) -> Response:
        """Assignments, the ended ones too."""
        return self.page(assignment_list(actor=self.actor, case=self.case(seen=True)), AssignmentOut)

    @creates("case_assign", AssignmentNew, AssignmentOut, area=AREA)
    def post(self, request: Request, key: str) -> Response:
        """Let somebody outside the laboratory follow the case from now on."""
        body = self.body(AssignmentNew)
        user = user_by_uuid(actor=self.actor, uuid=body["account"])
        case = self.case()
        made = case_assign(actor=self.actor, case=case, user=user, role=body["role"], since=body["since"])
        return created(self.data(made, AssignmentOut), location=f"/api/v1/cases/{case.uuid}/assignments/")


class AssignmentsEnd(CaseView):
    """The end of an assignment."""

    @acts("case_unassign", AssignmentEnd, None, area=AREA)
    def post(self, request: Request, key: str) -> Response:
        """End an assignment now; the row stays."""
        body = self.body(AssignmentEnd)
        row = assignment_open(case=self.case(), account=body["account"], role=body["role"])
        case_unassign(actor=self.actor, assignment=row, reason=body["reason"])
        return Response(None)


class References(CaseView):
    """Other people's numbers."""

    @lists("external_reference_list", ReferenceOut, area=AREA)
    def get(self, request: Request, key: str) -> Response:
        """Numbers that police, court, customs and officers gave the case and its items."""
        return self.page(external_reference_list(actor=self.actor, case=self.case(seen=True)), ReferenceOut)

    @creates("external_reference_add", ReferenceNew, ReferenceOut, area=AREA)
    def post(self, request: Request, key: str) -> Response:
        """Record somebody else's number; it is found by search and printed beside ours."""
        body, case = self.body(ReferenceNew), self.case()
        row = external_reference_add(
            actor=self.actor,
            case=case,
            scheme=body["scheme"],
            value=body["value"],
            issuer=party_named(uuid=body["issuer"], field="issuer") if body["issuer"] else None,
            item=item_named(actor=self.actor, key=body["item"]) if body.get("item") else None,
        )
        return created(self.data(row, ReferenceOut), location=f"/api/v1/cases/{case.uuid}/references/")


class AccessReason(CaseView):
    """Why one looks at a case."""

    @acts("access_reason_state", Reason, None, area=AREA)
    def post(self, request: Request, key: str) -> Response:
        """State why one views the case; it holds for eight hours and is recorded."""
        case = self.case()
        access_reason_state(
            actor=self.actor,
            case=case.uuid,
            reference=case.reference,
            reason=self.body(Reason)["reason"],
            address=request.META.get("REMOTE_ADDR"),
        )
        return Response(None)


urlpatterns = [
    path("cases/", Cases.as_view()),
    path("cases/<str:key>/", OneCase.as_view()),
    path("cases/<str:key>/close/", CaseClose.as_view()),
    path("cases/<str:key>/reopen/", CaseReopen.as_view()),
    path("cases/<str:key>/hold/", CaseHold.as_view()),
    path("cases/<str:key>/assignments/", Assignments.as_view()),
    path("cases/<str:key>/assignments/end/", AssignmentsEnd.as_view()),
    path("cases/<str:key>/references/", References.as_view()),
    path("cases/<str:key>/access-reason/", AccessReason.as_view()),
]
