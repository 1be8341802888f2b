"""Examination requests and bench batches."""

import uuid

from django.db import models
from django.db.models import Q

from chain_of_custody.models import Item, Party
from lims.casework.models import Case, ExhibitComponent
from lims.lab.enums import BatchKind, BatchState, ControlKind, ControlOutcome, Question, RequestState


class ExaminationRequest(models.Model):
    """What the customer asks, per item; accepted or declined in contract review."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    reference = models.CharField(max_length=40, unique=True)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="examination_requests")
    requested_by = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField()
    customer = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    propositions = models.CharField(max_length=500, blank=True)
    destructive_allowed = models.BooleanField(default=False)
    due_on = models.DateField(null=True, blank=True)
    state = models.CharField(max_length=20, choices=RequestState.choices, default=RequestState.SUBMITTED)
    decided_by = models.ForeignKey(Party, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    decision_note = models.CharField(max_length=500, blank=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=RequestState.values), name="examination_request_state")
        ]
        indexes = [models.Index(fields=["state", "id"], name="examination_by_state")]

    def __str__(self) -> str:
        return self.reference


class RequestLine(models.Model):
    """One question about one item."""

    request = models.ForeignKey(ExaminationRequest, on_delete=models.PROTECT, related_name="lines")
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="request_lines")
    component = models.ForeignKey(ExhibitComponent, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    question = models.CharField(max_length=20, choices=Question.choices)
    note = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(question__in=Question.values), name="request_line_question"),
            models.UniqueConstraint(
                fields=["request", "item", "component", "question"],
                nulls_distinct=False,
                name="request_line_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.request_id}: {self.question}"


class Batch(models.Model):
    """A bench step for several items with its controls."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    reference = models.CharField(max_length=40, unique=True)
    kind = models.CharField(max_length=20, choices=BatchKind.choices)
    method = models.CharField(max_length=120)
    plate = models.ForeignKey(Item, on_delete=models.PROTECT, null=True, blank=True, related_name="batches")
    state = models.CharField(max_length=20, choices=BatchState.choices, default=BatchState.OPEN)
    reagents = models.CharField(max_length=300, blank=True)
    instrument = models.CharField(max_length=120, blank=True)
    opened_by = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField()
    disposition = models.CharField(max_length=500, blank=True)
    disposed_by = models.ForeignKey(Party, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    version = models.PositiveIntegerField(default=1)

    class Meta:
        verbose_name_plural = "batches"
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=BatchKind.values), name="batch_kind"),
            models.CheckConstraint(condition=Q(state__in=BatchState.values), name="batch_state"),
        ]

    def __str__(self) -> str:
        return self.reference


class BatchItem(models.Model):
    """An item in a batch, at its position."""

    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="items")
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="batch_items")
    position = models.CharField(max_length=10, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["batch", "item"], name="batch_item_once")]

    def __str__(self) -> str:
        return f"{self.batch_id}: {self.item_id}"


class BatchControl(models.Model):
    """A control of a batch and how it came out."""

    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="controls")
    kind = models.CharField(max_length=20, choices=ControlKind.choices)
    position = models.CharField(max_length=10, blank=True)
    expectation = models.CharField(max_length=200, blank=True)
    outcome = models.CharField(max_length=20, choices=ControlOutcome.choices, default=ControlOutcome.PENDING)
    note = models.CharField(max_length=300, blank=True)
    read_by = models.ForeignKey(Party, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=ControlKind.values), name="control_kind"),
            models.CheckConstraint(condition=Q(outcome__in=ControlOutcome.values), name="control_outcome"),
        ]

    def __str__(self) -> str:
        return f"{self.kind}: {self.outcome}"
