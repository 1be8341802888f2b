"""Runs of the ledger's own verification, so that pages can show how far one is and how the last one ended."""

from datetime import timedelta
from uuid import uuid4

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from chain_of_custody.enums import CheckKind, CheckState

SILENT = timedelta(minutes=2)
"""A verification not seen for so long has died with its worker."""


class LedgerCheck(models.Model):
    """One verification of the ledger against itself and the checkpoint kept outside the database.

    `since` is the log's size from which an incremental one went on. `findings` are [reason, where, detail]. Nothing
    here is evidence: whoever doubts a row verifies again.
    """

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    kind = models.CharField(max_length=12, choices=CheckKind)
    state = models.CharField(max_length=10, choices=CheckState, default=CheckState.WAITING)
    since = models.BigIntegerField(default=0)
    done = models.BigIntegerField(default=0)
    size = models.BigIntegerField(default=0)
    findings = models.JSONField(default=list)
    seen_at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=CheckKind.values), name="ledger_check_kind"),
            models.CheckConstraint(condition=Q(state__in=CheckState.values), name="ledger_check_state"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} check {self.pk}"

    @property
    def percent(self) -> int:
        """How far it is."""
        return 100 if self.ended_at else 100 * (self.done - self.since) // max(self.size - self.since, 1)

    @property
    def under_way(self) -> bool:
        """Whether it waits or runs, as far as anybody has heard."""
        return self.ended_at is None and self.seen_at > timezone.now() - SILENT
