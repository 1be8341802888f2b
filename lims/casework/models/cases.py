"""Cases, their external references, assignments, and seizures."""

import uuid

from django.db import models
from django.db.models import Q

from chain_of_custody.models import Item, Party
from lims.accounts.models import User
from lims.casework.enums import AssignmentRole, CaseKind, CaseState, ReferenceScheme


class ReferenceCounter(models.Model):
    """The last number given in a series, taken under its row lock."""

    series = models.CharField(max_length=80, unique=True)
    last = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.series}: {self.last}"


class Case(models.Model):
    """An investigation, or a test, validation or training with the same rules."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    reference = models.CharField(max_length=40, unique=True)
    kind = models.CharField(max_length=20, choices=CaseKind.choices)
    title = models.CharField(max_length=200)
    agency = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=20, choices=CaseState.choices, default=CaseState.OPEN)
    synthetic = models.BooleanField(default=False)
    legal_hold = models.BooleanField(default=False)
    offence_date = models.DateField(null=True, blank=True)
    due_on = models.DateField(null=True, blank=True)
    opened_by = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=CaseKind.values), name="case_kind"),
            models.CheckConstraint(condition=Q(state__in=CaseState.values), name="case_state"),
        ]
        indexes = [models.Index(fields=["state", "-id"], name="case_by_state")]

    def __str__(self) -> str:
        return self.reference


class CaseAssignment(models.Model):
    """A dated grant: somebody outside the laboratory follows this case in this role."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="assignments")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="case_assignments")
    role = models.CharField(max_length=20, choices=AssignmentRole.choices)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(role__in=AssignmentRole.values), name="assignment_role"),
            models.UniqueConstraint(
                fields=["case", "user", "role"], condition=Q(until__isnull=True), name="assignment_one_open"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.user_id} {self.role}"


class Seizure(models.Model):
    """Where, when, by whom and how specimens were seized. What the papers allege stands beside what is found later."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="seizures")
    number = models.PositiveIntegerField()
    seizure_reference = models.CharField(max_length=80, blank=True)
    place = models.CharField(max_length=300)
    country = models.CharField(max_length=2)
    latitude = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True)
    longitude = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True)
    uncertainty_m = models.PositiveIntegerField(null=True, blank=True)
    seized_at = models.DateTimeField()
    zone = models.CharField(max_length=60)
    agency = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    operation = models.CharField(max_length=120, blank=True)
    reason = models.CharField(max_length=20)
    transport = models.CharField(max_length=20)
    concealment = models.CharField(max_length=20)
    detection = models.CharField(max_length=20)
    alleged_origin = models.CharField(max_length=2, blank=True)
    alleged_transit = models.JSONField(default=list)
    alleged_destination = models.CharField(max_length=2, blank=True)
    documents = models.CharField(max_length=300, blank=True)
    code_lists = models.JSONField(default=dict)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["case", "number"], name="seizure_number_once"),
            models.CheckConstraint(
                condition=Q(latitude__isnull=True, longitude__isnull=True)
                | Q(latitude__gte=-90, latitude__lte=90, longitude__gte=-180, longitude__lte=180),
                name="seizure_place",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case_id}/{self.number}"


class ExternalReference(models.Model):
    """Somebody else's number for a case or an item: searchable and printed beside ours."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="external_references")
    item = models.ForeignKey(Item, on_delete=models.PROTECT, null=True, blank=True, related_name="external_references")
    scheme = models.CharField(max_length=20, choices=ReferenceScheme.choices)
    issuer = models.ForeignKey(Party, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    value = models.CharField(max_length=80)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(scheme__in=ReferenceScheme.values), name="external_reference_scheme"),
            models.UniqueConstraint(
                fields=["scheme", "issuer", "value"],
                condition=Q(scheme=ReferenceScheme.BARCODE),
                nulls_distinct=False,
                name="agency_barcode_once",
            ),
        ]
        indexes = [models.Index(fields=["value"], name="external_reference_value")]

    def __str__(self) -> str:
        return f"{self.scheme}: {self.value}"
