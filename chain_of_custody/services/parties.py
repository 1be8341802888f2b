"""Parties: whoever and wherever can hold an item."""

import re
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID, uuid4

from django.utils import timezone

from chain_of_custody.core.actor import Actor
from chain_of_custody.core.canonical import Json
from chain_of_custody.core.entry import StreamKey
from chain_of_custody.custody_schemas import PARTY, PARTY_STREAM
from chain_of_custody.enums import PartyKind
from chain_of_custody.errors import BadInput, Conflict
from chain_of_custody.models import Party, StoredFile
from chain_of_custody.services.ledger import EntryDraft, act_append
from chain_of_custody.services.transactions import one_transaction, writing


@one_transaction
def party_create(
    *,
    actor: Actor,
    kind: str,
    name: str,
    organisation: Party | None = None,
    country: str = "",
    document_kind: str = "",
    document_number: str = "",
    signs_in: bool = False,
    uuid: UUID | None = None,
    happened_at: datetime | None = None,
    reason: str = "",
    place: str = "",
) -> Party:
    """A person, organisation, courier, location or system that can hold items.

    `signs_in` says that the party writes its own half of a hand-over with an account of its own; anybody else signs
    on the screen of the other side. `country` (ISO 3166-1 alpha-2) lets a hand-over know that it crosses a border.
    Name and identity document enter the ledger as commitments only.

    Raises `BadInput` naming the field that is missing, malformed or does not fit; `Conflict` when the UUID is taken.
    """
    name = " ".join(name.split())
    _party_check(kind, name, organisation, country, document_kind, document_number)
    if uuid is not None and Party.objects.filter(uuid=uuid).exists():
        raise Conflict(f"party {uuid} exists already", field="uuid", found=str(uuid))
    with writing():
        party = Party.objects.create(
            uuid=uuid or uuid4(),
            kind=kind,
            name=name,
            organisation=organisation,
            country=country,
            document_kind=document_kind.strip(),
            document_number=document_number.strip(),
            signs_in=signs_in,
        )
        act_append(actor=actor, drafts=[_created(party)], happened_at=happened_at, reason=reason, place=place)
    return party


@one_transaction
def party_account_change(*, actor: Actor, party: Party, signs_in: bool, reason: str = "") -> Party:
    """Record that a party got an account of its own, or has none any more: who then writes its half of a hand-over.

    Raises `Conflict` when that is so already.
    """
    row = _locked(party)
    if row.signs_in == signs_in:
        words = "has an account" if signs_in else "has no account"
        raise Conflict(f"{row.name} {words} already", field="signs_in", found=str(signs_in).lower())
    row.signs_in = signs_in
    return _changed(actor, row, "signs_in", "account_changed", {"signs_in": signs_in}, reason)


@one_transaction
def party_deactivate(*, actor: Actor, party: Party, reason: str = "") -> Party:
    """Nothing can be handed to the party any more. What it still holds has to be handed over or reassigned.

    Raises `Conflict` when it is inactive already.
    """
    row = _locked(party)
    if not row.active:
        raise Conflict(f"{row.name} is inactive already", field="party", found=row.name)
    row.active = False
    return _changed(actor, row, "active", "deactivated", {}, reason)


@one_transaction
def party_reactivate(*, actor: Actor, party: Party, reason: str = "") -> Party:
    """The party can receive again. Raises `Conflict` when it is active already."""
    row = _locked(party)
    if row.active:
        raise Conflict(f"{row.name} is active already", field="party", found=row.name)
    row.active = True
    return _changed(actor, row, "active", "reactivated", {}, reason)


@one_transaction
def party_forget(*, actor: Actor, party: Party, values: Mapping[str, Json], authority: str, reason: str = "") -> Party:
    """Erase what a person's row says of them. The row stays, because custody points to it, under a word of no meaning.

    `values` are the numbers of what was erased elsewhere, for the entry, which does not name the person.

    Raises `Conflict` when it was forgotten before, or the party is still active; `BadInput` for a place, a system or an
    organisation.
    """
    row = _locked(party)
    if row.kind not in {PartyKind.PERSON, PartyKind.COURIER}:
        raise BadInput(f"a {row.kind} is no person", field="party", found=str(row.uuid))
    if row.erased_at is not None:
        raise Conflict("this person was forgotten already", field="party", found=str(row.uuid))
    if row.active:
        raise Conflict("the person is still active; deactivate them first", field="party", found=str(row.uuid))
    row.name, row.document_kind, row.document_number = f"forgotten-{str(row.uuid)[:8]}", "", ""
    row.erased_at = timezone.now()
    draft = party_draft(row, "forgotten", dict(values), {"authority": authority})
    with writing():
        row.save(update_fields=["name", "document_kind", "document_number", "erased_at"])
        act_append(actor=actor, drafts=[draft], reason=reason)
    return row


def _locked(party: Party) -> Party:
    return Party.objects.select_for_update(no_key=True).get(pk=party.pk)


def _changed(actor: Actor, row: Party, field: str, verb: str, values: dict[str, Json], reason: str) -> Party:
    with writing():
        row.save(update_fields=[field])
        act_append(actor=actor, drafts=[party_draft(row, verb, values, {})], reason=reason)
    return row


def _party_check(
    kind: str, name: str, organisation: Party | None, country: str, document_kind: str, document_number: str
) -> None:
    if kind not in PartyKind.values:
        raise BadInput(
            f"{kind!r} is no kind of party",
            field="kind",
            found=kind,
            remedy=f"Use one of {', '.join(PartyKind.values)}.",
        )
    if not name or len(name) > 200:
        raise BadInput(f"a party's name has 1 to 200 characters, not {len(name)}", field="name", found=name[:40])
    if country and not re.fullmatch("[A-Z]{2}", country):
        raise BadInput(
            f"{country!r} is no country code", field="country", found=country, remedy="Use ISO 3166 letters, as in KE."
        )
    if organisation is not None and organisation.kind != PartyKind.ORGANISATION:
        raise BadInput(f"{organisation.name} is no organisation but a {organisation.kind}", field="organisation")
    if bool(document_kind.strip()) != bool(document_number.strip()):
        raise BadInput(
            "an identity document has a kind and a number; one of them is missing",
            field="document_number" if document_kind.strip() else "document_kind",
        )


def _created(party: Party) -> EntryDraft:
    values: dict[str, Json] = {"kind": party.kind, "signs_in": party.signs_in}
    committed: dict[str, Json] = {"name": party.name}
    if party.organisation is not None:
        values["organisation"] = str(party.organisation.uuid)
    if party.country:
        values["country"] = party.country
    if party.document_number:
        committed["document"] = {"kind": party.document_kind, "number": party.document_number}
    return party_draft(party, "created", values, committed)


def party_draft(party: Party, verb: str, values: dict[str, Json], committed: dict[str, Json]) -> EntryDraft:
    """One entry in the party's own stream."""
    return EntryDraft(
        stream=StreamKey(kind=PARTY_STREAM, id=party.uuid), schema=PARTY, verb=verb, values=values, committed=committed
    )


def signature_values(side: Party, signature: StoredFile | None) -> dict[str, Json]:
    """How a party without an account signed: who, and which stored file shows it."""
    if signature is None:
        return {}
    return {
        "signed_by": str(side.uuid),
        "signature_file": str(signature.uuid),
        "signature_sha256": signature.digest,
    }
