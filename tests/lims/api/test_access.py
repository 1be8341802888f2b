"""Who looked at what: every view of case content is recorded, outsiders give a reason, refusals are kept."""

import pytest

from lims.accounts.enums import AccessKind
from lims.accounts.models import AccessEntry
from lims.accounts.roles import Role
from lims.casework.models import Case
from tests.lims import builders
from tests.lims.api.client import Caller, problem
from tests.lims.builders import Laboratory

WHY = "Quarterly audit of open cases"


@pytest.fixture
def auditor(lab: Laboratory) -> Caller:
    return Caller(builders.actor(Role.AUDITOR, name="Ingrid Auditor"))


def views(case: Case) -> list[AccessEntry]:
    return list(AccessEntry.objects.filter(kind=AccessKind.VIEW, case=case.uuid).order_by("id"))


def test_a_view_by_staff_is_recorded(lab: Laboratory, custodian: Caller, case: Case) -> None:
    exhibit = builders.exhibits(lab.custodian, case)[0]
    paths = [
        f"cases/{case.uuid}/",
        f"cases/{case.uuid}/exhibits/",
        f"exhibits/{exhibit.item.uuid}/",
        f"items/{exhibit.item.reference}/history/",
        f"resolve/?code={exhibit.item.scan_code}",
        "exhibits/",
    ]
    for number, path in enumerate(paths, start=1):
        assert custodian.get(path).status_code == 200
        lines = views(case)
        assert len(lines) == number, path
        assert lines[-1].user_id == lab.custodian.user_id
        assert lines[-1].path == "/api/v1/" + path.split("?")[0]


@pytest.mark.parametrize("path", ["cases/{case}/", "cases/{case}/exhibits/", "exhibits/", "cases/", "items/{item}/"])
def test_an_outsider_says_why(lab: Laboratory, case: Case, auditor: Caller, path: str) -> None:
    item = builders.exhibits(lab.custodian, case)[0].item
    address = path.format(case=case.uuid, item=item.uuid)
    problem(auditor.get(address), 403, "reason-needed")
    assert AccessEntry.objects.filter(kind=AccessKind.REFUSED, user=auditor.actor.user_id).count() == 1
    assert views(case) == []
    problem(auditor.get(address, X_Access_Reason="why not"), 422, "too-short")
    assert auditor.get(address, X_Access_Reason=WHY).status_code == 200
    assert [line.reason for line in views(case)] == [WHY]


def test_a_stated_reason_holds_for_later_views(case: Case, auditor: Caller) -> None:
    stated = auditor.post(f"cases/{case.uuid}/access-reason/", {"reason": WHY})
    assert stated.status_code == 200, stated.content
    assert auditor.get(f"cases/{case.uuid}/").status_code == 200
    other = builders.case(builders.Laboratory().custodian)
    problem(auditor.get(f"cases/{other.uuid}/"), 403, "reason-needed")


def test_refused_attempts_are_recorded_although_the_act_is_rolled_back(lab: Laboratory, case: Case) -> None:
    technician = Caller(lab.technician)
    answer = technician.post(f"cases/{case.uuid}/hold/", {"hold": True, "reason": "court order"})
    problem(answer, 403, "not-allowed")
    line = AccessEntry.objects.get(kind=AccessKind.REFUSED, user=lab.technician.user_id)
    assert line.path == f"/api/v1/cases/{case.uuid}/hold/"
    investigator = Caller(builders.actor(Role.INVESTIGATOR, agency=case.agency))
    problem(investigator.get(f"cases/{case.uuid}/"), 404, "case-not-found")
    assert AccessEntry.objects.filter(kind=AccessKind.REFUSED, user=investigator.actor.user_id).count() == 1


def test_a_download_is_recorded_before_the_first_byte(custodian: Caller, case: Case) -> None:
    uuid = custodian.upload(f"cases/{case.uuid}/files/", b"ABIF" * 100).json()["uuid"]
    answer = custodian.get(f"files/{uuid}/content/")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Disposition"] == 'attachment; filename="trace.ab1"'
    assert b"".join(answer.streaming_content) == b"ABIF" * 100
    assert AccessEntry.objects.filter(kind=AccessKind.DOWNLOAD, subject=uuid, case=case.uuid).count() == 1


def test_the_log_is_read_by_managers_and_auditors_only(lab: Laboratory, case: Case, auditor: Caller) -> None:
    custodian = Caller(lab.custodian)
    assert custodian.get(f"cases/{case.uuid}/").status_code == 200
    problem(custodian.get("access-log/"), 403, "not-allowed")
    answer = auditor.get(f"access-log/?case={case.uuid}")
    assert answer.status_code == 200, answer.content
    assert [row["kind"] for row in answer.json()["results"]] == ["view"]
    assert answer.json()["results"][0]["party"]["name"] == "Tomás Ferreira"
