"""Genotype profiles of evidence."""

import uuid

from django.db import models
from django.db.models import Q

from chain_of_custody.models import Item, Party, StoredFile
from lims.casework.models import Case, Seizure
from lims.lab.models.runs import Run


class Profile(models.Model):
    """The genotype of an item: consensus alleles by locus, with the table and row it was read from.

    Rows are never changed (the database refuses it): a new profile of an item names the one it supersedes. A profile is
    evidence and never enters reference population data. `loci` maps each typed locus to its two alleles; `digest` is
    over species, panel and loci.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="profiles")
    seizure = models.ForeignKey(Seizure, on_delete=models.PROTECT, related_name="profiles")
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="profiles")
    taxon = models.CharField(max_length=120)
    panel = models.CharField(max_length=80)
    loci = models.JSONField()
    typed = models.PositiveIntegerField()
    panel_size = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)
    quality = models.JSONField(default=dict)
    basis = models.CharField(max_length=300)
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="profiles")
    row = models.PositiveIntegerField()
    run = models.ForeignKey(Run, on_delete=models.PROTECT, null=True, blank=True, related_name="profiles")
    supersedes = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="superseded_by"
    )
    entered_by = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    entered_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(typed__gte=1, typed__lte=models.F("panel_size")), name="profile_typed_of_panel"
            ),
            models.UniqueConstraint(fields=["file", "row", "item"], name="profile_row_once"),
            models.UniqueConstraint(
                fields=["item", "panel"], condition=Q(supersedes__isnull=True), name="profile_first_once"
            ),
        ]
        indexes = [
            models.Index(fields=["taxon", "panel"], name="profile_by_taxon"),
            models.Index(fields=["case", "-id"], name="profile_by_case"),
        ]

    def __str__(self) -> str:
        return f"{self.item_id}: {self.panel}"
