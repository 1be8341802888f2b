"""Tiles: addresses as in C2SP tlog-tiles, and proofs read back through them."""

from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chain_of_custody.core.errors import ProofRefused
from chain_of_custody.core.merkle import MemoryTree, inclusion_proof, inclusion_verify, tree_root
from chain_of_custody.core.tiles import Tile, index_path, tile_bytes, tile_reader, tiles_between, tiles_for

HASHES = [sha256(b"%d" % number).digest() for number in range(70_000)]
TREE = MemoryTree(HASHES)


def test_addresses_of_the_specification() -> None:
    """C2SP tlog-tiles: index 1234067 is x001/x234/067; a log of 70,000 entries has these tiles."""
    assert index_path(1234067) == "x001/x234/067"
    assert index_path(0) == "000"
    paths = [tile.path for tile in tiles_for(70_000)]
    assert len(paths) == 274 + 2 + 1
    assert paths[:2] == ["tile/0/000", "tile/0/001"]
    assert paths[272:] == ["tile/0/272", "tile/0/273.p/112", "tile/1/000", "tile/1/001.p/17", "tile/2/000.p/1"]


def test_an_empty_log_has_no_tiles() -> None:
    assert list(tiles_for(0)) == []


def test_a_tile_holds_the_roots_of_the_tiles_below() -> None:
    below = tile_bytes(TREE.read, Tile(level=0, index=5))
    leaves = [below[start : start + 32] for start in range(0, len(below), 32)]
    assert leaves == HASHES[5 * 256 : 6 * 256]
    above = tile_bytes(TREE.read, Tile(level=1, index=0))
    assert above[5 * 32 : 6 * 32] == MemoryTree(leaves).root()


@given(st.integers(1, 70_000), st.integers(min_value=0))
@settings(max_examples=30, deadline=None)
def test_proofs_through_tiles(size: int, pick: int) -> None:
    stored = {tile.path: tile_bytes(TREE.read, tile) for tile in tiles_for(size)}
    read = tile_reader(lambda tile: stored[tile.path], size)
    index = pick % size
    root = MemoryTree(HASHES[:size]).root()
    assert tree_root(read, size) == root
    assert inclusion_verify(HASHES[index], index, size, inclusion_proof(read, index, size), root)


@given(st.integers(0, 70_000), st.integers(0, 70_000))
@settings(max_examples=50, deadline=None)
def test_growing_publishes_exactly_what_is_new(one: int, two: int) -> None:
    old, new = sorted((one, two))
    assert set(tiles_between(old, new)) == set(tiles_for(new)) - set(tiles_for(old))


def test_a_node_beyond_the_tree_is_refused() -> None:
    read = tile_reader(lambda tile: tile_bytes(TREE.read, tile), 300)
    for level, index in ((0, 300), (1, 150), (8, 1), (9, 0)):
        with pytest.raises(ProofRefused):
            read(level, index)
