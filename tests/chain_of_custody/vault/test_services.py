"""Files in and out through the services: row, ledger entry and object together, or a report of what is not."""

import io
import json
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from pytest_django import DjangoCaptureOnCommitCallbacks

from chain_of_custody.core.entry import entry_parse
from chain_of_custody.errors import BadInput
from chain_of_custody.models import Commitment, Entry, StoredFile
from chain_of_custody.services import StreamKey
from chain_of_custody.vault.errors import (
    DigestMismatch,
    DigestNotAsDeclared,
    EmptyFile,
    FileTooLarge,
    StoreUnreachable,
)
from chain_of_custody.vault.objects import Retention, RetentionMode, utc_now
from chain_of_custody.vault.services import (
    AuditProblem,
    FileAccess,
    file_open,
    file_store,
    legal_hold_clear,
    legal_hold_set,
    retention_default,
    retention_extend_open_cases,
    store_current,
    store_health,
    upload_store,
    vault_audit,
    vault_audit_run,
    vault_probe,
    vault_probe_last,
)
from chain_of_custody.vault.uploads import UploadFolder
from tests.chain_of_custody.builders import Person, person
from tests.chain_of_custody.vault.contract import ABC, Torn, compliance, governance

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def vault(settings: Any, tmp_path: Path) -> Path:
    """A store of the test's own."""
    settings.SPOOR_STORE_URL = f"file://{tmp_path}/vault"
    settings.SPOOR_HOME = tmp_path
    return tmp_path / "vault"


@pytest.fixture
def ada() -> Person:
    return person("Ada")


@pytest.fixture
def about() -> StreamKey:
    return StreamKey(kind="case", id=uuid4())


def store_abc(ada: Person, about: StreamKey, content: bytes = b"abc", **more: Any) -> StoredFile:
    facts = {"name": "trace.ab1", "media_type": "application/x-abif", "role": "trace"} | more
    return file_store(actor=ada.actor, stream=about, source=io.BytesIO(content), **facts)


def last_entry(about: StreamKey) -> Any:
    return entry_parse(bytes(Entry.objects.filter(stream__uuid=about.id).latest("sequence").canonical))


def object_of(vault: Path, digest: str) -> Path:
    return vault / "sha256" / digest[:2] / digest


class TestStoring:
    def test_row_entry_and_object(self, ada: Person, about: StreamKey, vault: Path) -> None:
        file = store_abc(ada, about, name="C:\\runs\\Plate 7.ab1")
        assert (file.digest, file.size, file.name) == (ABC, 3, "Plate 7.ab1")
        assert (file.stream.kind, file.stream.uuid, file.uploaded_by) == ("case", about.id, ada.party)
        assert object_of(vault, ABC).read_bytes() == b"abc"
        entry = last_entry(about)
        assert (entry.schema, entry.verb) == ("vault.file/1", "stored")
        assert entry.values["sha256"] == ABC
        assert entry.values["file"] == str(file.uuid)
        assert entry.values["retention_mode"] == "compliance"
        assert file.retention_until is not None
        assert entry.values["retention_until"] == file.retention_until.isoformat()

    def test_name_is_committed_and_not_in_the_entry(self, ada: Person, about: StreamKey) -> None:
        store_abc(ada, about, name="statement of Ms Moyo.pdf")
        row = Entry.objects.filter(stream__uuid=about.id).latest("sequence")
        assert b"Moyo" not in bytes(row.canonical)
        kept = Commitment.objects.get(entry=row, field="name")
        assert json.loads(bytes(kept.value or b"null")) == "statement of Ms Moyo.pdf"

    def test_default_retention_is_short_compliance(self, ada: Person, about: StreamKey, settings: Any) -> None:
        settings.SPOOR_RETENTION_DAYS = 30
        before = utc_now()
        file = store_abc(ada, about)
        lock = store_current().stat(file.digest).retention
        assert lock is not None
        assert lock.mode is RetentionMode.COMPLIANCE
        assert lock.until == file.retention_until
        assert timedelta(days=30) <= lock.until - before < timedelta(days=30, minutes=1)
        assert retention_default(draft=True).mode is RetentionMode.GOVERNANCE

    def test_same_bytes_twice_are_two_files_and_one_object(self, ada: Person, about: StreamKey) -> None:
        first, second = store_abc(ada, about), store_abc(ada, about, name="copy.ab1")
        assert first.uuid != second.uuid
        assert [item.digest for item in store_current().list_objects()] == [ABC]
        assert vault_audit_run().passed

    @pytest.mark.parametrize(
        ("change", "error"),
        [
            ({"content": b""}, EmptyFile),
            ({"content": b"abcd", "limit": 3}, FileTooLarge),
            ({"content": b"abd", "expected_digest": ABC}, DigestNotAsDeclared),
            ({"name": " ./.. "}, BadInput),
            ({"role": "Trace file"}, BadInput),
        ],
    )
    def test_refused_file_leaves_nothing(
        self, ada: Person, about: StreamKey, change: dict[str, Any], error: type[Exception]
    ) -> None:
        with pytest.raises(error):
            store_abc(ada, about, **change)
        assert not StoredFile.objects.exists()
        assert not Entry.objects.filter(stream__uuid=about.id).exists()
        assert list(store_current().list_objects()) == []

    def test_limit_is_the_last_size_allowed(self, ada: Person, about: StreamKey) -> None:
        assert store_abc(ada, about, limit=3).size == 3

    def test_sender_who_breaks_off_leaves_nothing(self, ada: Person, about: StreamKey) -> None:
        with pytest.raises(ConnectionResetError):
            file_store(
                actor=ada.actor, stream=about, source=Torn(5_000_000), name="a.bin", media_type="x", role="trace"
            )
        assert not StoredFile.objects.exists()
        assert list(store_current().list_objects()) == []

    def test_actor_who_is_no_party(self, ada: Person, about: StreamKey) -> None:
        stranger = type(ada.actor)(party=uuid4(), account=None, name="Nobody", role="technician", via="api")
        with pytest.raises(BadInput, match="no party"):
            file_store(
                actor=stranger, stream=about, source=io.BytesIO(b"abc"), name="a", media_type="text/plain", role="note"
            )
        assert list(store_current().list_objects()) == []

    def test_rolled_back_transaction_leaves_an_orphan_and_no_entry(self, ada: Person, about: StreamKey) -> None:
        with pytest.raises(RuntimeError), transaction.atomic():  # noqa: PT012
            store_abc(ada, about)
            raise RuntimeError("the caller fails afterwards")
        assert not StoredFile.objects.exists()
        assert not Entry.objects.filter(stream__uuid=about.id).exists()
        (finding,) = vault_audit_run().findings
        assert (finding.problem, finding.digest) == (AuditProblem.UNDER_WAY, ABC)

    def test_upload_outlives_the_callers_rolled_back_transaction(
        self, ada: Person, about: StreamKey, tmp_path: Path
    ) -> None:
        uploads, upload = complete_upload(ada, tmp_path)
        with pytest.raises(RuntimeError), transaction.atomic():  # noqa: PT012
            upload_store(actor=ada.actor, uploads=uploads, upload=upload, stream=about, role="reads")
            raise RuntimeError("killed before the outer transaction ended")
        assert not StoredFile.objects.exists()
        assert uploads.state(upload).complete
        file = upload_store(actor=ada.actor, uploads=uploads, upload=upload, stream=about, role="reads")
        assert file.digest == ABC

    def test_resumable_upload_ends_in_a_stored_file(
        self,
        ada: Person,
        about: StreamKey,
        tmp_path: Path,
        django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    ) -> None:
        uploads, upload = complete_upload(ada, tmp_path)
        with django_capture_on_commit_callbacks(execute=True):
            file = upload_store(actor=ada.actor, uploads=uploads, upload=upload, stream=about, role="reads")
        assert (file.digest, file.name) == (ABC, "run.fastq")
        assert list((tmp_path / "uploads").iterdir()) == []


def complete_upload(ada: Person, folder: Path) -> tuple[UploadFolder, str]:
    uploads = UploadFolder(folder / "uploads")
    session = uploads.create(owner=str(ada.party.uuid), name="run.fastq", media_type="text/plain", size=3, digest=ABC)
    uploads.append(session.id, offset=0, chunk=io.BytesIO(b"abc"), digest=ABC)
    return uploads, session.id


class TestOpening:
    def test_bytes_and_record_for_the_callers_log(self, ada: Person, about: StreamKey) -> None:
        file = store_abc(ada, about)
        seen: list[FileAccess] = []
        with file_open(actor=ada.actor, file=file, record=seen.append) as reader:
            assert len(seen) == 1, "recorded before the first piece"
            assert b"".join(reader) == b"abc"
        assert (seen[0].file, seen[0].digest, seen[0].purpose) == (file.uuid, ABC, "read")
        assert last_entry(about).verb == "stored"

    def test_disclosure_enters_the_ledger(self, ada: Person, about: StreamKey) -> None:
        file = store_abc(ada, about)
        with file_open(actor=ada.actor, file=file, purpose="disclosure", recipient="Prosecutor Dube") as reader:
            assert reader.read() == b"abc"
        entry = last_entry(about)
        assert (entry.verb, entry.values["sha256"]) == ("disclosed", ABC)
        assert "recipient" in entry.committed
        assert "Dube" not in json.dumps(entry.values)

    def test_altered_bytes(self, ada: Person, about: StreamKey, vault: Path) -> None:
        file = store_abc(ada, about)
        object_of(vault, ABC).chmod(0o640)
        object_of(vault, ABC).write_bytes(b"abd")
        with pytest.raises(DigestMismatch, match=ABC), file_open(actor=ada.actor, file=file) as reader:
            list(reader)


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
