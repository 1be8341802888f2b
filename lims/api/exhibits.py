"""Exhibits: register many in one act, read, correct; components, live animals."""

from decimal import Decimal
from typing import Any

from django.urls import path
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from lims.api.base import Pointing, View, created, if_match
from lims.api.cases import CaseView
from lims.api.fields import CaseRef, Code, Input, Output, PartyRef, decimal, named, plain, text, when
from lims.api.operations import acts, creates, edits, lists, reads
from lims.casework.enums import ExhibitKind, LiveEventKind, Unit
from lims.casework.selectors.cases import (
    component_list,
    exhibit_get,
    exhibit_list,
    live_event_list,
    seizure_get,
)
from lims.casework.selectors.naming import item_named, party_named
from lims.casework.services.exhibits import (
    ExhibitFacts,
    component_add,
    exhibit_correct,
    exhibits_register,
    live_event_record,
)
from lims.casework.services.items import Amount

AREA = "exhibits"
EXHIBIT_FIELDS = {"amount": "amount/value", "unit": "amount/unit", "tolerance": "amount/tolerance"}
MOST = 1000


class AmountIn(Input):
    """An amount, the unit, and the tolerance of the scale in that unit."""

    value = decimal()
    unit = Code(Unit.values)
    tolerance = decimal(required=False, default=Decimal(0))


class SealOut(Output):
    """The seal in force."""

    uuid = serializers.UUIDField()
    number = serializers.CharField()
    state = serializers.CharField()


class AmountOut(Output):
    """What is left of an amount."""

    initial = plain()
    left = plain()
    unit = serializers.CharField()
    tolerance = plain()


class HeldOut(Output):
    """Where an item stands: custodian, state, seal, container."""

    uuid = serializers.UUIDField(source="item.uuid")
    reference = serializers.CharField(source="item.reference")
    scan_code = serializers.CharField(source="item.scan_code", allow_null=True)
    state = serializers.CharField(source="item.state")
    custodian = PartyRef(source="item.custodian")
    container = serializers.UUIDField(source="item.container.uuid", allow_null=True, default=None)
    position = serializers.CharField(source="item.position")
    seal = SealOut(source="item.sealed_by", allow_null=True)
    amount = serializers.SerializerMethodField()

    @extend_schema_field(AmountOut(allow_null=True))
    def get_amount(self, row: Any) -> Any:
        """What is left, where it was ever weighed."""
        quantity = getattr(row.item, "quantity", None)
        return AmountOut(quantity).data if quantity else None


class ExhibitOut(HeldOut):
    """An exhibit."""

    case = CaseRef()
    number = serializers.IntegerField()
    kind = serializers.CharField()
    description = serializers.CharField()
    declared_taxon = serializers.CharField()
    term = serializers.CharField()
    purpose = serializers.CharField()
    source = named(serializers.CharField())
    code_lists = serializers.DictField(child=serializers.CharField())
    pieces_stated = serializers.IntegerField(allow_null=True)
    pieces_found = serializers.IntegerField(allow_null=True)
    mark = serializers.CharField()
    condition = serializers.CharField()
    hazards = serializers.CharField()
    live_count = serializers.IntegerField(allow_null=True)
    seizure = serializers.UUIDField(source="seizure.uuid", allow_null=True, default=None)
    version = serializers.IntegerField()


class ExhibitNew(Input):
    """One exhibit as it came."""

    kind = Code(ExhibitKind.values)
    description = text(300, required=True)
    declared_taxon = text(120)
    term = text(3, help_text="CITES term code.")
    purpose = text(1, help_text="CITES purpose code.")
    source = named(text(1, help_text="CITES source code."))
    amount = AmountIn(required=False, allow_null=True)
    pieces_stated = serializers.IntegerField(required=False, allow_null=True, min_value=0)
    pieces_found = serializers.IntegerField(required=False, allow_null=True, min_value=0)
    mark = text(80)
    condition = text(300)
    hazards = text(200)
    seal_number = text(60)
    code = text(12, help_text="A scan code reserved by a submission form.")


class ExhibitsNew(Input):
    """Exhibits to be registered in one act: all of them, or none."""

    exhibits = serializers.ListField(child=ExhibitNew(), min_length=1, max_length=MOST)
    seizure = serializers.UUIDField(required=False, allow_null=True, default=None)
    container = text(120, help_text="UUID, reference or scan code of the container they are in.")
    held_by = serializers.UUIDField(
        required=False, allow_null=True, default=None, help_text="Custodian; oneself when left out."
    )
    happened_at = when()


class ExhibitsMade(Output):
    """The exhibits registered, in the order sent."""

    exhibits = ExhibitOut(many=True)


class ExhibitEdit(Input):
    """What can be corrected of an exhibit, and why."""

    description = serializers.CharField(max_length=300, required=False)
    declared_taxon = text(120)
    condition = text(300)
    pieces_found = serializers.IntegerField(required=False, min_value=0)
    reason = text(500, required=True)


class ExhibitFilter(Input):
    """Which exhibits to show."""

    search = text(100, help_text="Part of reference, description or declared taxon.")
    kind = Code(ExhibitKind.values, required=False)


class ComponentOut(Output):
    """One taxon or kind of thing in a mixed exhibit."""

    uuid = serializers.UUIDField()
    label = named(serializers.CharField())
    description = serializers.CharField()
    declared_taxon = serializers.CharField()
    term = serializers.CharField()
    pieces = serializers.IntegerField(allow_null=True)


class ComponentNew(Input):
    """A component to be named."""

    description = text(300, required=True)
    declared_taxon = text(120)
    term = text(3)
    pieces = serializers.IntegerField(required=False, allow_null=True, min_value=0)


class LiveEventOut(Output):
    """What happened to live animals."""

    kind = serializers.CharField()
    count = serializers.IntegerField()
    mark = serializers.CharField()
    note = serializers.CharField()
    happened_at = serializers.DateTimeField()
    recorded_by = PartyRef()
    act = serializers.UUIDField()


class LiveEventNew(Input):
    """What happened to live animals, when and to how many."""

    kind = Code(LiveEventKind.values)
    count = serializers.IntegerField(required=False, min_value=1, max_value=1_000_000)
    mark = text(80)
    note = text(500)
    happened_at = when()


class Exhibits(View):
    """Exhibits of all cases."""

    @lists("exhibit_list", ExhibitOut, area=AREA, query=ExhibitFilter)
    def get(self, request: Request) -> Response:
        """Exhibits one may see, by case and number."""
        rows = exhibit_list(actor=self.actor, **self.query(ExhibitFilter))
        return self.page(rows, ExhibitOut, index="exhibit list", seen=lambda row: row.case)


class CaseExhibits(CaseView):
    """Exhibits of one case."""

    pointing = Pointing(rows="exhibits", fields=EXHIBIT_FIELDS)

    @lists("case_exhibit_list", ExhibitOut, area=AREA, query=ExhibitFilter)
    def get(self, request: Request, key: str) -> Response:
        """Exhibits of a case by number."""
        case = self.case(seen=True)
        return self.page(exhibit_list(actor=self.actor, case=case, **self.query(ExhibitFilter)), ExhibitOut)

    @creates("exhibits_register", ExhibitsNew, ExhibitsMade, area=AREA)
    def post(self, request: Request, key: str) -> Response:
        """Register up to 1000 exhibits in one act; every row at fault is named by its pointer."""
        body, case = self.body(ExhibitsNew), self.case()
        made = exhibits_register(
            actor=self.actor,
            case=case,
            facts=exhibit_facts(body["exhibits"]),
            held_by=party_named(uuid=body["held_by"] or self.actor.party, field="held_by"),
            seizure=seizure_get(actor=self.actor, uuid=body["seizure"]) if body["seizure"] else None,
            container=item_named(actor=self.actor, key=body["container"], field="container")
            if body.get("container")
            else None,
            happened_at=body.get("happened_at"),
        )
        return created(self.data({"exhibits": made}, ExhibitsMade), location=f"/api/v1/cases/{case.uuid}/exhibits/")


class ExhibitView(View):
    """A view of one exhibit, by UUID or reference of its item."""

    def exhibit(self, *, seen: bool = False) -> Any:
        """The exhibit, when one may see it; `seen` records that it is shown."""
        row = exhibit_get(actor=self.actor, key=self.kwargs["key"])
        if seen:
            self.shows(row.case, kind="exhibit", subject=row.item.uuid, reference=row.item.reference)
        return row


class OneExhibit(ExhibitView):
    """One exhibit."""

    @reads("exhibit_get", ExhibitOut, area=AREA, edited=True)
    def get(self, request: Request, key: str) -> Response:
        """One exhibit."""
        row = self.exhibit(seen=True)
        return self.one(row, ExhibitOut, version=row.version)

    @edits("exhibit_correct", ExhibitEdit, ExhibitOut, area=AREA)
    def patch(self, request: Request, key: str) -> Response:
        """Correct what was recorded; the earlier entry stays."""
        version, body = if_match(request), self.body(ExhibitEdit)
        exhibit_correct(actor=self.actor, exhibit=self.exhibit(), version=version, **body)
        row = self.exhibit()
        return self.one(row, ExhibitOut, version=row.version)


class Components(ExhibitView):
    """Components of a mixed exhibit."""

    @lists("component_list", ComponentOut, area=AREA)
    def get(self, request: Request, key: str) -> Response:
        """The taxa and kinds of things in a mixed exhibit."""
        return self.page(component_list(exhibit=self.exhibit(seen=True)), ComponentOut)

    @creates("component_add", ComponentNew, ComponentOut, area=AREA)
    def post(self, request: Request, key: str) -> Response:
        """Name one taxon or kind of thing inside a mixed exhibit."""
        row = component_add(actor=self.actor, exhibit=self.exhibit(), **self.body(ComponentNew))
        return created(self.data(row, ComponentOut), location=f"/api/v1/exhibits/{key}/components/")


class LiveEvents(ExhibitView):
    """What happens to live animals in custody."""

    @lists("live_event_list", LiveEventOut, area=AREA)
    def get(self, request: Request, key: str) -> Response:
        """What happened, newest first."""
        return self.page(live_event_list(exhibit=self.exhibit(seen=True)), LiveEventOut)

    @acts("live_event_record", LiveEventNew, LiveEventOut, area=AREA)
    def post(self, request: Request, key: str) -> Response:
        """Record what happened to live animals: deaths, births, escapes and releases change their number."""
        row = live_event_record(actor=self.actor, exhibit=self.exhibit(), **self.body(LiveEventNew))
        return self.one(row, LiveEventOut)


def exhibit_facts(rows: list[dict[str, Any]]) -> list[ExhibitFacts]:
    """Facts of exhibits from checked rows."""
    return [ExhibitFacts(**(row | {"amount": amount_of(row.get("amount"))})) for row in rows]


def amount_of(body: dict[str, Any] | None) -> Amount | None:
    """An amount from a checked body."""
    return Amount(value=body["value"], unit=body["unit"], tolerance=body["tolerance"]) if body else None


urlpatterns = [
    path("exhibits/", Exhibits.as_view()),
    path("cases/<str:key>/exhibits/", CaseExhibits.as_view()),
    path("exhibits/<str:key>/", OneExhibit.as_view()),
    path("exhibits/<str:key>/components/", Components.as_view()),
    path("exhibits/<str:key>/live-events/", LiveEvents.as_view()),
]
