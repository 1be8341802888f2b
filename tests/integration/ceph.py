"""A real S3 server with Object Lock for the tests: Ceph on one node, on loopback, all state in one folder.

Debian's packages ceph-mon, ceph-mgr, ceph-osd, radosgw and ceph-common are enough; no service manager, no container.
Every daemon runs in the foreground as a child of this process, so that stopping needs no process ids on disk. For
tests only: one copy of every object, default pool settings far below anything fit for evidence.

Run ``python -m tests.integration.ceph FOLDER`` to keep one up by hand; it prints the store address and waits.
"""

import contextlib
import http.client
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

PROGRAMS = {
    "ceph-mon": "ceph-mon",
    "ceph-mgr": "ceph-mgr",
    "ceph-osd": "ceph-osd",
    "radosgw": "radosgw",
    "radosgw-admin": "radosgw",
    "ceph": "ceph-common",
    "ceph-authtool": "ceph-common",
    "monmaptool": "ceph-common",
}
"""Program -> the Debian package it comes from."""

KMS_KEY = "spoor-test-key"
"""Name of the one key the gateway's testing key store knows (SSE-KMS)."""

_CAPS = {
    "mon.": {"mon": "allow *"},
    "client.admin": {"mon": "allow *", "osd": "allow *", "mgr": "allow *"},
    "mgr.x": {"mon": "allow profile mgr", "osd": "allow *"},
    "osd.0": {"mon": "allow profile osd", "mgr": "allow profile osd", "osd": "allow *"},
    "client.rgw.a": {"mon": "allow rw", "osd": "allow rwx", "mgr": "allow rw"},
}


_CONF = """\

[global]
fsid = {fsid}
mon host = {mon}
public network = 127.0.0.0/8
cluster network = 127.0.0.0/8
ms bind ipv4 = true
ms bind ipv6 = false
keyring = {folder}/keyring
log file = {folder}/log/$name.log
run dir = {folder}/run
admin socket = {folder}/run/$name.$pid.asok
auth allow insecure global id reclaim = false
mon allow pool size one = true
mon warn on pool no redundancy = false
mon max pg per osd = 1000
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 4
osd pool default pgp num = 4
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
osd memory target = 939524096
[mon.a]
host = localhost
mon data = {folder}/mon
[mgr.x]
mgr data = {folder}/mgr
mgr initial modules =
[osd.0]
osd data = {folder}/osd
osd objectstore = bluestore
bluestore block create = true
bluestore block size = 17179869184
[client.rgw.a]
rgw data = {folder}/rgw
rgw frontends = beast endpoint=127.0.0.1:{port}
rgw enable usage log = false
rgw thread pool size = 32
rgw crypt require ssl = false
rgw crypt s3 kms backend = testing
rgw crypt s3 kms encryption keys = {kms_key}=YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXoxMjM0NTY=
"""


class CephFailed(RuntimeError):
    """A step of the start did not work; the message carries the step and the end of its output."""


def packages_missing() -> list[str]:
    """Debian packages whose programs are not on the PATH, sorted; empty when a node can be started."""
    return sorted({package for program, package in PROGRAMS.items() if shutil.which(program) is None})


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(kw_only=True)
class CephNode:
    """One monitor, one manager, one object store daemon and one S3 gateway under ``folder``."""

    folder: Path
    access_key: str = field(default_factory=lambda: "spoor" + secrets.token_hex(6))
    secret_key: str = field(default_factory=lambda: secrets.token_hex(20))
    port: int = field(default_factory=_free_port)
    seconds_to_start: float = 0.0
    _children: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def url(self, bucket: str, **options: str) -> str:
        """Store address in the form of SPOOR_STORE_URL."""
        query = "&".join(f"{name}={value}" for name, value in options.items())
        address = f"s3+http://{self.access_key}:{self.secret_key}@127.0.0.1:{self.port}/{bucket}"
        return f"{address}?{query}" if query else address

    def start(self) -> None:
        """Bring the node up; about 10 to 25 seconds. Raises `CephFailed`, leaving nothing running."""
        began = time.monotonic()
        try:
            self._configure()
            self._monitor_start()
            self._osd_start()
            self._gateway_start()
        except BaseException:
            self.stop()
            raise
        self.seconds_to_start = time.monotonic() - began

    def stop(self) -> None:
        """End the daemons, gateway first; without ceremony, since nothing they hold is kept."""
        for child in reversed(self._children):
            child.kill()
        for child in reversed(self._children):
            child.wait()
        self._children.clear()

    # -- steps ---------------------------------------------------------------------------------------------

    @property
    def _conf(self) -> Path:
        return self.folder / "ceph.conf"

    @property
    def _keyring(self) -> Path:
        return self.folder / "keyring"

    def _configure(self) -> None:
        for name in ("mon", "mgr", "osd", "rgw", "log", "run"):
            (self.folder / name).mkdir(parents=True)
        self._fsid = str(uuid.uuid4())
        self._mon = f"[v2:127.0.0.1:{_free_port()}]"
        text = _CONF.format(folder=self.folder, fsid=self._fsid, mon=self._mon, port=self.port, kms_key=KMS_KEY)
        self._conf.write_text(text)
        create = ["--create-keyring"]
        for entity, caps in _CAPS.items():
            grants = [word for daemon, cap in caps.items() for word in ("--cap", daemon, cap)]
            self._run("ceph-authtool", *create, self._keyring, "--gen-key", "-n", entity, *grants)
            create = []

    def _monitor_start(self) -> None:
        monmap = self.folder / "monmap"
        self._run("monmaptool", "--create", "--fsid", self._fsid, "--addv", "a", self._mon, monmap)
        self._run("ceph-mon", "-i", "a", "--mkfs", "--monmap", monmap, "--keyring", self._keyring)
        self._spawn("ceph-mon", "-i", "a")
        self._wait("the monitor", lambda: self._answers("ceph", "mon", "stat"), seconds=30)
        self._spawn("ceph-mgr", "-i", "x")

    def _osd_start(self) -> None:
        osd = str(uuid.uuid4())
        self._run("ceph", "osd", "new", osd)
        self._run("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", osd)
        self._spawn("ceph-osd", "-i", "0")
        self._wait("the object store daemon", lambda: b" 1 up" in self._run("ceph", "osd", "stat"), seconds=60)

    def _gateway_start(self) -> None:
        self._spawn("radosgw", "-n", "client.rgw.a")
        self._wait("the S3 gateway", self._gateway_answers, seconds=90)
        keys = ["--access-key", self.access_key, "--secret-key", self.secret_key]
        self._run("radosgw-admin", "user", "create", "--uid=spoor", "--display-name=Spoor tests", *keys)

    def _gateway_answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
        try:
            connection.request("GET", "/")
            return connection.getresponse().status < 500
        except OSError:
            return False
        finally:
            connection.close()

    # -- processes -----------------------------------------------------------------------------------------

    def _run(self, program: str, *arguments: str | Path) -> bytes:
        done = subprocess.run(
            self._command(program, arguments), capture_output=True, timeout=90, check=False, stdin=subprocess.DEVNULL
        )
        if done.returncode:
            tail = (done.stderr or done.stdout).decode(errors="replace")[-800:]
            raise CephFailed(f"{program} {' '.join(map(str, arguments))} answered {done.returncode}: {tail}")
        return done.stdout

    def _answers(self, program: str, *arguments: str) -> bool:
        try:
            self._run(program, "--connect-timeout", "5", *arguments)
        except CephFailed:
            return False
        return True

    def _spawn(self, program: str, *arguments: str) -> None:
        output = (self.folder / "log" / f"{program}.out").open("wb")
        with output:
            child = subprocess.Popen(
                [*self._command(program, arguments), "-f"],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        self._children.append(child)

    def _command(self, program: str, arguments: Sequence[str | Path]) -> list[str]:
        # ceph-authtool and monmaptool work on files and take no cluster configuration.
        conf = [] if program in {"ceph-authtool", "monmaptool"} else ["-c", str(self._conf)]
        return [program, *conf, *map(str, arguments)]

    def _wait(self, what: str, ready: Callable[[], bool], *, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not ready():
            gone = [child.args for child in self._children if child.poll() is not None]
            if gone or time.monotonic() > deadline:
                why = f"{gone} ended" if gone else f"no answer within {seconds:.0f} s"
                raise CephFailed(f"{what} did not come up: {why}; see {self.folder / 'log'}")
            time.sleep(0.2)


@contextlib.contextmanager
def ceph_node() -> Iterator[CephNode]:
    """A running node in a folder of its own under the temp folder; both are gone afterwards."""
    # A short path of its own: the daemons' socket paths must stay under 108 bytes.
    with tempfile.TemporaryDirectory(prefix="spoor-ceph-", ignore_cleanup_errors=True) as folder:
        node = CephNode(folder=Path(folder))
        node.start()
        try:
            yield node
        finally:
            node.stop()


def _main(arguments: Sequence[str]) -> int:
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m tests.integration.ceph FOLDER\n")
        return 2
    node = CephNode(folder=Path(arguments[0]))
    # The daemons are started before the signals are blocked: they would inherit that.
    node.start()
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    sys.stdout.write(f"{node.url('evidence')}\nup after {node.seconds_to_start:.1f} s; Ctrl-C or SIGTERM ends it\n")
    sys.stdout.flush()
    signal.sigwait({signal.SIGINT, signal.SIGTERM})
    node.stop()
    return 0


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1:]))
