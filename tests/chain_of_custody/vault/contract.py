"""What every evidence store has to do: one test class, run against each of them."""

import hashlib
import io
from datetime import timedelta

import pytest

from chain_of_custody.vault.errors import (
    DigestNotAsDeclared,
    EmptyFile,
    FileTooLarge,
    ObjectLocked,
    ObjectMissing,
    RetentionDowngraded,
    RetentionRefused,
    RetentionShortened,
)
from chain_of_custody.vault.filesystem_store import FilesystemStore
from chain_of_custody.vault.objects import ProbeOutcome, Retention, RetentionMode, utc_now
from chain_of_custody.vault.store import EvidenceStore

# FIPS 180-4 examples, as NIST publishes them for SHA-256: "abc" and one million times "a".
ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
MILLION_A = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
ABSENT = "0" * 64

CHECKS = {
    "put_and_read": ProbeOutcome.PASSED,
    "delete": ProbeOutcome.REFUSED,
    "delete_with_bypass": ProbeOutcome.REFUSED,
    "shorten": ProbeOutcome.REFUSED,
    "downgrade": ProbeOutcome.REFUSED,
    "governance_delete": ProbeOutcome.REFUSED,
    "legal_hold_delete": ProbeOutcome.REFUSED,
    "suspend_versioning": ProbeOutcome.REFUSED,
    "extend": ProbeOutcome.PASSED,
    "delete_after_release": ProbeOutcome.PASSED,
}


def compliance(**later: float) -> Retention:
    return Retention(mode=RetentionMode.COMPLIANCE, until=utc_now() + timedelta(**later))


def governance(**later: float) -> Retention:
    return Retention(mode=RetentionMode.GOVERNANCE, until=utc_now() + timedelta(**later))


class Pattern:
    """A stream of `size` bytes with a known digest, made while it is read: never in memory as a whole."""

    def __init__(self, size: int) -> None:
        self._left = size
        self._block = hashlib.sha256(b"pattern").digest() * 32768
        self._hash = hashlib.sha256()

    def read(self, size: int = -1, /) -> bytes:
        wanted = self._left if size < 0 else min(size, self._left)
        piece = self._block[:wanted]
        self._left -= len(piece)
        self._hash.update(piece)
        return piece

    @property
    def digest(self) -> str:
        return self._hash.hexdigest()


class Torn:
    """A sender whose line breaks after `size` bytes."""

    def __init__(self, size: int) -> None:
        self._left = size

    def read(self, size: int = -1, /) -> bytes:
        if self._left <= 0:
            raise ConnectionResetError("the sender is gone")
        self._left -= size
        return b"t" * size


def put(store: EvidenceStore, content: bytes, retention: Retention | None = None) -> str:
    return store.put_stream(io.BytesIO(content), retention=retention or compliance(minutes=2)).digest


def content_of(store: EvidenceStore, digest: str, version: str = "") -> bytes:
    with store.open(digest, version=version) as reader:
        return b"".join(reader)


def digests(store: EvidenceStore) -> list[str | None]:
    return [listed.digest for listed in store.list_objects()]


class StoreContract:
    """Subclasses give the fixture `store`: an empty store."""

    def test_kept_under_published_digest(self, store: EvidenceStore) -> None:
        stored = store.put_stream(io.BytesIO(b"abc"), retention=compliance(minutes=2))
        assert (stored.digest, stored.size) == (ABC, 3)
        assert stored.key == f"sha256/ba/{ABC}"
        assert content_of(store, ABC, stored.version) == b"abc"

    def test_content_of_several_pieces(self, store: EvidenceStore) -> None:
        assert put(store, b"a" * 1_000_000) == MILLION_A
        with store.open(MILLION_A) as reader:
            assert reader.size == 1_000_000
            assert reader.read(7) == b"a" * 7
            assert len(reader.read()) == 999_993

    def test_large_stream_of_unknown_length(self, store: EvidenceStore) -> None:
        source = Pattern((40 << 20) + 17)
        stored = store.put_stream(source, retention=compliance(minutes=2))
        assert (stored.digest, stored.size) == (source.digest, (40 << 20) + 17)
        assert store.stat(stored.digest).size == stored.size
        with store.open(stored.digest) as reader:
            assert sum(len(piece) for piece in reader) == stored.size

    def test_retention_is_reported_and_never_shorter_than_asked(self, store: EvidenceStore) -> None:
        asked = compliance(minutes=2, microseconds=1)
        stored = store.put_stream(io.BytesIO(b"kept"), retention=asked)
        stat = store.stat(stored.digest)
        assert stat.retention is not None
        assert stat.retention.covers(asked)
        assert stat.retention == stored.retention
        assert stat.retention.until - asked.until < timedelta(seconds=1)
        assert stat.legal_hold is False

    def test_same_content_again_is_one_object_and_only_extends(self, store: EvidenceStore) -> None:
        digest = put(store, b"twice", compliance(minutes=10))
        first = store.stat(digest)
        again = store.put_stream(io.BytesIO(b"twice"), retention=compliance(minutes=2))
        assert again.retention == first.retention
        later = store.put_stream(io.BytesIO(b"twice"), retention=compliance(minutes=20))
        assert later.retention.until > again.retention.until
        assert later.version == first.version
        assert digests(store) == [digest]

    def test_same_content_as_draft_and_as_evidence_keeps_both_promises(self, store: EvidenceStore) -> None:
        long_draft, short_evidence = governance(minutes=20), compliance(minutes=2)
        put(store, b"draft", long_draft)
        stored = store.put_stream(io.BytesIO(b"draft"), retention=short_evidence)
        assert stored.retention.covers(long_draft)
        assert stored.retention.covers(short_evidence)

    def test_listing_in_the_order_of_keys(self, store: EvidenceStore) -> None:
        wanted = sorted(put(store, f"object {number}".encode()) for number in range(5))
        listed = list(store.list_objects())
        assert [item.digest for item in listed] == wanted
        assert {item.size for item in listed} == {8}

    def test_empty_file_is_refused(self, store: EvidenceStore) -> None:
        with pytest.raises(EmptyFile):
            store.put_stream(io.BytesIO(b""), retention=compliance(minutes=2))
        assert digests(store) == []

    def test_file_over_the_limit_is_refused(self, store: EvidenceStore) -> None:
        with pytest.raises(FileTooLarge, match="3,000,000 bytes allowed"):
            store.put_stream(Pattern(3_000_001), retention=compliance(minutes=2), size_limit=3_000_000)
        assert digests(store) == []
        store.put_stream(Pattern(3_000_000), retention=compliance(minutes=2), size_limit=3_000_000)
        assert len(digests(store)) == 1

    def test_other_digest_than_declared_is_refused(self, store: EvidenceStore) -> None:
        with pytest.raises(DigestNotAsDeclared, match=ABC):
            store.put_stream(io.BytesIO(b"abd"), retention=compliance(minutes=2), expected_digest=ABC)
        assert digests(store) == []
        store.put_stream(io.BytesIO(b"abc"), retention=compliance(minutes=2), expected_digest=ABC)
        assert digests(store) == [ABC]

    def test_broken_line_leaves_nothing(self, store: EvidenceStore) -> None:
        with pytest.raises(ConnectionResetError):
            store.put_stream(Torn(5 << 20), retention=compliance(minutes=2))
        assert digests(store) == []

    def test_absent_object(self, store: EvidenceStore) -> None:
        with pytest.raises(ObjectMissing, match=ABSENT), store.open(ABSENT):
            pass
        with pytest.raises(ObjectMissing):
            store.stat(ABSENT)
        with pytest.raises(ObjectMissing):
            store.extend_retention(ABSENT, retention=compliance(minutes=2))
        with pytest.raises(ObjectMissing):
            store.legal_hold_set(ABSENT)
        with pytest.raises(ObjectMissing):
            store.delete(ABSENT)

    def test_retention_moves_only_later(self, store: EvidenceStore) -> None:
        digest = put(store, b"later", compliance(minutes=5))
        before = store.stat(digest).retention
        with pytest.raises(RetentionShortened):
            store.extend_retention(digest, retention=compliance(minutes=4))
        with pytest.raises(RetentionDowngraded):
            store.extend_retention(digest, retention=governance(minutes=6))
        assert store.stat(digest).retention == before
        later = compliance(minutes=6)
        changed = store.extend_retention(digest, retention=later).retention
        assert changed is not None
        assert changed.covers(later)

    def test_draft_becomes_evidence(self, store: EvidenceStore) -> None:
        digest = put(store, b"draft", governance(minutes=5))
        changed = store.extend_retention(digest, retention=compliance(minutes=6)).retention
        assert changed is not None
        assert changed.mode is RetentionMode.COMPLIANCE
        with pytest.raises(ObjectLocked):
            store.delete(digest, bypass_governance=True)

    def test_retention_in_the_past_is_refused(self, store: EvidenceStore) -> None:
        with pytest.raises(RetentionRefused, match="already over"):
            put(store, b"past", compliance(minutes=-1))
        assert digests(store) == []

    def test_evidence_cannot_be_deleted(self, store: EvidenceStore) -> None:
        digest = put(store, b"evidence")
        for bypass in (False, True):
            with pytest.raises(ObjectLocked, match=digest):
                store.delete(digest, bypass_governance=bypass)
        assert content_of(store, digest) == b"evidence"

    def test_draft_yields_to_an_explicit_deletion_only(self, store: EvidenceStore) -> None:
        digest = put(store, b"mis-upload", governance(minutes=5))
        with pytest.raises(ObjectLocked, match="governance"):
            store.delete(digest)
        store.delete(digest, bypass_governance=True)
        with pytest.raises(ObjectMissing):
            store.stat(digest)
        assert digests(store) == []

    def test_legal_hold_stands_apart_from_retention(self, store: EvidenceStore) -> None:
        digest = put(store, b"held", governance(minutes=5))
        assert store.legal_hold_set(digest).legal_hold is True
        with pytest.raises(ObjectLocked, match="legal hold"):
            store.delete(digest, bypass_governance=True)
        assert content_of(store, digest) == b"held"
        stat = store.legal_hold_clear(digest)
        assert stat.legal_hold is False
        assert stat.retention is not None
        store.delete(digest, bypass_governance=True)
        assert digests(store) == []

    def test_probe_finds_every_lock_enforced(self, store: EvidenceStore) -> None:
        report = store.probe()
        assert {check.name: check.outcome for check in report.checks} == CHECKS, report
        assert report.enforced is True
        assert report.enforced_by is store.enforced_by
        assert digests(store) == [], "the probe's objects are no evidence"

    def test_healthy_store_has_nothing_to_say(self, store: EvidenceStore) -> None:
        store.check()


def leftovers(store: FilesystemStore) -> list[str]:
    """Names of what was begun in a folder store and not finished."""
    return [path.name for path in (store.root / "incoming").iterdir()]
