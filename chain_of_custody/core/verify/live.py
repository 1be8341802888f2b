"""Verifying a live log at its address on this machine: checkpoint, every tile, every leaf (C2SP tlog-tiles).

The log reveals nothing of its entries, so this shows that the tree is the one that was signed, that it holds the leaves
it publishes, and that it continues a checkpoint kept before. Whether entries are sound an export shows.
"""

from collections.abc import Callable
from http.client import HTTPException
from queue import Empty, Queue
from threading import Thread
from time import monotonic
from typing import NamedTuple
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, ProxyHandler, build_opener

from chain_of_custody.core.canonical import Json
from chain_of_custody.core.checkpoint import Checkpoint
from chain_of_custody.core.errors import CoreError, KeyRefused
from chain_of_custody.core.merkle import CompactRange, leaf_hash, subtree_root
from chain_of_custody.core.note import VerifierKey
from chain_of_custody.core.tiles import WIDTH, Tile, index_path
from chain_of_custody.core.verify.keys import checkpoint_judge, signer_facts
from chain_of_custody.core.verify.report import Steps
from chain_of_custody.core.verify.state import KEPT, VerifyState, kept_judge

CHECKPOINT, KEY, TILES, LEAVES, OUTSIDE = "checkpoint", "key", "tiles", "leaves", "outside checkpoint"
LOOPBACK = frozenset(("127.0.0.1", "localhost", "::1"))
LARGEST = 1 << 20
SILENT_SECONDS, FILE_SECONDS, WHOLE_SECONDS = 30, 60, 3600

Fetch = Callable[[str], bytes | None]
"""The bytes at a path below the log's address, None when it has nothing there."""


class AddressRefused(CoreError):
    """An address is not one of this machine."""


class _Stop(NamedTuple):
    """Why the tiles could not be read on."""

    step: str
    reason: str
    detail: str
    path: str


class _Stopped(Exception):
    def __init__(self, stop: _Stop) -> None:
        super().__init__(stop.detail)
        self.stop = stop


class _NoRedirect(HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        """A log answers itself; whoever sends us elsewhere is not followed."""


def fetcher(address: str) -> Fetch:
    """Reads a log over HTTP on this machine. Raises `AddressRefused` for any other address.

    A log elsewhere is verified from an export: what is fetched over a network is worth what that network is worth.
    """
    try:
        parts = urlsplit(address)
        address.encode("ascii")
    except ValueError as error:
        raise AddressRefused(f"{address!a}: not an address: {error}") from None
    if parts.scheme not in ("http", "https") or parts.hostname not in LOOPBACK or parts.query or parts.fragment:
        raise AddressRefused(
            f"{address}: wanted is a log on this machine, like http://127.0.0.1:8000/log/; for others take an export"
        )
    opener = build_opener(ProxyHandler({}), _NoRedirect)
    prefix = address if address.endswith("/") else address + "/"

    ends = monotonic() + WHOLE_SECONDS

    def read(path: str) -> bytes | None:
        try:
            with opener.open(prefix + path, timeout=SILENT_SECONDS) as answer:
                data: bytes = answer.read(LARGEST)
                return data
        except HTTPError as error:
            error.close()
            return None
        except (HTTPException, ValueError) as error:
            raise OSError(f"{prefix + path} does not answer as a web server does: {error!r}") from None

    def fetch(path: str) -> bytes | None:
        return _within(min(FILE_SECONDS, ends - monotonic()), lambda: read(path))

    return fetch


def _within(seconds: float, call: Callable[[], bytes | None]) -> bytes | None:
    """What the call gives. Raises `TimeoutError` after so long, however slowly the answer trickles in."""
    answer: Queue[bytes | OSError | None] = Queue()

    def run() -> None:
        try:
            answer.put(call())
        except OSError as error:
            answer.put(error)

    Thread(target=run, daemon=True).start()
    try:
        found = answer.get(timeout=max(seconds, 0.001))
    except Empty:
        raise TimeoutError("the log did not answer in time") from None
    if isinstance(found, OSError):
        raise found
    return found


class LiveVerifier:
    """Checks one log. `fetch` is where its files come from."""

    def __init__(
        self,
        steps: Steps,
        fetch: Fetch,
        *,
        pinned: tuple[VerifierKey, ...] = (),
        outside: Checkpoint | None = None,
        state: VerifyState | None = None,
    ) -> None:
        self._steps = steps
        self._fetch = fetch
        self._pinned = pinned
        self._outside = outside
        self._state = state
        self._roots: dict[int, bytes] = {}
        self.note: bytes | None = None
        self.facts: dict[str, Json] = {}
        steps.begin(CHECKPOINT, KEY, TILES, LEAVES)
        if outside is not None:
            steps.begin(OUTSIDE)
        if state is not None:
            steps.begin(KEPT)

    def run(self) -> None:
        """Fetch everything and record every step. Raises `OSError` when the log does not answer."""
        checkpoint = self._checkpoint()
        if checkpoint is None:
            return
        try:
            self._check_tiles(checkpoint)
        except _Stopped as error:
            stop = error.stop
            self._steps.fail(stop.step, stop.reason, stop.detail, {"file": stop.path})
            return
        self._check_outside(checkpoint)
        if self._state is not None:
            kept = self._state.origin, self._state.tree.size, self._state.tree.root()
            kept_judge(self._steps, kept, checkpoint, self._roots)

    def _checkpoint(self) -> Checkpoint | None:
        data = self._fetch("checkpoint")
        if data is None:
            self._steps.fail(CHECKPOINT, "checkpoint-missing", "the log has no checkpoint", {"file": "checkpoint"})
            return None
        self.note = data
        judged = checkpoint_judge(self._steps, data, self._own_keys(), self._pinned, self._pinned)
        if judged is None:
            return None
        checkpoint, note = judged
        self.facts |= {
            "origin": checkpoint.origin,
            "size": checkpoint.size,
            "root": checkpoint.root.hex(),
        }
        self.facts |= signer_facts(note, self._pinned)
        return checkpoint

    def _own_keys(self) -> tuple[VerifierKey, ...]:
        """The key the log names itself, worth no more than that."""
        data = self._fetch("key")
        try:
            return () if data is None else (VerifierKey.parse(data.decode().strip()),)
        except (KeyRefused, UnicodeDecodeError):
            return ()

    def _check_tiles(self, checkpoint: Checkpoint) -> None:
        """Every tile level by level: leaves give the root, and each tile above holds the roots of those below."""
        tree, roots, count = CompactRange(), bytearray(), checkpoint.size
        for number in range(-(-count // WIDTH)):
            hashes = self._tile(0, number, count)
            self._check_bundle(number, hashes)
            self._grow(tree, hashes)
            if len(hashes) == WIDTH:
                roots += subtree_root(hashes)
        level = 1
        while roots:
            held, above = len(roots) // 32, bytearray()
            for number in range(-(-held // WIDTH)):
                path, hashes = _tile_at(level, number, held).path, self._tile(level, number, held)
                here = bytes(roots[32 * WIDTH * number : 32 * WIDTH * (number + 1)])
                if b"".join(hashes) != here:
                    detail = "it does not hold the roots of the tiles below"
                    raise _Stopped(_Stop(TILES, "tile-mismatch", detail, path))
                if len(hashes) == WIDTH:
                    above += subtree_root(hashes)
            level, roots = level + 1, above
        if tree.root() != checkpoint.root:
            self._steps.fail(TILES, "root-mismatch", "the tiles do not give the checkpoint's root")
        self._steps.done(TILES, f"every tile of {checkpoint.size} leaves, root as signed")
        self._steps.done(LEAVES, f"{checkpoint.size} leaves, each the one its tile holds")

    def _tile(self, level: int, number: int, count: int) -> list[bytes]:
        tile = _tile_at(level, number, count)
        data = self._fetch(tile.path)
        if data is None:
            raise _Stopped(_Stop(TILES, "tile-missing", "the log does not have this tile", tile.path))
        if len(data) != 32 * tile.width:
            detail = f"{len(data)} bytes, {tile.width} hashes have {32 * tile.width}"
            raise _Stopped(_Stop(TILES, "tile-malformed", detail, tile.path))
        return [data[at : at + 32] for at in range(0, len(data), 32)]

    def _check_bundle(self, number: int, hashes: list[bytes]) -> None:
        suffix = "" if len(hashes) == WIDTH else f".p/{len(hashes)}"
        path = f"tile/entries/{index_path(number)}{suffix}"
        data = self._fetch(path)
        if data is None:
            raise _Stopped(_Stop(LEAVES, "tile-missing", "the log does not have these leaves", path))
        if [leaf_hash(one) for one in _bundled(data)] != hashes:
            raise _Stopped(_Stop(LEAVES, "leaf-mismatch", "the leaves are not those of the tile", path))

    def _grow(self, tree: CompactRange, hashes: list[bytes]) -> None:
        """Take hashes into the tree, and note its root where a checkpoint or state kept outside is."""
        sizes = [self._outside.size] if self._outside else []
        sizes += [self._state.tree.size] if self._state else []
        for size in sorted(sizes):
            wanted = size - tree.size
            if 0 <= wanted <= len(hashes):
                tree.extend(hashes[:wanted])
                self._roots[size] = tree.root()
                hashes = hashes[wanted:]
        tree.extend(hashes)

    def _check_outside(self, here: Checkpoint) -> None:
        outside, steps = self._outside, self._steps
        if outside is None:
            return
        steps.done(OUTSIDE, f"compared with the checkpoint of size {outside.size}")
        if outside.origin != here.origin:
            steps.fail(OUTSIDE, "outside-origin", f"it is of {outside.origin!r}, the log is {here.origin!r}")
        elif outside.size > here.size:
            detail = f"the log stops at {here.size}, but one of {outside.size} entries was seen before"
            steps.fail(OUTSIDE, "outside-ahead", detail)
        elif outside.size and self._roots.get(outside.size) != outside.root:
            steps.fail(OUTSIDE, "outside-fork", "the log seen before is not a beginning of this one")


def _tile_at(level: int, number: int, count: int) -> Tile:
    """The tile of this number on a level of `count` hashes."""
    return Tile(level=level, index=number, width=min(count - number * WIDTH, WIDTH))


def _bundled(data: bytes) -> list[bytes]:
    """Entries of a bundle, each after its length in two bytes; cut-off ones as they are."""
    found, at = [], 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 2])
        found.append(data[at + 2 : at + 2 + size])
        at += 2 + size
    return found
