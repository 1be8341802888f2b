"""«Verify now»: asked for by who may, shown with its progress, and loud on every page and by mail when it fails."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from chain_of_custody.enums import CheckKind, CheckState
from chain_of_custody.models import Leaf, LedgerCheck
from chain_of_custody.models.checks import SILENT
from chain_of_custody.services import sequencer_run_once, verifying
from chain_of_custody.services.verifying import check_order
from lims.accounts.roles import Role
from lims.accounts.services.ledger_checks import ledger_check_nightly, ledger_check_run
from lims.accounts.tasks import ledger_check
from lims.config.celery import app as celery
from tests.lims import builders
from tests.lims.api.client import Caller, ok, problem
from tests.lims.builders import Laboratory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("log_key")]


def signed_in(actor: builders.Actor) -> Client:
    browser = Client()
    browser.force_login(builders.User.objects.get(pk=actor.user_id))
    return browser


def failed() -> LedgerCheck:
    finding = ["root-mismatch", "checkpoint outside, size 7", "the first 7 leaves have another root"]
    row = check_order(kind=CheckKind.FULL)
    row.state, row.findings, row.ended_at = CheckState.FAILED, [finding], row.created_at
    row.save()
    cache.clear()
    return row


def test_an_auditor_asks_and_a_worker_answers() -> None:
    Laboratory()
    sequencer_run_once()
    browser = signed_in(builders.actor(Role.AUDITOR))
    assert "has not been verified here yet" in browser.get("/ledger/").content.decode()
    assert browser.post("/ledger/verify-now/").status_code == 302
    row = LedgerCheck.objects.get()
    waiting = browser.get("/ledger/verify-now/").content.decode()
    assert "every 2s" in waiting
    assert "<progress" in waiting
    assert ledger_check(row.pk) == "passed"
    page = browser.get("/ledger/").content.decode()
    assert "Passed" in page
    assert "every 2s" not in page


def test_who_may_not_read_the_ledger_cannot_ask() -> None:
    browser = signed_in(Laboratory().technician)
    assert browser.post("/ledger/verify-now/").status_code == 403
    assert LedgerCheck.objects.count() == 0


def test_a_failure_stands_on_every_page_until_one_passes() -> None:
    lab = Laboratory()
    sequencer_run_once()
    browser = signed_in(lab.technician)
    cache.clear()
    assert "does not verify" not in browser.get("/").content.decode()
    failed()
    assert "does not verify" in browser.get("/", follow=True).content.decode()
    auditor = signed_in(builders.actor(Role.AUDITOR)).get("/ledger/").content.decode()
    assert "the first 7 leaves have another root" in auditor
    assert ledger_check_nightly().state == CheckState.PASSED
    cache.clear()
    assert "does not verify" not in browser.get("/", follow=True).content.decode()


def test_a_failure_is_mailed_and_stands_in_the_log(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(settings, "SPOOR_ALARM_MAIL", ["quality@laboratory.example"])
    Laboratory()
    sequencer_run_once()
    (settings.SPOOR_HOME / "log" / "given").mkdir()
    (settings.SPOOR_HOME / "log" / "given" / "x.txt").write_text("not a checkpoint\n")
    done = ledger_check_run(check=check_order(kind=CheckKind.FULL))
    assert done.state == CheckState.FAILED
    assert "outside-malformed" in mail.outbox[0].body
    assert mail.outbox[0].to == ["quality@laboratory.example"]
    assert [one.levelname for one in caplog.records if "LEDGER NOT SOUND: outside-malformed" in one.message] == [
        "ERROR"
    ]


@pytest.mark.parametrize(
    ("name", "hour"), [("vault_audit", {2}), ("ledger_check_nightly", {1}), ("checkpoint_give_away", {18})]
)
def test_files_and_ledger_are_checked_each_night_and_checkpoints_given_each_evening(name: str, hour: set[int]) -> None:
    celery.loader.import_default_modules()
    turn = settings.CELERY_BEAT_SCHEDULE[name]
    assert (turn["schedule"].hour, len(turn["schedule"].minute)) == (hour, 1)
    assert len(turn["schedule"].day_of_week) == 7
    assert turn["task"] in celery.tasks


def test_a_verification_that_cannot_be_done_is_as_loud(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "SPOOR_ALARM_MAIL", ["quality@laboratory.example"])
    Laboratory()
    sequencer_run_once()
    settings.SPOOR_LOG_VKEY_FILE.write_text("no key\n")
    for kind in CheckKind:
        done = ledger_check_run(check=check_order(kind=kind))
        assert (done.state, done.findings[0][0]) == (CheckState.FAILED, "not-finished")
    assert "not-finished" in mail.outbox[0].body


def test_a_verification_that_breaks_off_has_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(**_given: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(verifying, "ledger_verify_now", broken)
    with pytest.raises(ZeroDivisionError):
        ledger_check_run(check=check_order(kind=CheckKind.FULL))
    row = LedgerCheck.objects.get()
    assert (row.state, row.findings[0][0]) == (CheckState.FAILED, "not-finished")


def test_a_verification_that_died_is_not_waited_for() -> None:
    """Its worker was killed: the page says so and lets somebody ask again, and nobody counts it as passed."""
    Laboratory()
    sequencer_run_once()
    browser = signed_in(builders.actor(Role.AUDITOR))
    died = check_order(kind=CheckKind.FULL)
    LedgerCheck.objects.filter(pk=died.pk).update(
        state=CheckState.RUNNING, seen_at=timezone.now() - SILENT - timedelta(seconds=1)
    )
    card = browser.get("/ledger/verify-now/").content.decode()
    assert "Not finished" in card
    assert "every 2s" not in card
    assert 'type="submit"' in card
    browser.post("/ledger/verify-now/")
    died.refresh_from_db()
    assert (died.state, died.findings[0][0]) == (CheckState.FAILED, "not-finished")
    again = LedgerCheck.objects.get(state=CheckState.WAITING)
    assert "every 2s" in browser.get("/ledger/verify-now/").content.decode()
    assert ledger_check(again.pk) == "passed"


def test_one_taken_for_dead_does_not_pass_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    Laboratory()
    sequencer_run_once()
    slow = verifying.ledger_verify_now

    def interrupted(**given: Any) -> object:
        verdict = slow(**given)
        LedgerCheck.objects.update(seen_at=timezone.now() - SILENT - timedelta(seconds=1))
        check_order(kind=CheckKind.FULL)
        return verdict

    monkeypatch.setattr(verifying, "ledger_verify_now", interrupted)
    assert ledger_check_run(check=check_order(kind=CheckKind.FULL)).state == CheckState.FAILED
    assert LedgerCheck.objects.filter(state=CheckState.WAITING).count() == 1


def test_the_same_over_the_api() -> None:
    Laboratory()
    sequencer_run_once()
    auditor = Caller(builders.actor(Role.AUDITOR))
    problem(auditor.get("ledger/verification/"), 404, "no-verification")
    asked = ok(auditor.post("ledger/verification/", {}), 202)
    assert (asked["state"], asked["under_way"]) == ("waiting", True)
    row = LedgerCheck.objects.get()
    assert ledger_check(row.pk) == "passed"
    found = ok(auditor.get("ledger/verification/"))
    assert (found["state"], found["under_way"], found["percent"], found["findings"]) == ("passed", False, 100, [])
    assert found["size"] == Leaf.objects.count()
    failed()
    wrong = ok(auditor.get("ledger/verification/"))["findings"]
    assert wrong == [
        {
            "reason": "root-mismatch",
            "where": "checkpoint outside, size 7",
            "detail": "the first 7 leaves have another root",
        }
    ]


def test_the_wrong_role_neither_asks_nor_sees_over_the_api() -> None:
    technician = Caller(Laboratory().technician)
    problem(technician.get("ledger/verification/"), 403, "not-allowed")
    problem(technician.post("ledger/verification/", {}), 403, "not-allowed")
    assert LedgerCheck.objects.count() == 0


def test_the_age_of_the_last_backup_is_shown() -> None:
    Laboratory()
    browser = signed_in(builders.actor(Role.AUDITOR))
    assert "none known" in browser.get("/exceptions/").content.decode()
    made = timezone.now() - timedelta(days=9)
    (settings.SPOOR_HOME / "last-backup.json").write_text(json.dumps({"at": made.isoformat()}))
    assert "9 days ago" in browser.get("/exceptions/").content.decode()
