"""The probe's attempts on an S3 bucket: calls the server answers alone, past every rule of ours."""

import contextlib
import hashlib
import io
import uuid
from datetime import datetime, timedelta

from chain_of_custody.vault.errors import ObjectLocked, ObjectMissing
from chain_of_custody.vault.minio_store.bucket import Bucket
from chain_of_custody.vault.objects import Digested, Retention
from chain_of_custody.vault.probe import PROBE_SECONDS

PROBE_PREFIX = "probe/"


class BucketAttempts:
    """Attempts under `probe/` of the bucket (see `probe.ProbeTarget`); a handle is key and version id."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    def put(self, content: bytes, *, retention: Retention | None, legal_hold: bool) -> str:
        key = PROBE_PREFIX + uuid.uuid4().hex
        found = Digested(digest=hashlib.sha256(content).hexdigest(), size=len(content))
        version = self._bucket.send(key, io.BytesIO(content), found, retention=retention, legal_hold=legal_hold)
        return f"{key} {version}"

    def content(self, handle: str) -> bytes:
        with self._bucket.reading(*_parted(handle)) as (_size, pieces):
            return b"".join(pieces)

    def retention(self, handle: str) -> Retention | None:
        return self._bucket.head(*_parted(handle)).retention

    def delete(self, handle: str, *, bypass_governance: bool = False) -> None:
        self._bucket.remove_version(*_parted(handle), bypass_governance=bypass_governance)

    def retention_set(self, handle: str, retention: Retention) -> None:
        self._bucket.retention_set(*_parted(handle), retention)

    def hold_clear(self, handle: str) -> None:
        self._bucket.hold_switch(*_parted(handle), held=False)

    def protection_remove(self, handle: str) -> None:
        """Suspend the bucket's versioning; where a server allows that, it is switched on again at once."""
        self._bucket.versioning_switch(on=False)
        self._bucket.versioning_switch(on=True)

    def sweep(self, *, now: datetime) -> None:
        """Remove what earlier probes left and no lock holds any more."""
        for found in self._bucket.versions(PROBE_PREFIX):
            if found.stored_at < now - timedelta(seconds=2 * PROBE_SECONDS):
                with contextlib.suppress(ObjectLocked, ObjectMissing):
                    self._bucket.remove_version(found.key, found.version, bypass_governance=False)


def _parted(handle: str) -> tuple[str, str]:
    key, _, version = handle.partition(" ")
    return key, version
