"""Who holds what, since when, and what waits."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from chain_of_custody.core.tlogproof import TlogProof
from chain_of_custody.custody_schemas import ITEM_STREAM
from chain_of_custody.enums import HandOverState, ItemState, LineState
from chain_of_custody.models import HandOver, HandOverLine, Item, Party, Seal
from chain_of_custody.selectors.ledger import PAGE, HistoryRow, ProofRow, stream_entries, stream_proofs
from chain_of_custody.selectors.publishing import tlogproof_of_stream


@dataclass(frozen=True, slots=True, kw_only=True)
class CustodyNow:
    """Where an item stands now. `containers` go from the nearest outwards; `offered_in` is its open hand-over."""

    item: UUID
    reference: str
    state: ItemState
    custodian: Party
    seal: Seal | None
    containers: tuple[Item, ...]
    position: str
    offered_in: HandOver | None
    last_act_at: datetime


_AROUND = """
WITH RECURSIVE up (id, depth) AS (
    SELECT container_id, 1 FROM chain_of_custody_item WHERE id = %s
    UNION ALL
    SELECT i.container_id, up.depth + 1 FROM up JOIN chain_of_custody_item i ON i.id = up.id
)
SELECT i.*, up.depth FROM up JOIN chain_of_custody_item i ON i.id = up.id ORDER BY up.depth
"""


def item_history(item: Item, *, after: int = 0, limit: int = PAGE) -> list[HistoryRow]:
    """The item's entries in order, from behind sequence `after`: two statements whatever the length."""
    return stream_entries(ITEM_STREAM, item.uuid, after=after, limit=limit)


def item_proofs(item: Item, *, after: int = 0, limit: int = PAGE) -> list[ProofRow]:
    """Inclusion proofs of the item's entries in the newest checkpoint's tree, from behind sequence `after`."""
    return stream_proofs(ITEM_STREAM, item.uuid, after=after, limit=limit)


def item_tlogproof(item: Item) -> TlogProof | None:
    """Proof of the item's newest entry in the log, which speaks for all before; None while none has a signed place."""
    return tlogproof_of_stream(ITEM_STREAM, item.uuid)


def custody_now(item: Item) -> CustodyNow:
    """The item's custody at this moment: at most three statements."""
    row = Item.objects.select_related("custodian__organisation", "sealed_by").get(pk=item.pk)
    around = tuple(Item.objects.raw(_AROUND, [row.pk])) if row.container_id is not None else ()
    line = None
    if row.state == ItemState.OFFERED:
        line = (
            HandOverLine.objects.filter(item=row, state=LineState.OFFERED)
            .select_related("hand_over__giver", "hand_over__receiver")
            .first()
        )
    return CustodyNow(
        item=row.uuid,
        reference=row.reference,
        state=ItemState(row.state),
        custodian=row.custodian,
        seal=row.sealed_by,
        containers=around,
        position=row.position,
        offered_in=None if line is None else line.hand_over,
        last_act_at=row.last_act_at,
    )


def item_list(
    *, custodian: Party | None = None, container: Item | None = None, states: Sequence[str] = ()
) -> QuerySet[Item]:
    """Items with custodian, container and seal in one statement, by reference; page it."""
    rows = Item.objects.select_related("custodian", "container", "sealed_by").order_by("reference")
    if custodian is not None:
        rows = rows.filter(custodian=custodian)
    if container is not None:
        rows = rows.filter(container=container)
    return rows.filter(state__in=states) if states else rows


def handover_list(
    *, receiver: Party | None = None, giver: Party | None = None, open_only: bool = True
) -> QuerySet[HandOver]:
    """Hand-overs with both parties, newest first; by default those that still wait."""
    rows = HandOver.objects.select_related("giver", "receiver").order_by("-pk")
    if receiver is not None:
        rows = rows.filter(receiver=receiver)
    if giver is not None:
        rows = rows.filter(giver=giver)
    return rows.filter(state=HandOverState.OPEN) if open_only else rows


def handover_lines(handover: HandOver) -> QuerySet[HandOverLine]:
    """The lines of a hand-over with their items and seals, containers before what travels in them."""
    return handover.lines.select_related("item", "carried_in", "seal_released", "settled_by").order_by(
        "carried_in_id", "item__reference"
    )
