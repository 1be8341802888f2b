"""Custody acts: moves, seals, endings, orders, paper. Many items in one act, or many rows with their own results."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.urls import path
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from chain_of_custody.enums import DisposalMethod, SealState
from lims.api.base import Pointing, View, bulk
from lims.api.fields import BulkAnswer, Code, Input, Output, key, text, when
from lims.api.operations import acts
from lims.casework.selectors.files import file_named
from lims.casework.selectors.naming import MOST_ITEMS, item_named, items_named, party_named
from lims.casework.services.custody import (
    custody_back_enter,
    custody_reassign,
    custody_state_earlier,
    item_consume,
    item_dispose,
    item_return,
    items_move,
    seal_apply,
    seal_open,
)

AREA = "custody"
MOST_ROWS = 500


def _items() -> serializers.ListField:
    return serializers.ListField(child=key(), min_length=1, max_length=MOST_ITEMS)


def _rows(row: serializers.Serializer[Any]) -> serializers.ListField:
    return serializers.ListField(child=row, min_length=1, max_length=MOST_ROWS)


class MoveIn(Input):
    """Where to: `to` a place or oneself, or `container`, with a position for each item where it has any."""

    items = _items()
    to = serializers.UUIDField(required=False, allow_null=True, default=None)
    container = text(120, help_text="UUID, reference or scan code.")
    positions = serializers.ListField(child=serializers.CharField(max_length=40, allow_blank=True), required=False)
    reason = text(500)
    happened_at = when()


class MoveOut(Output):
    """What was moved, and who holds it now."""

    items = serializers.ListField(child=serializers.UUIDField())
    custodian = serializers.UUIDField()


class SealRow(Input):
    """A seal to apply."""

    item = key()
    number = text(60, required=True)
    happened_at = when()


class SealsIn(Input):
    """Seals to apply, each row by itself."""

    rows = _rows(SealRow())


class OpenRow(Input):
    """A seal to open, and how it was found."""

    item = key()
    found = Code(SealState.values)
    condition = text(300)
    reason = text(500)
    happened_at = when()


class OpensIn(Input):
    """Seals to open, each row by itself."""

    rows = _rows(OpenRow())


class ConsumeRow(Input):
    """An item of which nothing is left."""

    item = key()
    authority = text(500, help_text="Needed for an exhibit.")
    note = text(300)
    happened_at = when()


class ConsumesIn(Input):
    """Items used up, each row by itself."""

    rows = _rows(ConsumeRow())


class ReturnRow(Input):
    """An item to give back for good."""

    item = key()
    to = serializers.UUIDField()
    authority = text(500, required=True)
    receipt = text(200, required=True)
    happened_at = when()


class ReturnsIn(Input):
    """Items given back, each row by itself."""

    rows = _rows(ReturnRow())


class DisposeRow(Input):
    """An item to dispose of, on whose authority and before whom."""

    item = key()
    method = Code(DisposalMethod.values)
    authority = text(500, required=True)
    witness = serializers.UUIDField(required=False, allow_null=True, default=None)
    witness_name = text(200)
    certificate = serializers.UUIDField(required=False, allow_null=True, default=None, help_text="Stored file.")
    happened_at = when()


class DisposesIn(Input):
    """Items disposed of, each row by itself."""

    rows = _rows(DisposeRow())


class ReassignIn(Input):
    """What a departed person held goes to another, after an inventory by oneself and a second person."""

    items = _items()
    to = serializers.UUIDField()
    inventory_by = serializers.UUIDField(help_text="Party of the second person.")
    authority = text(500, required=True)
    happened_at = when()


class EarlierIn(Input):
    """Custody before ours: stated by somebody, not witnessed."""

    item = key()
    holder = text(200, required=True)
    statement = text(2000, required=True)
    since = serializers.DateTimeField(required=False, allow_null=True, default=None)
    until = serializers.DateTimeField(required=False, allow_null=True, default=None)
    file = serializers.UUIDField(required=False, allow_null=True, default=None)


class BackEntryIn(Input):
    """A transfer from a paper form filled in during an outage: the form's time and its scan."""

    items = _items()
    to = serializers.UUIDField()
    file = serializers.UUIDField(help_text="Stored file: the scanned form.")
    happened_at = serializers.DateTimeField(help_text="As the form says, with zone.")
    reason = text(500, required=True)


class Moves(View):
    """Moves."""

    pointing = Pointing(rows="items", fields={"items": ""})

    @acts("items_move", MoveIn, MoveOut, area=AREA)
    def post(self, request: Request) -> Response:
        """Put items into a place or a container, or take them out into one's own hands: one act."""
        body = self.body(MoveIn)
        to, box = body.pop("to"), body.pop("container", "")
        items = items_named(actor=self.actor, keys=body.pop("items"))
        target = party_named(uuid=to, field="to") if to else None
        container = item_named(actor=self.actor, key=box, field="container") if box else None
        items_move(actor=self.actor, items=items, to=target, container=container, **body)
        holder = target or (container.custodian if container else None)
        return Response(
            {"items": [str(item.uuid) for item in items], "custodian": str(holder.uuid) if holder else None}
        )


class RowsView(View):
    """Acts on single items, many in one request: each row stands or falls by itself."""

    shape: ClassVar[type[serializers.Serializer[Any]]]

    def rows(self, act: Callable[[Any, dict[str, Any]], dict[str, Any]]) -> Response:
        """Do each row's act on its item."""

        def one(row: dict[str, Any]) -> dict[str, Any]:
            item = item_named(actor=self.actor, key=row.pop("item"))
            return {"item": str(item.uuid), **act(item, row)}

        return bulk(self.body(self.shape)["rows"], one)


class Seals(RowsView):
    """Seals applied."""

    shape = SealsIn

    @acts("seals_apply", SealsIn, BulkAnswer, area=AREA, also={207: BulkAnswer})
    def post(self, request: Request) -> Response:
        """Close items with numbered seals."""
        return self.rows(lambda item, row: {"seal": str(seal_apply(actor=self.actor, item=item, **row).uuid)})


class SealOpenings(RowsView):
    """Seals opened."""

    shape = OpensIn

    @acts("seals_open", OpensIn, BulkAnswer, area=AREA, also={207: BulkAnswer})
    def post(self, request: Request) -> Response:
        """Open seals, each with the state it was found in; they stay on record."""
        return self.rows(lambda item, row: {"seal": str(seal_open(actor=self.actor, item=item, **row).uuid)})


class Consumptions(RowsView):
    """Items used up."""

    shape = ConsumesIn

    @acts("items_consume", ConsumesIn, BulkAnswer, area=AREA, also={207: BulkAnswer})
    def post(self, request: Request) -> Response:
        """Record that nothing is left of items."""
        return self.rows(lambda item, row: {"state": item_consume(actor=self.actor, item=item, **row).state})


class Returns(RowsView):
    """Items given back."""

    shape = ReturnsIn

    @acts("items_return", ReturnsIn, BulkAnswer, area=AREA, also={207: BulkAnswer})
    def post(self, request: Request) -> Response:
        """Give items back for good, on authority and against receipt; refused under a legal hold."""

        def act(item: Any, row: dict[str, Any]) -> dict[str, Any]:
            to = party_named(uuid=row.pop("to"), field="to")
            return {"state": item_return(actor=self.actor, item=item, to=to, **row).state}

        return self.rows(act)


class Disposals(RowsView):
    """Items disposed of."""

    shape = DisposesIn

    @acts("items_dispose", DisposesIn, BulkAnswer, area=AREA, also={207: BulkAnswer})
    def post(self, request: Request) -> Response:
        """Dispose of items with authority and witness; refused under a legal hold."""

        def act(item: Any, row: dict[str, Any]) -> dict[str, Any]:
            witness, certificate = row.pop("witness"), row.pop("certificate")
            done = item_dispose(
                actor=self.actor,
                item=item,
                witness=party_named(uuid=witness, field="witness") if witness else None,
                certificate=file_named(actor=self.actor, uuid=certificate, field="certificate")
                if certificate
                else None,
                **row,
            )
            return {"state": done.state}

        return self.rows(act)


class Reassignments(View):
    """Custody by order."""

    pointing = Pointing(rows="items", fields={"items": ""})

    @acts("custody_reassign", ReassignIn, None, area=AREA)
    def post(self, request: Request) -> Response:
        """Reassign what a departed person held, after an inventory by two persons."""
        body = self.body(ReassignIn)
        custody_reassign(
            actor=self.actor,
            items=items_named(actor=self.actor, keys=body.pop("items")),
            to=party_named(uuid=body.pop("to"), field="to"),
            inventory_by=party_named(uuid=body.pop("inventory_by"), field="inventory_by"),
            **body,
        )
        return Response(None)


class EarlierStatements(View):
    """Custody before ours."""

    @acts("custody_state_earlier", EarlierIn, None, area=AREA)
    def post(self, request: Request) -> Response:
        """Enter custody before ours as stated, not witnessed."""
        body = self.body(EarlierIn)
        uuid = body.pop("file")
        file = file_named(actor=self.actor, uuid=uuid, field="file") if uuid else None
        item = item_named(actor=self.actor, key=body.pop("item"))
        custody_state_earlier(actor=self.actor, item=item, file=file, **body)
        return Response(None)


class BackEntries(View):
    """Custody from paper."""

    pointing = Pointing(rows="items", fields={"items": ""})

    @acts("custody_back_enter", BackEntryIn, None, area=AREA)
    def post(self, request: Request) -> Response:
        """Enter a transfer from a paper form, with both times and the scan."""
        body = self.body(BackEntryIn)
        custody_back_enter(
            actor=self.actor,
            items=items_named(actor=self.actor, keys=body.pop("items")),
            to=party_named(uuid=body.pop("to"), field="to"),
            file=file_named(actor=self.actor, uuid=body.pop("file"), field="file"),
            **body,
        )
        return Response(None)


urlpatterns = [
    path("custody/moves/", Moves.as_view()),
    path("custody/seals/", Seals.as_view()),
    path("custody/seal-openings/", SealOpenings.as_view()),
    path("custody/consumptions/", Consumptions.as_view()),
    path("custody/returns/", Returns.as_view()),
    path("custody/disposals/", Disposals.as_view()),
    path("custody/reassignments/", Reassignments.as_view()),
    path("custody/earlier-statements/", EarlierStatements.as_view()),
    path("custody/back-entries/", BackEntries.as_view()),
]
