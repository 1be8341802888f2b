"""Analysis runs and findings."""

import uuid

from django.db import models
from django.db.models import Q

from chain_of_custody.models import Item, Party, StoredFile
from lims.casework.models import Case, ExhibitComponent
from lims.lab.enums import FindingKind, FindingSource, Identification, JobState
from lims.lab.models.jobs import JobBase
from lims.lab.models.references import ReferenceSet
from lims.lab.models.work import Batch


class Run(JobBase):
    """One analysis run: inputs by digest, method and version, reference by digest, result files, outcomes.

    `second_set` is for a method that joins two kinds of reference.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    reference = models.CharField(max_length=40, unique=True)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="runs")
    item = models.ForeignKey(Item, on_delete=models.PROTECT, null=True, blank=True, related_name="runs")
    component = models.ForeignKey(ExhibitComponent, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, null=True, blank=True, related_name="runs")
    method = models.CharField(max_length=60)
    method_version = models.CharField(max_length=40)
    parameters = models.JSONField(default=dict)
    seed = models.BigIntegerField(default=0)
    reference_set = models.ForeignKey(
        ReferenceSet, on_delete=models.PROTECT, null=True, blank=True, related_name="runs"
    )
    second_set = models.ForeignKey(
        ReferenceSet, on_delete=models.PROTECT, null=True, blank=True, related_name="second_runs"
    )
    rerun_of = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="reruns")
    started_by = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    result_digest = models.CharField(max_length=64, blank=True)
    identical = models.BooleanField(null=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(state__in=JobState.values), name="run_state")]
        indexes = [
            models.Index(fields=["state", "lease_until"], name="run_by_state"),
            models.Index(fields=["case", "-id"], name="run_by_case"),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def sets(self) -> tuple[ReferenceSet, ...]:
        """The reference sets it is computed against."""
        return tuple(one for one in (self.reference_set, self.second_set) if one is not None)


class RunInput(models.Model):
    """A raw file a run reads, in its role."""

    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="inputs")
    role = models.CharField(max_length=40)
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="used_by")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "role", "file"], name="run_input_once")]

    def __str__(self) -> str:
        return f"{self.role}: {self.file_id}"


class RunOutput(models.Model):
    """A result file or figure of a run, in the vault."""

    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="outputs")
    name = models.CharField(max_length=120)
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="made_by")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "name"], name="run_output_once")]

    def __str__(self) -> str:
        return self.name


class RunOutcome(models.Model):
    """What a run answered for one query or individual: the summary for lists; the whole is in the vault."""

    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="outcomes")
    number = models.PositiveIntegerField()
    subject = models.CharField(max_length=120)
    identification = models.CharField(max_length=20, choices=Identification.choices)
    name = models.CharField(max_length=160, blank=True)
    summary = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "number"], name="run_outcome_once"),
            models.CheckConstraint(
                condition=Q(identification__in=Identification.values), name="run_outcome_identification"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject}: {self.identification} {self.name}"


class Finding(models.Model):
    """A finding, or apart from it an opinion, about an item or one of its components."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="findings")
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="findings")
    component = models.ForeignKey(
        ExhibitComponent, on_delete=models.PROTECT, null=True, blank=True, related_name="findings"
    )
    kind = models.CharField(max_length=20, choices=FindingKind.choices)
    source = models.CharField(max_length=20, choices=FindingSource.choices)
    run = models.ForeignKey(Run, on_delete=models.PROTECT, null=True, blank=True, related_name="findings")
    outcome = models.ForeignKey(RunOutcome, on_delete=models.PROTECT, null=True, blank=True, related_name="findings")
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    identification = models.CharField(max_length=20, choices=Identification.choices, blank=True)
    name_found = models.CharField(max_length=160, blank=True)
    name_cites = models.CharField(max_length=160, blank=True)
    name_national = models.CharField(max_length=160, blank=True)
    origin_country = models.CharField(max_length=2, blank=True)
    text = models.TextField()
    basis = models.TextField(blank=True)
    provider = models.CharField(max_length=200, blank=True)
    analyst = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    replaced_by = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="replaces")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=FindingKind.values), name="finding_kind"),
            models.CheckConstraint(condition=Q(source__in=FindingSource.values), name="finding_source"),
            models.CheckConstraint(
                condition=Q(identification="") | Q(identification__in=Identification.values),
                name="finding_identification",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind}: {self.name_found or self.text[:40]}"
