"""Verifying new entries only: from a state kept, and what happens when it is missing, damaged or of another log."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from chain_of_custody.core.__main__ import main
from chain_of_custody.core.export import Scope
from chain_of_custody.core.verify import Status, verify_file
from chain_of_custody.core.verify.state import StateRefused, state_read
from tests.chain_of_custody.core.builders import (
    CASE,
    ITEM,
    LOG_KEY,
    STORE,
    TAKER,
    Log,
    export_bytes,
    full_export,
    header,
    item_export,
    pack_bytes,
    reasons,
    small_log,
)

KEYS = (LOG_KEY.verifier,)


def grown() -> Log:
    log = small_log()
    log.custody(ITEM, "moved", **{"from": TAKER, "to": STORE})
    log.custody(ITEM, "consumed", **{"from": STORE})
    return log


def since(log: Log, start: int) -> bytes:
    return export_bytes(replace(header(log, Scope.FULL), start=start), log.rows(Scope.FULL)[start:])


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    path, state = tmp_path / "old.jsonl", tmp_path / "state"
    path.write_bytes(full_export())
    assert verify_file(path, pinned=KEYS, save=state).status is Status.PASSED
    return state


def test_new_entries_verify_from_the_state_and_keep_the_next(tmp_path: Path, kept: Path) -> None:
    path, again = tmp_path / "new.jsonl", tmp_path / "again"
    path.write_bytes(since(grown(), 9))
    report = verify_file(path, pinned=KEYS, state=state_read(kept), save=again, outside=small_log().checkpoint())
    assert report.status is Status.PASSED, report.lines()
    assert (report.facts["entries"], report.facts["size"]) == (2, 11)
    whole = tmp_path / "whole.jsonl"
    whole.write_bytes(full_export(grown()))
    straight = tmp_path / "straight"
    verify_file(whole, pinned=KEYS, save=straight)
    assert again.read_bytes() == straight.read_bytes()


def test_the_state_of_another_beginning_is_a_fork(tmp_path: Path, kept: Path) -> None:
    other = Log(seed=5)
    for entry, openings in zip(small_log().entries[:-1], small_log().openings[:-1], strict=True):
        other.put(entry, openings)
    other.custody(ITEM, "stated_earlier")
    other.custody(ITEM, "stated_earlier")
    path = tmp_path / "new.jsonl"
    path.write_bytes(since(other, 9))
    report = verify_file(path, pinned=KEYS, state=state_read(kept))
    assert report.status is Status.FAILED
    assert {"root-mismatch", "link-broken"} <= reasons(report)


def test_custody_goes_on_from_the_state(tmp_path: Path, kept: Path) -> None:
    log = small_log()
    log.custody(ITEM, "moved", **{"from": STORE, "to": TAKER})
    path = tmp_path / "new.jsonl"
    path.write_bytes(since(log, 9))
    assert reasons(verify_file(path, pinned=KEYS, state=state_read(kept))) == {"custody-not-custodian"}


@pytest.mark.parametrize("start", [8, 10])
def test_a_state_of_another_size_does_not_serve(tmp_path: Path, kept: Path, start: int) -> None:
    path = tmp_path / "new.jsonl"
    path.write_bytes(since(grown(), start))
    report = verify_file(path, pinned=KEYS, state=state_read(kept))
    assert report.status is Status.INDETERMINATE
    assert "state-missing" in reasons(report)


def test_nothing_is_kept_of_a_log_that_did_not_pass(tmp_path: Path) -> None:
    path, state = tmp_path / "old.jsonl", tmp_path / "state"
    path.write_bytes(full_export())
    verify_file(path, save=state)
    assert not state.exists()


def test_a_damaged_state_is_refused(kept: Path) -> None:
    data = bytearray(kept.read_bytes())
    for place in (0, len(data) // 2, len(data) - 1):
        changed = data.copy()
        changed[place] ^= 1
        kept.write_bytes(bytes(changed))
        with pytest.raises(StateRefused):
            state_read(kept)
    kept.write_bytes(b"")
    with pytest.raises(StateRefused):
        state_read(kept)


def test_the_command_keeps_and_uses_a_state(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old, new, state = tmp_path / "old.jsonl", tmp_path / "new.jsonl", tmp_path / "state"
    old.write_bytes(full_export())
    new.write_bytes(since(grown(), 9))
    key = ["--key", str(LOG_KEY.verifier)]
    assert main(["verify", str(old), *key, "--save-state", str(state)]) == 0
    assert main(["verify", str(new), *key, "--from-state", str(state), "--json"]) == 0
    assert main(["verify", str(new), *key]) == 2
    told = capsys.readouterr().out
    assert "state-missing" in told
    assert json.loads(told[told.index("{") : told.rindex("}") + 1])["facts"]["entries"] == 2
    state.write_bytes(b"nonsense")
    with pytest.raises(SystemExit) as stop:
        main(["verify", str(new), *key, "--from-state", str(state)])
    assert stop.value.code == 64


def test_case_streams_are_in_the_state(kept: Path) -> None:
    kinds = list(state_read(kept).streams.kinds)
    assert kinds == ["case", "item"]
    assert any(CASE.bytes in key for key in state_read(kept).streams.heads)


def rewritten() -> Log:
    log = Log(seed=7)
    for _ in range(12):
        log.custody(ITEM, "stated_earlier")
    return log


def test_a_whole_export_must_continue_the_state_kept(tmp_path: Path, kept: Path) -> None:
    path = tmp_path / "whole.jsonl"
    path.write_bytes(full_export(grown()))
    report = verify_file(path, pinned=KEYS, state=state_read(kept))
    assert report.status is Status.PASSED, report.lines()
    assert report.steps[-1].name == "kept state"
    forged = rewritten()
    path.write_bytes(export_bytes(header(forged, Scope.FULL), forged.rows(Scope.FULL)))
    assert "state-fork" in reasons(verify_file(path, pinned=KEYS, state=state_read(kept)))


def test_a_state_that_cannot_be_compared_leaves_doubt(tmp_path: Path, kept: Path) -> None:
    older = Log()
    older.put(small_log().entries[0], small_log().openings[0])
    path = tmp_path / "file"
    told = {}
    for name, data in {
        "ahead": full_export(older),
        "items": item_export(grown()),
        "pack": pack_bytes(custody=item_export(grown(), signer=None)),
        "same size": item_export(),
    }.items():
        path.write_bytes(data)
        report = verify_file(path, pinned=KEYS, state=state_read(kept))
        told[name] = (report.status, reasons(report))
    assert told == {
        "ahead": (Status.INDETERMINATE, {"state-ahead"}),
        "items": (Status.INDETERMINATE, {"state-not-comparable"}),
        "pack": (Status.INDETERMINATE, {"state-not-comparable"}),
        "same size": (Status.PASSED, set()),
    }


def test_an_older_state_never_replaces_a_newer_one(tmp_path: Path, kept: Path) -> None:
    before = kept.read_bytes()
    older = Log()
    older.put(small_log().entries[0], small_log().openings[0])
    path = tmp_path / "older.jsonl"
    path.write_bytes(full_export(older))
    report = verify_file(path, pinned=KEYS, save=kept)
    assert (report.status, reasons(report)) == (Status.INDETERMINATE, {"state-not-replaced"})
    assert kept.read_bytes() == before
    path.write_bytes(full_export(grown()))
    assert verify_file(path, pinned=KEYS, save=kept).status is Status.PASSED
    assert state_read(kept).tree.size == 11
    note = tmp_path / "letter.txt"
    note.write_text("not a state")
    with pytest.raises(StateRefused):
        verify_file(path, pinned=KEYS, save=note)
    assert note.read_text() == "not a state"
