"""The laboratory's own name, address, code and zone: stated by its administrator, kept with old and new values."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from chain_of_custody.models import Entry
from lims.accounts.roles import Role
from lims.casework.models import Laboratory
from lims.casework.selectors.laboratory import laboratory_get, laboratory_kept
from lims.casework.services.laboratory import SETTINGS_STREAM, LaboratoryFacts, laboratory_change
from lims.common.errors import BadInput, NotAllowed, RuleViolation, StaleVersion
from lims.lab.selectors.report_data import laboratory
from tests.lims import builders
from tests.lims.api.client import Caller, pointers
from tests.lims.web.laboratory import client_of

pytestmark = pytest.mark.django_db
FACTS = LaboratoryFacts(
    name="Coastal Wildlife Laboratory",
    address="Dock Road 4\n\n  Mombasa ",
    code="cwl",
    zone="Asia/Kathmandu",
    accreditation="KENAS T-017",
)


@pytest.fixture(autouse=True)
def _nothing_kept() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def administrator() -> Any:
    return builders.person(Role.ADMINISTRATOR, name="Ada Min")


def _entries() -> list[dict[str, Any]]:
    rows = Entry.objects.filter(stream__kind="settings", stream__uuid=SETTINGS_STREAM).order_by("id")
    return [json.loads(bytes(row.canonical)) for row in rows]


def test_the_environment_holds_until_somebody_states_otherwise(settings: Any) -> None:
    settings.SPOOR_LABORATORY, settings.SPOOR_LABORATORY_ADDRESS = "From outside", "Street 1; ; Town"
    now = laboratory_get()
    assert (now.name, now.address, now.code) == ("From outside", ("Street 1", "Town"), settings.SPOOR_LABORATORY_CODE)
    stated = laboratory_change(actor=builders.actor(Role.ADMINISTRATOR), version=now.version, facts=FACTS)
    assert stated == laboratory_get() == laboratory_kept()
    assert (stated.name, stated.address, stated.code) == (FACTS.name, ("Dock Road 4", "Mombasa"), "CWL")
    assert laboratory().name == FACTS.name
    assert laboratory().accreditation == "KENAS T-017"


def test_old_and_new_values_stand_in_the_ledger_and_a_second_hand_is_told(settings: Any) -> None:
    settings.SPOOR_LABORATORY = "From outside"
    who = builders.actor(Role.ADMINISTRATOR)
    now = laboratory_get()
    laboratory_change(actor=who, version=now.version, facts=FACTS)
    (entry,) = _entries()
    assert entry["values"]["name"] == {"old": "From outside", "new": FACTS.name}
    assert entry["values"]["code"] == {"old": settings.SPOOR_LABORATORY_CODE, "new": "CWL"}
    with pytest.raises(StaleVersion):
        laboratory_change(actor=who, version=now.version, facts=FACTS)
    assert len(_entries()) == 1


def test_only_the_administrator_and_nothing_half_written() -> None:
    version = laboratory_get().version
    with pytest.raises(NotAllowed):
        laboratory_change(actor=builders.actor(Role.MANAGER), version=version, facts=FACTS)
    who = builders.actor(Role.ADMINISTRATOR)
    for field, value in (("name", " "), ("code", "9A"), ("code", "TOOLONGCODE"), ("zone", "Nairobi")):
        facts = LaboratoryFacts(**{"name": "A", "code": "AB", "zone": "UTC", field: value})
        with pytest.raises(BadInput) as refused:
            laboratory_change(actor=who, version=version, facts=facts)
        assert refused.value.field == field
    assert not Laboratory.objects.get().stated
    assert _entries() == []


def test_the_code_begins_case_numbers_and_stays_once_one_was_given_out() -> None:
    who = builders.actor(Role.ADMINISTRATOR)
    stated = laboratory_change(actor=who, version=laboratory_get().version, facts=FACTS)
    assert builders.case(builders.actor(Role.CUSTODIAN)).reference.startswith("CWL-")
    other = LaboratoryFacts(name="Renamed", code="XX", zone="UTC")
    with pytest.raises(RuleViolation, match="CWL stands in the numbers") as refused:
        laboratory_change(actor=who, version=stated.version, facts=other)
    assert refused.value.field == "code"
    same = LaboratoryFacts(name="Renamed", code="CWL", zone="UTC")
    assert laboratory_change(actor=who, version=stated.version, facts=same).name == "Renamed"


def test_page_states_the_laboratory_and_every_page_shows_it(administrator: Any) -> None:
    client: Client = client_of(administrator)
    assert "/laboratory/" in client.get("/accounts/").content.decode()
    form = {
        "name": FACTS.name,
        "address": FACTS.address,
        "accreditation": "",
        "code": "CWL",
        "zone": FACTS.zone,
        "version": str(laboratory_get().version),
    }
    wrong = client.post("/laboratory/", form | {"code": "1"})
    assert wrong.status_code == 422
    assert "cannot begin a reference" in wrong.content.decode()
    assert client.post("/laboratory/", form)["Location"] == "/laboratory/"
    text = client.get("/accounts/").content.decode()
    assert FACTS.name in text
    # Nepal has been at UTC+05:45 since 1986.
    assert "Asia/Kathmandu" in text
    assert "+05:45" in text
    assert timezone.localtime(datetime(2026, 1, 1, tzinfo=UTC)).utcoffset() != timedelta(hours=5, minutes=45)
    stale = client.post("/laboratory/", form | {"name": "Again"})
    assert stale.status_code == 422
    assert "changed meanwhile" in stale.content.decode()
    assert client_of(builders.person(Role.MANAGER)).get("/laboratory/").status_code == 403


def test_api_reads_and_changes_with_if_match() -> None:
    caller = Caller(builders.actor(Role.ADMINISTRATOR))
    read = caller.get("laboratory/")
    tag = read.headers["ETag"]
    assert caller.patch("laboratory/", {"name": "Coast"}).status_code == 428
    changed = caller.patch("laboratory/", {"name": "Coast", "address": ["Quay 1", "Town"]}, If_Match=tag)
    assert changed.status_code == 200, changed.content
    assert changed.json()["address"] == ["Quay 1", "Town"]
    assert changed.json()["code"] == read.json()["code"]
    assert caller.patch("laboratory/", {"name": "Coast"}, If_Match=tag).status_code == 412
    wrong = caller.patch("laboratory/", {"zone": "Nowhere/At all"}, If_Match=changed.headers["ETag"])
    assert wrong.status_code == 422
    assert pointers(wrong) == ["#/zone"]
    assert Caller(builders.actor(Role.MANAGER)).get("laboratory/").status_code == 403
