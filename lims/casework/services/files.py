"""Files of a case: uploads in, digest-checked reads out, each recorded."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext as _

from chain_of_custody.models import Item, StoredFile
from chain_of_custody.services import StreamKey
from chain_of_custody.vault.services import file_open, file_store
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
