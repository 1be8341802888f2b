"""Items: taken into custody, moved between hands, places and containers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from django.db.models import OuterRef, Subquery
from django.utils import timezone

from chain_of_custody.core.actor import Actor
from chain_of_custody.core.canonical import Json
from chain_of_custody.enums import CARRIERS, ItemKind, ItemState, PartyKind, SealState, Verb
from chain_of_custody.errors import BadInput, HandOverNeeded, ItemSealed, NotCustodian
from chain_of_custody.models import Item, Party, Seal, StoredFile
from chain_of_custody.rules import acts_for, check_act, check_in_hands, check_reachable, check_state, check_time
from chain_of_custody.services.holding import (
    Holding,
    check_held,
    conflicts,
    hold,
    item_draft,
    item_drafts,
    items_named,
    left_containers,
)
from chain_of_custody.services.ledger import EntryDraft, act_append
from chain_of_custody.services.outcomes import Outcome, Spot, outcome_append
from chain_of_custody.services.parties import signature_values
from chain_of_custody.services.seals import seal_number_clean
from chain_of_custody.services.transactions import one_transaction, writing


@dataclass(frozen=True, slots=True, kw_only=True)
class NewItem:
    """An item to be taken into custody.

    `reference` is the human reference, `scan_code` the sign on its label. `seal_number` is a seal found on it, in the
    state `seal_state`; `condition` describes it and enters the ledger as a commitment.
    """

    kind: str
    reference: str
    scan_code: str = ""
    seal_number: str = ""
    seal_state: str = SealState.INTACT
    condition: str = ""
    position: str = ""
    uuid: UUID | None = None


@one_transaction
def items_create(
    *,
    actor: Actor,
    new: Sequence[NewItem],
    custodian: Party,
    container: Item | None = None,
    received_from: Party | None = None,
    signature: StoredFile | None = None,
    happened_at: datetime | None = None,
    reason: str = "",
    place: str = "",
) -> list[Item]:
    """Take items into custody for the first time: in the actor's hands, in a place, or with a party without account.

    `received_from` names who handed them over before they had an identity here, with that party's `signature`.

    Raises `BadInput` for an unknown kind or seal state or an empty reference, `NotCustodian` when the custodian is
    another person with an account (who would have to take them over), `ItemSealed` for a sealed container, `Conflict`
    for a reference, scan code, position or seal number in use.
    """
    for spec in new:
        _new_check(spec)
    if not new:
        raise BadInput("no items are named", field="items")
    others = [party for party in (custodian, received_from) if party is not None]
    holding = _hold_container(actor, container, others)
    _custodian_check(holding, custodian, container)
    moment = happened_at or timezone.now()
    rows = [_row(spec, custodian, container, moment) for spec in new]
    with writing():
        with conflicts():
            Item.objects.bulk_create(rows)
            seals = _seals_found(rows, new, moment)
        signed = {} if received_from is None else signature_values(received_from, signature)
        drafts = [
            _created(spec, item, seals.get(item.pk), custodian, received_from, container, signed)
            for spec, item in zip(new, rows, strict=True)
        ]
        act_append(actor=actor, drafts=drafts, happened_at=happened_at, reason=reason, place=place)
    return rows


def item_create(
    *,
    actor: Actor,
    kind: str,
    reference: str,
    custodian: Party,
    scan_code: str = "",
    container: Item | None = None,
    position: str = "",
    seal_number: str = "",
    seal_state: str = SealState.INTACT,
    condition: str = "",
    uuid: UUID | None = None,
    happened_at: datetime | None = None,
    reason: str = "",
    place: str = "",
) -> Item:
    """Take one item into custody; see `items_create`."""
    spec = NewItem(
        kind=kind,
        reference=reference,
        scan_code=scan_code,
        seal_number=seal_number,
        seal_state=seal_state,
        condition=condition,
        position=position,
        uuid=uuid,
    )
    made = items_create(
        actor=actor,
        new=[spec],
        custodian=custodian,
        container=container,
        happened_at=happened_at,
        reason=reason,
        place=place,
    )
    return made[0]


@one_transaction
def items_move(
    *,
    actor: Actor,
    items: Sequence[Item],
    to: Party | None = None,
    container: Item | None = None,
    position: str = "",
    positions: Sequence[str] = (),
    from_location: bool = False,
    happened_at: datetime | None = None,
    reason: str = "",
    place: str = "",
) -> None:
    """Put items into a place or a container, or take them out into the actor's own hands. Contents go along.

    Either `to` (a place, or the actor's own party to take items out) or `container`: custody passes to it, or to who
    holds the container. `from_location`: the actor may enter the places the items are in, the caller has checked that.

    Raises `NotCustodian` for items in other hands, `HandOverNeeded` when custody would pass to another person,
    `ItemSealed` for a sealed container around or ahead, `AlreadyOffered`, `ItemFinal`, `BadTime`, `Conflict` for a
    taken position.
    """
    if (to is None) == (container is None):
        raise BadInput("a move goes either to a party or into a container", field="to")
    items_named(items)
    spots = _positions(items, position, positions, container)
    boxes = [] if container is None else [container]
    holding = hold(actor, items, parties=[] if to is None else [to], also=boxes)
    box = None if container is None else holding.others[container.pk]
    receiver = _destination(holding, to, box)
    _receiver_check(holding, receiver, box, from_location=from_location)
    check_held(holding, Verb.MOVED, happened_at, from_location=from_location)
    ordered = [spots[item.pk] for item in holding.roots]
    drafts = item_drafts(holding, Verb.MOVED, to=receiver, own=_placed_values(holding, box, ordered))
    with writing():
        outcome = Outcome(custodian=receiver, spot=Spot(container=box, positions=ordered))
        outcome_append(actor, holding, drafts, outcome, happened_at=happened_at, reason=reason, place=place)


@one_transaction
def item_touch_check(*, actor: Actor, items: Sequence[Item], happened_at: datetime | None = None) -> None:
    """Lock items for another physical act (sampling, weighing) and check that the actor may touch each.

    Raises `NotCustodian`, `ItemSealed`, `AlreadyOffered`, `ItemFinal` or `BadTime`.
    """
    items_named(items)
    rows = {item.pk for item in items}
    holding = hold(actor, items, streams=False)
    for item in holding.everything:
        if item.pk in rows:
            standing = holding.standing(item)
            check_act(Verb.CONSUMED, standing, holding.actor)
            check_time(happened_at, standing)


def _new_check(spec: NewItem) -> None:
    if spec.kind not in ItemKind.values:
        raise BadInput(f"{spec.kind!r} is no kind of item", field="kind", found=spec.kind)
    if not spec.reference.strip() or len(spec.reference) > 60:
        raise BadInput("a reference has 1 to 60 characters", field="reference", found=spec.reference[:60])
    if spec.seal_state not in SealState.values:
        raise BadInput(f"{spec.seal_state!r} is no state of a seal", field="seal_state", found=spec.seal_state)


def _hold_container(actor: Actor, container: Item | None, parties: Sequence[Party]) -> Holding:
    """The container locked alone, not its contents; an empty holding without one."""
    return hold(actor, [], parties=parties, also=[] if container is None else [container])


def _custodian_check(holding: Holding, custodian: Party, container: Item | None) -> None:
    facts = holding.facts(holding.parties[custodian.pk])
    if container is not None:
        box = holding.others[container.pk]
        _container_check(holding, box)
        if box.custodian_id != custodian.pk:
            held_by = holding.parties[box.custodian_id].name
            raise NotCustodian(f"{box.reference} is in the custody of {held_by}", field="container", found=held_by)
    if not acts_for(holding.actor, facts) and facts.signs_in:
        raise NotCustodian(
            f"items cannot begin in the custody of {facts.name}, who has to take them over",
            field="custodian",
            found=facts.name,
            remedy="Take them into your own custody and offer them.",
        )


def _container_check(holding: Holding, box: Item) -> None:
    standing = holding.standing(box)
    if box.kind not in CARRIERS:
        raise BadInput(f"{box.reference} is a {box.kind}, nothing can be put into it", field="container")
    check_state(Verb.MOVED, standing)
    check_reachable(standing)
    if standing.seal:
        raise ItemSealed(
            f"{box.reference} is under seal {standing.seal}",
            field="container",
            found=standing.seal,
            remedy="Open the seal first; it stays on record.",
        )


def _destination(holding: Holding, to: Party | None, box: Item | None) -> Party:
    """Who has custody after a move: the party named, or whoever holds the container."""
    if box is not None:
        _container_check(holding, box)
        return holding.parties[box.custodian_id]
    return holding.me if to is None else holding.parties[to.pk]


def _receiver_check(holding: Holding, receiver: Party, box: Item | None, *, from_location: bool) -> None:
    if box is not None:
        if box.pk in holding.inside or box in holding.roots:
            raise BadInput(f"{box.reference} cannot be put into itself", field="container", found=box.reference)
        if receiver.kind != PartyKind.LOCATION:
            check_in_hands(holding.standing(box), holding.actor, from_location=from_location)
        return
    facts = holding.facts(receiver)
    if not facts.active:
        raise BadInput(f"{facts.name} is no longer in use", field="to", found=facts.name)
    if facts.kind != PartyKind.LOCATION and not acts_for(holding.actor, facts):
        raise HandOverNeeded(
            f"{facts.name} has to receive the items; they cannot be moved there",
            field="to",
            found=facts.name,
            remedy="Offer them in a hand-over.",
        )


def _positions(
    items: Sequence[Item], position: str, positions: Sequence[str], container: Item | None
) -> dict[int, str]:
    given = list(positions) or [position] * len(items)
    if len(given) != len(items):
        raise BadInput(f"{len(given)} positions for {len(items)} items", field="positions")
    if container is None and any(given):
        raise BadInput("a position is inside a container; none is named", field="positions")
    if any(len(text) > 40 for text in given):
        raise BadInput("a position has at most 40 characters", field="positions")
    return {item.pk: text for item, text in zip(items, given, strict=True)}


def _placed_values(holding: Holding, box: Item | None, positions: Sequence[str]) -> dict[int, Mapping[str, Json]]:
    left = left_containers(holding)
    values: dict[int, Mapping[str, Json]] = {}
    for item, spot in zip(holding.roots, positions, strict=True):
        mine: dict[str, Json] = dict(left.get(item.pk, {}))
        if box is not None:
            mine["container"] = str(box.uuid)
        if spot:
            mine["position"] = spot
        values[item.pk] = mine
    return values


def _row(spec: NewItem, custodian: Party, container: Item | None, moment: datetime) -> Item:
    return Item(
        uuid=spec.uuid or uuid4(),
        kind=spec.kind,
        reference=spec.reference.strip(),
        scan_code=spec.scan_code or None,
        custodian=custodian,
        container=container,
        position=spec.position,
        state=ItemState.HELD,
        witnessed_from=moment,
        last_act_at=moment,
    )


def _seals_found(rows: Sequence[Item], new: Sequence[NewItem], moment: datetime) -> dict[int, Seal]:
    """Seals that items came with; who applied them is not witnessed."""
    pairs = [(item, spec) for item, spec in zip(rows, new, strict=True) if spec.seal_number.strip()]
    if not pairs:
        return {}
    seals = Seal.objects.bulk_create(
        [
            Seal(item=item, number=seal_number_clean(spec.seal_number), state=spec.seal_state, applied_at=moment)
            for item, spec in pairs
        ]
    )
    for (item, _spec), seal in zip(pairs, seals, strict=True):
        item.sealed_by = seal
    in_force = Seal.objects.filter(item=OuterRef("pk"), opened_at__isnull=True).values("pk")
    Item.objects.filter(pk__in=[item.pk for item, _spec in pairs]).update(sealed_by=Subquery(in_force))
    return {seal.item_id: seal for seal in seals}


def _created(
    spec: NewItem,
    item: Item,
    seal: Seal | None,
    custodian: Party,
    received_from: Party | None,
    container: Item | None,
    signed: Mapping[str, Json],
) -> EntryDraft:
    values: dict[str, Json] = {
        "item": str(item.uuid),
        "kind": item.kind,
        "reference": item.reference,
        "custodian": str(custodian.uuid),
    }
    hidden: dict[str, Json] = {"custodian.name": custodian.name}
    if received_from is not None:
        values |= {"from": str(received_from.uuid), **signed}
        hidden["from.name"] = received_from.name
    if item.scan_code:
        values["scan_code"] = item.scan_code
    if container is not None:
        values["container"] = str(container.uuid)
    if item.position:
        values["position"] = item.position
    if seal is not None:
        values |= {"seal": str(seal.uuid), "seal_number": seal.number, "seal_state": seal.state}
    if spec.condition:
        hidden["condition"] = spec.condition
    return item_draft(item, Verb.CREATED, values, hidden)
