"""The filesystem store: the contract, and what a disk can do to it."""

import io
import os
import shutil
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from chain_of_custody.vault.errors import (
    DigestMismatch,
    LockRecordDamaged,
    ObjectLocked,
    StoreFull,
    StoreUnreachable,
)
from chain_of_custody.vault.filesystem_store import FilesystemStore
from chain_of_custody.vault.objects import Retention, RetentionMode
from chain_of_custody.vault.store import EvidenceStore, store_from_url
from tests.chain_of_custody.vault.contract import (
    ABC,
    Pattern,
    StoreContract,
    compliance,
    content_of,
    digests,
    governance,
    put,
)

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def store(tmp_path: Path) -> FilesystemStore:
    return FilesystemStore(tmp_path / "vault")


class TestContract(StoreContract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> EvidenceStore:
        return store_from_url(f"file://{tmp_path}/vault")


def object_path(store: FilesystemStore, digest: str) -> Path:
    return store.root / "sha256" / digest[:2] / digest


def lock_path(store: FilesystemStore, digest: str) -> Path:
    return store.root / "locks" / digest[:2] / f"{digest}.json"


def leftovers(store: FilesystemStore) -> list[str]:
    return [path.name for path in (store.root / "incoming").iterdir()]


class TestLayout:
    def test_object_is_a_read_only_file_named_by_its_digest(self, store: FilesystemStore) -> None:
        put(store, b"abc")
        path = object_path(store, ABC)
        assert path.read_bytes() == b"abc"
        assert stat.S_IMODE(path.stat().st_mode) == 0o440
        assert path.stat().st_nlink == 1
        assert leftovers(store) == []

    def test_reopened_store_finds_everything(self, store: FilesystemStore) -> None:
        put(store, b"abc")
        store.legal_hold_set(ABC)
        again = FilesystemStore(store.root)
        assert again.stat(ABC) == store.stat(ABC)
        assert again.stat(ABC).legal_hold is True

    def test_name_says_software_worm(self, store: FilesystemStore) -> None:
        assert "software WORM" in store.name
        assert store.probe().label == "software WORM"

    def test_strange_files_are_listed_as_such(self, store: FilesystemStore) -> None:
        put(store, b"abc")
        (store.root / "sha256" / "ba" / "notes.txt").write_text("?")
        (store.root / "sha256" / "zz").write_text("?")
        listed = {item.key: item.digest for item in store.list_objects()}
        assert listed == {f"sha256/ba/{ABC}": ABC, "sha256/ba/notes.txt": None, "sha256/zz": None}


class TestTampering:
    @pytest.mark.parametrize("position", [0, 1_499_999, 2_999_999])
    def test_one_changed_byte(self, store: FilesystemStore, position: int) -> None:
        digest = put(store, b"e" * 3_000_000)
        with object_path(store, digest).open("r+b") as file:
            file.seek(position)
            file.write(b"f")
        received = b""
        with pytest.raises(DigestMismatch, match=digest) as caught, store.open(digest) as reader:  # noqa: PT012
            for piece in reader:
                received += piece
        assert caught.value.digest == digest
        assert caught.value.found_digest not in {None, digest}
        assert len(received) < 3_000_000, "a complete false file was handed out"

    @pytest.mark.parametrize("size", [2, 4])
    def test_other_length_is_found_before_the_first_byte(self, store: FilesystemStore, size: int) -> None:
        put(store, b"abc")
        path = object_path(store, ABC)
        path.chmod(0o640)
        path.write_bytes(b"abcd"[:size])
        with pytest.raises(DigestMismatch, match=ABC), store.open(ABC):
            pass

    def test_storing_again_does_not_vouch_for_altered_bytes(self, store: FilesystemStore) -> None:
        put(store, b"abc")
        path = object_path(store, ABC)
        path.chmod(0o640)
        path.write_bytes(b"abd")
        with pytest.raises(DigestMismatch):
            put(store, b"abc")
        assert path.read_bytes() == b"abd", "the altered bytes are themselves evidence"

    def test_link_in_place_of_an_object_is_not_followed(self, store: FilesystemStore, tmp_path: Path) -> None:
        put(store, b"abc")
        object_path(store, ABC).unlink()
        (tmp_path / "elsewhere").write_bytes(b"abc")
        object_path(store, ABC).symlink_to(tmp_path / "elsewhere")
        with pytest.raises(StoreUnreachable), store.open(ABC):
            pass
        with pytest.raises(DigestMismatch):
            store.stat(ABC)

    @pytest.mark.parametrize("damage", ["gone", "cut", "other", "version"])
    def test_object_without_its_lock_record_counts_as_locked(self, store: FilesystemStore, damage: str) -> None:
        put(store, b"abc", governance(minutes=1))
        other = put(store, b"other")
        path = lock_path(store, ABC)
        if damage == "gone":
            path.unlink()
        elif damage == "cut":
            path.write_text(path.read_text()[:40])
        elif damage == "version":
            path.write_text(path.read_text().replace('"v": 1', '"v": 9'))
        else:
            shutil.copy(lock_path(store, other), path)
        with pytest.raises(LockRecordDamaged, match=ABC):
            store.delete(ABC, bypass_governance=True)
        with pytest.raises(LockRecordDamaged):
            store.extend_retention(ABC, retention=compliance(minutes=5))
        assert object_path(store, ABC).read_bytes() == b"abc"


class TestTime:
    def test_expired_lock_binds_no_longer(self, tmp_path: Path) -> None:
        now = datetime(2026, 3, 1, 12, tzinfo=UTC)
        store = FilesystemStore(tmp_path / "vault", clock=lambda: now)
        until = now + timedelta(days=1)
        digest = put(store, b"short", Retention(mode=RetentionMode.COMPLIANCE, until=until))
        now = until - timedelta(seconds=1)
        with pytest.raises(ObjectLocked):
            store.delete(digest)
        now = until
        store.delete(digest)
        assert digests(store) == []
        assert list((store.root / "locks").rglob("*.json")) == []

    def test_hold_outlives_retention(self, tmp_path: Path) -> None:
        now = datetime(2026, 3, 1, 12, tzinfo=UTC)
        store = FilesystemStore(tmp_path / "vault", clock=lambda: now)
        lock = Retention(mode=RetentionMode.GOVERNANCE, until=now + timedelta(days=1))
        digest = put(store, b"held", lock)
        store.legal_hold_set(digest)
        now += timedelta(days=400)
        with pytest.raises(ObjectLocked, match="legal hold"):
            store.delete(digest, bypass_governance=True)


class TestFolder:
    def test_missing_volume(self, tmp_path: Path) -> None:
        with pytest.raises(StoreUnreachable, match="not-mounted"):
            FilesystemStore(tmp_path / "not-mounted" / "vault")

    def test_folder_of_something_else(self, tmp_path: Path) -> None:
        (tmp_path / "photographs").mkdir()
        with pytest.raises(StoreUnreachable, match="not an evidence store") as caught:
            FilesystemStore(tmp_path)
        assert caught.value.found == "photographs"
        assert [path.name for path in tmp_path.iterdir()] == ["photographs"]

    def test_file_in_place_of_the_folder(self, tmp_path: Path) -> None:
        (tmp_path / "vault").write_text("")
        with pytest.raises(StoreUnreachable):
            FilesystemStore(tmp_path / "vault")

    def test_folder_that_vanishes(self, store: FilesystemStore) -> None:
        put(store, b"abc")
        store.root.rename(store.root.with_name("taken"))
        with pytest.raises(StoreUnreachable):
            put(store, b"more")
        with pytest.raises(StoreUnreachable):
            store.check()
        assert not store.root.exists(), "a vanished store is not laid out anew behind the back"

    def test_layout_cut_short_is_completed(self, store: FilesystemStore) -> None:
        (store.root / "spoor-store.json").unlink()
        (store.root / "locks").rmdir()
        again = FilesystemStore(store.root)
        assert put(again, b"abc") == ABC


_PRELUDE = """
import io, os, resource, signal, sys
from datetime import timedelta
from pathlib import Path
from chain_of_custody.vault import filesystem_store
from chain_of_custody.vault.filesystem_store import FilesystemStore
from chain_of_custody.vault.objects import Retention, RetentionMode, utc_now
from tests.chain_of_custody.vault.contract import Pattern, compliance
store = FilesystemStore(Path(sys.argv[1]))
lock = compliance(hours=1)
"""


def child(script: str, *arguments: str | Path) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "SPOOR_TESTS_PURE": "1"}
    return subprocess.Popen(
        [sys.executable, "-c", _PRELUDE + script, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        cwd=ROOT,
    )


class TestDeath:
    """kill -9 stands for the power cut: nothing after it runs, no clean-up, no flush."""

    def test_while_receiving(self, store: FilesystemStore) -> None:
        process = child(
            """
class Slow:
    sent = 0
    def read(self, size=-1):
        if self.sent >= 3_000_000:
            print("half", flush=True)
            signal.pause()
        self.sent += 1_000_000
        return b"x" * 1_000_000
store.put_stream(Slow(), retention=lock)
""",
            store.root,
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "half\n"
        assert len(leftovers(store)) == 1
        FilesystemStore(store.root)
        assert len(leftovers(store)) == 1, "a living writer's file is spared"
        self._age(store)
        FilesystemStore(store.root)
        assert len(leftovers(store)) == 1, "even an old one"
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=120)
        assert digests(store) == []
        FilesystemStore(store.root)
        assert leftovers(store) == [], "a dead writer's file is swept"

    # The last steps of a put, each cut right before it: (function patched in the store's module, what is visible then)
    @pytest.mark.parametrize(
        ("step", "visible"),
        [
            ("filesystem_store.os.fchmod", False),
            ("filesystem_store.sidecar_write", False),
            ("filesystem_store.os.link", False),
            ("filesystem_store.folder_sync", True),
        ],
    )
    def test_at_every_step(self, store: FilesystemStore, step: str, visible: bool) -> None:
        module, _, function = step.rpartition(".")
        process = child(
            f"""
def die(*_arguments, **_options):
    os.kill(os.getpid(), signal.SIGKILL)
{module}.{function} = die
store.put_stream(io.BytesIO(b"abc"), retention=lock)
""",
            store.root,
        )
        _out, errors = process.communicate(timeout=120)
        assert process.returncode == -signal.SIGKILL, errors
        assert digests(store) == ([ABC] if visible else [])
        if visible:
            assert store.stat(ABC).retention is not None, "an object is never visible without its lock"
        again = FilesystemStore(store.root)
        assert put(again, b"abc") == ABC
        assert content_of(again, ABC) == b"abc"

    @staticmethod
    def _age(store: FilesystemStore) -> None:
        for path in (store.root / "incoming").iterdir():
            os.utime(path, (time.time() - 3600, time.time() - 3600))


class TestFullDisk:
    def test_no_half_object_and_a_clear_word(self, store: FilesystemStore) -> None:
        process = child(
            """
resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, 2_000_000))
from chain_of_custody.vault.errors import StoreFull
try:
    store.put_stream(Pattern(5_000_000), retention=lock)
except StoreFull as error:
    print(error, error.remedy)
print(store.put_stream(io.BytesIO(b"abc"), retention=lock).digest)
""",
            store.root,
        )
        out, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors
        assert "no room" in out
        assert "nothing was stored" in out
        assert out.splitlines()[-1] == ABC, "a smaller file still goes in"
        assert digests(store) == [ABC]
        assert leftovers(store) == []

    @pytest.fixture
    def tiny_volume(self, tmp_path: Path) -> Iterator[Path]:
        volume = tmp_path / "volume"
        volume.mkdir()
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(volume)], capture_output=True, check=False
        )
        if mounted.returncode != 0:
            pytest.skip("mounting a small volume needs root with the right to mount")
        yield volume
        subprocess.run(["umount", str(volume)], check=True)

    def test_full_volume(self, tiny_volume: Path) -> None:
        store = FilesystemStore(tiny_volume / "vault")
        put(store, b"abc")
        with pytest.raises(StoreFull):
            store.put_stream(Pattern(6_000_000), retention=compliance(minutes=2))
        assert digests(store) == [ABC]
        assert content_of(store, ABC) == b"abc"
        source = Pattern(1_000_000)
        assert store.put_stream(source, retention=compliance(minutes=2)).size == 1_000_000


class TestTogether:
    def test_same_content_from_many_threads(self, store: FilesystemStore) -> None:
        barrier, longest = threading.Barrier(6), compliance(minutes=5, seconds=59)
        answers: list[str] = []

        def work(minutes: int) -> None:
            barrier.wait()
            stored = store.put_stream(io.BytesIO(b"same" * 500_000), retention=compliance(minutes=minutes))
            answers.append(stored.digest)

        threads = [threading.Thread(target=work, args=(minutes,)) for minutes in range(1, 7)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(answers) == 6
        assert digests(store) == sorted(set(answers))
        kept = store.stat(answers[0]).retention
        assert kept is not None
        assert kept.covers(longest), "the longest promise stands"

    def test_changes_of_one_record_are_not_lost(self, store: FilesystemStore) -> None:
        digest = put(store, b"record", compliance(minutes=1))
        barrier, longest = threading.Barrier(2), compliance(minutes=10, seconds=59)

        def extend() -> None:
            barrier.wait()
            for minutes in range(2, 12):
                store.extend_retention(digest, retention=compliance(minutes=minutes))

        def hold() -> None:
            barrier.wait()
            for _ in range(10):
                store.legal_hold_clear(digest)
                store.legal_hold_set(digest)

        threads = [threading.Thread(target=extend), threading.Thread(target=hold)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        after = store.stat(digest)
        assert after.legal_hold is True
        assert after.retention is not None
        assert after.retention.covers(longest)


_STREAM_AND_MEASURE = """
size = int(sys.argv[2])
store.put_stream(io.BytesIO(b"warm up" * 500_000), retention=lock)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
source = Pattern(size)
stored = store.put_stream(source, retention=lock)
with store.open(stored.digest) as reader:
    read = sum(len(piece) for piece in reader)
assert stored.digest == source.digest and read == size
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def _kilobytes_more(store: FilesystemStore, size: int) -> int:
    process = child(_STREAM_AND_MEASURE, store.root, str(size))
    out, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    return int(out)


class TestMemory:
    def test_does_not_grow_with_the_file(self, store: FilesystemStore) -> None:
        assert _kilobytes_more(store, 256 << 20) < 8_000

    @pytest.mark.slow
    @pytest.mark.integration
    def test_two_gigabytes(self, store: FilesystemStore) -> None:
        if shutil.disk_usage(store.root).free < 5 << 30:
            pytest.skip("needs 5 GB of free disk")
        assert _kilobytes_more(store, 2 << 30) < 8_000
