"""The pages of casework: they answer, act once, refuse in words, ask outsiders for a reason, and record who looked."""

from io import BytesIO
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from PIL import Image

from lims.accounts.enums import AccessKind
from lims.accounts.models import AccessEntry
from lims.accounts.roles import Role
from lims.casework.models import Case, Discrepancy, Exhibit, ExternalReference, Intake, Photograph, Seizure
from tests.lims import builders
from tests.lims.web.laboratory import Desk, client_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk() -> Desk:
    return Desk()


def jpeg() -> SimpleUploadedFile:
    """A real, tiny photograph."""
    out = BytesIO()
    Image.new("RGB", (8, 8), "grey").save(out, "JPEG")
    return SimpleUploadedFile("crate.jpg", out.getvalue(), content_type="image/jpeg")


def test_every_page_answers(desk: Desk) -> None:
    desk.fill()
    for address in desk.addresses():
        response = desk.custodian_client.get(address)
        assert response.status_code == 200, f"{address}: {response.status_code}"


def test_case_is_opened_with_its_agency_and_their_number(desk: Desk) -> None:
    form = {"kind": "casework", "title": "Horn at the airport", "new_agency": "Airport Police"}
    form |= {"scheme": "police", "value": "AP-77", "due_on": "2030-01-31"}
    response = desk.custodian_client.post("/cases/new/", form)
    case = Case.objects.get(title="Horn at the airport")
    assert response["Location"] == f"/cases/{case.reference}/"
    assert (case.agency.name, str(case.due_on)) == ("Airport Police", "2030-01-31")
    assert ExternalReference.objects.get(case=case).value == "AP-77"


def test_a_form_sent_twice_opens_one_case(desk: Desk) -> None:
    form = {"kind": "casework", "title": "Sent twice", "new_agency": "Police", "idempotency_key": str(uuid4())}
    first, second = (desk.custodian_client.post("/cases/new/", form) for _ in range(2))
    assert first["Location"] == second["Location"]
    assert Case.objects.filter(title="Sent twice").count() == 1


def test_case_without_agency_is_refused_with_a_link_to_the_field(desk: Desk) -> None:
    response = desk.custodian_client.post("/cases/new/", {"kind": "casework", "title": "No agency"})
    assert response.status_code == 422
    assert 'href="#id_agency"' in response.content.decode()
    assert not Case.objects.filter(title="No agency").exists()


def seizure_form(desk: Desk, **changes: str) -> dict[str, str]:
    """A seizure as typed."""
    return {
        "place": "Berth 14",
        "country": "KE",
        "seized_at": "2026-10-16T22:40",
        "zone": "Africa/Nairobi",
        "agency": str(desk.case.agency.uuid),
        "reason": "import",
        "transport": "maritime",
        "concealment": "cargo",
        "detection": "xray",
        "alleged_transit": "UG KE",
    } | changes


def test_seizure_keeps_the_wall_clock_of_its_own_zone(desk: Desk) -> None:
    desk.custodian_client.post(f"/cases/{desk.case.reference}/seizures/new/", seizure_form(desk))
    row = Seizure.objects.get(case=desk.case)
    assert row.seized_at.isoformat() == "2026-10-16T19:40:00+00:00"
    assert row.alleged_transit == ["UG", "KE"]
    page = desk.custodian_client.get(f"/cases/{desk.case.reference}/").content.decode()
    assert "16 Oct 2026 22:40 (UTC+03:00)" in page


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"seized_at": "2099-01-01T00:00"}, "lies in the future"),
        ({"latitude": "-4,06", "longitude": "39.6"}, "«-4,06» is not a number"),
        ({"latitude": "-94", "longitude": "39.6", "uncertainty_m": "30"}, "between -90 and 90"),
        ({"alleged_transit": "UGANDA"}, "is not in the list"),
        ({"place": ""}, "required"),
    ],
)
def test_seizure_that_cannot_be_is_refused_and_leaves_nothing(desk: Desk, changes: dict[str, str], words: str) -> None:
    response = desk.custodian_client.post(f"/cases/{desk.case.reference}/seizures/new/", seizure_form(desk, **changes))
    assert response.status_code == 422
    assert words in response.content.decode()
    assert not Seizure.objects.exists()


def test_correction_of_a_changed_seizure_is_refused_and_keeps_what_was_typed(desk: Desk) -> None:
    row = builders.seizure(desk.custodian, desk.case)
    address = f"/cases/{desk.case.reference}/seizures/1/"
    form = seizure_form(desk, place="Berth 15", reason_for_change="typing error", version=str(row.version))
    assert desk.custodian_client.post(address, form).status_code == 302
    late = desk.custodian_client.post(address, form | {"place": "Berth 16"})
    assert late.status_code == 422
    assert "Somebody else changed this seizure" in late.content.decode()
    assert 'value="Berth 16"' in late.content.decode()
    assert Seizure.objects.get().place == "Berth 15"


def rows(*given: dict[str, str]) -> dict[str, str]:
    """Rows of a form as a browser sends them."""
    sent = {"rows": str(len(given))}
    for number, row in enumerate(given):
        sent |= {f"row{number}-{name}": value for name, value in row.items()}
    return sent


def exhibit(**changes: str) -> dict[str, str]:
    """An exhibit's row."""
    return {"description": "Raw tusk", "kind": "specimen", "unit": "g"} | changes


def test_exhibits_are_registered_in_one_form_and_empty_rows_left_out(desk: Desk) -> None:
    form = rows(exhibit(amount="4820", seal_number="s-1"), exhibit(description=""), exhibit(description="Bangle"))
    response = desk.custodian_client.post(f"/cases/{desk.case.reference}/exhibits/new/", form)
    assert response["Location"] == f"/cases/{desk.case.reference}/items/"
    made = Exhibit.objects.filter(case=desk.case).order_by("number")
    assert [row.description for row in made] == ["Raw tusk", "Bangle"]
    assert made[0].item.sealed_by is not None


def test_a_wrong_row_is_named_and_nothing_is_registered(desk: Desk) -> None:
    form = rows(exhibit(), exhibit(amount="-3"), exhibit(amount="1,2 kg"))
    response = desk.custodian_client.post(f"/cases/{desk.case.reference}/exhibits/new/", form)
    text = response.content.decode()
    assert response.status_code == 422
    assert "«1,2 kg» is not a number" in text
    assert "3. Amount" in text
    again = desk.custodian_client.post(
        f"/cases/{desk.case.reference}/exhibits/new/", rows(exhibit(), exhibit(amount="-3"))
    )
    assert "2. Amount" in again.content.decode()
    assert "-3 is not an amount" in again.content.decode()
    assert not Exhibit.objects.filter(case=desk.case).exists()


def test_more_rows_keep_what_was_typed_and_record_nothing(desk: Desk) -> None:
    form = rows(exhibit(description="Half written")) | {"more_rows": "1"}
    response = desk.custodian_client.post(f"/cases/{desk.case.reference}/exhibits/new/", form)
    text = response.content.decode()
    assert response.status_code == 200
    assert 'value="Half written"' in text
    assert 'name="row3-description"' in text
    assert not Exhibit.objects.filter(case=desk.case).exists()


def intake_form(**changes: str) -> dict[str, str]:
    """A delivery as typed, with one crate."""
    row = {"description": "Crate", "kind": "crate", "seal_stated": "C-1", "seal_found": "C-1", "seal_state": "intact"}
    delivery = {"name": "Joseph Mwangi", "party_kind": "person", "containers_stated": "1"}
    return delivery | rows(row) | changes


def test_intake_shows_stated_against_found_and_a_colleague_countersigns(desk: Desk) -> None:
    form = intake_form(containers_stated="2", **{"row0-seal_state": "broken"})
    response = desk.custodian_client.post(f"/cases/{desk.case.reference}/intake/", form)
    intake = Intake.objects.get(case=desk.case)
    assert response["Location"] == f"/intakes/{intake.reference}/"
    text = desk.custodian_client.get(response["Location"]).content.decode()
    assert "1 found, 2 stated" in text
    assert "C-1 broken" in text
    row = Discrepancy.objects.get(kind="seal")
    own = desk.custodian_client.post(f"/discrepancies/{row.uuid}/", {"seen": "on"})
    assert own.status_code == 422
    assert "A second person countersigns it" in own.content.decode()
    assert desk.technician_client.post(f"/discrepancies/{row.uuid}/", {"seen": "on"}).status_code == 302
    explained = {"explanation": "Customs opened it", "customer_told": "on"}
    assert desk.technician_client.post(f"/discrepancies/{row.uuid}/", explained).status_code == 302
    row.refresh_from_db()
    assert (row.state, row.countersigned_by_id) == ("explained", desk.technician.party_id)


@pytest.mark.parametrize("weight", ["-5", "five", "1,5"])
def test_intake_with_a_wrong_weight_is_refused(desk: Desk, weight: str) -> None:
    form = intake_form(**{"row0-weight_found_kg": weight})
    response = desk.custodian_client.post(f"/cases/{desk.case.reference}/intake/", form)
    assert response.status_code == 422
    assert weight in response.content.decode()
    assert not Intake.objects.exists()


def test_crate_is_opened_then_itemised(desk: Desk) -> None:
    desk.custodian_client.post(f"/cases/{desk.case.reference}/intake/", intake_form())
    intake = Intake.objects.get(case=desk.case)
    crate = intake.containers.get().item
    address = f"/intakes/{intake.reference}/itemise/{crate.reference}/"
    sealed = desk.custodian_client.post(address, rows(exhibit()))
    assert sealed.status_code == 422
    assert "Open the seal first" in sealed.content.decode()
    opening = {"found": "intact", "reason": "itemising"}
    assert desk.custodian_client.post(f"/items/{crate.reference}/open/", opening).status_code == 302
    done = desk.custodian_client.post(address, rows(exhibit(pieces_stated="12", pieces_found="11")))
    assert done["Location"] == f"/intakes/{intake.reference}/"
    assert Exhibit.objects.get(case=desk.case).item.container == crate
    assert Discrepancy.objects.get().stated == "12 pieces"


def test_photograph_goes_to_the_store_and_comes_back(desk: Desk) -> None:
    desk.custodian_client.post(f"/cases/{desk.case.reference}/intake/", intake_form())
    intake = Intake.objects.get(case=desk.case)
    address = f"/intakes/{intake.reference}/photographs/"
    wrong = SimpleUploadedFile("virus.exe", b"MZ", content_type="application/x-msdownload")
    assert desk.custodian_client.post(address, {"photographs": wrong}).status_code == 422
    assert desk.custodian_client.post(address, {"photographs": jpeg(), "caption": "Crate"}).status_code == 302
    photograph = Photograph.objects.get(intake=intake)
    response = desk.custodian_client.get(f"/files/{photograph.file.uuid}/")
    assert response["Content-Type"] == "image/jpeg"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response.getvalue() == jpeg().read()
    assert response["Content-Disposition"].startswith("inline")
    assert AccessEntry.objects.filter(kind=AccessKind.DOWNLOAD, subject=photograph.file.uuid).exists()


def test_receipt_is_a_pdf(desk: Desk) -> None:
    desk.custodian_client.post(f"/cases/{desk.case.reference}/intake/", intake_form())
    response = desk.custodian_client.get(f"/intakes/{Intake.objects.get().reference}/receipt.pdf")
    assert response["Content-Type"] == "application/pdf"
    assert response.content.startswith(b"%PDF-")


def test_auditor_states_a_reason_first_and_every_view_is_recorded(desk: Desk) -> None:
    auditor = builders.person(Role.AUDITOR, name="Ruth Okafor")
    client = client_of(auditor)
    address = f"/cases/{desk.case.reference}/"
    first = client.get(address)
    assert first["Location"] == f"{address}reason/?next=%2Fcases%2F{desk.case.reference}%2F"
    assert not AccessEntry.objects.filter(kind=AccessKind.VIEW, user=auditor).exists()
    assert client.post(f"{address}reason/", {"reason": "audit"}).status_code == 422
    stated = client.post(f"{address}reason/?next={address}items/", {"reason": "Yearly audit 2026, sample 4"})
    assert stated["Location"] == f"{address}items/"
    page = client.get(address)
    assert "You see this case because you gave a reason." in page.content.decode()
    assert AccessEntry.objects.get(kind=AccessKind.REASON).reason == "Yearly audit 2026, sample 4"
    assert AccessEntry.objects.filter(kind=AccessKind.VIEW, user=auditor, case=desk.case.uuid).count() == 1


def test_a_reason_does_not_lead_to_another_site(desk: Desk) -> None:
    client = client_of(builders.person(Role.AUDITOR))
    address = f"/cases/{desk.case.reference}/reason/?next=https://evil.example/"
    assert client.post(address, {"reason": "Yearly audit 2026"})["Location"] == "/"


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.AUTHORITY])
def test_roles_without_case_content_are_refused(desk: Desk, role: Role) -> None:
    client = client_of(builders.person(role))
    for address in ("/cases/", f"/cases/{desk.case.reference}/", "/handovers/", "/bench/scan/"):
        assert client.get(address).status_code == 403


def test_investigator_sees_status_of_the_assigned_case_only(desk: Desk) -> None:
    desk.fill()
    other = builders.case(desk.custodian)
    user = desk.investigator()
    client = client_of(user)
    text = client.get("/status/").content.decode()
    assert desk.case.reference in text
    assert other.reference not in text
    assert "Powder" not in text
    item = desk.tusks[0].item.reference
    for address in (f"/cases/{desk.case.reference}/", f"/items/{item}/", f"/status/{other.reference}/", "/cases/"):
        assert client.get(address).status_code == 404
    assert AccessEntry.objects.filter(kind=AccessKind.VIEW, user=user, subject_kind="status").exists()


def test_case_pages_need_as_many_statements_for_many_exhibits(desk: Desk) -> None:
    builders.exhibits(desk.custodian, desk.case, 2)
    few = statements(desk.custodian_client, f"/cases/{desk.case.reference}/")
    few_items = statements(desk.custodian_client, f"/cases/{desk.case.reference}/items/")
    builders.exhibits(desk.custodian, desk.case, 30)
    assert statements(desk.custodian_client, f"/cases/{desk.case.reference}/") == few
    assert statements(desk.custodian_client, f"/cases/{desk.case.reference}/items/") == few_items


def statements(client: Client, address: str) -> int:
    """How many SQL statements a page needs; the state of the system is read before."""
    client.get("/me/")
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address).status_code == 200
    return len(queries)
