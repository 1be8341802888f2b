"""The address of a store: the form of SPOOR_STORE_URL."""

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, unquote

from chain_of_custody.vault.errors import StoreMisconfigured

_FORMS = "file:///folder or s3+https://KEY:SECRET@HOST[:PORT]/BUCKET (s3+http on a trusted network)"
_OPTIONS = {"region", "sse", "sse_key", "spool"}


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Address:
    """Where a bucket is and who asks. `sse` is "", "s3" or "kms" (with the name of its key in `sse_key`)."""

    endpoint: str
    secure: bool
    access_key: str
    secret_key: str = field(repr=False)
    bucket: str
    region: str = "us-east-1"
    sse: str = ""
    sse_key: str = ""
    spool: Path | None = None
    """Folder for files on their way; the system's folder for temporary files when None."""


def folder_of(parts: SplitResult) -> Path:
    """The folder a ``file:///folder`` address names."""
    if parts.netloc not in {"", "localhost"} or not parts.path.startswith("/") or parts.query:
        raise misconfigured("A folder address has the form file:///folder.", found=parts.netloc + parts.path)
    return Path(unquote(parts.path))


def s3_address_of(parts: SplitResult) -> S3Address:
    """The bucket an ``s3+http(s)://`` address names; key and secret are percent-encoded in it."""
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    bucket = parts.path.strip("/")
    if not parts.hostname or not parts.username or not parts.password or not bucket or "/" in bucket:
        raise misconfigured("The store's address lacks key, secret, host or bucket.", found=parts.path)
    if unknown := sorted(set(options) - _OPTIONS):
        raise misconfigured("The store's address has unknown options.", found=", ".join(unknown))
    sse, sse_key = options.get("sse", ""), options.get("sse_key", "")
    if sse not in {"", "s3", "kms"} or (sse == "kms") != bool(sse_key):
        raise misconfigured("Encryption is sse=s3, or sse=kms with sse_key=NAME.", found=f"sse={sse}")
    return S3Address(
        endpoint=parts.netloc.rpartition("@")[2],
        secure=parts.scheme == "s3+https",
        access_key=unquote(parts.username),
        secret_key=unquote(parts.password),
        bucket=bucket,
        region=options.get("region", "us-east-1"),
        sse=sse,
        sse_key=sse_key,
        spool=Path(options["spool"]) if options.get("spool") else None,
    )


def misconfigured(message: str, *, found: str) -> StoreMisconfigured:
    """The refusal of an address; callers pass no part of it that holds a secret."""
    return StoreMisconfigured(message, None, "SPOOR_STORE_URL", found=found, remedy=f"Use {_FORMS}.")
