"""Hand-overs as lists and single rows, and their items as either side names them."""

from collections.abc import Sequence
from uuid import UUID

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from chain_of_custody.models import HandOver, HandOverLine, Item
from lims.accounts.actors import Actor
from lims.casework.selectors.exchanges import sides
from lims.common.errors import BadInput, NotFound


def handovers_seen(*, actor: Actor, side: str = "", state: str = "") -> QuerySet[HandOver]:
    """Hand-overs newest first, with the number of their items: both sides see theirs, readers of every case see all.

    Args:
        side: "receiving" or "giving" for the actor's own; empty for all that the actor may see.
        state: only those in this state.
    """
    rows = HandOver.objects.select_related("giver", "receiver").annotate(
        items=Count("lines"), waiting=Count("lines", filter=Q(lines__state="offered"))
    )
    own = {"receiving": Q(receiver__in=sides(actor)), "giving": Q(giver__in=sides(actor))}
    if side:
        rows = rows.filter(own[side])
    elif not actor.may("case.read"):
        rows = rows.filter(own["receiving"] | own["giving"])
    return (rows.filter(state=state) if state else rows).order_by("-id")


def handover_seen(*, actor: Actor, uuid: UUID) -> HandOver:
    """One hand-over that the actor may see.

    Raises:
        NotFound: the same answer whether it does not exist or may not be seen.
    """
    found = handovers_seen(actor=actor).filter(uuid=uuid).first()
    if found is None:
        raise NotFound(_("There is no such hand-over, or it is not yours to see."), code="hand-over-not-found")
    return found


def handover_items_named(*, handover: HandOver, keys: Sequence[str], field: str = "items") -> list[Item]:
    """Items of a hand-over already seen, by UUID, reference or scan code, in the order named.

    Whoever takes part in a hand-over names its items, also where they may read nothing else of the case.

    Raises:
        BadInput: one that is not part of it (`row` says which).
    """
    found: dict[str, Item] = {}
    for line in handover.lines.select_related("item"):
        item = line.item
        found |= {name.upper(): item for name in (str(item.uuid), item.reference, item.scan_code) if name}
    items = []
    for row, key in enumerate(keys):
        known = found.get(key.strip().upper())
        if known is None:
            raise BadInput(
                _("«%(found)s» is not part of this hand-over.") % {"found": key[:60]},
                code="unknown-item",
                field=field,
                found=key[:60],
                row=row,
            )
        items.append(known)
    return items


def handover_line_list(*, handover: HandOver) -> QuerySet[HandOverLine]:
    """The lines of a hand-over already seen, containers before what travels in them, with the cases of the items."""
    cases = ("item__exhibit__case__agency", "item__sample__case__agency", "item__container_of__case__agency")
    rows = handover.lines.select_related("item", "carried_in", "seal_released", "settled_by", *cases)
    return rows.order_by("carried_in_id", "item__reference")
