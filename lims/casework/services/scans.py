"""Scan sessions on the server: scan many, then act on all. A reload or another device goes on with the same list."""

from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from chain_of_custody.models import HandOver, Item, Party
from lims.accounts.actors import Actor, require
from lims.casework.enums import ScanState
from lims.casework.models import Container, ScanLine, ScanSession
from lims.casework.selectors.resolve import resolve
from lims.casework.services.custody import handover_offer, items_move
from lims.common.errors import BadInput, NotFound, RuleViolation


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanResult:
    """What one scan did: `taken` (a new line), `known` (a repeat), `target` or `container` (set for the act)."""

    outcome: str
    message: str
    item: Item | None = None
    party: Party | None = None


def scan_session_open(*, actor: Actor) -> ScanSession:
    """The actor's open session, a new one where there is none.

    Raises:
        NotAllowed: without `scan.session`.
    """
    require(actor, "scan.session")
    found = ScanSession.objects.filter(user_id=actor.user_id, state=ScanState.OPEN).first()
    if found is not None:
        return found
    try:
        with transaction.atomic():
            return ScanSession.objects.create(user_id=actor.user_id)
    except IntegrityError:
        return ScanSession.objects.get(user_id=actor.user_id, state=ScanState.OPEN)


def scan_add(*, actor: Actor, session: ScanSession, text: str) -> ScanResult:
    """Take one scan: an item joins the list, a place or badge becomes the target, a box becomes the container.

    Raises:
        BadInput: unreadable, void, foreign, or an announced bag that has not been received.
        NotFound: nothing has this code, or it is not the actor's to see.
        RuleViolation: the session is closed.
    """
    row = _own(actor, session)
    found = resolve(actor=actor, text=text)
    if found.party is not None:
        row.target, row.container = found.party, None
        row.save(update_fields=["target", "container"])
        return ScanResult(outcome="target", message=_("To %(name)s.") % {"name": found.party.name}, party=found.party)
    if found.announced is not None:
        raise BadInput(
            _("%(form)s, bag %(number)s has been announced but not received yet. Receive it at intake first.")
            % {"form": found.announced.submission.reference, "number": found.announced.number},
            code="not-received",
        )
    if found.item is None:
        raise BadInput(_("That is a case, not an item. Scan the items."), code="not-an-item")
    if Container.objects.filter(item=found.item, case__isnull=True).exists():
        row.container, row.target = found.item, None
        row.save(update_fields=["target", "container"])
        return ScanResult(
            outcome="container", message=_("Into %(box)s.") % {"box": found.item.reference}, item=found.item
        )
    _line, made = ScanLine.objects.get_or_create(session=row, item=found.item, removed_at=None)
    if not made:
        return ScanResult(
            outcome="known",
            message=_("%(item)s is on the list already.") % {"item": found.item.reference},
            item=found.item,
        )
    return ScanResult(outcome="taken", message=_("%(item)s taken.") % {"item": found.item.reference}, item=found.item)


def scan_remove(*, actor: Actor, session: ScanSession, item: Item | None = None) -> ScanLine:
    """Take one line, or the last, off the list again.

    Raises:
        NotFound: it is not on the list.
    """
    row = _own(actor, session)
    lines = row.lines.filter(removed_at__isnull=True)
    line = (lines.filter(item=item) if item else lines).order_by("-id").first()
    if line is None:
        raise NotFound(_("There is nothing on the list to take back."), code="empty")
    line.removed_at = timezone.now()
    line.save(update_fields=["removed_at"])
    return line


def scan_discard(*, actor: Actor, session: ScanSession) -> None:
    """Close the session without any act."""
    row = _own(actor, session)
    row.state = ScanState.DISCARDED
    row.save(update_fields=["state"])


def scan_move(*, actor: Actor, session: ScanSession, reason: str = "", to: Party | None = None) -> int:
    """Put all scanned items where the scanned place, badge or box says, or to `to`; returns how many.

    Raises:
        BadInput: nothing scanned, or no target.
    """
    with transaction.atomic():
        row = _own(actor, session)
        items = _items(row)
        box = None if to is not None else row.container
        if to is None and row.target is None and box is None:
            raise BadInput(_("Scan the place or the box that they go to."), code="required", field="target")
        positions = _free_positions(box, len(items)) if box else []
        items_move(
            actor=actor,
            items=items,
            to=to or row.target,
            container=box,
            positions=positions,
            reason=reason,
        )
        _done(row)
    return len(items)


def scan_offer(
    *, actor: Actor, session: ScanSession, purpose: str, to: Party | None = None, note: str = ""
) -> HandOver:
    """Offer all scanned items to the scanned badge, or to `to`.

    Raises:
        BadInput: nothing scanned, or no receiver.
    """
    with transaction.atomic():
        row = _own(actor, session)
        items = _items(row)
        receiver = to or row.target
        if receiver is None:
            raise BadInput(_("Scan the receiver's badge or choose who receives."), code="required", field="to")
        handover = handover_offer(actor=actor, items=items, to=receiver, purpose=purpose, note=note)
        _done(row)
    return handover


def _own(actor: Actor, session: ScanSession) -> ScanSession:
    row = (
        (
            ScanSession.objects.select_for_update(no_key=True, of=("self",)).select_related("target", "container")
            if transaction.get_connection().in_atomic_block
            else ScanSession.objects.select_related("target", "container")
        )
        .filter(pk=session.pk, user_id=actor.user_id)
        .first()
    )
    if row is None:
        raise NotFound(_("There is no such scan session."), code="session-not-found")
    if row.state != ScanState.OPEN:
        raise RuleViolation(_("This scan session is closed. Start a new one."), code="session-closed")
    return row


def _items(session: ScanSession) -> list[Item]:
    """What is on the list, in the order scanned: positions of a box fill in that order."""
    order = list(session.lines.filter(removed_at__isnull=True).order_by("pk").values_list("item_id", flat=True))
    if not order:
        raise BadInput(_("Nothing has been scanned yet."), code="required", field="items")
    rows = Item.objects.filter(pk__in=order).select_related(
        "custodian", "exhibit__case__agency", "sample__case__agency", "container_of__case__agency"
    )
    items = {item.pk: item for item in rows}
    return [items[key] for key in order]


def _free_positions(box: Item, count: int) -> list[str]:
    grid = Container.objects.get(item=box)
    if not grid.rows:
        return []
    names = [f"{chr(ord('A') + row)}{column}" for row in range(grid.rows) for column in range(1, grid.columns + 1)]
    taken = set(Item.objects.filter(container=box).values_list("position", flat=True))
    free = [name for name in names if name not in taken]
    if len(free) < count:
        raise RuleViolation(
            _("%(box)s has %(free)s free positions for %(count)s items.")
            % {"box": box.reference, "free": len(free), "count": count},
            code="box-full",
            field="container",
        )
    return free[:count]


def _done(session: ScanSession) -> None:
    session.state = ScanState.DONE
    session.save(update_fields=["state"])
