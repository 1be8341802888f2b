"""Lists of the law over the API."""

from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from lims.lab.models import LegalList
from lims.lab.tasks import law_import
from tests.lims.api.client import Caller, problem
from tests.lims.builders import Laboratory
from tests.lims.lab import support
from tests.lims.lab.law_support import HISTORY

pytestmark = pytest.mark.commits


@pytest.fixture
def lab(settings: Any, tmp_path: Any, committed_db: object) -> Laboratory:
    support.installation(settings, tmp_path)
    return Laboratory()


def propose(caller: Caller, text: str = HISTORY, **changes: str) -> Any:
    form = {"scheme": "cites", "name": "A", "edition": "1", "as_of": "2026-10-01", "provenance": "Synthetic."}
    headers = {"Authorization": f"Bearer {caller.secret}", "Idempotency-Key": str(uuid4())}
    file = SimpleUploadedFile("list.csv", text.encode())
    return caller.client.post("/api/v1/law-lists/", form | changes | {"file": file}, headers=headers)


def test_a_list_is_proposed_read_approved_and_asked(lab: Laboratory) -> None:
    analyst, manager = Caller(lab.analyst), Caller(lab.manager)
    made = propose(analyst)
    assert made.status_code == 202, made.content
    address = made["Location"].removeprefix("/api/v1/")
    assert analyst.get(address).json()["state"] == "queued"
    law_import(LegalList.objects.get().pk)
    read = analyst.get(address).json()
    assert (read["state"], read["history_since"], read["refused_count"]) == ("done", "1975-07-01", 1)
    assert read["report"]["refused"][0]["row"] == 7
    ask = "listings/?name=Loxodonta%20africana&on=2010-01-01"
    assert analyst.get(ask).json() == {"rulings": []}
    problem(analyst.post(f"{address}approval/", {"note": "mine"}), 403, "not-allowed")
    assert manager.post(f"{address}approval/", {"note": "checked"}).json()["standing"] == "approved"
    (conditional,) = analyst.get(ask).json()["rulings"]
    assert (conditional["kind"], conditional["why"], conditional["categories"]) == (
        "conditional",
        "population",
        ["I", "II"],
    )
    (known,) = analyst.get(f"{ask}&origin=na").json()["rulings"]
    assert (known["kind"], known["categories"]) == ("listed", ["II"])
    assert analyst.get("law-lists/?scheme=national").json()["count"] == 0
    assert manager.post(f"{address}retirement/", {"note": "old"}).json()["standing"] == "retired"


def test_refusals_are_problems(lab: Laboratory) -> None:
    analyst = Caller(lab.analyst)
    problem(propose(analyst, jurisdiction="KE"), 422, "bad-input")
    problem(propose(analyst, as_of="2999-01-01"), 422, "bad-input")
    assert propose(analyst, scheme="eu").status_code == 422
    problem(propose(Caller(lab.technician)), 403, "not-allowed")
    assert analyst.get("listings/?name=A").status_code == 422
    problem(analyst.get(f"law-lists/{uuid4()}/"), 404, "law-list-not-found")
