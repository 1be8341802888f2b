"""Places and containers."""

from uuid import UUID

from django.urls import path
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from lims.api.base import View, created
from lims.api.exhibits import HeldOut
from lims.api.fields import CaseRef, Code, Input, Output, PartyRef, named, text
from lims.api.operations import creates, lists, reads
from lims.casework.enums import ContainerKind, LocationKind
from lims.casework.selectors.cases import case_get
from lims.casework.selectors.naming import party_named
from lims.casework.selectors.places import container_get, container_list, location_list, location_named
from lims.casework.services.places import container_create, location_create

AREA = "places"


class LocationOut(Output):
    """A place that can hold evidence; its party is the custodian."""

    party = PartyRef()
    kind = serializers.CharField()
    secured = serializers.BooleanField()
    parent = PartyRef(source="parent.party", allow_null=True, default=None)


class LocationNew(Input):
    """A place."""

    name = text(120, required=True)
    kind = Code(LocationKind.values)
    parent = named(
        serializers.UUIDField(required=False, allow_null=True, default=None, help_text="Party of the place.")
    )
    secured = serializers.BooleanField(required=False, default=True)


class ContainerOut(HeldOut):
    """A bag, box, plate or crate."""

    case = CaseRef(allow_null=True)
    kind = serializers.CharField()
    description = serializers.CharField()
    rows = serializers.IntegerField()
    columns = serializers.IntegerField()


class ContainerNew(Input):
    """A container of the laboratory, or of one case."""

    kind = Code(ContainerKind.values)
    description = text(300, required=True)
    case = text(60, help_text="UUID or reference; the laboratory's own when left out.")
    held_by = serializers.UUIDField(
        required=False, allow_null=True, default=None, help_text="Custodian; oneself when left out."
    )
    rows = serializers.IntegerField(required=False, min_value=0, max_value=26)
    columns = serializers.IntegerField(required=False, min_value=0, max_value=48)


class Locations(View):
    """Places."""

    @lists("location_list", LocationOut, area=AREA)
    def get(self, request: Request) -> Response:
        """Places by name."""
        return self.page(location_list(actor=self.actor), LocationOut)

    @creates("location_create", LocationNew, LocationOut, area=AREA)
    def post(self, request: Request) -> Response:
        """A place that can hold evidence, with a scan code of its own."""
        body = self.body(LocationNew)
        around = body.pop("parent")
        parent = location_named(uuid=around) if around else None
        row = location_create(actor=self.actor, parent=parent, **body)
        return created(self.data(row, LocationOut), location="/api/v1/locations/")


class Containers(View):
    """Containers."""

    @lists("container_list", ContainerOut, area=AREA)
    def get(self, request: Request) -> Response:
        """Containers one may see, newest first."""
        rows = container_list(actor=self.actor)
        return self.page(rows, ContainerOut, index="container list", seen=lambda row: row.case)

    @creates("container_create", ContainerNew, ContainerOut, area=AREA)
    def post(self, request: Request) -> Response:
        """A box, plate, tray or bag of the laboratory, or of one case."""
        body = self.body(ContainerNew)
        name, holder = body.pop("case", ""), body.pop("held_by")
        row = container_create(
            actor=self.actor,
            case=case_get(actor=self.actor, key=name) if name else None,
            held_by=party_named(uuid=holder or self.actor.party, field="held_by"),
            **body,
        )
        return created(self.data(row, ContainerOut), location=f"/api/v1/containers/{row.item.uuid}/")


class OneContainer(View):
    """One container."""

    @reads("container_get", ContainerOut, area=AREA)
    def get(self, request: Request, uuid: UUID) -> Response:
        """One container."""
        row = container_get(actor=self.actor, uuid=uuid)
        if row.case is not None:
            self.shows(row.case, kind="container", subject=row.item.uuid, reference=row.item.reference)
        return self.one(row, ContainerOut)


urlpatterns = [
    path("locations/", Locations.as_view()),
    path("containers/", Containers.as_view()),
    path("containers/<uuid:uuid>/", OneContainer.as_view()),
]
