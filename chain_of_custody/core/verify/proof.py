"""Verifying one `.tlog-proof` file: that an entry's hash stands in the log a checkpoint signs."""

from chain_of_custody.core.canonical import Json
from chain_of_custody.core.checkpoint import checkpoint_parse
from chain_of_custody.core.entry import SALT_SIZE, leaf_data
from chain_of_custody.core.errors import CheckpointRefused, ProofRefused
from chain_of_custody.core.merkle import inclusion_verify, leaf_hash
from chain_of_custody.core.note import ED25519, VerifierKey
from chain_of_custody.core.tlogproof import HEADER, TlogProof, tlogproof_parse
from chain_of_custody.core.verify.keys import NoteStep, note_judge
from chain_of_custody.core.verify.report import Steps

FILE, LOG, CHECKPOINT, KEY = "file", "log", "checkpoint", "key"
START = HEADER.encode()
LARGEST = 2_000_000
_NOTE = NoteStep(signature=CHECKPOINT, pin=KEY, what="the checkpoint")


class ProofVerifier:
    """Checks one proof. It says that an entry with this hash was logged; the entry itself an export shows."""

    def __init__(self, steps: Steps, *, pinned: tuple[VerifierKey, ...] = ()) -> None:
        self._steps = steps
        self._pinned = pinned
        self.note: bytes | None = None
        self.facts: dict[str, Json] = {}
        steps.begin(FILE, CHECKPOINT, KEY, LOG)

    def run(self, data: bytes) -> None:
        """Record every step."""
        try:
            proof = tlogproof_parse(data)
        except ProofRefused as error:
            self._steps.fail(FILE, "proof-malformed", str(error))
            return
        self._steps.done(FILE, f"index {proof.index}, {len(proof.hashes)} hashes")
        self.note = proof.checkpoint
        note = note_judge(self._steps, _NOTE, proof.checkpoint, (), self._pinned) if self._pinned else None
        if not self._pinned:
            detail = "a proof brings no key along: give the log's key with --key"
            self._steps.doubt(CHECKPOINT, "key-not-pinned", detail)
        if note is None:
            return
        try:
            checkpoint = checkpoint_parse(note.text)
        except CheckpointRefused as error:
            self._steps.fail(CHECKPOINT, "checkpoint-malformed", str(error))
            return
        if not any(key.name == checkpoint.origin and key.algorithm == ED25519 for key in note.verified):
            detail = f"no signature by a key named after the log {checkpoint.origin!r}"
            self._steps.fail(CHECKPOINT, "not-by-origin", detail)
        self._check_path(proof, checkpoint.size, checkpoint.root)
        self.facts |= {"origin": checkpoint.origin, "size": checkpoint.size, "root": checkpoint.root.hex()}

    def _check_path(self, proof: TlogProof, size: int, root: bytes) -> None:
        salt, entry = proof.extra[:SALT_SIZE], proof.extra[SALT_SIZE:]
        if len(salt) != SALT_SIZE or len(entry) != 32:
            self._steps.fail(FILE, "proof-malformed", "extra does not hold a leaf salt and an entry's hash")
            return
        self.facts |= {"index": proof.index, "entry_hash": entry.hex()}
        leaf = leaf_hash(leaf_data(salt, entry))
        if not inclusion_verify(leaf, proof.index, size, proof.hashes, root):
            self._steps.fail(LOG, "proof-invalid", "the proof does not lead to the checkpoint's root")
        self._steps.done(LOG, f"entry {entry.hex()[:16]}… stands at index {proof.index} of {size}")
