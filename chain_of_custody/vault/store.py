"""The port to the evidence store, and the choice of a store by its address."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Protocol
from urllib.parse import urlsplit

from chain_of_custody.vault.address import folder_of, misconfigured, s3_address_of
from chain_of_custody.vault.filesystem_store import FilesystemStore
from chain_of_custody.vault.minio_store import MinioStore
from chain_of_custody.vault.objects import (
    EnforcedBy,
    ListedObject,
    ObjectStat,
    ProbeReport,
    Readable,
    Retention,
    StoredObject,
    VerifiedReader,
)


class EvidenceStore(Protocol):
    """Write-once objects under their SHA-256 (64 lower-case hexadecimal signs), kept until their retention
    ends.

    `version` is the id a put answered, empty where a store keeps no versions; without it the oldest version
    counts, so that nothing written later under the same key is taken for the evidence. Every method raises a
    `VaultError` (`StoreUnreachable` first of all) or `ObjectMissing` when it cannot do what it says.
    """

    @property
    def name(self) -> str:
        """Where it is and of what kind, for pages, packs and messages; carries no secret."""
        ...

    @property
    def enforced_by(self) -> EnforcedBy: ...

    def check(self) -> None:
        """Raise what keeps the store from serving now, if anything does; cheap enough for a health check."""
        ...

    def put_stream(
        self,
        source: Readable,
        *,
        retention: Retention,
        size_limit: int | None = None,
        expected_digest: str | None = None,
    ) -> StoredObject:
        """Store all bytes in constant memory; visible complete or not at all. The same bytes again extend
        retention."""
        ...

    def open(self, digest: str, *, version: str = "") -> AbstractContextManager[VerifiedReader]:
        """A reader that ends in `DigestMismatch` where the bytes are not those that were stored."""
        ...

    def stat(self, digest: str, *, version: str = "") -> ObjectStat: ...

    def extend_retention(self, digest: str, *, retention: Retention, version: str = "") -> ObjectStat:
        """Only ever later or stricter: `RetentionShortened`, `RetentionDowngraded`."""
        ...

    def legal_hold_set(self, digest: str, *, version: str = "") -> ObjectStat: ...
    def legal_hold_clear(self, digest: str, *, version: str = "") -> ObjectStat: ...

    def delete(self, digest: str, *, version: str = "", bypass_governance: bool = False) -> None:
        """Remove what nothing holds any more; `ObjectLocked` else."""
        ...

    def list_objects(self) -> Iterator[ListedObject]:
        """Every object once, in the order of keys; strangers too, with `digest` None."""
        ...

    def probe(self) -> ProbeReport:
        """Try to break the locks and report every attempt."""
        ...


def store_from_url(url: str) -> EvidenceStore:
    """The store an address names; the form of SPOOR_STORE_URL.

    ``file:///folder`` or ``s3+https://KEY:SECRET@HOST[:PORT]/BUCKET`` (also ``s3+http``), with the options
    ``region``, ``sse=s3``, ``sse=kms&sse_key=NAME`` and ``spool=/folder``. Raises `StoreMisconfigured` for
    any other address, never repeating the secret, and `StoreUnreachable` for a folder that cannot be used. A
    server is not contacted yet.
    """
    parts = urlsplit(url)
    if parts.scheme == "file":
        return FilesystemStore(folder_of(parts))
    if parts.scheme in {"s3+http", "s3+https"}:
        return MinioStore(s3_address_of(parts))
    raise misconfigured("The store's address has no scheme known here.", found=parts.scheme or "none")
