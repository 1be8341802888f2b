"""Child processes that never outlive their parent, under the account they need.

PostgreSQL refuses to run as root. Where root starts Spoor (a container, a rescue system) the server runs as
uid 65534 (``nobody``), when that account can reach the folders, else in a user namespace of its own, in
which root's files stay reachable but the process holds no capability outside. The choice is recorded in the
home, because it decides who owns the data.
"""

import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import IO

from deploy.embedded.errors import PartFailed, log_tail

NOBODY = 65534
_PR_SET_PDEATHSIG = 1
_CLONE_NEWUSER = 0x10000000


def _libc() -> ctypes.CDLL | None:
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        libc.prctl, libc.unshare  # noqa: B018  (looked up now: a lookup after fork could deadlock)
    except (OSError, AttributeError):
        return None
    return libc


_LIBC = _libc()


class Account(StrEnum):
    """Under which account a child runs."""

    SELF = "self"
    NOBODY = "nobody"
    NAMESPACE = "user-namespace"

    @property
    def file_owner(self) -> int:
        """The uid, seen from outside, that owns the files the child writes."""
        return NOBODY if self is Account.NOBODY else os.geteuid()


def _before_exec(account: Account, death_signal: int, parent: int, *, unhurried: bool) -> Callable[[], None]:
    """What the child does between fork and exec: leave root's namespace, and tie its life to the parent's."""

    def prepare() -> None:
        if unhurried and hasattr(os, "SCHED_BATCH"):
            with suppress(OSError):
                os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
        if account is Account.NAMESPACE and (_LIBC is None or _LIBC.unshare(_CLONE_NEWUSER) != 0):
            os._exit(126)
        if _LIBC is not None:
            _LIBC.prctl(_PR_SET_PDEATHSIG, death_signal)
        # The parent may have died before prctl took effect.
        if os.getppid() != parent:
            os._exit(125)

    return prepare


def spawn(
    argv: Sequence[str],
    *,
    account: Account = Account.SELF,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    output: int | IO[bytes] = subprocess.DEVNULL,
    death_signal: int = signal.SIGTERM,
    unhurried: bool = False,
) -> subprocess.Popen[bytes]:
    """Start a child in a session of its own; it gets ``death_signal`` when the caller dies, even by kill -9.

    An ``unhurried`` child and all it starts do not break into another's turn when they wake (SCHED_BATCH of
    sched(7)); their share of the processor is the same.

    On Linux the kernel watches the *thread* that forked, so call this from the main thread.
    """
    other = account is Account.NOBODY
    return subprocess.Popen(
        argv,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        env=None if environment is None else dict(environment),
        cwd=folder,
        start_new_session=True,
        preexec_fn=_before_exec(account, death_signal, os.getpid(), unhurried=unhurried),  # noqa: PLW1509  (one thread)
        user=NOBODY if other else None,
        group=NOBODY if other else None,
        extra_groups=[] if other else None,
    )


def run_once(
    argv: Sequence[str], *, account: Account, folder: Path, log: Path, what: str, timeout: float = 120
) -> None:
    """Run a short program to its end; its output goes to ``log``.

    Raises PartFailed with the last lines of the log when it ends with an error or not in time.
    """
    with log.open("ab") as output:
        child = spawn(argv, account=account, folder=folder, output=output, death_signal=signal.SIGKILL)
        try:
            code = child.wait(timeout)
        except subprocess.TimeoutExpired:
            stop(child, grace=1)
            code = None
    if code != 0:
        ending = f"did not end within {timeout:.0f} s" if code is None else f"ended with code {code}"
        raise PartFailed(f"{what} {ending}. Its last lines:\n{log_tail(log)}", remedy=f"read {log}")


def stop(child: subprocess.Popen[bytes], *, first: int = signal.SIGTERM, grace: float = 10) -> None:
    """Ask a child to end, and after ``grace`` seconds kill it with everything it started."""
    if child.poll() is None:
        child.send_signal(first)
        try:
            child.wait(grace)
        except subprocess.TimeoutExpired:
            kill_group(child.pid)
            child.wait(10)
    # Its own children (prefork workers) share its session's process group.
    kill_group(child.pid)


def kill_group(pid: int) -> None:
    """Kill a process group; one that is gone already is fine."""
    try:
        os.killpg(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A process as it can be recognised later: its number alone is given out again by the kernel."""

    pid: int
    started: str

    @property
    def alive(self) -> bool:
        return self.started != "" and start_time(self.pid) == self.started


def start_time(pid: int) -> str:
    """Boot id and start of a process in clock ticks since boot; empty when it is gone or a zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return ""
    return "" if fields[0] in "ZX" else f"{boot}:{fields[19]}"


def identity(pid: int) -> Identity:
    """The identity of a running process."""
    return Identity(pid=pid, started=start_time(pid))


def wait_gone(who: Identity, seconds: float) -> bool:
    """Whether the process ended within so many seconds."""
    deadline = time.monotonic() + seconds
    while who.alive:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True
