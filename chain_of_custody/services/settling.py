"""An open hand-over being settled: which of its lines, under lock, and what it is called afterwards."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from chain_of_custody.core.actor import Actor
from chain_of_custody.enums import HandOverState, LineState, Verb
from chain_of_custody.errors import BadInput, HandOverClosed, NotFound
from chain_of_custody.models import HandOver, HandOverLine, Item, Party
from chain_of_custody.rules import check_state, check_time
from chain_of_custody.services.holding import Holding, hold


@dataclass(slots=True)
class Settling:
    """An open hand-over under lock, with the lines now settled (those of contents included) and their items."""

    offer: HandOver
    lines: list[HandOverLine]
    holding: Holding
    giver: Party
    receiver: Party


def settle_start(
    actor: Actor, handover: HandOver, items: Sequence[Item] | None, happened_at: datetime | None
) -> Settling:
    """Lock a hand-over and the items named (all that are open by default), with everything inside them.

    Raises `HandOverClosed` saying who settled it and when, `BadInput` for items that are not part of it, `BadTime`.
    """
    offer = HandOver.objects.select_for_update(no_key=True).filter(pk=handover.pk).first()
    if offer is None:
        raise NotFound(f"there is no hand-over {handover.uuid}", field="handover", found=str(handover.uuid))
    lines = list(offer.lines.select_related("settled_by").order_by("item_id"))
    if offer.state != HandOverState.OPEN:
        raise HandOverClosed(_closed_words(offer, lines), found=str(offer.uuid))
    chosen = _chosen(offer, lines, items)
    parties = [Party(pk=offer.giver_id), Party(pk=offer.receiver_id)]
    roots = [Item(pk=line.item_id) for line in chosen if line.carried_in_id is None]
    holding = hold(actor, roots, parties=parties)
    for item in holding.roots:
        standing = holding.standing(item)
        check_state(Verb.RECEIVED, standing)
        check_time(happened_at, standing)
    return Settling(
        offer=offer,
        lines=chosen,
        holding=holding,
        giver=holding.parties[offer.giver_id],
        receiver=holding.parties[offer.receiver_id],
    )


def _chosen(offer: HandOver, lines: Sequence[HandOverLine], items: Sequence[Item] | None) -> list[HandOverLine]:
    """The open lines of the items named (all by default), and of what travels inside them."""
    if items is None:
        return [line for line in lines if line.state == LineState.OFFERED]
    if not items:
        raise BadInput("no items are named", field="items", remedy="Scan each item that is there.")
    by_item = {line.item_id: line for line in lines}
    named = {item.pk for item in items}
    if len(named) != len(items):
        raise BadInput("an item is named twice", field="items")
    for item in items:
        line = by_item.get(item.pk)
        if line is None:
            raise BadInput(f"{item.reference} is not part of this hand-over", field="items", found=item.reference)
        if line.carried_in_id is not None:
            raise BadInput(
                f"{item.reference} travels inside another item of this hand-over and goes with it",
                field="items",
                found=item.reference,
            )
        if line.state != LineState.OFFERED:
            raise HandOverClosed(_line_words(item.reference, line), field="items", found=item.reference)
    return [line for line in lines if line.item_id in named or line.carried_in_id in named]


def _line_words(reference: str, line: HandOverLine) -> str:
    who = line.settled_by.name if line.settled_by else ""
    at = line.settled_at.isoformat(timespec="minutes") if line.settled_at else ""
    return f"{reference} was {LineState(line.state).value} by {who} at {at}"


def _closed_words(offer: HandOver, lines: Sequence[HandOverLine]) -> str:
    last = max(lines, key=lambda line: line.settled_at or offer.offered_at)
    return f"this hand-over is settled: {_line_words('its last item', last)}"


def settle_end(settling: Settling, state: LineState, happened_at: datetime | None) -> None:
    """Write what became of the lines, and close the hand-over when none is left."""
    moment = happened_at or timezone.now()
    for found in {line.seal_found for line in settling.lines}:
        keys = [line.pk for line in settling.lines if line.seal_found == found]
        HandOverLine.objects.filter(pk__in=keys).update(
            state=state, settled_by=settling.holding.me, settled_at=moment, seal_found=found
        )
    handover_close(settling.offer, moment)


def handover_close(offer: HandOver, moment: datetime) -> None:
    """Close a locked hand-over, named after what became of its lines, unless one is still open."""
    states = set(offer.lines.order_by().values_list("state", flat=True).distinct())
    if LineState.OFFERED in states:
        return
    offer.state = HandOverState(states.pop()) if len(states) == 1 else HandOverState.MIXED
    offer.settled_at = moment
    offer.save(update_fields=["state", "settled_at"])
