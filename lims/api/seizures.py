"""Seizures: where, when, by whom, how, and what the papers allege."""

from dataclasses import fields
from typing import Any
from uuid import UUID

from django.urls import path
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from lims.api.base import View, created, if_match
from lims.api.cases import CaseView
from lims.api.fields import CaseRef, Input, Output, PartyRef, text
from lims.api.operations import creates, edits, lists, reads
from lims.casework.selectors.cases import seizure_get, seizure_list
from lims.casework.selectors.naming import party_named
from lims.casework.services.seizures import SeizureFacts, seizure_correct, seizure_record

AREA = "seizures"


def _degrees() -> serializers.DecimalField:
    return serializers.DecimalField(max_digits=9, decimal_places=6, required=False, allow_null=True)


class SeizureEdit(Input):
    """What is recorded of a seizure; codes are of the current code lists."""

    place = serializers.CharField(max_length=300, required=False)
    country = serializers.CharField(max_length=2, required=False, help_text="ISO 3166-1 alpha-2, or CITES' own.")
    seized_at = serializers.DateTimeField(required=False)
    agency = serializers.UUIDField(required=False)
    zone = serializers.CharField(max_length=60, required=False, help_text="IANA time zone, such as Africa/Mombasa.")
    seizure_reference = text(80)
    latitude = _degrees()
    longitude = _degrees()
    uncertainty_m = serializers.IntegerField(required=False, allow_null=True, min_value=0)
    operation = text(120)
    reason = serializers.CharField(max_length=20, required=False)
    transport = serializers.CharField(max_length=20, required=False)
    concealment = serializers.CharField(max_length=20, required=False)
    detection = serializers.CharField(max_length=20, required=False)
    alleged_origin = text(2)
    alleged_transit = serializers.ListField(child=serializers.CharField(max_length=2), required=False, max_length=50)
    alleged_destination = text(2)
    documents = text(300)


class SeizureNew(SeizureEdit):
    """A seizure to be recorded."""

    place = serializers.CharField(max_length=300)
    country = serializers.CharField(max_length=2, help_text="ISO 3166-1 alpha-2, or CITES' own.")
    seized_at = serializers.DateTimeField()
    agency = serializers.UUIDField()


class SeizureCorrection(SeizureEdit):
    """Values to correct, and why."""

    correction_reason = text(500, required=True)


class SeizureOut(Output):
    """A seizure."""

    uuid = serializers.UUIDField()
    case = CaseRef()
    number = serializers.IntegerField()
    place = serializers.CharField()
    country = serializers.CharField()
    seized_at = serializers.DateTimeField()
    zone = serializers.CharField()
    agency = PartyRef()
    seizure_reference = serializers.CharField()
    latitude = serializers.DecimalField(max_digits=9, decimal_places=6, allow_null=True)
    longitude = serializers.DecimalField(max_digits=9, decimal_places=6, allow_null=True)
    uncertainty_m = serializers.IntegerField(allow_null=True)
    operation = serializers.CharField()
    reason = serializers.CharField()
    transport = serializers.CharField()
    concealment = serializers.CharField()
    detection = serializers.CharField()
    alleged_origin = serializers.CharField()
    alleged_transit = serializers.ListField(child=serializers.CharField())
    alleged_destination = serializers.CharField()
    documents = serializers.CharField()
    code_lists = serializers.DictField(child=serializers.CharField(), help_text="List version of each kind of code.")
    version = serializers.IntegerField()


class Seizures(CaseView):
    """Seizures of a case."""

    @lists("seizure_list", SeizureOut, area=AREA)
    def get(self, request: Request, key: str) -> Response:
        """Seizures of a case in order."""
        case = self.case(seen=True)
        rows = seizure_list(actor=self.actor, case=case)
        return self.page(rows, SeizureOut)

    @creates("seizure_record", SeizureNew, SeizureOut, area=AREA)
    def post(self, request: Request, key: str) -> Response:
        """Record a seizure in an open case."""
        facts = SeizureFacts(**_facts(self.body(SeizureNew)))
        row = seizure_record(actor=self.actor, case=self.case(), facts=facts)
        return created(self.data(row, SeizureOut), location=f"/api/v1/seizures/{row.uuid}/", version=row.version)


class OneSeizure(View):
    """One seizure."""

    @reads("seizure_get", SeizureOut, area=AREA, edited=True)
    def get(self, request: Request, uuid: UUID) -> Response:
        """One seizure."""
        row = seizure_get(actor=self.actor, uuid=uuid)
        self.shows(row.case, kind="seizure", subject=row.uuid)
        return self.one(row, SeizureOut, version=row.version)

    @edits("seizure_correct", SeizureCorrection, SeizureOut, area=AREA)
    def patch(self, request: Request, uuid: UUID) -> Response:
        """Correct a seizure; what stood there before stays in the ledger."""
        version, body = if_match(request), self.body(SeizureCorrection)
        row = seizure_get(actor=self.actor, uuid=uuid)
        reason = body.pop("correction_reason")
        values = {one.name: getattr(row, one.name) for one in fields(SeizureFacts)} | _facts(body)
        values["alleged_transit"] = tuple(values["alleged_transit"])
        changed = seizure_correct(
            actor=self.actor, seizure=row, version=version, facts=SeizureFacts(**values), reason=reason
        )
        return self.one(changed, SeizureOut, version=changed.version)


def _facts(body: dict[str, Any]) -> dict[str, Any]:
    if "agency" in body:
        body["agency"] = party_named(uuid=body["agency"], field="agency")
    if "alleged_transit" in body:
        body["alleged_transit"] = tuple(body["alleged_transit"])
    return body


urlpatterns = [
    path("cases/<str:key>/seizures/", Seizures.as_view()),
    path("seizures/<uuid:uuid>/", OneSeizure.as_view()),
]
