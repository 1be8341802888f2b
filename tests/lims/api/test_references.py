"""References over the API: what is known of a set, grants on a restricted one, runs against it, genotypes taken in."""

from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from chain_of_custody.models import Party, StoredFile
from lims.lab.models import Run
from lims.lab.tasks import run_execute
from tests.lims.api.client import Caller, problem
from tests.lims.lab import methods_support as made
from tests.lims.lab import support
from tests.lims.lab.support import Bench

pytestmark = pytest.mark.commits


def test_a_restricted_set_its_grants_its_checks_and_a_run_against_it(bench: Bench) -> None:
    data = made.isolated()
    row = made.mapped(bench, data, restricted=True)
    analyst, manager, technician = (Caller(one) for one in (bench.lab.analyst, bench.lab.manager, bench.lab.technician))
    here = f"reference-sets/{row.uuid}/"
    exact = {(one["latitude"], one["longitude"]) for one in row.checks["places"]}
    problem(technician.get(here), 404, "reference-not-found")
    assert analyst.get(here).json()["restricted"] is True
    seen = manager.get(f"{here}checks/").json()["checks"]
    assert seen["places_km"] == 50
    assert not exact & {(one["latitude"], one["longitude"]) for one in seen["places"]}
    file = support.upload(bench, data.sampled_csv.encode(), "g.csv", "genotypes")
    ask = {
        "method": "origin.map",
        "inputs": [{"role": "genotypes", "file": str(file.uuid)}],
        "item": bench.item.reference,
        "reference_set": str(row.uuid),
        "parameters": {"generalise_km": 0.5},
    }
    cases = f"cases/{bench.case.uuid}/runs/"
    assert technician.post(cases, ask).status_code in {404, 422}
    party = Party.objects.get(pk=bench.lab.technician.party_id)
    grant = {"party": str(party.uuid), "right": "use", "reason": "ivory case"}
    problem(analyst.post(f"{here}grants/", grant), 403, "not-allowed")
    problem(manager.post(f"{here}grants/", grant | {"party": str(uuid4())}), 422, "unknown-party")
    given = manager.post(f"{here}grants/", grant)
    assert given.status_code == 201, given.content
    queued = technician.post(cases, ask)
    assert queued.status_code == 202, queued.content
    run = Run.objects.get(uuid=queued.json()["uuid"])
    run_execute(run.pk)
    told = technician.get(f"runs/{run.uuid}/").json()
    assert (told["state"], told["parameters"]["generalise_km"]) == ("done", 50)
    assert {one["identification"] for one in told["outcomes"]} == {"region"}
    assert not exact & {
        (one["latitude"], one["longitude"]) for one in technician.get(f"{here}checks/").json()["checks"]["places"]
    }
    ended = manager.post(f"{here}grants/{given.json()['id']}/end/", {"reason": "over"})
    assert ended.json()["ended_at"]
    problem(technician.get(here), 404, "reference-not-found")
    opened = manager.post(f"{here}restriction/", {"restricted": False, "reason": "published"})
    assert opened.json()["restricted"] is False
    assert technician.get(here).status_code == 200


def test_genotypes_are_looked_at_and_taken_in(bench: Bench) -> None:
    technician = Caller(bench.lab.technician)
    here = f"/api/v1/items/{bench.item.reference}/genotypes/"

    def send(address: str, content: bytes, **given: str) -> Any:
        headers = {"Authorization": f"Bearer {technician.secret}", "Idempotency-Key": str(uuid4())}
        file = SimpleUploadedFile("g.tsv", content)
        return technician.client.post(address, {"file": file, **given}, headers=headers)

    bad = b"indiv\tL1\tL1_1\nX1\t100\t\nX2\t100\t102\n"
    look = send(f"{here}check/", bad, id_column="indiv").json()
    assert [(one["row"], one["column"]) for one in look["problems"]] == [(2, "L1_1")]
    refused = send(here, bad, id_column="indiv")
    assert refused.status_code == 422
    assert not StoredFile.objects.filter(stream__kind="item").exists()
    kept = send(here, bad.replace(b"100\t\n", b"100\t100\n"), id_column="indiv")
    assert kept.status_code == 201, kept.content
    roles = dict(StoredFile.objects.filter(stream__kind="item").values_list("uuid", "role"))
    assert {str(uuid): role for uuid, role in roles.items()} == {
        kept.json()["source"]: "genotypes_source",
        kept.json()["table"]: "genotypes",
    }
