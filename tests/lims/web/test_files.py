"""Stored files through the page: whole, checked, and never held in memory."""

import io
import tracemalloc
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from chain_of_custody.models import StoredFile
from lims.accounts.models import AccessEntry
from lims.casework.services.files import case_file_store
from tests.lims.web.laboratory import Desk

pytestmark = pytest.mark.commits
MEGABYTE = 1024 * 1024


class Long(io.RawIOBase):
    """Bytes made while they are read, so that the test holds none of them either."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.left = size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        number = min(len(buffer), self.left)
        buffer[:number] = b"\x5a" * number
        self.left -= number
        return number


@pytest.fixture
def desk(committed_db: object) -> Desk:
    return Desk()


def _stored(desk: Desk, size: int) -> StoredFile:
    return case_file_store(
        actor=desk.custodian,
        case=desk.case,
        source=io.BufferedReader(Long(size)),
        name="réads.fastq",
        media_type="application/octet-stream",
        role="raw",
    )


def test_a_large_file_is_sent_in_constant_memory(desk: Desk) -> None:
    row = _stored(desk, 96 * MEGABYTE)
    desk.custodian_client.get("/files/")  # what the first request loads is not the file's
    tracemalloc.start()
    try:
        answer = desk.custodian_client.get(f"/files/{row.uuid}/")
        found, size = sha256(), 0
        for chunk in answer:
            found.update(chunk)
            size += len(chunk)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (size, found.hexdigest()) == (96 * MEGABYTE, row.digest)
    assert answer["Content-Length"] == str(row.size)
    assert answer["Content-Disposition"].startswith("attachment; ")
    assert peak < 24 * MEGABYTE
    assert AccessEntry.objects.filter(kind="download", subject=row.uuid).count() == 1


def test_altered_bytes_are_refused_before_any_is_sent(desk: Desk, settings: Any) -> None:
    row = _stored(desk, 3 * MEGABYTE)
    path = next(one for one in Path(settings.SPOOR_HOME).rglob(row.digest) if one.is_file())
    path.chmod(0o600)
    with path.open("r+b") as held:
        held.seek(2 * MEGABYTE)
        held.write(b"\x00")
    client: Client = desk.custodian_client
    refused = client.get(f"/files/{row.uuid}/")
    assert refused.status_code >= 400
    assert row.digest not in refused.get("Content-Disposition", "")
    assert b"\x5a" * 64 not in refused.getvalue()
    assert not AccessEntry.objects.filter(kind="download", subject=row.uuid).exists()
