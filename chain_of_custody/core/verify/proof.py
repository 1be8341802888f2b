"""Verifying one `.tlog-proof` file: that an entry's hash stands in the log a checkpoint signs."""

from chain_of_custody.core.canonical import Json
from chain_of_custody.core.checkpoint import Checkpoint
from chain_of_custody.core.entry import SALT_SIZE, leaf_data
from chain_of_custody.core.errors import ProofRefused
from chain_of_custody.core.merkle import inclusion_verify, leaf_hash
from chain_of_custody.core.note import VerifierKey
from chain_of_custody.core.tlogproof import HEADER, TlogProof, tlogproof_parse
from chain_of_custody.core.verify.keys import checkpoint_judge
from chain_of_custody.core.verify.report import Steps
from chain_of_custody.core.verify.state import KEPT, VerifyState, kept_judge

FILE, LOG, CHECKPOINT, KEY, OUTSIDE = "file", "log", "checkpoint", "key", "outside checkpoint"
START = HEADER.encode()
LARGEST = 2_000_000


class ProofVerifier:
    """Checks one proof. It says that an entry with this hash was logged; the entry itself an export shows."""

    def __init__(
        self,
        steps: Steps,
        *,
        pinned: tuple[VerifierKey, ...] = (),
        outside: Checkpoint | None = None,
        state: VerifyState | None = None,
    ) -> None:
        self._steps = steps
        self._pinned = pinned
        self._outside = outside
        self._state = state
        self.note: bytes | None = None
        self.facts: dict[str, Json] = {}
        steps.begin(FILE, CHECKPOINT, KEY, LOG)
        if outside is not None:
            steps.begin(OUTSIDE)
        if state is not None:
            steps.begin(KEPT)

    def run(self, data: bytes) -> None:
        """Record every step."""
        try:
            proof = tlogproof_parse(data)
        except ProofRefused as error:
            self._steps.fail(FILE, "proof-malformed", str(error))
            return
        self._steps.done(FILE, f"index {proof.index}, {len(proof.hashes)} hashes")
        self.note = proof.checkpoint
        if not self._pinned:
            detail = "a proof brings no key along: give the log's key with --key"
            self._steps.doubt(CHECKPOINT, "key-not-pinned", detail)
            return
        judged = checkpoint_judge(self._steps, proof.checkpoint, (), self._pinned, self._pinned)
        if judged is None:
            return
        checkpoint = judged[0]
        self._check_path(proof, checkpoint.size, checkpoint.root)
        if self._outside is not None:
            self._compare(self._outside, checkpoint)
        if self._state is not None:
            kept_judge(
                self._steps, (self._state.origin, self._state.tree.size, self._state.tree.root()), checkpoint, {}
            )
        self.facts |= {"origin": checkpoint.origin, "size": checkpoint.size, "root": checkpoint.root.hex()}

    def _compare(self, outside: Checkpoint, here: Checkpoint) -> None:
        steps = self._steps
        steps.done(OUTSIDE, f"compared with the checkpoint of size {outside.size}")
        if here.origin != outside.origin:
            steps.fail(OUTSIDE, "outside-origin", f"it is of {outside.origin!r}, the proof of {here.origin!r}")
        elif here.size != outside.size:
            detail = "a proof shows one entry under one checkpoint, not that another extends it; use a full export"
            steps.doubt(OUTSIDE, "outside-not-comparable", detail)
        elif here.root != outside.root:
            steps.fail(OUTSIDE, "outside-fork", "two checkpoints of the same size differ: the log was forked")

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
