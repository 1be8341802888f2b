"""Seals: applied and opened as acts. An opened seal stays on record."""

from datetime import datetime

from django.db.models import F
from django.db.models.functions import Greatest, Now
from django.utils import timezone

from chain_of_custody.core.actor import Actor
from chain_of_custody.enums import SealState, Verb
from chain_of_custody.errors import BadInput
from chain_of_custody.models import Item, Seal
from chain_of_custody.rules import check_act, check_time
from chain_of_custody.services.claims import claimed_now
from chain_of_custody.services.holding import Holding, conflicts, hold, item_draft
from chain_of_custody.services.ledger import act_append
from chain_of_custody.services.transactions import one_transaction, writing


def seal_number_clean(number: str) -> str:
    """A seal's number as written on it, runs of spaces as one. Raises `BadInput` when empty or beyond 60 characters."""
    clean = " ".join(number.split())
    if not clean or len(clean) > 60:
        raise BadInput("a seal number has 1 to 60 characters", field="number", found=clean[:60])
    return clean


@one_transaction
def seal_apply(
    *,
    actor: Actor,
    item: Item,
    number: str,
    happened_at: datetime | None = None,
    reason: str = "",
    place: str = "",
) -> Seal:
    """Close an item, and with it everything inside, with a numbered seal.

    Raises `ItemSealed` when a seal is in force on it already, `SealTaken` when the number is in force on another item,
    `NotCustodian`, `AlreadyOffered`, `ItemFinal`, `BadTime`.
    """
    clean = seal_number_clean(number)
    holding = hold(actor, [item])
    row = _checked(holding, Verb.SEALED, happened_at)
    with writing():
        with conflicts():
            seal = Seal.objects.create(
                item=row, number=clean, applied_by=holding.me, applied_at=happened_at or timezone.now()
            )
        _write(row, seal, happened_at)
        holder = holding.parties[row.custodian_id]
        values = {"item": str(row.uuid), "from": str(holder.uuid), "seal": str(seal.uuid), "seal_number": seal.number}
        draft = item_draft(row, Verb.SEALED, values, {"from.name": holder.name})
        act_append(
            actor=actor, drafts=[draft], happened_at=happened_at, reason=reason, place=place, heads=holding.heads
        )
    return seal


@one_transaction
def seal_open(
    *,
    actor: Actor,
    item: Item,
    found: str = SealState.INTACT,
    condition: str = "",
    happened_at: datetime | None = None,
    reason: str = "",
    place: str = "",
) -> Seal:
    """Open the seal in force, with the state it was found in. It stays on record with who opened it and when.

    Raises `Conflict` when no seal is in force, `BadInput` for an unknown state, `NotCustodian`, `AlreadyOffered`,
    `ItemFinal`, `ItemSealed` for a sealed container around it, `BadTime`.
    """
    if found not in SealState.values:
        raise BadInput(
            f"{found!r} is no state of a seal", field="found", found=found, remedy=f"Use {', '.join(SealState.values)}."
        )
    holding = hold(actor, [item])
    row = _checked(holding, Verb.OPENED, happened_at)
    seal = holding.seals[row.sealed_by_id or 0]
    with writing():
        seal.state, seal.opened_by, seal.opened_at = SealState(found), holding.me, happened_at or timezone.now()
        seal.save(update_fields=["state", "opened_by", "opened_at"])
        _write(row, None, happened_at)
        holder = holding.parties[row.custodian_id]
        values = {
            "item": str(row.uuid),
            "from": str(holder.uuid),
            "seal": str(seal.uuid),
            "seal_number": seal.number,
            "seal_state": found,
        }
        hidden = {"from.name": holder.name} | ({"condition": condition.strip()} if condition.strip() else {})
        draft = item_draft(row, Verb.OPENED, values, hidden)
        act_append(
            actor=actor, drafts=[draft], happened_at=happened_at, reason=reason, place=place, heads=holding.heads
        )
    return seal


def _checked(holding: Holding, verb: Verb, happened_at: datetime | None) -> Item:
    row = holding.roots[0]
    standing = holding.standing(row)
    check_act(verb, standing, holding.actor)
    check_time(happened_at, standing)
    return row


def _write(row: Item, seal: Seal | None, happened_at: datetime | None) -> None:
    Item.objects.filter(pk=row.pk).update(
        sealed_by=seal,
        version=F("version") + 1,
        last_act_at=Greatest(F("last_act_at"), happened_at or claimed_now() or Now()),
    )
    row.sealed_by = seal
    row.version += 1
