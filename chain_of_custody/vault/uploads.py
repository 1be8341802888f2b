"""Resumable uploads: a session is a folder on the disk, filled chunk by chunk, that survives a restart.

Pure file logic. A chunk counts once its digest agreed and it is on the disk, so after a cut line or power the
sender asks for `received` and goes on from there; a chunk sent twice is recognised. Sessions nobody finished
expire.
"""

import contextlib
import hashlib
import json
import os
import re
import shutil
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from chain_of_custody.vault.durable import disk_errors, folder_make, folder_sync, locked, write_replacing
from chain_of_custody.vault.errors import FileTooLarge, UploadConflict, UploadMissing, UploadRefused
from chain_of_custody.vault.objects import (
    CHUNK_BYTES,
    Digested,
    Readable,
    copy_hashing,
    digest_check,
    utc_now,
)

CHUNK_AT_MOST = 64 << 20
"""Bytes of one chunk."""

SESSION_DAYS = 7
_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadSession:
    """What a session was opened for and how far it is. `owner` is whoever may go on with it, as the caller
    names them."""

    id: str
    owner: str
    name: str
    media_type: str
    size: int
    digest: str | None
    received: int
    expires_at: datetime

    @property
    def complete(self) -> bool:
        return self.received == self.size


class UploadFolder:
    """All sessions under one folder, which should lie on the volume of the store or of the temporary files."""

    def __init__(self, root: Path, *, size_limit: int | None = None, clock: Callable[[], datetime] = utc_now) -> None:
        self.root = root
        self._size_limit = size_limit
        self._clock = clock
        with disk_errors(root):
            root.mkdir(parents=True, exist_ok=True, mode=0o750)

    def create(self, *, owner: str, name: str, media_type: str, size: int, digest: str | None = None) -> UploadSession:
        """Open a session for a file of `size` bytes, with its SHA-256 where the sender knows it.

        Raises `UploadRefused` for a size below one, `FileTooLarge` over the limit, `StoreFull`,
        `StoreUnreachable`.
        """
        if size < 1:
            raise UploadRefused("An upload has at least one byte.", field="size", found=str(size))
        if self._size_limit is not None and size > self._size_limit:
            raise FileTooLarge(
                f"The file has more than the {self._size_limit:,} bytes allowed.",
                field="size",
                found=f"{size:,} bytes",
            )
        session = UploadSession(
            id=uuid.uuid4().hex,
            owner=owner,
            name=name,
            media_type=media_type,
            size=size,
            digest=digest_check(digest) if digest is not None else None,
            received=0,
            expires_at=self._clock() + timedelta(days=SESSION_DAYS),
        )
        folder = self.root / session.id
        with disk_errors(self.root):
            folder_make(folder)
            (folder / "data").touch(mode=0o600)
            self._save(session)
        return session

    def state(self, upload: str) -> UploadSession:
        """How far a session is; raises `UploadMissing`."""
        return self._load(upload)

    def append(self, upload: str, *, offset: int, chunk: Readable, digest: str) -> UploadSession:
        """Add a chunk that begins at `offset` and has SHA-256 `digest`; on return it is on the disk.

        The chunk sent again after an answer got lost changes nothing. Raises `UploadConflict` with the offset
        to go on from, `UploadRefused` for a chunk whose digest differs, that is empty, or goes past the
        declared size, and `FileTooLarge` beyond 64 MB; the session is then as before.
        """
        digest_check(digest)
        with self._locked(upload) as session, self._data(upload).open("r+b") as data:
            if offset > session.received or offset < 0:
                raise _offset_wrong(session, offset)
            if offset < session.received:
                self._check_repeated(session, data, offset, chunk, digest)
                return session
            found = self._write(data, session, chunk, digest)
            longer = replace(session, received=session.received + found.size)
            with disk_errors(self.root):
                self._save(longer)
            return longer

    @contextlib.contextmanager
    def finished(self, upload: str) -> Iterator[tuple[UploadSession, Readable]]:
        """The complete file, for storing, while nobody else adds to it; `discard` the session once that is kept.

        Raises `UploadRefused` while bytes are missing. The declared digest is for the store to check
        (`UploadSession.digest`).
        """
        with self.finished_path(upload) as (session, path), path.open("rb") as data:
            yield session, _Limited(data, session.size)

    @contextlib.contextmanager
    def finished_path(self, upload: str) -> Iterator[tuple[UploadSession, Path]]:
        """The complete file on the disk, to be looked at before it is stored; otherwise as `finished`."""
        with self._locked(upload) as session:
            if not session.complete:
                raise UploadRefused(
                    f"The upload has {session.received:,} of {session.size:,} bytes.",
                    "upload-incomplete",
                    field="upload",
                    found=f"{session.received:,} bytes",
                    remedy=f"Continue at offset {session.received}.",
                )
            yield session, self._data(upload)

    def discard(self, upload: str) -> None:
        """Forget a session and its bytes; raises `UploadMissing`."""
        with self._locked(upload):
            self._remove(upload)

    def sweep(self) -> int:
        """Remove the sessions that expired and return how many."""
        removed = 0
        for folder in sorted(self.root.iterdir()):
            if _ID.fullmatch(folder.name) and self._expired(folder.name):
                self._remove(folder.name)
                removed += 1
        return removed

    # -- inside --------------------------------------------------------------------------------------------

    def _data(self, upload: str) -> Path:
        return self.root / upload / "data"

    def _save(self, session: UploadSession) -> None:
        body = {
            "owner": session.owner,
            "name": session.name,
            "media_type": session.media_type,
            "size": session.size,
            "digest": session.digest,
            "received": session.received,
            "expires_at": session.expires_at.isoformat(),
        }
        write_replacing(self.root / session.id / "session.json", json.dumps(body).encode())

    def _load(self, upload: str) -> UploadSession:
        # The id comes from outside; nothing but our own form of it may become part of a path.
        if not _ID.fullmatch(upload):
            raise _missing(upload)
        try:
            body = json.loads((self.root / upload / "session.json").read_bytes())
        except (FileNotFoundError, NotADirectoryError, ValueError) as error:
            raise _missing(upload) from error
        body["expires_at"] = datetime.fromisoformat(body["expires_at"])
        session = UploadSession(id=upload, **body)
        if session.expires_at <= self._clock():
            raise _missing(upload)
        return session

    def _expired(self, upload: str) -> bool:
        try:
            self._load(upload)
        except UploadMissing:
            return True
        return False

    @contextlib.contextmanager
    def _locked(self, upload: str) -> Iterator[UploadSession]:
        """One sender at a time; the state is read under the lock."""
        self._load(upload)
        with contextlib.ExitStack() as stack:
            with disk_errors(self.root):
                stack.enter_context(locked(self.root / upload / "lock"))
            yield self._load(upload)

    def _write(self, data: BinaryIO, session: UploadSession, chunk: Readable, digest: str) -> Digested:
        room = min(CHUNK_AT_MOST, session.size - session.received)
        if room == 0:
            raise _offset_wrong(session, session.received, done=True)
        with disk_errors(self.root):
            # Bytes past `received` are from a chunk that never counted.
            data.truncate(session.received)
            data.seek(session.received)

        def write(piece: bytes) -> None:
            with disk_errors(self.root):
                data.write(piece)

        found = copy_hashing(chunk, write, size_limit=room)
        if found.digest != digest:
            raise _digest_wrong(found.digest)
        with disk_errors(self.root):
            data.flush()
            os.fsync(data.fileno())
        return found

    def _check_repeated(
        self, session: UploadSession, data: BinaryIO, offset: int, chunk: Readable, digest: str
    ) -> None:
        sent = copy_hashing(chunk, lambda _piece: None, size_limit=CHUNK_AT_MOST)
        if sent.digest != digest:
            raise _digest_wrong(sent.digest)
        data.seek(offset)
        if offset + sent.size > session.received or _digest_of(data, sent.size) != digest:
            raise _offset_wrong(session, offset)

    def _remove(self, upload: str) -> None:
        with disk_errors(self.root):
            # The state goes first: a removal cut short leaves nothing that looks like a session.
            (self.root / upload / "session.json").unlink(missing_ok=True)
            shutil.rmtree(self.root / upload, ignore_errors=True)
            folder_sync(self.root)


class _Limited:
    """The first `size` bytes of a file: what counts, whatever a cut-short chunk left behind it."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file = file
        self._left = size

    def read(self, size: int = -1, /) -> bytes:
        wanted = self._left if size < 0 else min(size, self._left)
        piece = self._file.read(wanted)
        self._left -= len(piece)
        return piece


def _digest_of(data: BinaryIO, size: int) -> str:
    hasher = hashlib.sha256()
    while size and (piece := data.read(min(size, CHUNK_BYTES))):
        hasher.update(piece)
        size -= len(piece)
    return hasher.hexdigest()


def _missing(upload: str) -> UploadMissing:
    return UploadMissing(
        "There is no such upload: it was finished, discarded, or has expired.",
        field="upload",
        found=upload[:40],
        remedy="Begin a new upload.",
    )


def _digest_wrong(found: str) -> UploadRefused:
    return UploadRefused(
        "The chunk received does not have the declared SHA-256.",
        "chunk-digest",
        field="digest",
        found=found,
        remedy="Send the chunk again.",
    )


def _offset_wrong(session: UploadSession, offset: int, *, done: bool = False) -> UploadConflict:
    message = f"The upload has {session.received:,} bytes; a chunk cannot begin at {offset:,}."
    if done:
        message = f"The upload is complete with {session.size:,} bytes."
    return UploadConflict(message, expected=session.received, found=str(offset))
