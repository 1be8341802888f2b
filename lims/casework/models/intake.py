"""Submission forms, intake in two stages, discrepancies, labels and scan sessions."""

import uuid

from django.db import models
from django.db.models import Q

from chain_of_custody.models import Item, Party, StoredFile
from lims.accounts.models import User
from lims.casework.enums import (
    DiscrepancyKind,
    DiscrepancyState,
    IntakeState,
    LabelState,
    ScanState,
    SubmissionState,
)
from lims.casework.models.cases import Case
from lims.casework.models.items import Exhibit


class Submission(models.Model):
    """An exhibit submission form: what an investigator announces before the seizure arrives."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    reference = models.CharField(max_length=40, unique=True)
    agency = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    case = models.ForeignKey(Case, on_delete=models.PROTECT, null=True, blank=True, related_name="submissions")
    submitted_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="submissions")
    submitted_at = models.DateTimeField()
    state = models.CharField(max_length=20, choices=SubmissionState.choices, default=SubmissionState.SUBMITTED)
    agency_reference = models.CharField(max_length=80, blank=True)
    place = models.CharField(max_length=300)
    seized_at = models.DateTimeField()
    expected_on = models.DateField(null=True, blank=True)
    question = models.CharField(max_length=500, blank=True)
    note = models.CharField(max_length=500, blank=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(state__in=SubmissionState.values), name="submission_state")]

    def __str__(self) -> str:
        return self.reference


class SubmissionLine(models.Model):
    """One announced bag or item, with its scan code reserved and its label printable."""

    submission = models.ForeignKey(Submission, on_delete=models.PROTECT, related_name="lines")
    number = models.PositiveIntegerField()
    description = models.CharField(max_length=300)
    pieces = models.PositiveIntegerField(default=1)
    seal_number = models.CharField(max_length=60, blank=True)
    declared_taxon = models.CharField(max_length=120, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["submission", "number"], name="submission_line_once")]

    def __str__(self) -> str:
        return f"{self.submission_id}/{self.number}"


class Intake(models.Model):
    """Closed containers received, then itemised."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    reference = models.CharField(max_length=40, unique=True)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="intakes")
    submission = models.ForeignKey(Submission, on_delete=models.PROTECT, null=True, blank=True, related_name="intakes")
    state = models.CharField(max_length=20, choices=IntakeState.choices, default=IntakeState.RECEIVED)
    delivered_by = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    received_by = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    received_at = models.DateTimeField()
    waybill = models.CharField(max_length=80, blank=True)
    temperature = models.CharField(max_length=40, blank=True)
    containers_stated = models.PositiveIntegerField()
    containers_found = models.PositiveIntegerField()
    note = models.CharField(max_length=500, blank=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(state__in=IntakeState.values), name="intake_state")]

    def __str__(self) -> str:
        return self.reference


class IntakeContainer(models.Model):
    """One closed container as stated and as found."""

    intake = models.ForeignKey(Intake, on_delete=models.PROTECT, related_name="containers")
    item = models.OneToOneField(Item, on_delete=models.PROTECT, related_name="intake_line")
    seal_stated = models.CharField(max_length=60, blank=True)
    seal_found = models.CharField(max_length=60, blank=True)
    seal_state = models.CharField(max_length=20)
    weight_stated_kg = models.DecimalField(max_digits=12, decimal_places=3, null=True, blank=True)
    weight_found_kg = models.DecimalField(max_digits=12, decimal_places=3, null=True, blank=True)
    pieces_stated = models.PositiveIntegerField(null=True, blank=True)
    pieces_found = models.PositiveIntegerField(null=True, blank=True)
    condition = models.CharField(max_length=300, blank=True)

    def __str__(self) -> str:
        return f"{self.intake_id}: {self.item_id}"


class Photograph(models.Model):
    """A photograph of an intake or an item, kept in the vault."""

    intake = models.ForeignKey(Intake, on_delete=models.PROTECT, null=True, blank=True, related_name="photographs")
    item = models.ForeignKey(Item, on_delete=models.PROTECT, null=True, blank=True, related_name="photographs")
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+")
    caption = models.CharField(max_length=200, blank=True)

    def __str__(self) -> str:
        return self.caption


class Discrepancy(models.Model):
    """A custody discrepancy: stated against found, recorded, countersigned, explained."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="discrepancies")
    intake = models.ForeignKey(Intake, on_delete=models.PROTECT, null=True, blank=True, related_name="discrepancies")
    item = models.ForeignKey(Item, on_delete=models.PROTECT, null=True, blank=True, related_name="discrepancies")
    exhibit = models.ForeignKey(Exhibit, on_delete=models.PROTECT, null=True, blank=True, related_name="discrepancies")
    kind = models.CharField(max_length=20, choices=DiscrepancyKind.choices)
    stated = models.CharField(max_length=200)
    found = models.CharField(max_length=200)
    state = models.CharField(max_length=20, choices=DiscrepancyState.choices, default=DiscrepancyState.RECORDED)
    recorded_by = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()
    countersigned_by = models.ForeignKey(Party, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    countersigned_at = models.DateTimeField(null=True, blank=True)
    explanation = models.CharField(max_length=500, blank=True)
    customer_told_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        verbose_name_plural = "discrepancies"
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=DiscrepancyKind.values), name="discrepancy_kind"),
            models.CheckConstraint(condition=Q(state__in=DiscrepancyState.values), name="discrepancy_state"),
            models.CheckConstraint(
                condition=Q(countersigned_by__isnull=True) | ~Q(countersigned_by=models.F("recorded_by")),
                name="discrepancy_two_persons",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind}: {self.stated} / {self.found}"


class Label(models.Model):
    """A scan code and what it names. One thing may have several codes over time; at most one is live."""

    code = models.CharField(max_length=12, unique=True)
    state = models.CharField(max_length=20, choices=LabelState.choices, default=LabelState.LIVE)
    item = models.ForeignKey(Item, on_delete=models.PROTECT, null=True, blank=True, related_name="labels")
    party = models.ForeignKey(Party, on_delete=models.PROTECT, null=True, blank=True, related_name="labels")
    submission_line = models.ForeignKey(
        SubmissionLine, on_delete=models.PROTECT, null=True, blank=True, related_name="labels"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    voided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=LabelState.values), name="label_state"),
            models.CheckConstraint(
                condition=~Q(state=LabelState.LIVE)
                | Q(item__isnull=False, party__isnull=True)
                | Q(item__isnull=True, party__isnull=False),
                name="label_names_one_thing",
            ),
            models.UniqueConstraint(
                fields=["item"], condition=Q(state=LabelState.LIVE), name="label_one_live_per_item"
            ),
            models.UniqueConstraint(
                fields=["party"], condition=Q(state=LabelState.LIVE), name="label_one_live_per_party"
            ),
        ]

    def __str__(self) -> str:
        return self.code


class LabelPrint(models.Model):
    """One print of a label: every copy is counted."""

    label = models.ForeignKey(Label, on_delete=models.PROTECT, related_name="prints")
    copy = models.PositiveIntegerField()
    size = models.CharField(max_length=40)
    medium = models.CharField(max_length=20)
    printed_by = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    printed_at = models.DateTimeField()
    reason = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["label", "copy"], name="label_copy_once")]

    def __str__(self) -> str:
        return f"{self.label_id} #{self.copy}"


class ScanSession(models.Model):
    """A list of scanned things, kept on the server so that a reload or another device goes on with it."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="scan_sessions")
    state = models.CharField(max_length=20, choices=ScanState.choices, default=ScanState.OPEN)
    opened_at = models.DateTimeField(auto_now_add=True)
    target = models.ForeignKey(Party, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    container = models.ForeignKey(Item, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=ScanState.values), name="scan_state"),
            models.UniqueConstraint(fields=["user"], condition=Q(state=ScanState.OPEN), name="scan_one_open_per_user"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.opened_at:%Y-%m-%d %H:%M}"


class ScanLine(models.Model):
    """One accepted scan."""

    session = models.ForeignKey(ScanSession, on_delete=models.PROTECT, related_name="lines")
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="+")
    position = models.CharField(max_length=10, blank=True)
    scanned_at = models.DateTimeField(auto_now_add=True)
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["session", "item"], condition=Q(removed_at__isnull=True), name="scan_line_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.session_id}: {self.item_id}"
