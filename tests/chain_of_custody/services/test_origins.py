"""A new key that the old one vouches for; a new log over what a lost tail left, and nothing hidden about it."""

from io import StringIO
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from chain_of_custody.core.checkpoint import checkpoint_open
from chain_of_custody.core.entry import entry_parse
from chain_of_custody.core.errors import NoteUnverified
from chain_of_custody.core.note import VerifierKey, note_open
from chain_of_custody.errors import BadInput, Conflict, SequencerRefused
from chain_of_custody.models import Commitment, Entry, Leaf
from chain_of_custody.services import sequencer_check, sequencer_run_once
from chain_of_custody.services.origins import Begun, after_words, key_rotate, origin_begin
from chain_of_custody.services.sequencer import log_configured
from chain_of_custody.services.verifying import ledger_verify_now
from tests.chain_of_custody.builders import ROOT, own_log, person
from tests.conftest import TestDatabase

pytestmark = pytest.mark.commits


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    own_log(tmp_path, monkeypatch)
    for name in ("Ada", "Bob", "Eve"):
        person(name)
    sequencer_run_once()
    return tmp_path


def key_now(home: Path) -> VerifierKey:
    return VerifierKey.parse((home / "log.vkey").read_text().strip())


def test_the_old_key_vouches_for_the_new_and_then_signs_no_more(home: Path) -> None:
    old = key_now(home)
    running = log_configured()
    done = key_rotate(actor=ROOT, decided_by="N. Mwangi, quality", reason="the disk of the key was replaced")
    new = key_now(home)
    assert new != old
    assert str(new) == done.key
    entry = entry_parse(bytes(Entry.objects.get(uuid=done.entry).canonical))
    statement = str(entry.values["statement"]).encode()
    for key in (old, new):
        assert str(new) in note_open(statement, key).text
        signed, _note = checkpoint_open((home / "log" / "checkpoint").read_bytes(), key)
        assert signed.size == done.size
    person("After")
    with pytest.raises(SequencerRefused, match="another key"):
        sequencer_run_once(running)
    assert sequencer_run_once() == 1
    data = (home / "log" / "checkpoint").read_bytes()
    checkpoint_open(data, new)
    with pytest.raises(NoteUnverified):
        checkpoint_open(data, old)
    verdict = ledger_verify_now()
    assert verdict.passed, verdict.findings
    assert not list(home.glob("*.next"))
    assert str(old) in (home / "log.former.vkeys").read_text()


def _tail_lost(home: Path, database: TestDatabase) -> bytes:
    """The state of the morning, with the checkpoint of the evening: what a restored backup is."""
    morning = Leaf.objects.count()
    for name in ("Lost", "Gone"):
        person(name)
    sequencer_run_once()
    with psycopg.connect(database.superuser_url) as owner:
        for table in ("entry", "commitment", "leaf", "checkpoint", "stream", "pending", "party", "tile"):
            owner.execute(f"ALTER TABLE chain_of_custody_{table} DISABLE TRIGGER ALL".encode())
        owner.execute("DELETE FROM chain_of_custody_checkpoint WHERE size > %s", (morning,))
        owner.execute(
            "CREATE TEMP TABLE lost AS SELECT entry_id FROM chain_of_custody_leaf WHERE index >= %s", (morning,)
        )
        owner.execute("DELETE FROM chain_of_custody_leaf WHERE index >= %s", (morning,))
        owner.execute("DELETE FROM chain_of_custody_commitment WHERE entry_id IN (SELECT entry_id FROM lost)")
        owner.execute(
            "DELETE FROM chain_of_custody_stream WHERE id IN "
            "(SELECT stream_id FROM chain_of_custody_entry WHERE id IN (SELECT entry_id FROM lost))"
        )
        owner.execute("DELETE FROM chain_of_custody_entry WHERE id IN (SELECT entry_id FROM lost)")
    return (home / "log" / "checkpoint").read_bytes()


def test_a_lost_tail_is_refused_until_somebody_decides_in_the_open(home: Path, committed_db: TestDatabase) -> None:
    old = key_now(home)
    lost = _tail_lost(home, committed_db)
    left = Leaf.objects.count()
    person("Waiting")
    for start in (sequencer_check, sequencer_run_once):
        with pytest.raises(SequencerRefused, match="signed before"):
            start()
    done = origin_begin(actor=ROOT, decided_by="N. Mwangi, director", reason="disk lost, last backup of the morning")
    assert done.origin == "spoor.test/log-2"
    first = Leaf.objects.get(index=left).entry
    entry = entry_parse(bytes(first.canonical))
    assert (entry.verb, entry.values["lost_size"], entry.values["left_size"]) == ("origin_begun", left + 2, left)
    named, _note = checkpoint_open(str(entry.values["lost_checkpoint"]).encode(), old)
    assert str(entry.values["lost_checkpoint"]).encode() == lost
    assert named.root.hex() == entry.values["lost_root"]
    told = {row.field: bytes(row.value or b"") for row in Commitment.objects.filter(entry=first)}
    assert told["decided_by"] == b'"N. Mwangi, director"'
    assert b"disk lost" in told["reason"]
    sequencer_check()
    assert sequencer_run_once() == 1
    verdict = ledger_verify_now()
    assert verdict.passed, verdict.findings
    signed, _note = checkpoint_open((home / "log" / "checkpoint").read_bytes(), key_now(home))
    assert (signed.origin, signed.size) == ("spoor.test/log-2", left + 2)
    assert lost in [file.read_bytes() for file in (home / "log" / "lost").iterdir()]


def test_a_checkpoint_given_away_is_held_against_a_restored_log(home: Path, committed_db: TestDatabase) -> None:
    lost = _tail_lost(home, committed_db)
    (home / "log" / "checkpoint").unlink()
    (home / "log" / "given").mkdir()
    (home / "log" / "given" / "printed.txt").write_bytes(lost)
    with pytest.raises(SequencerRefused, match=r"printed\.txt"):
        sequencer_check()
    origin_begin(actor=ROOT, decided_by="N. Mwangi", reason="as above")
    sequencer_check()


def test_no_new_origin_while_nothing_is_lost_and_no_act_without_who_and_why(home: Path) -> None:
    with pytest.raises(Conflict, match="nothing is lost"):
        origin_begin(actor=ROOT, decided_by="N. Mwangi", reason="wish")
    before = key_now(home)
    with pytest.raises(BadInput):
        key_rotate(actor=ROOT, decided_by=" ", reason="why")
    with pytest.raises(BadInput):
        key_rotate(actor=ROOT, decided_by="N. Mwangi", reason="")
    assert key_now(home) == before
    person("After")
    assert sequencer_run_once() == 1


def test_the_commands_do_the_same_and_say_what_to_give_away(home: Path, committed_db: TestDatabase) -> None:
    decided = {"decided_by": "N. Mwangi, director", "reason": "as above"}
    with pytest.raises(CommandError, match="nothing is lost"):
        call_command("ledger_new_origin", **decided)
    lost, out = _tail_lost(home, committed_db), StringIO()
    call_command("ledger_new_origin", **decided, stdout=out)
    assert "The log is spoor.test/log-2" in out.getvalue()
    assert str(key_now(home)) in out.getvalue()
    assert lost in [file.read_bytes() for file in (home / "log" / "lost").iterdir()]
    before, out = key_now(home), StringIO()
    with pytest.raises(CommandError):
        call_command("ledger_key_rotate", decided_by=" ", reason="why")
    assert key_now(home) == before
    call_command("ledger_key_rotate", **decided, stdout=out)
    assert key_now(home) != before
    assert str(key_now(home)) in out.getvalue()
    assert ledger_verify_now().passed


def test_only_while_no_sequencer_works(home: Path, committed_db: TestDatabase) -> None:
    with psycopg.connect(committed_db.url) as other:
        other.execute("SELECT pg_advisory_xact_lock(%s)", (0x53504F4F52,))
        with pytest.raises(Conflict, match="at work"):
            key_rotate(actor=ROOT, decided_by="N. Mwangi", reason="why")


def test_what_to_do_afterwards_names_a_fixed_origin(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = Begun(origin="spoor.test/log-2", key="k", size=7, entry="e")
    assert "SPOOR_LOG_ORIGIN" not in after_words(done)
    assert "make down" in after_words(done)
    monkeypatch.setattr(settings, "SPOOR_LOG_ORIGIN", "spoor.test/log")
    assert "SPOOR_LOG_ORIGIN to spoor.test/log-2" in after_words(done)


def test_the_name_of_the_log_is_the_key_files_after_a_new_origin(home: Path, committed_db: TestDatabase) -> None:
    _tail_lost(home, committed_db)
    stale = log_configured()
    origin_begin(actor=ROOT, decided_by="N. Mwangi", reason="disk lost")
    person("After")
    with pytest.raises(SequencerRefused):
        sequencer_run_once(stale)
    assert log_configured().origin == "spoor.test/log-2"
    assert sequencer_run_once() == 1
