"""Batches: a failed control blocks everything of its batch until quality has said what happens to it."""

import pytest
from django.utils import timezone

from lims.common.errors import BadInput, NotAllowed, RuleViolation
from lims.documents.data.parts import Marks
from lims.lab.selectors.report_data import report_data
from lims.lab.services.batches import ControlSpec, batch_dispose, batch_open, batch_release, control_read
from lims.lab.services.findings import FindingFacts, finding_record
from lims.lab.services.runs import run_queue
from tests.lims.lab.support import Bench, report, upload


@pytest.fixture
def controls() -> list[ControlSpec]:
    return [ControlSpec(kind="reagent_blank", position="H12"), ControlSpec(kind="positive", position="G12")]


def test_a_failed_control_blocks_its_batch_until_quality_decides(bench: Bench, controls: list[ControlSpec]) -> None:
    lab = bench.lab
    batch = batch_open(
        actor=lab.technician, kind="genotyping", method="16 loci", items=[(bench.item, "A1")], controls=controls
    )
    blank, positive = batch.controls.order_by("pk")
    control_read(actor=lab.technician, control=positive, passed=True)
    with pytest.raises(BadInput):
        control_read(actor=lab.technician, control=blank, passed=False)
    control_read(actor=lab.technician, control=blank, passed=False, note="a product in the blank")
    file = upload(bench, bench.data.samples_csv.encode(), "genotypes.csv", "genotypes")

    def queue() -> None:
        run_queue(
            actor=lab.analyst,
            case=bench.case,
            item=bench.item,
            batch=batch,
            method="origin.assign",
            inputs=[("genotypes", file)],
            reference=bench.baseline,
        )

    with pytest.raises(RuleViolation, match="disposition"):
        queue()
    with pytest.raises(RuleViolation, match="read already"):
        control_read(actor=lab.technician, control=blank, passed=True)
    with pytest.raises(RuleViolation):
        batch_release(actor=lab.technician, batch=batch)
    with pytest.raises(NotAllowed):
        batch_dispose(actor=lab.analyst, batch=batch, release=True, disposition="looks fine to me")
    row = batch_dispose(actor=lab.manager, batch=batch, release=True, disposition="Contaminated tip box; repeated.")
    assert (row.state, row.disposed_by_id) == ("released", lab.manager.party_id)
    assert batch.controls.get(pk=blank.pk).outcome == "failed"
    queue()


def test_a_batch_is_released_only_when_every_control_passed(bench: Bench, controls: list[ControlSpec]) -> None:
    lab = bench.lab
    batch = batch_open(
        actor=lab.technician, kind="pcr", method="cytochrome b", items=[(bench.item, "A1")], controls=controls
    )
    first, second = batch.controls.order_by("pk")
    control_read(actor=lab.technician, control=first, passed=True)
    with pytest.raises(RuleViolation, match="1 have not"):
        batch_release(actor=lab.technician, batch=batch)
    control_read(actor=lab.technician, control=second, passed=True)
    assert batch_release(actor=lab.technician, batch=batch).state == "released"


def test_a_batch_has_controls_and_every_position_once(bench: Bench, controls: list[ControlSpec]) -> None:
    with pytest.raises(BadInput, match="at least one control"):
        batch_open(actor=bench.lab.technician, kind="pcr", method="x", items=[(bench.item, "A1")], controls=[])
    with pytest.raises(BadInput, match="H12"):
        batch_open(actor=bench.lab.technician, kind="pcr", method="x", items=[(bench.item, "H12")], controls=controls)


def test_a_report_discloses_the_failed_control_of_a_batch_its_item_went_through(
    bench: Bench, controls: list[ControlSpec]
) -> None:
    lab = bench.lab
    batch = batch_open(
        actor=lab.technician, kind="extraction", method="EXT-02", items=[(bench.item, "A1")], controls=controls
    )
    facts = FindingFacts(source="morphology", text="Outer Schreger angles above 115 degrees.")
    said = finding_record(actor=lab.analyst, case=bench.case, item=bench.item, facts=facts)
    draft = report(bench, said)

    def deviations() -> tuple[str, ...]:
        data = report_data(draft, kind="draft", issued_at=timezone.now(), marks=Marks(), signer=None)
        return data.deviations

    assert deviations() == ()
    control_read(actor=lab.technician, control=batch.controls.first(), passed=False, note="a product in the blank")
    assert len(deviations()) == 1
    assert batch.reference in deviations()[0]
    assert "a product in the blank" in deviations()[0]
