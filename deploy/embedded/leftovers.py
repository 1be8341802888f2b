"""A database server that outlived its supervisor: found by its working folder, ended gently, its marks removed.

PostgreSQL refuses to start when the number in ``postmaster.pid``, or in the lock beside its socket, belongs to any
process, even to a stranger who was given that number after a restart, or to one that is dead but not yet collected.
Its own guard against survivors goes with ``postmaster.pid``, so the mark is removed only once no process is left on the
data. The caller must hold the home.
"""

import os
import signal
import time
from pathlib import Path

from deploy.embedded.errors import PartFailed


def processes_on(data: Path) -> list[int]:
    """Every process whose working folder is the data folder: server and backends all move there."""
    wanted = data.resolve()
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if (entry / "cwd").readlink() == wanted:
                    found.append(int(entry.name))
            except OSError:
                continue  # ended meanwhile, a zombie, or another account's
    return found


def leftovers_end(data: Path, socket_folder: Path, *, patience: float = 15) -> None:
    """End what still runs on the data, then remove the marks of what is gone.

    Raises PartFailed with the process numbers when something does not end.
    """
    server = _first_number(data / "postmaster.pid")
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        left = processes_on(data)
        # A fast shutdown is asked of the server alone; backends without one notice its death by themselves.
        for pid in [pid for pid in left if pid == server or number != signal.SIGINT]:
            _signal(pid, number)
        _await_none(data, patience)
    if left := processes_on(data):
        raise PartFailed(
            f"A PostgreSQL server of an earlier start does not end (processes {left}).",
            remedy="end them by hand with kill -9, then start again",
        )
    for mark in (data / "postmaster.pid", *socket_folder.glob(".s.PGSQL.*")):
        mark.unlink(missing_ok=True)


def _await_none(data: Path, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while processes_on(data) and time.monotonic() < deadline:
        time.sleep(0.1)


def _signal(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def _first_number(path: Path) -> int | None:
    try:
        first = path.read_text(encoding="utf-8").partition("\n")[0].strip()
    except FileNotFoundError:
        return None
    return int(first) if first.isdigit() else None
