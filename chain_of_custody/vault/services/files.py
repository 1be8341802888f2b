"""Files into the evidence store and out of it."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from uuid import UUID, uuid4

from django.db import transaction

from chain_of_custody.core.actor import Actor
from chain_of_custody.core.canonical import Json
from chain_of_custody.errors import BadInput
from chain_of_custody.models import Party, StoredFile, Stream
from chain_of_custody.services import EntryDraft, StreamKey, act_append
from chain_of_custody.vault.errors import UploadMissing
from chain_of_custody.vault.file_schema import FILE
from chain_of_custody.vault.names import file_name_clean, media_type_clean, role_check
from chain_of_custody.vault.objects import Readable, Retention, VerifiedReader, utc_now
from chain_of_custody.vault.services.keeping import retention_default
from chain_of_custody.vault.services.stores import store_current
from chain_of_custody.vault.uploads import UploadFolder

DISCLOSURE = "disclosure"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileAccess:
    """Who was given which bytes, when and for what; for an access log."""

    actor: Actor
    file: UUID
    digest: str
    purpose: str
    at: datetime


def file_store(
    *,
    actor: Actor,
    stream: StreamKey,
    source: Readable,
    name: str,
    media_type: str,
    role: str,
    limit: int | None = None,
    retention: Retention | None = None,
    expected_digest: str | None = None,
    happened_at: datetime | None = None,
    reason: str = "",
    place: str = "",
) -> StoredFile:
    """Keep a file about one thing: bytes into the store first, then row and ledger entry in one transaction.

    `limit` is the most bytes allowed; `retention` is that of `retention_default` when not given;
    `expected_digest` is the SHA-256 the sender declared. A crash after the bytes leaves an object nobody
    names, which `vault_audit` reports.

    Raises `BadInput` for a name or role that cannot be used or an actor who is no party, `EmptyFile`,
    `FileTooLarge`, `DigestNotAsDeclared`, `StoreFull`, `StoreUnreachable`; nothing is written to the database
    then.
    """
    name, media_type, role = file_name_clean(name), media_type_clean(media_type), role_check(role)
    uploader = _party_of(actor)
    wanted = retention or retention_default()
    stored = store_current().put_stream(source, retention=wanted, size_limit=limit, expected_digest=expected_digest)
    file = StoredFile(
        uuid=uuid4(),
        digest=stored.digest,
        size=stored.size,
        name=name,
        media_type=media_type,
        role=role,
        uploaded_by=uploader,
        store_key=stored.key,
        store_version=stored.version,
        retention_until=stored.retention.until,
    )
    with transaction.atomic(savepoint=False):
        draft = _stored(file, stream, stored.retention)
        act_append(actor=actor, drafts=[draft], happened_at=happened_at, reason=reason, place=place)
        file.stream = Stream.objects.get(kind=stream.kind, uuid=stream.id)
        file.save(force_insert=True)
    return file


def upload_store(
    *,
    actor: Actor,
    uploads: UploadFolder,
    upload: str,
    stream: StreamKey,
    role: str,
    limit: int | None = None,
    reason: str = "",
    place: str = "",
) -> StoredFile:
    """Store what a resumable upload gathered; the session is gone once that is committed, and kept if it is not.

    Raises what `file_store` raises, `UploadMissing`, and `UploadRefused` while bytes are missing.
    """
    with uploads.finished(upload) as (session, source):
        file = file_store(
            actor=actor,
            stream=stream,
            source=source,
            name=session.name,
            media_type=session.media_type,
            role=role,
            limit=limit,
            expected_digest=session.digest,
            reason=reason,
            place=place,
        )
    # Not before: the caller's transaction may hold more (the first answer to its key), and what it loses is sent again.
    transaction.on_commit(partial(_forget, uploads, upload), robust=True)
    return file


def _forget(uploads: UploadFolder, upload: str) -> None:
    with contextlib.suppress(UploadMissing):
        uploads.discard(upload)


@contextlib.contextmanager
def file_open(
    *,
    actor: Actor,
    file: StoredFile,
    purpose: str = "read",
    record: Callable[[FileAccess], None] | None = None,
    recipient: str = "",
    reason: str = "",
) -> Iterator[VerifiedReader]:
    """The bytes of a file in pieces, checked against its digest; the access is recorded before the first
    piece.

    For the purpose "disclosure" the record is an entry in the ledger (with `recipient` committed), for any other the
    call of `record`, for callers with an access log of their own. Raises `ObjectMissing`, `StoreUnreachable`,
    and `DigestMismatch` while reading when the stored bytes are not those handed in.
    """
    with store_current().open(file.digest, version=file.store_version) as reader:
        if purpose == DISCLOSURE:
            _disclosed(actor, file, recipient=recipient, reason=reason)
        if record is not None:
            access = FileAccess(actor=actor, file=file.uuid, digest=file.digest, purpose=purpose, at=utc_now())
            record(access)
        yield reader


def file_content(file: StoredFile) -> bytes:
    """The bytes of a file, for programs; where a person is given them, the access is the caller's to record.

    Raises `ObjectMissing`, `StoreUnreachable`, `DigestMismatch`.
    """
    with store_current().open(file.digest, version=file.store_version) as reader:
        return b"".join(reader)


def file_copy(file: StoredFile, path: Path) -> None:
    """Write the bytes of a file to a path, piece by piece; raises as `file_content` does."""
    with store_current().open(file.digest, version=file.store_version) as reader, path.open("wb") as target:
        for piece in reader:
            target.write(piece)


def _disclosed(actor: Actor, file: StoredFile, *, recipient: str, reason: str) -> None:
    draft = EntryDraft(
        stream=StreamKey(kind=file.stream.kind, id=file.stream.uuid),
        schema=FILE,
        verb="disclosed",
        values={"file": str(file.uuid), "sha256": file.digest},
        committed={"recipient": recipient} if recipient else {},
    )
    with transaction.atomic(savepoint=False):
        act_append(actor=actor, drafts=[draft], reason=reason)


def _party_of(actor: Actor) -> Party:
    party = Party.objects.filter(uuid=actor.party).first()
    if party is None:
        raise BadInput(
            f"{actor.name} is no party of custody, so nothing can be handed in under that name.",
            field="actor",
            found=str(actor.party),
        )
    return party


def _stored(file: StoredFile, stream: StreamKey, lock: Retention) -> EntryDraft:
    values: dict[str, Json] = {
        "file": str(file.uuid),
        "sha256": file.digest,
        "size": file.size,
        "media_type": file.media_type,
        "role": file.role,
        "store": store_current().name,
        "key": file.store_key,
        "retention_mode": lock.mode.value,
        "retention_until": lock.until.isoformat(),
    }
    if file.store_version:
        values["version"] = file.store_version
    return EntryDraft(stream=stream, schema=FILE, verb="stored", values=values, committed={"name": file.name})
