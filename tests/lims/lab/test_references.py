"""Reference sets: frozen with their content hash, approved by a second person, used only while approved."""

import io
from datetime import timedelta

import pytest
from django.utils import timezone

from analysis.inputs import no_progress
from analysis.origin.baseline import baseline_open
from chain_of_custody.models import StoredFile
from lims.accounts.actors import Actor
from lims.accounts.roles import Role
from lims.common.errors import BadInput, NotAllowed, RuleViolation
from lims.lab.execution import reference_compute, reference_folder
from lims.lab.models import ReferenceBuild, ReferenceSet
from lims.lab.services import jobs
from lims.lab.services.builds import build_cancel, build_fail, build_finish, build_start
from lims.lab.services.jobs import LeaseLost
from lims.lab.services.references import reference_approve, reference_propose, reference_retire
from lims.lab.tasks import reference_build, runs_sweep
from tests.lims import builders
from tests.lims.lab.support import Bench, baseline, built, origin_run


def _draft(bench: Bench, actor: Actor, *, name: str, content: str = "") -> ReferenceSet:
    content = content or bench.data.baseline_csv
    return reference_propose(
        actor=actor,
        kind="origin",
        name=name,
        edition="1",
        files=[("t.csv", io.BytesIO(content.encode()))],
        parameters={"id_column": "id", "population_column": "population"},
        provenance="Synthetic.",
    )


def test_a_reference_is_known_by_its_content_not_by_its_name(bench: Bench) -> None:
    header, *rows = bench.data.baseline_csv.splitlines(keepends=True)
    bench.data = type(bench.data)(
        baseline_csv=header + "".join(reversed(rows)), samples_csv=bench.data.samples_csv, truth=bench.data.truth
    )
    turned = baseline(bench.lab, bench.data, edition="2")
    assert (bench.baseline.records, bench.baseline.summary) == (120, {"populations": 4, "loci": 16})
    # The digest is over content: row order changes nothing (docs/origin.md, «Frozen baselines»).
    assert len(bench.baseline.digest) == 64
    assert turned.digest == bench.baseline.digest
    assert turned.archive.digest != bench.baseline.archive.digest
    assert reference_folder(turned) != reference_folder(bench.baseline)


def test_the_unpacked_set_opens_and_holds_what_was_proposed(bench: Bench) -> None:
    opened = baseline_open(reference_folder(bench.baseline))
    assert len(opened.table.ids) == 120
    assert reference_folder(bench.baseline) == reference_folder(bench.baseline)


def test_one_person_cannot_propose_and_approve(bench: Bench) -> None:
    waiting = built(_draft(bench, bench.lab.manager, name="Manager's own"))
    with pytest.raises(NotAllowed, match="second person"):
        reference_approve(actor=bench.lab.manager, reference=waiting, note="mine")
    with pytest.raises(NotAllowed):
        reference_approve(actor=bench.lab.analyst, reference=waiting, note="no capability")


def test_only_an_approved_reference_is_used(bench: Bench) -> None:
    bench.baseline = baseline(bench.lab, bench.data, edition="draft", approved=False)
    with pytest.raises(RuleViolation, match="not approved"):
        origin_run(bench)
    approved = reference_approve(actor=bench.lab.manager, reference=bench.baseline, note="checked")
    bench.baseline = approved
    assert origin_run(bench).state == "done"
    bench.baseline = reference_retire(actor=bench.lab.manager, reference=approved, reason="newer edition")
    with pytest.raises(RuleViolation, match="is retired: no new run uses it"):
        origin_run(bench)


def test_an_edition_never_changes(bench: Bench) -> None:
    with pytest.raises(BadInput, match="choose a new edition"):
        baseline(bench.lab, bench.data)


def test_a_set_that_is_not_built_is_neither_approved_nor_used_nor_retired(bench: Bench) -> None:
    draft = _draft(bench, bench.lab.analyst, name="Draft")
    assert (draft.state, draft.digest, draft.file) == ("draft", "", None)
    with pytest.raises(RuleViolation, match="not waiting for approval"):
        reference_approve(actor=bench.lab.manager, reference=draft, note="too early")
    with pytest.raises(RuleViolation, match="not in use"):
        reference_retire(actor=bench.lab.manager, reference=draft, reason="too early")
    bench.baseline = draft
    with pytest.raises(RuleViolation, match="not approved"):
        origin_run(bench)


def test_a_bad_table_ends_the_build_with_the_reason_and_frees_the_edition(bench: Bench) -> None:
    header, *rows = bench.data.baseline_csv.splitlines()
    missing = "\n".join(line.rsplit(",", 1)[0] for line in [header, *rows])
    bad = _draft(bench, bench.lab.analyst, name="Twice", content=missing)
    reference_build(bad.builds.get().pk)
    bad.refresh_from_db()
    build = bad.builds.get()
    assert (bad.state, bad.file, build.state) == ("not_built", None, "failed")
    assert "t.csv" in build.error or "genotypes.csv" in build.error
    again = built(_draft(bench, bench.lab.analyst, name="Twice"))
    assert (again.state, again.records) == ("proposed", 120)


def test_a_late_worker_changes_nothing_in_a_built_set(bench: Bench) -> None:
    draft = _draft(bench, bench.lab.analyst, name="Raced")
    pk = draft.builds.get().pk
    late = build_start(pk=pk, worker="late")
    assert late is not None
    assert build_start(pk=pk, worker="second") is None, "it is held"
    ReferenceBuild.objects.filter(pk=pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    second = build_start(pk=pk, worker="second")
    assert second is not None
    frozen = reference_compute(draft, no_progress)
    kept = StoredFile.objects.count()
    with pytest.raises(LeaseLost):
        build_finish(build=late, frozen=frozen)
    with pytest.raises(LeaseLost):
        build_fail(build=late, error="late")
    draft.refresh_from_db()
    assert (draft.state, StoredFile.objects.count()) == ("draft", kept)
    build_finish(build=second, frozen=frozen)
    draft.refresh_from_db()
    assert (draft.state, draft.digest, draft.build and draft.build.attempt) == ("proposed", frozen.digest, 2)
    assert reference_folder(draft).is_dir()


def test_a_waiting_build_is_cancelled_at_once_and_the_edition_is_free(bench: Bench) -> None:
    draft = _draft(bench, bench.lab.analyst, name="Stopped")
    with pytest.raises(NotAllowed):
        build_cancel(actor=bench.lab.technician, reference=draft)
    build_cancel(actor=bench.lab.analyst, reference=draft)
    draft.refresh_from_db()
    assert (draft.state, draft.builds.get().state) == ("not_built", "cancelled")
    reference_build(draft.builds.get().pk)
    assert draft.builds.get().state == "cancelled"
    with pytest.raises(RuleViolation, match="over already"):
        build_cancel(actor=bench.lab.analyst, reference=draft)
    assert _draft(bench, bench.lab.analyst, name="Stopped").state == "draft"


def test_after_three_dead_workers_the_build_is_failed_and_before_it_is_rung_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    rung: list[tuple[str, int]] = []
    monkeypatch.setattr(jobs, "ring", lambda task, pk: rung.append((task, pk)))
    draft = _draft(bench, bench.lab.analyst, name="Unlucky")
    pk = draft.builds.get().pk
    for attempt in (1, 2, 3):
        taken = build_start(pk=pk, worker=f"worker {attempt}")
        assert taken is not None
        assert taken.attempt == attempt
        ReferenceBuild.objects.filter(pk=pk).update(lease_until=timezone.now() - timedelta(seconds=1))
        runs_sweep()
    assert rung == [("lims.lab.reference_build", pk)] * 2
    draft.refresh_from_db()
    assert (draft.state, draft.builds.get().state) == ("not_built", "failed")
    assert "3 times" in draft.builds.get().error


def test_of_two_approvals_with_the_same_page_open_one_counts(bench: Bench) -> None:
    row = baseline(bench.lab, bench.data, edition="two managers", approved=False)
    first, second = (ReferenceSet.objects.get(pk=row.pk) for _page in range(2))
    other = builders.actor(Role.MANAGER)
    reference_approve(actor=bench.lab.manager, reference=first, note="Read.")
    with pytest.raises(RuleViolation, match="not waiting for approval"):
        reference_approve(actor=other, reference=second, note="Read as well.")
    row.refresh_from_db()
    assert row.approved_by_id == bench.lab.manager.party_id
