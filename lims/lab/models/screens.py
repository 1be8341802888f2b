"""What runs are screened against: sequences of samples, controls and staff, and the frozen list of each run."""

import uuid

from django.db import models
from django.db.models import Q

from chain_of_custody.models import Party, StoredFile
from lims.lab.enums import ScreenKind
from lims.lab.models.runs import Run
from lims.lab.models.work import BatchControl


class ScreenSequence(models.Model):
    """A sequence to screen against: of a finished run, of a batch's control, or of a member of staff.

    `digest` is SHA-256 over `salt` and the bases, so that a record of one case tells nothing of the sequence of another
    case or person. A control without a readable sequence has no bases; neither has a staff sequence that was
    withdrawn: its bases are erased.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(max_length=20, choices=ScreenKind.choices)
    run = models.ForeignKey(Run, on_delete=models.PROTECT, null=True, blank=True, related_name="sequences")
    number = models.PositiveIntegerField(default=1)
    control = models.ForeignKey(BatchControl, on_delete=models.PROTECT, null=True, blank=True, related_name="sequences")
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    name = models.CharField(max_length=120)
    locus = models.CharField(max_length=60, blank=True)
    bases = models.TextField(blank=True)
    salt = models.CharField(max_length=64)
    digest = models.CharField(max_length=64)
    added_by = models.ForeignKey(Party, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    added_at = models.DateTimeField()
    agreed_on = models.DateField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=ScreenKind.values), name="screen_sequence_kind"),
            models.CheckConstraint(
                condition=Q(kind=ScreenKind.RUN, run__isnull=False, control__isnull=True)
                | Q(kind=ScreenKind.CONTROL, run__isnull=True, control__isnull=False)
                | Q(kind=ScreenKind.STAFF, run__isnull=True, control__isnull=True, agreed_on__isnull=False),
                name="screen_sequence_owner",
            ),
            models.CheckConstraint(
                condition=~Q(kind=ScreenKind.STAFF) | Q(ended_at__isnull=True) | Q(bases=""),
                name="screen_sequence_erased",
            ),
            models.UniqueConstraint(fields=["run", "number"], name="screen_sequence_run_once"),
        ]
        indexes = [models.Index(fields=["kind", "-added_at"], name="screen_sequence_recent")]

    def __str__(self) -> str:
        return f"{self.kind}: {self.name}"


class RunScreen(models.Model):
    """What one run is screened against, frozen when it was first taken: identifiers, digests and dates, no bases.

    A repetition of the run has the very same list.
    """

    run = models.OneToOneField(Run, on_delete=models.PROTECT, related_name="screened")
    content = models.JSONField(default=dict)
    digest = models.CharField(max_length=64)

    def __str__(self) -> str:
        return f"{self.run_id}: {self.digest[:12]}"
