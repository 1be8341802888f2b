"""Parties, the items they hold, and how items change hands."""

from uuid import uuid4

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now, Upper

from chain_of_custody.enums import (
    CitesPurpose,
    CitesSource,
    HandOverState,
    ItemKind,
    ItemState,
    LineState,
    PartyKind,
    Purpose,
    SealState,
)

ISO_COUNTRY = RegexValidator(r"^[A-Z]{2}$")


class Party(models.Model):
    """A person, organisation, courier, location or system that can hold an item.

    `signs_in` is true for whoever writes their own half of a hand-over with an account of their own. Name and
    identity document are personal data: the ledger holds only commitments to them, so they can be forgotten.
    """

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    kind = models.CharField(max_length=12, choices=PartyKind)
    name = models.CharField(max_length=200)
    organisation = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="members")
    country = models.CharField(max_length=2, blank=True, default="", validators=[ISO_COUNTRY])
    document_kind = models.CharField(max_length=60, blank=True, default="")
    document_number = models.CharField(max_length=60, blank=True, default="")
    signs_in = models.BooleanField(default=False)
    active = models.BooleanField(default=True)
    erased_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name_plural = "parties"
        indexes = [models.Index(fields=["kind", "name"], name="party_kind_name")]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=PartyKind.values), name="party_kind"),
            models.CheckConstraint(condition=Q(country="") | Q(country__regex=r"^[A-Z]{2}$"), name="party_country"),
            models.CheckConstraint(condition=~Q(id=F("organisation")), name="party_not_its_own_organisation"),
            models.CheckConstraint(
                condition=Q(erased_at__isnull=True) | Q(document_kind="", document_number=""),
                name="party_erased_is_empty",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Item(models.Model):
    """Anything that can be held. One custodian at any instant, because it is one column that is never null.

    An item inside a container has its container's custodian (constraint trigger, migration 0002).
    `witnessed_from` is the claimed time of its creation here, `last_act_at` the latest claimed time of any act on it:
    no later act may claim an earlier time.
    """

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    kind = models.CharField(max_length=12, choices=ItemKind)
    reference = models.CharField(max_length=60, unique=True)
    scan_code = models.CharField(max_length=16, unique=True, null=True, blank=True)
    custodian = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="held_items")
    container = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="contents")
    position = models.CharField(max_length=40, blank=True, default="")
    state = models.CharField(max_length=10, choices=ItemState, default=ItemState.HELD)
    sealed_by = models.OneToOneField("Seal", on_delete=models.PROTECT, null=True, blank=True, related_name="closes")
    witnessed_from = models.DateTimeField()
    last_act_at = models.DateTimeField()
    version = models.IntegerField(default=1)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=ItemKind.values), name="item_kind"),
            models.CheckConstraint(condition=Q(state__in=ItemState.values), name="item_state"),
            models.CheckConstraint(condition=~Q(id=F("container")), name="item_not_in_itself"),
            models.UniqueConstraint(
                fields=["container", "position"],
                condition=~Q(position="") & Q(container__isnull=False),
                name="item_position_once",
            ),
        ]
        indexes = [models.Index(fields=["custodian", "state"], name="item_custodian_state")]

    def __str__(self) -> str:
        return self.reference


class Seal(models.Model):
    """A seal on an item. It stays on record after it is opened; a number is in use once among those not opened."""

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="seals")
    number = models.CharField(max_length=60)
    state = models.CharField(max_length=20, choices=SealState, default=SealState.INTACT)
    applied_by = models.ForeignKey(Party, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    applied_at = models.DateTimeField()
    opened_by = models.ForeignKey(Party, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    opened_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=SealState.values), name="seal_state"),
            models.CheckConstraint(
                condition=Q(opened_at__isnull=True, opened_by__isnull=True)
                | Q(opened_at__isnull=False, opened_by__isnull=False),
                name="seal_opened_by_someone",
            ),
            models.UniqueConstraint(
                Upper("number"), condition=Q(opened_at__isnull=True), name="seal_number_once_in_use"
            ),
            models.UniqueConstraint(fields=["item"], condition=Q(opened_at__isnull=True), name="seal_one_on_an_item"),
        ]

    def __str__(self) -> str:
        return self.number


class HandOver(models.Model):
    """Items released by one party to another, waiting for or settled by the receiver.

    Across a border the CITES permit particulars are required (Res. Conf. 12.3; a specimen sent abroad for
    examination is itself in trade).
    """

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    giver = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="hand_overs_given")
    receiver = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="hand_overs_addressed")
    purpose = models.CharField(max_length=20, choices=Purpose)
    state = models.CharField(max_length=10, choices=HandOverState, default=HandOverState.OPEN)
    transport = models.CharField(max_length=200, blank=True, default="")
    crosses_border = models.BooleanField(default=False)
    permit_number = models.CharField(max_length=60, blank=True, default="")
    permit_country = models.CharField(max_length=2, blank=True, default="", validators=[ISO_COUNTRY])
    permit_purpose = models.CharField(max_length=1, blank=True, default="", choices=CitesPurpose)
    permit_source = models.CharField(max_length=1, blank=True, default="", choices=CitesSource)
    offered_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [
            models.Index(fields=["receiver", "state"], name="hand_over_receiver_state"),
            models.Index(fields=["giver", "state"], name="hand_over_giver_state"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(purpose__in=Purpose.values), name="hand_over_purpose"),
            models.CheckConstraint(condition=Q(state__in=HandOverState.values), name="hand_over_state"),
            models.CheckConstraint(condition=~Q(giver=F("receiver")), name="hand_over_between_two"),
            models.CheckConstraint(
                condition=Q(permit_purpose="") | Q(permit_purpose__in=CitesPurpose.values),
                name="hand_over_permit_purpose",
            ),
            models.CheckConstraint(
                condition=Q(permit_source="") | Q(permit_source__in=CitesSource.values),
                name="hand_over_permit_source",
            ),
            models.CheckConstraint(
                condition=Q(crosses_border=False)
                | ~Q(permit_number="")
                & Q(permit_country__regex=r"^[A-Z]{2}$")
                & ~Q(permit_purpose="")
                & ~Q(permit_source=""),
                name="hand_over_border_needs_permit",
            ),
            models.CheckConstraint(
                condition=Q(state=HandOverState.OPEN, settled_at__isnull=True)
                | ~Q(state=HandOverState.OPEN) & Q(settled_at__isnull=False),
                name="hand_over_settled_has_time",
            ),
        ]

    def __str__(self) -> str:
        return str(self.uuid)


class HandOverLine(models.Model):
    """One item of a hand-over, from release to what became of it.

    `carried_in` is the offered container an item travels in; such a line is settled with its container's.
    """

    hand_over = models.ForeignKey(HandOver, on_delete=models.PROTECT, related_name="lines")
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="hand_over_lines")
    carried_in = models.ForeignKey(Item, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    state = models.CharField(max_length=10, choices=LineState, default=LineState.OFFERED)
    seal_released = models.ForeignKey(Seal, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    seal_found = models.CharField(max_length=20, choices=SealState, blank=True, default="")
    settled_by = models.ForeignKey(Party, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=LineState.values), name="hand_over_line_state"),
            models.CheckConstraint(
                condition=Q(seal_found="") | Q(seal_found__in=SealState.values), name="hand_over_line_seal_found"
            ),
            models.CheckConstraint(
                condition=Q(state=LineState.OFFERED, settled_at__isnull=True, settled_by__isnull=True)
                | ~Q(state=LineState.OFFERED) & Q(settled_at__isnull=False, settled_by__isnull=False),
                name="hand_over_line_settled_whole",
            ),
            models.UniqueConstraint(fields=["hand_over", "item"], name="hand_over_line_once"),
            models.UniqueConstraint(
                fields=["item"], condition=Q(state=LineState.OFFERED), name="hand_over_line_one_open"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.hand_over_id}:{self.item_id}"
