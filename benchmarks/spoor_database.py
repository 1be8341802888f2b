"""A migrated PostgreSQL of a benchmark's own, fsync on, thrown away afterwards."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.embedded.environment import ROOT
from deploy.embedded.home import Home
from deploy.embedded.postgres import APP, DATABASE, OWNER, SUPERUSER, Cluster
from deploy.keys import keys_make


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """Where the server is; `programs` holds pgbench, `environment` is for processes that use the application."""

    superuser: str
    app: str
    programs: Path
    environment: dict[str, str]


@contextmanager
def database() -> Iterator[Bench]:
    """The server as an embedded home has it, migrated; Django is not loaded yet, but will find this database."""
    home = Home(root=Path(tempfile.mkdtemp(prefix="spoor-bench-")))
    home.prepare()
    keys_make(home.secrets, "spoor.bench/log")
    cluster = Cluster(home=home)
    cluster.initialise()
    server = cluster.start()
    try:
        cluster.wait_ready(server)
        cluster.provision()
        os.environ.update(
            DJANGO_SETTINGS_MODULE="lims.config.settings",
            SPOOR_MODE="test",
            SPOOR_HOME=str(home.root),
            SPOOR_DATABASE_URL=cluster.url(APP),
            SPOOR_BROKER_URL="memory://",
            SPOOR_LOG_LEVEL="ERROR",
        )
        owner = {**os.environ, "SPOOR_DATABASE_URL": cluster.url(OWNER)}
        migrate = [sys.executable, "manage.py", "migrate", "--no-input", "--verbosity", "0"]
        subprocess.run(migrate, cwd=ROOT, env=owner, check=True)
        yield Bench(
            superuser=cluster.url(SUPERUSER, DATABASE),
            app=cluster.url(APP),
            programs=cluster.programs.folder,
            environment=dict(os.environ),
        )
    finally:
        cluster.stop(server)
        shutil.rmtree(home.root, ignore_errors=True)
