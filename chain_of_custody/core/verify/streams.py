"""Following streams through a log: numbering, links, recorded times, and the custody of items."""

from binascii import unhexlify
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from chain_of_custody.core.custody import ITEM_SCHEMA, ITEM_STREAM, Custody, custody_step
from chain_of_custody.core.errors import CustodyBroken
from chain_of_custody.core.shapes import Alike, Scan

_TIME_END = 32 + 27
_HEAD_END = _TIME_END + 7


class Fault(NamedTuple):
    """A step ("streams" or "custody"), the reason and a sentence."""

    step: str
    reason: str
    detail: str


class StreamTable:
    """The head of every stream seen, packed: hash, recorded time, sequence (7 bytes), custody state.

    One `bytes` key and one `bytes` value a stream keep a log of a million streams below 300 bytes each.
    """

    def __init__(self, *, kinds: Iterable[str] = (), heads: dict[bytes, bytes] | None = None) -> None:
        self._heads: dict[bytes, bytes] = {} if heads is None else heads
        self._kinds = {kind: number.to_bytes(3) for number, kind in enumerate(kinds)}

    @property
    def kinds(self) -> Iterable[str]:
        """Kinds of streams, in the order of their numbers in the keys."""
        return self._kinds

    @property
    def heads(self) -> Mapping[bytes, bytes]:
        """Head by key: 3 bytes for the kind, 16 for the UUID."""
        return self._heads

    def __len__(self) -> int:
        return len(self._heads)

    def follow(self, scan: Scan, entry_hash: bytes) -> list[Fault]:
        """Take the next entry of its stream; returns what does not follow from the one before."""
        kind = self._kinds.get(scan.kind)
        if kind is None:
            kind = self._kinds[scan.kind] = len(self._kinds).to_bytes(3)
        key = kind + bytes.fromhex(scan.stream.replace("-", ""))
        head = self._heads.get(key, b"")
        recorded = scan.recorded_at.encode()
        sequence = scan.sequence.to_bytes(7)
        before = (scan.sequence - 1).to_bytes(7)
        faults: list[Fault] = []
        if head[_TIME_END:_HEAD_END] != before or scan.previous != head[:32].hex() or recorded < head[32:_TIME_END]:
            faults = _link_faults(head, scan, recorded)
        custody = head[_HEAD_END:]
        if scan.schema == ITEM_SCHEMA:
            custody, broken = _custody(custody, scan)
            faults += broken
        self._heads[key] = b"".join((entry_hash, recorded, sequence, custody))
        return faults

    def follow_alike(self, alike: Alike, entry_hash: bytes) -> bool:
        """`follow` for an entry of a known shape: False where anything is amiss or new, with nothing taken."""
        scan = alike.shape.example
        kind = self._kinds.get(scan.kind)
        if kind is None:
            return False
        key = kind + unhexlify(alike.stream.replace(b"-", b""))
        head = self._heads.get(key, b"")
        sequence, recorded = alike.sequence, alike.recorded_at
        if head[_TIME_END:_HEAD_END] != (sequence - 1).to_bytes(7) if head else sequence != 1:
            return False
        if head[:32] != unhexlify(alike.previous) or recorded < head[32:_TIME_END]:
            return False
        custody = head[_HEAD_END:]
        if scan.schema == ITEM_SCHEMA:
            moved = _custody_alike(custody, alike)
            if moved is None:
                return False
            custody = moved
        self._heads[key] = entry_hash + recorded + sequence.to_bytes(7) + custody
        return True


def _custody_alike(state: bytes, alike: Alike) -> bytes | None:
    """`_custody` for an entry of a known shape, None where it is broken. A move from who holds it is the commonest."""
    example = alike.shape.example
    if example.kind != ITEM_STREAM:
        return None
    if alike.free is None and alike.shape.varying == _MOVED and example.verb in _MOVES:
        giver, item, to = alike.uuids()
        if item == alike.stream and state == _HELD + unhexlify(giver.replace(b"-", b"")):
            return _HELD + unhexlify(to.replace(b"-", b""))
    values = alike.values()
    stream = alike.stream.decode()
    if values.get("item", stream) != stream:
        return None
    try:
        return custody_step(Custody.unpack(state), example.verb, values).pack()
    except CustodyBroken:
        return None


_HELD = Custody(bytes(16)).pack()[:1]
_MOVED, _MOVES = ("from", "item", "to"), ("moved", "back_entered")


def _link_faults(head: bytes, scan: Scan, recorded: bytes) -> list[Fault]:
    if not head:
        if scan.sequence == 1:
            return []
        return [Fault("streams", "sequence-gap", f"its stream starts with sequence {scan.sequence}, not 1")]
    faults = []
    before = int.from_bytes(head[_TIME_END:_HEAD_END])
    if scan.sequence != before + 1:
        reason = "sequence-repeated" if scan.sequence <= before else "sequence-gap"
        faults.append(Fault("streams", reason, f"sequence {scan.sequence} follows sequence {before}"))
    if scan.previous != head[:32].hex():
        detail = f"previous does not name the entry before it (sequence {before}): one of the two was changed"
        faults.append(Fault("streams", "link-broken", detail))
    if recorded < head[32:_TIME_END]:
        detail = f"recorded at {scan.recorded_at}, before its predecessor's {head[32:_TIME_END].decode()}"
        faults.append(Fault("streams", "recorded-backwards", detail))
    return faults


def _custody(state: bytes, scan: Scan) -> tuple[bytes, list[Fault]]:
    if scan.kind != ITEM_STREAM:
        detail = f"schema {ITEM_SCHEMA} in a stream of kind {scan.kind!r}"
        return state, [Fault("custody", "custody-stream", detail)]
    if scan.values.get("item", scan.stream) != scan.stream:
        detail = f"values.item is {scan.values['item']!r}, the stream is that of {scan.stream}"
        return state, [Fault("custody", "custody-stream", detail)]
    try:
        return custody_step(Custody.unpack(state), scan.verb, scan.values).pack(), []
    except CustodyBroken as error:
        return state, [Fault("custody", error.reason, str(error))]
