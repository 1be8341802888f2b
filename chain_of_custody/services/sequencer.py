"""The sequencer: gives committed entries their place in the log and signs what the log then is.

One transaction a batch, under a transaction-level advisory lock: leaves, full tiles and the signed checkpoint appear
together or not at all, so it can be killed at any instant. Which entries wait stands in the Pending table: a
transaction that commits late is found by its row, whatever the order of the keys. The newest checkpoint is also kept in
a file outside the database; a database that no longer extends it is not signed.

It polls. NOTIFY would be quicker by a few milliseconds, but PostgreSQL takes one lock for the whole database when a
transaction that notifies commits, and every act would queue behind it.
"""

import logging
import os
import secrets
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection, transaction

from chain_of_custody.core import checkpoint as notes
from chain_of_custody.core.entry import SALT_SIZE, leaf_data
from chain_of_custody.core.errors import CoreError, NoteUnverified
from chain_of_custody.core.merkle import CompactRange, compact_range, leaf_hash, tree_root
from chain_of_custody.core.note import SignerKey, base64_decode
from chain_of_custody.core.tiles import WIDTH, tiles_between
from chain_of_custody.errors import SequencerRefused
from chain_of_custody.models import Checkpoint, Leaf, Pending
from chain_of_custody.models import Tile as TileRow
from chain_of_custody.selectors.tree import node_reader, tile_content

logger = logging.getLogger(__name__)

BATCH = 2000
POLL_SECONDS = 0.2
RETRY_SECONDS = 1.0
_LOCK = 0x53504F4F52  # "SPOOR"; any constant would do, every sequencer must take the same

_REMEDY = (
    "Do not go on with this database as it is. Restore the newest backup, or follow the runbook for a lost tail "
    "(deploy/runbooks/backup.md): ledger_new_origin begins a new log whose first entry names the lost checkpoint."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """What the sequencer signs for and with: origin, key, and the file that holds the newest checkpoint.

    `also` are keys that sign beside it: the old one, once, when a key is rotated.
    """

    origin: str
    signer: SignerKey
    file: Path
    also: tuple[SignerKey, ...] = ()

    @property
    def signers(self) -> tuple[SignerKey, ...]:
        """All keys that sign now."""
        return (*self.also, self.signer)


def log_configured() -> Log:
    """The log as the settings name it: SPOOR_LOG_KEY_FILE, SPOOR_LOG_ORIGIN (the key's name by default), SPOOR_HOME.

    Raises `SequencerRefused` when the key cannot be read.
    """
    path = Path(settings.SPOOR_LOG_KEY_FILE)
    try:
        signer = SignerKey.parse(path.read_text(encoding="ascii").strip())
    except (OSError, UnicodeError, CoreError) as error:
        raise SequencerRefused(
            f"the log's key in {path} cannot be read: {error}. Set SPOOR_LOG_KEY_FILE for the sequencer."
        ) from error
    origin = getattr(settings, "SPOOR_LOG_ORIGIN", "") or signer.name
    return Log(origin=origin, signer=signer, file=Path(settings.SPOOR_HOME) / "log" / "checkpoint")


def sequencer_run_once(log: Log | None = None, *, limit: int = BATCH) -> int:
    """Give up to `limit` waiting entries their place and sign the log; how many there were.

    Returns 0 when nothing waits or another sequencer is at work.
    Raises `SequencerRefused` when the database does not extend the newest checkpoint outside it.
    """
    log = log or log_configured()
    with transaction.atomic():
        if not sequencer_lock():
            return 0
        last = _last(log)
        _check_outside(log, last)
        _check_key(log, last)
        rows = list(Pending.objects.order_by("entry_id").values_list("entry_id", "entry__hash")[:limit])
        fresh = entries_place(log, last, [(key, bytes(digest)) for key, digest in rows]) if rows else last
    if fresh is not None:
        checkpoint_publish(log, fresh)
    return len(rows)


def sequencer_check(log: Log | None = None) -> None:
    """Check at start that newest leaf, tiles, the stored checkpoint and the one outside agree: O(log n) rows are read.

    Raises `SequencerRefused` naming what does not.
    """
    log = log or log_configured()
    last = _last(log)
    _check_outside(log, last)
    size = 0 if last is None else last.size
    for file in sorted((log.file.parent / "given").glob("*.txt")):
        _check_extends(log, last, file)
    newest = Leaf.objects.order_by("-index").values_list("index", flat=True).first()
    stored = 0 if newest is None else newest + 1  # no gap: a trigger sees to it; ledger_verify counts every row
    if stored != size:
        raise SequencerRefused(f"the log has {stored} leaves, the newest checkpoint states {size}. {_REMEDY}")
    if last is None:
        return
    try:
        signed, _note = notes.checkpoint_open(last.text.encode(), log.signer.verifier)
        state = compact_range(node_reader(size), size)
    except CoreError as error:
        raise SequencerRefused(f"checkpoint {size} of {log.origin}: {error}. {_REMEDY}") from error
    if (signed.size, signed.root) != (size, state.root()) or b"".join(state.hashes) != bytes(last.frontier):
        raise SequencerRefused(f"the tree of {size} leaves has another root than its checkpoint. {_REMEDY}")


def sequencer_loop(stop: Event, *, poll: float = POLL_SECONDS) -> None:
    """Run until `stop` is set. A lost database is waited for; anything that must not be signed ends the loop.

    Raises `SequencerRefused`.
    """
    log, checked = log_configured(), False
    while not stop.is_set():
        try:
            if not checked:
                sequencer_check(log)
                checked = True
            made = sequencer_run_once(log) if Pending.objects.exists() else 0
        except (InterfaceError, DatabaseError) as error:
            logger.warning("sequencer: the database does not answer, trying again: %s", str(error).strip())
            connection.close()
            checked = False
            stop.wait(RETRY_SECONDS)
            continue
        if made < BATCH:
            stop.wait(poll)


def sequencer_lock() -> bool:
    """Take the log for this transaction; False while another holds it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        return bool(cursor.fetchone()[0])


def _last(log: Log) -> Checkpoint | None:
    return Checkpoint.objects.filter(origin=log.origin).order_by("-size").first()


def _check_outside(log: Log, last: Checkpoint | None) -> None:
    """Whether the database still extends what was signed before, as the file outside it says."""
    if log.file.exists():
        _check_extends(log, last, log.file)


def _check_key(log: Log, last: Checkpoint | None) -> None:
    """Whether the newest checkpoint is by our key: a running sequencer must not sign on after a rotation."""
    if last is None:
        return
    signed_last = base64_decode(last.text.rstrip("\n").rsplit(" ", 1)[-1])
    if signed_last[:4] != log.signer.verifier.id:
        raise SequencerRefused("the log has another key by now; started again, this process reads it")


def _check_extends(log: Log, last: Checkpoint | None, file: Path) -> None:
    """Whether the database extends the checkpoint in a file; those by a key that was rotated out are passed over."""
    try:
        outside, _note = notes.checkpoint_open(file.read_bytes(), log.signer.verifier)
    except NoteUnverified as error:
        if file != log.file:
            return
        raise SequencerRefused(f"{file}: {error}. {_REMEDY}") from error
    except CoreError as error:
        raise SequencerRefused(f"{file}: {error}. {_REMEDY}") from error
    size = 0 if last is None else last.size
    if outside.origin != log.origin:
        raise SequencerRefused(f"{file} is a checkpoint of {outside.origin}, this log is {log.origin}. {_REMEDY}")
    if outside.size > size:
        raise SequencerRefused(
            f"the database holds {size} signed entries, but {outside.size} were signed before ({file}). {_REMEDY}"
        )
    same = last is not None and outside.size == size
    root = bytes(last.root) if last is not None and same else tree_root(node_reader(size), outside.size)
    if root != outside.root:
        raise SequencerRefused(
            f"the first {outside.size} entries are not those that were signed before ({file}). {_REMEDY}"
        )


def entries_place(log: Log, last: Checkpoint | None, rows: Sequence[tuple[int, bytes]]) -> Checkpoint:
    """Give entries (row key, hash) the next places of the log, under its lock, and sign it."""
    size = 0 if last is None else last.size
    state = CompactRange(0) if last is None else CompactRange(size, _hashes(bytes(last.frontier)))
    leaves, hashes = [], []
    for index, (entry, digest) in enumerate(rows, start=size):
        salt = secrets.token_bytes(SALT_SIZE)
        data = leaf_data(salt, digest)
        leaves.append(Leaf(index=index, entry_id=entry, salt=salt, data=data))
        hashes.append(leaf_hash(data))
    state.extend(hashes)
    Leaf.objects.bulk_create(leaves)
    _tiles_store(size, state.size)
    Pending.objects.filter(pk__in=[entry for entry, _digest in rows]).delete()
    return checkpoint_make(log, state)


def _hashes(frontier: bytes) -> Iterator[bytes]:
    return (frontier[start : start + 32] for start in range(0, len(frontier), 32))


def _tiles_store(old: int, new: int) -> None:
    for tile in tiles_between(old, new):
        if tile.width == WIDTH:
            hashes = tile_content(tile)
            state = CompactRange()
            state.extend(_hashes(hashes))
            TileRow.objects.create(level=tile.level, index=tile.index, hashes=hashes, root=state.root())


def checkpoint_make(log: Log, state: CompactRange) -> Checkpoint:
    """Sign the log as it stands, and keep that."""
    head = notes.Checkpoint(origin=log.origin, size=state.size, root=state.root())
    return Checkpoint.objects.create(
        origin=log.origin,
        size=head.size,
        root=head.root,
        frontier=b"".join(state.hashes),
        text=notes.checkpoint_sign(head, *log.signers).decode(),
    )


def checkpoint_publish(log: Log, checkpoint: Checkpoint) -> None:
    """Keep the newest checkpoint outside the database: whole or not at all, and on the disk."""
    data = checkpoint.text.encode()
    folder = log.file.parent
    folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    if log.file.exists() and log.file.read_bytes() == data:
        return
    with tempfile.NamedTemporaryFile(dir=folder, prefix=".checkpoint-", delete=False) as out:
        out.write(data)
        out.flush()
        os.fchmod(out.fileno(), 0o644)
        os.fsync(out.fileno())
    Path(out.name).replace(log.file)
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
