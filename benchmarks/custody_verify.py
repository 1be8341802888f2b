"""Speed of the verifier: entries a second, memory for each stream, proofs, incremental verification.

    python -m benchmarks.custody_verify [ENTRIES ...]        default 100000 1000000; `benchmarks.custody` runs it too

Everything is generated here (synthetic). The peer, in the same run, reads the same file the plain way: `json` for line
and entry, `base64`, `hashlib`, the entry written again to see whether it is canonical, and the tree; it checks neither
forms, links, custody nor order.
"""

import base64
import gc
import hashlib
import json
import os
import platform
import random
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Iterable, Iterator
from pathlib import Path

from benchmarks.goals import Goal, goals_print
from chain_of_custody.core.checkpoint import Checkpoint, checkpoint_sign
from chain_of_custody.core.export import ExportHeader, ExportRow, Scope, export_write
from chain_of_custody.core.merkle import CompactRange, MemoryTree, inclusion_proof, inclusion_verify, leaf_hash
from chain_of_custody.core.note import SignerKey
from chain_of_custody.core.tiles import tile_bytes, tile_reader, tiles_for
from chain_of_custody.core.verify import Status, verify_file
from chain_of_custody.core.verify.state import state_read

FIXED = 1_200_000  # the read buffer of 1 MiB and the tables of shapes, whatever the number of streams
KEY = SignerKey("bench.example/log", bytes(range(32)))
ENTRY = (
    '{"act":"%s","actor":{"account":"%s","party":"%s","role":"custodian","via":"web"},'
    '"committed":{"actor.name":"%s","reason":"%s"},"happened_at":"%s.%06d+00:00","id":"%s","previous":%s,'
    '"recorded_at":"%s.%06dZ","schema":"%s","sequence":%d,"stream":{"id":"%s","kind":"%s"},"v":1,"values":%s,'
    '"verb":"%s"}'
)


class Maker:
    """Entries of items that are taken into custody and moved about, and one entry in ten about a case in free words."""

    def __init__(self, streams: int, seed: int = 7) -> None:
        self.random = random.Random(seed)
        self.items = [self.uuid() for _ in range(streams)]
        self.places = [self.uuid() for _ in range(50)]
        self.held: dict[str, str] = {}
        self.heads: dict[str, tuple[int, str]] = {}
        self.number = 0

    def uuid(self) -> str:
        text = f"{self.random.getrandbits(128):032x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"

    def entry(self) -> bytes:
        """The next entry, canonical by the way it is written."""
        number = self.number
        self.number += 1
        stream = self.items[number % len(self.items)]
        kind, schema = "item", "custody.item/1"
        if number % 10 == 9:
            kind, schema, verb = "case", "casework.case/1", "noted"
            values = f'{{"reference":"WF-2026-{number:06d}","weight":"{number % 1000}.5"}}'
        elif stream not in self.held:
            verb, place = "created", self.places[number % 50]
            values = f'{{"custodian":"{place}","item":"{stream}"}}'
            self.held[stream] = place
        else:
            verb, place = "moved", self.places[(number * 7 + 1) % 50]
            values = f'{{"from":"{self.held[stream]}","item":"{stream}","to":"{place}"}}'
            self.held[stream] = place
        return self._written(stream, kind, schema, verb, values)

    def _written(self, stream: str, kind: str, schema: str, verb: str, values: str) -> bytes:
        head = f"{kind}/{stream}"
        sequence, previous = self.heads.get(head, (0, ""))
        moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(1_772_000_000 + self.number // 50))
        digests = [f"{self.random.getrandbits(256):064x}" for _ in range(2)]
        link = f'"{previous}"' if previous else "null"
        claimed = (moment, self.number % 50)
        start = (self.uuid(), self.places[0], self.places[1], *digests, *claimed, self.uuid(), link)
        raw = (ENTRY % (*start, *claimed, schema, sequence + 1, stream, kind, values, verb)).encode()
        self.heads[head] = (sequence + 1, hashlib.sha256(b"spoor/entry/v1\0" + raw).hexdigest())
        return raw


class BenchLog:
    """A log of `size` generated entries: its leaves in a tree, its rows made again for every file written."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.tree = MemoryTree()
        self.streams = max(size // 10, 1)

    def rows(self, start: int, end: int) -> Iterator[ExportRow]:
        """Rows from `start` to `end`; the first time through, the tree grows with them."""
        maker = Maker(self.streams)
        for index in range(end):
            raw = maker.entry()
            salt = hashlib.sha256(b"salt %d" % index).digest()
            leaf = hashlib.sha256(
                b"spoor/leaf/v1\0" + salt + hashlib.sha256(b"spoor/entry/v1\0" + raw).digest()
            ).digest()
            if index == self.tree.size:
                self.tree.append(leaf_hash(leaf))
            if index >= start:
                yield ExportRow(raw, index, leaf, salt)

    def header(self, size: int, start: int = 0) -> ExportHeader:
        """Header of an export of the first `size` entries, or of those from `start` on."""
        checkpoint = Checkpoint(origin=KEY.name, size=size, root=self.tree.root(size))
        note = checkpoint_sign(checkpoint, KEY)
        return ExportHeader(origin=KEY.name, scope=Scope.FULL, checkpoint=note, keys=(KEY.verifier,), start=start)

    def write(self, path: Path, size: int, start: int = 0) -> None:
        """Write an export file; without `start` the whole log, which must be made first."""
        with path.open("wb") as out:
            export_write(out, self.header(size, start), self.rows(start, size))


def peer(path: Path) -> int:
    """The plain way: json, base64, hashlib, and the tree."""
    tree, entries, digest = CompactRange(), 0, hashlib.sha256()
    with path.open("rb") as source:
        header = source.readline()
        digest.update(header)
        for line in source:
            row = json.loads(line)
            if "digest" in row:
                assert row["digest"] == digest.hexdigest()
                break
            digest.update(line)
            raw = base64.b64decode(row["entry"], validate=True)
            entry = json.loads(raw)
            assert json.dumps(entry, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode() == raw
            hashed = hashlib.sha256(b"spoor/entry/v1\0" + raw).digest()
            leaf = hashlib.sha256(b"spoor/leaf/v1\0" + base64.b64decode(row["leaf_salt"]) + hashed).digest()
            assert leaf == base64.b64decode(row["leaf"])
            tree.extend((leaf_hash(leaf),))
            entries += 1
    assert tree.root()
    return entries


def timed(what: str, number: int, work: object) -> tuple[float, float]:
    """Run once; print wall and processor time with rates. Returns processor and wall seconds."""
    gc.collect()
    wall, cpu = time.perf_counter(), time.process_time()
    work()  # type: ignore[operator]
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    rates = f"{number / wall:9.0f}/s wall {number / cpu:9.0f}/s processor"
    print(f"  {what:44} {wall:7.2f} s wall {cpu:7.2f} s processor {rates}", flush=True)
    return cpu, wall


def memory(path: Path) -> float:
    """Bytes the verifier holds at most, for each stream, above what it holds for a file of few streams."""
    if path.stat().st_size > 300_000_000:
        return memory_of_process(path)
    tracemalloc.start()
    report = verify_file(path, pinned=(KEY.verifier,))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert report.status is Status.PASSED
    streams = int(str(report.facts["streams"]))
    print(f"  memory at most {peak / 1e6:.1f} MB; {(peak - FIXED) / streams:.0f} bytes a stream ({streams} streams)")
    return (peak - FIXED) / streams


def memory_of_process(path: Path) -> float:
    """As `memory`, where tracing would take too long: the most a process of its own held, less what it began with."""
    words = [sys.executable, "-m", "benchmarks.custody_verify", "--held", str(path)]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    before, after, streams = map(int, done.stdout.split())
    print(f"  memory {after / 1e6:.1f} MB, {before / 1e6:.1f} MB of it Python and our modules ({streams} streams)")
    return (after - before - FIXED) / streams


def held(path: Path) -> int:
    """Verify in this process; print the most memory it held before and after, and the number of streams."""

    def most() -> int:
        status = Path("/proc/self/status").read_text(encoding="ascii")
        return 1024 * int(status.partition("VmHWM:")[2].split()[0])

    before = most()
    report = verify_file(path, pinned=(KEY.verifier,))
    print(before, most(), report.facts["streams"])
    return 0


def proofs(log: BenchLog) -> float:
    """Make and check the inclusion proof of random leaves, with the tiles at hand."""
    pick = random.Random(3)
    root = log.tree.root()
    worst = total = 0.0
    tiles = {tile: tile_bytes(log.tree.read, tile) for tile in tiles_for(log.size)}
    for _ in range(50):
        index = pick.randrange(log.size)
        began = time.perf_counter()
        proof = inclusion_proof(tile_reader(tiles.__getitem__, log.size), index, log.size)
        assert inclusion_verify(log.tree.read(0, index), index, log.size, proof, root)
        spent = time.perf_counter() - began
        worst, total = max(worst, spent), total + spent
    print(f"  inclusion proof of one of {log.size}: mean {total / 50 * 1e3:.2f} ms, worst of 50 {worst * 1e3:.2f} ms")
    return total / 50 * 1e3


def incremental(log: BenchLog, folder: Path) -> float:
    """Verify all but the last 1,000 entries, keep the state, then verify only those from it."""
    before, new = folder / "before.jsonl", folder / "new.jsonl"
    kept = folder / "state"
    log.write(before, log.size - 1000)
    log.write(new, log.size, log.size - 1000)
    report = verify_file(before, pinned=(KEY.verifier,), save=kept)
    assert report.status is Status.PASSED
    before.unlink()

    def run() -> None:
        assert verify_file(new, pinned=(KEY.verifier,), state=state_read(kept)).status is Status.PASSED

    _cpu, wall = timed(f"last 1,000 of {log.size} from a kept state", 1000, run)
    print(f"  state file {kept.stat().st_size / 1e6:.1f} MB")
    return wall


def measure(size: int, folder: Path) -> list[Goal]:
    """Everything for one size; returns what is held against a goal. Rates are of processor time."""
    print(f"{size} entries, load {os.getloadavg()[0]:.1f}", flush=True)
    log, path = BenchLog(size), folder / "log.jsonl"
    for _ in log.rows(0, size):
        pass
    log.write(path, size)
    print(f"  file {path.stat().st_size / 1e6:.0f} MB", flush=True)

    def ours() -> None:
        assert verify_file(path, pinned=(KEY.verifier,)).status is Status.PASSED

    mine, _wall = timed("verify_file, everything checked", size, ours)
    plain, _wall = timed("peer: json, base64, hashlib, tree", size, lambda: peer(path))
    print(f"  ratio (processor time of the peer / ours) {plain / mine:.2f}")
    of = f"of {size:,}"
    goals = [Goal(f"entries verified a processor second, {of}", size / mine, 50_000)]
    goals.append(Goal(f"bytes of memory a stream, {of}", memory(path), 300, most=True))
    path.unlink()
    goals.append(Goal(f"milliseconds for a proof, mean, one {of}", proofs(log), 5, most=True))
    goals.append(Goal(f"seconds for the last 1,000 {of}", incremental(log, folder), 1, most=True))
    return goals


SIZES = (100_000, 1_000_000)


def run(sizes: Iterable[int]) -> list[Goal]:
    """Measure each size."""
    print(f"{os.cpu_count()} cores, {platform.system()} {platform.release()}, Python {platform.python_version()}")
    goals = []
    for size in sizes:
        with tempfile.TemporaryDirectory(prefix="spoor-bench-") as folder:
            goals += measure(size, Path(folder))
    return goals


def main() -> int:
    """Measure each size named on the command line."""
    if sys.argv[1:2] == ["--held"]:
        return held(Path(sys.argv[2]))
    goals_print(run([int(argument) for argument in sys.argv[1:]] or SIZES))
    return 0


if __name__ == "__main__":
    sys.exit(main())
