"""The evidence store in a bucket: our rules in front of the server's."""

import contextlib
import itertools
import tempfile
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from chain_of_custody.vault.address import S3Address
from chain_of_custody.vault.durable import disk_errors
from chain_of_custody.vault.errors import DigestMismatch, ObjectMissing, VaultError
from chain_of_custody.vault.minio_store.attempts import PROBE_PREFIX, BucketAttempts
from chain_of_custody.vault.minio_store.bucket import Bucket
from chain_of_custody.vault.objects import (
    Digested,
    EnforcedBy,
    ListedObject,
    ObjectStat,
    ProbeReport,
    Readable,
    Retention,
    RetentionMode,
    StoredObject,
    VerifiedReader,
    copy_hashing,
    declared_check,
    object_key,
    utc_now,
)
from chain_of_custody.vault.probe import probe_run
from chain_of_custody.vault.retention import (
    deletion_check,
    retention_extended,
    retention_merged,
    retention_new,
)


class MinioStore:
    """Objects in a versioned bucket with Object Lock: the server refuses what must not happen."""

    enforced_by = EnforcedBy.SERVER

    def __init__(self, address: S3Address, *, clock: Callable[[], datetime] = utc_now) -> None:
        """Nothing is asked of the server before the first call that needs it."""
        self.bucket = Bucket(address, clock=clock)
        self._clock = clock

    @property
    def name(self) -> str:
        return f"S3 Object Lock, {self.bucket.name}"

    def check(self) -> None:
        """Raise what keeps the store from serving, if anything does; one cheap call."""
        self.bucket.answers()

    # -- writing -------------------------------------------------------------------------------------------

    def put_stream(
        self,
        source: Readable,
        *,
        retention: Retention,
        size_limit: int | None = None,
        expected_digest: str | None = None,
    ) -> StoredObject:
        """Spool while hashing, send under the digest, and believe the server only when it confirms size and
        lock.

        The same bytes again are compared with what lies there and only extend the retention. Raises as
        `store.EvidenceStore.put_stream` says.
        """
        wanted = retention_new(retention, now=self._clock())
        self.bucket.ready()
        with self._spooled(source, size_limit) as (file, found):
            declared_check(found, expected_digest)
            version = self._intact_version(found.digest)
            if version is None:
                version = self.bucket.send(object_key(found.digest), file, found, retention=wanted, legal_hold=False)
        stat = self.stat(found.digest, version=version)
        merged = retention_merged(stat.retention, wanted, now=self._clock())
        if stat.retention is None or not stat.retention.covers(merged):
            stat = self._retention_change(stat, merged)
        return self._confirmed(stat, found, merged)

    def extend_retention(self, digest: str, *, retention: Retention, version: str = "") -> ObjectStat:
        """Keep the object longer or more strictly; raises `RetentionShortened`, `RetentionDowngraded`."""
        stat = self.stat(digest, version=version)
        return self._retention_change(stat, retention_extended(stat.retention, retention, now=self._clock()))

    def legal_hold_set(self, digest: str, *, version: str = "") -> ObjectStat:
        """Hold the object until the hold is cleared, whatever its retention."""
        version = version or self._oldest_version(digest)
        self.bucket.hold_switch(object_key(digest), version, held=True)
        return self.stat(digest, version=version)

    def legal_hold_clear(self, digest: str, *, version: str = "") -> ObjectStat:
        """Lift the hold; the retention stays."""
        version = version or self._oldest_version(digest)
        self.bucket.hold_switch(object_key(digest), version, held=False)
        return self.stat(digest, version=version)

    def delete(self, digest: str, *, version: str = "", bypass_governance: bool = False) -> None:
        """Remove one version nothing holds any more; raises `ObjectLocked`, from our rules or from the
        server."""
        stat = self.stat(digest, version=version)
        deletion_check(stat, now=self._clock(), bypass_governance=bypass_governance)
        self.bucket.remove_version(stat.key, stat.version, bypass_governance=bypass_governance)

    # -- reading -------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def open(self, digest: str, *, version: str = "") -> Iterator[VerifiedReader]:
        """A reader that checks the digest on the way; raises `ObjectMissing`, `DigestMismatch`."""
        version = version or self._oldest_version(digest)
        with self.bucket.reading(object_key(digest), version) as (size, pieces):
            yield VerifiedReader(pieces, digest=digest, size=size)

    def stat(self, digest: str, *, version: str = "") -> ObjectStat:
        """Size, retention and hold as the server reports them now; raises `ObjectMissing`."""
        version = version or self._oldest_version(digest)
        return self.bucket.head(object_key(digest), version)

    def list_objects(self) -> Iterator[ListedObject]:
        """Every key once, with its oldest version; delete markers hide nothing here and the probe's keys are
        left out."""
        for key, versions in itertools.groupby(self.bucket.versions(""), key=lambda found: found.key):
            if not key.startswith(PROBE_PREFIX):
                yield list(versions)[-1]

    def probe(self) -> ProbeReport:
        """Try to break the server's locks under `probe/` in the same bucket, past all rules of ours."""
        self.bucket.ready()
        attempts = BucketAttempts(self.bucket)
        attempts.sweep(now=self._clock())
        return probe_run(attempts, store=self.name, enforced_by=self.enforced_by, clock=self._clock)

    # -- inside --------------------------------------------------------------------------------------------

    def _retention_change(self, stat: ObjectStat, new: Retention) -> ObjectStat:
        """Write a retention our rules allow, with the privileged call only to make a lock stricter."""
        stricter = new.mode is RetentionMode.COMPLIANCE and (
            stat.retention is not None and stat.retention.mode is RetentionMode.GOVERNANCE
        )
        self.bucket.retention_set(stat.key, stat.version, new, bypass_governance=stricter)
        return self.stat(stat.digest, version=stat.version)

    @contextlib.contextmanager
    def _spooled(self, source: Readable, size_limit: int | None) -> Iterator[tuple[BinaryIO, Digested]]:
        folder = self.bucket.address.spool or Path(tempfile.gettempdir())
        with contextlib.ExitStack() as stack:
            with disk_errors(folder):
                file = stack.enter_context(tempfile.TemporaryFile(dir=folder))

            def write(piece: bytes) -> None:
                with disk_errors(folder):
                    file.write(piece)

            found = copy_hashing(source, write, size_limit=size_limit)
            with disk_errors(folder):
                file.seek(0)
            yield file, found

    def _confirmed(self, stat: ObjectStat, found: Digested, lock: Retention) -> StoredObject:
        if stat.size != found.size:
            detail = f"the server reports {stat.size:,} bytes where {found.size:,} were sent"
            raise DigestMismatch(found.digest, found_digest=None, detail=detail)
        if stat.retention is None or not stat.retention.covers(lock):
            raise VaultError(
                f"The server took object {found.digest} but not its retention until {lock.until}.",
                "retention-not-confirmed",
                found=str(stat.retention),
                remedy="Run «manage.py vault_probe»: the server may not enforce Object Lock.",
            )
        return StoredObject(
            digest=found.digest, size=found.size, key=stat.key, version=stat.version, retention=stat.retention
        )

    def _versions_of(self, digest: str) -> list[str]:
        """Version ids of one object, the oldest first."""
        key = object_key(digest)
        return [found.version for found in self.bucket.versions(key) if found.key == key][::-1]

    def _oldest_version(self, digest: str) -> str:
        versions = self._versions_of(digest)
        if not versions:
            raise ObjectMissing(digest, where=self.name)
        return versions[0]

    def _intact_version(self, digest: str) -> str | None:
        """A version that really has these bytes: read, not believed, since the upload is answered by it."""
        for version in self._versions_of(digest):
            with contextlib.suppress(DigestMismatch), self.open(digest, version=version) as reader:
                for _piece in reader:
                    pass
                return version
        return None
