"""Laboratory work and disclosure over the API: outsiders say why, instruments upload, secrets are nowhere kept."""

from datetime import date

import pytest

from analysis.species.abif import abif_bytes, trace_synthesise
from lims.accounts.enums import AccessKind
from lims.accounts.models import AccessEntry, IdempotencyRecord
from lims.accounts.roles import Role
from lims.casework.models import Case
from lims.lab.services.findings import FindingFacts, finding_record
from lims.lab.services.requests import Asked, examination_request
from tests.lims import builders
from tests.lims.api.client import Caller, problem
from tests.lims.builders import Laboratory

TRACE = abif_bytes(trace_synthesise("ACGT" * 60, sample="S1", seed=1, run_on=date(2026, 1, 1)))
WHY = "Quarterly audit of open cases"


@pytest.fixture
def worked(lab: Laboratory, case: Case) -> Case:
    item = builders.fresh(builders.exhibits(lab.custodian, case)[0].item)
    examination_request(actor=lab.custodian, case=case, lines=[Asked(item=item, question="species")])
    facts = FindingFacts(source="morphology", text="Outer Schreger angles above 115 degrees.")
    finding_record(actor=lab.analyst, case=case, item=item, facts=facts)
    return case


@pytest.mark.parametrize("path", ["cases/{case}/findings/", "cases/{case}/examination-requests/"])
def test_an_outsider_says_why_before_reading_the_work(lab: Laboratory, worked: Case, path: str) -> None:
    auditor = Caller(builders.actor(Role.AUDITOR))
    address = path.format(case=worked.uuid)
    problem(auditor.get(address), 403, "reason-needed")
    assert auditor.get(address, X_Access_Reason=WHY).status_code == 200
    lines = AccessEntry.objects.filter(kind=AccessKind.VIEW, case=worked.uuid, user=auditor.actor.user_id)
    assert [line.reason for line in lines] == [WHY]


def test_the_secret_of_a_token_is_not_kept_under_an_idempotency_key(lab: Laboratory, custodian: Caller) -> None:
    answer = custodian.post("me/tokens/", {"name": "script"}, key="once")
    assert answer.status_code == 201
    secret = answer.json()["secret"]
    assert secret
    assert not IdempotencyRecord.objects.exists()


def test_an_instrument_uploads_and_reads_nothing(lab: Laboratory, case: Case) -> None:
    item = builders.exhibits(lab.custodian, case)[0].item
    instrument = Caller(builders.actor(Role.INSTRUMENT))
    made = instrument.upload(f"items/{item.uuid}/files/", TRACE, role="trace_forward")
    assert made.status_code == 201, made.content
    assert instrument.get(f"items/{item.uuid}/").status_code == 404


def test_an_instrument_makes_no_tokens(lab: Laboratory) -> None:
    instrument = Caller(builders.actor(Role.INSTRUMENT))
    problem(instrument.post("me/tokens/", {"name": "another"}), 403, "instrument")


def test_a_person_with_two_roles_acts(lab: Laboratory) -> None:
    both = Caller(builders.actor(Role.CUSTODIAN, Role.TECHNICIAN))
    agency = both.post("agencies/", {"name": "Harbour Customs"}).json()
    made = both.post("cases/", {"kind": "casework", "title": "Two hats", "agency": agency["uuid"]})
    assert made.status_code == 201, made.content
