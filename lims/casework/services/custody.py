"""Custody acts with the laboratory's capabilities in front of them. The rules themselves are `chain_of_custody`'s."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from chain_of_custody import services as custody
from chain_of_custody.models import HandOver, Item, Party, Seal, StoredFile
from chain_of_custody.services import Permit, Receipt
from lims.accounts.actors import Actor, require
from lims.casework.models import Case
from lims.casework.selectors.access import case_scope
from lims.casework.selectors.cases import item_case
from lims.casework.selectors.exchanges import sides
from lims.casework.selectors.family import item_contents
from lims.casework.services.belonging import file_of_items_check
from lims.casework.services.cases import case_lock
from lims.common.errors import NotAllowed, RuleViolation


def handover_offer(
    *,
    actor: Actor,
    items: Sequence[Item],
    to: Party,
    purpose: str,
    note: str = "",
    transport: str = "",
    permit: Permit | None = None,
    crosses_border: bool = False,
    signature: StoredFile | None = None,
    happened_at: datetime | None = None,
) -> HandOver:
    """Release items to a party; the actor stays custodian until the other side has received them.

    A giver without account releases by a `signature`: the stored photograph of the signed form.
    """
    _allowed(actor, items)
    _form_check(signature, items)
    return custody.handover_offer(
        actor=actor,
        items=items,
        to=to,
        purpose=purpose,
        note=note,
        transport=transport,
        permit=permit,
        crosses_border=crosses_border,
        signature=signature,
        happened_at=happened_at,
    )


def handover_receive(
    *,
    actor: Actor,
    handover: HandOver,
    receipts: Sequence[Receipt],
    signature: StoredFile | None = None,
    happened_at: datetime | None = None,
) -> HandOver:
    """Receive the items named, each with its seal and condition as found; the others stay offered.

    A receiver without account signs on the actor's screen: `signature` is the stored photograph of the signed form.
    """
    _is_party(actor, handover.receiver)
    _form_check(signature, [receipt.item for receipt in receipts])
    return custody.handover_receive(
        actor=actor, handover=handover, receipts=receipts, signature=signature, happened_at=happened_at
    )


def handover_refuse(
    *, actor: Actor, handover: HandOver, items: Sequence[Item], reason: str, signature: StoredFile | None = None
) -> HandOver:
    """Refuse items with a reason; they stay with the giver."""
    _is_party(actor, handover.receiver)
    _form_check(signature, items)
    return custody.handover_refuse(actor=actor, handover=handover, items=items, reason=reason, signature=signature)


def handover_withdraw(*, actor: Actor, handover: HandOver, reason: str) -> HandOver:
    """Take back what has not been received yet."""
    _is_party(actor, handover.giver)
    return custody.handover_withdraw(actor=actor, handover=handover, reason=reason)


def items_move(
    *,
    actor: Actor,
    items: Sequence[Item],
    to: Party | None = None,
    container: Item | None = None,
    positions: Sequence[str] = (),
    reason: str = "",
    happened_at: datetime | None = None,
) -> None:
    """Put items into a place or a container, or take them out of a place into the actor's own hands."""
    _allowed(actor, items)
    custody.items_move(
        actor=actor,
        items=items,
        to=to,
        container=container,
        positions=positions,
        from_location=actor.in_laboratory,
        reason=reason,
        happened_at=happened_at,
    )


def seal_apply(*, actor: Actor, item: Item, number: str, happened_at: datetime | None = None) -> Seal:
    """Close an item with a numbered seal."""
    _allowed(actor, [item])
    return custody.seal_apply(actor=actor, item=item, number=number, happened_at=happened_at)


def seal_open(
    *,
    actor: Actor,
    item: Item,
    found: str,
    condition: str = "",
    reason: str = "",
    happened_at: datetime | None = None,
) -> Seal:
    """Open the seal in force; it stays on record with how it was found and who opened it."""
    _allowed(actor, [item])
    return custody.seal_open(
        actor=actor, item=item, found=found, condition=condition, reason=reason, happened_at=happened_at
    )


def item_consume(
    *, actor: Actor, item: Item, authority: str = "", note: str = "", happened_at: datetime | None = None
) -> Item:
    """Record that nothing is left of an item.

    Using up an exhibit needs a recorded authority (prosecutor or court): ASTM E860 practice.

    Raises:
        NotAllowed: without `sample.take` in its case.
        RuleViolation: an exhibit without authority.
    """
    _allowed(actor, [item], "sample.take")
    if hasattr(item, "exhibit") and not authority.strip():
        raise RuleViolation(
            _("This uses up %(item)s. Record the authority of the prosecutor or court first.")
            % {"item": item.reference},
            code="authority-needed",
            field="authority",
        )
    return custody.item_consume(actor=actor, item=item, authority=authority, note=note, happened_at=happened_at)


def item_return(
    *,
    actor: Actor,
    item: Item,
    to: Party,
    authority: str,
    receipt: str = "",
    happened_at: datetime | None = None,
) -> Item:
    """Give an item back for good; refused under a legal hold."""
    with transaction.atomic():
        _no_hold(_allowed_with_contents(actor, item))
        return custody.item_return(
            actor=actor, item=item, to=to, authority=authority, receipt=receipt, happened_at=happened_at
        )


def item_dispose(
    *,
    actor: Actor,
    item: Item,
    method: str,
    authority: str,
    witness: Party | None = None,
    witness_name: str = "",
    certificate: StoredFile | None = None,
    happened_at: datetime | None = None,
) -> Item:
    """Dispose of an item with authority and witness; refused under a legal hold."""
    with transaction.atomic():
        _no_hold(_allowed_with_contents(actor, item))
        file_of_items_check(certificate, [item, *item_contents(item)], field="certificate")
        return custody.item_dispose(
            actor=actor,
            item=item,
            method=method,
            authority=authority,
            witness=witness,
            witness_name=witness_name,
            file=certificate,
            happened_at=happened_at,
        )


def custody_reassign(
    *,
    actor: Actor,
    items: Sequence[Item],
    to: Party,
    inventory_by: Party,
    authority: str,
    happened_at: datetime | None = None,
) -> None:
    """Ordered reassignment of what a departed person held, after an inventory by two persons."""
    for case in _allowed(actor, items, "custody.reassign"):
        require(actor, "custody.reassign", case_scope(case))
    custody.custody_reassign(
        actor=actor,
        items=items,
        to=to,
        inventory_by=inventory_by,
        authority=authority,
        happened_at=happened_at,
    )


def custody_state_earlier(
    *,
    actor: Actor,
    item: Item,
    holder: str,
    statement: str,
    since: datetime | None = None,
    until: datetime | None = None,
    file: StoredFile | None = None,
) -> None:
    """Record custody before ours as stated, not witnessed."""
    _allowed(actor, [item])
    file_of_items_check(file, [item])
    custody.custody_state_earlier(
        actor=actor, item=item, holder=holder, statement=statement, since=since, until=until, file=file
    )


def custody_back_enter(
    *, actor: Actor, items: Sequence[Item], to: Party, file: StoredFile, happened_at: datetime, reason: str
) -> None:
    """Enter a transfer from a paper form filled in during an outage, with both times and the scan.

    Raises:
        NotAllowed: by somebody who neither gave nor received, without `custody.reassign` in the items' cases.
        BadInput: the form was not handed in for a case of the items.
        CustodyError: an item has a later act on record, whose custodian stands.
    """
    cases = _allowed(actor, items)
    _is_side(actor, items, to, cases)
    file_of_items_check(file, items)
    custody.custody_back_enter(actor=actor, items=items, to=to, file=file, happened_at=happened_at, reason=reason)


def _allowed(actor: Actor, items: Iterable[Item], capability: str = "custody.act") -> list[Case]:
    """The cases of the items, the capability held in each, and laboratory-wide for the laboratory's own containers."""
    cases: dict[int, Case] = {}
    for item in items:
        case = item_case(item)
        if case is not None:
            cases[case.pk] = case
        elif not actor.in_laboratory:
            raise NotAllowed(_("Only laboratory staff handle the laboratory's own containers."))
        else:
            require(actor, capability)
    for case in cases.values():
        require(actor, capability, case_scope(case))
    return list(cases.values())


def _is_party(actor: Actor, party: Party) -> None:
    """Only the side itself writes its half; a party without an account signs on the other side's screen."""
    if actor.party_id == party.pk:
        return
    if party.signs_in:
        raise NotAllowed(
            _("This is %(name)s's half of the hand-over. Only they can fill it in.") % {"name": party.name},
            code="not-your-half",
        )
    if not party.members.filter(pk=actor.party_id).exists():
        require(actor, "custody.act")


def _is_side(actor: Actor, items: Sequence[Item], to: Party, cases: Sequence[Case]) -> None:
    """Who gave or who received enters the paper form; others need what an ordered reassignment needs."""
    mine = set(sides(actor))
    # Read again: the caller's rows may be older than the last act.
    givers = set(Item.objects.filter(pk__in=[item.pk for item in items]).values_list("custodian_id", flat=True))
    if to.pk in mine or givers <= mine:
        return
    scopes = [case_scope(case) for case in cases]
    if all(actor.may("custody.reassign", scope) for scope in scopes) if scopes else actor.may("custody.reassign"):
        return
    raise NotAllowed(
        _("Whoever gave or received the items enters the paper form. Ask one of them, or the laboratory manager."),
        code="not-your-half",
    )


def _form_check(signature: StoredFile | None, items: Sequence[Item]) -> None:
    if signature is not None:
        inside = [one for item in items for one in item_contents(item)]
        file_of_items_check(signature, [*items, *inside], field="signature")


def _allowed_with_contents(actor: Actor, item: Item) -> list[Case]:
    """The cases of an item and of everything inside it, which ends with it; `item.dispose` held in each."""
    return _allowed(actor, [item, *item_contents(item)], "item.dispose")


def _no_hold(cases: Iterable[Case]) -> None:
    for case in sorted(cases, key=lambda one: one.pk):
        row = case_lock(case)
        if row.legal_hold:
            raise RuleViolation(
                _("%(reference)s is under legal hold: nothing is returned or disposed of until it is lifted.")
                % {"reference": row.reference},
                code="legal-hold",
            )
