"""Builders of parties and items: they call the services, so nothing exists without its ledger entry."""

from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.conf import settings

from chain_of_custody.core.actor import Actor
from chain_of_custody.core.entry import entry_parse
from chain_of_custody.core.note import SignerKey
from chain_of_custody.models import Entry, Item, Party, StoredFile, Stream
from chain_of_custody.services import item_create, party_create

_number = count(1)
ROOT = Actor(party=UUID(int=1), account=None, name="Spoor", role="system", via="command")


def own_log(folder: Path, monkeypatch: pytest.MonkeyPatch) -> SignerKey:
    """Give the test a log of its own: its home, its key and the key for verifiers are in the folder."""
    key = SignerKey.generate("spoor.test/log")
    (folder / "log.key").write_text(key.encode())
    (folder / "log.vkey").write_text(str(key.verifier))
    monkeypatch.setattr(settings, "SPOOR_LOG_KEY_FILE", folder / "log.key")
    monkeypatch.setattr(settings, "SPOOR_LOG_VKEY_FILE", folder / "log.vkey")
    monkeypatch.setattr(settings, "SPOOR_LOG_ORIGIN", "")
    monkeypatch.setattr(settings, "SPOOR_HOME", folder)
    return key


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A party and the actor it is when it acts."""

    party: Party
    actor: Actor


def person(name: str, *, kind: str = "person", signs_in: bool = True, **facts: Any) -> Person:
    """A party of any kind; persons have an account unless told otherwise."""
    party = party_create(actor=ROOT, kind=kind, name=name, signs_in=signs_in and kind == "person", **facts)
    account = uuid4() if party.signs_in else None
    return Person(party=party, actor=Actor(party=party.uuid, account=account, name=name, role="custodian", via="web"))


def location(name: str = "Freezer 3") -> Party:
    return person(name, kind="location").party


def item(held_by: Person, *, kind: str = "exhibit", **facts: Any) -> Item:
    """An item in somebody's hands."""
    reference = facts.pop("reference", f"WF-2026-{next(_number):06d}-{uuid4().hex[:6]}")
    custodian = facts.pop("custodian", held_by.party)
    return item_create(actor=held_by.actor, kind=kind, reference=reference, custodian=custodian, **facts)


def stored_file(by: Person) -> StoredFile:
    """A row for a file that was stored; the bytes do not matter here."""
    stream = Stream.objects.get(uuid=by.party.uuid)
    return StoredFile.objects.create(
        digest="ab" * 32,
        size=3,
        name="form.jpg",
        media_type="image/jpeg",
        role="form",
        stream=stream,
        uploaded_by=by.party,
        store_key="ab/ab",
    )


def verbs(item: Item) -> list[str]:
    """The verbs of the item's history, in order."""
    return [entry_parse(bytes(row.canonical)).verb for row in entries(item)]


def entries(item: Item) -> list[Entry]:
    return list(Entry.objects.filter(stream__uuid=item.uuid).order_by("sequence"))


def values(item: Item, number: int = -1) -> dict[str, Any]:
    """The values of one entry of the item, the last by default."""
    return dict(entry_parse(bytes(entries(item)[number].canonical)).values)


def at(hour: int, minute: int = 0) -> datetime:
    """A moment on a past day."""
    return datetime(2026, 3, 4, hour, minute, tzinfo=UTC)
