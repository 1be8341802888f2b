"""Pages of links: profiles from a table, a search, the network, a review, releases; what outsiders meet."""

import re
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import translation

from lims.accounts.actors import Actor
from lims.accounts.models import User
from lims.accounts.roles import Role
from lims.lab.models import Profile
from lims.links.models import Link, LinkEntry, LinkSearch
from tests.lims import builders
from tests.lims.links import support
from tests.lims.links.support import Links, officer, reviewed, searched, the_link

pytestmark = pytest.mark.django_db


@pytest.fixture
def made(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Links:
    return support.installed_hauls(settings, tmp_path, monkeypatch)


def enter(who: Actor) -> Client:
    client = Client()
    client.force_login(User.objects.get(pk=who.user_id))
    return client


def test_profiles_are_entered_from_a_table_and_shown(made: Links) -> None:
    haul, client = support.haul(made.lab, 2), enter(made.lab.technician)
    address = reverse("web:profile_new", args=[haul.case.reference])
    names = [one.item.reference for one in haul.exhibits]
    text = support.table_text(names, [made.herd.animal(), made.herd.animal()])
    form = {"item_column": "item", "panel": "E16", "taxon": "Loxodonta africana", "basis": "Consensus"}
    wrong = client.post(address, form | {"upload": SimpleUploadedFile("t.csv", text.replace(names[1], "X").encode())})
    assert wrong.status_code == 422
    assert "row 3: «X» is no item of" in wrong.content.decode()
    assert not Profile.objects.filter(case=haul.case).exists()
    assert client.post(address, form).status_code == 422
    sent = client.post(address, form | {"upload": SimpleUploadedFile("t.csv", text.encode())})
    assert sent.status_code == 302, sent.content.decode()
    shown = client.get(sent["Location"]).content.decode()
    row = Profile.objects.filter(case=haul.case).first()
    assert row is not None
    assert row.item.reference in shown
    page = client.get(reverse("web:profile", args=[row.uuid])).content.decode()
    assert "16 of 16 loci" in page
    assert "it never enters reference population data" in page


def test_a_table_that_is_here_can_be_chosen(made: Links) -> None:
    haul, client = support.haul(made.lab, 1), enter(made.lab.analyst)
    text = support.table_text([haul.exhibits[0].item.reference], [made.herd.animal()])
    file = support.table_store(made.lab.technician, haul.case, text, "here.csv")
    address = reverse("web:profile_new", args=[haul.case.reference])
    assert "here.csv" in client.get(address).content.decode()
    form = {"item_column": "item", "panel": "E16", "taxon": "Loxodonta africana", "basis": "Consensus"}
    assert client.post(address, form | {"stored": str(file.uuid)}).status_code == 302
    assert Profile.objects.get(case=haul.case).file == file


def test_a_search_is_ordered_watched_and_read(made: Links) -> None:
    client = enter(made.lab.analyst)
    new = reverse("web:link_search_new")
    assert "None chosen" in client.get(new).content.decode()
    key = str(uuid4())
    sent = [client.post(new, {"rule": "pairs-of-seizures", "idempotency_key": key}) for _click in range(2)]
    assert [one.status_code for one in sent] == [302, 302]
    waiting = LinkSearch.objects.get()  # a double click orders one
    page = client.get(sent[0]["Location"])
    assert page.status_code == 202
    assert reverse("web:link_search_progress", args=[waiting.uuid]) in page.content.decode()
    assert client.post(reverse("web:link_search_cancel", args=[waiting.uuid])).status_code == 302
    assert "Cancelled" in client.get(sent[0]["Location"]).content.decode()
    done = searched(made)
    shown = client.get(reverse("web:link_search", args=[done.uuid])).content.decode()
    for words in ("Published rate, not used", "least_shared_loci", the_link().reference, "by chance at most 0.05"):
        assert words in shown, words
    part = client.get(reverse("web:link_search_progress", args=[done.uuid]))
    assert part.headers["HX-Redirect"] == reverse("web:link_search", args=[done.uuid])
    saved = client.get(reverse("web:link_search_file", args=[done.uuid]))
    assert "attachment" in saved["Content-Disposition"]
    assert done.reference in client.get(reverse("web:link_search_list")).content.decode()


def test_the_network_is_a_drawing_with_a_table_beside_it(made: Links) -> None:
    reviewed(made)
    client = enter(made.lab.analyst)
    page = client.get(reverse("web:link_network"))
    text = page.content.decode()
    svg = re.search(r'<svg viewBox="0 0 900.*?</svg>', text, re.DOTALL)
    assert svg is not None
    link = the_link()
    assert svg[0].count("<circle") == 2
    assert f'href="{reverse("web:link", args=[link.reference])}"' in svg[0]
    for seizure in (link.first, link.second):
        assert f'href="{reverse("web:case", args=[seizure.case.reference])}#seizure-{seizure.number}"' in svg[0]
    assert "style=" not in svg[0]
    assert "<script" not in svg[0]
    assert text.count(link.reference) >= 2
    assert client.get(reverse("web:link_network")).content.decode().count(svg[0]) == 1  # the same picture again
    assert "No link" in client.get(reverse("web:link_network"), {"basis": "kin"}).content.decode()
    assert client.get(reverse("web:link_network"), {"since": "yesterday"}).status_code == 422
    case = client.get(reverse("web:case", args=[link.first.case.reference])).content.decode()
    assert f'id="seizure-{link.first.number}"' in case


def test_a_second_person_reviews_once_however_often_they_click(made: Links) -> None:
    searched(made)
    link, reviewer = the_link(), enter(made.lab.reviewer)
    assert link.reference in reviewer.get(reverse("web:today")).content.decode()
    address = reverse("web:link", args=[link.reference])
    assert "a second person reviews it" in enter(made.lab.analyst).get(address).content.decode()
    form = {"act": "confirmed", "seen": "1", "note": "Alleles looked at.", "idempotency_key": str(uuid4())}
    assert [reviewer.post(address, form).status_code for _click in range(2)] == [302, 302]
    assert LinkEntry.objects.filter(link=link).count() == 2
    late = enter(builders.actor(Role.REVIEWER)).post(
        address, form | {"act": "rejected", "idempotency_key": str(uuid4())}
    )
    assert late.status_code == 422
    assert "acted on" in late.content.decode()
    merged = {"act": "merged", "seen": "2", "note": "One container.", "idempotency_key": str(uuid4())}
    assert reviewer.post(address, merged).status_code == 302
    assert "one consignment" in reviewer.get(address).content.decode()
    assert enter(made.lab.manager).post(address, form).status_code == 403


def test_a_manager_releases_on_behalf_of_a_side(made: Links) -> None:
    link = reviewed(made)
    manager, address = enter(made.lab.manager), reverse("web:link", args=[link.reference])
    empty = manager.post(address, {"side": "first", "act": "release", "side-note": ""})
    assert empty.status_code == 422
    sent = manager.post(address, {"side": "second", "act": "release", "side-note": "Letter of 3 May."})
    assert sent.status_code == 302
    assert LinkEntry.objects.get(link=link, act="released").side == link.second
    assert (
        manager.post(address, {"side": "second", "act": "withdraw", "side-note": "Letter of 4 May."}).status_code == 302
    )


def test_outsiders_see_that_a_link_exists_and_then_to_what(made: Links) -> None:
    link = reviewed(made)
    first, second = made.hauls[:2]
    one, two, three = (enter(officer(haul)) for haul in made.hauls)
    mine = reverse("web:our_link", args=[link.uuid, first.seizure.uuid])
    for address in (reverse("web:our_links"), mine):
        shown = one.get(address).content.decode()
        assert first.case.reference in shown
        for secret in (second.case.reference, second.agency.name, link.reference, "The same animal"):
            assert secret not in shown, (address, secret)
    theirs = reverse("web:our_link", args=[link.uuid, second.seizure.uuid])
    gone = [
        one.get(theirs),
        three.get(mine),
        three.get(reverse("web:our_link", args=[uuid4(), first.seizure.uuid])),
        one.get(reverse("web:link", args=[link.reference])),
        one.get(reverse("web:link_network")),
        one.get(reverse("web:link_search_list")),
    ]
    assert {page.status_code for page in gone} == {404}
    assert one.post(mine, {"act": "release", "note": ""}).status_code == 302
    assert two.post(theirs, {"act": "release", "note": "By order."}).status_code == 302
    shown = one.get(mine).content.decode()
    assert second.agency.name in shown
    assert "The same animal in both" in shown
    assert two.post(theirs, {"act": "withdraw", "note": ""}).status_code == 302
    assert second.agency.name not in one.get(mine).content.decode()


def test_an_auditor_states_a_reason_first(made: Links) -> None:
    searched(made)
    auditor = enter(builders.actor(Role.AUDITOR))
    network = reverse("web:link_network")
    shown = auditor.get(network).content.decode()
    assert the_link().reference not in shown
    for seizure in (the_link().first, the_link().second):
        assert reverse("web:case_reason", args=[seizure.case.reference]) in shown
    answer = auditor.get(reverse("web:link", args=[the_link().reference]))
    assert answer.status_code == 302
    assert "next=" in answer["Location"]
    for seizure in (the_link().first, the_link().second):
        reason = reverse("web:case_reason", args=[seizure.case.reference])
        assert auditor.post(reason, {"reason": "Quarterly audit of links"}).status_code == 302
    assert the_link().reference in auditor.get(network).content.decode()
    assert auditor.get(reverse("web:link", args=[the_link().reference])).status_code == 200


@pytest.mark.parametrize(("language", "words"), [("fr", "Liens entre saisies"), ("es", "Vínculos entre incautaciones")])
def test_the_pages_speak_three_languages(made: Links, language: str, words: str) -> None:
    searched(made)
    client = enter(made.lab.analyst)
    client.cookies["django_language"] = language
    shown = client.get(reverse("web:link_network")).content.decode()
    translation.activate("en")
    assert words in shown
    assert Link.objects.count() == 1
