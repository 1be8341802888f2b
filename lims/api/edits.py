"""Edits of bases over the API: proposed, read by a second person, computed with."""

from uuid import UUID

from django.urls import path
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from lims.api.fields import Input
from lims.api.lab import LabView, accepted
from lims.api.lab_shapes import RunShow
from lims.api.operations import acts, creates, lists
from lims.lab.models import BaseEdit
from lims.lab.selectors.traces import edit_get, edit_list
from lims.lab.selectors.work import run_get
from lims.lab.services.edits import edit_propose, edit_read, edit_withdraw, edits_compute


class EditShow(serializers.ModelSerializer[BaseEdit]):
    """An edit of a base."""

    run = serializers.CharField(source="run.reference")
    editor = serializers.CharField(source="editor.name")
    reader = serializers.CharField(source="reader.name", allow_null=True, default=None)

    class Meta:
        model = BaseEdit
        fields = [
            "uuid", "run", "position", "old", "new", "reason", "editor", "made_at", "state", "reader", "read_at",
            "note",
        ]  # fmt: skip


class EditAsk(Input):
    """A base to read otherwise. `old` empty inserts before the position, `new` empty takes the base out."""

    position = serializers.IntegerField(min_value=1)
    old = serializers.CharField(max_length=1, allow_blank=True, required=False, default="")
    new = serializers.CharField(max_length=1, allow_blank=True, required=False, default="")
    reason = serializers.CharField(max_length=300)


class EditReadAsk(Input):
    """The word of the second reader."""

    agree = serializers.BooleanField()
    note = serializers.CharField(max_length=300, allow_blank=True, required=False, default="")


class EditWithdrawAsk(Input):
    """Why an edit is taken back."""

    note = serializers.CharField(max_length=300)


class Edits(LabView):
    """Edits of a run."""

    @lists("edit_list", EditShow, area="runs")
    def get(self, request: Request, uuid: UUID) -> Response:
        """Edits by position, with those refused and withdrawn."""
        run = run_get(actor=self.actor, key=uuid)
        self.shows(run.case, kind="run", subject=run.uuid, reference=run.reference)
        return self.page(edit_list(actor=self.actor, run=run), EditShow)

    @creates("edit_propose", EditAsk, EditShow, area="runs")
    def post(self, request: Request, uuid: UUID) -> Response:
        """Propose an edit; the traces never change."""
        made = edit_propose(actor=self.actor, run=run_get(actor=self.actor, key=uuid), **self.body(EditAsk))
        row = edit_get(actor=self.actor, uuid=made.uuid)
        return Response(EditShow(row).data, status=201, headers={"Location": request.path})


class EditReading(LabView):
    """The second reading of an edit."""

    @acts("edit_read", EditReadAsk, EditShow, area="runs")
    def post(self, request: Request, uuid: UUID) -> Response:
        """Agree or refuse; never one's own."""
        edit_read(actor=self.actor, edit=edit_get(actor=self.actor, uuid=uuid), **self.body(EditReadAsk))
        return Response(EditShow(edit_get(actor=self.actor, uuid=uuid)).data)


class EditWithdrawal(LabView):
    """The end of one's own edit."""

    @acts("edit_withdraw", EditWithdrawAsk, EditShow, area="runs")
    def post(self, request: Request, uuid: UUID) -> Response:
        """Take it back while nobody has read it."""
        edit_withdraw(actor=self.actor, edit=edit_get(actor=self.actor, uuid=uuid), **self.body(EditWithdrawAsk))
        return Response(EditShow(edit_get(actor=self.actor, uuid=uuid)).data)


class EditedRun(LabView):
    """A run with agreed edits."""

    @creates("edits_compute", None, RunShow, area="runs", status=202)
    def post(self, request: Request, uuid: UUID) -> Response:
        """Queue a run over the same traces with the agreed edits: 202 with its address."""
        made = edits_compute(actor=self.actor, run=run_get(actor=self.actor, key=uuid))
        return accepted(run_get(actor=self.actor, key=made.uuid))


urlpatterns = [
    path("runs/<uuid:uuid>/edits/", Edits.as_view(), name="run-edits"),
    path("runs/<uuid:uuid>/edited-run/", EditedRun.as_view(), name="edited-run"),
    path("edits/<uuid:uuid>/reading/", EditReading.as_view(), name="edit-reading"),
    path("edits/<uuid:uuid>/withdrawal/", EditWithdrawal.as_view(), name="edit-withdrawal"),
]
