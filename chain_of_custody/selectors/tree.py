"""The log's Merkle tree, read from stored tiles and the newest leaves: O(log n) rows for any proof."""

from chain_of_custody.core.errors import ProofRefused
from chain_of_custody.core.merkle import NodeReader, leaf_hash
from chain_of_custody.core.tiles import WIDTH, Tile, TileFetch, tile_reader
from chain_of_custody.models import Leaf
from chain_of_custody.models import Tile as TileRow


def node_reader(size: int) -> NodeReader:
    """Any complete node of the tree of the first `size` leaves; every tile is read once."""
    return tile_reader(tile_fetcher(), size)


def tile_fetcher() -> TileFetch:
    """A reader of tiles that remembers what it read."""
    cache: dict[Tile, bytes] = {}

    def fetch(tile: Tile) -> bytes:
        if tile not in cache:
            cache[tile] = tile_content(tile)
        return cache[tile]

    return fetch


def tile_content(tile: Tile) -> bytes:
    """The hashes of a tile, 32 bytes each. Raises `ProofRefused` when the log does not have them all."""
    stored = TileRow.objects.filter(level=tile.level, index=tile.index).values_list("hashes", flat=True).first()
    data = _newest(tile) if stored is None else bytes(stored)
    if len(data) < 32 * tile.width:
        raise ProofRefused(f"tile {tile.path} has {len(data) // 32} of {tile.width} hashes")
    return data[: 32 * tile.width]


def _newest(tile: Tile) -> bytes:
    """Hashes of a tile that is not stored yet: of leaves, or roots of full tiles below."""
    span = range(tile.index * WIDTH, tile.index * WIDTH + tile.width)
    if tile.level == 0:
        leaves = Leaf.objects.filter(index__gte=span.start, index__lt=span.stop).order_by("index")
        return b"".join(leaf_hash(bytes(data)) for data in leaves.values_list("data", flat=True))
    below = TileRow.objects.filter(level=tile.level - 1, index__gte=span.start, index__lt=span.stop)
    return b"".join(bytes(root) for root in below.order_by("index").values_list("root", flat=True))
