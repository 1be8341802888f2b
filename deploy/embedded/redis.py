"""A Redis of our own, the broker that rings bells; what it acknowledged is on disk."""

import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from deploy.embedded.binaries import redis_program
from deploy.embedded.errors import PartFailed, log_tail
from deploy.embedded.home import Home, private_folder
from deploy.embedded.processes import spawn, stop


@dataclass(frozen=True, slots=True, kw_only=True)
class Broker:
    """One Redis server on a private socket in the home."""

    home: Home
    durable: bool = True
    databases: int = 16

    @property
    def log(self) -> Path:
        return self.home.logs / "redis.log"

    @property
    def socket(self) -> Path:
        return self.home.sockets / "redis" / "redis.sock"

    def url(self, database: int = 0) -> str:
        """Address for Celery (kombu's form)."""
        return f"redis+socket://{self.socket}?virtual_host={database}"

    def start(self) -> subprocess.Popen[bytes]:
        """Start the server and return at once; see ``wait_ready``. It ends with the calling process."""
        private_folder(self.socket.parent)
        with self.log.open("ab") as output:
            return spawn(
                [str(redis_program()), *self._options()],
                folder=self.home.broker,
                output=output,
                death_signal=signal.SIGTERM,
            )

    def wait_ready(self, server: subprocess.Popen[bytes], seconds: float = 30) -> None:
        """Wait until the server answers a PING; loading a long append-only file takes a while.

        Raises PartFailed with the log's last lines when it ends or does not answer in time.
        """
        deadline = time.monotonic() + seconds
        while not self.answers():
            if server.poll() is not None or time.monotonic() > deadline:
                state = "did not answer" if server.poll() is None else f"ended at once (code {server.returncode})"
                raise PartFailed(f"Redis {state}. Its last lines:\n{log_tail(self.log)}", remedy=f"read {self.log}")
            time.sleep(0.02)

    def answers(self) -> bool:
        """Whether the server replies to PING."""
        try:
            with socket.socket(socket.AF_UNIX) as link:
                link.settimeout(2)
                link.connect(str(self.socket))
                link.sendall(b"PING\r\n")
                return link.recv(64).startswith(b"+PONG")
        except OSError:
            return False

    def stop(self, server: subprocess.Popen[bytes]) -> None:
        """End the server after it wrote what it holds."""
        stop(server, grace=15)

    def _options(self) -> list[str]:
        settings = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(self.home.broker),
            "databases": str(self.databases),
            "appendonly": "yes" if self.durable else "no",
            "appendfsync": "always",
            "save": "",
            "maxmemory-policy": "noeviction",
            "daemonize": "no",
        }
        return [word for name, value in settings.items() for word in (f"--{name}", value)]
