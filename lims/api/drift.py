"""Checks of new editions of reference sets over the API: what they would change in reported findings."""

from typing import Any
from uuid import UUID

from django.urls import path
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from lims.api.base import View
from lims.api.fields import Code, Input
from lims.api.operations import acts, creates, lists, reads
from lims.lab.enums import DriftDecision
from lims.lab.models import DriftCheck, DriftLine
from lims.lab.selectors.drift import drift_get, drift_line_get, drift_lines, drift_list
from lims.lab.selectors.work import reference_get
from lims.lab.services.drift import drift_ask, drift_cancel, drift_decide


class DriftCheckShow(serializers.ModelSerializer[DriftCheck]):
    """A check: where its job stands, how many answers were computed again, how many would be others."""

    reference_set = serializers.UUIDField(source="reference.uuid")
    reference_digest = serializers.CharField(source="reference.digest")
    asked_by = serializers.CharField(source="asked_by.name")
    changed = serializers.IntegerField()
    undecided = serializers.IntegerField()

    class Meta:
        model = DriftCheck
        fields = [
            "uuid", "reference_set", "reference_digest", "state", "progress", "message", "attempt", "cancel_requested",
            "error", "asked_by", "queued_at", "started_at", "finished_at", "runs", "answers", "changed", "undecided",
        ]  # fmt: skip


class DriftLineShow(serializers.ModelSerializer[DriftLine]):
    """An answer that would be another one, or a run that could not be computed again."""

    check_uuid = serializers.UUIDField(source="check_of.uuid")
    case = serializers.CharField(source="run.case.reference")
    run = serializers.CharField(source="run.reference")
    outcome = serializers.IntegerField(source="outcome.number", allow_null=True, default=None)
    subject = serializers.CharField(source="outcome.subject", allow_null=True, default=None)
    reported_identification = serializers.CharField(source="outcome.identification", allow_null=True, default=None)
    reported_name = serializers.CharField(source="outcome.name", allow_null=True, default=None)
    reported_method_version = serializers.CharField(source="run.method_version")
    decided_by = serializers.CharField(source="decided_by.name", allow_null=True, default=None)

    class Meta:
        model = DriftLine
        fields = [
            "uuid", "check_uuid", "case", "run", "outcome", "subject", "kind", "reported_identification",
            "reported_name", "reported_method_version", "identification", "name", "method_version", "statement",
            "decision", "note", "decided_by", "decided_at",
        ]  # fmt: skip


class DriftDecisionAsk(Input):
    """What follows from a change, and why."""

    decision = Code([DriftDecision.EXAMINE.value, DriftDecision.NOTHING.value])
    note = serializers.CharField(max_length=500)


class DriftChecks(View):
    """Checks of one edition."""

    @lists("drift_check_list", DriftCheckShow, area="references")
    def get(self, request: Request, uuid: UUID) -> Response:
        """Checks of the edition, newest first."""
        reference = reference_get(actor=self.actor, uuid=uuid)
        return self.page(drift_list(actor=self.actor, reference=reference), DriftCheckShow)

    @creates("drift_check_create", None, DriftCheckShow, area="references", status=202)
    def post(self, request: Request, uuid: UUID) -> Response:
        """Queue a check: 202 with the address where it can be followed. Approving an edition queues one by itself."""
        made = drift_ask(actor=self.actor, reference=reference_get(actor=self.actor, uuid=uuid))
        return _accepted(drift_get(actor=self.actor, uuid=made.uuid))


class DriftCheckOne(View):
    """One check: the job's address."""

    @reads("drift_check_get", DriftCheckShow, area="references")
    def get(self, request: Request, uuid: UUID) -> Response:
        """State, progress and, once done, counts."""
        return Response(DriftCheckShow(drift_get(actor=self.actor, uuid=uuid)).data)


class DriftCheckCancel(View):
    """The wish to stop a check."""

    @creates("drift_check_cancel", None, DriftCheckShow, area="references", status=202)
    def post(self, request: Request, uuid: UUID) -> Response:
        """Ask the check to stop: at once when it waits, at its next step when it runs."""
        drift_cancel(actor=self.actor, check=drift_get(actor=self.actor, uuid=uuid))
        return _accepted(drift_get(actor=self.actor, uuid=uuid))


class DriftLines(View):
    """What an edition would change."""

    @lists("drift_line_list", DriftLineShow, area="references")
    def get(self, request: Request, uuid: UUID) -> Response:
        """Answers that would be others, in cases one may see."""
        check = drift_get(actor=self.actor, uuid=uuid)
        return self.page(drift_lines(actor=self.actor, check=check), DriftLineShow, seen=lambda line: line.run.case)


class DriftLineDecision(View):
    """Quality's word on a change."""

    @acts("drift_line_decide", DriftDecisionAsk, DriftLineShow, area="references")
    def post(self, request: Request, uuid: UUID) -> Response:
        """Say what follows."""
        line = drift_line_get(actor=self.actor, uuid=uuid)
        drift_decide(actor=self.actor, line=line, **self.body(DriftDecisionAsk))
        return Response(DriftLineShow(drift_line_get(actor=self.actor, uuid=uuid)).data)


def _accepted(row: Any) -> Response:
    return Response(DriftCheckShow(row).data, status=202, headers={"Location": f"/api/v1/drift-checks/{row.uuid}/"})


urlpatterns = [
    path("reference-sets/<uuid:uuid>/drift-checks/", DriftChecks.as_view(), name="drift-checks"),
    path("drift-checks/<uuid:uuid>/", DriftCheckOne.as_view(), name="drift-check"),
    path("drift-checks/<uuid:uuid>/cancel/", DriftCheckCancel.as_view(), name="drift-check-cancel"),
    path("drift-checks/<uuid:uuid>/lines/", DriftLines.as_view(), name="drift-lines"),
    path("drift-lines/<uuid:uuid>/decision/", DriftLineDecision.as_view(), name="drift-line-decision"),
]
