"""Each evening the newest checkpoint leaves the database: into the evidence store, to folders, by mail."""

from pathlib import Path

import pytest
from django.conf import settings
from django.core import mail

from chain_of_custody.core.checkpoint import checkpoint_open
from chain_of_custody.models import Entry, StoredFile
from chain_of_custody.selectors import checkpoint_latest, log_verifier
from chain_of_custody.services import sequencer_run_once
from chain_of_custody.vault.errors import StoreUnreachable
from chain_of_custody.vault.services import file_open
from lims.accounts.services import ledger_checks, system_actor
from lims.accounts.services.ledger_checks import CHECKPOINT_ROLE, checkpoint_give_away
from tests.lims.builders import Laboratory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("log_key")]


def test_the_vault_keeps_the_checkpoint_once_and_under_retention(monkeypatch: pytest.MonkeyPatch) -> None:
    assert checkpoint_give_away() == []
    assert not StoredFile.objects.filter(role=CHECKPOINT_ROLE).exists()
    Laboratory()
    sequencer_run_once()
    row = checkpoint_latest()
    assert row is not None
    assert checkpoint_give_away() == checkpoint_give_away() == []
    kept = StoredFile.objects.get(role=CHECKPOINT_ROLE)
    assert (kept.stream.kind, kept.retention_until is None) == ("log", False)
    with file_open(actor=system_actor(), file=kept) as chunks:
        data = b"".join(chunks)
    signed, _note = checkpoint_open(data, log_verifier())
    assert (signed.size, data) == (row.size, row.text.encode())
    assert Entry.objects.filter(stream=kept.stream).count() == 1
    sequencer_run_once()
    checkpoint_give_away()
    assert StoredFile.objects.filter(role=CHECKPOINT_ROLE).count() == 2


def test_a_store_that_does_not_answer_holds_nothing_else_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Laboratory()
    sequencer_run_once()

    def away(**_facts: object) -> StoredFile:
        raise StoreUnreachable("the evidence store does not answer", remedy="Look at the store.")

    (tmp_path / "share").mkdir()
    monkeypatch.setattr(ledger_checks, "file_store", away)
    monkeypatch.setattr(settings, "SPOOR_CHECKPOINT_FOLDERS", [str(tmp_path / "share")])
    monkeypatch.setattr(settings, "SPOOR_CHECKPOINT_MAIL", ["registry@court.example"])
    assert checkpoint_give_away() == ["vault"]
    row = checkpoint_latest()
    assert row is not None
    assert [file.read_text() for file in (tmp_path / "share").iterdir()] == [row.text]
    assert row.text in mail.outbox[0].body
