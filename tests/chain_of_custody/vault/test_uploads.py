"""Resumable uploads: cut lines, restarts, repetitions, impostors."""

import hashlib
import io
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chain_of_custody.vault.errors import FileTooLarge, UploadConflict, UploadMissing, UploadRefused, VaultError
from chain_of_custody.vault.uploads import UploadFolder, UploadSession
from tests.chain_of_custody.vault.contract import Torn


@pytest.fixture
def uploads(tmp_path: Path) -> UploadFolder:
    return UploadFolder(tmp_path / "uploads", size_limit=1_000_000)


def opened(uploads: UploadFolder, size: int = 10) -> UploadSession:
    return uploads.create(owner="ada", name="run.fastq", media_type="text/plain", size=size)


def send(uploads: UploadFolder, upload: str, offset: int, content: bytes, **more: Any) -> UploadSession:
    digest = more.get("digest", hashlib.sha256(content).hexdigest())
    return uploads.append(upload, offset=offset, chunk=io.BytesIO(content), digest=digest)


def gathered(uploads: UploadFolder, upload: str) -> bytes:
    """The content, and the session dropped as after its commit."""
    with uploads.finished(upload) as (_session, source):
        content = source.read()
    assert uploads.state(upload).complete
    uploads.discard(upload)
    return content


def test_in_two_chunks_with_a_restart_between(uploads: UploadFolder) -> None:
    session = opened(uploads)
    assert send(uploads, session.id, 0, b"01234").received == 5
    again = UploadFolder(uploads.root)
    assert again.state(session.id).received == 5
    assert again.state(session.id).owner == "ada"
    assert send(again, session.id, 5, b"56789").complete
    assert gathered(again, session.id) == b"0123456789"
    with pytest.raises(UploadMissing):
        again.state(session.id)
    assert list(uploads.root.iterdir()) == []


def test_chunk_with_another_digest_changes_nothing(uploads: UploadFolder) -> None:
    session = opened(uploads)
    send(uploads, session.id, 0, b"01234")
    with pytest.raises(UploadRefused, match="declared SHA-256"):
        send(uploads, session.id, 5, b"56788", digest=hashlib.sha256(b"56789").hexdigest())
    assert uploads.state(session.id).received == 5
    send(uploads, session.id, 5, b"56789")
    assert gathered(uploads, session.id) == b"0123456789"


def test_line_cut_inside_a_chunk(uploads: UploadFolder) -> None:
    session = opened(uploads, size=100_000)
    send(uploads, session.id, 0, b"0" * 10)
    with pytest.raises((ConnectionResetError, FileTooLarge)):
        uploads.append(session.id, offset=10, chunk=Torn(50_000), digest="0" * 64)
    assert uploads.state(session.id).received == 10
    send(uploads, session.id, 10, b"1" * 99_990)
    assert gathered(uploads, session.id) == b"0" * 10 + b"1" * 99_990


def test_bytes_of_a_chunk_that_never_counted_are_dropped(uploads: UploadFolder) -> None:
    session = opened(uploads)
    send(uploads, session.id, 0, b"01234")
    with (uploads.root / session.id / "data").open("ab") as data:
        data.write(b"garbage of a power cut")
    send(uploads, session.id, 5, b"56789")
    with (uploads.root / session.id / "data").open("ab") as data:
        data.write(b"more")
    assert gathered(uploads, session.id) == b"0123456789"


def test_repeated_chunk_is_recognised(uploads: UploadFolder) -> None:
    session = opened(uploads)
    send(uploads, session.id, 0, b"01234")
    send(uploads, session.id, 5, b"56789")
    assert send(uploads, session.id, 0, b"01234").received == 10
    assert send(uploads, session.id, 5, b"56789").received == 10
    assert gathered(uploads, session.id) == b"0123456789"


@pytest.mark.parametrize(("offset", "content"), [(6, b"x"), (-1, b"x"), (3, b"xx"), (3, b"3456")])
def test_chunk_at_another_place(uploads: UploadFolder, offset: int, content: bytes) -> None:
    session = opened(uploads)
    send(uploads, session.id, 0, b"01234")
    with pytest.raises(UploadConflict) as caught:
        send(uploads, session.id, offset, content)
    assert caught.value.expected == 5
    assert "offset 5" in str(caught.value.remedy)


def test_more_than_declared(uploads: UploadFolder) -> None:
    session = opened(uploads)
    with pytest.raises(FileTooLarge):
        send(uploads, session.id, 0, b"01234567890")
    send(uploads, session.id, 0, b"0123456789")
    with pytest.raises(UploadConflict, match="complete"):
        send(uploads, session.id, 10, b"x")


@pytest.mark.parametrize(("size", "error"), [(0, UploadRefused), (-5, UploadRefused), (1_000_001, FileTooLarge)])
def test_sizes_that_cannot_be(uploads: UploadFolder, size: int, error: type[Exception]) -> None:
    with pytest.raises(error):
        opened(uploads, size)
    assert list(uploads.root.iterdir()) == []


def test_finishing_too_early_says_how_to_go_on(uploads: UploadFolder) -> None:
    session = opened(uploads)
    send(uploads, session.id, 0, b"01234")
    with pytest.raises(UploadRefused, match="5 of 10 bytes") as caught, uploads.finished(session.id):
        pass
    assert caught.value.remedy == "Continue at offset 5."


def test_session_survives_a_failed_storing(uploads: UploadFolder) -> None:
    session = opened(uploads, size=5)
    send(uploads, session.id, 0, b"01234")
    with pytest.raises(VaultError), uploads.finished(session.id):
        raise VaultError("the store is away")
    assert gathered(uploads, session.id) == b"01234"


@pytest.mark.parametrize("name", ["../uploads", "..", "", "a/b", "f" * 32, "F" * 32, "0" * 32 + "\n"])
def test_ids_from_outside(uploads: UploadFolder, name: str) -> None:
    (uploads.root.parent / "session.json").write_text("{}")
    with pytest.raises(UploadMissing):
        uploads.state(name)
    with pytest.raises(UploadMissing):
        send(uploads, name, 0, b"x")
    with pytest.raises(UploadMissing):
        uploads.discard(name)
    assert (uploads.root.parent / "session.json").exists()


def test_sessions_expire(tmp_path: Path) -> None:
    now = datetime(2026, 4, 1, tzinfo=UTC)
    uploads = UploadFolder(tmp_path / "uploads", clock=lambda: now)
    old = opened(uploads)
    now += timedelta(days=5)
    young = opened(uploads)
    assert uploads.sweep() == 0
    now += timedelta(days=3)
    with pytest.raises(UploadMissing, match="expired"):
        uploads.state(old.id)
    assert uploads.sweep() == 1
    assert uploads.state(young.id).received == 0
    assert [folder.name for folder in uploads.root.iterdir()] == [young.id]


def test_discarded(uploads: UploadFolder) -> None:
    session = opened(uploads)
    uploads.discard(session.id)
    with pytest.raises(UploadMissing):
        send(uploads, session.id, 0, b"x")


def test_two_senders_at_once(uploads: UploadFolder) -> None:
    session = opened(uploads, size=300_000)
    barrier = threading.Barrier(2)
    outcomes: list[str] = []

    def work(letter: bytes) -> None:
        barrier.wait()
        try:
            send(uploads, session.id, 0, letter * 300_000)
            outcomes.append("sent")
        except UploadConflict:
            outcomes.append("conflict")

    threads = [threading.Thread(target=work, args=(letter,)) for letter in (b"a", b"b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["conflict", "sent"]
    assert len(set(gathered(uploads, session.id))) == 1, "the two are not mixed"


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(min_size=1, max_size=200), cuts=st.lists(st.integers(1, 60), max_size=12))
def test_any_cutting_gives_the_same_bytes(uploads: UploadFolder, content: bytes, cuts: list[int]) -> None:
    session = opened(uploads, size=len(content))
    offset = 0
    for cut in [*cuts, len(content)]:
        piece = content[offset : offset + cut]
        if piece:
            send(uploads, session.id, offset, piece)
            send(uploads, session.id, offset, piece)
        offset += len(piece)
    assert gathered(uploads, session.id) == content
