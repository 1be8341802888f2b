"""The exceptions page says what the nightly audit of the store found, how old that is, and what to do."""

import io
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as installed
from django.core.management import call_command
from django.test import Client

from chain_of_custody.models import StoredFile, VaultAudit
from chain_of_custody.vault.errors import StoreUnreachable
from chain_of_custody.vault.objects import Retention, RetentionMode
from chain_of_custody.vault.services import store_current
from lims.casework.services.files import case_file_store
from lims.casework.tasks import vault_audit
from tests.lims.web.laboratory import Desk, client_of

pytestmark = pytest.mark.commits


@pytest.fixture
def desk(settings: Any, tmp_path: Path, committed_db: object) -> Desk:
    """A laboratory with a store of its own."""
    settings.SPOOR_STORE_URL = f"file://{tmp_path}/vault"
    settings.SPOOR_HOME = tmp_path
    return Desk()


def _stored(desk: Desk) -> StoredFile:
    return case_file_store(
        actor=desk.custodian,
        case=desk.case,
        source=io.BytesIO(b"a letter"),
        name="letter.txt",
        media_type="text/plain",
        role="letter",
    )


def _shown(desk: Desk) -> str:
    client: Client = client_of(desk.manager_user)
    return client.get("/exceptions/").content.decode()


def test_an_orphan_is_shown_with_age_and_remedy(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    row = _stored(desk)
    assert "The store has not been audited yet." in _shown(desk)
    until = datetime.now(UTC) + timedelta(days=1)
    orphan = store_current().put_stream(
        io.BytesIO(b"cut off before its entry"), retention=Retention(mode=RetentionMode.GOVERNANCE, until=until)
    )
    assert vault_audit() is True  # younger than an hour: it may be an upload under way
    assert "An upload that may still be under way" in _shown(desk)
    monkeypatch.setattr("chain_of_custody.vault.services.audit.UNDER_WAY", timedelta(0))
    assert vault_audit() is False
    kept = VaultAudit.objects.latest("id")
    assert (kept.passed, kept.counts, kept.files, kept.objects_seen) == (False, {"orphan": 1}, 1, 2)
    assert kept.findings[0]["digest"] == orphan.digest
    shown = _shown(desk)
    for words in ("An object that no entry names", orphan.digest, "ask for the file again", "not as recorded"):
        assert words in shown
    assert row.digest not in shown
    VaultAudit.objects.update(ended_at=datetime.now(UTC) - timedelta(days=3))
    shown = _shown(desk)
    assert "Last audit 3\xa0days ago" in shown
    assert "audited every night" in shown


def test_an_audit_that_could_not_be_finished_is_no_passed_one(desk: Desk, tmp_path: Path) -> None:
    _stored(desk)
    (tmp_path / "vault").rename(tmp_path / "taken")
    with pytest.raises(StoreUnreachable):
        vault_audit()
    kept = VaultAudit.objects.get()
    assert (kept.passed, kept.counts) == (False, {})
    assert kept.error
    assert "It could not be finished:" in _shown(desk)


def test_the_command_keeps_its_report_and_the_worker_runs_it_every_night(desk: Desk) -> None:
    _stored(desk)
    call_command("vault_audit", "--no-content", stdout=io.StringIO())
    kept = VaultAudit.objects.get()
    assert (kept.passed, kept.content_read) == (True, False)
    assert "no bytes read" in _shown(desk)
    planned = installed.CELERY_BEAT_SCHEDULE["vault_audit"]
    assert planned["task"] == vault_audit.name
    assert (planned["schedule"].hour, planned["schedule"].minute) == ({2}, {17})
    assert planned["schedule"].day_of_week == set(range(7))
