"""The sequencer: every entry gets one place, without gaps, whatever happens; nothing smaller or other is signed."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from django.db import connection, connections, transaction

from chain_of_custody import schemas
from chain_of_custody.core.checkpoint import checkpoint_open
from chain_of_custody.core.entry import leaf_data
from chain_of_custody.core.merkle import MemoryTree, inclusion_verify, leaf_hash
from chain_of_custody.core.note import SignerKey
from chain_of_custody.errors import SequencerRefused
from chain_of_custody.models import Checkpoint, Entry, Leaf, Pending, Tile
from chain_of_custody.selectors import checkpoint_latest, leaf_proof, ledger_health, node_reader
from chain_of_custody.services import EntryDraft, StreamKey, act_append, sequencer_check, sequencer_run_once
from chain_of_custody.services.sequencer import Log
from tests.chain_of_custody.builders import ROOT
from tests.conftest import ROOT as REPOSITORY
from tests.conftest import TestDatabase

pytestmark = pytest.mark.commits
SCHEMA = "tests.counted/1"


@pytest.fixture
def log(tmp_path: Path) -> Log:
    schemas.declare(SCHEMA, {"counted"})
    key = SignerKey.generate("spoor.example/log")
    return Log(origin="spoor.example/log", signer=key, file=tmp_path / "log" / "checkpoint")


def acts(number: int, size: int = 1) -> None:
    for _act in range(number):
        with transaction.atomic():
            drafts = [
                EntryDraft(stream=StreamKey(kind="counter", id=uuid4()), schema=SCHEMA, verb="counted")
                for _entry in range(size)
            ]
            act_append(actor=ROOT, drafts=drafts)


def root_by_hand() -> bytes:
    """The root over all leaves by the reference tree, from the entries themselves."""
    tree = MemoryTree()
    for leaf in Leaf.objects.select_related("entry").order_by("index"):
        data = leaf_data(bytes(leaf.salt), bytes(leaf.entry.hash))
        assert data == bytes(leaf.data)
        tree.append(leaf_hash(data))
    return tree.root()


def assert_whole(log: Log, size: int) -> None:
    """Every entry has one place, the places have no gap, the checkpoint signs exactly them, inside and outside."""
    assert list(Leaf.objects.order_by("index").values_list("index", flat=True)) == list(range(size))
    assert Entry.objects.count() == size
    assert not Pending.objects.exists()
    head, _note = checkpoint_open(log.file.read_bytes(), log.signer.verifier)
    assert (head.origin, head.size, head.root) == (log.origin, size, root_by_hand())
    latest = checkpoint_latest()
    assert latest is not None
    assert latest.text.encode() == log.file.read_bytes()


def test_nothing_waits_nothing_happens(log: Log) -> None:
    assert sequencer_run_once(log) == 0
    assert not log.file.exists()


def test_entries_get_their_places_in_the_order_of_writing(log: Log) -> None:
    acts(3, size=2)
    assert sequencer_run_once(log) == 6
    acts(1)
    assert sequencer_run_once(log) == 1
    assert_whole(log, 7)
    assert list(Leaf.objects.order_by("index").values_list("entry_id", flat=True)) == sorted(
        Entry.objects.values_list("pk", flat=True)
    )
    sequencer_check(log)


def test_a_batch_has_a_limit(log: Log) -> None:
    acts(1, size=5)
    assert [sequencer_run_once(log, limit=2) for _ in range(4)] == [2, 2, 1, 0]
    assert_whole(log, 5)


def test_an_act_that_commits_late_is_not_skipped(log: Log, committed_db: TestDatabase) -> None:
    begun, finish = threading.Event(), threading.Event()

    def slow() -> None:
        try:
            with transaction.atomic():
                act_append(
                    actor=ROOT,
                    drafts=[EntryDraft(stream=StreamKey(kind="counter", id=uuid4()), schema=SCHEMA, verb="counted")],
                )
                begun.set()
                finish.wait(30)
        finally:
            connections.close_all()

    thread = threading.Thread(target=slow)
    thread.start()
    assert begun.wait(30)
    acts(3)
    assert sequencer_run_once(log) == 3
    finish.set()
    thread.join(30)
    late = Entry.objects.order_by("pk").first()
    assert late is not None
    assert not hasattr(late, "leaf")
    assert sequencer_run_once(log) == 1
    assert_whole(log, 4)
    assert Leaf.objects.get(entry=late).index == 3


def test_no_gap_while_many_write(log: Log) -> None:
    writers = [threading.Thread(target=_write, args=(8,)) for _ in range(6)]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        sequencer_run_once(log, limit=7)
    while sequencer_run_once(log):
        pass
    assert_whole(log, 48)


def _write(number: int) -> None:
    try:
        acts(number)
    finally:
        connections.close_all()


def test_two_sequencers_take_turns(log: Log, committed_db: TestDatabase) -> None:
    acts(2)
    with psycopg.connect(committed_db.url) as other:
        other.execute("SELECT pg_advisory_xact_lock(%s)", [0x53504F4F52])
        assert sequencer_run_once(log) == 0
        other.rollback()
    assert sequencer_run_once(log) == 2


def test_tiles_prove_every_leaf(log: Log) -> None:
    acts(1, size=700)
    assert sequencer_run_once(log, limit=300) == 300
    assert sequencer_run_once(log, limit=300) == 300
    assert sequencer_run_once(log) == 100
    assert list(Tile.objects.order_by("level", "index").values_list("level", "index")) == [(0, 0), (0, 1)]
    assert_whole(log, 700)
    root = root_by_hand()
    for leaf in Leaf.objects.filter(index__in=[0, 1, 255, 256, 511, 512, 699]).select_related("entry"):
        index, proof = leaf_proof(leaf.entry.uuid, size=700)
        assert inclusion_verify(leaf_hash(bytes(leaf.data)), index, 700, proof, root)
    read = node_reader(700)
    assert read(8, 0) == bytes(Tile.objects.get(level=0, index=0).root)
    sequencer_check(log)


def test_a_crash_between_commit_and_file_is_caught_up(log: Log) -> None:
    acts(2)
    sequencer_run_once(log)
    old = log.file.read_bytes()
    acts(2)
    sequencer_run_once(log)
    log.file.write_bytes(old)
    sequencer_check(log)
    assert sequencer_run_once(log) == 0
    assert_whole(log, 4)
    log.file.unlink()
    sequencer_run_once(log)
    assert_whole(log, 4)


def test_a_batch_that_fails_leaves_nothing(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    acts(3)

    def fails(*_args: object) -> bytes:
        raise OSError("the key's device is gone")

    with monkeypatch.context() as patch:
        patch.setattr("chain_of_custody.services.sequencer.notes.checkpoint_sign", fails)
        with pytest.raises(OSError, match="device"):
            sequencer_run_once(log)
    assert (Leaf.objects.count(), Pending.objects.count(), Checkpoint.objects.count()) == (0, 3, 0)
    assert sequencer_run_once(log) == 3
    assert_whole(log, 3)


def test_a_smaller_tree_is_not_signed(log: Log, committed_db: TestDatabase) -> None:
    acts(3)
    sequencer_run_once(log)
    _rewrite(committed_db, "DELETE FROM chain_of_custody_checkpoint", "DELETE FROM chain_of_custody_leaf")
    for attempt in (sequencer_check, sequencer_run_once):
        with pytest.raises(SequencerRefused, match="holds 0 signed entries, but 3 were signed"):
            attempt(log)
    acts(5)
    with pytest.raises(SequencerRefused, match="3 were signed before"):
        sequencer_run_once(log)
    assert checkpoint_latest() is None


def test_another_tree_is_not_signed(log: Log, committed_db: TestDatabase) -> None:
    acts(2)
    sequencer_run_once(log)
    first = log.file.read_bytes()
    acts(2)
    sequencer_run_once(log)
    _rewrite(committed_db, "UPDATE chain_of_custody_leaf SET data = sha256('forged') WHERE index = 1")
    with pytest.raises(SequencerRefused, match="another root"):
        sequencer_check(log)
    log.file.write_bytes(first)
    with pytest.raises(SequencerRefused, match="first 2 entries are not those"):
        sequencer_check(log)


def test_another_key_or_origin_is_not_mixed_in(log: Log) -> None:
    acts(1)
    sequencer_run_once(log)
    stranger = Log(origin=log.origin, signer=SignerKey.generate("spoor.example/log"), file=log.file)
    with pytest.raises(SequencerRefused, match="checkpoint"):
        sequencer_run_once(stranger)
    renamed = Log(origin="spoor.example/other", signer=log.signer, file=log.file)
    with pytest.raises(SequencerRefused, match=r"spoor\.example/other"):
        sequencer_run_once(renamed)


def test_health_tells_how_far_the_log_is(log: Log) -> None:
    assert ledger_health().lag_seconds == 0
    acts(2)
    time.sleep(0.05)
    waiting = ledger_health()
    assert (waiting.size, waiting.pending, waiting.checkpoint_at) == (0, 2, None)
    assert 0.05 <= waiting.lag_seconds < 30
    sequencer_run_once(log)
    well = ledger_health()
    assert (well.size, well.pending, well.lag_seconds) == (2, 0, 0)


def _rewrite(database: TestDatabase, *statements: str) -> None:
    """As somebody who owns the database and knows no shame."""
    with psycopg.connect(database.superuser_url) as attacker:
        attacker.execute("SET session_replication_role = replica")
        for table in ("leaf", "checkpoint"):
            attacker.execute(f"ALTER TABLE chain_of_custody_{table} DISABLE TRIGGER USER".encode())
        for statement in statements:
            attacker.execute(statement.encode())
        for table in ("leaf", "checkpoint"):
            attacker.execute(f"ALTER TABLE chain_of_custody_{table} ENABLE ALWAYS TRIGGER ledger_append_only".encode())


@pytest.mark.slow
def test_killed_at_any_instant_it_goes_on_without_loss(log: Log, committed_db: TestDatabase, tmp_path: Path) -> None:
    """kill -9 of the real process, again and again while acts go on."""
    environment = _environment(log, committed_db, tmp_path)
    for round_ in range(3):
        process = subprocess.Popen(
            [sys.executable, "manage.py", "sequencer", "--poll", "0.01"], cwd=REPOSITORY, env=environment
        )
        try:
            before = Leaf.objects.count()
            deadline = time.monotonic() + 300
            while Leaf.objects.count() == before and time.monotonic() < deadline:
                acts(3, size=7)
            time.sleep(0.013 * round_)
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait(30)
        assert Leaf.objects.count() > before
    acts(2)
    total = Entry.objects.count()
    sequencer_check(log)
    while sequencer_run_once(log):
        pass
    assert_whole(log, total)


@pytest.mark.slow
def test_the_process_keeps_up_and_stops_when_told(log: Log, committed_db: TestDatabase, tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "manage.py", "sequencer"], cwd=REPOSITORY, env=_environment(log, committed_db, tmp_path)
    )
    try:
        acts(1)
        _until_none_waits()
        acts(1)
        _until_none_waits()
    finally:
        process.terminate()
    assert process.wait(120) == 0
    assert_whole(log, 2)


def _until_none_waits() -> None:
    deadline = time.monotonic() + 300
    while Pending.objects.exists():
        assert time.monotonic() < deadline, "the sequencer does not keep up"
        time.sleep(0.01)


def _environment(log: Log, database: TestDatabase, home: Path) -> dict[str, str]:
    key = home / "log.key"
    key.write_text(log.signer.encode())
    connection.close()
    return {
        **database.environment(),
        "SPOOR_HOME": str(home),
        "SPOOR_LOG_KEY_FILE": str(key),
        "SPOOR_SECRET_KEY_FILE": os.environ["SPOOR_SECRET_KEY_FILE"],
    }
