"""Casework over the API from announcement to disposal: every area answers in earnest."""

import hashlib
import json
from base64 import b64encode
from typing import Any

import pytest
from django.test import TestCase

from chain_of_custody.core.__main__ import main as verify_main
from chain_of_custody.core.note import VerifierKey
from chain_of_custody.core.tlogproof import tlogproof_parse, tlogproof_verify
from chain_of_custody.models import Item
from chain_of_custody.services import sequencer_run_once
from lims.accounts.roles import Role
from lims.casework.models import Case
from tests.lims import builders
from tests.lims.api.client import Caller, pointers, problem
from tests.lims.builders import Laboratory


def ok(answer: Any, status: int = 200) -> Any:
    """The body of an answer that went well."""
    assert answer.status_code == status, (answer.status_code, answer.content)
    return answer.json() if answer.content else None


def registered(caller: Caller, case: Case, *rows: dict[str, Any]) -> list[dict[str, Any]]:
    """Exhibits registered over the API."""
    body = {"exhibits": [{"kind": "specimen", "description": "Raw tusk", **row} for row in rows]}
    made: list[dict[str, Any]] = ok(caller.post(f"cases/{case.uuid}/exhibits/", body), 201)["exhibits"]
    return made


def test_me_tokens_and_accounts(lab: Laboratory, custodian: Caller) -> None:
    me = ok(custodian.get("me/"))
    assert me["name"] == "Tomás Ferreira"
    assert "case.open" in me["capabilities"]
    assert me["in_laboratory"]
    administrator = Caller(builders.actor(Role.ADMINISTRATOR))
    agency = builders.agency("Kenya Wildlife Service")
    made = ok(
        administrator.post(
            "users/",
            {
                "username": "wanjiru",
                "name": "Wanjirũ Kamau",
                "password": "correct horse battery staple",
                "grants": [{"role": "investigator", "agency": str(agency.uuid)}],
            },
        ),
        201,
    )
    assert made["roles"][0]["agency"]["name"] == "Kenya Wildlife Service"
    user = made["uuid"]
    assert ok(administrator.post(f"users/{user}/roles/", {"role": "technician"}))["roles"][-1]["role"] == "technician"
    ended = ok(administrator.post(f"users/{user}/roles/end/", {"role": "technician", "reason": "moved on"}))
    assert [role["until"] is None for role in ended["roles"]] == [True, False]
    problem(administrator.post(f"users/{user}/tokens/", {"name": "as her"}), 403, "not-an-instrument")
    instrument = builders.person(Role.INSTRUMENT)
    token = ok(administrator.post(f"users/{instrument.uuid}/tokens/", {"name": "sequencer"}), 201)
    assert token["secret"].startswith("spoor_")
    assert not ok(administrator.post(f"users/{user}/deactivate/", {"reason": "left"}))["is_active"]
    problem(custodian.get("users/"), 403, "not-allowed")
    weak = administrator.post("users/", {"username": "x", "name": "x", "password": "short"})
    problem(weak, 422, "weak-password")
    assert pointers(weak) == ["#/password"]


def test_cases_are_found_by_number_title_and_other_peoples_numbers(custodian: Caller) -> None:
    agency = ok(custodian.post("agencies/", {"name": "Port police"}), 201)
    body = {"kind": "casework", "title": "Ivory at berth 14", "agency": agency["uuid"], "due_on": "2027-01-31"}
    made = custodian.post("cases/", body)
    case = ok(made, 201)
    assert made["Location"] == f"/api/v1/cases/{case['uuid']}/"
    assert made["ETag"] == '"1"'
    ok(custodian.post(f"cases/{case['reference']}/references/", {"scheme": "police", "value": "CR/44/26"}), 201)
    for search in ("berth 14", case["reference"][-6:], "cr/44/26"):
        assert [row["uuid"] for row in ok(custodian.get(f"cases/?search={search}"))["results"]] == [case["uuid"]]
    assert ok(custodian.get("cases/?search=nothing"))["count"] == 0
    held = ok(custodian.post(f"cases/{case['uuid']}/hold/", {"hold": True, "reason": "court order"}))
    assert held["legal_hold"]
    closed = custodian.post(f"cases/{case['uuid']}/close/", {"reason": "done"}, If_Match='"2"')
    assert ok(closed)["state"] == "closed"
    problem(
        custodian.post(f"cases/{case['uuid']}/reopen/", {"reason": "new facts"}, If_Match='"2"'), 412, "stale-version"
    )
    assert ok(custodian.post(f"cases/{case['uuid']}/reopen/", {"reason": "more"}, If_Match='"3"'))["state"] == "open"
    user = builders.person(Role.INVESTIGATOR, agency=builders.agency())
    ok(custodian.post(f"cases/{case['uuid']}/assignments/", {"account": str(user.uuid), "role": "prosecutor"}), 201)
    end = {"account": str(user.uuid), "role": "prosecutor", "reason": "replaced"}
    ok(custodian.post(f"cases/{case['uuid']}/assignments/end/", end))
    assert ok(custodian.get(f"cases/{case['uuid']}/assignments/"))["results"][0]["until"]


def test_a_seizure_is_corrected_and_keeps_the_rest(custodian: Caller, case: Case) -> None:
    body = {
        "place": "Berth 14",
        "country": "KE",
        "seized_at": "2026-10-16T22:40:00+03:00",
        "zone": "Africa/Nairobi",
        "agency": str(case.agency.uuid),
        "latitude": "-4.05",
        "longitude": "39.66",
        "uncertainty_m": 200,
        "alleged_transit": ["UG", "KE"],
    }
    made = ok(custodian.post(f"cases/{case.uuid}/seizures/", body), 201)
    patch = {"operation": "Thunder", "correction_reason": "named later"}
    changed = ok(custodian.patch(f"seizures/{made['uuid']}/", patch, If_Match='"1"'))
    assert (changed["operation"], changed["place"], changed["alleged_transit"]) == ("Thunder", "Berth 14", ["UG", "KE"])
    assert ok(custodian.get(f"cases/{case.uuid}/seizures/"))["count"] == 1


def test_submission_labels_intake_and_itemising(lab: Laboratory, custodian: Caller, technician: Caller) -> None:
    agency = builders.agency("Customs")
    investigator = Caller(builders.actor(Role.INVESTIGATOR, agency=agency))
    form = ok(
        investigator.post(
            "submissions/",
            {
                "agency": str(agency.uuid),
                "place": "Port",
                "seized_at": "2026-10-16T22:40:00Z",
                "lines": [{"description": "Crate of tusks", "pieces": 512, "seal_number": "KRA-1"}],
            },
        ),
        201,
    )
    prints = ok(investigator.post(f"submissions/{form['uuid']}/prints/", {"size": "bag", "medium": "pdf"}), 201)
    copy = prints["prints"][0]
    drawn = investigator.get(f"labels/{copy['code']}/copies/1/svg/")
    assert drawn.status_code == 200
    assert drawn["Content-Type"] == "image/svg+xml"
    assert b"<svg" in drawn.content
    problem(investigator.get(f"labels/{copy['code']}/copies/2/svg/"), 404, "copy-not-found")
    assert ok(technician.get(f"resolve/?code={copy['code']}"))["kind"] == "announced"

    case = builders.case(lab.custodian, of=agency)
    driver = ok(technician.post("parties/", {"name": "J. Otieno", "document_kind": "id", "document_number": "77"}), 201)
    received = ok(
        technician.post(
            f"cases/{case.uuid}/intakes/",
            {
                "delivered_by": driver["uuid"],
                "containers_stated": 2,
                "submission": form["uuid"],
                "containers": [
                    {
                        "description": "Crate of tusks",
                        "seal_stated": "KRA-1",
                        "seal_found": "KRA-1",
                        "seal_state": "broken",
                        "weight_stated_kg": "310.000",
                        "weight_found_kg": "309.500",
                        "code": copy["code"],
                    }
                ],
            },
        ),
        201,
    )
    intake = received["intake"]
    assert {row["kind"] for row in received["discrepancies"]} == {"count", "seal", "weight"}
    crate = intake["containers"][0]["item"]["reference"]
    assert ok(technician.get(f"resolve/?code={copy['code']}"))["item"]["reference"] == crate
    exhibits = {
        "container": crate,
        "exhibits": [{"kind": "lot", "description": "Tusks", "pieces_stated": 512, "pieces_found": 511}],
    }
    problem(technician.post(f"intakes/{intake['uuid']}/itemise/", exhibits), 422, "item-sealed")
    opened = ok(technician.post("custody/seal-openings/", {"rows": [{"item": crate, "found": "broken"}]}))
    assert opened["done"] == 1
    lot = ok(technician.post(f"intakes/{intake['uuid']}/itemise/", exhibits))["exhibits"][0]
    problem(technician.post(f"intakes/{intake['uuid']}/complete/"), 422, "countersign-first")
    waiting = ok(custodian.get(f"cases/{case.uuid}/discrepancies/?open_only=true"))["results"]
    assert len(waiting) == 4
    problem(technician.post(f"discrepancies/{waiting[0]['uuid']}/countersign/"), 403, "own-work")
    for row in waiting:
        assert ok(custodian.post(f"discrepancies/{row['uuid']}/countersign/"))["state"] == "countersigned"
    explained = {"explanation": "One tusk was kept as a sample by customs", "customer_told": True}
    assert ok(custodian.post(f"discrepancies/{waiting[0]['uuid']}/explain/", explained))["state"] == "explained"
    assert ok(technician.post(f"intakes/{intake['uuid']}/complete/"))["state"] == "complete"
    photo = ok(technician.upload(f"cases/{case.uuid}/files/", b"\xff\xd8\xff" + b"0" * 50, role="photograph"), 201)
    ok(technician.post(f"intakes/{intake['uuid']}/photographs/", {"file": photo["uuid"], "caption": "the seal"}), 201)
    plan = {"rule": "random", "count": 20, "seed": "2026-11-20"}
    drawn_plan = ok(technician.post(f"exhibits/{lot['uuid']}/sampling-plans/", plan), 201)
    again = ok(technician.post(f"exhibits/{lot['uuid']}/sampling-plans/", plan), 201)
    assert drawn_plan["sampled"] == again["sampled"]
    assert (len(drawn_plan["sampled"]), len(drawn_plan["unsampled"])) == (20, 491)


def test_samples_pools_amounts_and_their_tree(lab: Laboratory, custodian: Caller, case: Case) -> None:
    first, second = registered(
        custodian,
        case,
        {"amount": {"value": "10", "unit": "g"}},
        {"amount": {"value": "5", "unit": "g", "tolerance": "0.1"}},
    )
    taking = {"item": first["uuid"], "amount": "500", "unit": "mg", "waste": "5"}
    sample = ok(custodian.post("samples/", {"kind": "powder", "parents": [taking]}), 201)
    assert sample["amount"]["left"] == "500"
    assert ok(custodian.get(f"items/{first['reference']}/"))["amount"]["left"] == "9.495"
    steps = ok(custodian.get(f"items/{first['uuid']}/amounts/"))["results"]
    assert [(row["kind"], row["amount"]) for row in steps] == [("waste", "-5"), ("taken", "-500"), ("initial", "10")]
    pool = ok(
        custodian.post(
            "samples/",
            {
                "kind": "pool",
                "made": {"value": "80", "unit": "ul"},
                "parents": [
                    {"item": sample["uuid"], "amount": "50", "unit": "mg"},
                    {"item": second["uuid"], "amount": "1", "unit": "g"},
                ],
            },
        ),
        201,
    )
    tree = ok(custodian.get(f"samples/{pool['uuid']}/tree/"))["results"]
    assert {(row["parent"], row["child"]) for row in tree} == {
        (first["uuid"], sample["uuid"]),
        (sample["uuid"], pool["uuid"]),
        (second["uuid"], pool["uuid"]),
    }
    greedy = {"kind": "powder", "parents": [{"item": first["uuid"], "amount": "1", "unit": "kg"}]}
    problem(custodian.post("samples/", greedy), 422, "not-enough")
    problem(custodian.post(f"items/{second['uuid']}/reweigh/", {"value": "9", "unit": "g"}), 422, "grew")
    assert ok(custodian.post(f"items/{second['uuid']}/reweigh/", {"value": "3.9", "unit": "g"}))["left"] == "3.9"
    used = ok(custodian.post(f"items/{pool['uuid']}/use/", {"amount": "80", "unit": "ul", "note": "PCR"}))
    assert used["left"] == "0"
    assert ok(custodian.get(f"items/{pool['uuid']}/"))["state"] == "consumed"


def test_exhibits_components_live_animals_and_corrections(custodian: Caller, case: Case) -> None:
    bag, parrots = registered(custodian, case, {"kind": "mixed"}, {"kind": "live_animal", "pieces_found": 40})
    component = {"description": "Pangolin scales", "term": "SCA", "pieces": 12}
    assert ok(custodian.post(f"exhibits/{bag['uuid']}/components/", component), 201)["label"] == "A"
    ok(custodian.post(f"exhibits/{parrots['uuid']}/live-events/", {"kind": "died", "count": 2, "note": "in transport"}))
    assert ok(custodian.get(f"exhibits/{parrots['uuid']}/"))["live_count"] == 38
    problem(
        custodian.post(f"exhibits/{parrots['uuid']}/live-events/", {"kind": "died", "count": 99}), 422, "not-enough"
    )
    read = custodian.get(f"exhibits/{bag['uuid']}/")
    patch = {"condition": "damp", "reason": "seen at itemising"}
    assert ok(custodian.patch(f"exhibits/{bag['uuid']}/", patch, If_Match=read["ETag"]))["condition"] == "damp"
    history = ok(custodian.get(f"items/{bag['uuid']}/history/"))["results"]
    assert [row["verb"] for row in history] == ["created", "registered", "component_added", "corrected"]
    assert all(len(row["hash"]) == 64 and row["proof_state"] == "waiting" for row in history)
    piece = ok(custodian.get(f"items/{bag['uuid']}/history/?limit=3"))
    rest = ok(custodian.get(f"items/{bag['uuid']}/history/?after={piece['next_after']}"))
    assert [row["sequence"] for row in rest["results"]] == [4]


def test_a_hand_over_of_hundreds_received_refused_and_withdrawn(
    lab: Laboratory, custodian: Caller, technician: Caller, case: Case
) -> None:
    exhibits = builders.exhibits(lab.custodian, case, 300)
    names = [str(one.item.uuid) for one in exhibits]
    offer = {"items": names, "to": str(lab.technician.party), "purpose": "examination"}
    made = ok(custodian.post("hand-overs/", offer), 201)
    assert (made["items"], made["state"]) == (300, "open")
    assert ok(technician.get("hand-overs/?side=receiving&state=open"))["count"] == 1
    assert ok(technician.get("hand-overs/?side=giving"))["count"] == 0
    lines = ok(technician.get(f"hand-overs/{made['uuid']}/lines/?limit=500"))
    assert (lines["count"], len(lines["results"])) == (300, 200)
    problem(
        custodian.post(f"hand-overs/{made['uuid']}/receive/", {"receipts": [{"item": names[0]}]}), 403, "not-your-half"
    )
    receipts = [{"item": name} for name in names[:298]]
    assert ok(technician.post(f"hand-overs/{made['uuid']}/receive/", {"receipts": receipts}))["waiting"] == 2
    refusal = {"items": [names[298]], "reason": "the bag is torn"}
    ok(technician.post(f"hand-overs/{made['uuid']}/refuse/", refusal))
    done = ok(custodian.post(f"hand-overs/{made['uuid']}/withdraw/", {"reason": "kept back"}))
    assert done["state"] == "mixed"
    assert Item.objects.filter(custodian_id=lab.technician.party_id).count() == 298
    bystander = Caller(builders.actor(Role.INVESTIGATOR))
    problem(bystander.get(f"hand-overs/{made['uuid']}/"), 404, "hand-over-not-found")


def test_custody_acts_row_by_row(lab: Laboratory, custodian: Caller, case: Case) -> None:
    one, two, three = registered(custodian, case, {}, {}, {})
    answer = custodian.post(
        "custody/seals/",
        {
            "rows": [
                {"item": one["uuid"], "number": "S-1"},
                {"item": two["uuid"], "number": "S-1"},
                {"item": three["uuid"], "number": "S-3"},
            ]
        },
    )
    body = ok(answer, 207)
    assert [row["status"] for row in body["results"]] == ["done", "refused", "done"]
    assert (body["results"][1]["code"], body["results"][1]["pointer"]) == ("seal-taken", "#/rows/1/number")
    assert ok(custodian.get(f"items/{three['uuid']}/"))["seal"]["number"] == "S-3"
    used = ok(custodian.post("custody/consumptions/", {"rows": [{"item": two["uuid"]}]}), 207)
    assert used["results"][0]["code"] == "authority-needed"
    gone = {"item": two["uuid"], "method": "destroyed", "authority": "Court order 12/26", "witness_name": "B. Mwangi"}
    assert ok(custodian.post("custody/disposals/", {"rows": [gone]}))["done"] == 1
    ok(custodian.post(f"cases/{case.uuid}/hold/", {"hold": True, "reason": "appeal"}))
    back = {"item": one["uuid"], "to": str(case.agency.uuid), "authority": "Court", "receipt": "R-1"}
    assert ok(custodian.post("custody/returns/", {"rows": [back]}), 207)["results"][0]["code"] == "legal-hold"
    lift = {"hold": False, "reason": "appeal withdrawn"}
    problem(custodian.post(f"cases/{case.uuid}/hold/", lift), 422, "required")
    ok(custodian.post(f"cases/{case.uuid}/hold/", lift | {"authority": "Court of Appeal, order 8/26"}))
    assert ok(custodian.post("custody/returns/", {"rows": [back]}))["done"] == 1
    earlier = {
        "item": three["uuid"],
        "holder": "Ranger post 3",
        "statement": "kept in the armoury",
        "until": "2026-10-01T00:00:00Z",
    }
    ok(custodian.post("custody/earlier-statements/", earlier))
    form = ok(custodian.upload(f"cases/{case.uuid}/files/", b"%PDF-1.7 form", role="form", name="form.pdf"), 201)
    freezer = ok(custodian.post("locations/", {"name": "Freezer −80", "kind": "freezer"}), 201)
    paper = {"items": [three["uuid"]], "to": freezer["party"]["uuid"], "file": form["uuid"], "reason": "power cut"}
    paper["happened_at"] = ok(custodian.get(f"items/{three['uuid']}/"))["last_act_at"]
    ok(custodian.post("custody/back-entries/", paper))
    assert ok(custodian.get(f"items/{three['uuid']}/"))["custodian"]["name"] == "Freezer −80"


def test_reassignment_needs_two_persons(lab: Laboratory, custodian: Caller, case: Case) -> None:
    item = builders.exhibits(lab.custodian, case)[0].item
    manager = Caller(lab.manager)
    order = {"items": [item.reference], "to": str(lab.analyst.party), "authority": "Order 3/26"}
    own = manager.post("custody/reassignments/", order | {"inventory_by": str(lab.manager.party)})
    problem(own, 422, "bad-input")
    assert pointers(own) == ["#/inventory_by"]
    ok(manager.post("custody/reassignments/", order | {"inventory_by": str(lab.technician.party)}))
    assert ok(manager.get(f"items/{item.uuid}/"))["custodian"]["uuid"] == str(lab.analyst.party)


def test_scan_many_then_act_on_all(lab: Laboratory, custodian: Caller, case: Case) -> None:
    codes = [one.item.scan_code or "" for one in builders.exhibits(lab.custodian, case, 3)]
    box = ok(custodian.post("containers/", {"kind": "box", "description": "Box 7", "rows": 9, "columns": 9}), 201)
    session = ok(custodian.post("scan-sessions/"), 201)["uuid"]
    assert ok(custodian.post("scan-sessions/"), 201)["uuid"] == session
    scanned = ok(
        custodian.post(f"scan-sessions/{session}/scans/", {"texts": [*codes, codes[0], box["scan_code"], "XXXXXXXX"]}),
        207,
    )
    outcomes = [row["result"]["outcome"] if row["status"] == "done" else row["code"] for row in scanned["results"]]
    assert outcomes[:5] == ["taken", "taken", "taken", "known", "container"]
    assert scanned["refused"] == 1
    assert ok(custodian.get(f"scan-sessions/{session}/lines/"))["count"] == 3
    ok(custodian.post(f"scan-sessions/{session}/undo/"))
    assert ok(custodian.post(f"scan-sessions/{session}/move/"))["moved"] == 2
    inside = ok(custodian.get(f"items/{box['uuid']}/contents/"))["results"]
    assert {row["position"] for row in inside} == {"A1", "A2"}
    problem(Caller(lab.technician).get(f"scan-sessions/{session}/"), 404, "session-not-found")
    again = ok(custodian.post("scan-sessions/"), 201)["uuid"]
    ok(custodian.post(f"scan-sessions/{again}/scans/", {"texts": [codes[2]]}))
    offer = {"to": str(lab.technician.party), "purpose": "examination"}
    assert ok(custodian.post(f"scan-sessions/{again}/offer/", offer))["waiting"] == 1


def test_labels_are_printed_recorded_and_replaced(lab: Laboratory, custodian: Caller, case: Case) -> None:
    first, second = registered(custodian, case, {}, {})
    body = {"items": [first["reference"], second["scan_code"]], "size": "bag", "medium": "pdf"}
    prints = ok(custodian.post("labels/prints/", body), 201)["prints"]
    problem(custodian.post("labels/prints/", body), 422, "required")
    again = ok(custodian.post("labels/prints/", body | {"reason": "torn"}), 201)["prints"]
    assert [row["copy"] for row in again] == [2, 2]
    pages = custodian.call(
        "POST", "labels/sheets/", {"prints": [{"code": row["code"], "copy": 1} for row in prints], "sheet": "a4-bag"}
    )
    assert pages.status_code == 200
    assert pages.content.startswith(b"%PDF-")
    assert custodian.get(f"labels/{prints[0]['code']}/copies/2/png/").content.startswith(b"\x89PNG")
    new = ok(custodian.post(f"items/{first['uuid']}/labels/replace/", {"reason": "lost"}))
    assert ok(custodian.get(f"resolve/?code={new['code']}"))["item"]["uuid"] == first["uuid"]
    problem(custodian.get(f"resolve/?code={first['scan_code']}"), 422, "label-void")
    rows = ok(custodian.get(f"items/{first['uuid']}/labels/"))["results"]
    assert [(row["state"], row["copies"]) for row in rows] == [("live", 0), ("void", 2)]


def test_a_large_file_in_chunks_that_go_on_after_a_cut(custodian: Caller, case: Case) -> None:
    content = bytes(range(256)) * 4096
    whole = hashlib.sha256(content).hexdigest()
    new = {"name": "run.ab1", "media_type": "application/octet-stream", "size": len(content), "digest": whole}
    upload = ok(custodian.post("uploads/", new), 201)["id"]

    def chunk(start: int, end: int, *, wrong: bool = False) -> Any:
        piece = content[start:end]
        digest = b64encode(hashlib.sha256(piece + b"x" * wrong).digest()).decode()
        return custodian.client.generic(
            "PATCH",
            f"/api/v1/uploads/{upload}/",
            data=piece,
            content_type="application/octet-stream",
            headers={
                "Authorization": f"Bearer {custodian.secret}",
                "Upload-Offset": str(start),
                "Content-Digest": f"sha-256=:{digest}:",
            },
        )

    assert ok(chunk(0, 700_000))["received"] == 700_000
    problem(chunk(800_000, 900_000), 409, "upload-offset")
    problem(chunk(700_000, 800_000, wrong=True), 422, "chunk-digest")
    finish = {"role": "raw", "case": case.reference}
    problem(custodian.post(f"uploads/{upload}/finish/", finish), 422, "upload-incomplete")
    assert ok(custodian.get(f"uploads/{upload}/"))["received"] == 700_000
    assert ok(chunk(700_000, len(content)))["complete"]
    with TestCase.captureOnCommitCallbacks(execute=True):
        file = ok(custodian.post(f"uploads/{upload}/finish/", finish), 201)
    assert (file["digest"], file["size"]) == (whole, len(content))
    got = b"".join(custodian.get(f"files/{file['uuid']}/content/").streaming_content)
    assert got == content
    problem(custodian.get(f"uploads/{upload}/"), 404, "upload-missing")
    assert [row["uuid"] for row in ok(custodian.get(f"cases/{case.uuid}/files/"))["results"]] == [file["uuid"]]
    stranger = ok(custodian.post("uploads/", new), 201)["id"]
    problem(Caller(builders.actor(Role.ANALYST)).get(f"uploads/{stranger}/"), 404, "upload-missing")
    assert custodian.call("DELETE", f"uploads/{stranger}/").status_code == 204


@pytest.mark.usefixtures("log_key")
def test_an_items_custody_is_proved_and_verified_outside(
    lab: Laboratory, custodian: Caller, case: Case, tmp_path: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    item = registered(custodian, case, {})[0]
    sequencer_run_once()
    rows = ok(custodian.get(f"items/{item['uuid']}/proofs/"))["results"]
    assert {row["state"] for row in rows} == {"proved"}
    history = ok(custodian.get(f"items/{item['uuid']}/history/"))["results"]
    assert [(row["hash"], row["index"]) for row in rows] == [(row["hash"], row["index"]) for row in history]
    checkpoint = ok(Caller(lab.manager).get("ledger/checkpoint/"))
    assert checkpoint["size"] == rows[0]["size"]
    problem(custodian.get("ledger/checkpoint/"), 403, "not-allowed")
    file = tmp_path / "custody.jsonl"
    answer = custodian.get(f"items/{item['uuid']}/custody-export/")
    file.write_bytes(b"".join(answer.streaming_content))
    assert json.loads(file.read_bytes().splitlines()[0])["scope"] == "items"
    capsys.readouterr()
    status = verify_main(["verify", str(file), "--key", checkpoint["key"], "--json"])
    verdict = json.loads(capsys.readouterr().out)
    # Only a signature over its end could say that no later entry was left out; a file on request has none.
    assert (status, verdict["verdict"]) == (2, "indeterminate")
    assert {step["status"] for step in verdict["steps"][:-1]} == {"passed"}, verdict
    entries = ok(Caller(lab.manager).get(f"ledger/streams/case/{case.uuid}/entries/"))["results"]
    assert [row["verb"] for row in entries] == ["opened"]
    small = tlogproof_parse(custodian.get(f"items/{item['uuid']}/custody-proof/").content)
    newest = bytes.fromhex(history[-1]["hash"])
    assert tlogproof_verify(small, newest, VerifierKey.parse(checkpoint["key"])).size == checkpoint["size"]


def test_code_lists_are_read_by_everybody(lab: Laboratory) -> None:
    nobody = Caller(builders.actor())
    kinds = {row["kind"]: row["version"] for row in ok(nobody.get("code-lists/"))["results"]}
    assert kinds["term"] == "cites-terms-2024-10"
    terms = {row["code"]: row["label"] for row in ok(nobody.get("code-lists/term/?limit=200"))["results"]}
    assert "TUS" in terms
    assert ok(nobody.get("code-lists/country/?limit=1000"))["results"][199]
    problem(nobody.get("code-lists/moods/"), 404, "list-not-found")
