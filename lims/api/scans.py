"""Scan sessions on the server: scan many, then act on all."""

from typing import Any
from uuid import UUID

from django.urls import path
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from chain_of_custody.enums import Purpose
from lims.api.base import View, bulk, created
from lims.api.fields import BulkAnswer, Code, Input, ItemRef, Output, PartyRef, text
from lims.api.handovers import HandOverOut
from lims.api.operations import acts, creates, lists, reads
from lims.casework.selectors.cases import item_case
from lims.casework.selectors.handing import handover_seen
from lims.casework.selectors.naming import item_named, party_named
from lims.casework.selectors.scans import scan_line_list, scan_session_get
from lims.casework.services.scans import (
    scan_add,
    scan_discard,
    scan_move,
    scan_offer,
    scan_remove,
    scan_session_open,
)

AREA = "scan sessions"


class SessionOut(Output):
    """A scan session: its target is a place, a badge or a box that was scanned."""

    uuid = serializers.UUIDField()
    state = serializers.CharField()
    opened_at = serializers.DateTimeField()
    target = PartyRef(allow_null=True)
    container = ItemRef(allow_null=True)


class ScanLineOut(Output):
    """One accepted scan."""

    item = ItemRef()
    custodian = PartyRef(source="item.custodian")
    scanned_at = serializers.DateTimeField()


class ScansIn(Input):
    """What was scanned or typed, in order."""

    texts = serializers.ListField(child=serializers.CharField(max_length=300), min_length=1, max_length=500)


class UndoIn(Input):
    """What to take off the list; the last scan when left out."""

    item = text(120)


class MoveScannedIn(Input):
    """Why they are moved."""

    reason = text(500)


class OfferScannedIn(Input):
    """To whom they are offered: the scanned badge when left out."""

    to = serializers.UUIDField(required=False, allow_null=True, default=None)
    purpose = Code(Purpose.values)
    note = text(500)


class MovedOut(Output):
    """How many were moved."""

    moved = serializers.IntegerField()


class Sessions(View):
    """Scan sessions."""

    @creates("scan_session_open", None, SessionOut, area=AREA)
    def post(self, request: Request) -> Response:
        """One's open session, a new one where there is none."""
        session = scan_session_open(actor=self.actor)
        return created(self.data(session, SessionOut), location=f"/api/v1/scan-sessions/{session.uuid}/")


class SessionView(View):
    """A view of one of one's own sessions."""

    def session(self) -> Any:
        """The session."""
        return scan_session_get(actor=self.actor, uuid=self.kwargs["uuid"])


class OneSession(SessionView):
    """One session."""

    @reads("scan_session_get", SessionOut, area=AREA)
    def get(self, request: Request, uuid: UUID) -> Response:
        """Its state and target; what is on the list is at `lines`."""
        return self.one(self.session(), SessionOut)


class SessionLines(SessionView):
    """What is on the list."""

    @lists("scan_line_list", ScanLineOut, area=AREA)
    def get(self, request: Request, uuid: UUID) -> Response:
        """What is on the list now, in the order scanned."""
        rows = scan_line_list(session=self.session())
        return self.page(rows, ScanLineOut, seen=lambda line: item_case(line.item))


class Scans(SessionView):
    """Scans."""

    @acts("scans_add", ScansIn, BulkAnswer, area=AREA, also={207: BulkAnswer})
    def post(self, request: Request, uuid: UUID) -> Response:
        """Take scans in order: items join the list, a place or badge becomes the target, a box the container."""
        session = self.session()

        def one(text: str) -> dict[str, Any]:
            done = scan_add(actor=self.actor, session=session, text=text)
            about = done.item or done.party
            return {"outcome": done.outcome, "message": done.message, "uuid": str(about.uuid) if about else None}

        return bulk(self.body(ScansIn)["texts"], one, rows_name="texts")


class Undo(SessionView):
    """A scan taken back."""

    @acts("scan_remove", UndoIn, ScanLineOut, area=AREA)
    def post(self, request: Request, uuid: UUID) -> Response:
        """Take one line, or the last, off the list again."""
        name = self.body(UndoIn).get("item")
        item = item_named(actor=self.actor, key=name) if name else None
        return self.one(scan_remove(actor=self.actor, session=self.session(), item=item), ScanLineOut)


class Discard(SessionView):
    """A session given up."""

    @acts("scan_discard", None, None, area=AREA)
    def post(self, request: Request, uuid: UUID) -> Response:
        """Close the session without any act."""
        scan_discard(actor=self.actor, session=self.session())
        return Response(None)


class MoveScanned(SessionView):
    """A move of all that was scanned."""

    @acts("scan_move", MoveScannedIn, MovedOut, area=AREA)
    def post(self, request: Request, uuid: UUID) -> Response:
        """Put all scanned items where the scanned place, badge or box says: one act."""
        moved = scan_move(actor=self.actor, session=self.session(), **self.body(MoveScannedIn))
        return Response({"moved": moved})


class OfferScanned(SessionView):
    """A hand-over of all that was scanned."""

    @acts("scan_offer", OfferScannedIn, HandOverOut, area=AREA)
    def post(self, request: Request, uuid: UUID) -> Response:
        """Offer all scanned items to the scanned badge, or to the party named."""
        body = self.body(OfferScannedIn)
        name = body.pop("to")
        to = party_named(uuid=name, field="to") if name else None
        made = scan_offer(actor=self.actor, session=self.session(), to=to, **body)
        return self.one(handover_seen(actor=self.actor, uuid=made.uuid), HandOverOut)


urlpatterns = [
    path("scan-sessions/", Sessions.as_view()),
    path("scan-sessions/<uuid:uuid>/", OneSession.as_view()),
    path("scan-sessions/<uuid:uuid>/lines/", SessionLines.as_view()),
    path("scan-sessions/<uuid:uuid>/scans/", Scans.as_view()),
    path("scan-sessions/<uuid:uuid>/undo/", Undo.as_view()),
    path("scan-sessions/<uuid:uuid>/discard/", Discard.as_view()),
    path("scan-sessions/<uuid:uuid>/move/", MoveScanned.as_view()),
    path("scan-sessions/<uuid:uuid>/offer/", OfferScanned.as_view()),
]
