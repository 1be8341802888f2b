"""The demonstration laboratory: whole after a kill in the middle, made once, true to its story."""

import json
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from chain_of_custody.core.verify import Status, verify_file
from chain_of_custody.models import HandOver, Item
from chain_of_custody.vault.services import store_current
from lims.accounts.models import User
from lims.casework.models import Case, Discrepancy, Exhibit, SamplingPlan, Submission
from lims.demonstration.models import SeedStep
from lims.demonstration.scenes import STEPS
from lims.disclosure.models import DisclosurePack
from lims.lab.models import Batch, Report, Review, Run
from tests.conftest import ROOT, TestDatabase
from tests.lims.lab.support import Keys, installation


@pytest.fixture
def home(settings: Any, tmp_path: Path) -> Keys:
    return installation(settings, tmp_path)


def _environment(database: TestDatabase, folder: Path) -> dict[str, str]:
    return {
        **database.environment(),
        "SPOOR_HOME": str(folder),
        "SPOOR_LOG_KEY_FILE": str(folder / "log.key"),
        "SPOOR_PACK_KEY_FILE": str(folder / "pack.key"),
        "SPOOR_LOG_VKEY_FILE": str(folder / "log.vkey"),
    }


def _killed_after(step: str, environment: dict[str, str]) -> None:
    """Start the command as a process of its own and kill it as soon as it begins a step."""
    child = subprocess.Popen(
        [sys.executable, "manage.py", "demo_seed"], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    for line in child.stdout:
        if line.strip() == step:
            os.kill(child.pid, signal.SIGKILL)
            break
    child.wait(timeout=120)
    assert child.returncode == -signal.SIGKILL


def test_the_demonstration_is_whole_after_a_kill_and_made_once(
    committed_db: TestDatabase, home: Keys, tmp_path: Path
) -> None:
    _killed_after("port: powders", _environment(committed_db, tmp_path))
    assert 0 < SeedStep.objects.count() < len(STEPS)
    call_command("demo_seed")
    assert SeedStep.objects.count() == len(STEPS) + 1
    counts = (Case.objects.count(), Item.objects.count(), Run.objects.count(), User.objects.count())
    call_command("demo_seed")
    assert counts == (Case.objects.count(), Item.objects.count(), Run.objects.count(), User.objects.count())
    _accounts_are_as_written(tmp_path)
    _the_port_case_is_as_told()
    _the_reports_went_their_way()
    _the_pack_verifies(home, tmp_path)


def _accounts_are_as_written(folder: Path) -> None:
    path = folder / "demo-credentials.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    body = json.loads(path.read_text())
    assert body["instrument_token"].startswith("spoor_")
    for row in body["accounts"]:
        assert User.objects.get(username=row["username"]).check_password(row["password"]), row["username"]


def _the_port_case_is_as_told() -> None:
    case = Case.objects.get(title__startswith="Container MRKU")
    assert not Case.objects.filter(synthetic=False).exists()
    tusks = Exhibit.objects.get(case=case, kind="lot")
    assert (tusks.pieces_stated, tusks.pieces_found) == (512, 511)
    kinds = sorted(Discrepancy.objects.filter(case=case).values_list("kind", flat=True))
    assert kinds == ["count", "seal"]
    assert not Discrepancy.objects.filter(case=case, countersigned_by__isnull=True).exists()
    assert Exhibit.objects.get(case=case, kind="live_animal").live_count == 38
    plan = SamplingPlan.objects.get(lot=tusks)
    assert (len(plan.sampled), len(plan.unsampled)) == (16, 495)
    answers = {run.reference: set(run.outcomes.values_list("identification", flat=True)) for run in case.runs.all()}
    assert {"species", "genus", "excluded", "assigned", "none_of_these"} <= set().union(*answers.values())
    excluded = case.runs.get(outcomes__identification="excluded").outcomes.get()
    assert (excluded.name, excluded.run.parameters["declared"]) == ("Bos taurus", "Panthera tigris")
    joined = case.runs.get(method="origin.combined")
    sets = [None if one is None else one.kind for one in (joined.reference_set, joined.second_set)]
    assert sets == ["origin", "isoscape"]
    assert {one.identification for one in joined.outcomes.all()} == {"region"}
    species = case.runs.filter(method="species.identify")
    assert species.filter(outcomes__identification__in=["inconclusive", "no_result"]).count() == 1
    assert case.runs.get(rerun_of__isnull=False).identical is True
    assert HandOver.objects.filter(state="refused").count() == 1
    assert Batch.objects.filter(controls__outcome="failed", state="released").count() == 1
    assert Submission.objects.get().state == "submitted"


def _the_reports_went_their_way() -> None:
    case = Case.objects.get(title__startswith="Container MRKU")
    first, second = Report.objects.filter(case=case).order_by("pk")
    assert (first.state, second.state, second.replaces_id) == ("replaced", "issued", first.pk)
    assert Review.objects.filter(report=first, decision="sent_back").count() == 1
    assert set(Report.objects.values_list("state", flat=True)) == {"issued", "replaced", "technical_review"}
    assert Case.objects.filter(state="closed").count() == 1
    # Stories lie in the past and in order; nothing claims to have happened after now.
    assert second.issued_at is not None
    assert first.issued_at is not None
    assert case.opened_at < first.created_at < first.issued_at < second.issued_at < timezone.now()
    assert not Run.objects.filter(finished_at__gt=second.issued_at, case=case).exists()


def _the_pack_verifies(keys: Keys, folder: Path) -> None:
    pack = DisclosurePack.objects.get()
    assert pack.file is not None
    assert pack.deliveries.get().way == "sign_in"
    path = folder / "pack.zip"
    with store_current().open(pack.file.digest, version=pack.file.store_version) as chunks:
        path.write_bytes(b"".join(chunks))
    verdict = verify_file(path, pinned=(keys.log.verifier, keys.pack.verifier))
    assert verdict.status is Status.PASSED, verdict


@pytest.mark.django_db
def test_a_laboratorys_own_system_is_refused(settings: Any) -> None:
    settings.SPOOR_MODE = "lab"
    with pytest.raises(CommandError, match="nothing synthetic"):
        call_command("demo_seed")
    assert not Case.objects.exists()
