"""The contamination screen over the API: what a run was screened against, sequences of controls and of staff."""

from typing import Any
from uuid import UUID

from django.urls import path
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from lims.api.fields import Input, Output
from lims.api.lab import LabView
from lims.api.operations import acts, creates, lists, reads
from lims.common.errors import NotFound
from lims.lab.models import ScreenSequence
from lims.lab.selectors.results import run_outcome
from lims.lab.selectors.screens import run_screened, staff_get, staff_list
from lims.lab.selectors.work import batch_get, control_get, run_get
from lims.lab.services.screens import control_sequence_add, staff_sequence_add, staff_sequence_withdraw


class OutcomeQuery(Input):
    """Which outcome of the run."""

    outcome = serializers.IntegerField(min_value=1, default=1)


class AlikeShow(Output):
    """A sequence that is 99 % alike or more; `run` where you may see it."""

    group = serializers.CharField()
    name = serializers.CharField()
    identity = serializers.FloatField()
    run = serializers.UUIDField(source="run.uuid", allow_null=True, default=None)


class ScreenShow(Output):
    """What an outcome was screened against, what was alike, and what came in afterwards."""

    content = serializers.DictField(help_text="The frozen list: groups, identifiers, salted digests, dates; no bases.")
    alike = AlikeShow(many=True)
    later = serializers.IntegerField(help_text="Sequences of batch, controls and staff that came in since.")
    later_alike = AlikeShow(many=True, help_text="Those of them that are alike, compared now.")


class SequenceFileAsk(Input):
    """A trace (ab1) or sequences (FASTA, FASTQ)."""

    file = serializers.FileField()


class StaffAsk(SequenceFileAsk):
    """A sequence of somebody who agreed to it, under a code."""

    code = serializers.CharField(max_length=40)
    agreed_on = serializers.DateField()


class SequenceShow(serializers.ModelSerializer[ScreenSequence]):
    """A sequence that runs are screened against; its bases are not given out."""

    length = serializers.SerializerMethodField(help_text="Readable bases; 0 where nothing is readable or kept.")

    class Meta:
        model = ScreenSequence
        fields = ["uuid", "name", "length", "digest", "added_at", "agreed_on", "ended_at"]

    def get_length(self, row: Any) -> int:
        """How many bases."""
        return len(row.bases)


class SequencesShow(Output):
    """The sequences of one file."""

    sequences = SequenceShow(many=True)


class RunScreen(LabView):
    """The contamination screen of a run."""

    @reads("run_screen", ScreenShow, area="runs", query=OutcomeQuery)
    def get(self, request: Request, uuid: UUID) -> Response:
        """What the outcome was screened against: 404 for a run without a list."""
        run = run_get(actor=self.actor, key=uuid)
        self.shows(run.case, kind="run", subject=run.uuid, reference=run.reference)
        number = self.query(OutcomeQuery)["outcome"]
        outcome = run_outcome(run=run, number=number)
        told: dict[str, Any] = next(
            (one for one in outcome.get("diagnostics") or () if one["code"] == "contamination"), {}
        )
        found = run_screened(actor=self.actor, run=run, number=number, alike=told.get("value") or ())
        if found is None:
            raise NotFound(_("This run was screened against no list."), code="no-screen", found=run.reference)
        return Response(ScreenShow(found).data)


class ControlSequences(LabView):
    """Sequences of a control."""

    parser_classes = [MultiPartParser]

    @creates("control_sequence_add", SequenceFileAsk, SequencesShow, area="batches")
    def post(self, request: Request, uuid: UUID, pk: int) -> Response:
        """Hand in the trace or sequences of a control: samples of the batch are screened against them."""
        batch = batch_get(actor=self.actor, key=uuid)
        control = control_get(actor=self.actor, batch=batch, pk=pk)
        sent = self.body(SequenceFileAsk)["file"]
        kept = control_sequence_add(actor=self.actor, control=control, name=sent.name, source=sent)
        location = f"/api/v1/batches/{batch.uuid}/"
        return Response(SequencesShow({"sequences": kept}).data, status=201, headers={"Location": location})


class StaffSequences(LabView):
    """Sequences of the staff."""

    parser_classes = [MultiPartParser]

    @lists("staff_sequence_list", SequenceShow, area="batches")
    def get(self, request: Request) -> Response:
        """Sequences kept and withdrawn, newest first."""
        return self.page(staff_list(actor=self.actor), SequenceShow)

    @creates("staff_sequence_add", StaffAsk, SequencesShow, area="batches")
    def post(self, request: Request) -> Response:
        """Keep a sequence of somebody who agreed to it."""
        data = self.body(StaffAsk)
        kept = staff_sequence_add(
            actor=self.actor,
            code=data["code"],
            agreed_on=data["agreed_on"],
            name=data["file"].name,
            source=data["file"],
        )
        location = "/api/v1/staff-sequences/"
        return Response(SequencesShow({"sequences": kept}).data, status=201, headers={"Location": location})


class StaffSequenceWithdraw(LabView):
    """The end of a staff sequence."""

    @acts("staff_sequence_withdraw", None, SequenceShow, area="batches")
    def post(self, request: Request, uuid: UUID) -> Response:
        """Erase its bases; runs from now on are not screened against it."""
        row = staff_get(actor=self.actor, uuid=uuid)
        if row is None:
            raise NotFound(_("There is no such sequence."), code="not-found", found=str(uuid))
        return Response(SequenceShow(staff_sequence_withdraw(actor=self.actor, sequence=row)).data)


urlpatterns = [
    path("runs/<uuid:uuid>/screen/", RunScreen.as_view(), name="run-screen"),
    path("batches/<uuid:uuid>/controls/<int:pk>/sequences/", ControlSequences.as_view(), name="control-sequences"),
    path("staff-sequences/", StaffSequences.as_view(), name="staff-sequences"),
    path("staff-sequences/<uuid:uuid>/withdraw/", StaffSequenceWithdraw.as_view(), name="staff-sequence-withdraw"),
]
