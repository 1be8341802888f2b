"""Profiles, searches and links over the API: who reads what, what each side learns, exports."""

import csv
import io
from pathlib import Path
from typing import Any
from uuid import uuid4
from xml.etree import ElementTree as ET

import pytest
from django.utils import translation

from lims.accounts.enums import AccessKind
from lims.accounts.models import AccessEntry
from lims.accounts.roles import Role, role_allows
from lims.links.models import LinkSearch
from lims.links.tasks import search_execute
from tests.lims import builders
from tests.lims.api.client import Caller, problem
from tests.lims.lab.support import installation
from tests.lims.links import support
from tests.lims.links.support import Links, officer, reviewed, searched, the_link

WHY = "Quarterly audit of links"


@pytest.fixture
def made(settings: Any, tmp_path: Path, db: None, monkeypatch: pytest.MonkeyPatch) -> Links:
    return support.installed_hauls(settings, tmp_path, monkeypatch)


def test_a_table_is_entered_and_read_back(made: Links) -> None:
    technician, haul = Caller(made.lab.technician), support.haul(made.lab, 2)
    names = [one.item.reference for one in haul.exhibits]
    animals = [made.herd.animal(), made.herd.animal()]
    file = support.table_store(made.lab.technician, haul.case, support.table_text(names, animals))
    body = {"file": str(file.uuid), "panel": "E16", "basis": "Consensus", "taxon": "Loxodonta africana"}
    answer = technician.post(f"cases/{haul.case.uuid}/profiles/", body, key="once")
    assert answer.status_code == 201, answer.content
    again = technician.post(f"cases/{haul.case.uuid}/profiles/", body, key="once")
    assert again["Idempotency-Replayed"] == "true"
    told = technician.get(f"cases/{haul.case.uuid}/profiles/").json()
    assert told["count"] == 2
    one = technician.get(f"profiles/{told['results'][0]['uuid']}/").json()
    assert one["item"]["reference"] in names
    assert len(one["loci"]) == 16
    wrong = body | {"file": str(uuid4())}
    problem(technician.post(f"cases/{haul.case.uuid}/profiles/", wrong), 422, "unknown-file")
    problem(Caller(made.lab.custodian).post(f"cases/{haul.case.uuid}/profiles/", body), 403, "not-allowed")


@pytest.mark.commits
def test_a_search_is_ordered_followed_and_its_link_reviewed(
    settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, committed_db: object
) -> None:
    translation.activate("en")
    installation(settings, tmp_path)
    support.quick_rule(monkeypatch)
    made = support.hauls()
    analyst, reviewer = Caller(made.lab.analyst), Caller(made.lab.reviewer)
    answer = analyst.post("link-searches/", {})
    assert answer.status_code == 202, answer.content
    address = answer["Location"].removeprefix("/api/v1/")
    assert analyst.get(address).json()["state"] == "queued"
    search_execute(LinkSearch.objects.get().pk)
    told = analyst.get(address).json()
    assert (told["state"], told["summary"]["links"]) == ("done", 1)
    result = analyst.get(f"{address}result/")
    assert result["Content-Disposition"].startswith("attachment")
    (row,) = analyst.get("links/").json()["results"]
    assert (row["standing"], row["basis"]) == ("unreviewed", "direct")
    link = f"links/{row['uuid']}/"
    tag = reviewer.get(link)["ETag"]
    words = {"decision": "confirmed", "note": "Alleles looked at."}
    assert reviewer.call("POST", f"{link}review/", words).status_code == 428
    problem(analyst.call("POST", f"{link}review/", words, If_Match=tag), 403, "own-work")
    done = reviewer.call("POST", f"{link}review/", words, If_Match=tag)
    assert done.status_code == 200, done.content
    assert [step["act"] for step in done.json()["history"]] == ["proposed", "confirmed"]
    stale = {"decision": "rejected", "note": "Too late."}
    problem(reviewer.call("POST", f"{link}review/", stale, If_Match=tag), 412, "stale-version")
    merged = reviewer.call("POST", f"{link}merge/", {"note": "One container."}, If_Match=done["ETag"])
    assert merged.json()["merged"] is True
    parted = reviewer.call("POST", f"{link}separation/", {"note": "Two after all."}, If_Match=merged["ETag"])
    assert parted.json()["merged"] is False
    problem(analyst.post(f"{address}cancellation/"), 422, "over")


@pytest.mark.parametrize("role", list(Role))
def test_links_are_read_by_those_of_the_matrix(made: Links, role: Role) -> None:
    searched(made)
    caller, reads = Caller(builders.actor(role)), role_allows(role, "link.read")
    link = the_link()
    for path in ("links/", "links/network/", "links/network.csv", "links/network.graphml"):
        answer = caller.get(path, X_Access_Reason=WHY)
        assert answer.status_code == (200 if reads or path == "links/" else 403), path
        assert (link.reference in answer.content.decode()) is reads, (path, answer.content)
    assert caller.get(f"links/{link.uuid}/", X_Access_Reason=WHY).status_code == (200 if reads else 404)
    searches = caller.get("link-searches/")
    assert searches.status_code == (200 if reads else 403)


def test_an_outsider_says_why_and_is_recorded(made: Links) -> None:
    searched(made)
    auditor = Caller(builders.actor(Role.AUDITOR))
    for path in ("links/", "links/network/", f"links/{the_link().uuid}/"):
        problem(auditor.get(path), 403, "reason-needed")
        assert auditor.get(path, X_Access_Reason=WHY).status_code == 200
    seen = AccessEntry.objects.filter(kind=AccessKind.VIEW, user=auditor.actor.user_id)
    assert set(seen.values_list("case", flat=True)) >= {one.case.uuid for one in made.hauls[:2]}


def test_exports_hold_every_link_with_its_numbers(made: Links) -> None:
    reviewed(made)
    analyst = Caller(made.lab.analyst)
    net = analyst.get("links/network/").json()
    assert {one["uuid"] for one in net["nodes"]} == {str(one.seizure.uuid) for one in made.hauls[:2]}
    (edge,) = net["edges"]
    (row,) = csv.DictReader(io.StringIO(analyst.get("links/network.csv").content.decode()))
    for key in ("reference", "basis", "standing", "method", "rule_version", "reviewer"):
        assert row[key] == str(edge[key]), key
    assert row["reviewer"] == "Lena Brandt"
    assert float(row["direct_expected"]) == edge["direct_expected"]
    root = ET.fromstring(analyst.get("links/network.graphml").content)  # noqa: S314 - our own
    space = "{http://graphml.graphdrawing.org/xmlns}"
    drawn = root.find(f"{space}graph/{space}edge")
    assert drawn is not None
    assert {drawn.get("source"), drawn.get("target")} == {one["uuid"] for one in net["nodes"]}
    values = {one.get("key"): one.text for one in drawn}
    assert values["edge_reference"] == edge["reference"]
    assert analyst.get("links/network/?operation=x").json() == {"nodes": [], "edges": []}
    assert analyst.get("links/network/?basis=x").status_code == 422


def test_a_side_learns_that_a_link_exists_and_then_to_what(made: Links) -> None:
    link = reviewed(made)
    first, second = made.hauls[:2]
    one, two, three = (Caller(officer(side)) for side in made.hauls)
    secrets = [second.case.reference, str(second.seizure.uuid), second.agency.name, link.reference, "direct", "E16"]
    for path in ("our-links/", f"our-links/{link.uuid}/"):
        problem(one.get(path), 403, "reason-needed")
        text = one.get(path, X_Access_Reason=WHY).content.decode()
        assert str(first.seizure.uuid) in text
        assert not [word for word in secrets if word in text], path
    for path in (f"our-links/{link.uuid}/", f"links/{link.uuid}/", f"our-links/{uuid4()}/", f"links/{uuid4()}/"):
        told = problem(three.get(path), 404, "link-not-found")
        assert told["detail"] == "There is no such link, or it is not yours to see."
    body = {"seizure": str(first.seizure.uuid)}
    problem(one.post(f"our-links/{link.uuid}/release/", {"seizure": str(second.seizure.uuid)}), 404, "link-not-found")
    problem(three.post(f"our-links/{link.uuid}/release/", body), 404, "link-not-found")
    told = one.post(f"our-links/{link.uuid}/release/", body, key="twice").json()
    assert (told["released"], told["other"], told["evidence"]) == (True, None, None)
    assert one.post(f"our-links/{link.uuid}/release/", body, key="twice")["Idempotency-Replayed"] == "true"
    told = two.post(f"our-links/{link.uuid}/release/", {"seizure": str(second.seizure.uuid)}).json()
    assert told["other"]["uuid"] == str(first.seizure.uuid)
    assert told["basis"] == "direct"
    assert "matches" not in told["evidence"]
    assert one.post(f"our-links/{link.uuid}/withdrawal/", body).json()["other"] is None
    assert two.get(f"our-links/{link.uuid}/", X_Access_Reason=WHY).json()["other"] is None
