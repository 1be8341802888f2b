"""Samples: taken from exhibits and samples, pooled; their family tree."""

from decimal import Decimal
from typing import Any

from django.urls import path
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from lims.api.base import Pointing, View, created
from lims.api.cases import CaseView
from lims.api.exhibits import AmountIn, HeldOut, amount_of
from lims.api.fields import CaseRef, Code, Input, Output, PartyRef, decimal, key, named, plain, text, when
from lims.api.operations import creates, lists, reads
from lims.casework.enums import SampleKind, Unit
from lims.casework.selectors.cases import sample_get, sample_list
from lims.casework.selectors.family import item_family
from lims.casework.selectors.naming import items_named
from lims.casework.services.samples import Taking, sample_take

AREA = "samples"


class ParentOut(Output):
    """What a sample was taken from."""

    item = serializers.UUIDField(source="parent.uuid")
    reference = serializers.CharField(source="parent.reference")
    amount = plain()
    waste = plain()
    unit = serializers.CharField()


class SampleRow(HeldOut):
    """A sample in a list."""

    case = CaseRef()
    number = serializers.IntegerField()
    kind = serializers.CharField()
    description = serializers.CharField()
    method = serializers.CharField()
    position_on_item = serializers.CharField()
    exhibit = serializers.UUIDField(source="exhibit.item.uuid", allow_null=True, default=None)
    taken_at = serializers.DateTimeField()
    taken_by = PartyRef()


class SampleOut(SampleRow):
    """A sample with what it was taken from."""

    parents = ParentOut(many=True, source="parents.all")


class TakingIn(Input):
    """What is taken from one parent: the amount that goes in, and what is lost, in one unit."""

    item = key()
    amount = decimal()
    unit = Code(Unit.values)
    waste = decimal(required=False, default=Decimal(0))


class SampleNew(Input):
    """A sample to be taken from one parent, or pooled from several of one case."""

    parents = serializers.ListField(child=TakingIn(), min_length=1, max_length=400)
    kind = Code(SampleKind.values)
    made = AmountIn(required=False, allow_null=True, help_text="What it measures, where a step changes the measure.")
    description = text(300)
    method = text(120)
    position_on_item = text(120)
    authority = text(500, help_text="Needed to take the last of an exhibit.")
    happened_at = when()


class EdgeOut(Output):
    """One taking in the family tree."""

    parent = named(serializers.UUIDField())
    parent_reference = serializers.CharField()
    child = serializers.UUIDField()
    child_reference = serializers.CharField()
    kind = serializers.CharField()
    amount = serializers.CharField()
    waste = serializers.CharField()
    unit = serializers.CharField()


class Samples(View):
    """All samples."""

    pointing = Pointing(rows="parents", fields={"parents": "parents", "made": "made"})

    @lists("sample_list", SampleRow, area=AREA)
    def get(self, request: Request) -> Response:
        """Samples one may see, by case and exhibit."""
        return self.page(sample_list(actor=self.actor), SampleRow, index="sample list", seen=lambda row: row.case)

    @creates("sample_take", SampleNew, SampleOut, area=AREA)
    def post(self, request: Request) -> Response:
        """Take a sub-sample or pool several: amounts balance, and nothing goes below zero."""
        body = self.body(SampleNew)
        rows: list[dict[str, Any]] = body.pop("parents")
        items = items_named(actor=self.actor, keys=[row["item"] for row in rows], field="item")
        takings = [
            Taking(parent=item, amount=row["amount"], unit=row["unit"], waste=row["waste"])
            for item, row in zip(items, rows, strict=True)
        ]
        made = amount_of(body.pop("made", None))
        sample = sample_take(actor=self.actor, takings=takings, made=made, **body)
        shown = sample_get(actor=self.actor, key=sample.item.uuid)
        return created(self.data(shown, SampleOut), location=f"/api/v1/samples/{sample.item.uuid}/")


class CaseSamples(CaseView):
    """Samples of one case."""

    @lists("case_sample_list", SampleRow, area=AREA)
    def get(self, request: Request, key: str) -> Response:
        """Samples of a case, by exhibit."""
        return self.page(sample_list(actor=self.actor, case=self.case(seen=True)), SampleRow)


class SampleView(View):
    """A view of one sample, by UUID or reference of its item."""

    def sample(self) -> Any:
        """The sample, when one may see it; recorded as shown."""
        row = sample_get(actor=self.actor, key=self.kwargs["key"])
        self.shows(row.case, kind="sample", subject=row.item.uuid, reference=row.item.reference)
        return row


class OneSample(SampleView):
    """One sample."""

    @reads("sample_get", SampleOut, area=AREA)
    def get(self, request: Request, key: str) -> Response:
        """One sample and what it was taken from."""
        return self.one(self.sample(), SampleOut)


class SampleTree(SampleView):
    """A sample's family."""

    @lists("sample_tree", EdgeOut, area=AREA)
    def get(self, request: Request, key: str) -> Response:
        """All takings above and below a sample, at most 500."""
        return self.page(item_family(item=self.sample().item), EdgeOut)


urlpatterns = [
    path("samples/", Samples.as_view()),
    path("cases/<str:key>/samples/", CaseSamples.as_view()),
    path("samples/<str:key>/", OneSample.as_view()),
    path("samples/<str:key>/tree/", SampleTree.as_view()),
]
