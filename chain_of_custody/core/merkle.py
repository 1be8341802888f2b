"""Merkle trees after RFC 6962 section 2.1 (the same trees as RFC 9162): roots, proofs, and growth in O(log
n).

A tree's complete subtrees are named (level, index): level 0 are the leaf hashes, and node (l, i) covers the
leaves [i * 2**l, (i + 1) * 2**l). Such a node never changes once complete, so a store keeps each of them
once. Functions that need nodes take a `NodeReader`, which answers for complete nodes only.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import sha256

from chain_of_custody.core.errors import ProofRefused

EMPTY_ROOT = sha256(b"").digest()

NodeReader = Callable[[int, int], bytes]


def leaf_hash(data: bytes) -> bytes:
    """Hash of one leaf: SHA-256 over a zero byte and the leaf data."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node: SHA-256 over a one byte and both children."""
    return sha256(b"\x01" + left + right).digest()


def merkle_root(leaves: Iterable[bytes]) -> bytes:
    """Root hash over leaf data given in order."""
    tree = CompactRange()
    tree.extend(leaf_hash(data) for data in leaves)
    return tree.root()


class CompactRange:
    """The complete subtrees a tree of `size` leaves consists of, largest first: at most log2(size) + 1
    hashes.

    It is all that appending needs. `size` and `hashes` restore it; `hashes` holds one hash per bit set in
    `size`.
    """

    __slots__ = ("_hashes", "size")

    def __init__(self, size: int = 0, hashes: Iterable[bytes] = ()) -> None:
        self.size = size
        self._hashes = list(hashes)
        if size < 0 or len(self._hashes) != size.bit_count():
            raise ProofRefused(f"a tree of {size} leaves has {max(size, 0).bit_count()} peaks, not {len(self._hashes)}")

    @property
    def hashes(self) -> tuple[bytes, ...]:
        """Roots of the complete subtrees, from the leftmost and largest on."""
        return tuple(self._hashes)

    def append(self, leaf: bytes) -> list[tuple[int, int, bytes]]:
        """Add one leaf hash; returns (level, index, hash) of every node that became complete, leaf first."""
        index, level, node = self.size, 0, leaf
        made = [(0, index, node)]
        while index & 1:
            node = sha256(b"\x01" + self._hashes.pop() + node).digest()
            index >>= 1
            level += 1
            made.append((level, index, node))
        self._hashes.append(node)
        self.size += 1
        return made

    def extend(self, leaves: Iterable[bytes]) -> None:
        """Add many leaf hashes without reporting the nodes made."""
        hashes, size = self._hashes, self.size
        for node in leaves:
            rest = size
            while rest & 1:
                node = sha256(b"\x01" + hashes.pop() + node).digest()  # noqa: PLW2901 - climbs to the parent
                rest >>= 1
            hashes.append(node)
            size += 1
        self.size = size

    def root(self) -> bytes:
        """Root hash of the tree of `size` leaves."""
        if not self._hashes:
            return EMPTY_ROOT
        root = self._hashes[-1]
        for peak in reversed(self._hashes[:-1]):
            root = node_hash(peak, root)
        return root


class MemoryTree:
    """A whole tree in memory, 64 bytes a leaf; `read` serves as a `NodeReader`."""

    __slots__ = ("_levels", "_range")

    def __init__(self, leaves: Iterable[bytes] = ()) -> None:
        self._levels: list[bytearray] = [bytearray()]
        self._range = CompactRange()
        for leaf in leaves:
            self.append(leaf)

    @property
    def size(self) -> int:
        return self._range.size

    def append(self, leaf: bytes) -> None:
        """Add one leaf hash."""
        for level, _, node in self._range.append(leaf):
            if level == len(self._levels):
                self._levels.append(bytearray())
            self._levels[level] += node

    def read(self, level: int, index: int) -> bytes:
        """Hash of the complete node (level, index)."""
        node = bytes(self._levels[level][32 * index : 32 * index + 32]) if level < len(self._levels) else b""
        if len(node) != 32:
            raise ProofRefused(f"node ({level}, {index}) is not complete in a tree of {self.size} leaves")
        return node

    def root(self, size: int | None = None) -> bytes:
        """Root of the first `size` leaves, of all of them by default."""
        return self._range.root() if size is None else tree_root(self.read, size)


def subtree_root(hashes: Sequence[bytes]) -> bytes:
    """Root over the hashes of a complete subtree: their number is a power of two."""
    level = list(hashes)
    while len(level) > 1:
        level = [node_hash(level[i], level[i + 1]) for i in range(0, len(level), 2)]
    return level[0]


def tree_root(read: NodeReader, size: int) -> bytes:
    """Root hash of the first `size` leaves."""
    return _range_root(read, 0, size) if size else EMPTY_ROOT


def compact_range(read: NodeReader, size: int) -> CompactRange:
    """The state from which a tree of `size` leaves can be extended."""
    return CompactRange(size, [read(level, index) for level, index in complete_nodes(0, size)])


def complete_nodes(start: int, end: int) -> Iterator[tuple[int, int]]:
    """The fewest complete nodes that cover the leaves [start, end), left to right."""
    while start < end:
        level = (end - start).bit_length() - 1
        if start:
            level = min(level, (start & -start).bit_length() - 1)
        yield level, start >> level
        start += 1 << level


def inclusion_proof(read: NodeReader, index: int, size: int) -> list[bytes]:
    """The audit path of leaf `index` in the tree of `size` leaves (RFC 6962 section 2.1.1), leaf end first.

    Raises `ProofRefused` when the tree has no such leaf.
    """
    if not 0 <= index < size:
        raise ProofRefused(f"a tree of {size} leaves has no leaf {index}")
    path = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(_range_root(read, middle, end))
            end = middle
        else:
            path.append(_range_root(read, start, middle))
            start = middle
    return path[::-1]


def consistency_proof(read: NodeReader, old: int, new: int) -> list[bytes]:
    """Proof that the tree of `old` leaves is a prefix of that of `new` leaves (RFC 6962 section 2.1.2).

    Empty when the sizes are equal or `old` is 0. Raises `ProofRefused` for sizes out of order.
    """
    if not 0 <= old <= new:
        raise ProofRefused(f"a tree of {new} leaves has no earlier state of {old} leaves")
    if old in (0, new):
        return []
    path = []
    start, end = 0, new
    while end != old:
        middle = start + _split(end - start)
        if old <= middle:
            path.append(_range_root(read, middle, end))
            end = middle
        else:
            path.append(_range_root(read, start, middle))
            start = middle
    if start:
        path.append(_range_root(read, start, end))
    return path[::-1]


def inclusion_verify(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether the leaf hash is at `index` of the tree with this size and root (RFC 9162 section 2.1.3.2)."""
    if not 0 <= index < size or len(leaf) != 32 or any(len(node) != 32 for node in proof):
        return False
    here, last, node = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if here & 1 or here == last:
            node = sha256(b"\x01" + sibling + node).digest()
            while here and not here & 1:
                here >>= 1
                last >>= 1
        else:
            node = sha256(b"\x01" + node + sibling).digest()
        here >>= 1
        last >>= 1
    return last == 0 and node == root


def consistency_verify(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the older tree is a prefix of the newer one (RFC 9162 section 2.1.4.2).

    RFC 9162 leaves size 0 open. As witnesses do (C2SP tlog-witness), the empty tree counts as a prefix of
    every tree, with an empty proof; its root must be the hash of no bytes.
    """
    if not 0 <= old <= new or any(len(node) != 32 for node in proof):
        return False
    if old == new:
        return not proof and old_root == new_root and (new > 0 or new_root == EMPTY_ROOT)
    if old == 0:
        return not proof and old_root == EMPTY_ROOT
    nodes = list(proof) if old & (old - 1) else [old_root, *proof]
    return bool(nodes) and _climb(old, new, nodes) == (old_root, new_root)


def _climb(old: int, new: int, nodes: Sequence[bytes]) -> tuple[bytes, bytes] | None:
    here, last = old - 1, new - 1
    while here & 1:
        here >>= 1
        last >>= 1
    old_root = new_root = nodes[0]
    for node in nodes[1:]:
        if last == 0:
            return None
        if here & 1 or here == last:
            old_root, new_root = node_hash(node, old_root), node_hash(node, new_root)
            while here and not here & 1:
                here >>= 1
                last >>= 1
        else:
            new_root = node_hash(new_root, node)
        here >>= 1
        last >>= 1
    return (old_root, new_root) if last == 0 else None


def _range_root(read: NodeReader, start: int, end: int) -> bytes:
    """Root of the leaves [start, end), where `start` is where RFC 6962's recursion would split."""
    nodes = [read(level, index) for level, index in complete_nodes(start, end)]
    root = nodes.pop()
    while nodes:
        root = node_hash(nodes.pop(), root)
    return root


def _split(count: int) -> int:
    """The largest power of two smaller than `count`."""
    return 1 << (count - 1).bit_length() - 1
