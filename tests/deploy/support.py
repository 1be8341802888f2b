"""Homes for the tests of ``deploy``, and an ordinary account to act as."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from deploy.embedded.home import Home, first_closed_folder
from deploy.embedded.postgres import THROWAWAY, Cluster
from deploy.embedded.processes import NOBODY

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGES = next(Path(folder) for folder in sys.path if folder.endswith("site-packages"))


def quick_cluster(root: Path, durability: Mapping[str, str] = THROWAWAY) -> Cluster:
    """A prepared cluster, by default without fsync: most of these tests are not about lost power."""
    home = Home(root=root)
    home.prepare()
    return Cluster(home=home, durability=durability)


@contextmanager
def serving(cluster: Cluster) -> Iterator[Cluster]:
    """The cluster while its server runs."""
    cluster.initialise()
    server = cluster.start()
    try:
        cluster.wait_ready(server)
        cluster.provision()
        yield cluster
    finally:
        cluster.stop(server)


def free_port() -> int:
    """A port nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def ordinary_python() -> str:
    """A Python of our version that uid 65534 can run, since the tests' own may live in root's private folder."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for name in (os.path.realpath(sys.executable), shutil.which(version, path="/usr/bin:/usr/local/bin")):
        if name and first_closed_folder(Path(name), NOBODY) is None:
            return name
    pytest.skip(f"no {version} that an ordinary account (uid {NOBODY}) can reach")


def as_ordinary_user(code: str, *words: str) -> subprocess.CompletedProcess[str]:
    """Run Python code as an ordinary account: as ourselves, or as uid 65534 when we are root."""
    python, account = sys.executable, {}
    if os.geteuid() == 0:
        if first_closed_folder(ROOT, NOBODY) or first_closed_folder(PACKAGES, NOBODY):
            pytest.skip(f"the repository is closed to an ordinary account (uid {NOBODY})")
        python, account = ordinary_python(), {"user": NOBODY, "group": NOBODY, "extra_groups": []}
    return subprocess.run(
        [python, "-c", code, *words],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": f"{ROOT}:{PACKAGES}", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        **account,
    )


def eventually(question: Callable[[], bool], seconds: float = 120) -> bool:
    """Whether the answer becomes yes in time."""
    deadline = time.monotonic() + seconds
    while not question():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True
