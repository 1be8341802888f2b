"""Two runs beside each other over the API: what both share, what differs first."""

from typing import Any
from uuid import UUID

from django.urls import path
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from lims.api.base import View
from lims.api.fields import Input, Output
from lims.api.operations import reads
from lims.lab.rules.comparing import Section
from lims.lab.selectors.comparing import run_other, runs_compare
from lims.lab.selectors.work import run_get


class RunOtherQuery(Input):
    """The run to compare with."""

    other = serializers.UUIDField()


class ComparedShow(Output):
    """One thing of both runs; empty where a run lacks it."""

    section = serializers.ChoiceField(choices=[one.value for one in Section])
    name = serializers.CharField()
    first = serializers.CharField()
    second = serializers.CharField()
    same = serializers.BooleanField()


class RunComparisonShow(Output):
    """Two runs: what follows from the comparison, and every line of it."""

    same_inputs = serializers.BooleanField(help_text="Same method, settings and files: the bytes must be the same too.")
    same_answers = serializers.BooleanField()
    same_results = serializers.BooleanField(help_text="Every result file has the same bytes.")
    lines = serializers.SerializerMethodField()

    def get_lines(self, found: Any) -> list[dict[str, Any]]:
        """Every line, section by section, those that differ first."""
        return [dict(ComparedShow(one).data) for section in Section for one in found.of(section)]


class RunComparison(View):
    """A run beside another of its method and case."""

    @reads("run_compare", RunComparisonShow, area="runs", query=RunOtherQuery)
    def get(self, request: Request, uuid: UUID) -> Response:
        """Answers, method, settings, files, numbers and result files of this run and of `other`, each same or not."""
        first = run_get(actor=self.actor, key=uuid)
        second = run_other(actor=self.actor, run=first, other=self.query(RunOtherQuery)["other"])
        for run in (first, second):
            self.shows(run.case, kind="run", subject=run.uuid, reference=run.reference)
        return Response(RunComparisonShow(runs_compare(first, second)).data)


urlpatterns = [
    path("runs/<uuid:uuid>/comparison/", RunComparison.as_view(), name="run-comparison"),
]
