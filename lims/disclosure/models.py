"""Evidence requests, what is withheld, disclosure packs and their deliveries."""

import uuid

from django.db import models
from django.db.models import Q

from chain_of_custody.models import Party, StoredFile
from lims.accounts.models import User
from lims.casework.models import Case
from lims.disclosure.enums import DeliveryWay, EvidenceRequestState
from lims.lab.enums import JobState
from lims.lab.models import JobBase, Report


class EvidenceRequest(models.Model):
    """What a prosecutor asks the laboratory to disclose, and on what legal basis."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    reference = models.CharField(max_length=40, unique=True)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="evidence_requests")
    requested_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="evidence_requests")
    requested_at = models.DateTimeField()
    legal_basis = models.CharField(max_length=300)
    scope = models.CharField(max_length=500)
    needed_on = models.DateField(null=True, blank=True)
    reports = models.ManyToManyField(Report, related_name="evidence_requests")
    state = models.CharField(
        max_length=20, choices=EvidenceRequestState.choices, default=EvidenceRequestState.REQUESTED
    )
    decided_by = models.ForeignKey(Party, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    decision_note = models.CharField(max_length=500, blank=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=EvidenceRequestState.values), name="evidence_request_state")
        ]

    def __str__(self) -> str:
        return self.reference


class WithheldItem(models.Model):
    """One line of the schedule of withheld material: what, by which rule, who decided."""

    request = models.ForeignKey(EvidenceRequest, on_delete=models.PROTECT, related_name="withheld")
    kind = models.CharField(max_length=40)
    subject = models.UUIDField(null=True, blank=True)
    field = models.CharField(max_length=80, blank=True)
    description = models.CharField(max_length=300)
    rule = models.CharField(max_length=300)
    decided_by = models.CharField(max_length=200)

    def __str__(self) -> str:
        return self.description


class DisclosurePack(JobBase):
    """A numbered, append-only pack: built once, never overwritten, kept under retention."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    reference = models.CharField(max_length=60, unique=True)
    request = models.ForeignKey(EvidenceRequest, on_delete=models.PROTECT, related_name="packs")
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="packs")
    ordered_by = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    signature_file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    contents = models.JSONField(default=list)
    checkpoint_size = models.BigIntegerField(null=True, blank=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(state__in=JobState.values), name="pack_state")]

    def __str__(self) -> str:
        return self.reference


class Delivery(models.Model):
    """A pack handed to somebody: through sign-in, with a one-time code, or on a stick with a signed receipt."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    pack = models.ForeignKey(DisclosurePack, on_delete=models.PROTECT, related_name="deliveries")
    way = models.CharField(max_length=10, choices=DeliveryWay.choices)
    recipient = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    code_digest = models.CharField(max_length=64, blank=True)
    code_expires_at = models.DateTimeField(null=True, blank=True)
    code_used_at = models.DateTimeField(null=True, blank=True)
    receipt = models.ForeignKey(StoredFile, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    delivered_by = models.ForeignKey(Party, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    delivered_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [models.CheckConstraint(condition=Q(way__in=DeliveryWay.values), name="delivery_way")]

    def __str__(self) -> str:
        return f"{self.pack_id}: {self.way}"
