"""Sampling plans of lots: population, rule, seed of the draw, sampled and unsampled pieces."""

from uuid import UUID

from django.urls import path
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from lims.api.base import View, created
from lims.api.exhibits import ExhibitView
from lims.api.fields import Code, Input, Output, PartyRef, text
from lims.api.operations import creates, lists, reads
from lims.casework.enums import SamplingRule
from lims.casework.selectors.cases import sampling_plan_get, sampling_plan_list
from lims.casework.services.sampling import sampling_plan_draw

AREA = "sampling"


class PlanOut(Output):
    """A sampling plan; anyone can repeat the draw from population, seed and algorithm."""

    uuid = serializers.UUIDField()
    lot = serializers.UUIDField(source="lot.item.uuid")
    population = serializers.IntegerField()
    rule = serializers.CharField()
    seed = serializers.CharField()
    algorithm = serializers.CharField()
    statement = serializers.CharField()
    sampled = serializers.ListField(child=serializers.CharField())
    unsampled = serializers.ListField(child=serializers.CharField())
    drawn_by = PartyRef()
    drawn_at = serializers.DateTimeField()


class PlanNew(Input):
    """How to choose: `random` needs a count, `judgement` the pieces and a statement."""

    rule = Code(SamplingRule.values)
    count = serializers.IntegerField(required=False, allow_null=True, min_value=1)
    seed = text(64, help_text="Drawn when left out.")
    chosen = serializers.ListField(child=serializers.CharField(max_length=12), required=False, max_length=100_000)
    statement = text(500)


class Plans(ExhibitView):
    """Sampling plans of a lot."""

    @lists("sampling_plan_list", PlanOut, area=AREA)
    def get(self, request: Request, key: str) -> Response:
        """Plans, newest first."""
        return self.page(sampling_plan_list(exhibit=self.exhibit(seen=True)), PlanOut)

    @creates("sampling_plan_draw", PlanNew, PlanOut, area=AREA)
    def post(self, request: Request, key: str) -> Response:
        """Decide which pieces of a lot are sampled, and name those that are not."""
        body = self.body(PlanNew)
        chosen = tuple(body.pop("chosen", ()))
        plan = sampling_plan_draw(actor=self.actor, lot=self.exhibit(), chosen=chosen, **body)
        return created(self.data(plan, PlanOut), location=f"/api/v1/sampling-plans/{plan.uuid}/")


class OnePlan(View):
    """One sampling plan."""

    @reads("sampling_plan_get", PlanOut, area=AREA)
    def get(self, request: Request, uuid: UUID) -> Response:
        """One sampling plan."""
        plan = sampling_plan_get(actor=self.actor, uuid=uuid)
        self.shows(plan.lot.case, kind="sampling plan", subject=plan.uuid, reference=plan.lot.item.reference)
        return self.one(plan, PlanOut)


urlpatterns = [
    path("exhibits/<str:key>/sampling-plans/", Plans.as_view()),
    path("sampling-plans/<uuid:uuid>/", OnePlan.as_view()),
]
