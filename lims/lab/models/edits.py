"""Edits of bases: a layer over the traces of a run, each with a reason and a second reader. The traces never change."""

import uuid

from django.db import models
from django.db.models import F, Q

from chain_of_custody.models import Party, StoredFile
from lims.lab.enums import EditState
from lims.lab.models.runs import Run


class BaseEdit(models.Model):
    """One edit: `position` counts bases of the unedited consensus from 1; `old` or `new` is empty for none."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="edits")
    position = models.PositiveIntegerField()
    old = models.CharField(max_length=1, blank=True)
    new = models.CharField(max_length=1, blank=True)
    reason = models.CharField(max_length=300)
    editor = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    state = models.CharField(max_length=20, choices=EditState.choices, default=EditState.OPEN)
    reader = models.ForeignKey(Party, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    read_at = models.DateTimeField(null=True, blank=True)
    note = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=EditState.values), name="base_edit_state"),
            models.CheckConstraint(
                condition=Q(reader__isnull=True) | ~Q(reader=F("editor")) | Q(state=EditState.WITHDRAWN),
                name="base_edit_two_people",
            ),
            models.CheckConstraint(condition=Q(state=EditState.OPEN) | Q(reader__isnull=False), name="base_edit_read"),
            models.UniqueConstraint(
                fields=["run", "position"],
                condition=Q(state__in=[EditState.OPEN, EditState.AGREED]),
                name="base_edit_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.position} {self.old or '+'}>{self.new or '-'}"


class EditLayer(models.Model):
    """The agreed edits of a run as they were frozen into a file for another run."""

    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="layers")
    file = models.OneToOneField(StoredFile, on_delete=models.PROTECT, related_name="edit_layer")
    made_by = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.run_id}: {self.file_id}"
