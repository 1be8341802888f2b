"""Analysis runs: one result whoever rings however often, fenced attempts, honest failures."""

import json
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from analysis.errors import Cancelled
from chain_of_custody.models import Entry, StoredFile
from chain_of_custody.vault.services import store_current
from lims.casework.selectors.files import file_get
from lims.common.errors import NotAllowed, NotFound, RuleViolation
from lims.lab.enums import JobState
from lims.lab.execution import run_compute
from lims.lab.models import Run, RunOutcome
from lims.lab.services.jobs import Heart, LeaseLost
from lims.lab.services.references import reference_retire
from lims.lab.services.runs import run_cancel, run_finish, run_queue, run_rerun, run_start
from lims.lab.tasks import run_execute, runs_sweep
from tests.lims.lab.support import Bench, origin_run, upload


def _verbs(run: Run) -> list[str]:
    entries = Entry.objects.filter(stream__kind="run", stream__uuid=run.uuid).order_by("sequence")
    return [json.loads(bytes(entry.canonical))["verb"] for entry in entries]


def _lease_over(run: Run) -> None:
    Run.objects.filter(pk=run.pk).update(lease_until=timezone.now() - timedelta(seconds=1))


def test_an_origin_run_names_the_true_population_or_none_of_these(bench: Bench) -> None:
    run = origin_run(bench)
    assert (run.state, run.error, run.attempt) == ("done", "", 1)
    answers = {row.subject: row for row in run.outcomes.all()}
    assert set(answers) == set(bench.data.truth)
    for name, truth in bench.data.truth.items():
        wanted = ("none_of_these", "") if truth is None else ("assigned", truth)
        assert (answers[name].identification, answers[name].name) == wanted
    first = answers["SYN-S001"].summary
    assert {"posterior", "exclusion_p"} <= {number["name"] for number in first["numbers"]}
    assert first["caveats"]


def test_results_are_in_the_vault_and_the_entries_name_their_digests(bench: Bench) -> None:
    run = origin_run(bench)
    names = set(run.outputs.values_list("name", flat=True))
    assert {"outcomes.json", "ranking.csv", "ranking.json", "validation.json", "ranking-0001.svg"} <= names
    outcomes = run.outputs.get(name="outcomes.json").file
    with store_current().open(outcomes.digest, version=outcomes.store_version) as chunks:
        body = json.loads(b"".join(chunks))
    assert [one["inputs"][0]["sha256"] for one in body] == [run.inputs.get().file.digest] * 4
    assert {one["reference"]["sha256"] for one in body} == {bench.baseline.digest}
    kinds = [verb for verb in _verbs(run) if verb != "stored"]
    assert kinds == ["queued", "started", "finished"]


def test_results_are_read_like_files_by_those_who_may_read_runs(bench: Bench) -> None:
    result = origin_run(bench).outputs.get(name="ranking.csv").file
    assert file_get(actor=bench.lab.analyst, uuid=result.uuid) == (result, bench.case)
    raw = upload(bench, b"a photograph", "tusk.jpg", "photograph")
    assert file_get(actor=bench.lab.custodian, uuid=raw.uuid)[0] == raw
    with pytest.raises(NotFound):
        file_get(actor=bench.lab.custodian, uuid=result.uuid)


def test_a_rerun_is_identical_and_says_so(bench: Bench) -> None:
    run = origin_run(bench)
    again = run_rerun(actor=bench.lab.analyst, run=run)
    run_execute(again.pk)
    again.refresh_from_db()
    assert (again.identical, again.result_digest, again.rerun_of_id) == (True, run.result_digest, run.pk)
    again.seed = 2
    other = run_rerun(actor=bench.lab.analyst, run=again)
    run_execute(other.pk)
    other.refresh_from_db()
    assert other.identical is False


def test_a_run_is_repeated_against_a_reference_that_was_retired_since(bench: Bench) -> None:
    run = origin_run(bench)
    reference_retire(actor=bench.lab.manager, reference=run.reference_set, reason="A newer edition is in use.")
    run = Run.objects.get(pk=run.pk)
    again = run_rerun(actor=bench.lab.analyst, run=run)
    run_execute(again.pk)
    again.refresh_from_db()
    assert (again.state, again.identical) == (JobState.DONE, True)
    with pytest.raises(RuleViolation, match="is retired: no new run uses it"):
        run_queue(
            actor=bench.lab.analyst,
            case=bench.case,
            method=run.method,
            inputs=[(row.role, row.file) for row in run.inputs.all()],
            reference=run.reference_set,
            parameters=run.parameters,
        )


def test_ringing_twice_computes_once(bench: Bench) -> None:
    run = origin_run(bench)
    run_execute(run.pk)
    run.refresh_from_db()
    assert (run.attempt, RunOutcome.objects.filter(run=run).count()) == (1, 4)


def test_a_late_worker_writes_nothing(bench: Bench) -> None:
    run = origin_run(bench, execute=False)
    slow = run_start(pk=run.pk, worker="slow")
    assert slow is not None
    assert run_start(pk=run.pk, worker="eager") is None
    answers, artefacts = run_compute(slow, lambda _share, _words: None)
    _lease_over(run)
    run_execute(run.pk)
    before = _verbs(run)
    with pytest.raises(LeaseLost):
        run_finish(run=slow, answers=answers, artefacts=artefacts)
    run.refresh_from_db()
    assert (run.state, run.attempt, run.outcomes.count()) == ("done", 2, 4)
    assert before.count("finished") == 1
    assert _verbs(run) == before
    assert StoredFile.objects.filter(stream__kind="run", stream__uuid=run.uuid).count() == run.outputs.count()


def test_a_dead_workers_run_is_swept_and_given_up_after_three_attempts(bench: Bench) -> None:
    run = origin_run(bench, execute=False)
    assert runs_sweep() == 0  # just queued: its own ring is on the way
    for attempt in (1, 2, 3):
        taken = run_start(pk=run.pk, worker=f"w{attempt}")
        assert taken is not None
        assert taken.attempt == attempt
        assert runs_sweep() == 0
        _lease_over(run)
        if attempt < 3:
            assert runs_sweep() == 1
    assert run_start(pk=run.pk, worker="w4") is None
    runs_sweep()
    run.refresh_from_db()
    assert (run.state, run.outcomes.count()) == ("failed", 0)
    assert "3 times" in run.error
    assert _verbs(run)[-1] == "failed"


def test_a_run_nobody_took_is_rung_again(bench: Bench) -> None:
    run = origin_run(bench, execute=False)
    Run.objects.filter(pk=run.pk).update(queued_at=timezone.now() - timedelta(minutes=1))
    assert runs_sweep() == 1


def test_a_waiting_run_is_cancelled_at_once_and_a_running_one_at_its_next_step(bench: Bench) -> None:
    waiting = origin_run(bench, execute=False)
    run_cancel(actor=bench.lab.analyst, run=waiting)
    run_execute(waiting.pk)
    waiting.refresh_from_db()
    assert (waiting.state, waiting.attempt) == ("cancelled", 0)
    with pytest.raises(RuleViolation, match="over already"):
        run_cancel(actor=bench.lab.analyst, run=waiting)
    with pytest.raises(NotAllowed):
        run_cancel(actor=bench.lab.custodian, run=waiting)


def test_bad_input_fails_the_run_with_file_and_remedy(bench: Bench) -> None:
    header, first, *_rest = bench.data.samples_csv.splitlines()
    broken = "\n".join([header, first.rsplit(",", 1)[0] + ",wild"]).encode()
    run = origin_run(bench, content=broken)
    assert (run.state, run.outcomes.count(), run.outputs.count()) == ("failed", 0, 0)
    assert "genotypes.csv" in run.error
    assert "wild" in run.error


def _work(heart: Heart) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        heart.progress(0.5, "half way")
        time.sleep(0.05)


def test_a_running_worker_hears_the_wish_to_cancel(bench: Bench) -> None:
    run = origin_run(bench, execute=False)
    taken = run_start(pk=run.pk, worker="w1")
    assert taken is not None
    run_cancel(actor=bench.lab.analyst, run=run)
    with Heart(jobs=Run.objects, job=taken) as heart, pytest.raises(Cancelled):
        _work(heart)
    run.refresh_from_db()
    assert (run.state, run.progress, run.message) == ("running", 0.5, "half way")


def test_a_file_changed_in_the_store_fails_the_run(bench: Bench, settings: Any) -> None:
    # Content of its own: the store keeps equal bytes once, and this object is damaged on purpose.
    body = bench.data.samples_csv.replace("SYN-S001", "SYN-DAMAGED").encode()
    run = origin_run(bench, execute=False, content=body)
    digest = run.inputs.get().file.digest
    path = Path(settings.SPOOR_STORE_URL.removeprefix("file://")) / "sha256" / digest[:2] / digest
    path.chmod(0o644)
    path.write_bytes(body.replace(b"SYN-DAMAGED", b"SYN-CHANGED"))
    run_execute(run.pk)
    run.refresh_from_db()
    assert (run.state, run.outcomes.count()) == ("failed", 0)
    assert digest[:12] in run.error
