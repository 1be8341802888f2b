"""The filesystem store: the contract, and what a disk can do to it."""

import shutil
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from chain_of_custody.vault.errors import (
    DigestMismatch,
    LockRecordDamaged,
    ObjectLocked,
    StoreUnreachable,
)
from chain_of_custody.vault.filesystem_store import FilesystemStore
from chain_of_custody.vault.objects import Retention, RetentionMode
from chain_of_custody.vault.store import EvidenceStore, store_from_url
from tests.chain_of_custody.vault.contract import (
    ABC,
    StoreContract,
    compliance,
    digests,
    governance,
    leftovers,
    put,
)

ROOT = Path(__file__).resolve().parents[3]


class TestContract(StoreContract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> EvidenceStore:
        return store_from_url(f"file://{tmp_path}/vault")


def object_path(store: FilesystemStore, digest: str) -> Path:
    return store.root / "sha256" / digest[:2] / digest


def lock_path(store: FilesystemStore, digest: str) -> Path:
    return store.root / "locks" / digest[:2] / f"{digest}.json"


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
