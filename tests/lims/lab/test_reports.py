"""Reports: reviewed by others, sent back, signed after re-authentication, replaced by a new number."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from chain_of_custody.models import Entry
from chain_of_custody.vault.services import store_current
from lims.accounts.roles import Role
from lims.accounts.selectors import actor_of_user
from lims.accounts.services import GrantSpec, ReAuthentication, reauthenticate, system_actor, user_create
from lims.common.errors import BadInput, NotAllowed, RuleViolation, StaleVersion
from lims.documents.credentials import authority_certificate
from lims.documents.signature_check import signature_check
from lims.lab.models import Report, ReportPerson
from lims.lab.selectors.pages import may_review
from lims.lab.selectors.reports import report_contested, report_to_review, review_get
from lims.lab.services.findings import FindingFacts, finding_record
from lims.lab.services.reports import (
    ReportFacts,
    report_change,
    report_draft,
    report_sign,
    report_submit,
    report_withdraw,
)
from lims.lab.services.reviews import review_answer, review_decide, review_disagree, review_open, review_point_set
from tests.lims import builders
from tests.lims.lab.support import Bench, finding, pass_all, report, reviewed, submitted


def _signed(bench: Bench, row: Report) -> Report:
    proof = reauthenticate(actor=bench.lab.reviewer, password=builders.PASSWORD)
    return report_sign(actor=bench.lab.reviewer, report=row, version=row.version, proof=proof)


def _bytes(row: Report) -> bytes:
    assert row.signed_file is not None
    with store_current().open(row.signed_file.digest, version=row.signed_file.store_version) as chunks:
        return b"".join(chunks)


def test_an_author_or_analyst_never_reviews_not_even_through_a_second_account(bench: Bench) -> None:
    row = submitted(bench)
    with pytest.raises(NotAllowed, match="Somebody else reviews"):
        review_open(actor=bench.lab.analyst, report=row)
    second = user_create(
        actor=system_actor(),
        username="amina-review",
        name="Amina Y.",
        password=builders.PASSWORD,
        grants=(GrantSpec(role=Role.REVIEWER),),
        party=builders.party(bench.lab.analyst),
    )
    with pytest.raises(NotAllowed, match="Somebody else reviews"):
        review_open(actor=actor_of_user(second, via="web"), report=row)
    # And whatever way a program takes: the database holds one side for each person.
    with pytest.raises(IntegrityError), transaction.atomic():
        ReportPerson.objects.create(report=row, party_id=bench.lab.analyst.party_id, side="review", part="reviewer")


def test_whoever_started_the_run_stands_on_the_side_of_the_work(bench: Bench) -> None:
    row = submitted(bench)
    sides = dict(row.people.values_list("party_id", "side"))
    assert sides == {bench.lab.analyst.party_id: "work"}
    review_open(actor=bench.lab.reviewer, report=row)
    assert row.people.get(party_id=bench.lab.reviewer.party_id).side == "review"


def _verbs(row: Report) -> list[str]:
    entries = Entry.objects.filter(stream__kind="report", stream__uuid=row.uuid).order_by("sequence")
    return [json.loads(bytes(entry.canonical))["verb"] for entry in entries]


def test_comments_are_answered_by_the_author_while_the_report_is_a_draft(bench: Bench) -> None:
    lab, row = bench.lab, submitted(bench)
    review = review_open(actor=lab.reviewer, report=row)
    point = review_point_set(actor=lab.reviewer, review=review, key="limits", passed=False, comment="What is left out?")
    with pytest.raises(RuleViolation, match="In technical review"):
        review_answer(actor=lab.analyst, point=point, answer="Too early.")
    review_decide(actor=lab.reviewer, review=review, agree=False, note="State what was not examined.")
    silent = review.points.exclude(pk=point.pk).first()
    assert silent is not None
    with pytest.raises(RuleViolation, match="no comment"):
        review_answer(actor=lab.analyst, point=silent, answer="To nothing.")
    with pytest.raises(NotAllowed):
        review_answer(actor=lab.technician, point=point, answer="Not mine.")
    with pytest.raises(BadInput):
        review_answer(actor=lab.analyst, point=point, answer=" ")
    review_answer(actor=lab.analyst, point=point, answer="The other tusks.")
    assert review_answer(actor=lab.analyst, point=point, answer="Three of 511 tusks.").answer == "Three of 511 tusks."
    assert _verbs(row)[-3:] == ["sent_back", "answered", "answered"]
    row.refresh_from_db()
    report_withdraw(actor=lab.analyst, report=row, version=row.version, reason="Another one is written.")
    with pytest.raises(RuleViolation, match="Withdrawn"):
        review_answer(actor=lab.analyst, point=point, answer="Afterwards.")


def test_sent_back_changed_and_reviewed_again(bench: Bench) -> None:
    lab, row = bench.lab, submitted(bench)
    first = row.frozen_digest
    review = review_open(actor=lab.reviewer, report=row)
    with pytest.raises(RuleViolation, match="points have not been passed"):
        review_decide(actor=lab.reviewer, review=review, agree=True)
    with pytest.raises(BadInput):
        review_point_set(actor=lab.reviewer, review=review, key="limits", passed=False)
    point = review_point_set(actor=lab.reviewer, review=review, key="limits", passed=False, comment="What is left out?")
    with pytest.raises(NotAllowed):
        review_answer(actor=lab.reviewer, point=point, answer="mine")
    with pytest.raises(BadInput):
        review_decide(actor=lab.reviewer, review=review, agree=False)
    review_decide(actor=lab.reviewer, review=review, agree=False, note="State what was not examined.")
    review_answer(actor=lab.analyst, point=point, answer="Added the sampling plan.")
    row.refresh_from_db()
    assert row.state == "draft"
    assert _verbs(row)[-2:] == ["sent_back", "answered"]
    findings = list(row.findings.all())
    facts = ReportFacts(title=row.title, question=row.question, findings=findings, limits="Three of 511 tusks.")
    with pytest.raises(StaleVersion):
        report_change(actor=lab.analyst, report=row, version=row.version - 1, facts=facts)
    row = report_change(actor=lab.analyst, report=row, version=row.version, facts=facts)
    row = report_submit(actor=lab.analyst, report=row, version=row.version)
    assert row.frozen_digest != first
    again = review_open(actor=lab.reviewer, report=row)
    assert again.round == 2
    pass_all(again, lab.reviewer)
    row.refresh_from_db()
    assert row.state == "administrative_review"


def test_only_the_reviewer_who_opened_a_review_decides_it(bench: Bench) -> None:
    row = submitted(bench)
    review = review_open(actor=bench.lab.reviewer, report=row)
    assert review_open(actor=bench.lab.reviewer, report=row).pk == review.pk
    other = builders.actor(Role.REVIEWER)
    with pytest.raises(RuleViolation, match="open"):
        review_open(actor=other, report=row)
    with pytest.raises(NotAllowed):
        review_decide(actor=other, review=review, agree=False, note="no")
    assert not row.people.filter(party_id=other.party_id).exists()


def test_a_signed_report_passes_the_check_of_its_signature(bench: Bench, settings: Any) -> None:
    row = _signed(bench, reviewed(bench))
    assert (row.state, row.signed_by_id) == ("issued", bench.lab.reviewer.party_id)
    pdf = _bytes(row)
    roots = [authority_certificate(settings.SPOOR_SIGNING_FOLDER)]
    checked = signature_check(pdf, roots=roots)
    assert checked.verdict == "passed", checked
    changed = pdf.replace(b"/Producer", b"/Producen", 1)
    assert changed != pdf
    assert signature_check(changed, roots=roots).verdict == "failed"


def test_signing_needs_a_fresh_password_of_ones_own(bench: Bench) -> None:
    row, lab = reviewed(bench), bench.lab
    with pytest.raises(BadInput, match="not right"):
        reauthenticate(actor=lab.reviewer, password="somebody-elses-phrase")
    foreign = reauthenticate(actor=lab.analyst, password=builders.PASSWORD)
    stale = ReAuthentication(user_id=lab.reviewer.user_id, at=timezone.now() - timedelta(minutes=6))
    for proof in (foreign, stale):
        with pytest.raises(NotAllowed, match="password again"):
            report_sign(actor=lab.reviewer, report=row, version=row.version, proof=proof)
    stranger = builders.actor(Role.ANALYST)
    with pytest.raises(NotAllowed, match="authors or its reviewer"):
        report_sign(
            actor=stranger,
            report=row,
            version=row.version,
            proof=reauthenticate(actor=stranger, password=builders.PASSWORD),
        )
    _signed(bench, row)
    with pytest.raises(StaleVersion):
        _signed(bench, row)


def test_a_record_changed_since_the_review_stops_the_signature(bench: Bench) -> None:
    row = reviewed(bench)
    finding_record(
        actor=bench.lab.analyst,
        case=bench.case,
        item=bench.item,
        facts=FindingFacts(text="The group only."),
        outcome=row.findings.get().outcome,
        replaces=row.findings.get(),
        reason="too little support",
    )
    with pytest.raises(RuleViolation, match="changed since the review"):
        _signed(bench, row)


def test_an_amended_report_replaces_the_old_one_when_it_is_signed(bench: Bench) -> None:
    lab, old = bench.lab, _signed(bench, reviewed(bench))
    facts = ReportFacts(title="Amended", question="From which population?", findings=[finding(bench)])
    with pytest.raises(BadInput):
        report_draft(actor=lab.analyst, case=bench.case, facts=facts, replaces=old)
    new = report_draft(actor=lab.analyst, case=bench.case, facts=facts, replaces=old, replace_reason="A tusk number.")
    with pytest.raises(RuleViolation, match="replaced already"):
        report_draft(actor=lab.analyst, case=bench.case, facts=facts, replaces=old, replace_reason="again")
    old.refresh_from_db()
    assert (old.state, new.number != old.number) == ("issued", True)
    new = report_submit(actor=lab.analyst, report=new, version=new.version)
    for by in (lab.reviewer, lab.custodian):
        new.refresh_from_db()
        pass_all(review_open(actor=by, report=new), by)
    new.refresh_from_db()
    _signed(bench, new)
    old.refresh_from_db()
    assert (old.state, old.replaced_by.pk) == ("replaced", new.pk)
    assert _bytes(old).startswith(b"%PDF")


def test_a_report_says_something_and_nobody_from_another_case_is_in_it(bench: Bench) -> None:
    empty = report(bench)
    with pytest.raises(RuleViolation, match="no finding"):
        report_submit(actor=bench.lab.analyst, report=empty, version=empty.version)


def test_a_disagreement_stays_in_the_record_until_a_second_reviewer_answers_it_in_words(bench: Bench) -> None:
    lab, row = bench.lab, submitted(bench)
    review = review_open(actor=lab.reviewer, report=row)
    with pytest.raises(BadInput) as wordless:
        review_disagree(actor=lab.reviewer, review=review, note=" ")
    assert wordless.value.field == "note"
    review_disagree(actor=lab.reviewer, review=review, note="The rate does not fit this population.")
    row.refresh_from_db()
    assert (row.state, review_get(actor=lab.reviewer, uuid=review.uuid).decision) == ("technical_review", "disagreed")
    proof = reauthenticate(actor=lab.reviewer, password=builders.PASSWORD)
    with pytest.raises(RuleViolation):
        report_sign(actor=lab.reviewer, report=row, version=row.version, proof=proof)
    with pytest.raises(RuleViolation, match="Another reviewer"):
        review_open(actor=lab.reviewer, report=row)
    assert row not in report_to_review(actor=lab.reviewer)
    assert not may_review(actor=lab.reviewer, report=row)
    assert report_contested(report=row)
    second = builders.actor(Role.REVIEWER)
    assert row in report_to_review(actor=second)
    assert may_review(actor=second, report=row)
    other = review_open(actor=second, report=row)
    assert not report_contested(report=row)
    for point in other.points.all():
        review_point_set(actor=second, review=other, key=point.key, passed=True)
    with pytest.raises(BadInput):
        review_decide(actor=second, review=other, agree=True)
    review_decide(actor=second, review=other, agree=True, note="The rate was measured on it: validation record 4.")
    row.refresh_from_db()
    assert row.state == "administrative_review"
    assert [one.decision for one in row.reviews.order_by("id")] == ["disagreed", "agreed"]
    entries = Entry.objects.filter(stream__kind="report", stream__uuid=row.uuid).order_by("id")
    verbs = [json.loads(bytes(one.canonical))["verb"] for one in entries]
    assert [verb for verb in verbs if verb.endswith("agreed")] == [
        "disagreed",
        "agreed",
    ]


def test_a_report_under_disagreement_is_redrafted_or_withdrawn(bench: Bench) -> None:
    lab, row = bench.lab, submitted(bench)
    with pytest.raises(RuleViolation):
        report_withdraw(actor=lab.analyst, report=row, version=row.version, reason="no")
    review_disagree(actor=lab.reviewer, review=review_open(actor=lab.reviewer, report=row), note="Not this population.")
    second = builders.actor(Role.REVIEWER)
    other = review_open(actor=second, report=row)
    row.refresh_from_db()
    with pytest.raises(RuleViolation):  # a colleague has it in hand
        report_withdraw(actor=lab.analyst, report=row, version=row.version, reason="no")
    review_decide(actor=second, review=other, agree=False, note="Say which population.")
    row.refresh_from_db()
    row = report_submit(actor=lab.analyst, report=row, version=row.version)
    # Sent back and handed in anew: the first reviewer may look again, and the author may give it up.
    review_disagree(actor=lab.reviewer, review=review_open(actor=lab.reviewer, report=row), note="Still not.")
    row.refresh_from_db()
    assert report_withdraw(actor=lab.analyst, report=row, version=row.version, reason="agreed").state == "withdrawn"
