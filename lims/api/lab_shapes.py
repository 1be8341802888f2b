"""Shapes of the laboratory's work over the API."""

from typing import Any

from rest_framework import serializers

from lims.api.fields import Code, Input, Output
from lims.lab.enums import (
    BatchKind,
    ControlKind,
    FindingKind,
    FindingSource,
    Identification,
    Question,
    ReferenceKind,
    ReferenceRight,
)
from lims.lab.models import (
    Batch,
    BatchControl,
    ExaminationRequest,
    Finding,
    ReferenceBuild,
    ReferenceGrant,
    ReferenceSet,
    Run,
)
from lims.lab.rules.methods import METHOD_SHAPES


class QuestionAsk(Input):
    """One question about one item."""

    item = serializers.CharField(help_text="UUID or reference of an item")
    question = Code(Question.values)
    component = serializers.UUIDField(required=False)
    note = serializers.CharField(required=False, allow_blank=True, max_length=300)


class ExaminationAsk(Input):
    """An examination request."""

    lines = QuestionAsk(many=True)
    propositions = serializers.CharField(required=False, allow_blank=True, max_length=500)
    destructive_allowed = serializers.BooleanField(default=False)
    due_on = serializers.DateField(required=False)


class DecisionAsk(Input):
    """Contract review: accept or decline."""

    accept = serializers.BooleanField()
    note = serializers.CharField(required=False, allow_blank=True, max_length=500)
    due_on = serializers.DateField(required=False)


class QuestionShow(Output):
    """A question as asked."""

    item = serializers.UUIDField(source="item.uuid")
    reference = serializers.CharField(source="item.reference")
    question = serializers.CharField()
    note = serializers.CharField()


class ExaminationShow(serializers.ModelSerializer[ExaminationRequest]):
    """An examination request."""

    case = serializers.CharField(source="case.reference")
    requested_by = serializers.CharField(source="requested_by.name")
    customer = serializers.CharField(source="customer.name")
    lines = QuestionShow(many=True)

    class Meta:
        model = ExaminationRequest
        fields = [
            "uuid", "reference", "case", "requested_by", "requested_at", "customer", "propositions",
            "destructive_allowed", "due_on", "state", "decided_at", "decision_note", "version", "lines",
        ]  # fmt: skip


class BatchItemAsk(Input):
    """An item and its position."""

    item = serializers.CharField(help_text="UUID or reference of an item")
    position = serializers.CharField(required=False, allow_blank=True, max_length=10)


class BatchControlAsk(Input):
    """A control and what it should show."""

    kind = Code(ControlKind.values)
    position = serializers.CharField(required=False, allow_blank=True, max_length=10, default="")
    expectation = serializers.CharField(required=False, allow_blank=True, max_length=200, default="")


class BatchAsk(Input):
    """A batch to open."""

    kind = Code(BatchKind.values)
    method = serializers.CharField(max_length=120)
    items = BatchItemAsk(many=True)
    controls = BatchControlAsk(many=True)
    plate = serializers.CharField(required=False, help_text="UUID or reference of the plate")
    reagents = serializers.CharField(required=False, allow_blank=True, max_length=300)
    instrument = serializers.CharField(required=False, allow_blank=True, max_length=120)


class ControlAsk(Input):
    """How a control came out."""

    passed = serializers.BooleanField()
    note = serializers.CharField(required=False, allow_blank=True, max_length=300)


class DispositionAsk(Input):
    """Quality's disposition of a blocked batch."""

    release = serializers.BooleanField()
    disposition = serializers.CharField(max_length=500)


class ControlShow(serializers.ModelSerializer[BatchControl]):
    """A control."""

    class Meta:
        model = BatchControl
        fields = ["id", "kind", "position", "expectation", "outcome", "note", "read_at"]


class BatchItemShow(Output):
    """An item of a batch."""

    item = serializers.UUIDField(source="item.uuid")
    reference = serializers.CharField(source="item.reference")
    position = serializers.CharField()


class BatchShow(serializers.ModelSerializer[Batch]):
    """A batch."""

    items = BatchItemShow(many=True)
    controls = ControlShow(many=True)
    plate = serializers.UUIDField(source="plate.uuid", allow_null=True, default=None)
    opened_by = serializers.CharField(source="opened_by.name")

    class Meta:
        model = Batch
        fields = [
            "uuid", "reference", "kind", "method", "state", "plate", "reagents", "instrument", "opened_by", "opened_at",
            "disposition", "version", "items", "controls",
        ]  # fmt: skip


class RunInputAsk(Input):
    """A stored file in its role."""

    role = serializers.CharField(max_length=40)
    file = serializers.UUIDField()


class RunAsk(Input):
    """A run to queue."""

    method = serializers.CharField(max_length=60)
    inputs = RunInputAsk(many=True)
    item = serializers.CharField(required=False, help_text="UUID or reference of an item")
    component = serializers.UUIDField(required=False)
    batch = serializers.UUIDField(required=False)
    reference_set = serializers.UUIDField(required=False)
    second_set = serializers.UUIDField(required=False, help_text="For a method that joins two kinds of reference")
    parameters = serializers.DictField(required=False)
    seed = serializers.IntegerField(default=1, min_value=0, max_value=2**31 - 1)


RUN_FIELDS = {
    **{one.name: f"parameters/{one.name}" for shape in METHOD_SHAPES.values() for one in shape.parameters},
    "reference": "reference_set",
    "second_reference": "second_set",
}
"""Where what the service calls by name stands in the body."""


class RunInputShow(Output):
    """A file the run reads, by digest."""

    role = serializers.CharField()
    file = serializers.UUIDField(source="file.uuid")
    name = serializers.CharField(source="file.name")
    sha256 = serializers.CharField(source="file.digest")


class RunOutputShow(Output):
    """A file the run made."""

    name = serializers.CharField()
    file = serializers.UUIDField(source="file.uuid")
    media_type = serializers.CharField(source="file.media_type")
    size = serializers.IntegerField(source="file.size")
    sha256 = serializers.CharField(source="file.digest")


class RunOutcomeShow(Output):
    """What the run answered for one query."""

    number = serializers.IntegerField()
    subject = serializers.CharField()
    identification = Code(Identification.values)
    name = serializers.CharField()
    summary = serializers.DictField()


class RunShow(serializers.ModelSerializer[Run]):
    """An analysis run: state, progress, inputs, results."""

    case = serializers.CharField(source="case.reference")
    item = serializers.CharField(source="item.reference", allow_null=True, default=None)
    batch = serializers.CharField(source="batch.reference", allow_null=True, default=None)
    reference_set = serializers.UUIDField(source="reference_set.uuid", allow_null=True, default=None)
    reference_digest = serializers.CharField(source="reference_set.digest", allow_null=True, default=None)
    second_set = serializers.UUIDField(source="second_set.uuid", allow_null=True, default=None)
    second_digest = serializers.CharField(source="second_set.digest", allow_null=True, default=None)
    rerun_of = serializers.UUIDField(source="rerun_of.uuid", allow_null=True, default=None)
    inputs = RunInputShow(many=True)
    outputs = RunOutputShow(many=True)
    outcomes = RunOutcomeShow(many=True)

    class Meta:
        model = Run
        fields = [
            "uuid", "reference", "case", "item", "batch", "method", "method_version", "parameters", "seed",
            "reference_set", "reference_digest", "second_set", "second_digest",
            "state", "progress", "message", "attempt", "cancel_requested", "error", "queued_at",
            "started_at", "finished_at", "result_digest", "rerun_of", "identical", "inputs", "outputs", "outcomes",
        ]  # fmt: skip


class FindingAsk(Input):
    """A finding, or apart from it an opinion."""

    item = serializers.CharField(help_text="UUID or reference of an item")
    kind = Code(FindingKind.values, required=False, default=FindingKind.FINDING)
    source = Code(FindingSource.values, required=False, default=FindingSource.RUN)  # type: ignore[assignment]  # its name
    text = serializers.CharField(max_length=8000)
    run = serializers.UUIDField(required=False)
    outcome = serializers.IntegerField(required=False, min_value=1)
    component = serializers.UUIDField(required=False)
    identification = Code(Identification.values, required=False, allow_blank=True)
    name_found = serializers.CharField(required=False, allow_blank=True, max_length=160)
    name_cites = serializers.CharField(required=False, allow_blank=True, max_length=160)
    name_national = serializers.CharField(required=False, allow_blank=True, max_length=160)
    origin_country = serializers.CharField(
        required=False, allow_blank=True, max_length=2, help_text="ISO code of the country of origin, where established"
    )
    basis = serializers.CharField(required=False, allow_blank=True, max_length=8000)
    provider = serializers.CharField(required=False, allow_blank=True, max_length=200)
    replaces = serializers.UUIDField(required=False)
    reason = serializers.CharField(required=False, allow_blank=True, max_length=500)


class FindingShow(serializers.ModelSerializer[Finding]):
    """A finding or an opinion."""

    item = serializers.CharField(source="item.reference")
    component = serializers.CharField(source="component.label", allow_null=True, default=None)
    run = serializers.CharField(source="run.reference", allow_null=True, default=None)
    analyst = serializers.CharField(source="analyst.name")

    class Meta:
        model = Finding
        fields = [
            "uuid", "item", "component", "kind", "source", "run", "identification", "name_found", "name_cites",
            "name_national", "origin_country", "text", "basis", "provider", "analyst", "made_at",
        ]  # fmt: skip


class ReferenceAsk(Input):
    """A reference to propose, with its source files."""

    kind = Code(ReferenceKind.values)
    name = serializers.CharField(max_length=120)
    edition = serializers.CharField(max_length=40)
    provenance = serializers.CharField(max_length=500)
    synthetic = serializers.BooleanField(default=False)
    restricted = serializers.BooleanField(default=False)
    coarse_km = serializers.IntegerField(
        default=0, min_value=0, max_value=1000, help_text="Size of the squares that stand for places; 0 for the usual"
    )
    parameters = serializers.JSONField(required=False)
    files = serializers.ListField(child=serializers.FileField(), min_length=1)

    def validate_parameters(self, value: Any) -> dict[str, Any]:
        """An object of names and texts."""
        if not isinstance(value, dict):
            raise serializers.ValidationError('Give an object, such as {"id_column": "id"}.')
        return value


class ReferenceWordAsk(Input):
    """Why it is approved or retired."""

    note = serializers.CharField(max_length=500)


class RestrictionAsk(Input):
    """Restrict a set to people with a grant, or open it."""

    restricted = serializers.BooleanField()
    coarse_km = serializers.IntegerField(default=0, min_value=0, max_value=1000)
    reason = serializers.CharField(max_length=500)


class GrantAsk(Input):
    """A person who may use a restricted set."""

    party = serializers.UUIDField(help_text="UUID of the person's party")
    right = Code(ReferenceRight.values)
    reason = serializers.CharField(max_length=500)


class GrantEndAsk(Input):
    """Why a grant ends."""

    reason = serializers.CharField(max_length=500)


class GrantShow(serializers.ModelSerializer[ReferenceGrant]):
    """A grant on a restricted set."""

    party = serializers.UUIDField(source="party.uuid")
    name = serializers.CharField(source="party.name")
    granted_by = serializers.CharField(source="granted_by.name")

    class Meta:
        model = ReferenceGrant
        fields = ["id", "party", "name", "right", "reason", "granted_by", "granted_at", "ended_at"]


class BuildShow(serializers.ModelSerializer[ReferenceBuild]):
    """The job that builds a reference set."""

    class Meta:
        model = ReferenceBuild
        fields = [
            "state", "progress", "message", "attempt", "cancel_requested", "error", "queued_at", "started_at",
            "finished_at",
        ]  # fmt: skip


class ReferenceShow(serializers.ModelSerializer[ReferenceSet]):
    """A reference set; `file`, `digest`, `records` and `summary` stand there once it is built."""

    added_by = serializers.CharField(source="added_by.name")
    approved_by = serializers.CharField(source="approved_by.name", allow_null=True, default=None)
    file = serializers.UUIDField(source="file.uuid", allow_null=True, default=None)
    build = BuildShow(allow_null=True)

    class Meta:
        model = ReferenceSet
        fields = [
            "uuid", "kind", "name", "edition", "digest", "file", "records", "summary", "parameters", "provenance",
            "synthetic", "restricted", "coarse_km", "state", "build", "added_by", "added_at", "approved_by",
            "approved_at",
        ]  # fmt: skip
