"""Hand-overs: released by one party, received or refused by the other, each half by its own side."""

from typing import Any
from uuid import UUID

from django.urls import path
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from chain_of_custody.enums import CitesPurpose, CitesSource, HandOverState, Purpose, SealState
from chain_of_custody.services import Permit, Receipt
from lims.api.base import Pointing, View, created
from lims.api.fields import Code, Input, ItemRef, Output, PartyRef, key, named, text, when
from lims.api.operations import acts, creates, lists, reads
from lims.casework.selectors.cases import item_case
from lims.casework.selectors.files import file_named
from lims.casework.selectors.handing import (
    handover_items_named,
    handover_line_list,
    handover_seen,
    handovers_seen,
)
from lims.casework.selectors.naming import MOST_ITEMS, items_named, party_named
from lims.casework.services.custody import handover_offer, handover_receive, handover_refuse, handover_withdraw

AREA = "hand-overs"


class PermitIn(Input):
    """CITES permit particulars of a transfer across a border."""

    number = text(60, required=True)
    country = serializers.RegexField("^[A-Z]{2}$", help_text="ISO 3166-1 alpha-2 of the issuing country.")
    purpose = Code(CitesPurpose.values)
    source = named(Code(CitesSource.values))


class OfferIn(Input):
    """Items to release to a party, one or hundreds, in one act."""

    items = serializers.ListField(child=key(), min_length=1, max_length=MOST_ITEMS)
    to = serializers.UUIDField(help_text="Party that is to receive.")
    purpose = Code(Purpose.values)
    note = text(500)
    transport = text(200)
    crosses_border = serializers.BooleanField(required=False, default=False)
    permit = PermitIn(required=False, allow_null=True)
    signature = serializers.UUIDField(
        required=False, allow_null=True, help_text="Stored file: how a giver without account signed."
    )
    happened_at = when()


class ReceiptIn(Input):
    """One item as the receiver found it."""

    item = key()
    seal_found = Code(SealState.values, required=False, allow_blank=True, default="")
    condition = text(300)


class ReceiveIn(Input):
    """What is received; items without a receipt stay offered."""

    receipts = serializers.ListField(child=ReceiptIn(), min_length=1, max_length=MOST_ITEMS)
    signature = serializers.UUIDField(
        required=False, allow_null=True, help_text="Stored file: how a receiver without account signed."
    )
    happened_at = when()


class RefuseIn(Input):
    """What is refused, and why."""

    items = serializers.ListField(child=key(), min_length=1, max_length=MOST_ITEMS)
    reason = text(500, required=True)
    signature = serializers.UUIDField(required=False, allow_null=True)


class WithdrawIn(Input):
    """Why the offer is taken back."""

    reason = text(500, required=True)


class HandOverOut(Output):
    """A hand-over."""

    uuid = serializers.UUIDField()
    giver = PartyRef()
    receiver = PartyRef()
    purpose = serializers.CharField()
    state = serializers.CharField()
    transport = serializers.CharField()
    crosses_border = serializers.BooleanField()
    permit_number = serializers.CharField()
    permit_country = serializers.CharField()
    permit_purpose = serializers.CharField()
    permit_source = serializers.CharField()
    offered_at = serializers.DateTimeField()
    settled_at = serializers.DateTimeField(allow_null=True)
    items = serializers.IntegerField(help_text="Number of items in it.")
    waiting = serializers.IntegerField(help_text="Of these, still offered.")


class LineOut(Output):
    """One item of a hand-over and what became of it."""

    item = ItemRef()
    carried_in = ItemRef(allow_null=True)
    state = serializers.CharField()
    seal_released = serializers.CharField(source="seal_released.number", allow_null=True, default=None)
    seal_found = serializers.CharField()
    settled_by = PartyRef(allow_null=True)
    settled_at = serializers.DateTimeField(allow_null=True)


class HandOverFilter(Input):
    """Which hand-overs to show."""

    side = Code(["receiving", "giving"], required=False)
    state = Code(HandOverState.values, required=False)


class HandOvers(View):
    """Hand-overs."""

    pointing = Pointing(fields={"permit.number": "permit/number"})

    @lists("handover_list", HandOverOut, area=AREA, query=HandOverFilter)
    def get(self, request: Request) -> Response:
        """Hand-overs one may see, newest first; one's own with `side`."""
        return self.page(handovers_seen(actor=self.actor, **self.query(HandOverFilter)), HandOverOut)

    @creates("handover_offer", OfferIn, HandOverOut, area=AREA)
    def post(self, request: Request) -> Response:
        """Release items to a party; custody passes when it receives them."""
        body = self.body(OfferIn)
        permit = body.pop("permit", None)
        made = handover_offer(
            actor=self.actor,
            items=items_named(actor=self.actor, keys=body.pop("items")),
            to=party_named(uuid=body.pop("to"), field="to"),
            permit=Permit(**permit) if permit else None,
            signature=_signature(self, body),
            **body,
        )
        shown = handover_seen(actor=self.actor, uuid=made.uuid)
        return created(self.data(shown, HandOverOut), location=f"/api/v1/hand-overs/{made.uuid}/")


class HandOverView(View):
    """A view of one hand-over."""

    def handover(self) -> Any:
        """The hand-over, when one may see it."""
        return handover_seen(actor=self.actor, uuid=self.kwargs["uuid"])


class OneHandOver(HandOverView):
    """One hand-over."""

    @reads("handover_get", HandOverOut, area=AREA)
    def get(self, request: Request, uuid: UUID) -> Response:
        """One hand-over; its items are at `lines`."""
        return self.one(self.handover(), HandOverOut)


class Lines(HandOverView):
    """Items of a hand-over."""

    @lists("handover_line_list", LineOut, area=AREA)
    def get(self, request: Request, uuid: UUID) -> Response:
        """Items of a hand-over and what became of each, containers before what travels in them."""
        handover = self.handover()
        mine = self.actor.party_id in {handover.giver_id, handover.receiver_id}
        seen = None if mine else (lambda line: item_case(line.item))
        return self.page(handover_line_list(handover=handover), LineOut, seen=seen, index="hand-over lines")


class Receive(HandOverView):
    """The receiver's half."""

    pointing = Pointing(rows="receipts")

    @acts("handover_receive", ReceiveIn, HandOverOut, area=AREA)
    def post(self, request: Request, uuid: UUID) -> Response:
        """Receive items, each with seal and condition as found; of two who receive at once the second gets 409."""
        body, handover = self.body(ReceiveIn), self.handover()
        rows = body.pop("receipts")
        items = handover_items_named(handover=handover, keys=[row.pop("item") for row in rows], field="item")
        receipts = [Receipt(item=item, **row) for item, row in zip(items, rows, strict=True)]
        handover_receive(
            actor=self.actor, handover=handover, receipts=receipts, signature=_signature(self, body), **body
        )
        return self.one(self.handover(), HandOverOut)


class Refuse(HandOverView):
    """The receiver's refusal."""

    pointing = Pointing(rows="items", fields={"item": ""})

    @acts("handover_refuse", RefuseIn, HandOverOut, area=AREA)
    def post(self, request: Request, uuid: UUID) -> Response:
        """Refuse items with a reason; they stay with the giver."""
        body, handover = self.body(RefuseIn), self.handover()
        items = handover_items_named(handover=handover, keys=body.pop("items"), field="item")
        handover_refuse(actor=self.actor, handover=handover, items=items, signature=_signature(self, body), **body)
        return self.one(self.handover(), HandOverOut)


class Withdraw(HandOverView):
    """The giver's withdrawal."""

    @acts("handover_withdraw", WithdrawIn, HandOverOut, area=AREA)
    def post(self, request: Request, uuid: UUID) -> Response:
        """Take back what has not been received yet."""
        handover_withdraw(actor=self.actor, handover=self.handover(), **self.body(WithdrawIn))
        return self.one(self.handover(), HandOverOut)


def _signature(view: View, body: dict[str, Any]) -> Any:
    uuid = body.pop("signature", None)
    return file_named(actor=view.actor, uuid=uuid, field="signature") if uuid else None


urlpatterns = [
    path("hand-overs/", HandOvers.as_view()),
    path("hand-overs/<uuid:uuid>/", OneHandOver.as_view()),
    path("hand-overs/<uuid:uuid>/lines/", Lines.as_view()),
    path("hand-overs/<uuid:uuid>/receive/", Receive.as_view()),
    path("hand-overs/<uuid:uuid>/refuse/", Refuse.as_view()),
    path("hand-overs/<uuid:uuid>/withdraw/", Withdraw.as_view()),
]
