"""Pages of the lists of the law: ask, propose, watch the reading, read what could not be read, approve."""

from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from lims.lab.models import LegalList, RunOutcome
from lims.lab.tasks import law_import
from tests.lims.lab import support
from tests.lims.lab.law_support import HISTORY, INDEX, law
from tests.lims.lab.support import Bench
from tests.lims.web.laboratory import enter

pytestmark = pytest.mark.commits


def test_a_list_is_proposed_read_and_approved_on_pages(client: Client, bench: Bench) -> None:
    enter(client, bench.lab.analyst)
    empty = client.get(reverse("web:law_list"))
    assert b"No list here" in empty.content
    form = {
        "scheme": "cites",
        "jurisdiction": "",
        "name": "Appendices",
        "edition": "2026",
        "as_of": "2026-10-30",
        "provenance": "Synthetic.",
        "file": SimpleUploadedFile("history.csv", HISTORY.encode()),
    }
    sent = client.post(reverse("web:law_new"), form)
    assert sent.status_code == 302, sent.content.decode()
    address = sent["Location"]
    row = LegalList.objects.get()
    waiting = client.get(address)
    assert waiting.status_code == 202
    assert reverse("web:law_progress", args=[row.uuid]).encode() in waiting.content
    law_import(row.pk)
    done = client.get(reverse("web:law_progress", args=[row.uuid]))
    assert done.headers["HX-Redirect"] == address
    shown = client.get(address).content.decode()
    assert "Fictella rupta" in shown
    assert "is not made of I, II, III and NC" in shown
    enter(client, bench.lab.manager)
    assert b"Approve Appendices 2026" in client.get(reverse("web:today")).content
    assert client.post(address, {"note": "Read.", "act": "approve"}).status_code == 302
    found = client.get(reverse("web:law_list"), {"name": "Loxodonta africana", "on": "2010-01-01"}).content.decode()
    assert "Depends on the country of origin" in found
    assert "Appendix II for BW, NA, ZA, ZW" in found
    wrong = client.get(reverse("web:law_list"), {"name": "", "on": "yesterday"})
    assert wrong.status_code == 422


def test_the_result_page_tells_the_law_beside_the_finding(client: Client, bench: Bench) -> None:
    run = support.origin_run(bench)
    RunOutcome.objects.filter(run=run, number=1).update(identification="species", name="Loxodonta africana")
    enter(client, bench.lab.analyst)
    address = reverse("web:run", args=[run.reference])
    assert b"No approved list of the CITES Appendices" in client.get(address).content
    law(bench.lab)
    assert b"Not answered: the case records neither" in client.get(address).content
    bench.case.offence_date = date(1995, 6, 1)
    bench.case.save(update_fields=["offence_date"])
    shown = client.get(address).content.decode()
    assert "Appendix I on 1 Jun 1995, since 18 Jan 1990." in shown
    form = client.get(reverse("web:finding_from_run", args=[run.reference, 1])).content.decode()
    assert 'value="Loxodonta africana"' in form


def test_a_list_without_history_says_so_in_three_languages(client: Client, bench: Bench) -> None:
    row = law(bench.lab, INDEX, as_of=date(2017, 4, 21))
    enter(client, bench.lab.analyst)
    address = reverse("web:law", args=[row.uuid])
    words = {"en": "This list has no history.", "fr": "Cette liste n’a pas d’historique.", "es": "Esta lista no tiene"}
    for language, said in words.items():
        client.cookies["django_language"] = language
        assert said in client.get(address, headers={"Accept-Language": language}).content.decode(), language


def test_a_technician_asks_and_a_custodian_does_not(client: Client, bench: Bench) -> None:
    assert enter(client, bench.lab.technician).get(reverse("web:law_list")).status_code == 200
    assert client.get(reverse("web:law_new")).status_code == 403
    assert enter(client, bench.lab.custodian).get(reverse("web:law_list")).status_code == 403
