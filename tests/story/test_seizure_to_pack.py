"""Seizure, intake, label, scan, hand-over, sub-sample, traces, runs, review, signed report, request, pack, verify.

One test through the public API, with a real worker and sequencer as processes.
"""

import io
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from analysis.origin.synthetic import Design as OriginDesign
from analysis.origin.synthetic import synthetic_data
from analysis.species.abif import abif_bytes, trace_synthesise
from analysis.species.bases import reverse_complement
from analysis.species.synthetic import barcodes
from chain_of_custody.core.note import VerifierKey
from chain_of_custody.core.verify import verify_file
from lims.accounts.roles import Role
from lims.casework.models import Case
from lims.casework.services.cases import case_assign
from lims.documents.signature_check import signature_check
from tests.conftest import TestBroker, TestDatabase
from tests.lims import builders
from tests.story.people import Someone, someone
from tests.system import System, running_system, wait_until

pytestmark = [pytest.mark.commits, pytest.mark.slow]

SPECIES = [
    "Loxodonta africana", "Loxodonta cyclotis", "Elephas maximus", "Panthera tigris", "Panthera leo", "Panthera pardus",
    "Bos taurus", "Bos javanicus", "Manis pentadactyla", "Manis javanica", "Smutsia gigantea", "Diceros bicornis",
]  # fmt: skip
RUNS_SECONDS = 300


@pytest.fixture
def system(committed_db: TestDatabase, embedded_redis: TestBroker, tmp_path: Path) -> Any:
    with running_system(tmp_path, {**committed_db.environment(), **embedded_redis.environment()}) as running:
        running.start()
        yield running


@pytest.fixture
def people(system: System) -> dict[str, Someone]:
    return {
        "custodian": someone(system, Role.CUSTODIAN, name="Tomás Ferreira"),
        "technician": someone(system, Role.TECHNICIAN, name="Ana Reyes"),
        "analyst": someone(system, Role.ANALYST, name="Amina Yusuf"),
        "reviewer": someone(system, Role.REVIEWER, name="Lena Brandt"),
        "manager": someone(system, Role.MANAGER, name="Okello Odongo"),
        "auditor": someone(system, Role.AUDITOR, name="Ines Duarte"),
        "prosecutor": someone(system, name="Grace Mwangi"),
    }


def test_from_seizure_to_verified_pack(system: System, people: dict[str, Someone], tmp_path: Path) -> None:
    case, exhibit = _seizure_to_exhibit(people)
    sample = _to_the_bench(people, exhibit)
    references = _references(people)
    species_run = _species_run(people, case, sample, references)
    origin_run = _origin_run(people, case, sample, references)
    assert species_run["outcomes"][0]["identification"] == "species"
    assert species_run["outcomes"][0]["name"] == "Loxodonta africana"
    report = _report(people, case, sample, species_run, origin_run)
    archive = _pack(people, case, report, tmp_path)
    keys = tuple(
        VerifierKey.parse((tmp_path / "secrets" / name).read_text().strip()) for name in ("log.vkey", "pack.vkey")
    )
    verdict = verify_file(archive, pinned=keys)
    assert verdict.status.value == "passed", verdict.lines()
    with zipfile.ZipFile(archive) as opened:
        names = opened.namelist()
    assert any("/data/report/" in name for name in names)
    assert any("/data/raw/" in name and name.endswith(".ab1") for name in names)
    assert any("/data/verifier/chain_of_custody/core/" in name for name in names)
    _one_flipped_byte_fails(archive, keys)


def _seizure_to_exhibit(people: dict[str, Someone]) -> tuple[dict[str, Any], dict[str, Any]]:
    custodian, technician = people["custodian"].api, people["technician"].api
    agency = custodian.post("agencies/", {"name": "Harbour Customs"})
    case = custodian.post("cases/", {"kind": "casework", "title": "Container at berth 14", "agency": agency["uuid"]})
    key = case["reference"]
    seizure = custodian.post(
        f"cases/{key}/seizures/",
        {"place": "Berth 14", "country": "KE", "seized_at": "2026-10-16T22:40:00+03:00", "zone": "Africa/Nairobi",
         "agency": agency["uuid"], "transport": "maritime", "alleged_origin": "UG"},
    )  # fmt: skip
    driver = custodian.post("parties/", {"kind": "person", "name": "A driver", "document_kind": "passport",
                                         "document_number": "A1"})  # fmt: skip
    made = custodian.post(
        f"cases/{key}/intakes/",
        {"delivered_by": driver["uuid"], "containers_stated": 1,
         "containers": [{"description": "Crate", "seal_stated": "S-1", "seal_found": "S-1", "seal_state": "broken"}]},
    )  # fmt: skip
    intake = made.get("intake", made)
    box = intake["containers"][0]["item"]
    custodian.post(
        "custody/seal-openings/", {"rows": [{"item": box["uuid"], "found": "broken", "reason": "itemising"}]}
    )
    exhibits = custodian.post(
        f"intakes/{intake['uuid']}/itemise/",
        {"container": box["uuid"], "seizure": seizure["uuid"],
         "exhibits": [{"kind": "specimen", "description": "Raw tusk", "declared_taxon": "Loxodonta africana",
                       "term": "TUS", "amount": {"value": "4200", "unit": "g", "tolerance": "1"}}]},
    )  # fmt: skip
    exhibit = exhibits["exhibits"][0]
    for row in custodian.get(f"cases/{key}/discrepancies/")["results"]:
        technician.post(f"discrepancies/{row['uuid']}/countersign/")
    custodian.post(f"intakes/{intake['uuid']}/complete/")
    return case, exhibit


def _to_the_bench(people: dict[str, Someone], exhibit: dict[str, Any]) -> dict[str, Any]:
    custodian, technician = people["custodian"].api, people["technician"].api
    item = exhibit
    printed = custodian.post("labels/prints/", {"items": [item["uuid"]], "size": "bag", "medium": "pdf"})
    assert printed["prints"][0]["copy"] == 1
    code = custodian.get(f"items/{item['reference']}/")["scan_code"]
    assert custodian.get(f"resolve/?code={code.lower()}")["item"]["uuid"] == item["uuid"]
    custodian.post("custody/moves/", {"items": [item["uuid"]], "to": people["custodian"].party})
    session = custodian.post("scan-sessions/")
    custodian.post(f"scan-sessions/{session['uuid']}/scans/", {"texts": [code]})
    offer = custodian.post(
        f"scan-sessions/{session['uuid']}/offer/", {"to": people["technician"].party, "purpose": "examination"}
    )
    technician.post(f"hand-overs/{offer['uuid']}/receive/", {"receipts": [{"item": item["uuid"]}]})
    sample: dict[str, Any] = technician.post(
        "samples/",
        {"kind": "powder", "description": "drilled at the base",
         "parents": [{"item": item["uuid"], "amount": "500", "unit": "mg", "waste": "5"}]},
    )  # fmt: skip
    return sample


def _references(people: dict[str, Someone]) -> dict[str, Any]:
    analyst, manager = people["analyst"].api, people["manager"].api
    fasta = "".join(one.fasta for one in barcodes(SPECIES, seed=7)).encode()
    species = analyst.reference(
        {"kind": "species", "name": "Synthetic COI", "edition": "1", "provenance": "generated", "synthetic": "true"},
        [("files", "COI.fasta", fasta)],
    )
    data = synthetic_data(OriginDesign(seed=7))
    origin = analyst.reference(
        {"kind": "origin", "name": "Synthetic baseline", "edition": "1", "provenance": "generated", "synthetic": "true",
         "parameters": '{"id_column": "id", "population_column": "population"}'},
        [("files", "baseline.csv", data.baseline_csv.encode())],
    )  # fmt: skip
    for row in (species, origin):
        manager.post(f"reference-sets/{row['uuid']}/approval/", {"note": "Checked against the generator."})
    return {"species": species, "origin": origin, "samples": data.samples_csv}


def _file(who: Someone, sample: dict[str, Any], name: str, role: str, content: bytes) -> str:
    made = who.api.upload(f"items/{sample['uuid']}/files/", {"role": role}, [("file", name, content)])
    uuid: str = made["uuid"]
    return uuid


def _finished(who: Someone, run: dict[str, Any]) -> dict[str, Any]:
    def over() -> dict[str, Any] | None:
        now: dict[str, Any] = who.api.get(f"runs/{run['uuid']}/")
        return now if now["state"] in {"done", "failed", "cancelled"} else None

    found: dict[str, Any] = wait_until(over, seconds=RUNS_SECONDS, what=f"run {run['reference']} is over")
    assert found["state"] == "done", found["error"]
    return found


def _species_run(
    people: dict[str, Someone], case: dict[str, Any], sample: dict[str, Any], references: dict[str, Any]
) -> dict[str, Any]:
    technician, analyst = people["technician"], people["analyst"]
    sequence = next(one.sequence for one in barcodes(SPECIES, seed=7) if one.species == "Loxodonta africana")
    day = date(2026, 11, 3)
    forward = abif_bytes(trace_synthesise(sequence, sample="S01-F", seed=1, run_on=day))
    other = reverse_complement(sequence.encode()).decode()
    reverse = abif_bytes(trace_synthesise(other, sample="S01-R", seed=2, run_on=day))
    inputs = [
        {"role": "trace_forward", "file": _file(technician, sample, "S01-F.ab1", "trace_forward", forward)},
        {"role": "trace_reverse", "file": _file(technician, sample, "S01-R.ab1", "trace_reverse", reverse)},
    ]
    run = analyst.api.post(
        f"cases/{case['reference']}/runs/",
        {"method": "species.identify", "inputs": inputs, "item": sample["reference"],
         "reference_set": references["species"]["uuid"], "parameters": {"declared": "Loxodonta africana"}},
    )  # fmt: skip
    return _finished(analyst, run)


def _origin_run(
    people: dict[str, Someone], case: dict[str, Any], sample: dict[str, Any], references: dict[str, Any]
) -> dict[str, Any]:
    technician, analyst = people["technician"], people["analyst"]
    file = _file(technician, sample, "genotypes.csv", "genotypes", references["samples"].encode())
    run = analyst.api.post(
        f"cases/{case['reference']}/runs/",
        {"method": "origin.assign", "inputs": [{"role": "genotypes", "file": file}],
         "item": sample["reference"], "reference_set": references["origin"]["uuid"],
         "parameters": {"simulations": 1000}},
    )  # fmt: skip
    done = _finished(analyst, run)
    again = analyst.api.post(f"runs/{done['uuid']}/rerun/")
    assert _finished(analyst, again)["identical"] is True
    return done


def _report(
    people: dict[str, Someone],
    case: dict[str, Any],
    sample: dict[str, Any],
    species: dict[str, Any],
    origin: dict[str, Any],
) -> dict[str, Any]:
    analyst, reviewer, custodian = people["analyst"].api, people["reviewer"].api, people["custodian"].api
    key = case["reference"]
    findings = [
        analyst.post(
            f"cases/{key}/findings/",
            {"item": sample["reference"], "text": text, "run": run["uuid"], "outcome": 1,
             "identification": run["outcomes"][0]["identification"], "name_found": run["outcomes"][0]["name"]},
        )
        for run, text in ((species, "The sequence is most similar to the reference."), (origin, "Assigned as shown."))
    ]  # fmt: skip
    report = analyst.post(
        f"cases/{key}/reports/",
        {"title": "Species and origin", "question": "Which species, and from where?",
         "findings": [one["uuid"] for one in findings], "limits": "Relates to the sub-sample tested."},
    )  # fmt: skip
    report = analyst.post(f"reports/{report['uuid']}/submission/", {}, version=report["version"])
    own = people["analyst"].api.call("POST", f"reports/{report['uuid']}/reviews/")
    assert own.status == 403
    assert own.body["code"] == "own-work"
    for who, first in ((reviewer, True), (reviewer, False)):
        review = who.post(f"reports/{report['uuid']}/reviews/")
        assert review["kind"] == ("technical" if first else "administrative")
        for point in review["points"]:
            who.post(f"reviews/{review['uuid']}/points/{point['key']}/", {"passed": True})
        who.post(f"reviews/{review['uuid']}/decision/", {"agree": True})
    report = analyst.get(f"reports/{report['uuid']}/")
    path = f"reports/{report['uuid']}/signature/"
    signed = analyst.post(path, {"password": builders.PASSWORD}, version=report["version"])
    assert signed["state"] == "issued"
    pdf = analyst.bytes(f"reports/{report['uuid']}/pdf/")
    assert pdf.startswith(b"%PDF-")
    checked = signature_check(pdf)
    assert checked.signatures
    assert checked.verdict != "failed"
    assert custodian.call("POST", path, body={"password": "x"}, headers={"If-Match": '"1"'}).status in {403, 412, 422}
    return dict(signed)


def _pack(people: dict[str, Someone], case: dict[str, Any], report: dict[str, Any], folder: Path) -> Path:
    manager, prosecutor = people["manager"].api, people["prosecutor"].api
    row = Case.objects.select_related("agency").get(uuid=case["uuid"])
    case_assign(
        actor=builders.actor_of(people["manager"].user), case=row, user=people["prosecutor"].user, role="prosecutor"
    )
    auditor = people["auditor"].api
    unasked = auditor.call("GET", f"cases/{case['reference']}/")
    assert (unasked.status, unasked.body["code"]) == (403, "reason-needed")
    auditor.get(f"cases/{case['reference']}/", **{"X-Access-Reason": "Yearly audit of disclosures."})
    index = prosecutor.get(f"cases/{case['reference']}/index/")
    assert [one["number"] for one in index["results"]] == [report["number"]]
    request = prosecutor.post(
        f"cases/{case['reference']}/evidence-requests/",
        {"legal_basis": "Court order 12/2026", "scope": "The whole record", "reports": [report["uuid"]]},
    )
    request = manager.post(
        f"evidence-requests/{request['uuid']}/decision/",
        {"approve": True, "withheld": [{"kind": "field", "field": "place.name", "description": "Place of the seizure",
                                        "rule": "Protection of an informant", "decided_by": "Court"}]},
        version=request["version"],
    )  # fmt: skip
    pack = manager.post(f"evidence-requests/{request['uuid']}/packs/")

    def built() -> dict[str, Any] | None:
        now: dict[str, Any] = manager.get(f"packs/{pack['uuid']}/")
        assert now["state"] not in {"failed", "cancelled"}, now["error"]
        return now if now["state"] == "done" else None

    done = wait_until(built, seconds=RUNS_SECONDS, what="the pack is built")
    archive = folder / "pack.zip"
    archive.write_bytes(prosecutor.bytes(f"packs/{done['uuid']}/archive/"))
    return archive


def _one_flipped_byte_fails(archive: Path, keys: tuple[VerifierKey, ...]) -> None:
    changed = bytearray(archive.read_bytes())
    with zipfile.ZipFile(io.BytesIO(bytes(changed))) as opened:
        entry = next(one for one in opened.infolist() if one.filename.endswith(".ab1"))
    changed[entry.header_offset + 200] ^= 1
    other = archive.with_name("changed.zip")
    other.write_bytes(bytes(changed))
    assert verify_file(other, pinned=keys).status.value == "failed"
