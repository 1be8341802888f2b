"""What a set costs its workers: the first query of a new one, and the memory several of them share.

A worker is a process of its own that opens the set as one does and identifies the queries. Memory is read from the
kernel's own account (`/proc/PID/smaps`): of a page that n processes map each is charged one n-th (Pss).
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Final, NamedTuple

from benchmarks.goals import Goal

ROOT: Final = Path(__file__).resolve().parents[1]
FIRST_MS: Final = 150
ONE_COPY: Final = 1.1
"""Memory of a set in several workers over that in one, a tenth allowed for pages not yet shared."""

_WORKER: Final = """
import sys, time
from pathlib import Path
from analysis.species.calibration import calibration_read
from analysis.species.identify import identify
from analysis.species.library import library_open
from analysis.species.report import identified_json
lines = Path(sys.argv[2]).read_text().split()[1::2]
began = time.perf_counter()
library = library_open(Path(sys.argv[1]))
calibration = calibration_read(library)
opened = time.perf_counter()
identified_json(identify(library, calibration, "q", lines[0].encode()))
first = time.perf_counter()
for line in lines[1:]:
    identify(library, calibration, "q", line.encode())
print(1000 * (opened - began), 1000 * (first - opened), flush=True)
sys.stdin.readline()
"""


class Mapped(NamedTuple):
    """Kilobytes of a set's files in one process: resident, its share, and written to (a copy of its own)."""

    resident: int
    share: int
    own: int


def _started(folder: Path, queries: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", _WORKER, str(folder), str(queries)],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def _told(worker: subprocess.Popen[str]) -> tuple[float, float]:
    """Milliseconds of opening and of the first query, told once all queries are done."""
    line = worker.stdout.readline() if worker.stdout else ""
    if not line:
        raise SystemExit("A worker of the benchmark ended early.")
    opened, first = map(float, line.split())
    return opened, first


def mapped(pid: int, folder: Path) -> Mapped:
    """What a process holds of the files of a folder."""
    sums = {"Rss": 0, "Pss": 0, "Private_Dirty": 0}
    inside = False
    for line in Path(f"/proc/{pid}/smaps").read_text().splitlines():
        if re.match(r"[0-9a-f]+-[0-9a-f]+ ", line):
            inside = f" {folder.resolve()}/" in line
        elif inside:
            name, _, rest = line.partition(":")
            if name in sums:
                sums[name] += int(rest.split()[0])
    return Mapped(sums["Rss"], sums["Pss"], sums["Private_Dirty"])


def first_query(folder: Path, queries: Path, rounds: int = 3) -> list[Goal]:
    """Wall time of opening a set, every byte checked, and of the first query in a new process, its imports done."""
    tries = []
    for _ in range(rounds):
        worker = _started(folder, queries)
        tries.append(_told(worker))
        worker.communicate("\n")
    opened, first = min(tries, key=sum)
    print(f"opening with every byte checked {opened:.0f} ms wall, first query after it {first:.0f} ms wall")
    return [Goal("first query of a new worker, ms on the clock", opened + first, FIRST_MS, most=True)]


def shared(folder: Path, queries: Path, count: int = 4) -> list[Goal]:
    """Memory of the set's files in one worker and in several at once, all having answered the same queries."""
    if not Path("/proc/self/smaps").exists():
        print("memory of workers: this system keeps no account of it")
        return []
    alone, together = _mapped_by(folder, queries, 1), _mapped_by(folder, queries, count)
    one, all_of_them = alone[0].resident, sum(item.share for item in together)
    own = max(item.own for item in together)
    print(
        f"memory of the set's files: one worker {one / 1024:.1f} MB; {count} workers each "
        f"{together[0].resident / 1024:.1f} MB, all of them together {all_of_them / 1024:.1f} MB; copies {own} kB"
    )
    return [Goal(f"memory of the set, {count} workers / one", all_of_them / one, ONE_COPY, most=True)]


def _mapped_by(folder: Path, queries: Path, count: int) -> list[Mapped]:
    workers = [_started(folder, queries) for _ in range(count)]
    for worker in workers:
        _told(worker)
    found = [mapped(worker.pid, folder) for worker in workers]
    for worker in workers:
        worker.communicate("\n")
    return found
