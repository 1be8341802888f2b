"""What is said about stored objects: frozen facts shared by all stores, and the reader that checks the
digest."""

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Protocol

from chain_of_custody.vault.errors import (
    DigestMismatch,
    DigestNotAsDeclared,
    EmptyFile,
    FileRefused,
    FileTooLarge,
)

CHUNK_BYTES = 1 << 20
"""Bytes held in memory at once while copying."""

KEY_PREFIX = "sha256/"
_DIGEST = re.compile(r"[0-9a-f]{64}")


class RetentionMode(StrEnum):
    """The two modes of S3 Object Lock.

    COMPLIANCE: nobody, not even the owner of the account, deletes or shortens before the date. GOVERNANCE: an
    explicit, privileged call may delete; meant for drafts, a mis-upload or a duty of erasure.
    """

    GOVERNANCE = "governance"
    COMPLIANCE = "compliance"


class EnforcedBy(StrEnum):
    """Who refuses a deletion: our own software only, or a storage server that we do not command."""

    SOFTWARE = "software"
    SERVER = "server"


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """Kept in `mode` until `until` (aware)."""

    mode: RetentionMode
    until: datetime

    def __post_init__(self) -> None:
        if self.until.tzinfo is None:
            raise ValueError(f"retention date {self.until} has no time zone")

    def covers(self, other: "Retention") -> bool:
        """Whether whoever has this also has at least `other`."""
        stronger = self.mode is RetentionMode.COMPLIANCE or other.mode is RetentionMode.GOVERNANCE
        return stronger and self.until >= other.until


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredObject:
    """The answer to a put. `version` is the server's version id, empty where a store keeps no versions."""

    digest: str
    size: int
    key: str
    version: str
    retention: Retention


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectStat:
    """What the store says about one object now."""

    digest: str
    size: int
    key: str
    version: str
    stored_at: datetime
    retention: Retention | None
    legal_hold: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedObject:
    """One line of a listing; `digest` is None for a key that is none of ours."""

    digest: str | None
    key: str
    size: int
    version: str
    stored_at: datetime


class ProbeOutcome(StrEnum):
    PASSED = "passed"
    """What had to work worked."""
    REFUSED = "refused"
    """What had to be refused was refused."""
    FAILED = "failed"
    """The opposite of what was due, or no answer that decides it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeCheck:
    """One attempt of the probe and how it ended."""

    name: str
    outcome: ProbeOutcome
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeReport:
    """Whether write-once is enforced, by whom, and every attempt made to get round it."""

    store: str
    enforced_by: EnforcedBy
    checks: tuple[ProbeCheck, ...]

    @property
    def enforced(self) -> bool:
        """No attempt ended otherwise than it had to."""
        return bool(self.checks) and not self.failures

    @property
    def failures(self) -> tuple[ProbeCheck, ...]:
        """The checks that speak against the store."""
        return tuple(check for check in self.checks if check.outcome is ProbeOutcome.FAILED)

    @property
    def label(self) -> str:
        """The words for pages and packs."""
        if not self.enforced:
            return "WORM not enforced"
        return "software WORM" if self.enforced_by is EnforcedBy.SOFTWARE else "WORM enforced by the storage server"


class Readable(Protocol):
    """Anything bytes can be read from in pieces."""

    def read(self, size: int = ..., /) -> bytes: ...


def utc_now() -> datetime:
    return datetime.now(UTC)


def whole_second(moment: datetime) -> datetime:
    """The moment in UTC rounded up: servers keep retention to the second or millisecond, and down would be
    shorter."""
    floor = moment.astimezone(UTC).replace(microsecond=0)
    return floor + timedelta(seconds=1) if moment.microsecond else floor


def digest_check(digest: str) -> str:
    """The digest itself if it is 64 lower-case hexadecimal signs; raises `FileRefused` else."""
    if not _DIGEST.fullmatch(digest):
        raise FileRefused("A SHA-256 digest is 64 lower-case hexadecimal signs.", field="digest", found=digest[:80])
    return digest


def object_key(digest: str) -> str:
    """Where an object lies under the store's root: `sha256/ab/abcd…`."""
    return f"{KEY_PREFIX}{digest[:2]}/{digest_check(digest)}"


def digest_of_key(key: str) -> str | None:
    """The digest a key stands for, or None when the key is not one of ours."""
    digest = key.rpartition("/")[2]
    return digest if _DIGEST.fullmatch(digest) and key == object_key(digest) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Digested:
    """What went by while copying."""

    digest: str
    size: int


def copy_hashing(source: Readable, write: Callable[[bytes], None], *, size_limit: int | None = None) -> Digested:
    """Copy all of `source` in pieces of at most one megabyte and return its SHA-256 and length in bytes.

    Raises `FileTooLarge` as soon as `size_limit` is passed and `EmptyFile` when nothing came.
    """
    hasher = hashlib.sha256()
    size = 0
    while chunk := source.read(CHUNK_BYTES):
        size += len(chunk)
        if size_limit is not None and size > size_limit:
            raise FileTooLarge(
                f"The file has more than the {size_limit:,} bytes allowed.",
                field="file",
                found=f"at least {size:,} bytes",
                remedy="Send a smaller file, or ask the administrator to raise the limit.",
            )
        hasher.update(chunk)
        write(chunk)
    if not size:
        raise EmptyFile(
            "The file is empty.", field="file", found="0 bytes", remedy="Check the export and send it again."
        )
    return Digested(digest=hasher.hexdigest(), size=size)


def declared_check(found: Digested, expected_digest: str | None) -> None:
    """Refuse bytes that are not what their sender declared."""
    if expected_digest is not None and found.digest != digest_check(expected_digest):
        raise DigestNotAsDeclared(
            f"The file received has SHA-256 {found.digest}; {expected_digest} was declared.",
            field="sha256",
            found=found.digest,
            remedy="Send the file again; if it happens twice, check it at its source.",
        )


class VerifiedReader:
    """Bytes of one object, checked against the digest while they are read.

    The last piece is handed out only after the digest agreed, so nobody ever holds a complete but false file:
    with altered bytes, reading ends in `DigestMismatch` instead. One pass; iterate for pieces or use `read`.
    """

    def __init__(self, pieces: Iterator[bytes], *, digest: str, size: int) -> None:
        self.digest = digest
        self.size = size
        self._pieces = _checked(pieces, digest=digest, size=size)
        self._rest = b""

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        rest, self._rest = self._rest, b""
        return rest or next(self._pieces)

    def read(self, size: int = -1, /) -> bytes:
        """Up to `size` bytes, all that is left for a negative size, nothing at the end."""
        if size < 0:
            return b"".join(self)
        while len(self._rest) < size:
            piece = next(self._pieces, b"")
            if not piece:
                break
            self._rest += piece
        taken, self._rest = self._rest[:size], self._rest[size:]
        return taken


def _checked(pieces: Iterator[bytes], *, digest: str, size: int) -> Iterator[bytes]:
    hasher = hashlib.sha256()
    seen = 0
    held = b""
    for piece in pieces:
        if held:
            yield held
        hasher.update(piece)
        seen += len(piece)
        if seen > size:
            raise DigestMismatch(digest, found_digest=None, detail=f"it is longer than its {size:,} bytes")
        held = piece
    if hasher.hexdigest() != digest:
        raise DigestMismatch(
            digest,
            found_digest=hasher.hexdigest(),
            detail=f"its {seen:,} bytes have SHA-256 {hasher.hexdigest()}",
        )
    if held:
        yield held
