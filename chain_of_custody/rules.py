"""The rules of custody, as pure functions over what is known of items and persons.

One custodian at any instant; a hand-over has two halves, each written by its own side; no physical act on an item
outside the actor's custody; seals are opened and applied as acts; nothing follows a final state (ASTM E1492,
ISO/IEC 17025 7.4, ILAC-G19 module on custody).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chain_of_custody.enums import CitesPurpose, CitesSource, ItemState, PartyKind, Verb
from chain_of_custody.errors import (
    AlreadyOffered,
    BadInput,
    BadTime,
    Conflict,
    HandOverClosed,
    ItemFinal,
    ItemSealed,
    NotCustodian,
    NotYourHalf,
    PermitRequired,
)

FINAL = frozenset({ItemState.CONSUMED, ItemState.RETURNED, ItemState.DISPOSED})
SIGNING_KINDS = frozenset({PartyKind.PERSON, PartyKind.COURIER, PartyKind.ORGANISATION})
"""Kinds of party that can release and receive: places and systems cannot sign."""

_HELD = frozenset({ItemState.HELD})
_OFFERED = frozenset({ItemState.OFFERED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """From which states an act may start, where it ends (None: where it was), and what else it demands.

    `physical` acts need the item in the actor's hands. `seal` is the seal the item itself must have: True one in
    force, False none, None either.
    """

    before: frozenset[ItemState]
    after: ItemState | None
    physical: bool = False
    seal: bool | None = None


TRANSITIONS: Mapping[Verb, Transition] = {
    Verb.OFFERED: Transition(before=_HELD, after=ItemState.OFFERED),
    Verb.RECEIVED: Transition(before=_OFFERED, after=ItemState.HELD),
    Verb.REFUSED: Transition(before=_OFFERED, after=ItemState.HELD),
    Verb.WITHDRAWN: Transition(before=_OFFERED, after=ItemState.HELD),
    Verb.MOVED: Transition(before=_HELD, after=None, physical=True),
    Verb.SEALED: Transition(before=_HELD, after=None, physical=True, seal=False),
    Verb.OPENED: Transition(before=_HELD, after=None, physical=True, seal=True),
    Verb.CONSUMED: Transition(before=_HELD, after=ItemState.CONSUMED, physical=True, seal=False),
    Verb.RETURNED: Transition(before=_HELD, after=ItemState.RETURNED, physical=True),
    Verb.DISPOSED: Transition(before=_HELD, after=ItemState.DISPOSED, physical=True),
    Verb.REASSIGNED: Transition(before=_HELD | _OFFERED, after=ItemState.HELD),
    Verb.STATED_EARLIER: Transition(before=frozenset(ItemState), after=None),
    Verb.BACK_ENTERED: Transition(before=_HELD, after=ItemState.HELD),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyFacts:
    """What the rules need to know of a party."""

    uuid: UUID
    name: str
    kind: str
    organisation: UUID | None = None
    signs_in: bool = False
    active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """An item as it stands. `seal` is the number of the seal in force on it, `sealed_in` names the sealed container
    around it and that one's seal.
    """

    reference: str
    state: ItemState
    custodian: PartyFacts
    last_act_at: datetime
    seal: str = ""
    sealed_in: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Permit:
    """CITES permit particulars of a transfer across a border: number, issuing country (ISO 3166-1 alpha-2), purpose
    and source code. Specimens sent for forensic examination usually go under L and I.
    """

    number: str
    country: str
    purpose: str
    source: str


def acts_for(actor: PartyFacts, party: PartyFacts) -> bool:
    """Whether the actor is the party, or belongs to the organisation that the party is."""
    if actor.uuid == party.uuid:
        return True
    return party.kind == PartyKind.ORGANISATION and actor.organisation == party.uuid


def check_state(verb: Verb, item: Standing) -> None:
    """Raise `ItemFinal`, `AlreadyOffered` or `HandOverClosed` unless the act may start from the item's state."""
    if item.state in TRANSITIONS[verb].before:
        return
    if item.state in FINAL:
        raise ItemFinal(
            f"{item.reference} was {item.state.label.lower()}; nothing can be done with it any more",
            field="items",
            found=item.reference,
        )
    if item.state == ItemState.OFFERED:
        raise AlreadyOffered(
            f"{item.reference} waits in an open hand-over",
            field="items",
            found=item.reference,
            remedy="Let the receiver receive or refuse it, or withdraw the offer.",
        )
    raise HandOverClosed(f"{item.reference} is in no open hand-over any more", field="items", found=item.reference)


def check_act(verb: Verb, item: Standing, actor: PartyFacts, *, from_location: bool = False) -> None:
    """Raise the first rule that stands against the act: state, custody, the seals on and around the item."""
    check_state(verb, item)
    rule = TRANSITIONS[verb]
    if rule.physical:
        check_in_hands(item, actor, from_location=from_location)
    if rule.seal is False and item.seal:
        raise ItemSealed(
            f"{item.reference} is under seal {item.seal}",
            field="items",
            found=item.seal,
            remedy="Open the seal first; it stays on record.",
        )
    if rule.seal is True and not item.seal:
        raise Conflict(f"{item.reference} has no seal in force", field="item", found=item.reference)
    if verb != Verb.STATED_EARLIER:
        check_reachable(item)


def check_in_hands(item: Standing, actor: PartyFacts, *, from_location: bool = False) -> None:
    """Raise `NotCustodian` unless the item is in the actor's custody, or in a place the act takes it from."""
    holder = item.custodian
    if acts_for(actor, holder) or (from_location and holder.kind == PartyKind.LOCATION):
        return
    remedy = "Take it out of there first." if holder.kind == PartyKind.LOCATION else "Ask for a hand-over first."
    raise NotCustodian(
        f"{item.reference} is in the custody of {holder.name}, not of {actor.name}",
        field="items",
        found=holder.name,
        remedy=remedy,
    )


def check_reachable(item: Standing) -> None:
    """Raise `ItemSealed` when a sealed container encloses the item."""
    if item.sealed_in is not None:
        container, seal = item.sealed_in
        raise ItemSealed(
            f"{item.reference} is inside {container}, which is under seal {seal}",
            field="items",
            found=seal,
            remedy=f"Open the seal of {container} first.",
        )


def check_half(actor: PartyFacts, side: PartyFacts, *, signed: bool) -> None:
    """Raise `NotYourHalf` unless the actor may write this side's half of a hand-over.

    A party with an account writes its own; one without signs on the screen of somebody who has.
    """
    if acts_for(actor, side):
        return
    if side.kind not in SIGNING_KINDS:
        raise NotCustodian(
            f"{side.name} is a {side.kind} and cannot sign", found=side.name, remedy="Take the items out first."
        )
    if side.signs_in:
        raise NotYourHalf(f"this half of the hand-over is {side.name}'s to write, not {actor.name}'s", found=side.name)
    if not signed:
        raise NotYourHalf(
            f"{side.name} has no account and has not signed",
            field="signature",
            remedy="Take the signature on the screen, or photograph the signed form.",
        )


def check_time(claimed: datetime | None, item: Standing) -> None:
    """Raise `BadTime` when the claimed time lies before the item's previous act.

    Times are claimed to the minute, so within the minute of the previous act nothing is refused.
    """
    if claimed is None:
        return
    if claimed.tzinfo is None:
        raise BadTime("the claimed time has no time zone", field="happened_at", found=claimed.isoformat())
    if claimed < item.last_act_at.replace(second=0, microsecond=0):
        shown = item.last_act_at.astimezone(claimed.tzinfo).isoformat(timespec="minutes")
        raise BadTime(
            f"the claimed time lies before the previous act on {item.reference}, at {shown}",
            field="happened_at",
            found=claimed.isoformat(),
            remedy="Correct the time. Acts are entered in the order in which they happened, paper forms too.",
        )


def check_permit(permit: Permit | None, *, crosses_border: bool) -> None:
    """Raise `PermitRequired` when a transfer crosses a border without permit, `BadInput` for a malformed one.

    A CITES specimen sent abroad is in trade, also for examination (Res. Conf. 12.3).
    """
    if permit is None:
        if crosses_border:
            raise PermitRequired(
                "this transfer crosses a border and names no permit",
                field="permit",
                remedy="Give permit number, issuing country, purpose code and source code.",
            )
        return
    if not permit.number.strip() or len(permit.number) > 60:
        raise PermitRequired(
            "the permit has no number of 1 to 60 characters", field="permit.number", found=permit.number
        )
    if not re.fullmatch("[A-Z]{2}", permit.country):
        raise BadInput("the issuing country is not two capital letters", field="permit.country", found=permit.country)
    for name, code, codes in (
        ("purpose", permit.purpose, CitesPurpose.values),
        ("source", permit.source, CitesSource.values),
    ):
        if code not in codes:
            raise BadInput(
                f"{code!r} is no CITES {name} code",
                field=f"permit.{name}",
                found=code,
                remedy=f"Use one of {', '.join(codes)}.",
            )


def check_inventory(first: PartyFacts, second: PartyFacts, holders: Sequence[PartyFacts]) -> None:
    """Raise `BadInput` unless two different persons, neither of them a present custodian, took the inventory."""
    if first.uuid == second.uuid:
        raise BadInput("an inventory is taken by two different persons", field="inventory_by", found=second.name)
    for person in (first, second):
        if person.kind != PartyKind.PERSON:
            raise BadInput(f"{person.name} is a {person.kind}, no person", field="inventory_by", found=person.name)
        if any(person.uuid == holder.uuid for holder in holders):
            raise BadInput(
                f"{person.name} holds the items and cannot be one of the two who take the inventory",
                field="inventory_by",
                found=person.name,
            )
