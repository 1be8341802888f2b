"""Tiles after C2SP tlog-tiles: where a log's hashes are published and what each file holds.

A tile of level L and index N holds up to 256 hashes of the tree nodes (8 * L, 256 * N + i). A partial tile
holds the first W of them. Full tiles never change.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from chain_of_custody.core.errors import ProofRefused
from chain_of_custody.core.merkle import NodeReader, subtree_root

HEIGHT = 8
WIDTH = 1 << HEIGHT

TileFetch = Callable[["Tile"], bytes]


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Tile:
    """Address of one tile; `width` is 256 for a full tile."""

    level: int
    index: int
    width: int = WIDTH

    @property
    def path(self) -> str:
        """Path below the log's prefix, for example `tile/0/x001/x234/067` or `tile/1/000.p/9`."""
        suffix = "" if self.width == WIDTH else f".p/{self.width}"
        return f"tile/{self.level}/{index_path(self.index)}{suffix}"


def index_path(index: int) -> str:
    """A tile index in groups of three digits, all but the last marked with x (C2SP tlog-tiles, "Merkle
    Tree").
    """
    groups = [f"{index % 1000:03d}"]
    while index := index // 1000:
        groups.append(f"x{index % 1000:03d}")
    return "/".join(reversed(groups))


def tiles_for(size: int) -> Iterator[Tile]:
    """Every tile of a tree of `size` leaves, full ones and the partial one at the end of each level."""
    level, count = 0, size
    while count:
        full, rest = divmod(count, WIDTH)
        yield from (Tile(level=level, index=index) for index in range(full))
        if rest:
            yield Tile(level=level, index=full, width=rest)
        level, count = level + 1, full


def tiles_between(old: int, new: int) -> Iterator[Tile]:
    """The tiles to publish when a tree grows from `old` to `new` leaves: those whose content is new."""
    level = 0
    while new:
        first = old // WIDTH
        full, rest = divmod(new, WIDTH)
        if new > old:
            yield from (Tile(level=level, index=index) for index in range(first, full))
            if rest:
                yield Tile(level=level, index=full, width=rest)
        level, old, new = level + 1, first, full


def tile_bytes(read: NodeReader, tile: Tile) -> bytes:
    """Content of a tile: its hashes one after the other, 32 bytes each."""
    start = tile.index * WIDTH
    return b"".join(read(tile.level * HEIGHT, start + offset) for offset in range(tile.width))


def tile_reader(fetch: TileFetch, size: int) -> NodeReader:
    """Read any complete node of a tree of `size` leaves through its tiles.

    `fetch` returns a tile's bytes. A node inside a tile is computed from the hashes below it in that tile.
    """

    def read(level: int, index: int) -> bytes:
        tile_level, inner = divmod(level, HEIGHT)
        first = index << inner
        tile_index = first // WIDTH
        held = min((size >> (tile_level * HEIGHT)) - tile_index * WIDTH, WIDTH)
        start = first - tile_index * WIDTH
        if start + (1 << inner) > held:
            raise ProofRefused(f"node ({level}, {index}) is not complete in a tree of {size} leaves")
        data = fetch(Tile(level=tile_level, index=tile_index, width=held))
        return subtree_root([data[32 * i : 32 * i + 32] for i in range(start, start + (1 << inner))])

    return read
