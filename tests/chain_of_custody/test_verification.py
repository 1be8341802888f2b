"""The ledger's own verification: sound when it is, and by whom ever it was changed, told where and why."""

from pathlib import Path

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError

from chain_of_custody.enums import CheckKind, CheckState
from chain_of_custody.management.commands import ledger_verify
from chain_of_custody.models import Checkpoint, Entry, Leaf
from chain_of_custody.services import handover_offer, handover_receive, items_create, sequencer_run_once
from chain_of_custody.services.handovers import Receipt
from chain_of_custody.services.items import NewItem
from chain_of_custody.services.verifying import check_order, check_run, ledger_verify_now
from tests.chain_of_custody.builders import own_log, person
from tests.conftest import TestDatabase

pytestmark = pytest.mark.commits


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A log of the test's own with three hundred entries, one item handed over."""
    own_log(tmp_path, monkeypatch)
    more(300)
    return tmp_path


def more(number: int) -> None:
    ada, bob = person("Ada"), person("Bob")
    new = [NewItem(kind="exhibit", reference=f"E{Entry.objects.count()}-{n}") for n in range(number)]
    things = items_create(actor=ada.actor, new=new, custodian=ada.party)
    sequencer_run_once()
    offer = handover_offer(actor=ada.actor, items=things[:1], to=bob.party, purpose="court")
    handover_receive(actor=bob.actor, handover=offer, receipts=[Receipt(item=things[0])])
    sequencer_run_once()


def reasons() -> set[str]:
    return {one.reason for one in ledger_verify_now().findings}


def test_a_sound_ledger_passes_whole_and_in_parts(capsys: pytest.CaptureFixture[str]) -> None:
    seen: list[tuple[int, int]] = []
    verdict = ledger_verify_now(progress=lambda done, size: seen.append((done, size)))
    assert verdict.passed, verdict.findings
    assert (verdict.size, verdict.outside) == (Leaf.objects.count(), verdict.size)
    assert seen[-1] == (verdict.size, verdict.size)
    for since in Checkpoint.objects.values_list("size", flat=True):
        assert ledger_verify_now(since=since).passed
    call_command("ledger_verify")
    assert "Everything holds." in capsys.readouterr().out


def test_what_cannot_be_verified_is_said(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    signed = sorted(Checkpoint.objects.values_list("size", flat=True))
    for since, remedy in ((signed[-1] + 1, f"Go on from {signed[-1]}"), (signed[0] - 1, "Verify the whole"), (-5, "")):
        with pytest.raises(CommandError, match=f"no checkpoint of {since} entries was signed.*{remedy}") as caught:
            call_command("ledger_verify", f"--since={since}")
        assert caught.value.returncode == 2
    (home / "log.vkey").write_bytes(b"\xff no key")
    with pytest.raises(CommandError, match="no text"):
        call_command("ledger_verify", "--incremental")
    (home / "log.vkey").unlink()
    (home / "log.key").unlink()
    with pytest.raises(CommandError, match=r"log\.key"):
        call_command("ledger_verify")


@pytest.mark.parametrize(
    ("trouble", "words", "code"),
    [
        (OperationalError("connection refused"), "database does not answer: connection refused", 2),
        (KeyboardInterrupt(), "stopped", 130),
    ],
    ids=["database", "ctrl-c"],
)
def test_a_verification_that_breaks_off_ends_in_words(
    monkeypatch: pytest.MonkeyPatch, trouble: BaseException, words: str, code: int
) -> None:
    def broken(**_given: object) -> None:
        raise trouble

    monkeypatch.setattr(ledger_verify, "ledger_verify_now", broken)
    with pytest.raises(CommandError, match=words) as caught:
        call_command("ledger_verify")
    assert caught.value.returncode == code


ATTACKS: dict[str, tuple[str, set[str]]] = {
    "an entry's bytes": (
        (
            "UPDATE chain_of_custody_entry SET canonical = "
            "replace(convert_from(canonical, 'UTF8'), 'exhibit', 'plates')::bytea "
            "WHERE id = (SELECT min(id) + 9 FROM chain_of_custody_entry)"
        ),
        {"entry-changed"},
    ),
    "an entry's columns": (
        (
            "UPDATE chain_of_custody_entry SET recorded_at = recorded_at - interval '1 day' "
            "WHERE id = (SELECT min(id) + 9 FROM chain_of_custody_entry)"
        ),
        {"columns-differ"},
    ),
    "bytes and hash together": (
        (
            "UPDATE chain_of_custody_entry SET canonical = c, "
            "hash = sha256('spoor/entry/v1'::bytea || '\\x00'::bytea || c) "
            "FROM (SELECT id AS k, replace(convert_from(canonical, 'UTF8'), 'exhibit', 'plates')::bytea AS c "
            "FROM chain_of_custody_entry ORDER BY id OFFSET 9 LIMIT 1) x WHERE id = k"
        ),
        {"leaf-mismatch", "head-differs"},
    ),
    "a value behind a commitment": (
        (
            "UPDATE chain_of_custody_commitment SET value = '\"Mallory\"' WHERE field = 'actor.name' "
            "AND entry_id = (SELECT min(id) + 9 FROM chain_of_custody_entry)"
        ),
        {"opening-mismatch"},
    ),
    "a commitment taken away": (
        "DELETE FROM chain_of_custody_commitment WHERE entry_id = (SELECT min(id) + 9 FROM chain_of_custody_entry)",
        {"opening-missing"},
    ),
    "a tile": (
        "UPDATE chain_of_custody_tile SET hashes = set_byte(hashes, 5, 255 - get_byte(hashes, 5))",
        {"tile-differs"},
    ),
    "a stream's head": ("UPDATE chain_of_custody_stream SET head_sequence = head_sequence + 1", {"head-differs"}),
    "the last leaf": (
        "DELETE FROM chain_of_custody_leaf WHERE index = (SELECT max(index) FROM chain_of_custody_leaf)",
        {"leaf-missing", "entry-unplaced"},
    ),
    "a waiting entry": ("DELETE FROM chain_of_custody_pending", {"entry-unplaced"}),
    "a checkpoint": (
        (
            "UPDATE chain_of_custody_checkpoint SET root = sha256(root) "
            "WHERE size = (SELECT max(size) FROM chain_of_custody_checkpoint)"
        ),
        {"checkpoint-differs"},
    ),
    "the newest checkpoint away": (
        "DELETE FROM chain_of_custody_checkpoint WHERE size = (SELECT max(size) FROM chain_of_custody_checkpoint)",
        {"outside-ahead"},
    ),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_what_an_owner_of_the_database_rewrites_is_found(committed_db: TestDatabase, attack: str) -> None:
    statement, wanted = ATTACKS[attack]
    if attack == "a waiting entry":
        person("Eve")  # not sequenced yet
    with psycopg.connect(committed_db.superuser_url) as owner:
        for table in ("entry", "commitment", "tile", "stream", "leaf", "checkpoint", "pending"):
            owner.execute(f"ALTER TABLE chain_of_custody_{table} DISABLE TRIGGER ALL".encode())
        assert owner.execute(statement.encode()).rowcount > 0
    assert wanted <= reasons()
    with pytest.raises(SystemExit):
        call_command("ledger_verify")


def test_a_whole_rewrite_with_the_key_is_found_by_a_checkpoint_given_away(
    home: Path, committed_db: TestDatabase
) -> None:
    """Who owns database, key and home can sign another past; one checkpoint kept elsewhere shows it."""
    given = (home / "log" / "checkpoint").read_bytes()
    with psycopg.connect(committed_db.superuser_url) as owner:
        for table in ("leaf", "tile", "checkpoint", "pending"):
            owner.execute(f"ALTER TABLE chain_of_custody_{table} DISABLE TRIGGER ALL".encode())
        for table in ("leaf", "tile", "checkpoint"):
            owner.execute(f"DELETE FROM chain_of_custody_{table}".encode())  # noqa: S608
        owner.execute("INSERT INTO chain_of_custody_pending SELECT id FROM chain_of_custody_entry")
    (home / "log" / "checkpoint").unlink()
    while sequencer_run_once():
        pass
    assert reasons() == set()
    (home / "log" / "given").mkdir()
    (home / "log" / "given" / "march.txt").write_bytes(given)
    assert reasons() & {"root-mismatch", "outside-fork"}


def test_a_check_is_a_row_with_its_progress_and_findings(committed_db: TestDatabase) -> None:
    first = check_order(kind=CheckKind.FULL)
    assert check_order(kind=CheckKind.FULL) == first
    done = check_run(check=first)
    assert (done.state, done.percent, done.findings, done.done) == (CheckState.PASSED, 100, [], Leaf.objects.count())
    more(5)
    second = check_run(check=check_order(kind=CheckKind.INCREMENTAL))
    assert (second.state, second.since) == (CheckState.PASSED, done.size)
    with psycopg.connect(committed_db.superuser_url) as owner:
        owner.execute("ALTER TABLE chain_of_custody_tile DISABLE TRIGGER ALL")
        owner.execute("UPDATE chain_of_custody_tile SET root = sha256(root)")
    third = check_run(check=check_order(kind=CheckKind.FULL))
    assert third.state == CheckState.FAILED
    assert third.findings[0][0] == "tile-differs"
