"""Reference sets: frozen with their content hash, approved by a second person, used only while approved."""

import pytest

from analysis.errors import AnalysisError
from analysis.origin.baseline import baseline_open
from lims.common.errors import BadInput, NotAllowed, RuleViolation
from lims.lab.execution import reference_folder
from lims.lab.services.references import reference_approve, reference_propose, reference_retire
from tests.lims.lab.support import Bench, baseline, origin_run


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
    assert turned.file.digest != bench.baseline.file.digest
    assert reference_folder(turned) != reference_folder(bench.baseline)


def test_the_unpacked_set_opens_and_holds_what_was_proposed(bench: Bench) -> None:
    opened = baseline_open(reference_folder(bench.baseline))
    assert len(opened.table.ids) == 120
    assert reference_folder(bench.baseline) == reference_folder(bench.baseline)


def test_one_person_cannot_propose_and_approve(bench: Bench) -> None:
    waiting = reference_propose(
        actor=bench.lab.manager,
        kind="origin",
        name="Manager's own",
        edition="1",
        files=[("t.csv", bench.data.baseline_csv.encode())],
        parameters={"id_column": "id", "population_column": "population"},
        provenance="Synthetic.",
    )
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
    with pytest.raises(RuleViolation, match="not approved"):
        origin_run(bench)


def test_an_edition_never_changes_and_a_bad_table_is_refused(bench: Bench) -> None:
    with pytest.raises(BadInput, match="choose a new edition"):
        baseline(bench.lab, bench.data)
    header, *rows = bench.data.baseline_csv.splitlines()
    missing = "\n".join(line.rsplit(",", 1)[0] for line in [header, *rows])
    bench.data = type(bench.data)(baseline_csv=missing, samples_csv="", truth={})
    with pytest.raises(AnalysisError):
        baseline(bench.lab, bench.data, edition="bad")
