"""A plate of traces as it was handed in: its rows, the files and run of each, what was refused and why."""

import uuid

from django.db import models

from chain_of_custody.models import Item, Party, StoredFile
from lims.lab.models.references import ReferenceSet
from lims.lab.models.runs import Run
from lims.lab.models.work import Batch, BatchControl


class Plate(models.Model):
    """What one person handed in at once."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, null=True, blank=True, related_name="plates_of_traces")
    reference_set = models.ForeignKey(ReferenceSet, on_delete=models.PROTECT, related_name="+")
    handed_in_by = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    handed_in_at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.uuid)


class PlateSample(models.Model):
    """A row of a plate. A refused one has no run and says why; its files are not kept. A control's row has no run."""

    plate = models.ForeignKey(Plate, on_delete=models.PROTECT, related_name="samples")
    number = models.PositiveIntegerField()
    place = models.CharField(max_length=40, blank=True)
    item = models.ForeignKey(Item, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    forward = models.ForeignKey(StoredFile, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    reverse = models.ForeignKey(StoredFile, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    names = models.CharField(max_length=300, blank=True)
    run = models.OneToOneField(Run, on_delete=models.PROTECT, null=True, blank=True, related_name="plate_sample")
    control = models.ForeignKey(BatchControl, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    problem = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["plate", "number"], name="plate_sample_once")]

    def __str__(self) -> str:
        return f"{self.plate_id}: {self.place or self.number}"
