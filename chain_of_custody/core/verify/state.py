"""What a reader keeps after a verification, so that the next one looks at new entries only.

The state is the reader's own: it says what was verified before and is trusted like a note on one's own desk. It holds
the log's name, size, root and peaks, and the head of every stream.
"""

import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from errno import EINVAL
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

from chain_of_custody.core.archive import CHUNK
from chain_of_custody.core.canonical import canonical_bytes, canonical_parse
from chain_of_custody.core.checkpoint import Checkpoint
from chain_of_custody.core.errors import CoreError
from chain_of_custody.core.merkle import CompactRange
from chain_of_custody.core.note import base64_decode, base64_encode
from chain_of_custody.core.verify.report import Steps
from chain_of_custody.core.verify.streams import StreamTable

FORMAT = "spoor-verify-state/1"
KEPT = "kept state"
STATE_LIMIT = 1 << 30
_KEY_SIZE = 19


class StateRefused(CoreError):
    """A state file is damaged or is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyState:
    """The log as it was verified: name, tree, and the heads of its streams (used up by the next verification)."""

    origin: str
    tree: CompactRange
    streams: StreamTable


Kept = tuple[str, int, bytes]
"""Origin, size and root of a log as it was verified before."""


def kept_judge(steps: Steps, kept: Kept, here: Checkpoint, roots: Mapping[int, bytes]) -> None:
    """Record whether a log continues the state kept. `roots` are those read of its beginnings, by size."""
    origin, size, root = kept
    steps.done(KEPT, f"compared with the state kept after {size} entries")
    found = {**roots, here.size: here.root}.get(size)
    if origin != here.origin:
        detail = f"the state is of {origin!r}, this is of {here.origin!r}: nothing was compared"
        steps.doubt(KEPT, "state-not-comparable", detail)
    elif size > here.size:
        detail = f"it stops at {here.size}; the state kept is of {size} entries: it is older than what was verified"
        steps.doubt(KEPT, "state-ahead", detail)
    elif found is not None and found != root:
        steps.fail(KEPT, "state-fork", f"the log verified before, of {size} entries, is not a beginning of this one")
    elif found is None and size:
        detail = "what is given here cannot show that it continues the state kept; use a full export"
        steps.doubt(KEPT, "state-not-comparable", detail)


def state_keep(steps: Steps, path: Path, state: VerifyState) -> None:
    """Write a state in place of an older one of the same log; any other that lies there stays, and leaves doubt.

    Raises `StateRefused` when what lies there is no state.
    """
    if path.exists():
        held = state_read(path)
        older = held.tree.size < state.tree.size
        same = (held.tree.size, held.tree.root()) == (state.tree.size, state.tree.root())
        if held.origin != state.origin or not (older or same):
            told = f"{path.name} holds the state of {held.origin!r} after {held.tree.size} entries"
            steps.doubt(KEPT, "state-not-replaced", f"{told}: it was not replaced by one of {state.tree.size}")
            steps.done(KEPT, "not written")
            return
    state_write(path, state)


def state_write(path: Path, state: VerifyState) -> None:
    """Keep a state: a line of canonical JSON, the heads, and SHA-256 over both. Replaces the file in one step."""
    head = canonical_bytes(
        {
            "format": FORMAT,
            "kinds": list(state.streams.kinds),
            "origin": state.origin,
            "peaks": [base64_encode(node) for node in state.tree.hashes],
            "size": state.tree.size,
            "streams": len(state.streams),
        }
    )
    digest = sha256()
    new = path.with_name(path.name + ".new")
    with new.open("wb") as out:
        for piece in (head + b"\n", *_records(state.streams)):
            digest.update(piece)
            out.write(piece)
        out.write(digest.digest())
    new.replace(path)


def state_read(path: Path) -> VerifyState:
    """The state kept in a file. Raises `StateRefused` when it is damaged, `OSError` when it cannot be read."""
    data = limited_bytes(path, STATE_LIMIT)
    body, digest = data[:-32], data[-32:]
    line, feed, rest = body.partition(b"\n")
    if not feed or sha256(body).digest() != digest:
        raise StateRefused(f"{path.name}: no state of a verification, or damaged; verify the whole log again")
    try:
        head = canonical_parse(line)
        if not isinstance(head, dict) or head.get("format") != FORMAT:
            raise StateRefused(f"{path.name}: not of the format {FORMAT}")
        peaks = [base64_decode(str(text)) for text in _list(head["peaks"])]
        tree = CompactRange(int(str(head["size"])), peaks)
        streams = StreamTable(kinds=[str(kind) for kind in _list(head["kinds"])], heads=dict(_heads(rest)))
        return VerifyState(origin=str(head["origin"]), tree=tree, streams=streams)
    except KeyError as error:
        raise StateRefused(f"{path.name}: {error} is missing") from None
    except (CoreError, ValueError, IndexError) as error:
        raise StateRefused(f"{path.name}: not a state this program writes: {error}") from None


def limited_bytes(path: Path, limit: int) -> bytes:
    """The bytes of a file beside the one to check. Raises `CoreError` when it is longer than it can be."""
    with regular(path) as source:
        data = source.read(limit + 1)
    if len(data) > limit:
        raise CoreError(f"{path.name}: longer than {limit} bytes")
    return data


def regular(path: Path) -> BinaryIO:
    """A file opened for reading. Raises `OSError` for a pipe, a device or a folder, which could never end."""
    if not stat.S_ISREG(path.stat().st_mode):
        raise OSError(EINVAL, "not a regular file (a pipe, a device or a folder)", str(path))
    return path.open("rb", buffering=CHUNK)


def _records(streams: StreamTable) -> Iterator[bytes]:
    """Key of 19 bytes, length of the head in one byte, head; many to a piece."""
    parts: list[bytes] = []
    for key, head in streams.heads.items():
        parts += (key, len(head).to_bytes(1), head)
        if len(parts) > 30_000:
            yield b"".join(parts)
            parts = []
    yield b"".join(parts)


def _heads(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at < len(data):
        start = at + _KEY_SIZE + 1
        end = start + data[start - 1]
        yield data[at : start - 1], data[start:end]
        at = end


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
