"""A whole running Spoor for tests: gunicorn, a Celery worker with its clock and the sequencer, as processes.

They work on the test's own database and broker; the home (secrets, store, logs) is a folder of the test.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deploy.keys import keys_make

ROOT = Path(__file__).resolve().parent.parent


@dataclass(slots=True)
class System:
    """The processes of one running system and how to reach it."""

    home: Path
    environment: dict[str, str]
    port: int
    worker_app: str = "lims.config.celery"
    running: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)

    @property
    def address(self) -> str:
        """Where the pages are."""
        return f"http://127.0.0.1:{self.port}"

    def start(self, *parts: str) -> None:
        """Start the named parts, all of them when none is named."""
        for part in parts or ("web", "worker", "sequencer"):
            with (self.home / f"{part}.log").open("ab") as log:
                self.running[part] = subprocess.Popen(
                    self._command(part),
                    cwd=ROOT,
                    env=self.environment,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
        if "web" in (parts or ("web",)):
            wait_until(self._answers, seconds=300, what=f"the web part answers; see {self.home}")

    def stop(self, *parts: str) -> None:
        """End the named parts (all when none is named) in order."""
        self._signal(signal.SIGTERM, parts)

    def kill(self, *parts: str) -> None:
        """kill -9 of the named parts and their children: what a power cut does."""
        self._signal(signal.SIGKILL, parts)

    def client(self, token: str) -> "Client":
        """A caller of the API."""
        return Client(address=self.address, token=token)

    def _signal(self, number: int, parts: tuple[str, ...]) -> None:
        for part in parts or tuple(self.running):
            process = self.running.pop(part, None)
            if process is None:
                continue
            with suppress(ProcessLookupError):
                os.killpg(process.pid, number)
            try:
                process.wait(timeout=25)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(timeout=10)

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.address}/sign-in/", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def _command(self, part: str) -> list[str]:
        python = [sys.executable]
        commands = {
            "web": [
                *python, "-m", "gunicorn", "lims.config.wsgi:application", "--bind", f"127.0.0.1:{self.port}",
                "--worker-class", "gthread", "--workers", "1", "--threads", "4", "--timeout", "120",
            ],
            "worker": [
                *python, "-m", "celery", "-A", self.worker_app, "worker", "--loglevel", "INFO",
                "--concurrency", "1", "--queues", "quick,analysis,disclosure",
                "--without-gossip", "--without-mingle", "--beat", "--schedule",
                str(self.home / "beat"),
            ],
            "sequencer": [*python, "manage.py", "sequencer"],
        }  # fmt: skip
        return commands[part]


@contextmanager
def running_system(home: Path, environment: Mapping[str, str]) -> Iterator[System]:
    """A system over the given database and broker; ended, whatever happens."""
    keys_make(home / "secrets", f"spoor.test/{uuid.uuid4().hex[:8]}")
    port = _free_port()
    whole = {
        **os.environ,
        **environment,
        "SPOOR_HOME": str(home),
        "SPOOR_MODE": "test",
        "SPOOR_STORE_URL": f"file://{home / 'vault'}",
        "SPOOR_SECRET_KEY_FILE": str(home / "secrets" / "django.key"),
        "SPOOR_LOG_KEY_FILE": str(home / "secrets" / "log.key"),
        "SPOOR_HTTP_PORT": str(port),
        "SPOOR_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "SPOOR_RUN_LEASE_SECONDS": environment.get("SPOOR_RUN_LEASE_SECONDS", "8"),
        "PYTHONUNBUFFERED": "1",
    }
    (home / "vault").mkdir(exist_ok=True)
    system = System(home=home, environment=whole, port=port)
    try:
        yield system
    finally:
        system.stop()


def wait_until(holds: Callable[[], Any], *, seconds: float, what: str) -> Any:
    """What `holds` answers once it is true; fails in words when it does not become true in time."""
    deadline = time.monotonic() + seconds
    while True:
        answer = holds()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds:.0f} s: {what}")
        time.sleep(0.2)


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, body and headers of an answer."""

    status: int
    body: Any
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Client:
    """A caller of the API with a token; every POST has an idempotency key of its own unless one is given."""

    address: str
    token: str

    def get(self, path: str, **headers: str) -> Any:
        """The body of a GET that must succeed."""
        return self._good(self.call("GET", path, headers=headers))

    def post(self, path: str, body: Any = None, *, version: int | None = None) -> Any:
        """The body of a POST that must succeed."""
        headers = {"Idempotency-Key": uuid.uuid4().hex}
        if version is not None:
            headers["If-Match"] = f'"{version}"'
        return self._good(self.call("POST", path, body=body, headers=headers))

    def upload(self, path: str, fields: Mapping[str, str], files: list[tuple[str, str, bytes]]) -> Any:
        """The body of a multipart POST that must succeed."""
        return self._good(self.upload_call(path, fields, files))

    def upload_call(self, path: str, fields: Mapping[str, str], files: list[tuple[str, str, bytes]]) -> Answer:
        """A multipart POST."""
        boundary = uuid.uuid4().hex
        parts = [
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
            for name, value in fields.items()
        ]
        for name, file_name, content in files:
            head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="{file_name}"\r\n'
            parts.append(head.encode() + b"Content-Type: application/octet-stream\r\n\r\n" + content + b"\r\n")
        data = b"".join(parts) + f"--{boundary}--\r\n".encode()
        headers = {"Content-Type": f"multipart/form-data; boundary={boundary}", "Idempotency-Key": uuid.uuid4().hex}
        return self._send("POST", path, data, headers)

    def reference(self, fields: Mapping[str, str], files: list[tuple[str, str, bytes]]) -> Any:
        """A reference set proposed, and built by the worker."""
        made = self.upload("reference-sets/", fields, files)

        def over() -> Any:
            now = self.get(f"reference-sets/{made['uuid']}/")
            return now if now["state"] != "draft" else None

        row = wait_until(over, seconds=300, what=f"{made['name']} is built")
        assert row["state"] == "proposed", row["build"]["error"]
        return row

    def call(self, method: str, path: str, *, body: Any = None, headers: Mapping[str, str] | None = None) -> Answer:
        """Any call, whatever it answers."""
        data = json.dumps(body).encode() if body is not None else None
        return self._send(method, path, data, {"Content-Type": "application/json", **(headers or {})})

    def bytes(self, path: str) -> bytes:
        """The bytes of a download."""
        request = urllib.request.Request(
            f"{self.address}/api/v1/{path}", headers={"Authorization": f"Bearer {self.token}"}
        )
        with urllib.request.urlopen(request, timeout=120) as answer:
            content: bytes = answer.read()
        return content

    def _send(self, method: str, path: str, data: "bytes | None", headers: Mapping[str, str]) -> Answer:
        request = urllib.request.Request(
            f"{self.address}/api/v1/{path}",
            data=data,
            method=method,
            headers={"Authorization": f"Bearer {self.token}", **headers},
        )
        try:
            with urllib.request.urlopen(request, timeout=300) as answer:
                text = answer.read()
                return Answer(answer.status, json.loads(text) if text else None, dict(answer.headers))
        except urllib.error.HTTPError as error:
            text = error.read()
            return Answer(error.code, json.loads(text) if text[:1] == b"{" else text, dict(error.headers))

    @staticmethod
    def _good(answer: Answer) -> Any:
        assert 200 <= answer.status < 300, f"{answer.status}: {answer.body}"
        return answer.body


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
