"""The log's key rotated, and the log begun anew when its tail is really lost: both as entries anybody can check.

Both change files beside the database (the key, the checkpoint outside). The new key is written to the disk first and
put in place last, so that a crash in between leaves a log that its old key can still sign.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import transaction

from chain_of_custody.core import checkpoint as notes
from chain_of_custody.core.actor import Actor
from chain_of_custody.core.canonical import Json
from chain_of_custody.core.entry import StreamKey
from chain_of_custody.core.errors import CoreError
from chain_of_custody.core.merkle import compact_range, tree_root
from chain_of_custody.core.note import SignerKey
from chain_of_custody.core.rotation import rotation_sign
from chain_of_custody.custody_schemas import LOG, LOG_STREAM, LOG_STREAM_ID
from chain_of_custody.errors import Conflict, SequencerRefused
from chain_of_custody.models import Checkpoint, Entry, Leaf
from chain_of_custody.selectors.tree import node_reader
from chain_of_custody.services.holding import text_required
from chain_of_custody.services.ledger import EntryDraft, act_append
from chain_of_custody.services.sequencer import (
    Log,
    checkpoint_make,
    checkpoint_publish,
    entries_place,
    log_configured,
    sequencer_check,
    sequencer_lock,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A log as it goes on: origin, new key's text for verifiers, size, and the entry that says so."""

    origin: str
    key: str
    size: int
    entry: str


def key_rotate(*, actor: Actor, decided_by: str, reason: str, log: Log | None = None) -> Begun:
    """Give the log a new key under the same name; the old one signs the new one, and then signs no more.

    The entry holds a note signed by both keys that names both; the checkpoint over it is signed by both, so that
    whoever pinned the old key can follow. Stop the sequencer first. The old public key is kept in `log.former.vkeys`.

    Raises `BadInput` without who decided and why, `Conflict` while a sequencer is at work, `SequencerRefused` when the
    log is not in order.
    """
    log = log or log_configured()
    sequencer_check(log)
    fresh = SignerKey.generate(log.signer.name)
    values: dict[str, Json] = {
        "origin": log.origin,
        "old_key": str(log.signer.verifier),
        "new_key": str(fresh.verifier),
        "statement": rotation_sign(log.origin, log.signer, fresh).decode(),
    }
    both = Log(origin=log.origin, signer=fresh, file=log.file, also=(log.signer,))
    last = Checkpoint.objects.filter(origin=log.origin).order_by("-size").first()
    _next_write(fresh)
    with transaction.atomic():
        entry, made = _entry_placed(both, last, actor, "key_rotated", values, decided_by, reason)
    _former_add(str(log.signer.verifier))
    _key_place()
    checkpoint_publish(both, made)
    return Begun(origin=log.origin, key=str(fresh.verifier), size=made.size, entry=entry)


def origin_begin(*, actor: Actor, decided_by: str, reason: str, log: Log | None = None) -> Begun:
    """Begin a log under a new name and key over what is left, when acts that were signed for are lost for good.

    Its first own entry names the lost checkpoint, who decided and why. The lost checkpoint is kept in `log/lost`.
    Stop the sequencer first.

    Raises `Conflict` when nothing is lost (the database extends the checkpoint outside it) or a sequencer is at work,
    `BadInput` without who decided and why.
    """
    log = log or log_configured()
    lost_text, lost = _lost(log)
    size = Leaf.objects.order_by("-index").values_list("index", flat=True).first()
    state = compact_range(node_reader(0 if size is None else size + 1), 0 if size is None else size + 1)
    fresh = SignerKey.generate(_next_name(log.origin))
    values: dict[str, Json] = {
        "origin": fresh.name,
        "key": str(fresh.verifier),
        "lost_origin": lost.origin,
        "lost_size": lost.size,
        "lost_root": lost.root.hex(),
        "lost_checkpoint": lost_text,
        "left_size": state.size,
        "left_root": state.root().hex(),
    }
    new = Log(origin=fresh.name, signer=fresh, file=log.file)
    _next_write(fresh)
    with transaction.atomic():
        start = checkpoint_make(new, state) if state.size else None
        entry, made = _entry_placed(new, start, actor, "origin_begun", values, decided_by, reason)
    _kept_aside(log, lost.size, lost_text)
    _former_add(str(log.signer.verifier))
    _key_place()
    checkpoint_publish(new, made)
    return Begun(origin=fresh.name, key=str(fresh.verifier), size=made.size, entry=entry)


def after_words(done: Begun) -> str:
    """What to do after either, for the terminal."""
    words = "Restart the sequencer now («make down», «make up»): it reads the key and the log's name when it starts."
    fixed = settings.SPOOR_LOG_ORIGIN
    if fixed and fixed != done.origin:
        words += f" First set SPOOR_LOG_ORIGIN to {done.origin}, or leave it unset; it is {fixed}."
    return words


def _lost(log: Log) -> tuple[str, notes.Checkpoint]:
    """The newest checkpoint outside that the database does not extend. Raises `Conflict` when it extends them all."""
    files = [log.file, *sorted((log.file.parent / "given").glob("*.txt"))]
    size = (Leaf.objects.order_by("-index").values_list("index", flat=True).first() or -1) + 1
    found: list[tuple[int, str, notes.Checkpoint]] = []
    for file in files:
        if not file.is_file():
            continue
        data = file.read_bytes()
        try:
            signed, _note = notes.checkpoint_open(data, log.signer.verifier)
        except CoreError as error:
            raise SequencerRefused(f"{file}: {error}") from error
        if signed.size > size or tree_root(node_reader(size), signed.size) != signed.root:
            found.append((signed.size, data.decode(), signed))
    if not found:
        raise Conflict(
            "nothing is lost: the database extends every checkpoint kept outside it",
            remedy="A new origin is for a lost tail alone. For a new key use ledger_key_rotate.",
        )
    newest = max(found, key=lambda one: one[0])
    return newest[1], newest[2]


def _entry_placed(
    log: Log,
    last: Checkpoint | None,
    actor: Actor,
    verb: str,
    values: Mapping[str, Json],
    decided_by: str,
    reason: str,
) -> tuple[str, Checkpoint]:
    """Append the entry and give it the next place at once, before anything that waits."""
    decided_by = text_required(decided_by, field="decided_by", what="who decided", limit=200)
    reason = text_required(reason, field="reason", what="the reason")
    if not sequencer_lock():
        raise Conflict("a sequencer is at work on this log", remedy="Stop Spoor («make down») except for the database.")
    draft = EntryDraft(
        stream=StreamKey(kind=LOG_STREAM, id=LOG_STREAM_ID),
        schema=LOG,
        verb=verb,
        values=values,
        committed={"decided_by": decided_by},
    )
    act = act_append(actor=actor, drafts=[draft], reason=reason)
    row = Entry.objects.get(uuid=act.entries[0].id)
    return str(row.uuid), entries_place(log, last, [(row.pk, bytes(row.hash))])


def _next_name(name: str) -> str:
    """`lab/log` becomes `lab/log-2`, that `lab/log-3`."""
    stem, dash, number = name.rpartition("-")
    if dash and number.isdigit() and len(number) < 4:
        return f"{stem}-{int(number) + 1}"
    return f"{name}-2"


def _key_files() -> tuple[Path, Path]:
    return Path(settings.SPOOR_LOG_KEY_FILE), Path(settings.SPOOR_LOG_VKEY_FILE)


def _next_write(key: SignerKey) -> None:
    private, public = _key_files()
    for path, text in ((private, key.encode()), (public, str(key.verifier))):
        _durable(path.with_name(path.name + ".next"), text)


def _key_place() -> None:
    """Put the files written by `_next_write` in place; the old private key is gone then."""
    for path in _key_files():
        path.with_name(path.name + ".next").replace(path)


def _former_add(key: str) -> None:
    path = _key_files()[1].with_name("log.former.vkeys")
    known = path.read_text(encoding="ascii").split() if path.is_file() else []
    if key not in known:
        _durable(path, "\n".join([*known, key]))


def _kept_aside(log: Log, size: int, text: str) -> None:
    """The lost checkpoint goes to `log/lost`, and no file speaks for it at the next start."""
    folder = log.file.parent / "lost"
    folder.mkdir(parents=True, exist_ok=True)
    _durable(folder / f"checkpoint-{size}.txt", text.rstrip("\n"))
    for file in (log.file.parent / "given").glob("*.txt"):
        file.replace(folder / file.name)
    if log.file.is_file():
        log.file.replace(folder / "checkpoint-of-the-old-origin.txt")


def _durable(path: Path, text: str) -> None:
    part = path.with_name(path.name + ".part")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        out.write(text + "\n")
        out.flush()
        os.fsync(out.fileno())
    part.replace(path)
