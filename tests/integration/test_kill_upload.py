"""Everything killed with -9 while evidence is handed in: no record without bytes, nothing confirmed is lost."""

import base64
import hashlib
import http.client
import json
import os
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction

from chain_of_custody.core.note import VerifierKey
from chain_of_custody.core.verify import verify_file
from chain_of_custody.models import Item, Pending, StoredFile, Stream
from chain_of_custody.vault.filesystem_store import FilesystemStore
from chain_of_custody.vault.objects import utc_now
from chain_of_custody.vault.services import audit
from lims.accounts.roles import Role
from tests.conftest import TestBroker, TestDatabase
from tests.integration.working import entries
from tests.lims import builders
from tests.story.people import Someone, someone
from tests.system import ROOT, System, running_system, wait_until

pytestmark = [pytest.mark.commits, pytest.mark.slow]

PIECE = bytes(range(256)) * 4096
PIECES = 100
"""A file of 100 MiB, sent piece by piece."""


@pytest.fixture
def system(committed_db: TestDatabase, embedded_redis: TestBroker, tmp_path: Path) -> Iterator[System]:
    (tmp_path / "tmp").mkdir()
    with running_system(tmp_path, {**committed_db.environment(), **embedded_redis.environment()}) as running:
        running.start("worker", "sequencer", "web")
        yield running


@pytest.fixture
def custodian(system: System) -> Someone:
    return someone(system, Role.CUSTODIAN, name="Tomás Ferreira")


@pytest.fixture
def item(custodian: Someone) -> Item:
    who = builders.actor_of(custodian.user)
    return builders.fresh(builders.exhibits(who, builders.case(who))[0].item)


class Acts(threading.Thread):
    """Somebody who goes on working: opens cases, and notes each that was confirmed."""

    def __init__(self, who: Someone, agency: str) -> None:
        super().__init__(daemon=True)
        self._who, self._agency = who, agency
        self.confirmed: list[str] = []
        self.ended = threading.Event()

    def run(self) -> None:
        while not self.ended.is_set():
            body = {"kind": "casework", "title": "Opened meanwhile", "agency": self._agency}
            with suppress(OSError, http.client.HTTPException):
                answer = self._who.api.call("POST", "cases/", body=body, headers={"Idempotency-Key": uuid.uuid4().hex})
                if answer.status == 201:
                    self.confirmed.append(answer.body["uuid"])
            time.sleep(0.2)


class Sending(threading.Thread):
    """A multipart upload whose pieces are let go one by one."""

    def __init__(self, system: System, who: Someone, item: Item, *, stop_after: int) -> None:
        super().__init__(daemon=True)
        self._system, self._who, self._item, self._stop_after = system, who, item, stop_after
        self.sent = 0
        self.reached = threading.Event()
        self.ended = threading.Event()
        self.answer: int | None = None

    def run(self) -> None:
        mark = uuid.uuid4().hex
        head = (
            f'--{mark}\r\nContent-Disposition: form-data; name="role"\r\n\r\nphotograph\r\n'
            f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="large.raw"\r\n'
            "Content-Type: application/octet-stream\r\n\r\n"
        ).encode()
        tail = f"\r\n--{mark}--\r\n".encode()
        line = http.client.HTTPConnection("127.0.0.1", self._system.port, timeout=300)
        with suppress(OSError, http.client.HTTPException):
            line.putrequest("POST", f"/api/v1/items/{self._item.uuid}/files/")
            line.putheader("Authorization", f"Bearer {self._who.api.token}")
            line.putheader("Content-Type", f"multipart/form-data; boundary={mark}")
            line.putheader("Content-Length", str(len(head) + len(PIECE) * PIECES + len(tail)))
            line.putheader("Idempotency-Key", uuid.uuid4().hex)
            line.endheaders(head)
            for number in range(PIECES):
                if number == self._stop_after:
                    self.reached.set()
                    self.ended.wait()
                line.send(PIECE)
                self.sent += 1
            line.send(tail)
            self.answer = line.getresponse().status
        line.close()


def test_everything_killed_while_a_large_file_is_received(system: System, custodian: Someone, item: Item) -> None:
    acts = Acts(custodian, str(builders.agency().uuid))
    sending = Sending(system, custodian, item, stop_after=PIECES // 2)
    acts.start()
    sending.start()
    assert sending.reached.wait(300)
    received = system.home / "tmp"
    wait_until(lambda: _bytes_in(received) > len(PIECE) * 20, seconds=300, what="the web writes what it receives")
    wait_until(lambda: len(acts.confirmed) >= 10, seconds=300, what="ten acts are confirmed meanwhile")
    system.kill()
    acts.ended.set()
    acts.join(timeout=120)
    sending.ended.set()
    sending.join(timeout=120)
    assert sending.answer is None
    _nothing_of_it(item)
    system.start()
    _nothing_of_it(item)
    assert _audit(system) == (0, [])
    assert custodian.api.get(f"cases/{acts.confirmed[-1]}/")["uuid"] == acts.confirmed[-1]
    for confirmed in acts.confirmed:
        assert [one["verb"] for one in entries("case", confirmed)] == ["opened"]
    _a_new_upload_works(system, custodian, item)
    _ledger_verifies(system)


def test_everything_killed_between_the_bytes_and_their_record(
    system: System, custodian: Someone, item: Item, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = PIECE * 8
    digest = hashlib.sha256(content).hexdigest()
    kept = system.home / "vault" / "sha256" / digest[:2] / digest
    sending = threading.Thread(target=_try_upload, args=(custodian, item, content), daemon=True)
    with transaction.atomic():
        # Whoever holds the item's stream keeps every act on the item waiting: here between bytes and record.
        Stream.objects.select_for_update().get(kind="item", uuid=item.uuid)
        sending.start()
        wait_until(kept.exists, seconds=300, what="the bytes are in the store")
        wait_until(_somebody_waits, seconds=300, what="the record waits for the stream")
        system.kill()
    sending.join(timeout=120)
    wait_until(lambda: not _others(), seconds=300, what="the database ends the dead parts' sessions")
    _nothing_of_it(item)
    system.start()
    code, found = _audit(system)
    assert (code, [(one["problem"], one["digest"]) for one in found]) == (0, [("under_way", digest)])
    with monkeypatch.context() as later:
        later.setattr(audit, "utc_now", lambda: utc_now() + timedelta(hours=2))
        report = _audit_here(system)
    assert [(one.problem, one.digest) for one in report.findings] == [(audit.AuditProblem.ORPHAN, digest)]
    assert not report.passed
    again = custodian.api.upload(f"items/{item.uuid}/files/", {"role": "photograph"}, [("file", "large.raw", content)])
    assert again["digest"] == digest
    assert _audit(system) == (0, [])
    _ledger_verifies(system)


def test_a_resumable_upload_goes_on_where_it_was_confirmed(system: System, custodian: Someone, item: Item) -> None:
    content = PIECE * 6
    half = len(content) // 2
    begun = custodian.api.post(
        "uploads/",
        {"name": "large.raw", "media_type": "application/octet-stream", "size": len(content),
         "digest": hashlib.sha256(content).hexdigest()},
    )  # fmt: skip
    assert _append(system, custodian, begun["id"], 0, content[:half])["received"] == half
    system.kill()
    system.start()
    assert custodian.api.get(f"uploads/{begun['id']}/")["received"] == half
    assert _append(system, custodian, begun["id"], half, content[half:])["complete"] is True
    made = custodian.api.post(f"uploads/{begun['id']}/finish/", {"role": "photograph", "item": str(item.uuid)})
    assert made["digest"] == hashlib.sha256(content).hexdigest()
    assert custodian.api.bytes(f"files/{made['uuid']}/content/") == content


def _try_upload(who: Someone, item: Item, content: bytes) -> None:
    with suppress(OSError, http.client.HTTPException):
        who.api.upload_call(f"items/{item.uuid}/files/", {"role": "photograph"}, [("file", "large.raw", content)])


def _append(system: System, who: Someone, upload: str, offset: int, chunk: bytes) -> dict[str, Any]:
    line = http.client.HTTPConnection("127.0.0.1", system.port, timeout=300)
    headers = {
        "Authorization": f"Bearer {who.api.token}",
        "Content-Type": "application/octet-stream",
        "Upload-Offset": str(offset),
        "Content-Digest": f"sha-256=:{base64.b64encode(hashlib.sha256(chunk).digest()).decode()}:",
    }
    line.request("PATCH", f"/api/v1/uploads/{upload}/", chunk, headers)
    answer = line.getresponse()
    body: dict[str, Any] = json.loads(answer.read())
    assert answer.status == 200, body
    return body


def _bytes_in(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir() if path.is_file())


def _somebody_waits() -> bool:
    return any(row[1] == "Lock" for row in _others())


def _others() -> list[tuple[int, str | None]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid, wait_event_type FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        return list(cursor.fetchall())


def _nothing_of_it(item: Item) -> None:
    assert not StoredFile.objects.filter(stream__kind="item", stream__uuid=item.uuid).exists()
    assert not [one for one in entries("item", item.uuid) if one["verb"] == "stored"]


def _a_new_upload_works(system: System, who: Someone, item: Item) -> None:
    content = os.urandom(1 << 20)
    path = f"items/{item.uuid}/files/"
    made = who.api.upload(path, {"role": "photograph"}, [("file", "after.raw", content)])
    assert who.api.bytes(f"files/{made['uuid']}/content/") == content
    assert [one["values"]["sha256"] for one in entries("item", item.uuid) if one["verb"] == "stored"] == [
        hashlib.sha256(content).hexdigest()
    ]
    assert _audit(system) == (0, [])


def _audit(system: System) -> tuple[int, list[dict[str, Any]]]:
    done = _manage(system, "vault_audit", "--json")
    return done.returncode, json.loads(done.stdout)["findings"]


def _audit_here(system: System) -> audit.AuditReport:
    steps = audit.vault_audit(store=FilesystemStore(system.home / "vault"))
    while True:
        try:
            next(steps)
        except StopIteration as end:
            report: audit.AuditReport = end.value
            return report


def _ledger_verifies(system: System) -> None:
    wait_until(lambda: not Pending.objects.exists(), seconds=300, what="the sequencer has taken in every entry")
    file = system.home / "ledger.jsonl"
    done = _manage(system, "ledger_export", str(file))
    assert done.returncode == 0, done.stderr
    key = VerifierKey.parse((system.home / "secrets" / "log.vkey").read_text().strip())
    report = verify_file(file, pinned=(key,))
    assert report.status.value == "passed", report.lines()


def _manage(system: System, *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "manage.py", *words],
        cwd=ROOT,
        env=system.environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
