"""Files of a case: uploads in, digest-checked reads out, each recorded."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext as _

from chain_of_custody.models import Item, StoredFile
from chain_of_custody.services import StreamKey
from chain_of_custody.vault.errors import UploadMissing
from chain_of_custody.vault.names import file_name_clean, media_type_clean
from chain_of_custody.vault.objects import Readable
from chain_of_custody.vault.services import file_open, file_store, upload_store
from chain_of_custody.vault.uploads import UploadFolder, UploadSession
from lims.accounts.actors import Actor, require
from lims.accounts.enums import AccessKind
from lims.accounts.services import access_record
from lims.casework.models import Case
from lims.casework.selectors.access import case_scope
from lims.casework.selectors.cases import item_case
from lims.common.errors import NotFound, RuleViolation


def item_file_store(*, actor: Actor, item: Item, source: BinaryIO, name: str, media_type: str, role: str) -> StoredFile:
    """Store a file about an item of a case.

    Raises:
        NotAllowed: without `file.upload`.
        CustodyError: empty, over the limit, or the store refuses it; nothing is written then.
    """
    case = item_case(item)
    if case is None:
        raise RuleViolation(_("Files belong to items of a case."), code="no-case", field="item")
    require(actor, "file.upload", case_scope(case))
    return _store(actor, StreamKey(kind="item", id=item.uuid), source, name, media_type, role)


def case_file_store(*, actor: Actor, case: Case, source: BinaryIO, name: str, media_type: str, role: str) -> StoredFile:
    """Store a file about a case (photographs of an intake, paper forms, letters).

    Raises:
        NotAllowed: without `file.upload`.
    """
    require(actor, "file.upload", case_scope(case))
    return _store(actor, StreamKey(kind="case", id=case.uuid), source, name, media_type, role)


def upload_begin(*, actor: Actor, name: str, media_type: str, size: int, digest: str | None = None) -> UploadSession:
    """Open a resumable upload for a large file; it goes on after a cut line or a restart.

    Raises:
        NotAllowed: without `file.upload` in any scope.
        CustodyError: empty, or over the limit.
    """
    if not actor.may_somewhere("file.upload"):
        require(actor, "file.upload")
    name, media_type = file_name_clean(name), media_type_clean(media_type)
    return uploads().create(owner=str(actor.account), name=name, media_type=media_type, size=size, digest=digest)


def upload_get(*, actor: Actor, upload: str) -> UploadSession:
    """The state of one's own upload.

    Raises:
        UploadMissing: there is none, or it is somebody else's.
    """
    session = uploads().state(upload)
    if session.owner != str(actor.account):
        raise UploadMissing(
            _("There is no such upload: it was finished, discarded, or has expired."), found=upload[:40]
        )
    return session


def upload_append(*, actor: Actor, upload: str, offset: int, chunk: Readable, digest: str) -> UploadSession:
    """Add a chunk at an offset; on return it is on the disk. Raises what `UploadFolder.append` raises."""
    upload_get(actor=actor, upload=upload)
    return uploads().append(upload, offset=offset, chunk=chunk, digest=digest)


def upload_finish(
    *, actor: Actor, upload: str, role: str, case: Case | None = None, item: Item | None = None
) -> StoredFile:
    """Store what a resumable upload gathered, about a case or an item of a case.

    Raises:
        NotAllowed: without `file.upload` in the case.
        CustodyError: bytes are missing, or they are not those declared; the upload stays.
    """
    upload_get(actor=actor, upload=upload)
    about = case if item is None else item_case(item)
    if about is None:
        raise RuleViolation(_("Files belong to a case or to an item of a case."), code="no-case", field="case")
    require(actor, "file.upload", case_scope(about))
    stream = StreamKey(kind="case", id=about.uuid) if item is None else StreamKey(kind="item", id=item.uuid)
    return upload_store(
        actor=actor, uploads=uploads(), upload=upload, stream=stream, role=role, limit=settings.SPOOR_UPLOAD_LIMIT
    )


@contextmanager
def upload_complete(*, actor: Actor, upload: str) -> Iterator[tuple[UploadSession, Path]]:
    """One's own complete upload on the disk before it is kept, while nobody adds to it or discards it.

    Raises:
        UploadMissing, UploadRefused: there is none, it is somebody else's, or bytes are missing.
    """
    upload_get(actor=actor, upload=upload)
    with uploads().finished_path(upload) as (session, path):
        yield session, path


def upload_discard(*, actor: Actor, upload: str) -> None:
    """Forget one's own upload and its bytes."""
    upload_get(actor=actor, upload=upload)
    uploads().discard(upload)


def uploads() -> UploadFolder:
    """Where resumable uploads gather."""
    return UploadFolder(Path(settings.SPOOR_HOME) / "uploads", size_limit=settings.SPOOR_UPLOAD_LIMIT)


def file_get(*, uuid: UUID) -> StoredFile:
    """The row of a stored file.

    Raises:
        NotFound: no such file.
    """
    row = StoredFile.objects.select_related("stream", "uploaded_by").filter(uuid=uuid).first()
    if row is None:
        raise NotFound(_("There is no such file."), code="file-not-found")
    return row


@contextmanager
def file_read(*, actor: Actor, file: StoredFile, case: Case) -> Iterator[Iterator[bytes]]:
    """The bytes of a file of the case, digest checked while they stream; the reading is recorded.

    Raises:
        NotAllowed: without `file.read`.
        DigestMismatch: the stored bytes are not those that were handed in.
    """
    require(actor, "file.read", case_scope(case))
    access_record(
        kind=AccessKind.DOWNLOAD,
        actor=actor,
        subject_kind="file",
        subject=file.uuid,
        case=case.uuid,
        reference=file.name[:80],
    )
    with file_open(actor=actor, file=file) as chunks:
        yield chunks


def file_check(*, actor: Actor, file: StoredFile, case: Case) -> None:
    """Read a file of the case through before any of it is given out, so that altered bytes are refused in words.

    Raises:
        NotAllowed: without `file.read`.
        DigestMismatch: the stored bytes are not those that were handed in.
        ObjectMissing: the store has lost them.
    """
    require(actor, "file.read", case_scope(case))
    with file_open(actor=actor, file=file) as chunks:
        for _chunk in chunks:
            pass


def file_chunks(*, actor: Actor, file: StoredFile, case: Case) -> Iterator[bytes]:
    """The bytes of a file as `file_read` gives them, for an answer that streams."""
    with file_read(actor=actor, file=file, case=case) as chunks:
        yield from chunks


def _store(actor: Actor, stream: StreamKey, source: BinaryIO, name: str, media_type: str, role: str) -> StoredFile:
    return file_store(
        actor=actor,
        stream=stream,
        source=source,
        name=name,
        media_type=media_type,
        role=role,
        limit=settings.SPOOR_UPLOAD_LIMIT,
    )
