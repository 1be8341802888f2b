"""Files kept longer, and held, as long as the law asks."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from chain_of_custody.models import Entry
from chain_of_custody.services import StreamKey
from chain_of_custody.vault.errors import (
    StoreUnreachable,
)
from chain_of_custody.vault.objects import RetentionMode, utc_now
from chain_of_custody.vault.services import (
    legal_hold_clear,
    legal_hold_set,
    retention_extend_open_cases,
    store_current,
    vault_audit_run,
)
from tests.chain_of_custody.builders import Person
from tests.chain_of_custody.vault.contract import ABC, compliance, governance
from tests.chain_of_custody.vault.stored import last_entry, object_of, store_abc

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("vault")]


class TestKeeping:
    def test_files_of_open_cases_are_kept_longer(self, ada: Person, about: StreamKey) -> None:
        short = store_abc(ada, about, content=b"short", retention=compliance(days=10))
        draft = store_abc(ada, about, content=b"draft", retention=governance(days=10))
        fresh = store_abc(ada, about, content=b"fresh")
        missing = uuid4()
        report = retention_extend_open_cases(
            actor=ada.actor, files=[short.uuid, draft.uuid, fresh.uuid, missing], reason="case open"
        )
        assert set(report.extended) == {short.uuid, draft.uuid}
        assert report.sufficient == (fresh.uuid,)
        assert [uuid for uuid, _why in report.failed] == [missing]
        for file, mode in ((short, RetentionMode.COMPLIANCE), (draft, RetentionMode.GOVERNANCE)):
            file.refresh_from_db()
            kept = store_current().stat(file.digest).retention
            assert kept is not None
            assert (kept.mode, kept.until) == (mode, file.retention_until)
            assert kept.until > utc_now() + timedelta(days=80)
        assert last_entry(about).verb == "retention_extended"
        again = retention_extend_open_cases(actor=ada.actor, files=[short.uuid, draft.uuid])
        assert again.extended == ()
        assert vault_audit_run().passed

    def test_one_missing_object_does_not_stop_the_others(self, ada: Person, about: StreamKey, vault: Path) -> None:
        lost = store_abc(ada, about, content=b"lost", retention=compliance(days=1))
        kept = store_abc(ada, about, content=b"kept", retention=compliance(days=1))
        object_of(vault, lost.digest).unlink()
        report = retention_extend_open_cases(actor=ada.actor, files=[lost.uuid, kept.uuid])
        assert report.extended == (kept.uuid,)
        assert report.failed[0][0] == lost.uuid
        assert lost.digest in report.failed[0][1]

    def test_store_away_stops_the_job_at_once(self, ada: Person, about: StreamKey, vault: Path) -> None:
        file = store_abc(ada, about, retention=compliance(days=1))
        vault.rename(vault.with_name("taken"))
        with pytest.raises(StoreUnreachable):
            retention_extend_open_cases(actor=ada.actor, files=[file.uuid])

    def test_hold_is_an_act_and_a_lock(
        self, ada: Person, about: StreamKey, django_capture_on_commit_callbacks: Any
    ) -> None:
        file = store_abc(ada, about)
        assert legal_hold_set(actor=ada.actor, file=file, reason="appeal").legal_hold is True
        assert store_current().stat(ABC).legal_hold is True
        assert last_entry(about).verb == "hold_set"
        entries = Entry.objects.count()
        legal_hold_set(actor=ada.actor, file=file, reason="appeal")
        assert Entry.objects.count() == entries, "again changes nothing"
        with django_capture_on_commit_callbacks(execute=True):
            assert legal_hold_clear(actor=ada.actor, file=file, reason="appeal over").legal_hold is False
            assert store_current().stat(ABC).legal_hold is True, "released only when the record stands"
        assert store_current().stat(ABC).legal_hold is False
        assert last_entry(about).verb == "hold_cleared"

    def test_object_stays_held_for_another_file_with_the_same_bytes(
        self, ada: Person, about: StreamKey, django_capture_on_commit_callbacks: Any
    ) -> None:
        first, second = store_abc(ada, about), store_abc(ada, about, name="copy.ab1")
        legal_hold_set(actor=ada.actor, file=first, reason="appeal")
        legal_hold_set(actor=ada.actor, file=second, reason="other appeal")
        with django_capture_on_commit_callbacks(execute=True):
            legal_hold_clear(actor=ada.actor, file=first, reason="over")
        assert store_current().stat(ABC).legal_hold is True
        assert vault_audit_run().passed
