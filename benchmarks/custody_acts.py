"""Custody acts through their services with many writers, against pgbench issuing the same SQL statements.

One PostgreSQL of its own with fsync on, thrown away afterwards; the application connects as the app role. Writers are
threads of two processes, as in the web part that `make up` starts; the moves of four and more are measured once more
with each writer a process of its own. The peer is PostgreSQL's own pgbench with as many clients: the same statements in
the same transactions on the same tables with all their triggers, rows locked and entries numbered for the row at hand;
only hashes and canonical bytes are constants. What it leaves out is all that Python does.

    python -m benchmarks.custody_acts [--seconds 6] [--skip-scan]
"""

# ruff: noqa: PLC0415  (models can be imported only after the address of the database is known)

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path

from benchmarks.custody_peer import peer, pgbench_script
from benchmarks.custody_scans import scans
from benchmarks.custody_work import BULK_ITEMS, WORKS, prepare
from benchmarks.goals import Goal, goals_print
from benchmarks.spoor_database import Bench, database

MOST_WRITERS = 16
WEB = 2
"""Processes of the web part; its threads are the writers."""
WARM = {"moves": 20, "handovers": 10, "bulk": 2}
"""Calls of each writer before the clock starts: connections of the web part live long, their plans are made once."""
TURNS = 3
"""Times that 4 and 16 writers are measured in turn, so that neither meets the fuller tables or the quieter minutes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Worked:
    """What one writer did: number of acts or entries, seconds, CPU seconds, seconds of each call."""

    done: int
    seconds: float
    cpu: float
    took: list[float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """All writers: acts a second, CPU milliseconds of Python an act, the 99th of 100 calls in milliseconds, and the
    share of the slowest writer in an even one: near 1 when nobody starves."""

    rate: float
    cpu: float
    p99: float
    least: float

    def __str__(self) -> str:
        return (
            f"{self.rate:7.0f} a second ({self.cpu:.2f} ms of Python each; p99 {self.p99:.0f} ms, slowest writer "
            f"{self.least:.2f} of an even share)"
        )


def worker(kind: str, writers: list[int], seconds: float) -> int:
    """Writers as threads of one process: says it is ready, waits for the start, works, prints each `Worked` as JSON."""
    import django

    django.setup()
    ready, go = threading.Barrier(len(writers) + 1), threading.Event()
    with ThreadPoolExecutor(len(writers)) as pool:
        running = [pool.submit(_write, kind, writer, seconds, ready, go) for writer in writers]
        ready.wait()
        print("ready", flush=True)
        sys.stdin.readline()
        used = time.process_time()
        go.set()
        found = [one.result() for one in running]
    cpu = (time.process_time() - used) / len(writers)
    print(json.dumps([asdict(Worked(done=done, seconds=took[-1], cpu=cpu, took=calls(took))) for done, took in found]))
    return 0


def _write(
    kind: str, writer: int, seconds: float, ready: threading.Barrier, go: threading.Event
) -> tuple[int, list[float]]:
    """One writer: acts or entries done, and the seconds from the start at which each call ended, the start first."""
    from django.db import connection

    act = WORKS[kind](writer)
    for _warm in range(WARM[kind]):
        act()
    ready.wait()
    go.wait()
    begun, done, ends = time.perf_counter(), 0, [0.0]
    while ends[-1] < seconds:
        done += act()
        ends.append(time.perf_counter() - begun)
    connection.close()
    return done, ends


def calls(ends: list[float]) -> list[float]:
    """Seconds of each call."""
    return [after - before for before, after in pairwise(ends)]


def measure(kind: str, writers: int, seconds: float, environment: dict[str, str], processes: int = WEB) -> Measured:
    """So many writers at once, threads of so many processes."""
    words = [sys.executable, "-m", "benchmarks.custody_acts", "--worker", kind, "--seconds", str(seconds)]
    started = [
        subprocess.Popen(
            [*words, "--writers", ",".join(map(str, range(number, writers, processes)))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        for number in range(min(processes, writers))
    ]
    for one in started:
        assert one.stdout is not None
        if one.stdout.readline().strip() != "ready":
            raise SystemExit(f"a writer of {kind} did not start")
    for one in started:
        assert one.stdin is not None
        one.stdin.write("go\n")
        one.stdin.flush()
    worked = [Worked(**each) for one in started for each in json.loads(one.communicate()[0])]
    number, took = sum(one.done for one in worked), sorted(second for one in worked for second in one.took)
    rates = [one.done / one.seconds for one in worked]
    return Measured(
        rate=sum(rates),
        cpu=1000 * sum(one.cpu for one in worked) / max(number, 1),
        p99=1000 * took[int(len(took) * 0.99)],
        least=min(rates) * writers / sum(rates),
    )


def acts(bench: Bench, seconds: float) -> list[Goal]:
    """The table of rates, each beside its peer in the same minute; returns what is held against a goal."""
    rates: dict[int, float] = {}
    others: dict[int, float] = {}
    ratio = 0.0
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "move.sql"
        script.write_text(pgbench_script(), encoding="ascii")
        for writers in (1, 4, MOST_WRITERS):
            found = measure("moves", writers, seconds, bench.environment)
            other = peer(bench, script, writers, seconds)
            rates[writers], others[writers], ratio = found.rate, other, found.rate / other
            print(f"  moves, {writers:>2} writers: acts {found}, pgbench {other:7.0f}, ratio {ratio:.2f}", flush=True)
            if writers > WEB:
                alone = measure("moves", writers, seconds, bench.environment, processes=writers)
                print(f"  … each a process of its own: acts {alone}, ratio {alone.rate / other:.2f}", flush=True)
    many = in_turn(bench, seconds)
    mean, turns = sum(many) / len(many), ", ".join(f"{one:.2f}" for one in many)
    print(f"  16 writers against 4, in turn: {turns}, mean {mean:.2f}; pgbench itself {others[16] / others[4]:.2f}")
    found = measure("handovers", MOST_WRITERS // 2 * 2, seconds, bench.environment)
    print(f"  hand-overs offered and received, {MOST_WRITERS} writers: acts {found}", flush=True)
    bulk = []
    for writers in (1, 2, 4):
        found = measure("bulk", writers, seconds, bench.environment)
        bulk.append(found.rate)
        print(f"  bulk, {writers} writers, {BULK_ITEMS} items a call: entries {found}", flush=True)
    return [
        Goal("acts a second, 16 writers", rates[MOST_WRITERS], 250),
        Goal("… share of pgbench with the same statements", ratio, 0.10),
        Goal("… 16 writers against 4, mean of turns", mean, 1),
        Goal("entries of bulk acts a second, one caller", bulk[0], 5000),
    ]


def in_turn(bench: Bench, seconds: float) -> list[float]:
    """Acts a second of 16 writers over those of 4, each pair measured one after the other, the order turned about."""
    found = []
    for turn in range(TURNS):
        order = (4, MOST_WRITERS) if turn % 2 == 0 else (MOST_WRITERS, 4)
        rates = {writers: measure("moves", writers, seconds, bench.environment).rate for writers in order}
        found.append(rates[MOST_WRITERS] / rates[4])
    return found


def run(seconds: float, *, skip_scan: bool = False) -> list[Goal]:
    """Measure on a database of its own, and print."""
    print(f"{os.cpu_count()} cores, {platform.system()} {platform.release()}, load {os.getloadavg()[0]:.1f}; fsync on")
    with database() as bench:
        import django

        django.setup()
        from django.db import connection

        prepare(MOST_WRITERS)
        goals = acts(bench, seconds)
        if not skip_scan:
            scans(bench)
        connection.close()
    print(f"load at the end {os.getloadavg()[0]:.1f}")
    return goals


def main(words: list[str]) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=6)
    parser.add_argument("--skip-scan", action="store_true")
    parser.add_argument("--worker", choices=sorted(WORKS), help=argparse.SUPPRESS)
    parser.add_argument("--writers", default="0", help=argparse.SUPPRESS)
    given = parser.parse_args(words)
    if given.worker:
        return worker(given.worker, [int(one) for one in given.writers.split(",")], given.seconds)
    goals_print(run(given.seconds, skip_scan=given.skip_scan))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
