"""The store compared with what is recorded: audit, probe, their commands, the health line."""

import io
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from chain_of_custody.models import StoredFile
from chain_of_custody.services import StreamKey
from chain_of_custody.vault.errors import (
    StoreUnreachable,
)
from chain_of_custody.vault.objects import Retention, RetentionMode, utc_now
from chain_of_custody.vault.services import (
    AuditProblem,
    store_current,
    store_health,
    vault_audit,
    vault_audit_run,
    vault_probe,
    vault_probe_last,
)
from tests.chain_of_custody.builders import Person
from tests.chain_of_custody.vault.contract import ABC, compliance
from tests.chain_of_custody.vault.stored import object_of, store_abc

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("vault")]


class TestAudit:
    def test_all_as_recorded(self, ada: Person, about: StreamKey) -> None:
        for number in range(5):
            store_abc(ada, about, content=bytes([number]) * 1000)
        report = vault_audit_run()
        assert (report.passed, report.files, report.objects, report.bytes_read) == (True, 5, 5, 5000)

    def test_everything_that_can_be_wrong_at_once(
        self, ada: Person, about: StreamKey, vault: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        files = {
            name: store_abc(ada, about, content=name.encode())
            for name in ("good", "missing", "altered", "cut", "shorter", "unheld", "recordless")
        }
        paths = {name: object_of(vault, file.digest) for name, file in files.items()}
        orphan = store_current().put_stream(io.BytesIO(b"orphan"), retention=compliance(days=1))
        monkeypatch.setattr("chain_of_custody.vault.services.audit.UNDER_WAY", timedelta(0))
        paths["missing"].unlink()
        for name, content in (("altered", b"alterea"), ("cut", b"cu")):
            paths[name].chmod(0o640)
            paths[name].write_bytes(content)
        StoredFile.objects.filter(pk=files["shorter"].pk).update(retention_until=utc_now() + timedelta(days=365))
        StoredFile.objects.filter(pk=files["unheld"].pk).update(legal_hold=True)
        digest = files["recordless"].digest
        (vault / "locks" / digest[:2] / f"{digest}.json").unlink()
        (vault / "sha256" / "README").write_text("what is this?")
        report = vault_audit_run()
        assert report.passed is False
        found = {(finding.problem, finding.digest) for finding in report.findings}
        assert found == {
            (AuditProblem.MISSING, files["missing"].digest),
            (AuditProblem.ALTERED, files["altered"].digest),
            (AuditProblem.ALTERED, files["cut"].digest),
            (AuditProblem.RETENTION_SHORTER, files["shorter"].digest),
            (AuditProblem.HOLD_MISSING, files["unheld"].digest),
            (AuditProblem.LOCK_RECORD_DAMAGED, files["recordless"].digest),
            (AuditProblem.ORPHAN, orphan.digest),
            (AuditProblem.STRANGER, None),
        }
        named = {finding.digest: finding.files for finding in report.findings}
        assert named[files["altered"].digest] == (files["altered"].uuid,)

    def test_without_content_only_names_and_locks(self, ada: Person, about: StreamKey, vault: Path) -> None:
        store_abc(ada, about)
        object_of(vault, ABC).chmod(0o640)
        object_of(vault, ABC).write_bytes(b"abd")
        report = vault_audit_run(content=False)
        assert (report.passed, report.content_read, report.bytes_read) == (True, False, 0)
        assert vault_audit_run().passed is False

    def test_progress_after_every_object(self, ada: Person, about: StreamKey) -> None:
        for number in range(3):
            store_abc(ada, about, content=bytes([number]) * 10)
        steps = list(vault_audit())
        assert [(step.done, step.recorded, step.bytes_read) for step in steps] == [(1, 3, 10), (2, 3, 20), (3, 3, 30)]

    def test_store_that_goes_away_is_no_passed_audit(self, ada: Person, about: StreamKey, vault: Path) -> None:
        store_abc(ada, about)
        vault.rename(vault.with_name("taken"))
        with pytest.raises(StoreUnreachable):
            vault_audit_run()


class TestCommands:
    def test_audit_passes(self, ada: Person, about: StreamKey, capsys: pytest.CaptureFixture[str]) -> None:
        store_abc(ada, about)
        call_command("vault_audit")
        assert "All is as recorded." in capsys.readouterr().out

    def test_audit_fails_with_exit_code_and_json(
        self, ada: Person, about: StreamKey, vault: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        file = store_abc(ada, about)
        object_of(vault, ABC).unlink()
        with pytest.raises(SystemExit) as caught:
            call_command("vault_audit", "--json")
        assert caught.value.code == 1
        body = json.loads(capsys.readouterr().out)
        assert body["passed"] is False
        (finding,) = body["findings"]
        assert (finding["problem"], finding["digest"], finding["files"]) == ("missing", ABC, [str(file.uuid)])

    def test_audit_that_cannot_be_finished(self, vault: Path) -> None:
        store_current()
        vault.rename(vault.with_name("taken"))
        with pytest.raises(CommandError, match="could not be finished") as caught:
            call_command("vault_audit")
        assert caught.value.returncode == 1

    def test_probe(self, capsys: pytest.CaptureFixture[str]) -> None:
        call_command("vault_probe")
        out = capsys.readouterr().out
        assert "refused  downgrade" in out
        assert "Result: software WORM" in out

    def test_probe_result_is_remembered_for_this_store_only(self, settings: Any, tmp_path: Path) -> None:
        assert vault_probe_last() is None
        report = vault_probe()
        assert vault_probe_last() == report
        settings.SPOOR_STORE_URL = f"file://{tmp_path}/other"
        assert vault_probe_last() is None


class TestHealth:
    def test_words_when_the_folder_is_gone(self, vault: Path) -> None:
        assert store_health() == ""
        vault.rename(vault.with_name("taken"))
        assert "cannot be used" in store_health()

    def test_words_when_the_address_is_wrong(self, settings: Any) -> None:
        settings.SPOOR_STORE_URL = "ftp://host/bucket"
        assert "no scheme known" in store_health()

    def test_retention_without_zone(self) -> None:
        with pytest.raises(ValueError, match="time zone"):
            Retention(mode=RetentionMode.COMPLIANCE, until=utc_now().replace(tzinfo=None))
