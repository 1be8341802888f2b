"""Custody by order or from paper: reassignment, custody before ours, forms filled in during an outage."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.utils import timezone

from chain_of_custody.core.actor import Actor
from chain_of_custody.core.canonical import Json
from chain_of_custody.enums import HandOverState, ItemState, LineState, Purpose, Verb
from chain_of_custody.errors import BadInput, BadTime, Conflict
from chain_of_custody.models import HandOver, HandOverLine, Item, Party, StoredFile
from chain_of_custody.rules import check_inventory, check_reachable, check_state
from chain_of_custody.services.holding import (
    Holding,
    hold,
    item_draft,
    item_drafts,
    items_named,
    left_containers,
    text_required,
)
from chain_of_custody.services.ledger import EntryDraft, act_append
from chain_of_custody.services.outcomes import OUT, Outcome, outcome_append
from chain_of_custody.services.settling import handover_close
from chain_of_custody.services.transactions import one_transaction, writing


@one_transaction
def custody_reassign(
    *,
    actor: Actor,
    items: Sequence[Item],
    to: Party,
    inventory_by: Party,
    authority: str,
    happened_at: datetime | None = None,
    reason: str = "",
    place: str = "",
) -> None:
    """Give what somebody who has left still holds to another party, by order, after an inventory by two persons.

    The two are the actor and `inventory_by`; neither is a present custodian. Open hand-overs of the items are
    withdrawn. Contents go along.

    Raises `BadInput` without authority or with unfit persons, `ItemFinal`, `ItemSealed`, `Conflict`.
    """
    items_named(items)
    authority = text_required(authority, field="authority", what="the order for a reassignment")
    offers = _offers_lock(items)
    holding = hold(actor, items, parties=[to, inventory_by])
    second, receiver = holding.parties[inventory_by.pk], holding.parties[to.pk]
    holders = [holding.facts(holding.parties[item.custodian_id]) for item in holding.roots]
    check_inventory(holding.actor, holding.facts(second), holders)
    _check(holding, Verb.REASSIGNED, receiver)
    with writing():
        withdrawn = _offers_withdraw(holding, offers, happened_at)
        drafts = _reassigned(holding, receiver, second, authority, withdrawn)
        outcome = Outcome(custodian=receiver, state=ItemState.HELD, spot=OUT)
        outcome_append(actor, holding, drafts, outcome, happened_at=happened_at, reason=reason, place=place)


@one_transaction
def custody_state_earlier(
    *,
    actor: Actor,
    item: Item,
    holder: str,
    statement: str,
    since: datetime | None = None,
    until: datetime | None = None,
    file: StoredFile | None = None,
    reason: str = "",
    place: str = "",
) -> None:
    """Enter custody before ours: stated by somebody, not witnessed. It changes nothing about who holds the item.

    `holder` and `statement` enter as commitments. The period must end before the item's first witnessed act.

    Raises `BadInput` for empty texts, `BadTime` for a period that is not before ours.
    """
    holder = text_required(holder, field="holder", what="the holder's name", limit=200)
    statement = text_required(statement, field="statement", what="the statement")
    holding = hold(actor, [item])
    row = holding.roots[0]
    _stated_check(row, since, until)
    values: dict[str, Json] = {
        "item": str(row.uuid),
        "since": None if since is None else since.isoformat(),
        "until": None if until is None else until.isoformat(),
    }
    values |= _file_values(file)
    draft = item_draft(row, Verb.STATED_EARLIER, values, {"holder": holder, "statement": statement})
    with writing():
        act_append(actor=actor, drafts=[draft], reason=reason, place=place, heads=holding.heads)


@one_transaction
def custody_back_enter(
    *,
    actor: Actor,
    items: Sequence[Item],
    to: Party,
    file: StoredFile,
    happened_at: datetime,
    reason: str,
    purpose: str = Purpose.STORAGE,
    place: str = "",
) -> None:
    """Enter a transfer from a paper form filled in while Spoor was out of reach: both times, the reason, the scan.

    The entry shows the claimed time of the form as `happened_at` and now as `recorded_at`. The claimed time never lies
    before an item's last act: who held it after that act is on record, and an older form does not change it.

    Raises `BadInput` without a reason, `BadTime`, `AlreadyOffered`, `ItemFinal`, `ItemSealed`, `Conflict` when the
    items are with that party already.
    """
    items_named(items)
    reason = text_required(reason, field="reason", what="the reason for a back-entry")
    if purpose not in Purpose.values:
        raise BadInput(f"{purpose!r} is no purpose", field="purpose", found=purpose)
    holding = hold(actor, items, parties=[to])
    receiver = holding.parties[to.pk]
    _check(holding, Verb.BACK_ENTERED, receiver)
    _claimed_check(holding, happened_at, receiver)
    values: dict[str, Json] = {"purpose": str(purpose), **_file_values(file)}
    drafts = item_drafts(holding, Verb.BACK_ENTERED, to=receiver, values=values, own=left_containers(holding))
    with writing():
        outcome = Outcome(custodian=receiver, state=ItemState.HELD, spot=OUT)
        outcome_append(actor, holding, drafts, outcome, happened_at=happened_at, reason=reason, place=place)


def _reassigned(
    holding: Holding, receiver: Party, second: Party, authority: str, withdrawn: Mapping[int, HandOver]
) -> list[EntryDraft]:
    """The entries of a reassignment; an item that was on offer names the hand-over it was withdrawn from."""
    own: dict[int, dict[str, Json]] = left_containers(holding)
    for key, offer in withdrawn.items():
        own.setdefault(key, {})["hand_over"] = str(offer.uuid)
    return item_drafts(
        holding,
        Verb.REASSIGNED,
        to=receiver,
        values={"inventory_by": [str(holding.me.uuid), str(second.uuid)]},
        own=own,
        committed={"authority": authority, "inventory_by.names": [holding.me.name, second.name]},
    )


def _check(holding: Holding, verb: Verb, receiver: Party) -> None:
    for item in holding.roots:
        standing = holding.standing(item)
        check_state(verb, standing)
        check_reachable(standing)
    for item in holding.contents:
        check_state(verb, holding.standing(item))
    if verb == Verb.REASSIGNED and not receiver.active:
        raise BadInput(f"{receiver.name} is no longer active", field="to", found=receiver.name)


def _file_values(file: StoredFile | None) -> dict[str, Json]:
    return {} if file is None else {"file": str(file.uuid), "sha256": file.digest}


def _stated_check(row: Item, since: datetime | None, until: datetime | None) -> None:
    if since is not None and until is not None and until < since:
        raise BadTime("the stated custody ends before it begins", field="until", found=until.isoformat())
    for name, moment in (("since", since), ("until", until)):
        if moment is not None and moment > row.witnessed_from:
            shown = row.witnessed_from.astimezone(moment.tzinfo).isoformat(timespec="minutes")
            raise BadTime(
                f"{row.reference} has been in witnessed custody since {shown}; stated custody lies before that",
                field=name,
                found=moment.isoformat(),
            )


def _claimed_check(holding: Holding, claimed: datetime, receiver: Party) -> None:
    if claimed.tzinfo is None:
        raise BadTime("the claimed time has no time zone", field="happened_at", found=claimed.isoformat())
    for item in holding.roots:
        if claimed < item.witnessed_from.replace(second=0, microsecond=0):
            raise BadTime(
                f"{item.reference} was not in custody here at that time", field="happened_at", found=claimed.isoformat()
            )
        if item.custodian_id == receiver.pk:
            raise Conflict(f"{item.reference} is with {receiver.name} already", field="to", found=receiver.name)
    for item in holding.everything:
        if claimed < item.last_act_at.replace(second=0, microsecond=0):
            shown = item.last_act_at.astimezone(claimed.tzinfo).isoformat(timespec="minutes")
            raise BadTime(
                f"{item.reference} has a later act on record, at {shown}; who holds it since then stands",
                field="happened_at",
                found=claimed.isoformat(),
                remedy="Enter the paper forms in order, or record it as earlier custody.",
            )


def _offers_lock(items: Sequence[Item]) -> dict[int, HandOver]:
    """Open hand-overs that touch the items, locked by ascending key before the items are."""
    keys = (
        HandOverLine.objects.filter(item__in=[item.pk for item in items], state=LineState.OFFERED)
        .values_list("hand_over_id", flat=True)
        .distinct()
    )
    rows = HandOver.objects.filter(pk__in=list(keys)).order_by("pk").select_for_update(no_key=True)
    return {offer.pk: offer for offer in rows}


def _offers_withdraw(
    holding: Holding, offers: Mapping[int, HandOver], happened_at: datetime | None
) -> dict[int, HandOver]:
    """Withdraw the open lines of the held items; which hand-over each item was in, by item key."""
    lines = list(HandOverLine.objects.filter(item__in=holding.everything, state=LineState.OFFERED))
    if any(line.hand_over_id not in offers for line in lines):
        raise Conflict("one of the items was offered meanwhile", field="items", remedy="Try again.")
    if not lines:
        return {}
    moment = happened_at or timezone.now()
    HandOverLine.objects.filter(pk__in=[line.pk for line in lines]).update(
        state=LineState.WITHDRAWN, settled_by=holding.me, settled_at=moment
    )
    for offer in offers.values():
        if offer.state == HandOverState.OPEN:
            handover_close(offer, moment)
    return {line.item_id: offers[line.hand_over_id] for line in lines}
