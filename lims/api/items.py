"""Items: whatever can be held. State, contents, history, proofs, amounts."""

from typing import Any

from django.urls import path
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from chain_of_custody.selectors import ProofRow, item_history, item_proofs
from lims.api.base import Feed, View
from lims.api.exhibits import AmountOut, SealOut
from lims.api.fields import CaseRef, Code, Input, ItemRef, Output, PartyRef, decimal, plain, text, when
from lims.api.operations import acts, lists, reads
from lims.api.samples import EdgeOut
from lims.casework.enums import Unit
from lims.casework.selectors.cases import item_case, item_get, quantity_step_list
from lims.casework.selectors.family import item_family
from lims.casework.selectors.naming import item_list
from lims.casework.services.samples import item_reweigh, item_use

AREA = "items"


class ItemRow(ItemRef):
    """An item: what it is, who holds it, where it is."""

    scan_code = serializers.CharField(allow_null=True)
    case = serializers.SerializerMethodField()
    custodian = PartyRef()
    container = ItemRef(allow_null=True)
    position = serializers.CharField()
    seal = SealOut(source="sealed_by", allow_null=True)
    amount = serializers.SerializerMethodField()
    last_act_at = serializers.DateTimeField()

    @extend_schema_field(CaseRef(allow_null=True))
    def get_case(self, item: Any) -> Any:
        """The case it belongs to; none for the laboratory's own boxes and plates."""
        case = item_case(item)
        return CaseRef(case).data if case else None

    @extend_schema_field(AmountOut(allow_null=True))
    def get_amount(self, item: Any) -> Any:
        """What is left, where it was ever weighed."""
        quantity = getattr(item, "quantity", None)
        return AmountOut(quantity).data if quantity else None


class ItemFilter(Input):
    """Which items to show."""

    custodian = serializers.UUIDField(required=False, help_text="Party that holds them.")


class HistoryOut(Output):
    """One entry of an item's history, as the ledger has it."""

    sequence = serializers.IntegerField()
    entry = serializers.UUIDField()
    act = serializers.UUIDField()
    schema = serializers.CharField()
    verb = serializers.CharField()
    happened_at = serializers.DateTimeField(help_text="As claimed, with zone.")
    recorded_at = serializers.DateTimeField()
    actor = serializers.UUIDField()
    actor_name = serializers.CharField(help_text="As shown at the time; empty when forgotten.")
    role = serializers.CharField()
    via = serializers.CharField()
    values = serializers.DictField()
    shown = serializers.DictField(help_text="Committed values that are still there.")
    erased = serializers.ListField(child=serializers.CharField(), help_text="Committed fields that were forgotten.")
    hash = serializers.CharField(help_text="SHA-256 of the entry, hexadecimal.")
    index = serializers.IntegerField(allow_null=True, help_text="Place in the log; null while it waits for one.")
    proof_state = serializers.SerializerMethodField()

    def get_proof_state(self, row: Any) -> str:
        """`in_log` once the entry has its place in the log, `waiting` until then."""
        return "waiting" if row.index is None else "in_log"


class ProofOut(Output):
    """Inclusion of one entry in the log of the checkpoint named (RFC 6962); hashes in hexadecimal."""

    sequence = serializers.IntegerField()
    entry = serializers.UUIDField()
    hash = serializers.CharField()
    index = serializers.IntegerField(allow_null=True)
    leaf = serializers.CharField(allow_blank=True)
    leaf_salt = serializers.CharField(allow_blank=True)
    proof = serializers.ListField(child=serializers.CharField())
    state = serializers.ChoiceField(choices=["proved", "waiting", "behind"])
    size = serializers.IntegerField(help_text="Size of the tree the proof is for: that of the newest checkpoint.")


class StepOut(Output):
    """One change of an amount, with the balance after it."""

    kind = serializers.CharField()
    amount = plain()
    left = plain()
    unit = serializers.CharField(source="quantity.unit")
    child = ItemRef(allow_null=True)
    note = serializers.CharField()
    at = serializers.DateTimeField()
    by = PartyRef()
    act = serializers.UUIDField()


class ReweighIn(Input):
    """A weighing."""

    value = decimal()
    unit = Code(Unit.values)
    note = text(300)
    happened_at = when()


class UseIn(Input):
    """What an analysis used up."""

    amount = decimal()
    unit = Code(Unit.values)
    note = text(300, required=True)
    authority = text(500, help_text="Needed to use up the last of an exhibit.")
    happened_at = when()


class Items(View):
    """All items."""

    @lists("item_list", ItemRow, area=AREA, query=ItemFilter)
    def get(self, request: Request) -> Response:
        """Items one may see, by reference; those of one custodian where asked."""
        rows = item_list(actor=self.actor, **self.query(ItemFilter))
        return self.page(rows, ItemRow, index="item list", seen=item_case)


class ItemView(View):
    """A view of one item, by UUID or reference."""

    def item(self, *, seen: bool = False, capability: str = "case.read") -> Any:
        """The item, when one may see it (or do what `capability` says); `seen` records that it is shown."""
        item = item_get(actor=self.actor, key=self.kwargs["key"], capability=capability)
        case = item_case(item)
        if seen and case is not None:
            self.shows(case, kind="item", subject=item.uuid, reference=item.reference)
        return item


class OneItem(ItemView):
    """One item."""

    @reads("item_get", ItemRow, area=AREA)
    def get(self, request: Request, key: str) -> Response:
        """What it is, who holds it, where it is."""
        item = self.item(seen=True)
        return self.one(item, ItemRow, version=item.version)


class Contents(ItemView):
    """What is in a container."""

    @lists("item_contents", ItemRow, area=AREA)
    def get(self, request: Request, key: str) -> Response:
        """Items directly inside a container."""
        rows = item_list(actor=self.actor, container=self.item(seen=True))
        return self.page(rows, ItemRow, seen=item_case)


class History(ItemView):
    """An item's history."""

    @lists("item_history", HistoryOut, area=AREA, by="feed")
    def get(self, request: Request, key: str) -> Response:
        """Every entry about the item in order, with its hash and its place in the log."""
        item = self.item(seen=True)
        after, limit = Feed().read(request)
        rows = item_history(item, after=after, limit=limit)
        following = rows[-1].sequence if len(rows) == limit else None
        return Response({"next_after": following, "results": HistoryOut(rows, many=True).data})


class Proofs(ItemView):
    """Proofs for an item's history."""

    @lists("item_proofs", ProofOut, area=AREA, by="feed")
    def get(self, request: Request, key: str) -> Response:
        """Inclusion proofs of the item's entries in the log of the newest checkpoint."""
        item = self.item(seen=True)
        after, limit = Feed().read(request)
        rows: list[ProofRow] = item_proofs(item, after=after, limit=limit)
        following = rows[-1].sequence if len(rows) == limit else None
        return Response({"next_after": following, "results": ProofOut(rows, many=True).data})


class Tree(ItemView):
    """Where samples of an item went, and where it came from."""

    @lists("item_tree", EdgeOut, area=AREA)
    def get(self, request: Request, key: str) -> Response:
        """All takings above and below an item, at most 500."""
        return self.page(item_family(item=self.item(seen=True)), EdgeOut)


class Steps(ItemView):
    """An item's amounts."""

    @lists("quantity_step_list", StepOut, area=AREA, by="cursor")
    def get(self, request: Request, key: str) -> Response:
        """Every change of the item's amount, newest first, with the balance after it."""
        return self.page(quantity_step_list(item=self.item(seen=True)), StepOut, cursor="-id")


class Reweigh(ItemView):
    """A weighing."""

    @acts("item_reweigh", ReweighIn, StepOut, area=AREA)
    def post(self, request: Request, key: str) -> Response:
        """Weigh an item again, or for the first time. It does not grow beyond the tolerance of the scale."""
        return self.one(item_reweigh(actor=self.actor, item=self.item(), **self.body(ReweighIn)), StepOut)


class Use(ItemView):
    """What analyses use up."""

    @acts("item_use", UseIn, AmountOut, area=AREA)
    def post(self, request: Request, key: str) -> Response:
        """Use up some of an item; when nothing is left it is consumed."""
        return self.one(item_use(actor=self.actor, item=self.item(), **self.body(UseIn)), AmountOut)


urlpatterns = [
    path("items/", Items.as_view()),
    path("items/<str:key>/", OneItem.as_view()),
    path("items/<str:key>/contents/", Contents.as_view()),
    path("items/<str:key>/history/", History.as_view()),
    path("items/<str:key>/proofs/", Proofs.as_view()),
    path("items/<str:key>/tree/", Tree.as_view()),
    path("items/<str:key>/amounts/", Steps.as_view()),
    path("items/<str:key>/reweigh/", Reweigh.as_view()),
    path("items/<str:key>/use/", Use.as_view()),
]
