"""Records fetched by accession as a job, against a server of our own: off, progress, stop, going on, report, a set."""

import io
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from lims.accounts.models import User
from lims.common.errors import BadInput, NotAllowed, RuleViolation
from lims.lab.fetching import partial_path
from lims.lab.models import RecordFetch, ReferenceSet
from lims.lab.services.fetches import fetch_ask, fetch_cancel, fetch_propose, fetch_resume, fetch_start
from lims.lab.tasks import fetch_execute
from tests.analysis.species.ncbi import KNOWN, Server
from tests.lims.lab.support import Bench


def asked(bench: Bench, text: str) -> RecordFetch:
    return fetch_ask(actor=bench.lab.analyst, name="Invented cats", accessions=text)


def done(row: RecordFetch) -> RecordFetch:
    fetch_execute(row.pk)
    row.refresh_from_db()
    return row


def test_it_is_off_until_the_laboratory_sets_an_address(client: Client, bench: Bench, settings: Any) -> None:
    assert settings.SPOOR_NCBI_EMAIL == ""
    with pytest.raises(RuleViolation, match="SPOOR_NCBI_EMAIL"):
        asked(bench, "AB100001")
    client.force_login(User.objects.get(pk=bench.lab.analyst.user_id))
    page = client.get(reverse("web:record_fetches")).content.decode()
    assert "Fetching is switched off." in page
    assert "Fetch them" not in page
    refused = client.post("/api/v1/record-fetches/", {"name": "x", "accessions": "AB100001"}, "application/json")
    assert (refused.status_code, refused.json()["code"]) == (422, "offline")


def test_every_accession_is_told_and_a_set_is_proposed_from_what_came(bench: Bench, ncbi: Server) -> None:
    row = done(asked(bench, "accession\nAB100001\nAB100003.1  # Aus ruber\nZZ999999\nAB100001\n"))
    assert (row.state, row.error) == ("done", "")
    told = [(one["accession"], one["state"], one.get("organism"), one.get("bases")) for one in row.report]
    assert told == [
        ("AB100001", "came", "Aus albus", 60),
        ("AB100003.1", "came", "Aus ruber", 60),
        ("ZZ999999", "missing", None, None),
    ]
    assert {one["email"] for one in ncbi.asked} == {"lab@example.org"}
    assert not partial_path(row).exists()
    made = fetch_propose(actor=bench.lab.analyst, fetch=row, name="Cats", edition="1", locus="COI")
    source = ReferenceSet.objects.get(pk=made.pk).sources.get().file
    assert row.file is not None
    assert source.digest == row.file.digest
    assert "2 GenBank records" in made.provenance


def test_a_server_that_fails_ends_it_and_it_goes_on_where_it_stopped(
    bench: Bench, ncbi: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lims.lab.fetching.BATCH", 2)
    monkeypatch.setattr("Bio.Entrez.max_tries", 1)
    row = asked(bench, "AB100001\nAB100002\nAB100003\nAB100004")
    first = "\n".join(KNOWN[f"AB10000{number}"] for number in (1, 2))
    ncbi.answers = [(200, first), (503, "busy")]
    done(row)
    assert row.state == "failed"
    assert "503" in row.error
    assert partial_path(row).exists()
    before = len(ncbi.asked)
    fetch_resume(actor=bench.lab.analyst, fetch=row)
    done(row)
    assert row.state == "done"
    assert [one["state"] for one in row.report] == ["kept", "kept", "came", "came"]
    assert [one["id"] for one in ncbi.asked[before:]] == ["AB100003,AB100004"]
    with pytest.raises(RuleViolation, match="failed or was cancelled"):
        fetch_resume(actor=bench.lab.analyst, fetch=row)


def test_it_stops_when_asked_and_a_dead_worker_is_followed_by_another(bench: Bench, ncbi: Server) -> None:
    waiting = asked(bench, "AB100001")
    fetch_cancel(actor=bench.lab.analyst, fetch=waiting)
    waiting.refresh_from_db()
    assert waiting.state == "cancelled"
    assert done(waiting).state == "cancelled", "a cancelled fetch is taken by nobody"
    fetch_resume(actor=bench.lab.analyst, fetch=waiting)
    assert done(waiting).state == "done"

    killed = asked(bench, "AB100002")
    assert fetch_start(pk=killed.pk, worker="dies") is not None
    RecordFetch.objects.filter(pk=killed.pk).update(lease_until="2026-01-01T00:00:00Z")
    assert (done(killed).state, killed.attempt) == ("done", 2)


@pytest.mark.parametrize(("text", "said"), [("", "names no accession"), ("AB100002\nhello world\n", "row 2")])
def test_lists_that_are_none_are_refused_with_their_line(bench: Bench, ncbi: Server, text: str, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        asked(bench, text)
    assert not RecordFetch.objects.exists()


def test_only_those_who_manage_references_fetch(client: Client, bench: Bench, ncbi: Server) -> None:
    with pytest.raises(NotAllowed):
        fetch_ask(actor=bench.lab.technician, name="x", accessions="AB100001")
    client.force_login(User.objects.get(pk=bench.lab.technician.user_id))
    assert client.get(reverse("web:record_fetches")).status_code == 403


def test_the_pages_take_a_file_and_show_what_came(client: Client, bench: Bench, ncbi: Server) -> None:
    client.force_login(User.objects.get(pk=bench.lab.analyst.user_id))
    sent = io.BytesIO(b"AB100001\nZZ999999\n")
    sent.name = "list.txt"
    made = client.post(reverse("web:record_fetches"), {"name": "Cats", "accessions": "", "file": sent})
    assert made.status_code == 302, made.content.decode()
    assert client.get(made["Location"]).status_code == 202
    row = done(RecordFetch.objects.get())
    page = client.get(made["Location"])
    assert page.status_code == 200
    assert "ZZ999999" in page.content.decode()
    assert "AB100001.1" in page.content.decode()
    binary = io.BytesIO(b"\xff\xfe\x00")
    binary.name = "list.xlsx"
    refused = client.post(reverse("web:record_fetches"), {"name": "Cats", "accessions": "", "file": binary})
    assert "list.xlsx" in refused.content.decode()
    answer = client.get(f"/api/v1/record-fetches/{row.uuid}/").json()
    assert [one["state"] for one in answer["report"]] == ["came", "missing"]
    proposed = client.post(made["Location"], {"name": "Cats", "edition": "1", "locus": "COI"})
    assert proposed.status_code == 302
    assert ReferenceSet.objects.get(name="Cats").sources.count() == 1
