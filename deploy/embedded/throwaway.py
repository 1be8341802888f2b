"""PostgreSQL and Redis for one test session: made when first asked for, gone with it however it ends.

``python -m deploy.embedded.throwaway HOME PID`` serves until process PID is gone, then removes HOME.
Readiness is told by the file ``HOME/ready``, trouble by ``HOME/failed``.
"""

import os
import select
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from deploy.embedded.errors import DeployError
from deploy.embedded.home import Home
from deploy.embedded.postgres import THROWAWAY, Cluster
from deploy.embedded.redis import Broker

REDIS_DATABASES = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Throwaway:
    """The two servers of a test session."""

    home: Home

    @property
    def cluster(self) -> Cluster:
        return Cluster(home=self.home, durability=THROWAWAY)

    @property
    def broker(self) -> Broker:
        return Broker(home=self.home, durable=False, databases=REDIS_DATABASES)

    def serve(self, session: int) -> None:
        """Run both servers until process ``session`` ends or this one is told to stop."""
        self.home.prepare()
        self.cluster.initialise()
        database, broker = self.cluster.start(), self.broker.start()
        try:
            self.cluster.wait_ready(database)
            self.broker.wait_ready(broker)
            self.cluster.provision()
            (self.home.root / "ready").touch()
            _wait_for_end(session)
        finally:
            _end(database, signal.SIGQUIT)
            _end(broker, signal.SIGKILL)


def _end(server: subprocess.Popen[bytes], number: int) -> None:
    # Nothing is kept, so nothing need be written.
    server.send_signal(number)
    server.wait(20)


def _wait_for_end(session: int) -> None:
    watched = os.pidfd_open(session)
    try:
        select.select([watched], [], [])
    except KeyboardInterrupt:
        return
    finally:
        os.close(watched)


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


def main(home: Path, session: int) -> int:
    """Serve, then remove the home."""
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        Throwaway(home=Home(root=home)).serve(session)
    except DeployError as error:
        (home / "failed").write_text(str(error), encoding="utf-8")
        return 1
    except KeyboardInterrupt:
        pass
    finally:
        if not (home / "failed").exists():
            shutil.rmtree(home, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2])))
