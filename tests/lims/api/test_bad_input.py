"""Bad input over the API: each gets a problem with a pointer, and leaves nothing half-written."""

import hashlib
from base64 import b64encode
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from analysis.species.abif import abif_bytes, trace_synthesise
from chain_of_custody.models import Entry, Item, StoredFile
from lims.accounts.models import IdempotencyRecord
from lims.casework.models import Case, Exhibit, Seizure
from tests.lims import builders
from tests.lims.api.client import Caller, pointers, problem
from tests.lims.builders import Laboratory


def counts() -> tuple[int, ...]:
    """What an act could have left behind."""
    kinds: tuple[Any, ...] = (Entry, Item, Exhibit, Seizure, StoredFile, IdempotencyRecord)
    return tuple(kind.objects.count() for kind in kinds)


@pytest.fixture
def nothing_written() -> Callable[[], None]:
    before: list[tuple[int, ...]] = []

    def check() -> None:
        if before:
            assert counts() == before[0]
        else:
            before.append(counts())

    return check


def exhibit(**values: Any) -> dict[str, Any]:
    return {"kind": "specimen", "description": "Raw tusk", **values}


@pytest.mark.parametrize(
    ("row", "pointer", "code"),
    [
        ({"amount": {"value": "-1", "unit": "g"}}, "#/exhibits/1/amount/value", "negative-amount"),
        ({"amount": {"value": "1", "unit": "stone"}}, "#/exhibits/1/amount/unit", "unknown-code"),
        ({"amount": {"value": "NaN", "unit": "g"}}, "#/exhibits/1/amount/value", "invalid"),
        ({"term": "ZZZ"}, "#/exhibits/1/term", "unknown-code"),
        ({"source": "?"}, "#/exhibits/1/source", "unknown-code"),
        ({"pieces_found": -3}, "#/exhibits/1/pieces_found", "min-value"),
        ({"kind": "unicorn"}, "#/exhibits/1/kind", "unknown-code"),
        ({"colour": "white"}, "#/exhibits/1/colour", "unknown-field"),
        ({"description": "tusk\x07"}, "#/exhibits/1/description", "control-signs"),
    ],
)
def test_a_bad_row_names_its_place_and_no_row_is_written(
    custodian: Caller,
    case: Case,
    nothing_written: Callable[[], None],
    row: dict[str, Any],
    pointer: str,
    code: str,
) -> None:
    nothing_written()
    body = {"exhibits": [exhibit(), exhibit(**row)]}
    answer = custodian.post(f"cases/{case.uuid}/exhibits/", body)
    assert answer.status_code == 422, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    entry = answer.json()["errors"][0]
    assert (entry["pointer"], entry["code"]) == (pointer, code)
    nothing_written()


def test_every_bad_row_is_named_not_the_first_only(custodian: Caller, case: Case) -> None:
    rows = [exhibit(term="ZZZ"), exhibit(), exhibit(purpose="?"), exhibit(amount={"value": "-2", "unit": "kg"})]
    answer = custodian.post(f"cases/{case.uuid}/exhibits/", {"exhibits": rows})
    assert pointers(answer) == ["#/exhibits/0/term", "#/exhibits/2/purpose", "#/exhibits/3/amount/value"]


def test_a_date_in_the_future(custodian: Caller, case: Case, nothing_written: Callable[[], None]) -> None:
    body = {
        "place": "Berth 14",
        "country": "KE",
        "seized_at": (timezone.now() + timedelta(days=2)).isoformat(),
        "agency": str(case.agency.uuid),
    }
    nothing_written()
    answer = custodian.post(f"cases/{case.uuid}/seizures/", body)
    problem(answer, 422, "in-the-future")
    assert pointers(answer) == ["#/seized_at"]
    nothing_written()


def test_a_claimed_time_in_the_future_of_a_custody_act(lab: Laboratory, custodian: Caller, case: Case) -> None:
    item = builders.exhibits(lab.custodian, case)[0].item
    freezer = builders.place(lab.custodian)
    entries = Entry.objects.count()
    late = (timezone.now() + timedelta(hours=5)).isoformat()
    body = {"items": [str(item.uuid)], "to": str(freezer.party.uuid), "happened_at": late}
    answer = custodian.post("custody/moves/", body)
    problem(answer, 422, "bad-time")
    assert pointers(answer) == ["#/happened_at"]
    assert Entry.objects.count() == entries
    assert Item.objects.get(pk=item.pk).custodian_id == lab.custodian.party_id


def test_an_unknown_country_names_the_codes_that_are_near(custodian: Caller, case: Case) -> None:
    body = {"place": "x", "country": "K9", "seized_at": "2026-01-01T00:00:00Z", "agency": str(case.agency.uuid)}
    answer = custodian.post(f"cases/{case.uuid}/seizures/", body)
    problem(answer, 422, "unknown-code")
    assert pointers(answer) == ["#/country"]
    assert "KE" in answer.json()["detail"]


def test_a_scan_code_with_a_wrong_check_character(lab: Laboratory, custodian: Caller, case: Case) -> None:
    code = builders.exhibits(lab.custodian, case)[0].item.scan_code or ""
    wrong = code[:-1] + ("2" if code[-1] != "2" else "3")
    answer = custodian.get(f"resolve/?code={wrong}")
    problem(answer, 422, "bad-scan-code")
    assert pointers(answer) == ["#/code"]


def test_a_reference_with_a_wrong_check_character(lab: Laboratory, custodian: Caller, case: Case) -> None:
    reference = builders.exhibits(lab.custodian, case)[0].item.reference
    wrong = reference[:-1] + ("A" if reference[-1] != "A" else "B")
    problem(custodian.get(f"resolve/?code={wrong}"), 422, "bad-reference")


def test_the_label_of_another_laboratory(lab: Laboratory, custodian: Caller, case: Case) -> None:
    code = builders.exhibits(lab.custodian, case)[0].item.scan_code
    answer = custodian.get(f"resolve/?code=HTTPS://OTHER.EXAMPLE/X/{code}")
    body = problem(answer, 422, "foreign-label")
    assert "other.example" in body["detail"].lower()


def test_an_outsider_gets_one_answer_for_all_that_is_not_theirs(lab: Laboratory, case: Case) -> None:
    code = builders.exhibits(lab.custodian, case)[0].item.scan_code or ""
    investigator = Caller(builders.actor(builders.Role.INVESTIGATOR, agency=case.agency))
    wrong = code[:-1] + ("2" if code[-1] != "2" else "3")
    answers = [investigator.get(f"resolve/?code={text}") for text in (code, wrong, "HTTPS://OTHER.EXAMPLE/X/" + code)]
    bodies = []
    for answer in answers:
        body = problem(answer, 404, "unknown-code")
        bodies.append({name: body[name] for name in ("type", "title", "status", "code")})
    assert bodies[0] == bodies[1] == bodies[2]


def test_a_stale_etag_changes_nothing(custodian: Caller, case: Case) -> None:
    read = custodian.get(f"cases/{case.uuid}/")
    tag = read["ETag"]
    first = custodian.patch(f"cases/{case.uuid}/", {"title": "Port, berth 14", "reason": "typo"}, If_Match=tag)
    assert first.status_code == 200, first.content
    assert first["ETag"] != tag
    entries = Entry.objects.count()
    second = custodian.patch(f"cases/{case.uuid}/", {"title": "Overwritten", "reason": "typo"}, If_Match=tag)
    problem(second, 412, "stale-version")
    assert Case.objects.get(pk=case.pk).title == "Port, berth 14"
    assert Entry.objects.count() == entries
    problem(custodian.patch(f"cases/{case.uuid}/", {"title": "x", "reason": "y"}), 428, "if-match-required")
    answer = custodian.patch(f"cases/{case.uuid}/", {"title": "x", "reason": "y"}, If_Match='"abc"')
    problem(answer, 412, "stale-version")


def test_an_empty_file(custodian: Caller, case: Case) -> None:
    entries = Entry.objects.count()
    answer = custodian.upload(f"cases/{case.uuid}/files/", b"")
    problem(answer, 422, "file-empty")
    assert StoredFile.objects.count() == 0
    assert Entry.objects.count() == entries


TRACE = abif_bytes(trace_synthesise("ACGT" * 60, sample="S1", seed=1, run_on=date(2026, 1, 1)))
UNREADABLE = [
    ("trace_forward", b"This is no trace.", "it is no trace file"),
    ("trace_forward", TRACE[: len(TRACE) // 2], "cut off or damaged"),
    ("sequence", b"\n\n", "The file is empty"),
    ("genotypes", b"name,A.1,A.2\nx,1,2\n", "field id"),
    ("genotypes", b"id,A.1,A.2\nx,1\n", "row 2"),
]


@pytest.mark.parametrize(("role", "content", "words"), UNREADABLE)
def test_a_file_that_its_analysis_cannot_read(
    lab: Laboratory, case: Case, nothing_written: Callable[[], None], role: str, content: bytes, words: str
) -> None:
    item = builders.exhibits(lab.custodian, case)[0].item
    technician = Caller(lab.technician)
    nothing_written()
    answer = technician.upload(f"items/{item.uuid}/files/", content, name="handed-in", role=role)
    body = problem(answer, 422, "unreadable-file")
    assert pointers(answer) == ["#/file"]
    assert "handed-in" in str(body)
    assert words in str(body)
    nothing_written()


def test_a_file_sent_in_chunks_that_its_analysis_cannot_read(
    lab: Laboratory, case: Case, nothing_written: Callable[[], None]
) -> None:
    item = builders.exhibits(lab.custodian, case)[0].item
    technician, content = Caller(lab.technician), b"name,A.1,A.2\nx,1\n"
    new = {"name": "typed.csv", "media_type": "text/csv", "size": len(content)}
    upload = technician.post("uploads/", new).json()["id"]
    digest = b64encode(hashlib.sha256(content).digest()).decode()
    headers = {"Upload-Offset": "0", "Content-Digest": f"sha-256=:{digest}:"}
    sent = technician.client.generic(
        "PATCH",
        f"/api/v1/uploads/{upload}/",
        data=content,
        content_type="application/octet-stream",
        headers={"Authorization": f"Bearer {technician.secret}", **headers},
    )
    assert sent.status_code == 200, sent.content
    finish = {"role": "genotypes", "item": str(item.uuid), "id_column": "name"}
    nothing_written()
    answer = technician.post(f"uploads/{upload}/finish/", finish)
    body = problem(answer, 422, "unreadable-file")
    assert pointers(answer) == ["#/upload"]
    assert "typed.csv, row 2" in str(body)
    assert body["errors"][0]["remedy"]
    nothing_written()
    assert technician.get(f"uploads/{upload}/").json()["complete"]
    kept = technician.post(f"uploads/{upload}/finish/", {"role": "letter", "item": str(item.uuid)})
    assert kept.status_code == 201, kept.content


@pytest.mark.parametrize("size", [1_001, 200_000])
def test_a_file_over_the_limit(custodian: Caller, case: Case, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    monkeypatch.setattr(settings, "SPOOR_UPLOAD_LIMIT", 1_000)
    entries = Entry.objects.count()
    answer = custodian.upload(f"cases/{case.uuid}/files/", b"x" * size)
    problem(answer, 422, "file-too-large")
    assert StoredFile.objects.count() == 0
    assert Entry.objects.count() == entries


def test_a_file_whose_bytes_changed_on_disk_is_refused_in_words(custodian: Caller, case: Case) -> None:
    made = custodian.upload(f"cases/{case.uuid}/files/", b"ABIF" + b"\0" * 500)
    assert made.status_code == 201, made.content
    uuid = made.json()["uuid"]
    good = custodian.get(f"files/{uuid}/content/")
    assert b"".join(good.streaming_content) == b"ABIF" + b"\0" * 500
    stored = object_file(made.json()["digest"])
    stored.chmod(0o600)
    stored.write_bytes(b"ABIF" + b"\1" * 500)
    answer = custodian.get(f"files/{uuid}/content/")
    body = problem(answer, 500, "digest-mismatch")
    assert made.json()["digest"] in body["detail"]


def object_file(digest: str) -> Path:
    """The one file of the store that holds these bytes."""
    root = Path(settings.SPOOR_STORE_URL.removeprefix("file://"))
    found = [path for path in root.rglob(f"*{digest[8:]}*") if path.is_file()]
    assert found, sorted(root.rglob("*"))
    return min(found, key=lambda path: len(path.name))


def test_the_body_is_not_json(custodian: Caller) -> None:
    answer = custodian.client.post(
        "/api/v1/cases/",
        data="{",
        content_type="application/json",
        headers={"Authorization": f"Bearer {custodian.secret}"},
    )
    problem(answer, 400, "parse-error")


def test_a_media_type_that_is_not_read(custodian: Caller) -> None:
    answer = custodian.client.post(
        "/api/v1/cases/", data="x", content_type="text/plain", headers={"Authorization": f"Bearer {custodian.secret}"}
    )
    problem(answer, 415, "unsupported-media-type")


def test_an_unknown_address_and_a_wrong_method_are_problems(custodian: Caller) -> None:
    problem(custodian.get("no/such/thing"), 404, "not-found")
    problem(custodian.get("cases"), 404, "not-found")
    problem(custodian.call("PUT", "cases/", {}), 405, "method-not-allowed")


def test_an_unknown_query_parameter_is_named(custodian: Caller) -> None:
    answer = custodian.get("cases/?sate=open&state=ajar")
    problem(answer, 422, "bad-query")
    assert pointers(answer) == ["?sate"]
    assert pointers(custodian.get("cases/?state=ajar")) == ["?state"]


def test_an_unknown_item_in_a_list_is_named_by_its_place(lab: Laboratory, custodian: Caller, case: Case) -> None:
    item = builders.exhibits(lab.custodian, case)[0].item
    freezer = builders.place(lab.custodian)
    body = {"items": [item.reference, "WF-2026-999999-E01-S01-X"], "to": str(freezer.party.uuid)}
    answer = custodian.post("custody/moves/", body)
    problem(answer, 422, "unknown-item")
    assert pointers(answer) == ["#/items/1"]
    assert Item.objects.get(pk=item.pk).custodian_id == lab.custodian.party_id
