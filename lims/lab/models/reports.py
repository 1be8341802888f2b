"""Reports, the people of a report, reviews."""

import uuid

from django.db import models
from django.db.models import Q

from chain_of_custody.models import Item, Party, StoredFile
from lims.casework.models import Case
from lims.lab.enums import ReportState, ReviewDecision, ReviewKind, Side
from lims.lab.models.runs import Finding
from lims.lab.models.work import ExaminationRequest


class Report(models.Model):
    """A report is made of frozen records; a re-issue is a new report that points back."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    number = models.CharField(max_length=60, unique=True)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="reports")
    request = models.ForeignKey(
        ExaminationRequest, on_delete=models.PROTECT, null=True, blank=True, related_name="reports"
    )
    title = models.CharField(max_length=200)
    question = models.CharField(max_length=500)
    limits = models.TextField(blank=True)
    declaration = models.TextField(blank=True)
    recipients = models.JSONField(default=list)
    language = models.CharField(max_length=5, default="en")
    state = models.CharField(max_length=30, choices=ReportState.choices, default=ReportState.DRAFT)
    frozen = models.JSONField(null=True, blank=True)
    frozen_digest = models.CharField(max_length=64, blank=True)
    draft_file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    signed_file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    replaces = models.OneToOneField("self", on_delete=models.PROTECT, null=True, blank=True, related_name="replaced_by")
    replace_reason = models.CharField(max_length=500, blank=True)
    created_by = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    issued_at = models.DateTimeField(null=True, blank=True)
    signed_by = models.ForeignKey(Party, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    version = models.PositiveIntegerField(default=1)

    findings = models.ManyToManyField(Finding, related_name="reports")

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(state__in=ReportState.values), name="report_state")]
        indexes = [models.Index(fields=["state", "id"], name="report_by_state")]

    def __str__(self) -> str:
        return self.number


class ReportItem(models.Model):
    """An item a report is about, examined or named as not examined."""

    report = models.ForeignKey(Report, on_delete=models.PROTECT, related_name="items")
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="report_items")
    examined = models.BooleanField(default=True)
    reason = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["report", "item"], name="report_item_once")]

    def __str__(self) -> str:
        return f"{self.report_id}: {self.item_id}"


class ReportPerson(models.Model):
    """A person and the one side of the report they stand on.

    UNIQUE(report, party): whoever wrote or analysed cannot review, not even through a second account, because the party
    is the person (ISO 21043-5 6; the one absolute separation of duties).
    """

    report = models.ForeignKey(Report, on_delete=models.PROTECT, related_name="people")
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="report_sides")
    side = models.CharField(max_length=10, choices=Side.choices)
    part = models.CharField(max_length=60)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["report", "party"], name="report_person_one_side"),
            models.CheckConstraint(condition=Q(side__in=Side.values), name="report_person_side"),
        ]

    def __str__(self) -> str:
        return f"{self.party_id}: {self.side}"


class Review(models.Model):
    """One round of review of one report."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    report = models.ForeignKey(Report, on_delete=models.PROTECT, related_name="reviews")
    kind = models.CharField(max_length=20, choices=ReviewKind.choices)
    reviewer = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    round = models.PositiveIntegerField(default=1)
    decision = models.CharField(max_length=20, choices=ReviewDecision.choices, default=ReviewDecision.OPEN)
    note = models.TextField(blank=True)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=ReviewKind.values), name="review_kind"),
            models.CheckConstraint(condition=Q(decision__in=ReviewDecision.values), name="review_decision"),
            models.UniqueConstraint(
                fields=["report", "kind"], condition=Q(decision=ReviewDecision.OPEN), name="review_one_open"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.report_id} {self.kind} {self.round}"


class ReviewPoint(models.Model):
    """One point of the checklist: passed or not, with the reviewer's comment and the author's answer."""

    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="points")
    key = models.CharField(max_length=40)
    text = models.CharField(max_length=300)
    passed = models.BooleanField(null=True)
    comment = models.TextField(blank=True)
    answer = models.TextField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["review", "key"], name="review_point_once")]

    def __str__(self) -> str:
        return self.key
