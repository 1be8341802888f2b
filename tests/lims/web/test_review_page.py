"""The review page: numbers of the draft against the record, a disagreement in words, over the API too."""

from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import translation

from lims.accounts.models import User
from lims.accounts.roles import Role
from lims.lab.selectors.draftnumbers import report_numbers
from lims.lab.selectors.pages import report_findings
from lims.lab.services.reviews import review_open
from tests.lims import builders
from tests.lims.api.client import Caller
from tests.lims.lab import support

pytestmark = pytest.mark.commits


def test_numbers_are_listed_and_a_disagreement_needs_words(settings: Any, tmp_path: Path, committed_db: object) -> None:
    cache.clear()
    translation.activate("en")
    support.installation(settings, tmp_path)
    bench = support.bench()
    row = support.submitted(bench)
    row.limits = "Of 98765 ng nothing is left."
    row.save(update_fields=["limits"])
    rows, left = report_numbers(report=row, findings=report_findings(report=row))
    assert left == 0
    assert [one.sources for one in rows if one.written.startswith("98765")] == [()]
    review = review_open(actor=bench.lab.reviewer, report=row)
    client = Client()
    client.force_login(User.objects.get(pk=bench.lab.reviewer.user_id))
    address = f"/reviews/{review.uuid}/"
    text = client.get(address).content.decode()
    assert "Numbers in the draft against the record" in text
    assert "98765" in text.split('id="numbers"')[1]
    form = {"answer": "disagree", "note": "", "password": builders.PASSWORD}
    assert client.post(address, form).status_code == 422
    assert client.post(address, form | {"note": "Another rate belongs here."})["Location"] == "/reviews/"
    assert "Another rate belongs here." in client.get(address).content.decode()
    assert client.post(f"/reports/{row.number}/review/").status_code == 422
    second = builders.actor(Role.REVIEWER)
    caller = Caller(second)
    other = caller.post(f"reports/{row.uuid}/reviews/").json()
    assert caller.post(f"reviews/{other['uuid']}/disagreement/", {"note": ""}).status_code == 422
    answer = caller.post(f"reviews/{other['uuid']}/disagreement/", {"note": "Nor do I."})
    assert (answer.status_code, answer.json()["decision"]) == (200, "disagreed"), answer.content
