"""Hand-overs: released by one party, received or refused by the other. Each half is written by its own side."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from chain_of_custody.core.actor import Actor
from chain_of_custody.core.canonical import Json
from chain_of_custody.enums import ItemState, LineState, PartyKind, Purpose, SealState, Verb
from chain_of_custody.errors import BadInput
from chain_of_custody.models import HandOver, HandOverLine, Item, Party, Seal, StoredFile
from chain_of_custody.rules import (
    SIGNING_KINDS,
    Permit,
    check_half,
    check_permit,
)
from chain_of_custody.services.holding import (
    Holding,
    check_held,
    conflicts,
    hold,
    item_drafts,
    items_named,
    left_containers,
    text_required,
)
from chain_of_custody.services.ledger import EntryDraft
from chain_of_custody.services.outcomes import OUT, Outcome, outcome_append
from chain_of_custody.services.parties import signature_values
from chain_of_custody.services.settling import Settling, settle_end, settle_start
from chain_of_custody.services.transactions import one_transaction, writing


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """One item as the receiver found it. `seal_found` (a `SealState`) is required when it was released under seal."""

    item: Item
    seal_found: str = ""
    condition: str = ""


@one_transaction
def handover_offer(
    *,
    actor: Actor,
    items: Sequence[Item],
    to: Party,
    purpose: str,
    note: str = "",
    transport: str = "",
    crosses_border: bool = False,
    permit: Permit | None = None,
    signature: StoredFile | None = None,
    happened_at: datetime | None = None,
    reason: str = "",
    place: str = "",
) -> HandOver:
    """Release items, with everything inside them, to another party. Custody passes when that party receives them.

    The items have one custodian, whose half this is: the actor, or a party without account that gave its `signature`.
    Where a border is crossed (said so, or known from both parties' countries) `permit` is required. Items leave the
    container they are in.

    Raises `BadInput`, `NotYourHalf`, `NotCustodian`, `AlreadyOffered`, `ItemFinal`, `ItemSealed`, `PermitRequired`.
    """
    _purpose_check(purpose)
    items_named(items)
    holding = hold(actor, items, parties=[to])
    giver, receiver = _giver(holding), holding.parties[to.pk]
    _receiver_check(giver, receiver)
    _side_check(holding, giver, signature)
    check_held(holding, Verb.OFFERED, happened_at)
    crosses = crosses_border or _border_between(giver, receiver)
    check_permit(permit, crosses_border=crosses)
    with writing():
        offer = _offer_create(giver, receiver, purpose, transport, crosses, permit, happened_at)
        with conflicts():
            HandOverLine.objects.bulk_create(_lines(holding, offer))
        drafts = _offer_drafts(holding, offer, signature, note)
        outcome = Outcome(state=ItemState.OFFERED, spot=OUT)
        outcome_append(actor, holding, drafts, outcome, happened_at=happened_at, reason=reason, place=place)
    return offer


@one_transaction
def handover_receive(
    *,
    actor: Actor,
    handover: HandOver,
    receipts: Sequence[Receipt],
    signature: StoredFile | None = None,
    happened_at: datetime | None = None,
    reason: str = "",
    place: str = "",
) -> HandOver:
    """Receive the items named, each with seal and condition as found, and everything inside them.

    Items without a receipt are not received: they stay offered. A seal found other than intact is recorded so and
    stays in force on record until it is opened. Of two who receive at once the second meets `HandOverClosed`.

    Raises `HandOverClosed`, `NotYourHalf`, `BadInput` for an item that is not in this hand-over, travels inside
    another, or was released under seal and comes without the seal's state; `BadTime`.
    """
    settling = settle_start(actor, handover, [receipt.item for receipt in receipts], happened_at)
    _side_check(settling.holding, settling.receiver, signature)
    found = {receipt.item.pk: receipt for receipt in receipts}
    own, conditions = _found_values(settling, found)
    with writing():
        _seals_as_found(settling, found)
        values = _settle_values(settling, settling.receiver, signature)
        drafts = item_drafts(
            settling.holding,
            Verb.RECEIVED,
            to=settling.receiver,
            values=values | {"purpose": settling.offer.purpose},
            own=own,
            own_committed=conditions,
        )
        outcome = Outcome(custodian=settling.receiver, state=ItemState.HELD)
        settle_end(settling, LineState.RECEIVED, happened_at)
        outcome_append(actor, settling.holding, drafts, outcome, happened_at=happened_at, reason=reason, place=place)
    return settling.offer


@one_transaction
def handover_refuse(
    *,
    actor: Actor,
    handover: HandOver,
    reason: str,
    items: Sequence[Item] | None = None,
    signature: StoredFile | None = None,
    happened_at: datetime | None = None,
    place: str = "",
) -> HandOver:
    """Refuse items of a hand-over, all that are open by default, with a reason. They stay with the giver.

    Raises as `handover_receive` does, and `BadInput` without a reason.
    """
    reason = text_required(reason, field="reason", what="a refusal's reason")
    settling = settle_start(actor, handover, items, happened_at)
    _side_check(settling.holding, settling.receiver, signature)
    values = _settle_values(settling, settling.receiver, signature)
    return _undo(actor, settling, Verb.REFUSED, values, happened_at, reason, place)


@one_transaction
def handover_withdraw(
    *,
    actor: Actor,
    handover: HandOver,
    items: Sequence[Item] | None = None,
    signature: StoredFile | None = None,
    happened_at: datetime | None = None,
    reason: str = "",
    place: str = "",
) -> HandOver:
    """Take back what was offered and not yet received, all of it by default. Only the giver can.

    Raises `HandOverClosed`, `NotYourHalf`, `BadInput`, `BadTime`.
    """
    settling = settle_start(actor, handover, items, happened_at)
    _side_check(settling.holding, settling.giver, signature)
    values = _settle_values(settling, settling.giver, signature)
    return _undo(actor, settling, Verb.WITHDRAWN, values, happened_at, reason, place)


def _purpose_check(purpose: str) -> None:
    if purpose not in Purpose.values:
        raise BadInput(
            f"{purpose!r} is no purpose", field="purpose", found=purpose, remedy=f"Use {', '.join(Purpose.values)}."
        )


def _offer_drafts(holding: Holding, offer: HandOver, signature: StoredFile | None, note: str) -> list[EntryDraft]:
    return item_drafts(
        holding,
        Verb.OFFERED,
        to=offer.receiver,
        values=_offer_values(offer, offer.giver, signature),
        own=_seal_values(holding, left_containers(holding)),
        committed={"note": note.strip(), "transport": offer.transport},
    )


def _giver(holding: Holding) -> Party:
    keys = {item.custodian_id for item in holding.roots}
    if len(keys) > 1:
        names = ", ".join(sorted(holding.parties[key].name for key in keys))
        raise BadInput(f"the items are in the custody of several parties: {names}", field="items", found=names)
    return holding.parties[keys.pop()]


def _receiver_check(giver: Party, receiver: Party) -> None:
    if receiver.pk == giver.pk:
        raise BadInput(f"{giver.name} holds the items already", field="to", found=giver.name)
    if receiver.kind not in SIGNING_KINDS:
        remedy = "Move the items there." if receiver.kind == PartyKind.LOCATION else None
        raise BadInput(f"{receiver.name} is a {receiver.kind} and cannot receive", field="to", remedy=remedy)
    if not receiver.active:
        raise BadInput(f"{receiver.name} is no longer active", field="to", found=receiver.name)


def _border_between(giver: Party, receiver: Party) -> bool:
    first, second = (
        party.country or (party.organisation.country if party.organisation else "") for party in (giver, receiver)
    )
    return bool(first and second and first != second)


def _offer_create(
    giver: Party,
    receiver: Party,
    purpose: str,
    transport: str,
    crosses: bool,
    permit: Permit | None,
    happened_at: datetime | None,
) -> HandOver:
    return HandOver.objects.create(
        giver=giver,
        receiver=receiver,
        purpose=purpose,
        transport=transport.strip()[:200],
        crosses_border=crosses,
        permit_number="" if permit is None else permit.number.strip(),
        permit_country="" if permit is None else permit.country,
        permit_purpose="" if permit is None else permit.purpose,
        permit_source="" if permit is None else permit.source,
        offered_at=happened_at or timezone.now(),
    )


def _lines(holding: Holding, offer: HandOver) -> list[HandOverLine]:
    return [
        HandOverLine(
            hand_over=offer, item=item, carried_in=holding.inside.get(item.pk), seal_released_id=item.sealed_by_id
        )
        for item in holding.everything
    ]


def _offer_values(offer: HandOver, giver: Party, signature: StoredFile | None) -> dict[str, Json]:
    values: dict[str, Json] = {"hand_over": str(offer.uuid), "purpose": offer.purpose}
    if offer.crosses_border:
        values["crosses_border"] = True
    if offer.permit_number:
        values |= {
            "permit_number": offer.permit_number,
            "permit_country": offer.permit_country,
            "permit_purpose": offer.permit_purpose,
            "permit_source": offer.permit_source,
        }
    return values | signature_values(giver, signature)


def _seal_values(holding: Holding, own: Mapping[int, Mapping[str, Json]]) -> dict[int, Mapping[str, Json]]:
    values: dict[int, Mapping[str, Json]] = dict(own)
    for item in holding.everything:
        seal = holding.seals.get(item.sealed_by_id or 0)
        if seal is not None:
            sealed: dict[str, Json] = {"seal": str(seal.uuid), "seal_number": seal.number}
            values[item.pk] = {**values.get(item.pk, {}), **sealed}
    return values


def _side_check(holding: Holding, side: Party, signature: StoredFile | None) -> None:
    check_half(holding.actor, holding.facts(side), signed=signature is not None)


def _settle_values(settling: Settling, side: Party, signature: StoredFile | None) -> dict[str, Json]:
    values: dict[str, Json] = {"hand_over": str(settling.offer.uuid)}
    return values | signature_values(side, signature)


def _found_values(
    settling: Settling, found: Mapping[int, Receipt]
) -> tuple[dict[int, Mapping[str, Json]], dict[int, Mapping[str, Json]]]:
    holding = settling.holding
    own = _seal_values(holding, {})
    for item in holding.roots:
        state = found[item.pk].seal_found
        if state and state not in SealState.values:
            raise BadInput(f"{state!r} is no state of a seal", field="seal_found", found=state)
        if item.sealed_by_id is not None and not state:
            raise BadInput(
                f"{item.reference} was released under seal {holding.seals[item.sealed_by_id].number}; "
                "say how the seal was found",
                field="seal_found",
                found=item.reference,
            )
        if state:
            own[item.pk] = {**own.get(item.pk, {}), "seal_state": state}
    conditions: dict[int, Mapping[str, Json]] = {
        key: {"condition": receipt.condition.strip()} for key, receipt in found.items()
    }
    return own, conditions


def _seals_as_found(settling: Settling, found: Mapping[int, Receipt]) -> None:
    for line in settling.lines:
        if line.item_id in found:
            line.seal_found = found[line.item_id].seal_found
    changed: dict[str, list[int]] = {}
    for item in settling.holding.roots:
        seal = settling.holding.seals.get(item.sealed_by_id or 0)
        state = found[item.pk].seal_found
        if seal is not None and seal.state != state:
            changed.setdefault(state, []).append(seal.pk)
    for state, keys in changed.items():
        Seal.objects.filter(pk__in=keys).update(state=state)


def _undo(
    actor: Actor,
    settling: Settling,
    verb: Verb,
    values: Mapping[str, Json],
    happened_at: datetime | None,
    reason: str,
    place: str,
) -> HandOver:
    drafts = item_drafts(settling.holding, verb, to=settling.receiver, values=values)
    with writing():
        outcome = Outcome(state=ItemState.HELD)
        state = LineState.REFUSED if verb == Verb.REFUSED else LineState.WITHDRAWN
        settle_end(settling, state, happened_at)
        outcome_append(actor, settling.holding, drafts, outcome, happened_at=happened_at, reason=reason, place=place)
    return settling.offer
