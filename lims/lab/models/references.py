"""Reference sets: what they were made from, the job that builds and calibrates them, what came of it."""

import uuid

from django.db import models
from django.db.models import Q

from chain_of_custody.models import Party, StoredFile
from lims.lab.enums import JobState, ReferenceKind, ReferenceRight, ReferenceState
from lims.lab.models.approval import Approved
from lims.lab.models.jobs import JobBase


class ReferenceSet(Approved):
    """A named, versioned, content-hashed reference; once built it never changes. Evidence may not enter it.

    `digest`, `file`, `records`, `summary` and `checks` are empty until a build has written them; `checks` is what the
    build found when it tested the set (accuracy, equilibrium, where animals were sampled), for its page. A `restricted`
    set is seen and used by those with a grant; whatever leaves it shows places as squares of `coarse_km`.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(max_length=20, choices=ReferenceKind.choices)
    name = models.CharField(max_length=120)
    edition = models.CharField(max_length=40)
    digest = models.CharField(max_length=64, blank=True)
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    records = models.PositiveIntegerField(default=0)
    summary = models.JSONField(default=dict)
    parameters = models.JSONField(default=dict)
    provenance = models.CharField(max_length=500, blank=True)
    restricted = models.BooleanField(default=False)
    coarse_km = models.PositiveIntegerField(default=0)
    checks = models.JSONField(default=dict)
    state = models.CharField(max_length=20, choices=ReferenceState.choices, default=ReferenceState.DRAFT)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=ReferenceKind.values), name="reference_kind"),
            models.CheckConstraint(condition=Q(state__in=ReferenceState.values), name="reference_state"),
            models.CheckConstraint(
                condition=Q(state__in=[ReferenceState.DRAFT, ReferenceState.NOT_BUILT])
                | (Q(file__isnull=False) & ~Q(digest="")),
                name="reference_built",
            ),
            models.UniqueConstraint(
                fields=["kind", "name", "edition"],
                condition=~Q(state=ReferenceState.NOT_BUILT),
                name="reference_edition_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.edition}"

    @property
    def archive(self) -> StoredFile:
        """The built set in the vault.

        Raises:
            StoredFile.DoesNotExist: it is not built.
        """
        if self.file is None:
            raise StoredFile.DoesNotExist(f"{self} is not built")
        return self.file

    @property
    def build(self) -> "ReferenceBuild | None":
        """The latest job that builds it."""
        return max(self.builds.all(), key=lambda one: one.pk, default=None)


class ReferenceSource(models.Model):
    """A file that a reference set is built from, in the order given."""

    reference = models.ForeignKey(ReferenceSet, on_delete=models.PROTECT, related_name="sources")
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["reference", "file"], name="reference_source_once")]

    def __str__(self) -> str:
        return f"{self.reference_id}: {self.file_id}"


class ReferenceGrant(models.Model):
    """Leave for one person to use a restricted set; ended by a date, never deleted."""

    reference = models.ForeignKey(ReferenceSet, on_delete=models.PROTECT, related_name="grants")
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    right = models.CharField(max_length=20, choices=ReferenceRight.choices)
    reason = models.CharField(max_length=500)
    granted_by = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    granted_at = models.DateTimeField()
    ended_by = models.ForeignKey(Party, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(right__in=ReferenceRight.values), name="reference_grant_right"),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, ended_by__isnull=True)
                | Q(ended_at__isnull=False, ended_by__isnull=False),
                name="reference_grant_ended",
            ),
            models.UniqueConstraint(
                fields=["reference", "party"],
                condition=Q(ended_at__isnull=True),
                name="reference_grant_one_at_a_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reference_id}: {self.party_id} {self.right}"


class ReferenceBuild(JobBase):
    """The job that builds and calibrates a reference set; one at a time."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    reference = models.ForeignKey(ReferenceSet, on_delete=models.PROTECT, related_name="builds")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=JobState.values), name="reference_build_state"),
            models.UniqueConstraint(
                fields=["reference"],
                condition=Q(state__in=[JobState.QUEUED, JobState.RUNNING]),
                name="reference_build_one_at_a_time",
            ),
        ]
        indexes = [models.Index(fields=["state", "lease_until"], name="reference_build_by_state")]

    def __str__(self) -> str:
        return f"{self.reference_id}: {self.state}"
