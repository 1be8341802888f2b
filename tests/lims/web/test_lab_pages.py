"""Pages of the laboratory's work: what each role meets, what a form records, what is refused in words."""

from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import translation

from lims.accounts.actors import Actor
from lims.accounts.models import AccessEntry, User
from tests.lims import builders
from tests.lims.lab import support
from tests.lims.lab.support import Bench

pytestmark = pytest.mark.commits


@pytest.fixture
def keys(settings: Any, tmp_path: Path) -> support.Keys:
    cache.clear()
    translation.activate("en")
    return support.installation(settings, tmp_path)


@pytest.fixture
def bench(keys: support.Keys, committed_db: object) -> Bench:
    return support.bench()


def enter(client: Client, who: Actor) -> Client:
    client.force_login(User.objects.get(pk=who.user_id))
    return client


@pytest.mark.parametrize(
    ("who", "page"),
    [
        ("analyst", "request_list"),
        ("technician", "batch_list"),
        ("analyst", "result_list"),
        ("analyst", "reference_list"),
        ("analyst", "method_list"),
        ("analyst", "report_list"),
        ("reviewer", "review_list"),
        ("reviewer", "review_sent_back"),
        ("reviewer", "review_signed"),
        ("manager", "pack_list"),
        ("manager", "evidence_list"),
        ("manager", "ledger"),
        ("manager", "exception_list"),
        ("manager", "access_list"),
        ("manager", "verify"),
        ("manager", "today"),
        ("analyst", "today"),
    ],
)
def test_list_opens_for_its_role(client: Client, bench: Bench, who: str, page: str) -> None:
    response = enter(client, getattr(bench.lab, who)).get(reverse(f"web:{page}"))
    assert response.status_code == 200, response.content.decode()[:2000]


def test_request_is_asked_and_accepted(client: Client, bench: Bench) -> None:
    ask = reverse("web:request_new_in_case", args=[bench.case.reference])
    form = {"rows": "3", "row0-item": bench.item.reference, "row0-question": "species", "row0-note": ""}
    asked = enter(client, bench.lab.analyst).post(ask, form)
    assert asked.status_code == 302, asked.content.decode()
    address = asked["Location"]
    shown = client.get(address)
    assert b"Waiting for contract review" in shown.content
    refused = client.post(address, {"version": "1", "answer": "decline", "note": ""})
    assert refused.status_code == 422
    done = client.post(address, {"version": "1", "answer": "accept", "note": ""})
    assert done["Location"] == address
    assert b"Accepted" in client.get(address).content


def test_request_without_a_question_says_which_row(client: Client, bench: Bench) -> None:
    ask = reverse("web:request_new_in_case", args=[bench.case.reference])
    form = {"rows": "3", "row1-item": bench.item.reference, "row1-question": ""}
    response = enter(client, bench.lab.analyst).post(ask, form)
    assert response.status_code == 422
    assert b"2. Question" in response.content


def test_run_page_answers_first_and_records_the_view(client: Client, bench: Bench) -> None:
    run = support.origin_run(bench)
    response = enter(client, bench.lab.analyst).get(reverse("web:run", args=[run.reference]))
    text = response.content.decode()
    assert response.status_code == 200
    assert "Best explained by" in text
    assert "How often it is right, how often wrong" in text
    assert "<svg" in text and 'class="off"' in text
    assert AccessEntry.objects.filter(subject=run.uuid, kind="view").count() == 1
    for number in (2, 3, 4):
        assert client.get(f"{reverse('web:run', args=[run.reference])}?outcome={number}").status_code == 200
