"""One S3 bucket with Object Lock: single calls judged by the server alone. The only importer of the MinIO
SDK."""

import base64
import contextlib
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import BinaryIO

from minio import Minio
from minio.commonconfig import COMPLIANCE, ENABLED, GOVERNANCE
from minio.datatypes import Object as S3Object
from minio.deleteobjects import DeleteObject
from minio.error import MinioException, S3Error
from minio.helpers import md5sum_hash
from minio.retention import Retention as S3Retention
from minio.sse import Sse, SseKMS, SseS3
from minio.versioningconfig import SUSPENDED, VersioningConfig
from minio.xml import marshal
from urllib3 import BaseHTTPResponse, PoolManager, Retry, Timeout
from urllib3.exceptions import HTTPError

from chain_of_custody.vault.address import S3Address
from chain_of_custody.vault.errors import (
    ObjectLocked,
    ObjectMissing,
    StoreFull,
    StoreMisconfigured,
    StoreUnreachable,
    VaultError,
)
from chain_of_custody.vault.objects import (
    CHUNK_BYTES,
    Digested,
    ListedObject,
    ObjectStat,
    Retention,
    RetentionMode,
    digest_of_key,
)

PART_BYTES = 16 << 20
"""Size of an uploaded part; larger only where a file would need more than the 10,000 parts S3 allows."""
_PARTS_AT_MOST = 10_000

DIGEST_HEADER = "spoor-sha256"
_Fields = dict[str, str | list[str] | tuple[str]]
_SSE_NAMES = {"s3": "AES256", "kms": "aws:kms"}

LOCK_REFUSALS = frozenset({"AccessDenied", "ObjectLocked", "InvalidRequest", "InvalidBucketState", "MethodNotAllowed"})
"""Codes by which servers refuse what a lock forbids; any other answer does not count as a refusal."""
_MISSING = frozenset({"NoSuchKey", "NoSuchVersion", "NoSuchObject", "ResourceNotFound"})
_CREDENTIALS = frozenset(
    {
        "InvalidAccessKeyId",
        "SignatureDoesNotMatch",
        "RequestTimeTooSkewed",
        "NoSuchBucket",
        "AuthorizationHeaderMalformed",
    }
)
_FULL = frozenset({"XMinioStorageFull", "QuotaExceeded", "EntityTooLarge", "InsufficientStorage"})


class Bucket:
    """What a server does with one bucket, none of our rules in between.

    Every call raises `ObjectLocked` where the server refuses, `ObjectMissing` where there is nothing under
    that key and version, `StoreUnreachable`, `StoreMisconfigured` or `StoreFull`; a `version` of "" means the
    latest.
    """

    def __init__(self, address: S3Address, *, clock: Callable[[], datetime]) -> None:
        self.address = address
        self.name = f"bucket {address.bucket} at {address.endpoint}"
        self._bucket = address.bucket
        self._client = _client(address)
        self._clock = clock
        self._is_ready = False

    def errors(self, key: str = "", *, locks: bool = True) -> contextlib.AbstractContextManager[None]:
        """Translate the SDK's and the network's errors into the vault's.

        Where no lock can be the reason (`locks` false), a refusal speaks of the credentials.
        """
        return _translated(self.name, key, locks=locks)

    def answers(self) -> None:
        """One cheap call: raises what is wrong with server, credentials or bucket, if anything is."""
        self.ready()
        with self.errors(locks=False):
            if not self._client.bucket_exists(self._bucket):
                raise StoreMisconfigured(f"The {self.name} does not exist.", remedy="Check SPOOR_STORE_URL.")

    def ready(self) -> None:
        """Create the bucket with Object Lock where it is absent; raise `StoreMisconfigured` where it has no
        versioning."""
        if self._is_ready:
            return
        with self.errors(locks=False):
            if not self._client.bucket_exists(self._bucket):
                self._client.make_bucket(self._bucket, object_lock=True)
            status = self._client.get_bucket_versioning(self._bucket).status
        if status != ENABLED:
            raise StoreMisconfigured(
                f"The {self.name} keeps no versions, so it cannot lock objects.",
                found=f"versioning {status}",
                remedy="Name a new bucket in SPOOR_STORE_URL: it is then created with Object Lock.",
            )
        self._is_ready = True

    def send(self, key: str, file: BinaryIO, found: Digested, *, retention: Retention | None, legal_hold: bool) -> str:
        """Put all of `file` under `key` and return the version id."""
        metadata: _Fields = {DIGEST_HEADER: found.digest}
        if found.size <= PART_BYTES:
            # Without a checksum servers refuse a put with retention; over plain HTTP the SDK sends none by
            # itself.
            checksum = base64.b64encode(bytes.fromhex(found.digest)).decode()
            metadata |= {"x-amz-sdk-checksum-algorithm": "SHA256", "x-amz-checksum-sha256": checksum}
        with self.errors(key):
            result = self._client.put_object(
                self._bucket,
                key,
                file,
                found.size,
                metadata=metadata,
                sse=_sse(self.address),
                part_size=max(PART_BYTES, -(-found.size // (_PARTS_AT_MOST - 1))),
                num_parallel_uploads=1,
                retention=_s3_retention(retention) if retention else None,
                legal_hold=legal_hold,
            )
        version = result.version_id or ""
        self._encryption_confirmed(key, version)
        return version

    def head(self, key: str, version: str) -> ObjectStat:
        """The server's answer about one version of a key."""
        with self.errors(key):
            found = self._client.stat_object(self._bucket, key, version_id=version or None)
        headers = found.metadata or {}
        return ObjectStat(
            digest=_last_part(key),
            size=found.size or 0,
            key=key,
            version=version,
            stored_at=found.last_modified or self._clock(),
            retention=retention_of(found),
            legal_hold=headers.get("x-amz-object-lock-legal-hold", "OFF").upper() == "ON",
        )

    @contextlib.contextmanager
    def reading(self, key: str, version: str) -> Iterator[tuple[int, Iterator[bytes]]]:
        """The length the server announces and the bytes in pieces, unchecked."""
        with self.errors(key):
            response = self._client.get_object(self._bucket, key, version_id=version or None)
        try:
            yield int(response.headers.get("content-length") or 0), self._pieces(response)
        finally:
            response.close()
            response.release_conn()

    def _pieces(self, response: BaseHTTPResponse) -> Iterator[bytes]:
        with self.errors():
            yield from response.stream(CHUNK_BYTES)

    def _encryption_confirmed(self, key: str, version: str) -> None:
        """Servers without encryption ignore the request for it without a word."""
        if not self.address.sse:
            return
        with self.errors(key):
            found = self._client.stat_object(self._bucket, key, version_id=version or None)
        said = (found.metadata or {}).get("x-amz-server-side-encryption", "")
        if said != _SSE_NAMES[self.address.sse]:
            raise StoreMisconfigured(
                f"The {self.name} took the object but does not confirm that it is encrypted.",
                "encryption-not-confirmed",
                found=f"asked for {_SSE_NAMES[self.address.sse]}, answered {said or 'nothing'}",
                remedy="Set up encryption on the server, or remove sse from SPOOR_STORE_URL.",
            )

    def versions(self, prefix: str) -> Iterator[ListedObject]:
        """All versions in the order of keys, the newest of a key first, without delete markers."""
        self.ready()
        with self.errors(locks=False):
            for found in self._client.list_objects(self._bucket, prefix, recursive=True, include_version=True):
                if not found.is_delete_marker:
                    key = found.object_name or ""
                    yield ListedObject(
                        digest=digest_of_key(key),
                        key=key,
                        size=found.size or 0,
                        version=found.version_id or "",
                        stored_at=found.last_modified or self._clock(),
                    )

    def retention_set(self, key: str, version: str, retention: Retention, *, bypass_governance: bool = False) -> None:
        """Replace the retention; `bypass_governance` lets a GOVERNANCE lock become a COMPLIANCE one."""
        wanted = _s3_retention(retention)
        with self.errors(key):
            if bypass_governance:
                self._client.set_object_retention_bypassing(self._bucket, key, wanted, version)
            else:
                self._client.set_object_retention(self._bucket, key, wanted, version_id=version or None)

    def hold_switch(self, key: str, version: str, *, held: bool) -> None:
        """Set or clear the legal hold."""
        switch = self._client.enable_object_legal_hold if held else self._client.disable_object_legal_hold
        with self.errors(key):
            switch(self._bucket, key, version_id=version or None)

    def versioning_switch(self, *, on: bool) -> None:
        """Switch the bucket's versioning on, or try to suspend it."""
        with self.errors():
            self._client.set_bucket_versioning(self._bucket, VersioningConfig(ENABLED if on else SUSPENDED))

    def remove_version(self, key: str, version: str, *, bypass_governance: bool) -> None:
        """Remove one version; `bypass_governance` uses the privileged form of the call."""
        with self.errors(key):
            if not bypass_governance:
                self._client.remove_object(self._bucket, key, version_id=version or None)
                return
            wanted = [DeleteObject(key, version or None)]
            for refusal in self._client.remove_objects(self._bucket, wanted, bypass_governance_mode=True):
                raise _lock_refusal(key, refusal.code, refusal.message)


class _Client(Minio):
    """The SDK and the one call it lacks."""

    def set_object_retention_bypassing(
        self, bucket_name: str, object_name: str, config: S3Retention, version_id: str
    ) -> None:
        """`set_object_retention` with the header for privileged changes of a GOVERNANCE lock.

        Servers ask for it even where GOVERNANCE becomes COMPLIANCE; the SDK has it for deletions only.
        """
        body = marshal(config)
        query: _Fields = {"retention": "", "versionId": version_id}
        headers: _Fields = {
            "Content-MD5": str(md5sum_hash(body)),
            "x-amz-bypass-governance-retention": "true",
        }
        self._execute("PUT", bucket_name, object_name, body=body, headers=headers, query_params=query)


def retention_of(found: S3Object) -> Retention | None:
    """The retention in the answer's headers; the SDK's own reader fails where they have nanoseconds."""
    headers = found.metadata or {}
    mode, until = headers.get("x-amz-object-lock-mode"), headers.get("x-amz-object-lock-retain-until-date")
    if not mode or not until:
        return None
    # fromisoformat cuts digits below the microsecond.
    return Retention(mode=RetentionMode(mode.lower()), until=datetime.fromisoformat(until))


def _last_part(key: str) -> str:
    return key.rpartition("/")[2]


def _client(address: S3Address) -> _Client:
    http = PoolManager(
        timeout=Timeout(connect=5, read=120),
        maxsize=10,
        retries=Retry(total=3, backoff_factor=0.2, status_forcelist=[500, 502, 503, 504]),
    )
    return _Client(
        address.endpoint,
        access_key=address.access_key,
        secret_key=address.secret_key,
        secure=address.secure,
        region=address.region,
        http_client=http,
    )


def _sse(address: S3Address) -> Sse | None:
    if address.sse == "kms":
        return SseKMS(address.sse_key, {})
    return SseS3() if address.sse == "s3" else None


def _s3_retention(retention: Retention) -> S3Retention:
    mode = COMPLIANCE if retention.mode is RetentionMode.COMPLIANCE else GOVERNANCE
    return S3Retention(mode, retention.until)


@contextlib.contextmanager
def _translated(where: str, key: str, *, locks: bool) -> Iterator[None]:
    try:
        yield
    except S3Error as error:
        raise _from_server(error, where, key, locks=locks) from error
    except (HTTPError, OSError, MinioException) as error:
        raise StoreUnreachable(
            f"The evidence store does not answer ({where}): {type(error).__name__}.",
            found=str(error)[:300],
            remedy="Check that the server runs and can be reached from here, then try again.",
        ) from error


def _from_server(error: S3Error, where: str, key: str, *, locks: bool) -> VaultError | ObjectMissing:
    code = error.code or ""
    if code in _MISSING:
        return ObjectMissing(_last_part(key), where=where)
    if locks and code in LOCK_REFUSALS:
        return _lock_refusal(key, code, error.message)
    said = f"{code}: {error.message}"
    if code in _CREDENTIALS or code in LOCK_REFUSALS:
        return StoreMisconfigured(
            f"The evidence store refuses us ({where}).",
            found=said,
            remedy="Check SPOOR_STORE_URL and both clocks.",
        )
    if code in _FULL:
        return StoreFull(
            f"The evidence store has no room ({where}); nothing was stored.",
            found=said,
            remedy="Add space or quota.",
        )
    return VaultError(f"The evidence store could not do it ({where}).", "store", found=said)


def _lock_refusal(what: str, code: str | None, message: str | None) -> ObjectLocked:
    return ObjectLocked(f"The server refuses this for {what or 'the bucket'}.", found=f"{code}: {message}")
