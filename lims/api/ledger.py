"""The ledger and the access log, for those who may read them; an item's custody for anybody to verify."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse, StreamingHttpResponse
from django.urls import path
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from chain_of_custody.core.export import export_chunks
from chain_of_custody.core.tlogproof import MEDIA_TYPE
from chain_of_custody.enums import CheckKind, CheckState
from chain_of_custody.selectors import (
    checkpoint_latest,
    export_open,
    item_tlogproof,
    ledger_check_newest,
    log_verifier,
    reveal_everything,
    stream_entries,
)
from lims.accounts.actors import require
from lims.accounts.enums import AccessKind
from lims.accounts.selectors import access_list
from lims.accounts.services.ledger_checks import ledger_check_order
from lims.api.base import Feed, View
from lims.api.fields import Code, Input, Output, PartyRef, named
from lims.api.items import HistoryOut, ItemView
from lims.api.operations import creates, downloads, lists, reads
from lims.common.errors import NotFound

AREA = "ledger"


class CheckpointOut(Output):
    """The newest signed state of the log (C2SP tlog-checkpoint) and the key that signed it."""

    origin = serializers.CharField()
    size = serializers.IntegerField()
    root = named(serializers.SerializerMethodField())
    text = serializers.CharField()
    created_at = serializers.DateTimeField()
    key = serializers.SerializerMethodField()

    def get_root(self, row: Any) -> str:
        """Root hash, hexadecimal."""
        return bytes(row.root).hex()

    def get_key(self, row: Any) -> str:
        """The verifier key, to compare with one got by another way."""
        return str(log_verifier())


class FindingOut(Output):
    """What does not hold: the reason's name, where, and in words."""

    reason = serializers.CharField()
    where = serializers.CharField()
    detail = serializers.CharField()


class VerificationOut(Output):
    """One verification of the ledger. `under_way` is false where it ended, or died with its worker."""

    kind = Code(CheckKind.values)
    state = Code(CheckState.values)
    under_way = serializers.BooleanField()
    percent = serializers.IntegerField()
    since = serializers.IntegerField()
    size = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)
    findings = named(serializers.SerializerMethodField())

    @extend_schema_field(FindingOut(many=True))
    def get_findings(self, row: Any) -> list[dict[str, str]]:
        """Nothing where all holds."""
        return [dict(zip(("reason", "where", "detail"), one, strict=True)) for one in row.findings]


class AccessOut(Output):
    """One line of the access log."""

    at = serializers.DateTimeField()
    kind = serializers.CharField()
    party = PartyRef(source="user.party", allow_null=True, default=None)
    shown_as = serializers.CharField()
    role = serializers.CharField()
    subject_kind = serializers.CharField()
    subject = serializers.UUIDField(allow_null=True)
    reference = serializers.CharField()
    case = serializers.UUIDField(allow_null=True)
    reason = serializers.CharField()
    path = serializers.CharField()
    address = serializers.CharField(allow_null=True)


class AccessFilter(Input):
    """Which lines to show."""

    case = serializers.UUIDField(required=False)
    kind = Code(AccessKind.values, required=False)


class Checkpoint(View):
    """The log's state."""

    @reads("checkpoint_get", CheckpointOut, area=AREA)
    def get(self, request: Request) -> Response:
        """The newest signed checkpoint."""
        require(self.actor, "ledger.read")
        row = checkpoint_latest()
        if row is None:
            raise NotFound(_("The log has no checkpoint yet: the sequencer has not run."), code="no-checkpoint")
        return self.one(row, CheckpointOut)


class Verification(View):
    """The laboratory's own check of its ledger."""

    @reads("ledger_verification_get", VerificationOut, area=AREA)
    def get(self, request: Request) -> Response:
        """The verification asked for last: how far it is, or what it found."""
        require(self.actor, "ledger.read")
        row = ledger_check_newest()
        if row is None:
            raise NotFound(_("The ledger has not been verified here yet."), code="no-verification")
        return self.one(row, VerificationOut)

    @creates("ledger_verification_order", None, VerificationOut, area=AREA, status=202)
    def post(self, request: Request) -> Response:
        """Ask for a verification of the whole ledger; the one under way, when there is one."""
        row = ledger_check_order(actor=self.actor)
        row.refresh_from_db()
        return Response(self.data(row, VerificationOut), status=202, headers={"Location": request.path})


class StreamEntries(View):
    """Entries of any stream."""

    @lists("stream_entries", HistoryOut, area=AREA, by="feed")
    def get(self, request: Request, kind: str, uuid: UUID) -> Response:
        """Entries of one stream in order: of a case, an account, a report, settings."""
        require(self.actor, "ledger.read")
        after, limit = Feed().read(request)
        rows = stream_entries(kind, uuid, after=after, limit=limit)
        self.shows_index(f"stream {kind}"[:40])
        following = rows[-1].sequence if len(rows) == limit else None
        return Response({"next_after": following, "results": HistoryOut(rows, many=True).data})


class CustodyExport(ItemView):
    """An item's custody as a file."""

    @downloads("item_custody_export", "application/jsonl", area=AREA)
    def get(self, request: Request, key: str) -> StreamingHttpResponse:
        """The item's whole stream with inclusion proofs (`spoor-export/1`), for the verifier that needs no server."""
        item = self.item(seen=True)
        export = export_open(items=[item], reveal=reveal_everything)
        headers = {
            "Content-Disposition": f'attachment; filename="{item.reference}-custody.jsonl"',
            "X-Content-Type-Options": "nosniff",
            "Spoor-Entries-Waiting": str(export.waiting),
        }
        chunks = export_chunks(export.header, export.rows)
        return StreamingHttpResponse(chunks, content_type="application/jsonl", headers=headers)


class CustodyProof(ItemView):
    """An item's place in the log as a small file."""

    @downloads("item_custody_proof", "text/plain", area=AREA)
    def get(self, request: Request, key: str) -> HttpResponse:
        """Proof that the item's newest logged entry stands in the signed log (C2SP tlog-proof), for offline checking.

        Its extra line holds leaf salt and entry hash; the entry names all before it by hash.
        """
        item = self.item(seen=True)
        proof = item_tlogproof(item)
        if proof is None:
            raise NotFound(_("No act on this item has a place in the log yet."), code="no-proof")
        headers = {
            "Content-Disposition": f'attachment; filename="{item.reference}.tlog-proof"',
            "X-Content-Type-Options": "nosniff",
        }
        return HttpResponse(proof.text(), content_type=MEDIA_TYPE, headers=headers)


class AccessLog(View):
    """Who looked at what."""

    @lists("access_list", AccessOut, area=AREA, query=AccessFilter, by="cursor")
    def get(self, request: Request) -> Response:
        """The access log, newest first: views, downloads, stated reasons, refused attempts, sign-ins."""
        rows = access_list(actor=self.actor, **self.query(AccessFilter))
        return self.page(rows, AccessOut, cursor="-id", index="access log")


urlpatterns = [
    path("ledger/checkpoint/", Checkpoint.as_view()),
    path("ledger/verification/", Verification.as_view()),
    path("ledger/streams/<str:kind>/<uuid:uuid>/entries/", StreamEntries.as_view()),
    path("items/<str:key>/custody-export/", CustodyExport.as_view()),
    path("items/<str:key>/custody-proof/", CustodyProof.as_view()),
    path("access-log/", AccessLog.as_view()),
]
