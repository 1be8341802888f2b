"""Software WORM: a write-once store in a folder, enforced by this code and by nothing else.

Whoever may write to the folder can get round it; the digests in the ledger then show what was changed, but
nothing here prevents it. Layout under the root::

    spoor-store.json           marks the folder as a store (a vanished mount point must not pass for an empty
    store) sha256/ab/abcd…            the object, mode 0440, linked here only when complete and on the disk
    locks/ab/abcd….json        its retention and legal hold, written before the object becomes visible
    incoming/                  files being received; leftovers of dead writers are swept probe/
    a small store of the same kind for the probe
"""

import contextlib
import io
import json
import os
import stat as stat_module
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from chain_of_custody.vault.durable import (
    disk_errors,
    folder_make,
    folder_sync,
    incoming_file,
    incoming_sweep,
    locked,
    write_replacing,
)
from chain_of_custody.vault.errors import DigestMismatch, LockRecordDamaged, ObjectMissing, StoreUnreachable
from chain_of_custody.vault.objects import (
    CHUNK_BYTES,
    KEY_PREFIX,
    Digested,
    EnforcedBy,
    ListedObject,
    ObjectStat,
    ProbeReport,
    Readable,
    Retention,
    StoredObject,
    VerifiedReader,
    copy_hashing,
    declared_check,
    digest_check,
    digest_of_key,
    object_key,
    utc_now,
)
from chain_of_custody.vault.probe import Refused, probe_run
from chain_of_custody.vault.retention import (
    deletion_check,
    retention_extended,
    retention_merged,
    retention_new,
)
from chain_of_custody.vault.sidecar import LockRecord, sidecar_read, sidecar_write

MARKER = "spoor-store.json"
_FOLDERS = ("sha256", "locks", "incoming")


class FilesystemStore:
    """Content-addressed objects in a folder, retention and hold refused by this class («software WORM»)."""

    enforced_by = EnforcedBy.SOFTWARE

    def __init__(self, root: Path, *, clock: Callable[[], datetime] = utc_now) -> None:
        """Open the store at `root`, laying it out if the folder is absent or empty.

        Raises `StoreUnreachable` when the folder above is missing (a volume that is not mounted), when `root`
        holds something else, or when it cannot be written to.
        """
        self.root = root
        self._clock = clock
        with disk_errors(root):
            self._lay_out()
            incoming_sweep(self._incoming)

    @property
    def name(self) -> str:
        return f"software WORM in folder {self.root}"

    def check(self) -> None:
        """Raise what keeps the store from serving, if anything does: folder gone or not writable, or full."""
        with disk_errors(self.root), incoming_file(self._incoming) as (_path, file):
            (self.root / MARKER).stat()
            file.write(bytes(4096))

    # -- writing -------------------------------------------------------------------------------------------

    def put_stream(
        self,
        source: Readable,
        *,
        retention: Retention,
        size_limit: int | None = None,
        expected_digest: str | None = None,
    ) -> StoredObject:
        """Store all bytes of `source` under their SHA-256; the same bytes again only extend the retention.

        The object is visible complete or not at all, whatever dies. Raises `EmptyFile`, `FileTooLarge`,
        `DigestNotAsDeclared`, `RetentionRefused`, `StoreFull`, `StoreUnreachable`; `DigestMismatch` when the
        bytes are here already but altered.
        """
        retention_new(retention, now=self._clock())
        record = self._put(source, retention, size_limit=size_limit, expected_digest=expected_digest)
        return StoredObject(
            digest=record.digest,
            size=record.size,
            key=object_key(record.digest),
            version="",
            retention=record.retention or retention,
        )

    def extend_retention(self, digest: str, *, retention: Retention, version: str = "") -> ObjectStat:
        """Keep the object longer or more strictly; raises `RetentionShortened`, `RetentionDowngraded`."""
        return self._record_change(
            digest,
            lambda record: replace(
                record, retention=retention_extended(record.retention, retention, now=self._clock())
            ),
        )

    def legal_hold_set(self, digest: str, *, version: str = "") -> ObjectStat:
        """Hold the object until the hold is cleared, whatever its retention."""
        return self._record_change(digest, lambda record: replace(record, legal_hold=True))

    def legal_hold_clear(self, digest: str, *, version: str = "") -> ObjectStat:
        """Lift the hold; the retention stays."""
        return self._record_change(digest, lambda record: replace(record, legal_hold=False))

    def delete(self, digest: str, *, version: str = "", bypass_governance: bool = False) -> None:
        """Remove an object that nothing holds any more; raises `ObjectLocked` or `LockRecordDamaged` else."""
        with self._exclusive():
            stat = self.stat(digest)
            deletion_check(stat, now=self._clock(), bypass_governance=bypass_governance)
            for path in (self._path(digest), self._lock_path(digest)):
                path.unlink()
                folder_sync(path.parent)

    # -- reading -------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def open(self, digest: str, *, version: str = "") -> Iterator[VerifiedReader]:
        """A reader that checks the digest on the way; raises `ObjectMissing`, `DigestMismatch`."""
        with self._opened(digest) as file:
            record = sidecar_read(self._lock_path(digest), digest)
            size = os.fstat(file.fileno()).st_size
            if size != record.size:
                detail = f"it has {size:,} bytes where {record.size:,} were stored"
                raise DigestMismatch(digest, found_digest=None, detail=detail)
            yield VerifiedReader(self._pieces(file), digest=digest, size=size)

    def stat(self, digest: str, *, version: str = "") -> ObjectStat:
        """Size on the disk, retention and hold now; raises `ObjectMissing`, `LockRecordDamaged`."""
        with disk_errors(self.root):
            try:
                facts = self._path(digest).lstat()
            except FileNotFoundError as error:
                raise ObjectMissing(digest, where=self.name) from error
            record = sidecar_read(self._lock_path(digest), digest)
        if not stat_module.S_ISREG(facts.st_mode):
            raise DigestMismatch(digest, found_digest=None, detail="it is not a regular file any more")
        return ObjectStat(
            digest=digest,
            size=facts.st_size,
            key=object_key(digest),
            version="",
            stored_at=record.stored_at,
            retention=record.retention,
            legal_hold=record.legal_hold,
        )

    def list_objects(self) -> Iterator[ListedObject]:
        """Everything under the objects' folder in the order of keys, with files that are none of ours marked
        so."""
        with disk_errors(self.root):
            shards = sorted((self.root / KEY_PREFIX).iterdir())
        for shard in shards:
            with disk_errors(self.root):
                listed = list(self._listed_shard(shard))
            yield from listed

    def probe(self) -> ProbeReport:
        """Try to break our own locks, in a small store of the same kind on the same volume."""
        inner = FilesystemStore(self.root / "probe", clock=self._clock)
        for listed in inner.list_objects():
            if listed.digest:
                with contextlib.suppress(LockRecordDamaged):
                    inner._delete_if_released(listed.digest)
        return probe_run(_Attempts(inner), store=self.name, enforced_by=self.enforced_by, clock=self._clock)

    # -- inside --------------------------------------------------------------------------------------------

    @property
    def _incoming(self) -> Path:
        return self.root / "incoming"

    def _path(self, digest: str) -> Path:
        return self.root / object_key(digest)

    def _lock_path(self, digest: str) -> Path:
        return self.root / "locks" / digest[:2] / f"{digest_check(digest)}.json"

    def _lay_out(self) -> None:
        marker = self.root / MARKER
        if marker.is_file():
            return
        if not self.root.parent.is_dir():
            raise StoreUnreachable(
                f"The folder above the evidence store, {self.root.parent}, does not exist.",
                found=str(self.root),
                remedy="Mount the volume, or create the folder, and start again.",
            )
        folder_make(self.root)
        begun = {MARKER, "store.lock", "probe", *_FOLDERS}
        names = sorted(path.name for path in self.root.iterdir())
        strangers = [name for name in names if name not in begun and not name.endswith(".part")]
        if strangers:
            raise StoreUnreachable(
                f"The folder {self.root} is not an evidence store and not empty.",
                found=", ".join(strangers[:5]),
                remedy="Point SPOOR_STORE_URL at a store, or at a new or empty folder.",
            )
        for name in _FOLDERS:
            folder_make(self.root / name)
        write_replacing(marker, json.dumps({"format": "spoor-store/1"}).encode() + b"\n")

    @contextlib.contextmanager
    def _exclusive(self) -> Iterator[None]:
        """One writer of lock records at a time among all processes; never held while bytes are received."""
        with disk_errors(self.root), locked(self.root / "store.lock"):
            yield

    def _put(
        self,
        source: Readable,
        retention: Retention | None,
        *,
        legal_hold: bool = False,
        size_limit: int | None = None,
        expected_digest: str | None = None,
    ) -> LockRecord:
        with contextlib.ExitStack() as stack:
            with disk_errors(self._incoming):
                partial, file = stack.enter_context(incoming_file(self._incoming))
            found = copy_hashing(source, lambda piece: self._write(file, piece), size_limit=size_limit)
            declared_check(found, expected_digest)
            with disk_errors(self._incoming):
                os.fchmod(file.fileno(), 0o440)
                os.fsync(file.fileno())
            if self._path(found.digest).exists():
                self._verify(found.digest)
            with self._exclusive():
                return self._make_visible(partial, found, retention, legal_hold=legal_hold)

    def _write(self, file: BinaryIO, piece: bytes) -> None:
        with disk_errors(self._incoming):
            view = memoryview(piece)
            while view:
                view = view[file.write(view) :]

    def _make_visible(
        self, partial: Path, found: Digested, retention: Retention | None, *, legal_hold: bool
    ) -> LockRecord:
        """Lock record first, then the object: a crash between leaves a record of nothing, never an unlocked
        object."""
        path, lock_path = self._path(found.digest), self._lock_path(found.digest)
        now = self._clock()
        record = LockRecord(digest=found.digest, size=found.size, stored_at=now, retention=None, legal_hold=legal_hold)
        exists = path.exists()
        if exists:
            record = sidecar_read(lock_path, found.digest)
        if retention is not None:
            record = replace(record, retention=retention_merged(record.retention, retention, now=now))
        folder_make(lock_path.parent)
        sidecar_write(lock_path, record)
        if not exists:
            folder_make(path.parent)
            os.link(partial, path)
            folder_sync(path.parent)
        return record

    def _verify(self, digest: str) -> None:
        """An answer «stored» must be true of what lies here already."""
        with self.open(digest) as reader:
            for _piece in reader:
                pass

    def _record_change(self, digest: str, change: Callable[[LockRecord], LockRecord]) -> ObjectStat:
        with self._exclusive():
            self.stat(digest)
            before = sidecar_read(self._lock_path(digest), digest)
            after = change(before)
            if after != before:
                sidecar_write(self._lock_path(digest), after)
        return self.stat(digest)

    def _opened(self, digest: str) -> BinaryIO:
        path = self._path(digest)
        with disk_errors(self.root):
            try:
                # A link put in an object's place must not lead the reader out of the store.
                handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
            except FileNotFoundError as error:
                raise ObjectMissing(digest, where=self.name) from error
            return os.fdopen(handle, "rb", buffering=0)

    def _pieces(self, file: BinaryIO) -> Iterator[bytes]:
        while True:
            with disk_errors(self.root):
                piece = file.read(CHUNK_BYTES)
            if not piece:
                return
            yield piece

    def _listed_shard(self, shard: Path) -> Iterator[ListedObject]:
        for path in sorted(shard.iterdir()) if shard.is_dir() else [shard]:
            facts = path.lstat()
            key = path.relative_to(self.root).as_posix()
            regular = stat_module.S_ISREG(facts.st_mode)
            yield ListedObject(
                digest=digest_of_key(key) if regular else None,
                key=key,
                size=facts.st_size,
                version="",
                stored_at=datetime.fromtimestamp(facts.st_ctime, UTC),
            )

    def _delete_if_released(self, digest: str) -> None:
        stat = self.stat(digest)
        if not stat.legal_hold and (stat.retention is None or stat.retention.until <= self._clock()):
            self.delete(digest)


class _Attempts:
    """The probe's attempts on a filesystem store (see `probe.ProbeTarget`); a handle is a digest."""

    def __init__(self, store: FilesystemStore) -> None:
        self._store = store

    def put(self, content: bytes, *, retention: Retention | None, legal_hold: bool) -> str:
        return self._store._put(io.BytesIO(content), retention, legal_hold=legal_hold).digest

    def content(self, handle: str) -> bytes:
        with self._store.open(handle) as reader:
            return reader.read()

    def retention(self, handle: str) -> Retention | None:
        return self._store.stat(handle).retention

    def delete(self, handle: str, *, bypass_governance: bool = False) -> None:
        self._store.delete(handle, bypass_governance=bypass_governance)

    def retention_set(self, handle: str, retention: Retention) -> None:
        self._store.extend_retention(handle, retention=retention)

    def hold_clear(self, handle: str) -> None:
        self._store.legal_hold_clear(handle)

    def protection_remove(self, handle: str) -> None:
        """Take the lock record away and delete: an object without a record must count as locked."""
        record = self._store._lock_path(handle)
        aside = record.with_suffix(".aside")
        record.rename(aside)
        try:
            self._store.delete(handle)
        except LockRecordDamaged as refusal:
            raise Refused(str(refusal)) from refusal
        finally:
            aside.rename(record)
