"""An S3 bucket with Object Lock, through the MinIO SDK.

Works with MinIO and any server that speaks S3 with versioning, COMPLIANCE and GOVERNANCE retention and legal
hold; the probe decides whether a server may be trusted with it. An object's key is its digest, known only
when all bytes came by, so an upload is first spooled to a local file and then sent under its key, in parts of
constant size.
"""

from chain_of_custody.vault.minio_store.store import MinioStore

__all__ = ["MinioStore"]
