"""Checkpoints after C2SP tlog-checkpoint: the signed statement of a log's origin, size and root hash."""

import re
from dataclasses import dataclass

from chain_of_custody.core.canonical import INTEGER_LIMIT
from chain_of_custody.core.errors import CheckpointRefused
from chain_of_custody.core.note import (
    Base64Refused,
    Note,
    SignerKey,
    VerifierKey,
    base64_decode,
    base64_encode,
    note_open,
    note_sign,
)

_match_size = re.compile(r"0|[1-9][0-9]{0,18}").fullmatch


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """State of a log: its name, number of leaves, RFC 6962 root (32 bytes) and optional extension lines."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def text(self) -> str:
        """The note text that is signed."""
        lines = (self.origin, str(self.size), base64_encode(self.root), *self.extensions)
        return "".join(f"{line}\n" for line in lines)


def checkpoint_parse(text: str) -> Checkpoint:
    """Read a checkpoint's note text. Raises `CheckpointRefused` naming the line that is wrong."""
    if not text.endswith("\n"):
        raise CheckpointRefused("the checkpoint text does not end in a line break")
    lines = text[:-1].split("\n")
    if len(lines) < 3:
        raise CheckpointRefused(f"{len(lines)} lines; origin, size and root are wanted")
    origin, size, root, *extensions = lines
    if not origin:
        raise CheckpointRefused("line 1: the origin is empty")
    if not _match_size(size):
        raise CheckpointRefused(f"line 2: {size!r} is not a size in decimal without leading zeros")
    if int(size) > INTEGER_LIMIT:
        raise CheckpointRefused(f"line 2: {size} entries; a size is at most {INTEGER_LIMIT}")
    if "" in extensions:
        raise CheckpointRefused(f"line {4 + extensions.index('')}: an extension line is empty")
    return Checkpoint(origin=origin, size=int(size), root=_root(root), extensions=tuple(extensions))


def checkpoint_sign(checkpoint: Checkpoint, *signers: SignerKey) -> bytes:
    """The signed note of a checkpoint. Raises `CheckpointRefused` when its fields do not survive their own
    text.
    """
    text = checkpoint.text()
    if checkpoint_parse(text) != checkpoint:
        raise CheckpointRefused(f"origin {checkpoint.origin!r} or an extension holds a line break")
    return note_sign(text, *signers)


def checkpoint_open(data: bytes, *keys: VerifierKey) -> tuple[Checkpoint, Note]:
    """Open a signed checkpoint with the keys trusted for it.

    Raises `NoteRefused` (`NoteUnverified` when no known key signed) and `CheckpointRefused`.
    """
    note = note_open(data, *keys)
    return checkpoint_parse(note.text), note


def _root(text: str) -> bytes:
    try:
        root = base64_decode(text)
    except Base64Refused as error:
        raise CheckpointRefused(f"line 3: {error}") from None
    if len(root) != 32:
        raise CheckpointRefused(f"line 3: the root has {len(root)} bytes, not 32")
    return root
