"""Verifying an export in one pass and constant memory per stream."""

from binascii import b2a_base64
from collections.abc import Mapping
from hashlib import sha256
from typing import BinaryIO

from chain_of_custody.core.canonical import Json, parsed_bytes
from chain_of_custody.core.checkpoint import Checkpoint
from chain_of_custody.core.commitment import COMMITMENT_TAG
from chain_of_custody.core.entry import ENTRY_TAG, LEAF_TAG
from chain_of_custody.core.errors import CoreError, EntryRefused, ExportRefused
from chain_of_custody.core.export import ExportHeader, ExportReader, ExportRow, Scope, signed_text
from chain_of_custody.core.merkle import CompactRange, inclusion_verify
from chain_of_custody.core.note import VerifierKey, log_key
from chain_of_custody.core.plainline import plain_line
from chain_of_custody.core.rotation import rotations_follow
from chain_of_custody.core.scan import entry_scan
from chain_of_custody.core.shapes import Scan, entry_alike
from chain_of_custody.core.verify.keys import (
    NoteStep,
    checkpoint_judge,
    note_judge,
    pack_key,
    pin_judge,
    signer_facts,
)
from chain_of_custody.core.verify.report import Steps
from chain_of_custody.core.verify.state import KEPT, VerifyState, kept_judge
from chain_of_custody.core.verify.streams import StreamTable

FILE, ENTRIES, OPENINGS, STREAMS = "file", "entries", "opened values", "streams"
CUSTODY, LOG, CHECKPOINT, KEY, END, OUTSIDE = (
    "custody",
    "log",
    "checkpoint",
    "key",
    "end of streams",
    "outside checkpoint",
)
BATCH = 512
_END_STEP = NoteStep(signature=END, pin=END, what="the end of the export", foreign_fails=False)


class ExportVerifier:
    """Checks one export. `sealed` says that a signature around it (a pack's) already fixes where it ends.

    `packs` is given for the history inside a pack alone: there a key for packs may say where the streams end.
    """

    def __init__(
        self,
        steps: Steps,
        *,
        pinned: tuple[VerifierKey, ...] = (),
        outside: Checkpoint | None = None,
        sealed: bool = False,
        state: VerifyState | None = None,
        packs: tuple[VerifierKey, ...] | None = None,
    ) -> None:
        self._steps = steps
        self._packs = packs
        self._pinned = self._trusted = pinned
        self._outside = outside
        self._sealed = sealed
        self._state = state
        self._streams = StreamTable()
        self._tree = CompactRange()
        self._leaves: list[bytes] = []
        self._kept = None if state is None else (state.origin, state.tree.size, state.tree.root())
        self._watched = {one.size for one in (outside,) if one} | {one[1] for one in (self._kept,) if one}
        self._roots: dict[int, bytes] = {}
        self._checkpoint: Checkpoint | None = None
        self._start = self._last_index = -1
        self._entries = self._opened = self._withheld = 0
        self._signers: dict[VerifierKey, None] = {}
        self.note: bytes | None = None
        self.facts: dict[str, Json] = {}
        steps.begin(FILE, ENTRIES, OPENINGS, STREAMS, CUSTODY, LOG, CHECKPOINT, KEY, END)
        if outside is not None:
            steps.begin(OUTSIDE)
        if state is not None:
            steps.begin(KEPT)

    def run(self, source: BinaryIO) -> None:
        """Read the file to its end and record every step."""
        try:
            reader = ExportReader(source)
            self._open_checkpoint(reader)
            if not self._continue(reader.header):
                return
            self._read(reader)
        except ExportRefused as error:
            self._steps.fail(FILE, error.reason, str(error), {"line": error.line})
            return
        self._finish(reader)

    def _read(self, reader: ExportReader) -> None:
        full = reader.header.scope is Scope.FULL
        step = self._row_full if full else self._row_item
        for data in reader.lines():
            self._entries += 1
            if full and self._plain(data):
                continue
            row = reader.row(data)
            self._row(reader.line, row)
            step(reader.line, row)

    def _plain(self, data: bytes) -> bool:
        """Take the commonest line, of an entry like one before it, when all is well with it.

        This road only ever says yes. Where it does not, nothing was taken: the careful road reads the line again and
        names what is wrong.
        """
        line = plain_line(data, self._last_index + 1)
        alike = None if line is None else entry_alike(line.entry)
        if line is None or alike is None:
            return False
        digest = sha256(ENTRY_TAG + line.entry).digest()
        leaf = sha256(LEAF_TAG + line.leaf_salt + digest).digest()
        if b2a_base64(leaf, newline=False) != line.leaf or not self._streams.follow_alike(alike, digest):
            return False
        self._withheld += len(alike.shape.example.committed)
        self._last_index += 1
        self._append(leaf)
        return True

    def _open_checkpoint(self, reader: ExportReader) -> None:
        header = reader.header
        self.note = header.checkpoint
        self._follow_rotations(header)
        judged = checkpoint_judge(self._steps, header.checkpoint, header.keys, self._pinned, self._trusted)
        if judged is None:
            return
        checkpoint, note = judged
        self._signers |= dict.fromkeys(note.verified)
        if checkpoint.origin != header.origin:
            detail = f"the file says {header.origin!r}, its checkpoint is of {checkpoint.origin!r}"
            self._steps.fail(CHECKPOINT, "origin-mismatch", detail)
        self._checkpoint = checkpoint
        self.facts |= {
            "origin": checkpoint.origin,
            "scope": header.scope.value,
            "size": checkpoint.size,
            "root": checkpoint.root.hex(),
        }
        self.facts |= signer_facts(note, self._trusted)

    def state(self) -> VerifyState | None:
        """What was verified, to go on from another day; None when there is no such state."""
        if self._checkpoint is None or self._tree.size != self._checkpoint.size:
            return None
        return VerifyState(origin=self._checkpoint.origin, tree=self._tree, streams=self._streams)

    def _continue(self, header: ExportHeader) -> bool:
        """Go on from the state given where the export leaves out what came before; whether reading on has a meaning.

        A whole export is read from its start, and the state only compared with it (`kept_judge`).
        """
        if not header.start:
            return True
        state = self._state
        if state is None or (state.origin, state.tree.size) != (header.origin, header.start):
            held = "none" if state is None else f"one of {state.origin!r} with {state.tree.size}"
            detail = (
                f"it starts at entry {header.start}; wanted is the state kept after so many entries, given is {held}"
            )
            self._steps.doubt(FILE, "state-missing", detail)
            return False
        self._streams, self._tree = state.streams, state.tree
        self._grow()
        self._start, self._last_index = header.start - 1, header.start - 1
        return True

    def _follow_rotations(self, header: ExportHeader) -> None:
        try:
            self._trusted = rotations_follow(header.origin, header.rotations, pinned=self._pinned, embedded=header.keys)
        except CoreError as error:
            self._steps.fail(KEY, "rotation-invalid", str(error))

    def _row(self, line: int, row: ExportRow) -> None:
        """What every entry must satisfy by itself and within its stream."""
        digest = sha256(ENTRY_TAG + row.entry).digest()
        if sha256(LEAF_TAG + row.leaf_salt + digest).digest() != row.leaf:
            detail = "entry and salt do not give the leaf stated here: the entry was changed or moved"
            self._steps.fail(LOG, "leaf-mismatch", detail, {"line": line, "index": row.index})
        try:
            scan = entry_scan(row.entry)
        except EntryRefused as error:
            self._steps.fail(ENTRIES, "entry-malformed", str(error), {"line": line, "index": row.index})
            return
        self._withheld += len(scan.committed) - len(row.revealed)
        if row.revealed:
            self._check_openings(line, row, scan)
        for fault in self._streams.follow(scan, digest):
            self._steps.fail(fault.step, fault.reason, fault.detail, _where(line, row, scan))

    def _check_openings(self, line: int, row: ExportRow, scan: Scan) -> None:
        for name, (salt, value) in row.revealed.items():
            self._opened += 1
            wanted = scan.committed.get(name)
            if wanted is None:
                detail = f"the entry has no commitment for {name}"
                self._steps.fail(OPENINGS, "opening-without-commitment", detail, _where(line, row, scan))
                continue
            told = parsed_bytes([scan.id, name, value])
            if sha256(COMMITMENT_TAG + salt + told).hexdigest() != wanted:
                detail = f"the value shown for {name} is not the one committed to"
                self._steps.fail(OPENINGS, "opening-mismatch", detail, _where(line, row, scan))

    def _row_full(self, line: int, row: ExportRow) -> None:
        if row.index != self._last_index + 1:
            detail = f"index {row.index} where {self._last_index + 1} is due"
            self._steps.fail(LOG, "index-gap", detail, {"line": line, "index": row.index})
        self._last_index = row.index
        self._append(row.leaf)

    def _append(self, leaf: bytes) -> None:
        leaves = self._leaves
        leaves.append(sha256(b"\x00" + leaf).digest())
        if len(leaves) == BATCH or self._tree.size + len(leaves) in self._watched:
            self._grow()

    def _grow(self) -> None:
        """Take the leaves read into the tree, and note its root where a checkpoint or state kept outside is."""
        self._tree.extend(self._leaves)
        self._leaves.clear()
        if self._tree.size in self._watched:
            self._roots[self._tree.size] = self._tree.root()

    def _row_item(self, line: int, row: ExportRow) -> None:
        where: Mapping[str, Json] = {"line": line, "index": row.index}
        if row.index <= self._last_index:
            self._steps.fail(LOG, "index-order", f"index {row.index} after {self._last_index}", where)
        self._last_index = row.index
        if self._checkpoint is None:
            return
        leaf = sha256(b"\x00" + row.leaf).digest()
        size, root = self._checkpoint.size, self._checkpoint.root
        if not inclusion_verify(leaf, row.index, size, row.proof or (), root):
            self._steps.fail(LOG, "proof-invalid", "the proof does not lead to the checkpoint's root", where)

    def _finish(self, reader: ExportReader) -> None:
        steps, entries, streams = self._steps, self._entries, len(self._streams)
        steps.done(FILE, f"read to its end, {reader.line} lines, digest as stated")
        steps.done(ENTRIES, f"{entries} entries in canonical form, each within the format and 32 KB")
        steps.done(OPENINGS, f"{self._opened} opened, {self._withheld} withheld")
        steps.done(STREAMS, f"{streams} streams, numbered from 1, linked, recorded times rising")
        steps.done(CUSTODY, "one custodian at every entry of every item")
        full = reader.header.scope is Scope.FULL
        self._finish_log(full=full)
        self._finish_end(reader, full=full)
        self._finish_keys(reader.header)
        if self._outside is not None:
            self._finish_outside(self._outside, full=full)
        if self._kept is not None and self._checkpoint is not None:
            roots = self._roots if full else {}
            kept_judge(self._steps, self._kept, self._checkpoint, roots)
        self.facts |= {
            "entries": entries,
            "streams": streams,
            "opened": self._opened,
            "withheld": self._withheld,
        }

    def _finish_log(self, *, full: bool) -> None:
        if self._checkpoint is None:
            return
        self._grow()
        if not full:
            self._steps.done(LOG, "every entry is in the log the checkpoint signs")
            return
        tree, wanted = self._tree, self._checkpoint
        if tree.size != wanted.size:
            detail = f"{tree.size} entries, the checkpoint is of {wanted.size}"
            self._steps.fail(LOG, "size-mismatch", detail)
        elif tree.root() != wanted.root:
            detail = "the entries do not give the checkpoint's root: at least one is not what was logged"
            self._steps.fail(LOG, "root-mismatch", detail)
        self._steps.done(LOG, f"all {wanted.size} entries of the log, root as signed")

    def _finish_end(self, reader: ExportReader, *, full: bool) -> None:
        """A proof shows that entries are in the log, not that no later ones exist: somebody must sign the
        end.
        """
        footer = reader.footer
        if footer is not None and footer.signature is not None:
            self._judge_end_signature(reader, footer.signature, footer.digest)
        elif full:
            self._steps.done(END, "the checkpoint covers every stream whole")
        elif self._sealed:
            self._steps.done(END, "fixed by the signature of the pack")
        else:
            self._steps.done(END, "no signature says where the streams end")
            self._steps.doubt(END, "end-not-signed", "later entries of these streams could have been left out")

    def _judge_end_signature(self, reader: ExportReader, signature: bytes, digest: str) -> None:
        origin = reader.header.origin
        trusted = (*self._trusted, *(self._packs or ()))
        note = note_judge(self._steps, _END_STEP, signature, reader.header.keys, trusted)
        if note is None:
            return
        self._signers |= dict.fromkeys(note.verified)
        pin_judge(self._steps, _END_STEP, note, lambda key: self._may_end(key, origin), self._pinned, trusted)
        if note.text != signed_text(origin, digest):
            self._steps.fail(END, "signature-invalid", "the signature at the end is over another file")

    def _may_end(self, key: VerifierKey, origin: str) -> bool:
        return log_key(key, origin) if self._packs is None else pack_key(key, origin, self._packs)

    def _finish_keys(self, header: ExportHeader) -> None:
        """Every key named in the header has signed something here: nothing is in the file for show."""
        turned = {line for note in header.rotations for line in note.decode().split("\n")}
        idle = [key for key in header.keys if key not in self._signers and str(key) not in turned]
        if idle and self._signers:
            names = ", ".join(key.name for key in idle[:5])
            self._steps.fail(FILE, "key-unused", f"vkeys names keys that signed nothing in it: {names}", {"line": 1})

    def _finish_outside(self, outside: Checkpoint, *, full: bool) -> None:
        steps, here = self._steps, self._checkpoint
        if here is None:
            return
        steps.done(OUTSIDE, f"compared with the checkpoint of size {outside.size}")
        if here.origin != outside.origin:
            steps.fail(OUTSIDE, "outside-origin", f"it is of {outside.origin!r}, the file of {here.origin!r}")
        elif outside.size > here.size:
            detail = f"the file stops at {here.size}, but a log of {outside.size} entries was seen before"
            steps.fail(OUTSIDE, "outside-ahead", detail)
        elif outside.size == here.size or (full and outside.size and outside.size > self._start):
            root = here.root if outside.size == here.size else self._roots.get(outside.size)
            if root != outside.root:
                steps.fail(OUTSIDE, "outside-fork", "the log seen before is not a beginning of this one")
        elif outside.size:
            detail = "an export of items or of new entries cannot show that it extends this checkpoint; use a full one"
            steps.doubt(OUTSIDE, "outside-not-comparable", detail)


def _where(line: int, row: ExportRow, scan: Scan) -> dict[str, Json]:
    return {
        "line": line,
        "index": row.index,
        "entry": scan.id,
        "stream": f"{scan.kind}/{scan.stream}",
        "sequence": scan.sequence,
    }
