"""Inclusion proofs as small text files after C2SP tlog-proof, checked without a line to anybody.

`extra` has a meaning of our own: leaf salt (32 bytes) and entry hash (32 bytes), from which the leaf data follows
(docs/ledger-format.md, section 3). It is not authenticated by the format; here it is, since the leaf commits to it.
"""

import re
from dataclasses import dataclass

from chain_of_custody.core.checkpoint import Checkpoint, checkpoint_open
from chain_of_custody.core.entry import SALT_SIZE, leaf_data
from chain_of_custody.core.errors import ProofRefused
from chain_of_custody.core.merkle import inclusion_verify, leaf_hash
from chain_of_custody.core.note import Base64Refused, VerifierKey, base64_decode, base64_encode

HEADER = "c2sp.org/tlog-proof@v1"
MEDIA_TYPE = "text/plain; charset=utf-8"
MOST_HASHES = 64

_match_index = re.compile(r"index (0|[1-9][0-9]{0,18})").fullmatch


@dataclass(frozen=True, slots=True, kw_only=True)
class TlogProof:
    """One leaf's place in a log: index, audit path (leaf end first), the signed checkpoint, optional extra bytes."""

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: bytes
    extra: bytes = b""

    def text(self) -> bytes:
        """The file's bytes; its name should end in `.tlog-proof`."""
        extra = [f"extra {base64_encode(self.extra)}"] if self.extra else []
        lines = [HEADER, *extra, f"index {self.index}", *(base64_encode(node) for node in self.hashes), ""]
        return "".join(f"{line}\n" for line in lines).encode() + self.checkpoint


def tlogproof_parse(data: bytes) -> TlogProof:
    """Read a proof file. Raises `ProofRefused` naming the line that is wrong."""
    head, blank, checkpoint = data.partition(b"\n\n")
    if not blank or not checkpoint:
        raise ProofRefused("the proof holds no checkpoint after an empty line")
    try:
        lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError as error:
        raise ProofRefused("the lines before the checkpoint are not plain ASCII") from error
    if lines[0] != HEADER:
        raise ProofRefused(f"line 1: {lines[0][:40]!r} is not {HEADER}")
    rest = lines[1:]
    extra = b""
    if rest and rest[0].startswith("extra "):
        extra = _decoded(rest[0].removeprefix("extra "), 2)
        rest = rest[1:]
    found = _match_index(rest[0]) if rest else None
    if found is None:
        raise ProofRefused("the index line is missing or malformed")
    first = len(lines) - len(rest) + 2
    hashes = [_decoded(line, first + number) for number, line in enumerate(rest[1:])]
    if len(hashes) > MOST_HASHES or any(len(node) != 32 for node in hashes):
        raise ProofRefused(f"the path is not of at most {MOST_HASHES} hashes of 32 bytes")
    return TlogProof(index=int(found.group(1)), hashes=tuple(hashes), checkpoint=checkpoint, extra=extra)


def tlogproof_verify(proof: TlogProof, entry_hash: bytes, *keys: VerifierKey) -> Checkpoint:
    """The checkpoint under which the entry of that hash stands in the log.

    Raises `ProofRefused` when extra names another entry or the path does not lead to the root; `NoteRefused`
    (`NoteUnverified` without a known key's signature) and `CheckpointRefused` for the checkpoint.
    """
    signed, _note = checkpoint_open(proof.checkpoint, *keys)
    salt, named = proof.extra[:SALT_SIZE], proof.extra[SALT_SIZE:]
    if len(salt) != SALT_SIZE or named != entry_hash:
        raise ProofRefused("the extra line does not hold a leaf salt and this entry's hash")
    leaf = leaf_hash(leaf_data(salt, entry_hash))
    if not inclusion_verify(leaf, proof.index, signed.size, proof.hashes, signed.root):
        raise ProofRefused(f"entry and path do not lead to the root of the {signed.size} leaves signed")
    return signed


def _decoded(text: str, line: int) -> bytes:
    try:
        return base64_decode(text)
    except Base64Refused as error:
        raise ProofRefused(f"line {line}: {error}") from error
