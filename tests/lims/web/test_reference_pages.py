"""A reference set in the browser: proposed once however often one clicks, followed while it is built, cancelled."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from lims.lab.models import ReferenceBuild, ReferenceSet
from lims.lab.tasks import reference_build
from lims.web.speciesrates import rates_tables
from tests.lims.lab import support
from tests.lims.lab.support import Bench
from tests.lims.web.laboratory import enter

pytestmark = pytest.mark.commits
KEY = "7f0c3f0e-27ba-4c3b-9a39-1f6d0d8e5a11"


def _form(content: bytes, **changes: str) -> dict[str, Any]:
    form = {
        "kind": "origin",
        "name": "Rivers",
        "edition": "1",
        "provenance": "Made by our own generator.",
        "id_column": "id",
        "population_column": "population",
        "synthetic": "on",
        "idempotency_key": KEY,
    }
    return {**form, **changes, "sources": SimpleUploadedFile("rivers.csv", content)}


def test_a_set_is_proposed_once_and_followed_until_it_is_built(client: Client, bench: Bench) -> None:
    table = bench.data.baseline_csv.encode()
    enter(client, bench.lab.analyst)
    first, second = (client.post(reverse("web:reference_new"), _form(table)) for _click in range(2))
    assert (first.status_code, second.status_code) == (302, 302)
    assert first["Location"] == second["Location"]
    row = ReferenceSet.objects.get(name="Rivers")
    build = ReferenceBuild.objects.get(reference=row)
    waiting = client.get(first["Location"])
    assert waiting.status_code == 202
    assert "Waiting for a free worker." in waiting.content.decode()
    part = client.get(reverse("web:reference_progress", args=[row.uuid]))
    assert (part.status_code, part.has_header("HX-Redirect")) == (200, False)
    reference_build(build.pk)
    assert client.get(reverse("web:reference_progress", args=[row.uuid]))["HX-Redirect"] == first["Location"]
    done = client.get(first["Location"])
    row.refresh_from_db()
    assert (done.status_code, row.state) == (200, "proposed")
    assert row.digest in done.content.decode()


def test_a_build_is_cancelled_or_says_why_it_failed(client: Client, bench: Bench) -> None:
    enter(client, bench.lab.analyst)
    made = client.post(reverse("web:reference_new"), _form(bench.data.baseline_csv.encode()))
    row = ReferenceSet.objects.get(name="Rivers")
    assert "Cancel the build" in client.get(made["Location"]).content.decode()
    assert client.post(reverse("web:reference_cancel", args=[row.uuid])).status_code == 302
    assert "The build was cancelled." in client.get(made["Location"]).content.decode()
    bad = client.post(
        reverse("web:reference_new"), _form(b"name,L1\nA,100/102\n", idempotency_key=KEY.replace("7f", "8f"))
    )
    failed = ReferenceSet.objects.get(name="Rivers", state="draft")
    reference_build(failed.builds.get().pk)
    shown = client.get(bad["Location"]).content.decode()
    assert "This set could not be built." in shown
    assert "rivers.csv" in shown or "genotypes.csv" in shown
    assert enter(client, bench.lab.technician).post(
        reverse("web:reference_cancel", args=[row.uuid])
    ).status_code == 403  # fmt: skip
    assert support.baseline(bench.lab, bench.data, edition="2").state == "approved"


def test_error_rates_of_a_set_are_a_table_with_exact_intervals() -> None:
    rank = {"usable": True, "present_wrong": [0, 24], "absent_named": [1, 20]}
    empty = {"usable": False, "present_wrong": [0, 0], "absent_named": [0, 0]}
    rates = [{"locus": "COI", "length": 0, "species": rank, "genus": empty}]
    (table,) = rates_tables(rates)
    # Clopper and Pearson (1934): 0 of 24 has the upper bound 1 - 0.025^(1/24) = 14.2 %; 1 of 20: 0.1 to 24.9 %.
    known, hidden = "0 of 24; 0.0 % to 14.2 % (95% interval)", "1 of 20; 0.1 % to 24.9 % (95% interval)"
    assert tuple(tuple(cell.replace("\u00a0", " ") for cell in row) for row in table.rows) == (
        ("COI", "whole", "species", "yes", known, hidden),
        ("COI", "whole", "genus", "no", "none tried", "none tried"),
    )
    assert rates_tables([]) == []
