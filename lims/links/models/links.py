"""Links and what happened to them."""

import uuid

from django.db import models
from django.db.models import F, Q

from chain_of_custody.models import Party
from lims.casework.models import Seizure
from lims.links.enums import FINDS, RELEASES, LinkAct, LinkBasis
from lims.links.models.searches import LinkSearch


class Link(models.Model):
    """Two seizures that a search found to share animals or families of one species, typed with one marker panel.

    The row says which two; everything else is in its entries.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    reference = models.CharField(max_length=40, unique=True)
    first = models.ForeignKey(Seizure, on_delete=models.PROTECT, related_name="links_first")
    second = models.ForeignKey(Seizure, on_delete=models.PROTECT, related_name="links_second")
    taxon = models.CharField(max_length=120)
    panel = models.CharField(max_length=80)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(first__lt=F("second")), name="link_in_order"),
            models.UniqueConstraint(fields=["first", "second", "taxon", "panel"], name="link_once"),
        ]

    def __str__(self) -> str:
        return self.reference


class LinkEntry(models.Model):
    """One act or find. Rows are never changed or removed: the database refuses it.

    A find carries its search, basis and numbers; a release the side (one of the two seizures) it is for.
    """

    link = models.ForeignKey(Link, on_delete=models.PROTECT, related_name="entries")
    number = models.PositiveIntegerField()
    act = models.CharField(max_length=20, choices=LinkAct.choices)
    by = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    note = models.CharField(max_length=500, blank=True)
    side = models.ForeignKey(Seizure, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    search = models.ForeignKey(LinkSearch, on_delete=models.PROTECT, null=True, blank=True, related_name="entries")
    basis = models.CharField(max_length=10, choices=LinkBasis.choices, blank=True)
    evidence = models.JSONField(default=dict)
    evidence_sha256 = models.CharField(max_length=64, blank=True)

    class Meta:
        verbose_name_plural = "link entries"
        constraints = [
            models.UniqueConstraint(fields=["link", "number"], name="link_entry_once"),
            models.CheckConstraint(condition=Q(act__in=LinkAct.values), name="link_entry_act"),
            models.CheckConstraint(
                condition=Q(act__in=sorted(FINDS), search__isnull=False)
                | (~Q(act__in=sorted(FINDS)) & Q(search__isnull=True)),
                name="link_entry_search",
            ),
            models.CheckConstraint(
                condition=Q(act__in=sorted(RELEASES), side__isnull=False)
                | (~Q(act__in=sorted(RELEASES)) & Q(side__isnull=True)),
                name="link_entry_side",
            ),
            models.CheckConstraint(
                condition=(Q(act=LinkAct.PROPOSED) & Q(basis__in=LinkBasis.values))
                | (~Q(act=LinkAct.PROPOSED) & Q(basis="")),
                name="link_entry_basis",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.link_id}/{self.number} {self.act}"
