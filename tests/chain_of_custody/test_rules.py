"""The rules of custody by themselves: who may act on what, when, and what a transfer across a border needs."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from chain_of_custody.enums import ItemState, PartyKind, Verb
from chain_of_custody.errors import (
    AlreadyOffered,
    BadInput,
    BadTime,
    Conflict,
    CustodyError,
    HandOverClosed,
    ItemFinal,
    ItemSealed,
    NotCustodian,
    NotYourHalf,
    PermitRequired,
)
from chain_of_custody.rules import (
    TRANSITIONS,
    PartyFacts,
    Permit,
    Standing,
    acts_for,
    check_act,
    check_half,
    check_in_hands,
    check_inventory,
    check_permit,
    check_state,
    check_time,
)

AGENCY = UUID(int=7)
LAST = datetime(2026, 3, 4, 10, 5, 40, tzinfo=UTC)


def party(name: str, kind: str = PartyKind.PERSON, **facts: Any) -> PartyFacts:
    return PartyFacts(uuid=facts.pop("uuid", uuid4()), name=name, kind=kind, **facts)


ANNA = party("Anna", organisation=AGENCY, signs_in=True)
BEN = party("Ben", signs_in=True)
DRIVER = party("Driver")
STORE = party("Store 1", PartyKind.LOCATION, organisation=AGENCY)
POLICE = party("Police", PartyKind.ORGANISATION, uuid=AGENCY)


def item(state: ItemState = ItemState.HELD, custodian: PartyFacts = ANNA, **facts: Any) -> Standing:
    return Standing(reference="E01", state=state, custodian=custodian, last_act_at=LAST, **facts)


@pytest.mark.parametrize(
    ("holder", "acts"),
    [(ANNA, True), (POLICE, True), (BEN, False), (STORE, False), (party("Other", "organisation"), False)],
)
def test_one_acts_for_oneself_and_for_ones_organisation(holder: PartyFacts, acts: bool) -> None:
    assert acts_for(ANNA, holder) is acts


ON_HELD = {
    Verb.OFFERED, Verb.MOVED, Verb.SEALED, Verb.OPENED, Verb.CONSUMED, Verb.RETURNED, Verb.DISPOSED, Verb.REASSIGNED,
    Verb.BACK_ENTERED, Verb.STATED_EARLIER,
}  # fmt: skip
ON_OFFERED = {Verb.RECEIVED, Verb.REFUSED, Verb.WITHDRAWN, Verb.REASSIGNED, Verb.STATED_EARLIER}
ACTS = ON_HELD | ON_OFFERED


@pytest.mark.parametrize(
    ("state", "allowed", "refused"),
    [
        (ItemState.HELD, ON_HELD, HandOverClosed),
        (ItemState.OFFERED, ON_OFFERED, AlreadyOffered),
        *((state, {Verb.STATED_EARLIER}, ItemFinal) for state in ("consumed", "returned", "disposed")),
    ],
)
def test_each_act_begins_in_its_states_and_nothing_follows_a_final_one(
    state: str, allowed: set[Verb], refused: type[CustodyError]
) -> None:
    standing = item(ItemState(state))
    for verb in sorted(ACTS - allowed):
        with pytest.raises(refused):
            check_state(verb, standing)
    for verb in allowed:
        check_state(verb, standing)


@pytest.mark.parametrize(
    ("verb", "seal", "refused"),
    [
        (Verb.SEALED, "", None),
        (Verb.SEALED, "A-17", ItemSealed),
        (Verb.OPENED, "A-17", None),
        (Verb.OPENED, "", Conflict),
        (Verb.CONSUMED, "", None),
        (Verb.CONSUMED, "A-17", ItemSealed),
        (Verb.MOVED, "A-17", None),
        (Verb.RETURNED, "A-17", None),
        (Verb.DISPOSED, "", None),
    ],
)
def test_what_an_act_asks_of_the_items_own_seal(verb: Verb, seal: str, refused: type[CustodyError] | None) -> None:
    if refused is None:
        check_act(verb, item(seal=seal), ANNA)
        return
    with pytest.raises(refused):
        check_act(verb, item(seal=seal), ANNA)


def test_a_sealed_container_closes_what_is_inside_to_all_but_what_is_stated() -> None:
    inside = item(sealed_in=("BOX 1", "B-3"))
    for verb in (Verb.MOVED, Verb.OFFERED, Verb.CONSUMED, Verb.REASSIGNED):
        with pytest.raises(ItemSealed, match="inside BOX 1, which is under seal B-3"):
            check_act(verb, inside, ANNA)
    check_act(Verb.STATED_EARLIER, inside, ANNA)


def test_physical_acts_are_for_whoever_holds_the_item() -> None:
    with pytest.raises(NotCustodian, match="in the custody of Anna, not of Ben"):
        check_act(Verb.MOVED, item(), BEN)
    check_act(Verb.OFFERED, item(), BEN)  # the giver's half is asked for apart
    stored = item(custodian=STORE)
    with pytest.raises(NotCustodian):
        check_in_hands(stored, ANNA)
    check_in_hands(stored, ANNA, from_location=True)
    with pytest.raises(NotCustodian):
        check_in_hands(item(custodian=BEN), ANNA, from_location=True)


def test_each_side_writes_its_own_half_and_who_has_no_account_signs() -> None:
    check_half(ANNA, ANNA, signed=False)
    check_half(ANNA, POLICE, signed=False)
    check_half(ANNA, DRIVER, signed=True)
    with pytest.raises(NotYourHalf, match="has not signed"):
        check_half(ANNA, DRIVER, signed=False)
    with pytest.raises(NotYourHalf, match="Ben's to write, not Anna's"):
        check_half(ANNA, BEN, signed=True)
    with pytest.raises(NotCustodian, match="cannot sign"):
        check_half(ANNA, STORE, signed=True)


@pytest.mark.parametrize("minutes", [0, 1, 60 * 24])
def test_a_claimed_time_lies_in_the_minute_of_the_last_act_or_after_it(minutes: int) -> None:
    check_time(LAST.replace(second=0) + timedelta(minutes=minutes), item())
    check_time(None, item())


@pytest.mark.parametrize(
    "claimed", [LAST.replace(second=0) - timedelta(seconds=1), LAST - timedelta(days=1), LAST.replace(tzinfo=None)]
)
def test_a_claimed_time_before_the_last_act_or_without_zone_is_refused(claimed: datetime) -> None:
    with pytest.raises(BadTime):
        check_time(claimed, item())


def permit(**facts: str) -> Permit:
    return Permit(**{"number": "KE-17", "country": "KE", "purpose": "L", "source": "I", **facts})


def test_a_border_needs_a_permit_and_a_permit_is_whole() -> None:
    check_permit(None, crosses_border=False)
    check_permit(permit(number="1" * 60), crosses_border=True)
    with pytest.raises(PermitRequired, match="crosses a border"):
        check_permit(None, crosses_border=True)


@pytest.mark.parametrize("crosses", [True, False])
@pytest.mark.parametrize(
    ("facts", "refused", "field"),
    [
        ({"number": "1" * 61}, PermitRequired, "permit.number"),
        ({"number": " "}, PermitRequired, "permit.number"),
        ({"country": "KEN"}, BadInput, "permit.country"),
        ({"country": "ke"}, BadInput, "permit.country"),
        ({"purpose": "Y"}, BadInput, "permit.purpose"),
        ({"source": "L"}, BadInput, "permit.source"),
    ],
)
def test_a_malformed_permit_is_refused_by_field(
    facts: dict[str, str], refused: type[CustodyError], field: str, crosses: bool
) -> None:
    with pytest.raises(refused) as told:
        check_permit(permit(**facts), crosses_border=crosses)
    assert told.value.field == field


def test_an_inventory_is_taken_by_two_persons_who_hold_nothing() -> None:
    check_inventory(ANNA, BEN, [DRIVER, STORE])
    for first, second, holders in ((ANNA, ANNA, []), (ANNA, POLICE, []), (STORE, BEN, []), (ANNA, BEN, [BEN])):
        with pytest.raises(BadInput) as told:
            check_inventory(first, second, holders)
        assert told.value.field == "inventory_by"


def test_every_act_leads_somewhere_known_and_nothing_leaves_a_final_state() -> None:
    assert set(TRANSITIONS) == set(Verb) - {Verb.CREATED}
    final = {ItemState.CONSUMED, ItemState.RETURNED, ItemState.DISPOSED}
    for verb, rule in TRANSITIONS.items():
        if verb != Verb.STATED_EARLIER:
            assert not rule.before & final, verb
