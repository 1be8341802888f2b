"""The log as others read it: C2SP tlog-tiles, and proofs that fit in a small file. Nothing here names an entry."""

import re
from uuid import UUID

from chain_of_custody.core.errors import ProofRefused
from chain_of_custody.core.merkle import inclusion_proof
from chain_of_custody.core.tiles import HEIGHT, WIDTH, Tile, index_path
from chain_of_custody.core.tlogproof import TlogProof
from chain_of_custody.models import Checkpoint, Leaf
from chain_of_custody.selectors.ledger import checkpoint_latest
from chain_of_custody.selectors.tree import node_reader, tile_content

_TILE = re.compile(
    r"(?P<level>0|[1-9][0-9]?|entries)/(?P<index>(?:x[0-9]{3}/)*[0-9]{3})(?:\.p/(?P<width>[1-9][0-9]{0,2}))?"
)
_LENGTH = (32).to_bytes(2, "big")


def tile_published(path: str) -> bytes | None:
    """What stands at `tile/…` of the log: hashes of a tile, or of `entries/N` the leaf data, each after its length.

    A partial tile is given out as long as its hashes are signed for, also once the full one is there. None where the
    path is not in its one form, or reaches beyond the newest checkpoint.
    """
    found = _TILE.fullmatch(path)
    if found is None:
        return None
    index = int(found["index"].replace("x", "").replace("/", ""))
    width = int(found["width"]) if found["width"] else WIDTH
    level = 0 if found["level"] == "entries" else int(found["level"])
    if index_path(index) != found["index"] or not _signed_for(level, index, width) or found["width"] == str(WIDTH):
        return None
    return _bundle(index, width) if found["level"] == "entries" else _hashes(level, index, width)


def _signed_for(level: int, index: int, width: int) -> bool:
    last = checkpoint_latest()
    held = 0 if last is None else last.size >> (HEIGHT * level)
    return width <= WIDTH and index * WIDTH + width <= held


def _hashes(level: int, index: int, width: int) -> bytes | None:
    try:
        return tile_content(Tile(level=level, index=index, width=width))
    except ProofRefused:
        return None


def _bundle(index: int, width: int) -> bytes:
    """Entry bundle (C2SP tlog-tiles, "Log Entries"): a big-endian two-byte length before each leaf's data."""
    span = Leaf.objects.filter(index__gte=index * WIDTH, index__lt=index * WIDTH + width).order_by("index")
    return b"".join(_LENGTH + bytes(data) for data in span.values_list("data", flat=True))


def tlogproof_of_stream(kind: str, id: UUID) -> TlogProof | None:  # noqa: A002 - the name in StreamKey
    """Proof of a stream's newest entry in the log; by its `previous` it speaks for all entries before.

    None while none of its entries has a signed place.
    """
    last = checkpoint_latest()
    if last is None:
        return None
    logged = Leaf.objects.filter(entry__stream__kind=kind, entry__stream__uuid=id, index__lt=last.size)
    leaf = logged.select_related("entry").order_by("-entry__sequence").first()
    return None if leaf is None else _proof(leaf, last)


def tlogproof_of_entry(kind: str, id: UUID, sequence: int) -> TlogProof | None:  # noqa: A002 - as above
    """Proof of one entry of a stream in the log; None while it has no signed place."""
    last = checkpoint_latest()
    if last is None:
        return None
    logged = Leaf.objects.filter(entry__stream__kind=kind, entry__stream__uuid=id, entry__sequence=sequence)
    leaf = logged.filter(index__lt=last.size).select_related("entry").first()
    return None if leaf is None else _proof(leaf, last)


def _proof(leaf: Leaf, last: Checkpoint) -> TlogProof:
    return TlogProof(
        index=leaf.index,
        hashes=tuple(inclusion_proof(node_reader(last.size), leaf.index, last.size)),
        checkpoint=last.text.encode(),
        extra=bytes(leaf.salt) + bytes(leaf.entry.hash),
    )
