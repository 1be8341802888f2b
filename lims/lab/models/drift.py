"""What a new edition of a reference set would change in findings that rest on an older one."""

import uuid

from django.db import models
from django.db.models import Q

from chain_of_custody.models import Party
from lims.lab.enums import DriftDecision, DriftKind, Identification, JobState
from lims.lab.models.jobs import JobBase
from lims.lab.models.references import ReferenceSet
from lims.lab.models.runs import Run, RunOutcome


class DriftCheck(JobBase):
    """The job that computes reported runs again against a new edition; one at a time for an edition."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    reference = models.ForeignKey(ReferenceSet, on_delete=models.PROTECT, related_name="drift_checks")
    asked_by = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    runs = models.PositiveIntegerField(default=0)
    answers = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=JobState.values), name="drift_check_state"),
            models.UniqueConstraint(
                fields=["reference"],
                condition=Q(state__in=[JobState.QUEUED, JobState.RUNNING]),
                name="drift_check_one_at_a_time",
            ),
        ]
        indexes = [models.Index(fields=["state", "lease_until"], name="drift_check_by_state")]

    def __str__(self) -> str:
        return f"{self.reference_id}: {self.state}"


class DriftLine(models.Model):
    """An answer that would change, or a run that could not be computed again. The run itself keeps what it said."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    check_of = models.ForeignKey(DriftCheck, on_delete=models.PROTECT, related_name="lines")
    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="drift_lines")
    outcome = models.ForeignKey(RunOutcome, on_delete=models.PROTECT, null=True, blank=True, related_name="drift_lines")
    kind = models.CharField(max_length=20, choices=DriftKind.choices)
    identification = models.CharField(max_length=20, choices=Identification.choices, blank=True)
    name = models.CharField(max_length=160, blank=True)
    method_version = models.CharField(max_length=40)
    statement = models.TextField(blank=True)
    decision = models.CharField(max_length=20, choices=DriftDecision.choices, default=DriftDecision.OPEN)
    note = models.CharField(max_length=500, blank=True)
    decided_by = models.ForeignKey(Party, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=DriftKind.values), name="drift_line_kind"),
            models.CheckConstraint(condition=Q(decision__in=DriftDecision.values), name="drift_line_decision"),
            models.CheckConstraint(
                condition=Q(identification="") | Q(identification__in=Identification.values),
                name="drift_line_identification",
            ),
            models.CheckConstraint(
                condition=Q(decision=DriftDecision.OPEN) | Q(decided_by__isnull=False), name="drift_line_decided"
            ),
            models.UniqueConstraint(
                fields=["check_of", "run", "outcome"], nulls_distinct=False, name="drift_line_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.run_id}: {self.kind}"
