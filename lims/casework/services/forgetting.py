"""Forgetting a person when the law says so: one asks, another confirms. The ledger still verifies afterwards.

Data protection law gives a person the erasure of their data (Directive (EU) 2016/680 Art. 16; Regulation (EU) 2016/679
Art. 17) and lets it wait where the data are needed as evidence (Art. 16(3)(b); Art. 17(3)(e)).
"""

from uuid import UUID

from django.db import transaction
from django.db.models import BinaryField, F, Func, IntegerField, Q, Value
from django.utils import timezone
from django.utils.translation import gettext as _

from chain_of_custody.enums import HandOverState, ItemState
from chain_of_custody.models import Entry, HandOver, Item, Party
from chain_of_custody.services import commitments_forget, party_deactivate, party_forget
from lims.accounts.actors import Actor, require
from lims.accounts.models import Forgetting, User
from lims.accounts.services import account_erase, name_places
from lims.casework.models import Case
from lims.casework.services.retention import files_about
from lims.common.checks import text_clean
from lims.common.errors import BadInput, NotAllowed, RuleViolation


def person_forget_ask(*, actor: Actor, party: Party, legal_basis: str, reason: str) -> Forgetting:
    """Ask that a person be forgotten. Nothing is erased before somebody else confirms (`person_forget`).

    Raises:
        NotAllowed: without `person.forget`.
        BadInput: no legal basis or reason, one that names the person, or a party that is no person.
        RuleViolation: what `_forgettable_check` refuses, or it was asked for already.
    """
    require(actor, "person.forget")
    legal_basis = text_clean(legal_basis, field="legal_basis", required=True)
    reason = text_clean(reason, field="reason", required=True)
    if party.kind not in {"person", "courier"}:
        raise BadInput(_("Only a person can be forgotten."), code="not-a-person", field="party")
    for field, text in (("legal_basis", legal_basis), ("reason", reason)):
        if party.name.casefold() in text.casefold():
            raise BadInput(_("Do not name the person here: this text stays."), code="names-the-person", field=field)
    with transaction.atomic():
        row = Party.objects.select_for_update(no_key=True).get(pk=party.pk)
        if Forgetting.objects.filter(party=row).exists():
            raise RuleViolation(_("This was asked for already."), code="already", field="party")
        _forgettable_check(row)
        return Forgetting.objects.create(party=row, legal_basis=legal_basis, reason=reason, asked_by_id=actor.party_id)


def person_forget(*, actor: Actor, forgetting: Forgetting) -> Forgetting:
    """Confirm, as a second person, and erase: name, contact data, and the values behind commitments that name them.

    Reports already signed and packs already given out stay as they are, and so do backups.

    Raises:
        NotAllowed: without `person.confirm`, or whoever asked.
        RuleViolation: done already, or what `_forgettable_check` refuses.
    """
    require(actor, "person.confirm")
    with transaction.atomic():
        row = Forgetting.objects.select_for_update(no_key=True).get(pk=forgetting.pk)
        if row.confirmed_at is not None:
            raise RuleViolation(_("This person has been forgotten already."), code="already")
        if row.asked_by_id == actor.party_id:
            raise NotAllowed(_("Whoever asked does not confirm. A second person has to."), code="second-person")
        party = Party.objects.select_for_update(no_key=True).get(pk=row.party_id)
        _forgettable_check(party)
        name = party.name
        row.erased = _erase(actor, party, row)
        row.left = name_places(name)
        row.confirmed_by_id, row.confirmed_at = actor.party_id, timezone.now()
        row.save(update_fields=["erased", "left", "confirmed_by", "confirmed_at"])
    return row


def _erase(actor: Actor, party: Party, row: Forgetting) -> dict[str, int]:
    name, document = party.name, party.document_number
    alone = not Party.objects.filter(name__iexact=name, erased_at__isnull=True).exclude(pk=party.pk).exists()
    accounts = list(User.objects.select_for_update(no_key=True).filter(party=party).order_by("pk"))
    words = [word for word in (document, *(a.username for a in accounts), *(a.email for a in accounts)) if word]
    known = [party.uuid, *(account.uuid for account in accounts)]
    if party.active:
        party_deactivate(actor=actor, party=party)
    erased = {
        "commitments": commitments_forget(names=[name], words=words, known_as=known, alone=alone),
        **account_erase(accounts=accounts, name=name, alone=alone),
    }
    party_forget(actor=actor, party=party, values=erased, authority=row.legal_basis, reason=row.reason)
    return erased


def _forgettable_check(party: Party) -> None:
    """Refuse while the person is needed: as a custodian, with an account, or in a case under legal hold."""
    if User.objects.filter(party=party, is_active=True).exists():
        raise RuleViolation(_("Close the person's accounts first."), code="account-open", field="party")
    if Item.objects.filter(custodian=party, state__in=[ItemState.HELD, ItemState.OFFERED]).exists():
        raise RuleViolation(
            _("The person still holds items. Reassign them by order first."), code="holds-items", field="party"
        )
    if HandOver.objects.filter(Q(giver=party) | Q(receiver=party), state=HandOverState.OPEN).exists():
        raise RuleViolation(_("A hand-over with this person is still open."), code="hand-over-open", field="party")
    if _in_held_case(party.uuid):
        raise RuleViolation(
            _("A case in which the person acted or is named is under legal hold."), code="legal-hold", field="party"
        )


def _in_held_case(person: UUID) -> bool:
    held = Case.objects.filter(legal_hold=True).order_by()
    if not held.exists():
        return False
    named = Func(
        Value(str(person).encode(), output_field=BinaryField()),
        F("canonical"),
        template="POSITION(%(expressions)s)",
        arg_joiner=" IN ",
        output_field=IntegerField(),
    )
    return Entry.objects.filter(files_about(held)).annotate(named=named).filter(named__gt=0).exists()
