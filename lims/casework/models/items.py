"""Exhibits, components, samples, containers: each points down to the Item that custody knows."""

import uuid

from django.db import models
from django.db.models import Q

from chain_of_custody.models import Item, Party
from lims.casework.enums import (
    ContainerKind,
    ExhibitKind,
    LiveEventKind,
    LocationKind,
    SampleKind,
    SamplingRule,
    StepKind,
    Unit,
)
from lims.casework.models.cases import Case, Seizure


class Location(models.Model):
    """A place that can hold evidence; its Party is the custodian."""

    party = models.OneToOneField(Party, on_delete=models.PROTECT, related_name="location")
    kind = models.CharField(max_length=20, choices=LocationKind.choices)
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="children")
    secured = models.BooleanField(default=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(kind__in=LocationKind.values), name="location_kind")]

    def __str__(self) -> str:
        return f"{self.kind} {self.party_id}"


class Exhibit(models.Model):
    """A thing seized, as it came."""

    item = models.OneToOneField(Item, on_delete=models.PROTECT, related_name="exhibit")
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="exhibits")
    seizure = models.ForeignKey(Seizure, on_delete=models.PROTECT, null=True, blank=True, related_name="exhibits")
    lot = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="pieces")
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=20, choices=ExhibitKind.choices)
    description = models.CharField(max_length=300)
    declared_taxon = models.CharField(max_length=120, blank=True)
    term = models.CharField(max_length=3, blank=True)
    purpose = models.CharField(max_length=1, blank=True)
    source = models.CharField(max_length=1, blank=True)
    code_lists = models.JSONField(default=dict)
    pieces_stated = models.PositiveIntegerField(null=True, blank=True)
    pieces_found = models.PositiveIntegerField(null=True, blank=True)
    mark = models.CharField(max_length=80, blank=True)
    condition = models.CharField(max_length=300, blank=True)
    hazards = models.CharField(max_length=200, blank=True)
    live_count = models.PositiveIntegerField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["case", "number"], name="exhibit_number_once"),
            models.CheckConstraint(condition=Q(kind__in=ExhibitKind.values), name="exhibit_kind"),
        ]

    def __str__(self) -> str:
        return f"E{self.number:02d}"


class ExhibitComponent(models.Model):
    """One taxon or kind of thing inside a mixed exhibit; findings attach to components."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    exhibit = models.ForeignKey(Exhibit, on_delete=models.PROTECT, related_name="components")
    label = models.CharField(max_length=10)
    description = models.CharField(max_length=300)
    declared_taxon = models.CharField(max_length=120, blank=True)
    term = models.CharField(max_length=3, blank=True)
    pieces = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["exhibit", "label"], name="component_label_once")]

    def __str__(self) -> str:
        return self.label


class LiveEvent(models.Model):
    """What happened to live animals in custody: deaths, births, placements."""

    exhibit = models.ForeignKey(Exhibit, on_delete=models.PROTECT, related_name="live_events")
    kind = models.CharField(max_length=20, choices=LiveEventKind.choices)
    count = models.PositiveIntegerField(default=1)
    mark = models.CharField(max_length=80, blank=True)
    note = models.CharField(max_length=500, blank=True)
    happened_at = models.DateTimeField()
    recorded_by = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    act = models.UUIDField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(kind__in=LiveEventKind.values), name="live_event_kind")]

    def __str__(self) -> str:
        return f"{self.kind} {self.count}"


class Sample(models.Model):
    """Material taken from an exhibit or from other samples. Pools have several parents."""

    item = models.OneToOneField(Item, on_delete=models.PROTECT, related_name="sample")
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="samples")
    exhibit = models.ForeignKey(Exhibit, on_delete=models.PROTECT, null=True, blank=True, related_name="samples")
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=20, choices=SampleKind.choices)
    description = models.CharField(max_length=300, blank=True)
    method = models.CharField(max_length=120, blank=True)
    position_on_item = models.CharField(max_length=120, blank=True)
    taken_at = models.DateTimeField()
    taken_by = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(kind__in=SampleKind.values), name="sample_kind")]

    def __str__(self) -> str:
        return f"S{self.number:02d}"


class SampleParent(models.Model):
    """An edge of the sample graph: how much of the parent went in, and how much was lost on the way."""

    sample = models.ForeignKey(Sample, on_delete=models.PROTECT, related_name="parents")
    parent = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="derived")
    amount = models.DecimalField(max_digits=18, decimal_places=6)
    waste = models.DecimalField(max_digits=18, decimal_places=6, default=0)
    unit = models.CharField(max_length=4, choices=Unit.choices)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["sample", "parent"], name="sample_parent_once"),
            models.CheckConstraint(condition=Q(amount__gte=0, waste__gte=0), name="sample_parent_amounts"),
        ]

    def __str__(self) -> str:
        return f"{self.parent_id} -> {self.sample_id}"


class Quantity(models.Model):
    """How much of an item there was and is. Its row is the lock of the balance."""

    item = models.OneToOneField(Item, on_delete=models.PROTECT, related_name="quantity")
    unit = models.CharField(max_length=4, choices=Unit.choices)
    initial = models.DecimalField(max_digits=18, decimal_places=6)
    left = models.DecimalField(max_digits=18, decimal_places=6)
    tolerance = models.DecimalField(max_digits=18, decimal_places=6, default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(initial__gte=0, left__gte=0, tolerance__gte=0), name="quantity_not_negative"
            ),
            models.CheckConstraint(condition=Q(unit__in=Unit.values), name="quantity_unit"),
        ]

    def __str__(self) -> str:
        return f"{self.left} {self.unit}"


class QuantityStep(models.Model):
    """One change of an amount, with the balance after it."""

    quantity = models.ForeignKey(Quantity, on_delete=models.PROTECT, related_name="steps")
    kind = models.CharField(max_length=20, choices=StepKind.choices)
    amount = models.DecimalField(max_digits=18, decimal_places=6)
    left = models.DecimalField(max_digits=18, decimal_places=6)
    child = models.ForeignKey(Item, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    note = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField()
    by = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    act = models.UUIDField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(kind__in=StepKind.values), name="quantity_step_kind")]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount}"


class Container(models.Model):
    """A bag, box, plate or crate. Items inside go where it goes."""

    item = models.OneToOneField(Item, on_delete=models.PROTECT, related_name="container_of")
    case = models.ForeignKey(Case, on_delete=models.PROTECT, null=True, blank=True, related_name="containers")
    kind = models.CharField(max_length=20, choices=ContainerKind.choices)
    description = models.CharField(max_length=300, blank=True)
    rows = models.PositiveSmallIntegerField(default=0)
    columns = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(kind__in=ContainerKind.values), name="container_kind")]

    def __str__(self) -> str:
        return f"{self.kind} {self.item_id}"


class SamplingPlan(models.Model):
    """Which pieces of a lot are sampled, drawn how, and which are not (ISO/IEC 17025 7.3)."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    lot = models.ForeignKey(Exhibit, on_delete=models.PROTECT, related_name="sampling_plans")
    population = models.PositiveIntegerField()
    rule = models.CharField(max_length=20, choices=SamplingRule.choices)
    seed = models.CharField(max_length=64, blank=True)
    algorithm = models.CharField(max_length=80)
    statement = models.CharField(max_length=500, blank=True)
    sampled = models.JSONField()
    unsampled = models.JSONField()
    drawn_by = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    drawn_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(rule__in=SamplingRule.values), name="sampling_rule")]

    def __str__(self) -> str:
        return f"{self.lot_id}: {len(self.sampled)} of {self.population}"
