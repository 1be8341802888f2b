"""Searches for links."""

import uuid

from django.db import models
from django.db.models import Q

from chain_of_custody.models import Party, StoredFile
from lims.casework.models import Seizure
from lims.lab.enums import JobState
from lims.lab.models import JobBase, Profile, ReferenceSet


class LinkSearch(JobBase):
    """One search: the profiles compared (frozen when it was ordered), rule and method by version, what came of it.

    `seizures` are those chosen, none for all of the laboratory. `rule_set` is the laboratory's signed-off table of
    thresholds, empty where that of the program was used. `frequencies_of` is the population or group of `frequencies`
    that counts, empty for all its animals. `summary` holds counts over the whole search, beside
    what chance lets expect; the whole result is a file in the vault.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    reference = models.CharField(max_length=40, unique=True)
    ordered_by = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    seizures = models.ManyToManyField(Seizure, related_name="link_searches")
    profiles = models.ManyToManyField(Profile, related_name="link_searches")
    units = models.JSONField(default=dict)
    frequencies = models.ForeignKey(
        ReferenceSet, on_delete=models.PROTECT, null=True, blank=True, related_name="link_searches"
    )
    frequencies_taxon = models.CharField(max_length=120, blank=True)
    frequencies_of = models.CharField(max_length=120, blank=True)
    theta = models.FloatField(null=True, blank=True)
    seed = models.BigIntegerField(default=1)
    method = models.CharField(max_length=60)
    method_version = models.CharField(max_length=40)
    rule = models.CharField(max_length=80)
    rule_set = models.ForeignKey(ReferenceSet, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    rule_version = models.CharField(max_length=40)
    rule_sha256 = models.CharField(max_length=64)
    inputs_sha256 = models.CharField(max_length=64)
    summary = models.JSONField(default=dict)
    result = models.ForeignKey(StoredFile, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        verbose_name_plural = "link searches"
        constraints = [
            models.CheckConstraint(condition=Q(state__in=JobState.values), name="link_search_state"),
            models.CheckConstraint(
                condition=Q(theta__isnull=True) | Q(theta__gte=0, theta__lt=1), name="link_search_theta"
            ),
        ]

    def __str__(self) -> str:
        return self.reference
