"""A person is forgotten by two people: the name is nowhere in the database, and the ledger verifies as before."""

import io
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from chain_of_custody.core.merkle import merkle_root
from chain_of_custody.core.note import SignerKey
from chain_of_custody.core.verify import verify_file
from chain_of_custody.models import Commitment, Entry, Item, Party
from chain_of_custody.selectors import item_history
from chain_of_custody.selectors.export import log_verifier
from chain_of_custody.services import party_create, sequencer_run_once
from lims.accounts.actors import Actor
from lims.accounts.enums import AccessKind
from lims.accounts.models import AccessAnchor, AccessEntry, Forgetting, IdempotencyRecord, User
from lims.accounts.roles import Role
from lims.accounts.services import (
    GrantSpec,
    access_anchor,
    access_leaf,
    access_record,
    system_actor,
    token_create,
    user_create,
    user_deactivate,
)
from lims.casework.models import Case
from lims.casework.services.cases import case_hold
from lims.casework.services.custody import items_move
from lims.casework.services.forgetting import person_forget, person_forget_ask
from lims.common.errors import BadInput, NotAllowed, RuleViolation
from tests.lims import builders
from tests.lims.builders import Laboratory

NAME = 'Zoë "Zed" Quillfeather'
LAW = "Directive (EU) 2016/680, Art. 16; decision 14/26"


@pytest.fixture(autouse=True)
def log_key(tmp_path: Path, settings: Any) -> None:
    file = tmp_path / "log.key"
    file.write_text(SignerKey.generate("spoor.example/log").encode())
    settings.SPOOR_HOME, settings.SPOOR_LOG_KEY_FILE = tmp_path, file
    settings.SPOOR_LOG_ORIGIN, settings.SPOOR_LOG_VKEY_FILE = "", tmp_path / "none"


@pytest.fixture
def admin() -> Actor:
    return builders.actor(Role.ADMINISTRATOR, name="Ines Almeida")


@pytest.fixture
def zoe() -> User:
    return user_create(
        actor=system_actor("command"),
        username="quillfeather.z",
        email="zoe.quillfeather@example.org",
        name=NAME,
        password=builders.PASSWORD,
        grants=(GrantSpec(role=Role.CUSTODIAN),),
    )


def _worked(zoe: User, lab: Laboratory) -> tuple[Case, Item]:
    """Zoë opens a case, registers an exhibit, is named in a reason, leaves traces in the log, hands all on."""
    me = builders.actor_of(zoe)
    case = builders.case(me)
    item = builders.fresh(builders.exhibits(me, case)[0].item)
    place = builders.place(lab.manager)
    items_move(actor=me, items=[item], to=place.party)
    case_hold(actor=lab.custodian, case=case, hold=True, reason=f"{NAME} is to testify")
    case_hold(actor=lab.custodian, case=case, hold=False, reason="over", authority="Court")
    token_create(actor=me, user=zoe, name=f"{NAME}'s scanner")
    access_record(kind=AccessKind.VIEW, actor=me, subject_kind="case", case=case.uuid, address="10.1.2.3")
    access_record(kind=AccessKind.SIGN_IN_FAILED, reference=zoe.username)
    access_record(kind=AccessKind.REASON, actor=lab.manager, reason=f"Complaint about {NAME}")
    IdempotencyRecord.objects.create(user=zoe, key="k", path="/", fingerprint="f", answer={"by": {"name": NAME}})
    return case, item


def _asked(admin: Actor, party: Party) -> Forgetting:
    return person_forget_ask(actor=admin, party=party, legal_basis=LAW, reason="She asked for it in writing")


def _verified(folder: Path) -> None:
    while sequencer_run_once():
        pass
    file = folder / f"{uuid4()}.jsonl"
    call_command("ledger_export", file, "--reveal", stdout=io.StringIO())
    report = verify_file(file, pinned=(log_verifier(),))
    assert report.status.value == "passed", report


def _anchored() -> AccessAnchor:
    AccessEntry.objects.update(at=timezone.now() - timedelta(minutes=2))
    anchor = access_anchor()
    assert anchor is not None
    return anchor


def _root(anchor: AccessAnchor) -> str:
    rows = AccessEntry.objects.filter(pk__gte=anchor.first, pk__lte=anchor.last).order_by("pk")
    return merkle_root([access_leaf(row) for row in rows]).hex()


def _where(*words: str) -> set[str]:
    """Every column of every table in whose text, JSON or bytes one of the words stands, whatever its case."""
    found = set()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = 'public' "
            "AND data_type IN ('text', 'character varying', 'character', 'jsonb', 'json', 'bytea', 'inet', 'ARRAY')"
        )
        for table, column, kind in cursor.fetchall():
            text = f"encode(\"{column}\", 'escape')" if kind == "bytea" else f'"{column}"::text'
            for word in words:
                # `escape` writes bytes above 127 as \ooo, and doubles backslashes: the words here are plain.
                asked = f'SELECT EXISTS (SELECT FROM "{table}" WHERE {text} ILIKE %s)'  # noqa: S608 - from the catalogue
                cursor.execute(asked, [f"%{word}%"])
                if cursor.fetchone()[0]:
                    found.add(f"{table}.{column}")
    return found


@pytest.mark.commits
def test_name_is_nowhere_and_the_log_verifies(lab: Laboratory, admin: Actor, zoe: User, tmp_path: Path) -> None:
    case, item = _worked(zoe, lab)
    user_deactivate(actor=admin, user=zoe, reason="left")
    anchor = _anchored()
    _verified(tmp_path)
    before = {entry.pk: bytes(entry.canonical) for entry in Entry.objects.all()}
    assert _where("quillfeather") == {
        "chain_of_custody_party.name",
        "chain_of_custody_commitment.value",
        "accounts_user.username",
        "accounts_user.email",
        "accounts_apitoken.name",
        "accounts_accessentry.shown_as",
        "accounts_accessentry.reference",
        "accounts_accessentry.reason",
        "accounts_idempotencyrecord.answer",
    }
    asked = _asked(admin, zoe.party)
    done = person_forget(actor=lab.manager, forgetting=asked)
    assert _where("quillfeather", "10.1.2.3") == set()
    assert (done.left, done.erased["accounts"], done.erased["access_lines"]) == ({}, 1, 3)
    assert done.erased["commitments"] == Commitment.objects.filter(erased_at__isnull=False).count() > 3
    assert {pk: bytes(Entry.objects.get(pk=pk).canonical) for pk in before} == before
    assert _root(anchor) == anchor.root
    _verified(tmp_path)
    last = Entry.objects.filter(stream__kind="party", stream__uuid=zoe.party.uuid).latest("sequence")
    assert b'"verb":"forgotten"' in bytes(last.canonical)
    assert [row.verb for row in item_history(item=item)], "the history can still be read"
    assert Case.objects.get(pk=case.pk).opened_by.name.startswith("forgotten-")


@pytest.mark.django_db
def test_a_driver_without_account_and_free_text_is_reported(lab: Laboratory, admin: Actor) -> None:
    driver = builders.driver("Aurelio Brandtner")
    case = builders.case(lab.custodian)
    Case.objects.filter(pk=case.pk).update(title="Parcel of Aurelio Brandtner")
    done = person_forget(actor=lab.manager, forgetting=_asked(admin, driver))
    assert done.left == {"casework_case.title": 1}
    assert _where("brandtner") == {"casework_case.title"}
    driver.refresh_from_db()
    assert (driver.document_kind, driver.document_number, driver.active) == ("", "", False)
    assert not Commitment.objects.filter(entry__stream__uuid=driver.uuid, field="document", value__isnull=False)


@pytest.mark.django_db
def test_another_person_of_the_same_name_keeps_theirs(lab: Laboratory, admin: Actor) -> None:
    one, two = builders.driver("Maria Silva"), builders.driver("Maria Silva")
    person_forget(actor=lab.manager, forgetting=_asked(admin, one))
    kept = Commitment.objects.filter(field="name", value__isnull=False)
    assert not kept.filter(entry__stream__uuid=one.uuid).exists()
    assert kept.filter(entry__stream__uuid=two.uuid).exists()
    two.refresh_from_db()
    assert two.name == "Maria Silva"


@pytest.mark.django_db
def test_two_people_are_needed(lab: Laboratory, admin: Actor) -> None:
    driver = builders.driver("Aurelio Brandtner")
    with pytest.raises(NotAllowed, match=r"person\.forget"):
        _asked(lab.manager, driver)
    with pytest.raises(BadInput) as refused:
        person_forget_ask(actor=admin, party=driver, legal_basis=LAW, reason="AURELIO BRANDTNER asked")
    assert (refused.value.code, refused.value.field) == ("names-the-person", "reason")
    asked = _asked(admin, driver)
    with pytest.raises(NotAllowed, match=r"person\.confirm"):
        person_forget(actor=admin, forgetting=asked)
    both = builders.actor(Role.ADMINISTRATOR, Role.MANAGER)
    other = _asked(both, builders.driver("Second Driver"))
    with pytest.raises(NotAllowed, match="second person"):
        person_forget(actor=both, forgetting=other)
    person_forget(actor=lab.manager, forgetting=asked)
    with pytest.raises(RuleViolation, match="already"):
        person_forget(actor=lab.manager, forgetting=asked)


@pytest.mark.django_db
def test_refused_while_needed(lab: Laboratory, admin: Actor, zoe: User) -> None:
    me = builders.actor_of(zoe)
    case = builders.case(me)
    item = builders.fresh(builders.exhibits(me, case)[0].item)

    def code() -> str:
        with pytest.raises(RuleViolation) as refused:
            _asked(admin, zoe.party)
        return refused.value.code

    assert code() == "account-open"
    user_deactivate(actor=admin, user=zoe, reason="left")
    assert code() == "holds-items"
    Item.objects.filter(pk=item.pk).update(custodian=builders.place(lab.manager).party)
    asked = _asked(admin, zoe.party)
    case_hold(actor=lab.custodian, case=case, hold=True, reason="Appeal")
    with pytest.raises(RuleViolation) as refused:
        person_forget(actor=lab.manager, forgetting=asked)
    assert refused.value.code == "legal-hold"
    zoe.party.refresh_from_db()
    assert zoe.party.name == NAME
    place = party_create(actor=admin, kind="organisation", name="An agency")
    with pytest.raises(BadInput):
        _asked(admin, place)
