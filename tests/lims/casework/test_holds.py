"""The legal hold of a case reaches its files in the evidence store, and leaves them when no case of theirs is held."""

import io
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.db.models import Q

from chain_of_custody.models import StoredFile
from chain_of_custody.services import StreamKey
from chain_of_custody.vault.errors import StoreUnreachable
from chain_of_custody.vault.services import file_store, store_current, vault_audit_run
from lims.casework.models import Case
from lims.casework.services import retention
from lims.casework.services.cases import case_hold
from lims.casework.services.files import case_file_store
from lims.casework.services.retention import holds_settle
from lims.common.errors import BadInput
from tests.lims import builders
from tests.lims.builders import Laboratory

pytestmark = pytest.mark.django_db
ORDER = "Court of Appeal, order 8/26"


@pytest.fixture(autouse=True)
def vault(settings: Any, tmp_path: Path) -> Path:
    """A store of the test's own."""
    settings.SPOOR_STORE_URL = f"file://{tmp_path}/vault"
    return tmp_path / "vault"


def _file(lab: Laboratory, case: Case, content: bytes, role: str = "photograph") -> StoredFile:
    source = io.BytesIO(content)
    return case_file_store(
        actor=lab.custodian, case=case, source=source, name="p.jpg", media_type="image/jpeg", role=role
    )


def _about(lab: Laboratory, kind: str, uuid: UUID, content: bytes) -> StoredFile:
    return file_store(
        actor=lab.custodian,
        source=io.BytesIO(content),
        name="f.bin",
        media_type="application/octet-stream",
        role="raw",
        stream=StreamKey(kind=kind, id=uuid),
    )


def _held(*files: StoredFile) -> list[bool]:
    """What store and record say, which must be the same."""
    said = [store_current().stat(file.digest, version=file.store_version).legal_hold for file in files]
    rows = StoredFile.objects.in_bulk([file.pk for file in files])
    assert [rows[file.pk].legal_hold for file in files] == said
    return said


def _set(lab: Laboratory, case: Case) -> None:
    case_hold(actor=lab.custodian, case=case, hold=True, reason="Appeal")


def _lift(lab: Laboratory, case: Case) -> None:
    case_hold(actor=lab.custodian, case=case, hold=False, reason="Appeal decided", authority=ORDER)


def _settle(capture: Any) -> retention.HoldsSettled:
    with capture(execute=True):
        return holds_settle()


def test_files_follow_the_hold_of_their_case(
    lab: Laboratory, case: Case, django_capture_on_commit_callbacks: Any
) -> None:
    item = builders.exhibits(lab.custodian, case)[0].item
    other = builders.case(lab.custodian)
    mine, draft = _file(lab, case, b"mine"), _file(lab, case, b"draft", role="draft")
    of_item, theirs = _about(lab, "item", item.uuid, b"trace"), _file(lab, other, b"theirs")
    assert holds_settle() == retention.HoldsSettled(held=(), cleared=(), failed=())
    _set(lab, case)
    settled = _settle(django_capture_on_commit_callbacks)
    assert set(settled.held) == {mine.uuid, draft.uuid, of_item.uuid}
    assert _held(mine, draft, of_item, theirs) == [True, True, True, False]
    later = _file(lab, case, b"stored under the hold")
    assert _settle(django_capture_on_commit_callbacks).held == (later.uuid,)
    assert holds_settle() == retention.HoldsSettled(held=(), cleared=(), failed=())
    _lift(lab, case)
    assert len(_settle(django_capture_on_commit_callbacks).cleared) == 4
    assert _held(mine, draft, of_item, later) == [False] * 4
    assert vault_audit_run().passed


def test_same_bytes_in_a_held_and_a_free_case_stay_held(
    lab: Laboratory, case: Case, django_capture_on_commit_callbacks: Any
) -> None:
    other = builders.case(lab.custodian)
    here, there = _file(lab, case, b"same"), _file(lab, other, b"same")
    for one in (case, other):
        _set(lab, one)
    _settle(django_capture_on_commit_callbacks)
    _lift(lab, case)
    assert _settle(django_capture_on_commit_callbacks).cleared == (here.uuid,)
    assert store_current().stat(here.digest).legal_hold, "the object is the other case's as well"
    _lift(lab, other)
    assert _settle(django_capture_on_commit_callbacks).cleared == (there.uuid,)
    assert not store_current().stat(here.digest).legal_hold


def test_one_file_of_two_cases_stays_held_while_one_of_them_is(
    lab: Laboratory, case: Case, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    other = builders.case(lab.custodian)
    shared = _about(lab, "reference", UUID(int=7), b"reference set")

    def rests_on(cases: Any) -> Any:
        number = UUID(int=7) if cases.filter(pk__in=[case.pk, other.pk]).exists() else UUID(int=8)
        return Q(stream__kind="reference", stream__uuid=number)

    monkeypatch.setattr(retention, "FILES_OF_CASES", [rests_on])
    for one in (case, other):
        _set(lab, one)
    _settle(django_capture_on_commit_callbacks)
    _lift(lab, case)
    assert _settle(django_capture_on_commit_callbacks).cleared == ()
    assert _held(shared) == [True]
    _lift(lab, other)
    assert _settle(django_capture_on_commit_callbacks).cleared == (shared.uuid,)
    assert _held(shared) == [False]


def test_lifting_needs_the_authority_and_rings(
    lab: Laboratory, case: Case, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    rung: list[str] = []
    monkeypatch.setattr("lims.common.bell._send", lambda task, args: rung.append(task))
    with django_capture_on_commit_callbacks(execute=True):
        _set(lab, case)
    with pytest.raises(BadInput) as refused:
        case_hold(actor=lab.custodian, case=case, hold=False, reason="Appeal decided")
    assert refused.value.field == "authority"
    with django_capture_on_commit_callbacks(execute=True):
        _lift(lab, case)
    assert rung == ["lims.casework.holds_settle"] * 2


def test_one_missing_object_does_not_stop_the_others(
    lab: Laboratory, case: Case, vault: Path, django_capture_on_commit_callbacks: Any
) -> None:
    lost, kept = _file(lab, case, b"lost"), _file(lab, case, b"kept")
    (vault / "sha256" / lost.digest[:2] / lost.digest).unlink()
    _set(lab, case)
    settled = _settle(django_capture_on_commit_callbacks)
    assert (settled.held, [uuid for uuid, _why in settled.failed]) == ((kept.uuid,), [lost.uuid])
    vault.rename(vault.with_name("taken"))
    with pytest.raises(StoreUnreachable):
        holds_settle()
