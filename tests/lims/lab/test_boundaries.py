"""Work of one case stays in it; whoever worked never reviews; a failed control stops what came of its batch."""

import pytest

from chain_of_custody.models import StoredFile
from lims.accounts.roles import Role
from lims.accounts.selectors import grant_open
from lims.accounts.services import reauthenticate, role_revoke, system_actor
from lims.casework.models import ExhibitComponent
from lims.casework.services.exhibits import ExhibitFacts, component_add, exhibits_register
from lims.common.errors import BadInput, NotAllowed, RuleViolation, StaleVersion
from lims.lab.models import RunOutcome
from lims.lab.services.batches import ControlSpec, batch_dispose, batch_open, control_read
from lims.lab.services.findings import FindingFacts, finding_record
from lims.lab.services.reports import ReportFacts, report_draft, report_sign, report_submit
from lims.lab.services.requests import Asked, examination_request
from lims.lab.services.reviews import review_open, review_point_set
from lims.lab.services.runs import run_queue
from tests.lims import builders
from tests.lims.lab.support import Bench, finding, origin_run, report, reviewed, upload

CONTROL = [ControlSpec(kind="reagent_blank", position="H12", expectation="no product")]


def _component(bench: Bench) -> ExhibitComponent:
    """A component of a bag of another case."""
    lab, case = bench.lab, builders.case(bench.lab.custodian)
    facts = [ExhibitFacts(kind="mixed", description="Medicine bag")]
    bag = exhibits_register(actor=lab.custodian, case=case, facts=facts, held_by=builders.party(lab.custodian))[0]
    return component_add(actor=lab.custodian, exhibit=bag, description="bone")


def test_nothing_of_another_case_or_exhibit_enters_the_work(bench: Bench) -> None:
    lab, strange = bench.lab, _component(bench)
    bag = builders.fresh(strange.exhibit.item)
    with pytest.raises(BadInput, match="is not part of") as refused:
        examination_request(
            actor=lab.analyst,
            case=bench.case,
            lines=[Asked(item=bench.item, question="species", component=strange)],
        )
    assert refused.value.row == 0
    run = origin_run(bench)
    outcome = RunOutcome.objects.filter(run=run).order_by("pk")[0]
    words = FindingFacts(text="Assigned.", identification="assigned")
    with pytest.raises(BadInput, match="is not part of"):
        finding_record(
            actor=lab.analyst, case=bench.case, item=bench.item, facts=words, outcome=outcome, component=strange
        )
    neighbour = builders.fresh(builders.exhibits(lab.custodian, bench.case)[0].item)
    with pytest.raises(BadInput, match="was about another exhibit"):
        finding_record(actor=lab.analyst, case=bench.case, item=neighbour, facts=words, outcome=outcome)
    mine = finding(bench)
    with pytest.raises(BadInput, match="another case") as refused:
        finding_record(
            actor=lab.analyst,
            case=strange.exhibit.case,
            item=bag,
            facts=FindingFacts(text="Bone.", source="morphology"),
            replaces=mine,
            reason="A slip",
        )
    assert refused.value.field == "replaces"
    facts = ReportFacts(title="T", question="Q?", findings=[mine], not_examined=[(bag, "Not asked")])
    with pytest.raises(BadInput, match="is not an item of"):
        report_draft(actor=lab.analyst, case=bench.case, facts=facts)
    asked = examination_request(
        actor=lab.analyst, case=strange.exhibit.case, lines=[Asked(item=bag, question="species")]
    )
    facts = ReportFacts(title="T", question="Q?", findings=[mine])
    with pytest.raises(BadInput, match="another case"):
        report_draft(actor=lab.analyst, case=bench.case, facts=facts, request=asked)
    with pytest.raises(BadInput, match="There is no such file"):
        run_queue(
            actor=lab.analyst,
            case=strange.exhibit.case,
            method="origin.assign",
            inputs=[("genotypes", upload(bench, b"id,L1\n", "g.csv", "genotypes"))],
        )


def test_whoever_was_corrected_does_not_review_the_correction(bench: Bench) -> None:
    origin_run(bench)
    second = builders.actor(Role.ANALYST, name="Second analyst")
    first = finding_record(
        actor=second,
        case=bench.case,
        item=bench.item,
        facts=FindingFacts(text="Assigned.", identification="assigned"),
        outcome=RunOutcome.objects.order_by("pk")[0],
    )
    corrected = finding_record(
        actor=bench.lab.analyst,
        case=bench.case,
        item=bench.item,
        facts=FindingFacts(text="Not assigned.", identification="none_of_these"),
        outcome=RunOutcome.objects.order_by("pk")[0],
        replaces=first,
        reason="Read the wrong line",
    )
    draft = report(bench, corrected)
    with pytest.raises(NotAllowed, match="one who worked on it"):
        report_submit(actor=builders.actor(Role.ANALYST), report=draft, version=draft.version)
    row = report_submit(actor=bench.lab.analyst, report=draft, version=draft.version)
    with pytest.raises(NotAllowed, match="Somebody else reviews"):
        review_open(actor=second, report=row)


def test_a_review_is_done_by_somebody_who_still_is_a_reviewer(bench: Bench) -> None:
    origin_run(bench)
    draft = report(bench, finding(bench))
    row = report_submit(actor=bench.lab.analyst, report=draft, version=draft.version)
    account = builders.person(Role.REVIEWER)
    review = review_open(actor=builders.actor_of(account), report=row)
    grant = grant_open(user=account, role=Role.REVIEWER, agency=None)
    role_revoke(actor=system_actor(), grant=grant, reason="Left the laboratory")
    with pytest.raises(NotAllowed):
        review_point_set(actor=builders.actor_of(account), review=review, key="limits", passed=True)


def test_a_control_that_fails_after_the_run_stops_the_report(bench: Bench) -> None:
    lab = bench.lab
    batch = batch_open(
        actor=lab.technician, kind="genotyping", method="Panel 1", items=[(bench.item, "A1")], controls=CONTROL
    )
    run = origin_run(bench)
    run.batch = batch
    run.save(update_fields=["batch"])
    draft = report(bench, finding(bench))
    control_read(actor=lab.technician, control=batch.controls.get(), passed=False, note="A band in the blank")
    with pytest.raises(RuleViolation, match="failed"):
        report_submit(actor=lab.analyst, report=draft, version=draft.version)
    with pytest.raises(RuleViolation, match="failed"):
        origin_run(bench, execute=False)  # no batch is named: the item still stands in the blocked one
    batch_dispose(actor=lab.manager, batch=batch, release=True, disposition="Spill-over from the next lane")
    assert report_submit(actor=lab.analyst, report=draft, version=draft.version).state == "technical_review"


def test_a_second_click_on_sign_leaves_one_signed_file(bench: Bench) -> None:
    row = reviewed(bench)
    proof = reauthenticate(actor=bench.lab.reviewer, password=builders.PASSWORD)
    report_sign(actor=bench.lab.reviewer, report=row, version=row.version, proof=proof)
    with pytest.raises(StaleVersion):
        report_sign(actor=bench.lab.reviewer, report=row, version=row.version, proof=proof)
    signed = StoredFile.objects.filter(stream__kind="report", stream__uuid=row.uuid, role="report")
    assert signed.count() == 1
