"""Two-stage intake: closed containers tonight, items later; photographs."""

from typing import Any
from uuid import UUID

from django.urls import path
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from chain_of_custody.enums import SealState
from lims.api.base import Pointing, View, created
from lims.api.cases import CaseView
from lims.api.discrepancies import DiscrepancyOut
from lims.api.exhibits import EXHIBIT_FIELDS, ExhibitNew, ExhibitsMade, exhibit_facts
from lims.api.fields import CaseRef, Code, Input, ItemRef, Output, PartyRef, key, text, when
from lims.api.operations import acts, creates, lists, reads
from lims.casework.enums import ContainerKind
from lims.casework.selectors.cases import (
    discrepancy_list,
    intake_get,
    intake_list,
    photograph_list,
    seizure_get,
)
from lims.casework.selectors.files import file_named
from lims.casework.selectors.naming import item_named, party_named
from lims.casework.selectors.submissions import submission_get
from lims.casework.services.intake import (
    ContainerFacts,
    Delivery,
    intake_complete,
    intake_itemise,
    intake_receive,
    photograph_attach,
)

AREA = "intake"


def _kilograms() -> serializers.DecimalField:
    return serializers.DecimalField(max_digits=12, decimal_places=3, required=False, allow_null=True)


class ContainerIn(Input):
    """One closed container as the papers state it and as it was found; weights in kilograms."""

    description = text(300, required=True)
    kind = Code(ContainerKind.values, required=False)
    seal_stated = text(60)
    seal_found = text(60)
    seal_state = Code(SealState.values, required=False)
    weight_stated_kg = _kilograms()
    weight_found_kg = _kilograms()
    pieces_stated = serializers.IntegerField(required=False, allow_null=True, min_value=0)
    condition = text(300)
    code = text(12, help_text="A scan code reserved by a submission form.")


class IntakeNew(Input):
    """A delivery: what the driver and the papers say, and the containers as found."""

    delivered_by = serializers.UUIDField(help_text="Party of the driver.")
    containers_stated = serializers.IntegerField(min_value=0, max_value=100_000)
    containers = serializers.ListField(child=ContainerIn(), min_length=1, max_length=500)
    waybill = text(80)
    temperature = text(40)
    note = text(500)
    received_at = when()
    submission = serializers.UUIDField(required=False, allow_null=True, default=None)


class IntakeContainerOut(Output):
    """One container as stated and as found."""

    item = ItemRef()
    scan_code = serializers.CharField(source="item.scan_code", allow_null=True)
    seal_stated = serializers.CharField()
    seal_found = serializers.CharField()
    seal_state = serializers.CharField()
    weight_stated_kg = serializers.DecimalField(max_digits=12, decimal_places=3, allow_null=True)
    weight_found_kg = serializers.DecimalField(max_digits=12, decimal_places=3, allow_null=True)
    pieces_stated = serializers.IntegerField(allow_null=True)
    condition = serializers.CharField()


class IntakeRow(Output):
    """An intake in a list."""

    uuid = serializers.UUIDField()
    reference = serializers.CharField()
    case = CaseRef()
    state = serializers.CharField()
    delivered_by = PartyRef()
    received_by = PartyRef()
    received_at = serializers.DateTimeField()
    waybill = serializers.CharField()
    temperature = serializers.CharField()
    containers_stated = serializers.IntegerField()
    containers_found = serializers.IntegerField()
    note = serializers.CharField()
    version = serializers.IntegerField()


class IntakeOut(IntakeRow):
    """An intake with its containers."""

    containers = IntakeContainerOut(many=True, source="containers.all")


class IntakeMade(Output):
    """The intake, and the differences it opened."""

    intake = IntakeOut()
    discrepancies = DiscrepancyOut(many=True)


class ItemiseIn(Input):
    """What was in one opened container."""

    container = key()
    exhibits = serializers.ListField(child=ExhibitNew(), min_length=1, max_length=1000)
    seizure = serializers.UUIDField(required=False, allow_null=True, default=None)
    happened_at = when()


class PhotographNew(Input):
    """A stored file to attach as a photograph."""

    file = serializers.UUIDField()
    item = text(120, help_text="UUID, reference or scan code of what it shows.")
    caption = text(200)


class PhotographOut(Output):
    """A photograph."""

    file = serializers.UUIDField(source="file.uuid")
    name = serializers.CharField(source="file.name")
    digest = serializers.CharField(source="file.digest")
    item = ItemRef(allow_null=True)
    caption = serializers.CharField()


class CaseIntakes(CaseView):
    """Intakes of a case."""

    pointing = Pointing(rows="containers")

    @lists("intake_list", IntakeRow, area=AREA)
    def get(self, request: Request, key: str) -> Response:
        """Intakes, newest first."""
        return self.page(intake_list(actor=self.actor, case=self.case(seen=True)), IntakeRow)

    @creates("intake_receive", IntakeNew, IntakeMade, area=AREA)
    def post(self, request: Request, key: str) -> Response:
        """Receive closed containers. Differences are recorded; they do not stop the intake."""
        body = self.body(IntakeNew)
        form = body.pop("submission")
        containers = [ContainerFacts(**row) for row in body.pop("containers")]
        driver = party_named(uuid=body.pop("delivered_by"), field="delivered_by")
        intake = intake_receive(
            actor=self.actor,
            case=self.case(),
            delivery=Delivery(delivered_by=driver, **body),
            containers=containers,
            submission=submission_get(actor=self.actor, uuid=form) if form else None,
        )
        shown = intake_get(actor=self.actor, uuid=intake.uuid)
        answer = {"intake": shown, "discrepancies": discrepancy_list(actor=self.actor, intake=shown)}
        return created(
            self.data(answer, IntakeMade), location=f"/api/v1/intakes/{intake.uuid}/", version=intake.version
        )


class IntakeView(View):
    """A view of one intake."""

    def intake(self, *, seen: bool = False) -> Any:
        """The intake, when one may see it; `seen` records that it is shown."""
        row = intake_get(actor=self.actor, uuid=self.kwargs["uuid"])
        if seen:
            self.shows(row.case, kind="intake", subject=row.uuid, reference=row.reference)
        return row


class OneIntake(IntakeView):
    """One intake."""

    @reads("intake_get", IntakeOut, area=AREA, edited=True)
    def get(self, request: Request, uuid: UUID) -> Response:
        """One intake with its containers."""
        row = self.intake(seen=True)
        return self.one(row, IntakeOut, version=row.version)


class Itemise(IntakeView):
    """The second stage."""

    pointing = Pointing(rows="exhibits", fields=EXHIBIT_FIELDS)

    @acts("intake_itemise", ItemiseIn, ExhibitsMade, area=AREA)
    def post(self, request: Request, uuid: UUID) -> Response:
        """Itemise one opened container in one act: pieces stated against found open discrepancies."""
        body, intake = self.body(ItemiseIn), self.intake()
        made = intake_itemise(
            actor=self.actor,
            intake=intake,
            container=item_named(actor=self.actor, key=body["container"], field="container"),
            exhibits=exhibit_facts(body["exhibits"]),
            seizure=seizure_get(actor=self.actor, uuid=body["seizure"]) if body["seizure"] else None,
            happened_at=body.get("happened_at"),
        )
        return Response(self.data({"exhibits": made}, ExhibitsMade))


class Complete(IntakeView):
    """The end of itemising."""

    @acts("intake_complete", None, IntakeOut, area=AREA)
    def post(self, request: Request, uuid: UUID) -> Response:
        """Declare the itemising finished; every difference must have been countersigned."""
        intake_complete(actor=self.actor, intake=self.intake())
        row = self.intake()
        return self.one(row, IntakeOut, version=row.version)


class Photographs(IntakeView):
    """Photographs of an intake."""

    @lists("photograph_list", PhotographOut, area=AREA)
    def get(self, request: Request, uuid: UUID) -> Response:
        """Photographs of an intake."""
        return self.page(photograph_list(intake=self.intake(seen=True)), PhotographOut)

    @creates("photograph_attach", PhotographNew, PhotographOut, area=AREA)
    def post(self, request: Request, uuid: UUID) -> Response:
        """Attach a stored file as a photograph of the intake or of one of its items."""
        body, intake = self.body(PhotographNew), self.intake()
        row = photograph_attach(
            actor=self.actor,
            case=intake.case,
            file=file_named(actor=self.actor, uuid=body["file"], field="file"),
            intake=intake,
            item=item_named(actor=self.actor, key=body["item"]) if body.get("item") else None,
            caption=body.get("caption", ""),
        )
        return created(self.data(row, PhotographOut), location=f"/api/v1/files/{row.file.uuid}/")


urlpatterns = [
    path("cases/<str:key>/intakes/", CaseIntakes.as_view()),
    path("intakes/<uuid:uuid>/", OneIntake.as_view()),
    path("intakes/<uuid:uuid>/itemise/", Itemise.as_view()),
    path("intakes/<uuid:uuid>/complete/", Complete.as_view()),
    path("intakes/<uuid:uuid>/photographs/", Photographs.as_view()),
]
