"""The S3 store against a real server: one node of Ceph RGW from Debian's packages."""

import hashlib
import io
import itertools
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from minio import Minio
from minio.commonconfig import ENABLED
from minio.versioningconfig import VersioningConfig

from chain_of_custody.vault.address import S3Address, s3_address_of
from chain_of_custody.vault.errors import (
    DigestMismatch,
    ObjectLocked,
    StoreMisconfigured,
    StoreUnreachable,
)
from chain_of_custody.vault.minio_store import MinioStore
from chain_of_custody.vault.minio_store.bucket import PART_BYTES
from chain_of_custody.vault.objects import EnforcedBy, ProbeOutcome, RetentionMode, StoredObject, object_key, utc_now
from chain_of_custody.vault.services import store_current
from chain_of_custody.vault.store import EvidenceStore, store_from_url
from lims.casework.services.cases import case_hold
from lims.casework.services.files import case_file_store
from lims.casework.services.retention import holds_settle
from tests.chain_of_custody.vault.contract import (
    ABC,
    Pattern,
    StoreContract,
    Torn,
    compliance,
    content_of,
    digests,
    governance,
    put,
)
from tests.integration.ceph import KMS_KEY, CephNode, ceph_node, packages_missing
from tests.lims import builders
from tests.lims.builders import Laboratory

MISSING = packages_missing()
ROOT = Path(__file__).resolve().parents[2]

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(bool(MISSING), reason=f"needs Debian's packages {', '.join(MISSING)}"),
    pytest.mark.xdist_group("ceph"),
]

_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def node() -> Iterator[CephNode]:
    with ceph_node() as running:
        yield running


@pytest.fixture
def address(node: CephNode) -> S3Address:
    """A bucket nobody has used before."""
    return s3_address_of(urlsplit(node.url(f"evidence-{next(_numbers)}")))


@pytest.fixture
def store(address: S3Address) -> MinioStore:
    return MinioStore(address)


@pytest.fixture
def raw(store: MinioStore, address: S3Address) -> Minio:
    """The server past our code, as an attacker with the same credentials has it."""
    store.bucket.ready()
    return Minio(
        address.endpoint,
        access_key=address.access_key,
        secret_key=address.secret_key,
        secure=False,
        region=address.region,
    )


class TestContract(StoreContract):
    @pytest.fixture
    def store(self, node: CephNode) -> EvidenceStore:
        return store_from_url(node.url(f"evidence-{next(_numbers)}"))


class TestServer:
    def test_probe_names_the_server_as_the_one_who_enforces(self, store: MinioStore) -> None:
        report = store.probe()
        assert report.enforced_by is EnforcedBy.SERVER
        assert report.label == "WORM enforced by the storage server"
        refusals = [check.detail for check in report.checks if check.outcome is ProbeOutcome.REFUSED]
        assert all("AccessDenied" in said or "InvalidBucketState" in said for said in refusals), refusals

    def test_probe_can_be_repeated_at_once(self, store: MinioStore) -> None:
        assert store.probe().enforced
        assert store.probe().enforced

    def test_bucket_without_object_lock_is_refused(self, store: MinioStore, address: S3Address, raw: Minio) -> None:
        plain = replace(address, bucket=f"{address.bucket}-plain")
        raw.make_bucket(plain.bucket)
        with pytest.raises(StoreMisconfigured, match="cannot lock objects"):
            put(MinioStore(plain), b"abc")
        with pytest.raises(StoreMisconfigured):
            MinioStore(plain).probe()

    def test_versioned_bucket_without_object_lock_is_not_enforced(
        self, store: MinioStore, address: S3Address, raw: Minio
    ) -> None:
        plain = replace(address, bucket=f"{address.bucket}-versions")
        raw.make_bucket(plain.bucket)
        raw.set_bucket_versioning(plain.bucket, VersioningConfig(ENABLED))
        report = MinioStore(plain).probe()
        assert report.enforced is False
        assert report.label == "WORM not enforced"
        failed = {check.name for check in report.failures}
        assert {"put_and_read", "delete", "shorten", "legal_hold_delete"} <= failed
        assert raw.get_bucket_versioning(plain.bucket).status == ENABLED, "the probe leaves versioning on"

    def test_wrong_secret(self, address: S3Address) -> None:
        stranger = MinioStore(replace(address, secret_key="not-the-secret"))
        with pytest.raises(StoreMisconfigured) as caught:
            put(stranger, b"abc")
        assert "not-the-secret" not in f"{caught.value} {caught.value.found} {caught.value.remedy}"

    def test_nobody_listens(self, address: S3Address) -> None:
        gone = MinioStore(replace(address, endpoint="127.0.0.1:9"))
        with pytest.raises(StoreUnreachable, match="does not answer"):
            gone.check()
        with pytest.raises(StoreUnreachable):
            put(gone, b"abc")


class TestVersions:
    def test_overwriting_and_hiding_change_nothing(self, store: MinioStore, raw: Minio) -> None:
        stored = store.put_stream(io.BytesIO(b"abc"), retention=compliance(minutes=2))
        raw.put_object(store.bucket.address.bucket, stored.key, io.BytesIO(b"evil"), 4)
        assert content_of(store, ABC) == b"abc", "the oldest version counts"
        raw.remove_object(store.bucket.address.bucket, stored.key)
        assert content_of(store, ABC) == b"abc", "a delete marker hides nothing"
        assert content_of(store, ABC, stored.version) == b"abc"
        assert [(item.digest, item.version) for item in store.list_objects()] == [(ABC, stored.version)]
        again = store.put_stream(io.BytesIO(b"abc"), retention=compliance(minutes=2))
        assert again.version == stored.version

    def test_planted_object_is_not_taken_for_the_evidence(self, store: MinioStore, raw: Minio) -> None:
        key = f"sha256/ba/{ABC}"
        raw.put_object(store.bucket.address.bucket, key, io.BytesIO(b"evil"), 4)
        with pytest.raises(DigestMismatch, match=ABC):
            content_of(store, ABC)
        stored = store.put_stream(io.BytesIO(b"abc"), retention=compliance(minutes=2))
        assert content_of(store, ABC, stored.version) == b"abc"

    def test_strange_keys_are_listed_as_such(self, store: MinioStore, raw: Minio) -> None:
        put(store, b"abc")
        raw.put_object(store.bucket.address.bucket, "notes.txt", io.BytesIO(b"?"), 1)
        assert {item.key: item.digest for item in store.list_objects()} == {f"sha256/ba/{ABC}": ABC, "notes.txt": None}

    @pytest.mark.slow
    def test_listing_over_several_pages(self, store: MinioStore, raw: Minio) -> None:
        """A server lists at most 1,000 versions at once; put past our code, since only names matter."""
        wanted = sorted(hashlib.sha256(str(number).encode()).hexdigest() for number in range(1005))

        def plant(digest: str) -> None:
            raw.put_object(store.bucket.address.bucket, object_key(digest), io.BytesIO(b"x"), 1)

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(plant, wanted))
        plant(wanted[999])
        assert digests(store) == wanted


class TestParts:
    @pytest.mark.parametrize("size", [PART_BYTES, PART_BYTES + 1])
    def test_around_one_part(self, store: MinioStore, size: int) -> None:
        source = Pattern(size)
        stored = store.put_stream(source, retention=compliance(minutes=2))
        assert stored.digest == source.digest
        assert hashlib.sha256(content_of(store, stored.digest)).hexdigest() == source.digest
        with pytest.raises(ObjectLocked):
            store.bucket.remove_version(stored.key, stored.version, bypass_governance=True)

    def test_line_broken_behind_the_first_part(self, store: MinioStore) -> None:
        with pytest.raises(ConnectionResetError):
            store.put_stream(Torn(PART_BYTES * 2), retention=compliance(minutes=2))
        assert digests(store) == []

    def test_full_spool(self, address: S3Address, tmp_path: Path) -> None:
        gone = tmp_path / "gone"
        with pytest.raises(StoreUnreachable, match="folder"):
            put(MinioStore(replace(address, spool=gone)), b"abc")


class TestEncryption:
    def test_confirmed_by_the_server(self, node: CephNode) -> None:
        store = store_from_url(node.url(f"evidence-{next(_numbers)}", sse="kms", sse_key=KMS_KEY))
        for size in (3, PART_BYTES + 1):
            source = Pattern(size)
            stored = store.put_stream(source, retention=compliance(minutes=2))
            assert stored.size == size
            assert hashlib.sha256(content_of(store, stored.digest)).hexdigest() == source.digest
        assert store.probe().enforced

    def test_not_confirmed(self, node: CephNode) -> None:
        # Ceph 16 knows no SSE-S3 and ignores the request without a word.
        store = store_from_url(node.url(f"evidence-{next(_numbers)}", sse="s3"))
        with pytest.raises(StoreMisconfigured, match="encrypted"):
            put(store, b"abc")


class TestLocksOutsideOurRules:
    """The server itself refuses, with our own rules out of the way."""

    def test_compliance(self, store: MinioStore) -> None:
        stored = store.put_stream(io.BytesIO(b"abc"), retention=compliance(minutes=2))
        bucket = store.bucket
        for bypass in (False, True):
            with pytest.raises(ObjectLocked):
                bucket.remove_version(stored.key, stored.version, bypass_governance=bypass)
            with pytest.raises(ObjectLocked):
                bucket.retention_set(stored.key, stored.version, compliance(minutes=1), bypass_governance=bypass)
            with pytest.raises(ObjectLocked):
                bucket.retention_set(stored.key, stored.version, governance(minutes=3), bypass_governance=bypass)
        assert store.stat(ABC).retention == stored.retention

    @staticmethod
    def _locked(store: MinioStore) -> StoredObject:
        """An object the server refused to delete, under as short a lock as this machine needs to be that quick."""
        for seconds in (2, 20, 200):
            stored = store.put_stream(io.BytesIO(b"abc"), retention=compliance(seconds=seconds))
            try:
                store.delete(ABC)
            except ObjectLocked:
                return stored
            assert utc_now() >= stored.retention.until, "deleted under its lock"
        pytest.fail("a lock of 200 s was over before the object could be deleted")

    def test_expired_lock_releases(self, store: MinioStore) -> None:
        stored = self._locked(store)
        assert stored.retention.mode is RetentionMode.COMPLIANCE
        time.sleep(max(0.0, (stored.retention.until - utc_now()) / timedelta(seconds=1)) + 1.0)
        store.delete(ABC)
        assert digests(store) == []


_STREAM_AND_MEASURE = """
import io, resource, sys
from chain_of_custody.vault.store import store_from_url
from tests.chain_of_custody.vault.contract import Pattern, governance
store, size = store_from_url(sys.argv[1]), int(sys.argv[2])
store.put_stream(Pattern(40 << 20), retention=governance(minutes=5))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
source = Pattern(size)
stored = store.put_stream(source, retention=governance(minutes=5))
with store.open(stored.digest) as reader:
    assert sum(len(piece) for piece in reader) == size
assert stored.digest == source.digest
store.delete(stored.digest, bypass_governance=True)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def _kilobytes_more(node: CephNode, size: int) -> int:
    done = subprocess.run(
        [sys.executable, "-c", _STREAM_AND_MEASURE, node.url(f"evidence-{next(_numbers)}"), str(size)],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        timeout=550,
    )
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


class TestMemory:
    def test_does_not_grow_with_the_file(self, node: CephNode) -> None:
        assert _kilobytes_more(node, 256 << 20) < 24_000

    @pytest.mark.slow
    def test_two_gigabytes(self, node: CephNode) -> None:
        if os.statvfs(tempfile.gettempdir()).f_bavail * resource.getpagesize() < 9 << 30:
            pytest.skip("needs 9 GB of free disk for spool and server")
        assert _kilobytes_more(node, 2 << 30) < 24_000


@pytest.mark.django_db
def test_hold_of_a_case_is_the_servers_hold_on_its_files(
    node: CephNode, settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    settings.SPOOR_STORE_URL = node.url(f"evidence-{next(_numbers)}")
    lab = Laboratory()
    case = builders.case(lab.custodian)
    file = case_file_store(
        actor=lab.custodian,
        case=case,
        source=io.BytesIO(b"under appeal"),
        name="p.jpg",
        media_type="image/jpeg",
        role="photograph",
    )
    store = store_current()
    for hold, authority in ((True, ""), (False, "Court of Appeal, order 8/26")):
        case_hold(actor=lab.custodian, case=case, hold=hold, reason="Appeal", authority=authority)
        with django_capture_on_commit_callbacks(execute=True):
            assert holds_settle().failed == ()
        assert store.stat(file.digest, version=file.store_version).legal_hold is hold
