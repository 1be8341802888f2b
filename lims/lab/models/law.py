"""Lists of what the law protects: editions of the CITES Appendices and of national lists, as imported."""

import uuid

from django.db import models
from django.db.models import Q

from chain_of_custody.models import StoredFile
from lims.lab.enums import JobState, LegalScheme, NameKind, ReferenceState
from lims.lab.models.approval import Approved
from lims.lab.models.jobs import JobBase


class LegalList(Approved, JobBase):
    """One edition of one list, read from a file that stays in the vault; the job's state is that of the reading.

    `as_of` is the day whose law the file gives. `history_since` is the first day of its history, empty when the file
    holds the listings of `as_of` alone.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    scheme = models.CharField(max_length=20, choices=LegalScheme.choices)
    jurisdiction = models.CharField(max_length=2, blank=True)
    name = models.CharField(max_length=120)
    edition = models.CharField(max_length=40)
    as_of = models.DateField()
    history_since = models.DateField(null=True, blank=True)
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+")
    taxa_count = models.PositiveIntegerField(default=0)
    listing_count = models.PositiveIntegerField(default=0)
    refused_count = models.PositiveIntegerField(default=0)
    report = models.JSONField(default=dict)
    provenance = models.CharField(max_length=500)
    standing = models.CharField(max_length=20, choices=ReferenceState.choices, default=ReferenceState.PROPOSED)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(scheme__in=LegalScheme.values), name="legal_list_scheme"),
            models.CheckConstraint(condition=Q(state__in=JobState.values), name="legal_list_state"),
            models.CheckConstraint(condition=Q(standing__in=ReferenceState.values), name="legal_list_standing"),
            models.CheckConstraint(
                condition=Q(scheme=LegalScheme.CITES, jurisdiction="")
                | (Q(scheme=LegalScheme.NATIONAL) & ~Q(jurisdiction="")),
                name="legal_list_jurisdiction",
            ),
            models.UniqueConstraint(
                fields=["scheme", "jurisdiction", "name", "edition"],
                condition=~Q(state__in=[JobState.FAILED, JobState.CANCELLED]),
                name="legal_list_edition_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.edition}"


class LegalTaxon(models.Model):
    """A taxon as a list names it; `incomplete` when a row about it could not be read."""

    list = models.ForeignKey(LegalList, on_delete=models.PROTECT, related_name="taxa")
    key = models.CharField(max_length=160, blank=True)
    name = models.CharField(max_length=160)
    rank = models.CharField(max_length=20)
    class_name = models.CharField(max_length=160, blank=True)
    order = models.CharField(max_length=160, blank=True)
    family = models.CharField(max_length=160, blank=True)
    author = models.CharField(max_length=160, blank=True)
    national_name = models.CharField(max_length=160, blank=True)
    incomplete = models.BooleanField(default=False)

    class Meta:
        verbose_name_plural = "legal taxa"
        constraints = [models.UniqueConstraint(fields=["list", "name"], name="legal_taxon_once")]
        indexes = [
            models.Index(
                fields=["list", "name"], name="legal_taxon_prefix", opclasses=["int8_ops", "varchar_pattern_ops"]
            )
        ]

    def __str__(self) -> str:
        return self.name


class LegalName(models.Model):
    """A name, accepted or not, and the taxon it stands for. One synonym may stand for several."""

    list = models.ForeignKey(LegalList, on_delete=models.PROTECT, related_name="names")
    name = models.CharField(max_length=160)
    taxon = models.ForeignKey(LegalTaxon, on_delete=models.PROTECT, related_name="names")
    kind = models.CharField(max_length=20, choices=NameKind.choices)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=NameKind.values), name="legal_name_kind"),
            models.UniqueConstraint(fields=["list", "name", "taxon"], name="legal_name_once"),
        ]

    def __str__(self) -> str:
        return self.name


class LegalListing(models.Model):
    """One row about a taxon, as read; see `lims.lab.rules.listing` for what it means."""

    taxon = models.ForeignKey(LegalTaxon, on_delete=models.PROTECT, related_name="listings")
    row = models.PositiveIntegerField()
    category = models.CharField(max_length=80)
    change = models.CharField(max_length=30)
    effective_on = models.DateField(null=True, blank=True)
    ended_on = models.DateField(null=True, blank=True)
    party = models.CharField(max_length=80, blank=True)
    populations = models.JSONField(default=list)
    populations_except = models.JSONField(default=list)
    specimens = models.JSONField(default=list)
    specimens_except = models.JSONField(default=list)
    annotation = models.TextField(blank=True)

    def __str__(self) -> str:
        return f"{self.taxon_id}: {self.category}"
