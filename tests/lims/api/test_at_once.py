"""Two at once: the same click twice, two receivers of one hand-over."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connections

from chain_of_custody.models import Entry, HandOver, Item
from chain_of_custody.services import party_create
from lims.accounts.models import IdempotencyRecord
from lims.accounts.services import system_actor
from lims.casework.models import Case, Exhibit
from lims.casework.services.custody import handover_offer
from tests.lims import builders
from tests.lims.api.client import Caller, problem
from tests.lims.builders import Laboratory

pytestmark = pytest.mark.commits


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """The answers of acts begun together, each on a connection of its own."""
    gate = Barrier(len(acts))

    def run(act: Callable[[], Any]) -> Any:
        gate.wait(timeout=120)
        try:
            return act()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def test_a_double_click_registers_once(committed_db: object) -> None:
    lab = Laboratory()
    case = builders.case(lab.custodian)
    caller, twin = Caller(lab.custodian), Caller(lab.custodian)
    body = {"exhibits": [{"kind": "specimen", "description": "Raw tusk"}]}

    def click(who: Caller) -> Callable[[], Any]:
        return lambda: who.post(f"cases/{case.uuid}/exhibits/", body, key="click-1")

    answers = at_once(click(caller), click(twin))
    assert [answer.status_code for answer in answers] == [201, 201], [answer.content for answer in answers]
    assert answers[0].json() == answers[1].json()
    assert sorted(answer.has_header("Idempotency-Replayed") for answer in answers) == [False, True]
    assert Exhibit.objects.filter(case=case).count() == 1
    assert IdempotencyRecord.objects.count() == 1


def test_the_same_key_with_another_body_is_refused(committed_db: object) -> None:
    lab = Laboratory()
    agency = builders.agency()
    caller = Caller(lab.custodian)
    body = {"kind": "casework", "title": "Port", "agency": str(agency.uuid)}
    assert caller.post("cases/", body, key="k").status_code == 201
    problem(caller.post("cases/", body | {"title": "Airport"}, key="k"), 422, "idempotency-key-reused")
    assert Case.objects.count() == 1


def test_a_refused_act_gives_its_key_back(committed_db: object) -> None:
    lab = Laboratory()
    agency = builders.agency()
    caller = Caller(lab.custodian)
    body = {"kind": "casework", "title": "Port", "agency": str(agency.uuid), "offence_date": "2999-01-01"}
    problem(caller.post("cases/", body, key="k"), 422, "in-the-future")
    assert IdempotencyRecord.objects.count() == 0
    assert caller.post("cases/", body | {"offence_date": None}, key="k").status_code == 201


def test_of_two_who_receive_one_handover_one_is_told(committed_db: object) -> None:
    lab = Laboratory()
    case = builders.case(lab.custodian)
    item = builders.exhibits(lab.custodian, case)[0].item
    agency = party_create(actor=system_actor(), kind="organisation", name="Museum of zoology")
    first = builders.person(builders.Role.TECHNICIAN, agency=None)
    second = builders.person(builders.Role.TECHNICIAN, agency=None)
    for user in (first, second):
        user.party.organisation = agency
        user.party.save(update_fields=["organisation"])
    offer = handover_offer(
        actor=lab.custodian, items=[builders.fresh(item)], to=agency, purpose="examination", note="two at the door"
    )
    callers = [Caller(builders.actor_of(user)) for user in (first, second)]
    entries = Entry.objects.filter(stream__uuid=item.uuid).count()
    body = {"receipts": [{"item": str(item.uuid), "condition": "as released"}]}
    answers = at_once(*[lambda who=who: who.post(f"hand-overs/{offer.uuid}/receive/", body) for who in callers])  # type: ignore[misc]
    assert sorted(answer.status_code for answer in answers) == [200, 409], [answer.content for answer in answers]
    refused = next(answer for answer in answers if answer.status_code == 409)
    problem(refused, 409, "hand-over-closed")
    assert HandOver.objects.get(pk=offer.pk).state == "received"
    assert Item.objects.get(pk=item.pk).custodian_id == agency.pk
    assert Entry.objects.filter(stream__uuid=item.uuid).count() == entries + 1
