"""Custody over the API: hand-overs, acts row by row, scanning, labels, large files, proofs."""

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
from tests.lims.api.client import Caller, ok, pointers, problem, registered
from tests.lims.builders import Laboratory


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
