"""Records of references fetched by accession from a public server: the job, what was asked for, what came."""

import uuid

from django.db import models
from django.db.models import Q

from chain_of_custody.models import Party, StoredFile
from lims.lab.enums import JobState
from lims.lab.models.jobs import JobBase


class RecordFetch(JobBase):
    """A list of accessions to fetch. `report` has a row for each, `file` the records as the server sent them.

    With `wanted`, pairs of species and locus, it is a search: `report` tells the accessions that the server has of each
    pair, at most `most`, and no record is fetched.

    A fetch that failed or was cancelled goes on where it stopped: what came is kept until it is done.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=120)
    accessions = models.JSONField(default=list)
    wanted = models.JSONField(default=list)
    most = models.PositiveSmallIntegerField(default=5)
    report = models.JSONField(default=list)
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    asked_by = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name_plural = "record fetches"
        constraints = [models.CheckConstraint(condition=Q(state__in=JobState.values), name="record_fetch_state")]
        indexes = [models.Index(fields=["state", "lease_until"], name="record_fetch_by_state")]

    def __str__(self) -> str:
        return self.name
