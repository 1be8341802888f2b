"""Files in and out: row, ledger entry and object together."""

import io
import json
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction
from pytest_django import DjangoCaptureOnCommitCallbacks

from chain_of_custody.errors import BadInput
from chain_of_custody.models import Commitment, Entry, StoredFile
from chain_of_custody.services import StreamKey
from chain_of_custody.vault.errors import (
    DigestMismatch,
    DigestNotAsDeclared,
    EmptyFile,
    FileTooLarge,
)
from chain_of_custody.vault.objects import RetentionMode, utc_now
from chain_of_custody.vault.services import (
    AuditProblem,
    FileAccess,
    file_open,
    file_store,
    retention_default,
    store_current,
    upload_store,
    vault_audit_run,
)
from chain_of_custody.vault.uploads import UploadFolder
from tests.chain_of_custody.builders import Person
from tests.chain_of_custody.vault.contract import ABC, Torn
from tests.chain_of_custody.vault.stored import last_entry, object_of, store_abc

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("vault")]


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
