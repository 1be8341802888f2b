"""How custody ends: consumed, returned or disposed of. Nothing follows."""

from datetime import datetime

from chain_of_custody.core.actor import Actor
from chain_of_custody.core.canonical import Json
from chain_of_custody.enums import DisposalMethod, ItemState, PartyKind, Verb
from chain_of_custody.errors import BadInput, Conflict
from chain_of_custody.models import Item, Party, StoredFile
from chain_of_custody.services.holding import (
    check_held,
    hold,
    item_drafts,
    left_containers,
    text_required,
)
from chain_of_custody.services.outcomes import OUT, Outcome, outcome_append
from chain_of_custody.services.parties import signature_values
from chain_of_custody.services.transactions import one_transaction, writing


@one_transaction
def item_consume(
    *,
    actor: Actor,
    item: Item,
    authority: str = "",
    note: str = "",
    happened_at: datetime | None = None,
    reason: str = "",
    place: str = "",
) -> Item:
    """Record that nothing is left of an item: an analysis used it up. That ends its custody.

    Whether using up the last needs an authority is the laboratory's policy (ASTM E860), checked by the caller; given,
    it is recorded.

    Raises `Conflict` while items are still inside it, `ItemSealed`, `NotCustodian`, `AlreadyOffered`, `ItemFinal`,
    `BadTime`.
    """
    holding = hold(actor, [item])
    check_held(holding, Verb.CONSUMED, happened_at)
    if holding.contents:
        raise Conflict(
            f"{holding.contents[0].reference} is still inside {holding.roots[0].reference}",
            field="item",
            found=holding.contents[0].reference,
            remedy="Take it out first.",
        )
    hidden = {"authority": authority.strip(), "note": note.strip()}
    drafts = item_drafts(holding, Verb.CONSUMED, own=left_containers(holding), committed=hidden)
    with writing():
        outcome = Outcome(state=ItemState.CONSUMED, spot=OUT)
        outcome_append(actor, holding, drafts, outcome, happened_at=happened_at, reason=reason, place=place)
    return holding.roots[0]


@one_transaction
def item_return(
    *,
    actor: Actor,
    item: Item,
    to: Party,
    authority: str,
    receipt: str = "",
    signature: StoredFile | None = None,
    happened_at: datetime | None = None,
    reason: str = "",
    place: str = "",
) -> Item:
    """Give an item, with everything inside, back for good: on whose authority, against which receipt or signature.

    Raises `BadInput` without authority, or without receipt and signature, or for a receiver that cannot receive;
    `NotCustodian`, `ItemSealed` for a sealed container around it, `AlreadyOffered`, `ItemFinal`, `BadTime`.
    """
    authority = text_required(authority, field="authority", what="the authority for a return")
    if not receipt.strip() and signature is None:
        raise BadInput("a return needs a receipt or the receiver's signature", field="receipt")
    holding = hold(actor, [item], parties=[to])
    receiver = holding.parties[to.pk]
    if receiver.kind in (PartyKind.LOCATION, PartyKind.SYSTEM):
        raise BadInput(f"{receiver.name} is a {receiver.kind}; items go back to somebody", field="to")
    check_held(holding, Verb.RETURNED, happened_at)
    drafts = item_drafts(
        holding,
        Verb.RETURNED,
        to=receiver,
        values=signature_values(receiver, signature),
        own=left_containers(holding),
        committed={"authority": authority, "receipt": receipt.strip()},
    )
    with writing():
        outcome = Outcome(custodian=receiver, state=ItemState.RETURNED, spot=OUT)
        outcome_append(actor, holding, drafts, outcome, happened_at=happened_at, reason=reason, place=place)
    return holding.roots[0]


@one_transaction
def item_dispose(
    *,
    actor: Actor,
    item: Item,
    method: str,
    authority: str,
    witness: Party | None = None,
    witness_name: str = "",
    file: StoredFile | None = None,
    happened_at: datetime | None = None,
    reason: str = "",
    place: str = "",
) -> Item:
    """Dispose of an item, with everything inside: how, on whose authority, before which witness, with a certificate.

    The witness is a party other than the actor, or named. Holds and appeal windows are the caller's to check.

    Raises `BadInput` for an unknown method, without authority or without a witness; `NotCustodian`, `ItemSealed` for a
    sealed container around it, `AlreadyOffered`, `ItemFinal`, `BadTime`.
    """
    authority = text_required(authority, field="authority", what="the authority for a disposal")
    name = _disposal_witness(actor, method, witness, witness_name)
    holding = hold(actor, [item])
    check_held(holding, Verb.DISPOSED, happened_at)
    values: dict[str, Json] = {"method": method, "witness": None if witness is None else str(witness.uuid)}
    if file is not None:
        values |= {"file": str(file.uuid), "sha256": file.digest}
    drafts = item_drafts(
        holding,
        Verb.DISPOSED,
        values=values,
        own=left_containers(holding),
        committed={"authority": authority, "witness.name": name},
    )
    with writing():
        outcome = Outcome(state=ItemState.DISPOSED, spot=OUT)
        outcome_append(actor, holding, drafts, outcome, happened_at=happened_at, reason=reason, place=place)
    return holding.roots[0]


def _disposal_witness(actor: Actor, method: str, witness: Party | None, witness_name: str) -> str:
    """The witness's name, once method and witness are fit."""
    if method not in DisposalMethod.values:
        known = ", ".join(DisposalMethod.values)
        raise BadInput(
            f"{method!r} is no method of disposal", field="method", found=method, remedy=f"Use one of {known}."
        )
    name = " ".join((witness.name if witness else witness_name).split())
    if not name:
        raise BadInput("a disposal needs a witness", field="witness")
    if witness is not None and witness.uuid == actor.party:
        raise BadInput("the witness is somebody other than who disposes", field="witness", found=name)
    return name
