"""Plates of traces over the API: many files in one call, an answer for each row."""

from typing import Any
from uuid import UUID

from django.urls import path
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from lims.api.fields import Input
from lims.api.lab import LabView
from lims.api.operations import creates, lists
from lims.lab.models import Plate, PlateSample
from lims.lab.rules.plates import LARGEST_MAP
from lims.lab.selectors.plates import plate_get, plate_list, plate_samples
from lims.lab.selectors.work import batch_get, reference_get
from lims.lab.services.plates import plate_receive


class PlateAsk(Input):
    """The traces of a plate (or archives of them), the set they are identified against, a map where names do not do."""

    files = serializers.ListField(child=serializers.FileField(allow_empty_file=True), min_length=1)
    reference_set = serializers.UUIDField()
    batch = serializers.UUIDField(required=False)
    plate_map = serializers.FileField(required=False, help_text="CSV: forward, reverse, item, well, declared")


class PlateShow(serializers.ModelSerializer[Plate]):
    """A plate: how many rows, how many runs, how many of them go on."""

    batch = serializers.CharField(source="batch.reference", allow_null=True, default=None)
    reference_set = serializers.SerializerMethodField(
        help_text="Empty where the set is restricted and not yours to see."
    )
    handed_in_by = serializers.CharField(source="handed_in_by.name")
    rows = serializers.IntegerField()
    queued = serializers.IntegerField()
    going = serializers.IntegerField()

    class Meta:
        model = Plate
        fields = ["uuid", "batch", "reference_set", "handed_in_by", "handed_in_at", "rows", "queued", "going"]

    def get_reference_set(self, plate: Plate) -> UUID | None:
        """The set, for those who may see it."""
        return plate.reference_set.uuid if plate.set_seen else None  # type: ignore[attr-defined]


class PlateSampleShow(serializers.ModelSerializer[PlateSample]):
    """A row: its run, or why it was refused."""

    item = serializers.CharField(source="item.reference", allow_null=True, default=None)
    run = serializers.UUIDField(source="run.uuid", allow_null=True, default=None)
    state = serializers.CharField(source="run.state", allow_null=True, default=None)
    answers = serializers.SerializerMethodField()

    class Meta:
        model = PlateSample
        fields = ["number", "place", "item", "names", "run", "state", "answers", "problem"]

    def get_answers(self, row: Any) -> list[dict[str, str]]:
        """What the run answered, once it is done."""
        outcomes = row.run.outcomes.all() if row.run else ()
        return [{"identification": one.identification, "name": one.name} for one in outcomes]


class Plates(LabView):
    """Plates of traces."""

    parser_classes = [MultiPartParser]

    @lists("plate_list", PlateShow, area="runs")
    def get(self, request: Request) -> Response:
        """Plates, newest first."""
        return self.page(plate_list(actor=self.actor), PlateShow)

    @creates("plate_create", PlateAsk, PlateShow, area="runs", status=202)
    def post(self, request: Request) -> Response:
        """Hand in a plate: 202; each row says at `…/rows/` which run it became, or why it was refused."""
        data = self.body(PlateAsk)
        made = plate_receive(
            actor=self.actor,
            files=[(one.name, one) for one in data["files"]],
            reference=reference_get(actor=self.actor, uuid=data["reference_set"]),
            batch=batch_get(actor=self.actor, key=data["batch"]) if data.get("batch") else None,
            plate_map=data["plate_map"].read(LARGEST_MAP + 1) if data.get("plate_map") else None,
        )
        row = plate_get(actor=self.actor, uuid=made.uuid)
        location = f"/api/v1/plates/{row.uuid}/rows/"
        return Response(PlateShow(row).data, status=202, headers={"Location": location})


class PlateRows(LabView):
    """Rows of a plate."""

    @lists("plate_rows", PlateSampleShow, area="runs")
    def get(self, request: Request, uuid: UUID) -> Response:
        """Each row with its run and answers, or why it was refused."""
        plate = plate_get(actor=self.actor, uuid=uuid)
        rows = plate_samples(actor=self.actor, plate=plate)
        return self.page(rows, PlateSampleShow, seen=lambda row: row.run.case if row.run else None)


urlpatterns = [
    path("plates/", Plates.as_view(), name="plates"),
    path("plates/<uuid:uuid>/rows/", PlateRows.as_view(), name="plate-rows"),
]
