"""What the evidence store refuses or cannot do; each names the object, what was found and what to do next."""

from chain_of_custody.errors import BadInput, Conflict, CustodyError, NotFound


class VaultError(CustodyError):
    """The evidence store refused, or could not do, what was asked."""

    code = "store"


class StoreUnreachable(VaultError):
    """The folder or server does not answer, or not as it should. Nothing was stored."""

    code = "store-unreachable"


class StoreFull(VaultError):
    """No room left, a quota or a size limit of the file system was met. Nothing was stored."""

    code = "store-full"


class StoreMisconfigured(VaultError):
    """Address, credentials or bucket are not fit for evidence."""

    code = "store-misconfigured"


class ObjectMissing(NotFound):
    """The store has no object under this digest."""

    code = "object-missing"

    def __init__(self, digest: str, *, where: str) -> None:
        super().__init__(
            f"The evidence store has no object with SHA-256 {digest} ({where}).",
            found=digest,
            remedy="Run «manage.py vault_audit» and restore the object from a backup.",
        )
        self.digest = digest


class DigestMismatch(VaultError):
    """Altered bytes: `digest` was promised, `found_digest` read (None where reading had to end before)."""

    code = "digest-mismatch"

    def __init__(self, digest: str, *, found_digest: str | None, detail: str) -> None:
        super().__init__(
            f"The object stored under SHA-256 {digest} has been altered: {detail}.",
            found=found_digest,
            remedy="Do not use the file. Keep the damaged copy and restore a good one from a backup.",
        )
        self.digest = digest
        self.found_digest = found_digest


class LockRecordDamaged(VaultError):
    """An object whose record of retention and hold is gone or unreadable: treated as locked for good."""

    code = "lock-record-damaged"


class ObjectLocked(VaultError):
    """Deletion of an object that is under retention or legal hold."""

    code = "object-locked"


class RetentionRefused(VaultError):
    """A change that would shorten retention, weaken its mode, or that ends in the past."""

    code = "retention-refused"


class RetentionShortened(RetentionRefused):
    """A date before the one already promised."""

    code = "retention-shortened"


class RetentionDowngraded(RetentionRefused):
    """COMPLIANCE to GOVERNANCE while the retention runs."""

    code = "retention-downgraded"


class FileRefused(BadInput):
    """A file that cannot become evidence as it stands."""

    code = "file-refused"


class EmptyFile(FileRefused):
    """A file of no bytes."""

    code = "file-empty"


class FileTooLarge(FileRefused):
    """More bytes than the limit for this kind of file."""

    code = "file-too-large"


class DigestNotAsDeclared(FileRefused):
    """The bytes received are not those the sender declared a digest for."""

    code = "digest-not-as-declared"


class UploadRefused(BadInput):
    """A chunk or a session of a resumable upload is malformed."""

    code = "upload-refused"


class UploadMissing(NotFound):
    """No such upload session: never begun, finished, discarded or expired."""

    code = "upload-missing"


class UploadConflict(Conflict):
    """The chunk does not begin where the session ends; `expected` is the offset to continue from."""

    code = "upload-offset"

    def __init__(self, message: str, *, expected: int, found: str | None = None) -> None:
        super().__init__(message, field="offset", found=found, remedy=f"Continue at offset {expected}.")
        self.expected = expected
