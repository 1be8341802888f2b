"""The log under `/log/`: a stranger rebuilds the tree from tiles alone and finds what the checkpoint signs."""

from hashlib import sha256
from uuid import uuid4

import pytest
from django.db import transaction
from django.test import Client

from chain_of_custody import schemas
from chain_of_custody.core.checkpoint import checkpoint_open
from chain_of_custody.core.note import VerifierKey
from chain_of_custody.services import EntryDraft, StreamKey, act_append, sequencer_run_once
from tests.chain_of_custody.builders import ROOT

pytestmark = pytest.mark.django_db
SCHEMA = "tests.counted/1"


@pytest.fixture
def browser() -> Client:
    return Client()


def entries_made(number: int) -> None:
    schemas.declare(SCHEMA, {"counted"})
    with transaction.atomic():
        drafts = [
            EntryDraft(stream=StreamKey(kind="counter", id=uuid4()), schema=SCHEMA, verb="counted")
            for _entry in range(number)
        ]
        act_append(actor=ROOT, drafts=drafts)


def root_of(hashes: list[bytes]) -> bytes:
    """RFC 6962 section 2.1 as written there, by recursion."""
    if len(hashes) == 1:
        return hashes[0]
    split = 1
    while split * 2 < len(hashes):
        split *= 2
    return sha256(b"\x01" + root_of(hashes[:split]) + root_of(hashes[split:])).digest()


def hashes_in(data: bytes) -> list[bytes]:
    return [data[start : start + 32] for start in range(0, len(data), 32)]


@pytest.mark.usefixtures("log_key")
def test_a_stranger_rebuilds_the_root_from_tiles(browser: Client) -> None:
    entries_made(600)
    while sequencer_run_once():
        pass
    answer = browser.get("/log/checkpoint")
    assert answer["Content-Type"].startswith("text/plain")
    key = VerifierKey.parse(browser.get("/log/key").content.decode().strip())
    signed, _note = checkpoint_open(answer.content, key)
    rest = signed.size % 256
    names = ["000", "001", f"002.p/{rest}"][: signed.size // 256 + 1]
    leaves = [one for name in names for one in hashes_in(browser.get(f"/log/tile/0/{name}").content)]
    assert len(leaves) == signed.size
    assert root_of(leaves) == signed.root
    above = hashes_in(browser.get(f"/log/tile/1/000.p/{signed.size // 256}").content)
    assert above == [root_of(leaves[start : start + 256]) for start in range(0, signed.size - rest, 256)]
    bundle = browser.get("/log/tile/entries/001").content
    data = [bundle[start + 2 : start + 34] for start in range(0, len(bundle), 34)]
    assert {bundle[start : start + 2] for start in range(0, len(bundle), 34)} == {b"\x00\x20"}
    assert [sha256(b"\x00" + one).digest() for one in data] == leaves[256:512]


@pytest.mark.usefixtures("log_key")
def test_tiles_are_kept_by_caches_and_need_no_account(browser: Client) -> None:
    entries_made(300)
    sequencer_run_once()
    answer = browser.get("/log/tile/0/000")
    assert "immutable" in answer["Cache-Control"]
    assert answer["Content-Type"] == "application/octet-stream"
    assert not answer.cookies
    assert browser.get("/log/tile/0/000.p/7").content == answer.content[: 7 * 32]
    assert browser.post("/log/checkpoint").status_code == 405


@pytest.mark.usefixtures("log_key")
@pytest.mark.parametrize(
    "name",
    [
        "0/001",
        "0/001.p/200",
        "0/00",
        "0/x000/000",
        "0/000.p/0",
        "0/000.p/256",
        "00/000",
        "1/000",
        "7/000",
        "0/../000",
        "x",
    ],
)
def test_only_what_is_signed_for_is_given_and_by_one_name(browser: Client, name: str) -> None:
    entries_made(256)
    sequencer_run_once()
    assert browser.get(f"/log/tile/{name}").status_code == 404


@pytest.mark.usefixtures("log_key")
def test_an_empty_log_has_no_checkpoint(browser: Client) -> None:
    assert browser.get("/log/checkpoint").status_code == 404
