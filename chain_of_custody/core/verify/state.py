"""What a reader keeps after a verification, so that the next one looks at new entries only.

The state is the reader's own: it says what was verified before and is trusted like a note on one's own desk. It holds
the log's name, size, root and peaks, and the head of every stream.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from chain_of_custody.core.canonical import canonical_bytes, canonical_parse
from chain_of_custody.core.errors import CoreError
from chain_of_custody.core.merkle import CompactRange
from chain_of_custody.core.note import base64_decode, base64_encode
from chain_of_custody.core.verify.streams import StreamTable

FORMAT = "spoor-verify-state/1"
_KEY_SIZE = 19


class StateRefused(CoreError):
    """A state file is damaged or is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyState:
    """The log as it was verified: name, tree, and the heads of its streams (used up by the next verification)."""

    origin: str
    tree: CompactRange
    streams: StreamTable


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
    data = path.read_bytes()
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
