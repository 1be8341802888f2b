"""Custody discrepancies: recorded by one person, countersigned by another, explained at last."""

from typing import Any
from uuid import UUID

from django.urls import path
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from lims.api.base import View, created
from lims.api.cases import CaseView
from lims.api.fields import CaseRef, Code, Input, ItemRef, Output, PartyRef, text
from lims.api.operations import acts, creates, lists, reads
from lims.casework.enums import DiscrepancyKind
from lims.casework.selectors.cases import discrepancy_get, discrepancy_list
from lims.casework.selectors.naming import item_named
from lims.casework.services.discrepancies import (
    discrepancy_countersign,
    discrepancy_explain,
    discrepancy_record,
)

AREA = "discrepancies"


class DiscrepancyOut(Output):
    """A difference between what was stated and what was found."""

    uuid = serializers.UUIDField()
    case = CaseRef()
    item = ItemRef(allow_null=True)
    kind = serializers.CharField()
    stated = serializers.CharField()
    found = serializers.CharField()
    state = serializers.CharField()
    recorded_by = PartyRef()
    recorded_at = serializers.DateTimeField()
    countersigned_by = PartyRef(allow_null=True)
    countersigned_at = serializers.DateTimeField(allow_null=True)
    explanation = serializers.CharField()
    customer_told_at = serializers.DateTimeField(allow_null=True)
    version = serializers.IntegerField()


class DiscrepancyNew(Input):
    """A difference to be recorded."""

    kind = Code(DiscrepancyKind.values)
    stated = text(200, required=True)
    found = text(200, required=True)
    item = text(120, help_text="UUID, reference or scan code of the item it is about.")


class ExplainIn(Input):
    """What explains a difference."""

    explanation = text(500, required=True)
    customer_told = serializers.BooleanField(required=False, default=False)


class DiscrepancyFilter(Input):
    """Which differences to show."""

    open_only = serializers.BooleanField(required=False, default=False)


class Discrepancies(View):
    """Differences of all cases."""

    @lists("discrepancy_list", DiscrepancyOut, area=AREA, query=DiscrepancyFilter)
    def get(self, request: Request) -> Response:
        """Differences one may see, newest first."""
        rows = discrepancy_list(actor=self.actor, **self.query(DiscrepancyFilter))
        return self.page(rows, DiscrepancyOut, index="discrepancy list", seen=lambda row: row.case)


class CaseDiscrepancies(CaseView):
    """Differences of one case."""

    @lists("case_discrepancy_list", DiscrepancyOut, area=AREA, query=DiscrepancyFilter)
    def get(self, request: Request, key: str) -> Response:
        """Differences of a case, newest first."""
        case = self.case(seen=True)
        return self.page(discrepancy_list(actor=self.actor, case=case, **self.query(DiscrepancyFilter)), DiscrepancyOut)

    @creates("discrepancy_record", DiscrepancyNew, DiscrepancyOut, area=AREA)
    def post(self, request: Request, key: str) -> Response:
        """Record a difference."""
        body = self.body(DiscrepancyNew)
        name = body.pop("item", "")
        item = item_named(actor=self.actor, key=name) if name else None
        row = discrepancy_record(actor=self.actor, case=self.case(), item=item, **body)
        shown = discrepancy_get(actor=self.actor, uuid=row.uuid)
        return created(self.data(shown, DiscrepancyOut), location=f"/api/v1/discrepancies/{row.uuid}/")


class DiscrepancyView(View):
    """A view of one difference."""

    def discrepancy(self, *, seen: bool = False) -> Any:
        """The difference, when one may see it; `seen` records that it is shown."""
        row = discrepancy_get(actor=self.actor, uuid=self.kwargs["uuid"])
        if seen:
            self.shows(row.case, kind="discrepancy", subject=row.uuid)
        return row


class OneDiscrepancy(DiscrepancyView):
    """One difference."""

    @reads("discrepancy_get", DiscrepancyOut, area=AREA)
    def get(self, request: Request, uuid: UUID) -> Response:
        """One difference."""
        return self.one(self.discrepancy(seen=True), DiscrepancyOut)


class Countersign(DiscrepancyView):
    """The second person's signature."""

    @acts("discrepancy_countersign", None, DiscrepancyOut, area=AREA)
    def post(self, request: Request, uuid: UUID) -> Response:
        """Confirm what was found, as somebody other than who recorded it."""
        discrepancy_countersign(actor=self.actor, discrepancy=self.discrepancy())
        return self.one(self.discrepancy(), DiscrepancyOut)


class Explain(DiscrepancyView):
    """What explains it."""

    @acts("discrepancy_explain", ExplainIn, DiscrepancyOut, area=AREA)
    def post(self, request: Request, uuid: UUID) -> Response:
        """Say what explains the difference; the record of it stays."""
        discrepancy_explain(actor=self.actor, discrepancy=self.discrepancy(), **self.body(ExplainIn))
        return self.one(self.discrepancy(), DiscrepancyOut)


urlpatterns = [
    path("discrepancies/", Discrepancies.as_view()),
    path("cases/<str:key>/discrepancies/", CaseDiscrepancies.as_view()),
    path("discrepancies/<uuid:uuid>/", OneDiscrepancy.as_view()),
    path("discrepancies/<uuid:uuid>/countersign/", Countersign.as_view()),
    path("discrepancies/<uuid:uuid>/explain/", Explain.as_view()),
]
