"""Casework over the API from announcement to disposal: every area answers in earnest."""

from typing import Any

from chain_of_custody.models import Party
from lims.accounts.roles import Role
from lims.casework.models import Case
from tests.lims import builders
from tests.lims.api.client import Caller, ok, pointers, problem, registered
from tests.lims.builders import Laboratory


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


def announced(agency: Party) -> tuple[str, str]:
    """A crate announced by an investigator, its label printed: the form, and the code on the label."""
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
    return form["uuid"], copy["code"]


def received(technician: Caller, case: Case, form: str, code: str) -> Any:
    """The crate brought in by a driver, one container too few, its seal broken, lighter than stated."""
    driver = ok(technician.post("parties/", {"name": "J. Otieno", "document_kind": "id", "document_number": "77"}), 201)
    return ok(
        technician.post(
            f"cases/{case.uuid}/intakes/",
            {
                "delivered_by": driver["uuid"],
                "containers_stated": 2,
                "submission": form,
                "containers": [
                    {
                        "description": "Crate of tusks",
                        "seal_stated": "KRA-1",
                        "seal_found": "KRA-1",
                        "seal_state": "broken",
                        "weight_stated_kg": "310.000",
                        "weight_found_kg": "309.500",
                        "code": code,
                    }
                ],
            },
        ),
        201,
    )


def settled(custodian: Caller, technician: Caller, case: Case) -> None:
    """Every discrepancy countersigned by somebody else, one of them explained."""
    waiting = ok(custodian.get(f"cases/{case.uuid}/discrepancies/?open_only=true"))["results"]
    assert len(waiting) == 4
    problem(technician.post(f"discrepancies/{waiting[0]['uuid']}/countersign/"), 403, "own-work")
    for row in waiting:
        assert ok(custodian.post(f"discrepancies/{row['uuid']}/countersign/"))["state"] == "countersigned"
    explained = {"explanation": "One tusk was kept as a sample by customs", "customer_told": True}
    assert ok(custodian.post(f"discrepancies/{waiting[0]['uuid']}/explain/", explained))["state"] == "explained"


def test_submission_labels_intake_and_itemising(lab: Laboratory, custodian: Caller, technician: Caller) -> None:
    agency = builders.agency("Customs")
    form, code = announced(agency)
    assert ok(technician.get(f"resolve/?code={code}"))["kind"] == "announced"

    case = builders.case(lab.custodian, of=agency)
    arrived = received(technician, case, form, code)
    intake = arrived["intake"]
    assert {row["kind"] for row in arrived["discrepancies"]} == {"count", "seal", "weight"}
    crate = intake["containers"][0]["item"]["reference"]
    assert ok(technician.get(f"resolve/?code={code}"))["item"]["reference"] == crate
    exhibits = {
        "container": crate,
        "exhibits": [{"kind": "lot", "description": "Tusks", "pieces_stated": 512, "pieces_found": 511}],
    }
    problem(technician.post(f"intakes/{intake['uuid']}/itemise/", exhibits), 422, "item-sealed")
    opened = ok(technician.post("custody/seal-openings/", {"rows": [{"item": crate, "found": "broken"}]}))
    assert opened["done"] == 1
    lot = ok(technician.post(f"intakes/{intake['uuid']}/itemise/", exhibits))["exhibits"][0]
    problem(technician.post(f"intakes/{intake['uuid']}/complete/"), 422, "countersign-first")
    settled(custodian, technician, case)
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
