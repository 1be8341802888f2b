"""A live log at its address: every tile, every leaf, the checkpoint kept; and what a log can do wrong."""

import threading
from collections.abc import Callable, Iterator
from functools import partial
from hashlib import sha256
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from chain_of_custody.core.__main__ import main
from chain_of_custody.core.checkpoint import Checkpoint, checkpoint_sign
from chain_of_custody.core.merkle import CompactRange, MemoryTree, leaf_hash
from chain_of_custody.core.tiles import WIDTH, index_path, tile_bytes, tiles_for
from chain_of_custody.core.verify import Status
from chain_of_custody.core.verify.live import AddressRefused, LiveVerifier, fetcher
from chain_of_custody.core.verify.report import Report, Steps
from chain_of_custody.core.verify.state import VerifyState
from chain_of_custody.core.verify.streams import StreamTable
from tests.chain_of_custody.core.builders import LOG_KEY, ORIGIN, OTHER_KEY, reasons

SIZE = 70_000  # C2SP tlog-tiles gives the tiles of this size as its example
LEAVES = [sha256(b"leaf %d" % number).digest() for number in range(SIZE)]
TREE = MemoryTree(map(leaf_hash, LEAVES))
Files = dict[str, bytes]


def state(size: int) -> Checkpoint:
    return Checkpoint(origin=ORIGIN, size=size, root=TREE.root(size))


def published(size: int = SIZE) -> Files:
    files = {tile.path: tile_bytes(TREE.read, tile) for tile in tiles_for(size)}
    for number in range(-(-size // WIDTH)):
        held = LEAVES[number * WIDTH : min((number + 1) * WIDTH, size)]
        suffix = "" if len(held) == WIDTH else f".p/{len(held)}"
        files[f"tile/entries/{index_path(number)}{suffix}"] = b"".join(b"\x00\x20" + leaf for leaf in held)
    files["checkpoint"] = checkpoint_sign(state(size), LOG_KEY)
    files["key"] = f"{LOG_KEY.verifier}\n".encode()
    return files


WHOLE = published()


def judged(files: Files, *, pinned: bool = True, outside: Checkpoint | None = None) -> Report:
    steps = Steps()
    verifier = LiveVerifier(steps, files.get, pinned=(LOG_KEY.verifier,) if pinned else (), outside=outside)
    verifier.run()
    return Report(file="log", kind="log", steps=steps.numbered(), facts=verifier.facts)


def test_the_example_of_the_standard_has_its_tiles() -> None:
    """C2SP tlog-tiles: 273 full and one partial of 112, one full and one of 17, one of width 1."""
    tiles = list(tiles_for(SIZE))
    assert [(t.level, t.width) for t in tiles if t.width < WIDTH] == [(0, 112), (1, 17), (2, 1)]
    assert [sum(t.level == level and t.width == WIDTH for t in tiles) for level in range(3)] == [273, 1, 0]


def test_a_whole_log_passes_and_continues_every_older_state() -> None:
    assert judged(WHOLE).status is Status.PASSED
    assert judged(WHOLE, outside=state(SIZE)).status is Status.PASSED
    for size in (0, 1, 255, 256, 257, 65_536, 69_999):
        assert judged(WHOLE, outside=state(size)).status is Status.PASSED, size


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257])
def test_small_logs_pass(size: int) -> None:
    assert judged(published(size)).status is Status.PASSED


def test_without_a_key_nothing_is_proved() -> None:
    report = judged(WHOLE, pinned=False)
    assert (report.status, reasons(report)) == (Status.INDETERMINATE, {"key-not-pinned"})


def flipped(path: str) -> Callable[[Files], Files]:
    def change(files: Files) -> Files:
        data = bytearray(files[path])
        data[len(data) // 2] ^= 1
        return files | {path: bytes(data)}

    return change


@pytest.mark.parametrize(
    ("change", "reason", "file"),
    [
        (flipped("tile/0/000"), "leaf-mismatch", "tile/entries/000"),
        (flipped("tile/entries/272"), "leaf-mismatch", "tile/entries/272"),
        (flipped("tile/0/273.p/112"), "leaf-mismatch", "tile/entries/273.p/112"),
        (flipped("tile/1/000"), "tile-mismatch", "tile/1/000"),
        (flipped("tile/1/001.p/17"), "tile-mismatch", "tile/1/001.p/17"),
        (flipped("tile/2/000.p/1"), "tile-mismatch", "tile/2/000.p/1"),
        (lambda f: f | {"tile/0/001": f["tile/0/001"][:-1]}, "tile-malformed", "tile/0/001"),
        (lambda f: {n: d for n, d in f.items() if n != "tile/0/001"}, "tile-missing", "tile/0/001"),
        (lambda f: {n: d for n, d in f.items() if n != "tile/entries/001"}, "tile-missing", "tile/entries/001"),
        (lambda f: {n: d for n, d in f.items() if n != "checkpoint"}, "checkpoint-missing", "checkpoint"),
    ],
)
def test_a_file_of_the_log_changed(change: Callable[[Files], Files], reason: str, file: str) -> None:
    report = judged(change(WHOLE))
    assert report.status is Status.FAILED
    found = [finding for step in report.steps for finding in step.findings if finding.reason == reason]
    assert [finding.where["file"] for finding in found] == [file]


def test_leaf_and_tile_changed_together_do_not_give_the_root() -> None:
    forged = list(LEAVES[:WIDTH])
    forged[7] = bytes(32)
    files = WHOLE | {
        "tile/0/000": b"".join(map(leaf_hash, forged)),
        "tile/entries/000": b"".join(b"\x00\x20" + leaf for leaf in forged),
    }
    assert "tile-mismatch" in reasons(judged(files))
    small = published(200)
    small["tile/0/000.p/200"] = b"".join(map(leaf_hash, forged[:200]))
    small["tile/entries/000.p/200"] = b"".join(b"\x00\x20" + leaf for leaf in forged[:200])
    assert reasons(judged(small)) == {"root-mismatch"}


def test_another_signer_a_fork_and_a_rollback() -> None:
    assert reasons(judged(WHOLE | {"checkpoint": checkpoint_sign(state(SIZE), OTHER_KEY)})) >= {"signature-invalid"}
    fork = Checkpoint(origin=ORIGIN, size=300, root=bytes(32))
    assert reasons(judged(WHOLE, outside=fork)) == {"outside-fork"}
    assert reasons(judged(published(300), outside=state(301))) == {"outside-ahead"}
    elsewhere = Checkpoint(origin="log.elsewhere.example", size=300, root=TREE.root(300))
    assert reasons(judged(WHOLE, outside=elsewhere)) == {"outside-origin"}


@pytest.mark.parametrize(
    "address", ["http://log.example/", "http://10.0.0.1/log/", "ftp://127.0.0.1/", "http://127.0.0.1.example/log/"]
)
def test_addresses_of_other_machines_are_refused(address: str) -> None:
    with pytest.raises(AddressRefused):
        fetcher(address)
    with pytest.raises(SystemExit) as stop:
        main(["verify", address])
    assert stop.value.code in (64, 66)


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    for name, data in published(600).items():
        path = tmp_path / "log" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(tmp_path)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/log"
    server.shutdown()
    server.server_close()
    thread.join()


def test_the_command_reads_a_log_over_http(address: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    key = ["--key", str(LOG_KEY.verifier)]
    assert main(["verify", address, *key]) == 0
    assert main(["verify", address]) == 2
    assert main(["verify", f"{address}/", "--key", str(OTHER_KEY.verifier)]) == 1
    (tmp_path / "log" / "tile" / "0" / "001").unlink()
    assert main(["verify", address, *key]) == 1
    assert "tile-missing" in capsys.readouterr().out


def test_a_log_that_does_not_answer_has_its_own_exit_status() -> None:
    with pytest.raises(SystemExit) as stop:
        main(["verify", "http://127.0.0.1:9/log/"])
    assert stop.value.code == 66


def test_a_kept_state_is_compared_with_the_log_too() -> None:
    def against(tree: CompactRange, origin: str = ORIGIN) -> Report:
        steps = Steps()
        kept = VerifyState(origin=origin, tree=tree, streams=StreamTable())
        verifier = LiveVerifier(steps, published(300).get, pinned=(LOG_KEY.verifier,), outside=state(257), state=kept)
        verifier.run()
        return Report(file="log", kind="log", steps=steps.numbered(), facts=verifier.facts)

    true, other, longer = CompactRange(), CompactRange(), CompactRange()
    true.extend(map(leaf_hash, LEAVES[:256]))
    other.extend(map(leaf_hash, LEAVES[1:257]))
    longer.extend(map(leaf_hash, LEAVES[:301]))
    assert against(true).status is Status.PASSED
    assert reasons(against(other)) == {"state-fork"}
    assert reasons(against(longer)) == {"state-ahead"}
    assert reasons(against(true, "elsewhere")) == {"state-not-comparable"}
