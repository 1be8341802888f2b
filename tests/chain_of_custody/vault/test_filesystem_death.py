"""The folder store when it dies, when the disk is full, with many at once, and what memory it takes."""

import io
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from chain_of_custody.vault.errors import (
    StoreFull,
)
from chain_of_custody.vault.filesystem_store import FilesystemStore
from tests.chain_of_custody.vault.contract import (
    ABC,
    Pattern,
    compliance,
    content_of,
    digests,
    leftovers,
    put,
)

ROOT = Path(__file__).resolve().parents[3]


_PRELUDE = """
import io, os, resource, signal, sys
from datetime import timedelta
from pathlib import Path
from chain_of_custody.vault import filesystem_store
from chain_of_custody.vault.filesystem_store import FilesystemStore
from chain_of_custody.vault.objects import Retention, RetentionMode, utc_now
from tests.chain_of_custody.vault.contract import Pattern, compliance
store = FilesystemStore(Path(sys.argv[1]))
lock = compliance(hours=1)
"""


def child(script: str, *arguments: str | Path) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "SPOOR_TESTS_PURE": "1"}
    return subprocess.Popen(
        [sys.executable, "-c", _PRELUDE + script, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        cwd=ROOT,
    )


class TestDeath:
    """kill -9 stands for the power cut: nothing after it runs, no clean-up, no flush."""

    def test_while_receiving(self, store: FilesystemStore) -> None:
        process = child(
            """
class Slow:
    sent = 0
    def read(self, size=-1):
        if self.sent >= 3_000_000:
            print("half", flush=True)
            signal.pause()
        self.sent += 1_000_000
        return b"x" * 1_000_000
store.put_stream(Slow(), retention=lock)
""",
            store.root,
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "half\n"
        assert len(leftovers(store)) == 1
        FilesystemStore(store.root)
        assert len(leftovers(store)) == 1, "a living writer's file is spared"
        self._age(store)
        FilesystemStore(store.root)
        assert len(leftovers(store)) == 1, "even an old one"
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=120)
        assert digests(store) == []
        FilesystemStore(store.root)
        assert leftovers(store) == [], "a dead writer's file is swept"

    # The last steps of a put, each cut right before it: (function patched in the store's module, what is visible then)
    @pytest.mark.parametrize(
        ("step", "visible"),
        [
            ("filesystem_store.os.fchmod", False),
            ("filesystem_store.sidecar_write", False),
            ("filesystem_store.os.link", False),
            ("filesystem_store.folder_sync", True),
        ],
    )
    def test_at_every_step(self, store: FilesystemStore, step: str, visible: bool) -> None:
        module, _, function = step.rpartition(".")
        process = child(
            f"""
def die(*_arguments, **_options):
    os.kill(os.getpid(), signal.SIGKILL)
{module}.{function} = die
store.put_stream(io.BytesIO(b"abc"), retention=lock)
""",
            store.root,
        )
        _out, errors = process.communicate(timeout=120)
        assert process.returncode == -signal.SIGKILL, errors
        assert digests(store) == ([ABC] if visible else [])
        if visible:
            assert store.stat(ABC).retention is not None, "an object is never visible without its lock"
        again = FilesystemStore(store.root)
        assert put(again, b"abc") == ABC
        assert content_of(again, ABC) == b"abc"

    @staticmethod
    def _age(store: FilesystemStore) -> None:
        for path in (store.root / "incoming").iterdir():
            os.utime(path, (time.time() - 3600, time.time() - 3600))


class TestFullDisk:
    def test_no_half_object_and_a_clear_word(self, store: FilesystemStore) -> None:
        process = child(
            """
resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, 2_000_000))
from chain_of_custody.vault.errors import StoreFull
try:
    store.put_stream(Pattern(5_000_000), retention=lock)
except StoreFull as error:
    print(error, error.remedy)
print(store.put_stream(io.BytesIO(b"abc"), retention=lock).digest)
""",
            store.root,
        )
        out, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors
        assert "no room" in out
        assert "nothing was stored" in out
        assert out.splitlines()[-1] == ABC, "a smaller file still goes in"
        assert digests(store) == [ABC]
        assert leftovers(store) == []

    @pytest.fixture
    def tiny_volume(self, tmp_path: Path) -> Iterator[Path]:
        volume = tmp_path / "volume"
        volume.mkdir()
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(volume)], capture_output=True, check=False
        )
        if mounted.returncode != 0:
            pytest.skip("mounting a small volume needs root with the right to mount")
        yield volume
        subprocess.run(["umount", str(volume)], check=True)

    def test_full_volume(self, tiny_volume: Path) -> None:
        store = FilesystemStore(tiny_volume / "vault")
        put(store, b"abc")
        with pytest.raises(StoreFull):
            store.put_stream(Pattern(6_000_000), retention=compliance(minutes=2))
        assert digests(store) == [ABC]
        assert content_of(store, ABC) == b"abc"
        source = Pattern(1_000_000)
        assert store.put_stream(source, retention=compliance(minutes=2)).size == 1_000_000


class TestTogether:
    def test_same_content_from_many_threads(self, store: FilesystemStore) -> None:
        barrier, longest = threading.Barrier(6), compliance(minutes=5, seconds=59)
        answers: list[str] = []

        def work(minutes: int) -> None:
            barrier.wait()
            stored = store.put_stream(io.BytesIO(b"same" * 500_000), retention=compliance(minutes=minutes))
            answers.append(stored.digest)

        threads = [threading.Thread(target=work, args=(minutes,)) for minutes in range(1, 7)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(answers) == 6
        assert digests(store) == sorted(set(answers))
        kept = store.stat(answers[0]).retention
        assert kept is not None
        assert kept.covers(longest), "the longest promise stands"

    def test_changes_of_one_record_are_not_lost(self, store: FilesystemStore) -> None:
        digest = put(store, b"record", compliance(minutes=1))
        barrier, longest = threading.Barrier(2), compliance(minutes=10, seconds=59)

        def extend() -> None:
            barrier.wait()
            for minutes in range(2, 12):
                store.extend_retention(digest, retention=compliance(minutes=minutes))

        def hold() -> None:
            barrier.wait()
            for _ in range(10):
                store.legal_hold_clear(digest)
                store.legal_hold_set(digest)

        threads = [threading.Thread(target=extend), threading.Thread(target=hold)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        after = store.stat(digest)
        assert after.legal_hold is True
        assert after.retention is not None
        assert after.retention.covers(longest)


_STREAM_AND_MEASURE = """
size = int(sys.argv[2])
store.put_stream(io.BytesIO(b"warm up" * 500_000), retention=lock)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
source = Pattern(size)
stored = store.put_stream(source, retention=lock)
with store.open(stored.digest) as reader:
    read = sum(len(piece) for piece in reader)
assert stored.digest == source.digest and read == size
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def _kilobytes_more(store: FilesystemStore, size: int) -> int:
    process = child(_STREAM_AND_MEASURE, store.root, str(size))
    out, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    return int(out)


class TestMemory:
    def test_does_not_grow_with_the_file(self, store: FilesystemStore) -> None:
        assert _kilobytes_more(store, 256 << 20) < 8_000

    @pytest.mark.slow
    @pytest.mark.integration
    def test_two_gigabytes(self, store: FilesystemStore) -> None:
        if shutil.disk_usage(store.root).free < 5 << 30:
            pytest.skip("needs 5 GB of free disk")
        assert _kilobytes_more(store, 2 << 30) < 8_000
