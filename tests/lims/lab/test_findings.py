"""Findings and opinions: each rests on something, and a correction is a new finding that names the old."""

import pytest

from lims.common.errors import BadInput, NotAllowed, RuleViolation
from lims.lab.services.findings import FindingFacts, finding_record
from tests.lims import builders
from tests.lims.lab.support import Bench, finding, origin_run


def test_a_finding_of_a_run_rests_on_a_finished_run_of_the_case(bench: Bench) -> None:
    with pytest.raises(BadInput, match="result of the run"):
        finding_record(
            actor=bench.lab.analyst, case=bench.case, item=bench.item, facts=FindingFacts(text="It is from A1.")
        )
    outcome = origin_run(bench).outcomes.order_by("number")[0]
    made = finding(bench, outcome)
    assert (made.run_id, made.analyst_id) == (outcome.run_id, bench.lab.analyst.party_id)
    other = builders.case(bench.lab.custodian)
    item = builders.fresh(builders.exhibits(bench.lab.custodian, other)[0].item)
    with pytest.raises(RuleViolation, match="same case"):
        finding_record(actor=bench.lab.analyst, case=other, item=item, facts=FindingFacts(text="x"), outcome=outcome)
    with pytest.raises(BadInput, match="is not an item of"):
        finding_record(
            actor=bench.lab.analyst, case=bench.case, item=item, facts=FindingFacts(text="x"), outcome=outcome
        )


def test_an_opinion_states_its_basis_and_an_external_result_its_laboratory(bench: Bench) -> None:
    origin_run(bench)
    with pytest.raises(BadInput, match="basis"):
        finding(bench, kind="opinion", text="Probably poached.")
    opinion = finding(bench, kind="opinion", text="The tusks may share an origin.", basis="Assignment of three tusks.")
    assert opinion.kind == "opinion"
    with pytest.raises(BadInput, match="laboratory"):
        finding(bench, source="external", text="Radiocarbon 1998-2001.")
    assert finding(bench, source="external", text="Radiocarbon.", provider="Dating laboratory").provider


def test_a_correction_names_the_old_finding_once_and_needs_a_reason(bench: Bench) -> None:
    origin_run(bench)
    old = finding(bench)

    def correct(reason: str) -> None:
        finding_record(
            actor=bench.lab.analyst,
            case=bench.case,
            item=bench.item,
            facts=FindingFacts(text="The group only.", identification="assigned"),
            outcome=old.outcome,
            replaces=old,
            reason=reason,
        )

    with pytest.raises(BadInput):
        correct("")
    correct("The population was named with too little support.")
    with pytest.raises(RuleViolation, match="replaced already"):
        correct("again")
    with pytest.raises(NotAllowed):
        finding_record(
            actor=bench.lab.technician,
            case=bench.case,
            item=bench.item,
            facts=FindingFacts(text="x"),
            outcome=old.outcome,
        )
