"""The pages of custody: items, hand-overs in two halves, scanning, labels, announcements."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from chain_of_custody.models import HandOver, Item
from chain_of_custody.services import sequencer_run_once
from lims.accounts.models import User
from lims.accounts.roles import Role
from lims.accounts.services import pin_set
from lims.casework.models import Label, LabelPrint, Sample, SamplingPlan, ScanSession, Submission
from tests.lims import builders
from tests.lims.web.laboratory import Desk, client_of
from tests.lims.web.test_casework_pages import jpeg, rows

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk() -> Desk:
    """A case with three sealed tusks in the custodian's hands."""
    made = Desk()
    made.tusks = builders.exhibits(made.custodian, made.case, 3, seal="S-8820")
    return made


def item_of(desk: Desk, number: int = 0) -> Item:
    """A tusk as it is now."""
    return builders.fresh(desk.tusks[number].item)


def test_sub_sample_is_taken_and_the_amounts_add_up(desk: Desk) -> None:
    tusk = item_of(desk)
    sealed = desk.custodian_client.post(f"/items/{tusk.reference}/sample/", sample("0.5"))
    assert sealed.status_code == 422
    assert "is under seal S-88201. Open the seal first" in sealed.content.decode()
    desk.custodian_client.post(f"/items/{tusk.reference}/open/", {"found": "intact", "reason": "sampling"})
    done = desk.custodian_client.post(f"/items/{tusk.reference}/sample/", sample("0.5", waste="0.01"))
    made = Sample.objects.get()
    assert done["Location"] == f"/items/{made.item.reference}/"
    text = desk.custodian_client.get(f"/items/{tusk.reference}/").content.decode()
    for words in ("499.49\u00a0g of 500\u00a0g", "in sub-samples 0.5\u00a0g", "waste 0.01\u00a0g", "S-88201 opened"):
        assert words in text


def sample(amount: str, *, waste: str = "") -> dict[str, str]:
    """A sub-sample as typed."""
    return {"kind": "powder", "amount": amount, "unit": "g", "waste": waste, "made_unit": "ul"}


@pytest.mark.parametrize(
    ("amount", "words"),
    [("600", "600 g is more than the 500 g left"), ("-1", "-1 is too small"), ("a lot", "«a lot» is not a number")],
)
def test_amount_that_is_not_there_is_refused(desk: Desk, amount: str, words: str) -> None:
    tusk = item_of(desk)
    desk.custodian_client.post(f"/items/{tusk.reference}/open/", {"found": "intact", "reason": "sampling"})
    response = desk.custodian_client.post(f"/items/{tusk.reference}/sample/", sample(amount))
    assert response.status_code == 422
    assert words in response.content.decode()
    assert not Sample.objects.exists()


def test_item_page_shows_chart_acts_and_whose_hands(desk: Desk) -> None:
    freezer = builders.place(desk.manager, "Freezer F2")
    tusk = item_of(desk)
    moved = desk.custodian_client.post(f"/items/{tusk.reference}/move/", {"to": str(freezer.party.uuid)})
    assert moved["Location"] == f"/items/{tusk.reference}/"
    text = desk.technician_client.get(f"/items/{tusk.reference}/").content.decode()
    assert "Moved from Tomás Ferreira to Freezer F2" in text
    assert '<rect class="hold now"' in text
    assert "no gap" in text
    taken = desk.technician_client.post(f"/items/{tusk.reference}/move/", {"take": "on"})
    assert taken.status_code == 302
    assert item_of(desk).custodian_id == desk.technician.party_id


def test_two_ways_at_once_are_refused(desk: Desk) -> None:
    freezer = builders.place(desk.manager)
    form = {"to": str(freezer.party.uuid), "take": "on"}
    response = desk.custodian_client.post(f"/items/{item_of(desk).reference}/move/", form)
    assert response.status_code == 422
    assert "Choose one" in response.content.decode()


def test_sampling_plan_shows_seed_and_what_is_not_sampled() -> None:
    desk = Desk()
    desk.fill()
    form = {"rule": "random", "count": "4", "seed": "port 2026"}
    response = desk.custodian_client.post(f"/items/{desk.lot.item.reference}/sampling/", form)
    assert response.status_code == 302
    plan = SamplingPlan.objects.get(seed="port 2026")
    text = desk.custodian_client.get(f"/items/{desk.lot.item.reference}/").content.decode()
    assert " ".join(plan.unsampled) in text
    assert len(plan.unsampled) == 7


def offer(desk: Desk, to: User, *numbers: int) -> HandOver:
    """Offer tusks through the page."""
    query = "&".join(f"item={item_of(desk, number).reference}" for number in numbers)
    form = {"to": str(to.party.uuid), "purpose": "examination"}
    response = desk.custodian_client.post(f"/handovers/new/?{query}", form)
    assert response.status_code == 302
    return HandOver.objects.get(uuid=response["Location"].split("/")[2])


def test_hand_over_is_received_item_by_item_with_pin(desk: Desk) -> None:
    pin_set(actor=desk.technician, pin="2580")
    row = offer(desk, desk.technician_user, 0, 1)
    lines = {line.item_id: line for line in row.lines.all()}
    line = lines[desk.tusks[0].item_id]
    form = {f"line{line.pk}-here": "on", f"line{line.pk}-seal_found": "intact", "pin": "1111"}
    address = f"/handovers/{row.uuid}/"
    wrong = desk.technician_client.post(address, form)
    assert wrong.status_code == 422
    assert "The PIN is not yours" in wrong.content.decode()
    assert item_of(desk).custodian_id == desk.custodian.party_id
    assert desk.technician_client.post(address, form | {"pin": "2580"}).status_code == 302
    assert item_of(desk).custodian_id == desk.technician.party_id
    assert item_of(desk, 1).custodian_id == desk.custodian.party_id
    refused = {"item": item_of(desk, 1).reference, "reason": "The bag is wet"}
    assert desk.technician_client.post(f"{address}refuse/", refused).status_code == 302
    assert item_of(desk, 1).state == "held"
    text = desk.technician_client.get(address).content.decode()
    assert "Partly received" in text


def test_nobody_fills_in_the_other_half(desk: Desk) -> None:
    row = offer(desk, desk.technician_user, 0)
    line = row.lines.get()
    form = {f"line{line.pk}-here": "on", f"line{line.pk}-seal_found": "intact"}
    response = desk.custodian_client.post(f"/handovers/{row.uuid}/", form)
    assert "Receive the ticked items" not in response.content.decode()
    assert item_of(desk).custodian_id == desk.custodian.party_id
    refused = desk.custodian_client.post(
        f"/handovers/{row.uuid}/refuse/", {"item": item_of(desk).reference, "reason": "no"}
    )
    assert refused.status_code == 403
    stranger = client_of(desk.investigator())
    assert stranger.get(f"/handovers/{row.uuid}/").status_code == 404


def test_second_receiver_of_one_hand_over_is_told_who_was_first(desk: Desk) -> None:
    row = offer(desk, desk.technician_user, 0)
    line = row.lines.get()
    form = {f"line{line.pk}-here": "on", f"line{line.pk}-seal_found": "intact"}
    first = desk.technician_client.post(f"/handovers/{row.uuid}/", form)
    assert first.status_code == 302
    second = desk.technician_client.post(f"/handovers/{row.uuid}/", form)
    assert second.status_code == 200
    assert "Received" in second.content.decode()
    assert HandOver.objects.get().state == "received"


def test_driver_without_account_signs_on_the_screen(desk: Desk) -> None:
    tusk = item_of(desk)
    form = {"name": "Joseph Mwangi", "party_kind": "courier", "document_kind": "passport", "document_number": "A77"}
    response = desk.custodian_client.post(f"/handovers/new/?item={tusk.reference}", form | {"purpose": "transport"})
    row = HandOver.objects.get(uuid=response["Location"].split("/")[2])
    page = desk.custodian_client.get(response["Location"]).content.decode()
    assert "has no account and signs here" in page
    assert "A77" in page
    line = row.lines.get()
    ticked = {f"line{line.pk}-here": "on", f"line{line.pk}-seal_found": "intact"}
    unsigned = desk.custodian_client.post(f"/handovers/{row.uuid}/", ticked)
    assert unsigned.status_code == 422
    assert "Photograph the form they signed" in unsigned.content.decode()
    signed = desk.custodian_client.post(f"/handovers/{row.uuid}/", ticked | {"signed_form": jpeg()})
    assert signed.status_code == 302
    assert item_of(desk).custodian.name == "Joseph Mwangi"


def test_transfer_across_a_border_needs_a_permit(desk: Desk) -> None:
    form = {"to": str(desk.technician_user.party.uuid), "purpose": "examination", "crosses_border": "on"}
    address = f"/handovers/new/?item={item_of(desk).reference}"
    response = desk.custodian_client.post(address, form)
    assert response.status_code == 422
    assert "crosses a border and names no permit" in response.content.decode()
    permit = {"permit_number": "KE-1", "permit_country": "KE", "permit_purpose": "L", "permit_source": "I"}
    assert desk.custodian_client.post(address, form | permit).status_code == 302


def scan(desk: Desk, text: str) -> str:
    """One scan by htmx: the part that comes back."""
    response = desk.custodian_client.post("/bench/scan/", {"code": text}, headers={"HX-Request": "true"})
    return response.content.decode()


def test_scan_many_then_store_all_in_a_box() -> None:
    desk = Desk()
    desk.fill()
    tusk = item_of(desk, 2)
    part = scan(desk, tusk.scan_code or "")
    assert 'id="last-scan" data-outcome="taken"' in part
    assert 'id="scanned" hx-swap-oob="true"' in part
    assert "<html" not in part
    assert "on the list already" in scan(desk, f"http://testserver/x/{tusk.scan_code}")
    scan(desk, desk.sample.item.reference)
    scan(desk, desk.box.item.reference)
    stored = desk.custodian_client.post("/bench/scan/move/", {})
    assert stored["Location"] == f"/bench/box/{desk.box.item.reference}/"
    assert (item_of(desk, 2).position, item_of(desk, 2).container_id) == ("A1", desk.box.item_id)
    assert builders.fresh(desk.sample.item).position == "A2"
    assert not ScanSession.objects.filter(state="open").exists()


def test_refused_scan_says_why_and_what_was_read(desk: Desk) -> None:
    code = item_of(desk).scan_code or ""
    wrong = code[:-1] + ("A" if code[-1] != "A" else "B")
    response = desk.custodian_client.post("/bench/scan/", {"code": wrong})
    text = response.content.decode()
    assert response.status_code == 422
    assert 'data-outcome="refused"' in text
    assert "<html" in text
    foreign = scan(desk, "https://other-lab.example/X/7K3M9Q2P")
    assert 'data-outcome="refused"' in foreign


def test_last_scan_is_taken_back_and_a_list_can_be_pasted(desk: Desk) -> None:
    scan(desk, item_of(desk).reference)
    scan(desk, item_of(desk, 1).reference)
    desk.custodian_client.post("/bench/scan/undo/")
    text = desk.custodian_client.get("/bench/scan/").content.decode()
    assert "One item on the list" in text
    pasted = desk.custodian_client.post("/bench/scan/paste/", {"codes": f"{item_of(desk, 2).reference}\nnonsense"})
    assert pasted.status_code == 422
    assert "nonsense" in pasted.content.decode()
    text = desk.custodian_client.get("/bench/scan/").content.decode()
    assert "2 items on the list" in text


def test_scanned_list_is_offered_at_once(desk: Desk) -> None:
    for number in range(3):
        scan(desk, item_of(desk, number).reference)
    form = {"to": str(desk.technician_user.party.uuid), "purpose": "examination"}
    response = desk.custodian_client.post("/bench/scan/offer/", form)
    row = HandOver.objects.get()
    assert response["Location"] == f"/handovers/{row.uuid}/"
    assert row.lines.count() == 3


def test_code_in_the_address_leads_staff_to_the_item_and_strangers_to_the_one_404(desk: Desk) -> None:
    tusk = item_of(desk)
    code = (tusk.scan_code or "").lower()
    for address in (f"/x/{code}", f"/X/{code.upper()}"):
        assert desk.technician_client.get(address)["Location"] == f"/items/{tusk.reference}/"
    stranger = client_of(desk.investigator())
    known, unknown = (stranger.get(f"/x/{text}") for text in (code, "7K3M9Q2P"))
    assert (known.status_code, unknown.status_code) == (404, 404)
    strip = [page.content.decode().split("<main")[1] for page in (known, unknown)]
    assert strip[0] == strip[1]


def test_labels_are_recorded_then_drawn_and_a_copy_needs_a_reason(desk: Desk) -> None:
    references = [item_of(desk, number).reference for number in range(3)]
    address = f"/labels/?case={desk.case.reference}"
    job = desk.custodian_client.post(address, {"item": references, "format": "a4-bag"})["Location"]
    assert LabelPrint.objects.count() == 3
    assert desk.custodian_client.get(f"{job}sheet.pdf?start=4").content.startswith(b"%PDF-")
    assert desk.custodian_client.get(f"{job}203.zpl").content.count(b"^XA") == 3
    svg = desk.custodian_client.get(f"{job}1.svg")
    assert svg["Content-Type"] == "image/svg+xml"
    assert desk.custodian_client.get(f"{job}sheet.pdf?start=40").status_code == 422
    assert desk.technician_client.get(job).status_code == 404
    again = desk.custodian_client.post(address, {"item": references[:1], "format": "zpl-tube"})
    assert again.status_code == 422
    assert LabelPrint.objects.count() == 3
    copy = {"item": references[:1], "format": "zpl-tube", "reason": "smeared"}
    assert desk.custodian_client.post(address, copy).status_code == 302
    assert LabelPrint.objects.get(copy=2).reason == "smeared"


def test_replaced_label_voids_the_old_code(desk: Desk) -> None:
    tusk = item_of(desk)
    response = desk.custodian_client.post(f"/items/{tusk.reference}/label/", {"reason": "lost"})
    assert response["Location"] == f"/labels/?item={tusk.reference}"
    assert Label.objects.get(code=tusk.scan_code).state == "void"
    told = desk.technician_client.get(f"/x/{tusk.scan_code}")
    assert told.status_code == 422
    assert "was made void" in told.content.decode()


def test_investigator_announces_and_prints_and_intake_takes_the_codes_over() -> None:
    desk = Desk()
    user = builders.person(Role.INVESTIGATOR, agency=desk.case.agency)
    client = client_of(user)
    form = {"agency": str(desk.case.agency.uuid), "place": "Berth 14", "seized_at": "2026-11-20T10:00"}
    bags = rows(
        {"description": "Bag of scales", "pieces": "12", "seal_number": "S-1"}, {"description": "Horn", "pieces": "1"}
    )
    response = client.post("/submissions/new/", form | bags)
    row = Submission.objects.get()
    assert response["Location"] == f"/submissions/{row.reference}/"
    assert client.get(f"/submissions/{row.reference}/form.pdf").content.startswith(b"%PDF-")
    job = client.post(f"/submissions/{row.reference}/labels/", {"format": "a4-bag"})["Location"]
    assert client.get(f"{job}sheet.pdf").content.startswith(b"%PDF-")
    page = desk.custodian_client.get(f"/cases/{desk.case.reference}/intake/?form={row.reference}").content.decode()
    codes = list(Label.objects.values_list("code", flat=True))
    assert all(f'value="{code}"' in page for code in codes)
    other = client_of(builders.person(Role.INVESTIGATOR, agency=builders.agency()))
    assert other.get(f"/submissions/{row.reference}/").status_code == 404


def test_announcement_in_the_future_is_refused() -> None:
    desk = Desk()
    form = {"agency": str(desk.case.agency.uuid), "place": "Berth 14", "seized_at": "2099-11-20T10:00"}
    response = desk.custodian_client.post("/submissions/new/", form | rows({"description": "Bag", "pieces": "1"}))
    assert response.status_code == 422
    assert "lies in the future" in response.content.decode()
    assert not Submission.objects.exists()


def test_paper_form_is_entered_with_its_scan(desk: Desk) -> None:
    tusk = item_of(desk)
    form = {"to": str(desk.technician_user.party.uuid), "reason": "power cut"}
    form["happened_at"] = tusk.witnessed_from.strftime("%Y-%m-%dT%H:%M")
    address = f"/items/{tusk.reference}/back-enter/"
    assert desk.custodian_client.post(address, form).status_code == 422
    paper = SimpleUploadedFile("form.pdf", b"%PDF-1.7 synthetic", content_type="application/pdf")
    assert desk.custodian_client.post(address, form | {"paper": paper}).status_code == 302
    assert item_of(desk).custodian_id == desk.technician.party_id


def test_item_history_is_handed_out_for_anybody_to_verify(desk: Desk) -> None:
    assert desk.custodian_client.get(f"/items/{item_of(desk).reference}/proof/").status_code == 409
    sequencer_run_once()
    response = desk.custodian_client.get(f"/items/{item_of(desk).reference}/proof/")
    assert response.status_code == 200
    assert response.content.startswith(b"{")
