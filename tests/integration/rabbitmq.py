"""A RabbitMQ node for the tests, from Debian's packages: on loopback, random ports, all state in one folder.

Node and port mapper (epmd) are children of this process and are ended by their process ids. As root both run under an
ordinary account.
"""

import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from deploy.embedded.processes import NOBODY

PROGRAMS = {"/usr/lib/rabbitmq/bin/rabbitmq-server": "rabbitmq-server", "/usr/bin/epmd": "erlang-base"}
"""Program -> the Debian package it comes from. The wrapper on PATH would use the system's own folders."""

_START_SECONDS = 90
_CONFIGURATION = """\
listeners.tcp.local = 127.0.0.1:{port}
default_user = spoor
default_pass = {password}
loopback_users.spoor = true
log.console = true
log.console.level = info
log.file = false
disk_free_limit.absolute = 50MB
"""


def packages_missing() -> tuple[str, ...]:
    """Debian packages that would have to be installed."""
    return tuple(sorted({package for program, package in PROGRAMS.items() if not Path(program).exists()}))


@contextlib.contextmanager
def rabbitmq_node() -> Iterator[str]:
    """The address of a fresh broker, gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="spoor-rabbitmq-"))
    port, password = _free_port(), secrets.token_hex(16)
    (folder / "rabbitmq.conf").write_text(_CONFIGURATION.format(port=port, password=password))
    (folder / "enabled_plugins").write_text("[].\n")
    account = _account(folder)
    environment = _environment(folder)
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        log = stack.enter_context((folder / "node.log").open("wb"))

        def child(program: str) -> "subprocess.Popen[bytes]":
            process = subprocess.Popen(
                [program],
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                **account,
            )
            stack.callback(_end, process)
            return process

        _wait(child("/usr/bin/epmd"), int(environment["ERL_EPMD_PORT"]), folder, lambda _port: True)
        _wait(child("/usr/lib/rabbitmq/bin/rabbitmq-server"), port, folder, _speaks_amqp)
        yield f"amqp://spoor:{password}@127.0.0.1:{port}//"


def _account(folder: Path) -> dict[str, Any]:
    if os.geteuid() != 0:
        return {}
    for path in (folder, *folder.iterdir()):
        os.chown(path, NOBODY, NOBODY)
    return {"user": NOBODY, "group": NOBODY, "extra_groups": []}


def _environment(folder: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "LANG": "C.UTF-8",
        "HOME": str(folder),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "ERL_EPMD_PORT": str(_free_port()),
        "RABBITMQ_NODENAME": f"spoor-{secrets.token_hex(4)}@localhost",
        "RABBITMQ_DIST_PORT": str(_free_port()),
        "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled_plugins"),
        "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
        "RABBITMQ_LOG_BASE": str(folder / "log"),
        "RABBITMQ_GENERATED_CONFIG_DIR": str(folder / "generated"),
        "RABBITMQ_PID_FILE": str(folder / "node.pid"),
        "RABBITMQ_CONF_ENV_FILE": str(folder / "none.conf"),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
    }


def _wait(process: "subprocess.Popen[bytes]", port: int, folder: Path, ready: Callable[[int], bool]) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), timeout=2).close()
            if ready(port):
                return
        time.sleep(0.2)
    words = (folder / "node.log").read_text(errors="replace")[-3000:]
    raise AssertionError(f"{process.args!r} did not start (code {process.poll()}):\n{words}")


def _speaks_amqp(port: int) -> bool:
    with socket.create_connection(("127.0.0.1", port), timeout=5) as line:
        line.sendall(b"AMQP\x00\x00\x09\x01")
        return line.recv(1) == b"\x01"


def _end(process: "subprocess.Popen[bytes]") -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=20)
            return


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
