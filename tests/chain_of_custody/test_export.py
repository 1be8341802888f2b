"""What the command hands out is what the verifier accepts."""

import base64
import errno
import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from django.core.management import CommandError, call_command

from chain_of_custody.core.merkle import CompactRange
from chain_of_custody.core.note import SignerKey
from chain_of_custody.core.verify.state import VerifyState, state_write
from chain_of_custody.core.verify.streams import StreamTable
from chain_of_custody.management.commands import ledger_export
from chain_of_custody.models import Item
from chain_of_custody.services import (
    Receipt,
    handover_offer,
    handover_receive,
    handover_refuse,
    item_consume,
    items_move,
    seal_apply,
    seal_open,
    sequencer_run_once,
)
from chain_of_custody.services.origins import key_rotate
from tests.chain_of_custody.builders import ROOT as CUSTODY_ROOT
from tests.chain_of_custody.builders import item, location, person
from tests.conftest import ROOT

pytestmark = pytest.mark.commits


@pytest.fixture
def key(tmp_path: Path, settings: Any) -> SignerKey:
    signer = SignerKey.generate("spoor.example/log")
    file = tmp_path / "log.key"
    file.write_text(signer.encode())
    settings.SPOOR_HOME, settings.SPOOR_LOG_KEY_FILE = tmp_path, file
    settings.SPOOR_LOG_ORIGIN, settings.SPOOR_LOG_VKEY_FILE = "", tmp_path / "none"
    return signer


@pytest.fixture
def story(key: SignerKey) -> Item:
    """A tusk's way through many hands; returns it."""
    ada, bob, shelf = person("Ada Lovelace"), person("Bob"), location()
    crate = item(ada, kind="container", seal_number="KE 1")
    seal_open(actor=ada.actor, item=crate)
    tusk, chip = item(ada, container=crate, condition="cracked"), item(ada, kind="sample")
    seal_apply(actor=ada.actor, item=crate, number="KE 2")
    items_move(actor=ada.actor, items=[crate], to=shelf)
    items_move(actor=bob.actor, items=[crate], to=bob.party, from_location=True)
    offer = handover_offer(actor=bob.actor, items=[crate], to=ada.party, purpose="examination")
    handover_refuse(actor=ada.actor, handover=offer, reason="wrong seal")
    offer = handover_offer(actor=bob.actor, items=[crate], to=ada.party, purpose="examination")
    handover_receive(actor=ada.actor, handover=offer, receipts=[Receipt(item=crate, seal_found="intact")])
    item_consume(actor=ada.actor, item=chip)
    while sequencer_run_once():
        pass
    return tusk


def verify(file: Path, *arguments: str) -> tuple[int, dict[str, object]]:
    done = subprocess.run(
        [sys.executable, "-m", "chain_of_custody.core", "verify", str(file), "--json", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, json.loads(done.stdout)


@pytest.mark.parametrize("reveal", [[], ["--reveal"]])
def test_the_whole_ledger_passes(story: Item, key: SignerKey, tmp_path: Path, reveal: list[str]) -> None:
    file = tmp_path / "ledger.jsonl"
    call_command("ledger_export", file, *reveal, stdout=io.StringIO())
    code, report = verify(file, "--key", str(key.verifier))
    assert (code, report["verdict"]) == (0, "passed"), report
    assert ("Ada Lovelace" in file.read_text()) == bool(reveal)


def test_one_items_custody_passes_with_its_proofs(story: Item, key: SignerKey, tmp_path: Path) -> None:
    file = tmp_path / "item.jsonl"
    call_command("ledger_export", file, "--item", story.reference, "--sign", "--reveal", stdout=io.StringIO())
    code, report = verify(file, "--key", str(key.verifier))
    assert (code, report["verdict"]) == (0, "passed"), report
    verbs = [json.loads(_entry(line))["verb"] for line in file.read_text().splitlines()[1:-1]]
    assert verbs == ["created", "moved", "moved", "offered", "refused", "offered", "received"]


def test_a_changed_byte_fails(story: Item, key: SignerKey, tmp_path: Path) -> None:
    file = tmp_path / "ledger.jsonl"
    call_command("ledger_export", file, "--reveal", stdout=io.StringIO())
    file.write_text(file.read_text().replace("Ada Lovelace", "Eva Lovelace", 1))
    code, report = verify(file, "--key", str(key.verifier))
    assert (code, report["verdict"]) == (1, "failed")


def test_who_trusts_the_first_key_follows_two_changes(story: Item, key: SignerKey, tmp_path: Path) -> None:
    for reason in ("yearly change", "the disk of the key was replaced"):
        key_rotate(actor=CUSTODY_ROOT, decided_by="N. Mwangi, quality", reason=reason)
        person("After")
        sequencer_run_once()
    for name, arguments in {"whole": [], "one": ["--item", story.reference, "--sign"]}.items():
        file = tmp_path / f"{name}.jsonl"
        call_command("ledger_export", file, *arguments, stdout=io.StringIO())
        header = json.loads(file.read_text().splitlines()[0])
        assert len(header["rotations"]) == 2
        assert header["checkpoint"].count("\n— ") == 1
        code, report = verify(file, "--key", str(key.verifier))
        assert (code, report["verdict"]) == (0, "passed"), report
    stranger = SignerKey.generate(key.name)
    assert verify(tmp_path / "whole.jsonl", "--key", str(stranger.verifier))[0] != 0


def test_new_entries_only_for_who_kept_a_state(story: Item, key: SignerKey, tmp_path: Path) -> None:
    whole, news, state = tmp_path / "whole.jsonl", tmp_path / "news.jsonl", tmp_path / "reader.state"
    call_command("ledger_export", whole, stdout=io.StringIO())
    assert verify(whole, "--key", str(key.verifier), "--save-state", str(state))[0] == 0
    seen = len(whole.read_text().splitlines()) - 2
    ada = person("Later")
    item(ada)
    sequencer_run_once()
    call_command("ledger_export", news, "--from", state, stdout=io.StringIO())
    lines = [json.loads(line) for line in news.read_text().splitlines()]
    assert lines[0]["start"] == seen
    assert [line["index"] for line in lines[1:-1]] == [seen, seen + 1]
    code, report = verify(news, "--key", str(key.verifier), "--from-state", str(state))
    assert (code, report["verdict"]) == (0, "passed"), report
    assert verify(news, "--key", str(key.verifier))[0] == 2


def test_a_state_of_another_history_is_refused(story: Item, key: SignerKey, tmp_path: Path) -> None:
    state = tmp_path / "reader.state"
    tree = CompactRange()
    tree.extend([bytes(32)] * 3)
    cases = {"extend": VerifyState(origin=key.name, tree=tree, streams=StreamTable())}
    cases["other/log"] = VerifyState(origin="other/log", tree=tree, streams=StreamTable())
    for words, held in cases.items():
        state_write(state, held)
        with pytest.raises(CommandError, match=words):
            call_command("ledger_export", tmp_path / "news.jsonl", "--from", state)
    state.write_bytes(b"no state")
    with pytest.raises(CommandError, match="damaged"):
        call_command("ledger_export", tmp_path / "news.jsonl", "--from", state)
    with pytest.raises(CommandError, match="--item"):
        call_command("ledger_export", tmp_path / "news.jsonl", "--from", state, "--item", story.reference)
    assert not list(tmp_path.glob("news*"))


def test_what_cannot_be_exported_is_said(story: Item, tmp_path: Path) -> None:
    file = tmp_path / "ledger.jsonl"
    with pytest.raises(CommandError, match="no item NOPE"):
        call_command("ledger_export", file, "--item", "NOPE")
    file.write_text("mine")
    with pytest.raises(CommandError, match="exists"):
        call_command("ledger_export", file)
    assert file.read_text() == "mine"


def test_nothing_signed_nothing_exported(key: SignerKey, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="no checkpoint"):
        call_command("ledger_export", tmp_path / "ledger.jsonl")
    assert not list(tmp_path.glob("ledger*"))


def _entry(line: str) -> bytes:
    return base64.b64decode(json.loads(line)["entry"])


@pytest.mark.parametrize(
    "trouble", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()], ids=["disk", "ctrl-c"]
)
def test_an_export_that_breaks_off_leaves_nothing(
    story: Item, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trouble: BaseException
) -> None:
    def broken(out: BinaryIO, *_given: object, **_more: object) -> None:
        out.write(b"half")
        raise trouble

    folder = tmp_path / "given"
    folder.mkdir()
    monkeypatch.setattr(ledger_export, "export_write", broken)
    with pytest.raises(CommandError, match=r"was not written: .*(No space|stopped)"):
        call_command("ledger_export", folder / "log.jsonl")
    assert list(folder.iterdir()) == []


def test_a_file_made_meanwhile_is_not_written_over(
    story: Item, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "log.jsonl"

    def slow(_out: object, *_given: object, **_more: object) -> None:
        file.write_text("another export")

    monkeypatch.setattr(ledger_export, "export_write", slow)
    with pytest.raises(CommandError, match="made meanwhile"):
        call_command("ledger_export", file)
    assert file.read_text() == "another export"
    with pytest.raises(CommandError, match="exists"):
        call_command("ledger_export", file)
    with pytest.raises(CommandError, match="was not written"):
        call_command("ledger_export", tmp_path / "no such folder" / "log.jsonl")
    assert not list(tmp_path.glob(".log.jsonl-*"))
