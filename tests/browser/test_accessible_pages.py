"""Every page of the demonstration laboratory, reached by its links as each role: axe, reflow, policy, scripts."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import groupby
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from django.conf import settings as installed
from django.test import Client
from playwright.sync_api import Browser, Page

from lims.demonstration.world import world_open
from lims.web import urls
from tests.browser.checks import PATIENCE_MS, faults_of, troubles_of
from tests.browser.laboratory import DATABASE, NOBODY, Walked, client_of, laboratory_use
from tests.browser.walking import NO_PAGES, Stop, name_of
from tests.conftest import TestDatabase, database_own

if TYPE_CHECKING:
    from pytest_django.plugin import DjangoDbBlocker

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]
log = logging.getLogger(__name__)

SHARES = 6
"""Into how many tests the pages are divided, so that they can be looked at beside each other."""
_MADE = frozenset(("label_job", "itemise", "find"))
"""Pages that are looked at after an act of the test."""


@pytest.fixture
def walked(settings: Any, django_db_setup: None, django_db_blocker: "DjangoDbBlocker") -> Walked:
    """The demonstration laboratory, made by the first who asks."""
    return laboratory_use(settings, django_db_blocker)


@pytest.fixture
def committed_db(walked: Walked, django_db_blocker: "DjangoDbBlocker") -> Iterator[TestDatabase]:
    """A clone of the laboratory's database, in place of an empty one."""
    with database_own(django_db_blocker, template=DATABASE) as mine:
        yield mine


def _share(stops: list[Stop], number: int) -> list[Stop]:
    """One of the shares: neighbours, so that few roles sign in for each."""
    return stops[len(stops) * number // SHARES : len(stops) * (number + 1) // SHARES]


def test_every_page_is_reached_and_in_one_share(walked: Walked) -> None:
    assert walked.faults == []
    names = {pattern.name for pattern in urls.urlpatterns if pattern.name}
    assert sorted(names - {stop.name for stop in walked.stops} - NO_PAGES - _MADE) == []
    assert names >= NO_PAGES
    assert [stop for number in range(SHARES) for stop in _share(walked.stops, number)] == walked.stops


@pytest.mark.parametrize("number", range(SHARES))
def test_every_page_is_accessible(number: int, walked: Walked, browser: Browser, live_server: object) -> None:
    faults: list[str] = []
    troubles: list[str] = []
    for who, stops in groupby(_share(walked.stops, number), key=lambda stop: stop.who):
        client = None if who == NOBODY else client_of(who)
        with _context(browser, live_server, client, troubles) as page:
            for stop in stops:
                faults += _look(page, stop.who, stop.address)
    assert (faults, troubles) == ([], []), "\n".join([*faults, *troubles])


def test_refusals_and_what_is_made_are_accessible(browser: Browser, live_server: object) -> None:
    faults: list[str] = []
    troubles: list[str] = []
    with _context(browser, live_server, None, troubles) as page:
        faults += _refused(page)
    with _context(browser, live_server, client_of("custodian"), troubles) as page:
        faults += _refused_and_made(page)
    assert (faults, troubles) == ([], []), "\n".join([*faults, *troubles])


def test_a_drawn_pedigree_and_its_claims_are_accessible(browser: Browser, live_server: object) -> None:
    """Every drawing of a run is not looked at on the walk; this one is, whole and claim by claim."""
    faults: list[str] = []
    troubles: list[str] = []
    address = f"/runs/{world_open({}).run('run.pedigree').reference}/"
    with _context(browser, live_server, client_of("analyst"), troubles) as page:
        faults += _look(page, "analyst", address)
        page.get_by_role("img", name="The claimed pedigree, as tested").wait_for()
        faults += _look(page, "analyst", f"{address}?outcome=4")
        page.get_by_role("heading", name="Claimed parents of SYN-RING-0407: excluded").wait_for()
    assert (faults, troubles) == ([], []), "\n".join([*faults, *troubles])


@contextmanager
def _context(browser: Browser, address: object, client: Client | None, troubles: list[str]) -> Iterator[Page]:
    context = browser.new_context(base_url=str(address), locale="en-GB", viewport={"width": 1280, "height": 900})
    if client is not None:
        name = installed.SESSION_COOKIE_NAME
        context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": str(address)}])
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    troubles_of(page, troubles)
    yield page
    context.close()


def _look(page: Page, who: str, address: str, *, expected: tuple[int, ...] = (200, 202)) -> list[str]:
    """Go there; what is wrong."""
    answer = page.goto(address)
    if answer is None or answer.status not in expected:
        return [f"{who} {address}: {answer.status if answer else 'no answer'}"]
    faults = [f"{who} {address} ({name_of(address)}): {fault}" for fault in faults_of(page)]
    log.info("%s %s: %s", who, address, faults or "ok")
    return faults


def _refused(page: Page) -> list[str]:
    """What somebody without an account meets when they are wrong."""
    faults = _look(page, "nobody", "/nothing/", expected=(404,))
    page.goto("/sign-in/")
    page.get_by_label("User name").fill("nobody")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("alert").wait_for()
    faults += [f"refused sign-in: {fault}" for fault in faults_of(page)]
    page.goto(f"/fetch/{uuid4()}/")
    page.locator("[name=code]").fill("wrong")
    page.locator("[name=code]").press("Enter")
    page.locator("[name=code][aria-invalid=true]").wait_for()
    return faults + [f"refused code: {fault}" for fault in faults_of(page)]


def _refused_and_made(page: Page) -> list[str]:
    """A refused form, pages this role may not see, a label just made, a container to itemise."""
    laboratory = world_open({})
    page.goto("/cases/new/")
    page.get_by_role("button", name="Open the case").click()
    page.get_by_role("alert").wait_for()
    faults = [f"refused form: {fault}" for fault in faults_of(page)]
    faults += _look(page, "custodian", "/nothing/", expected=(404,))
    faults += _look(page, "custodian", "/accounts/", expected=(403,))
    faults += _look(page, "custodian", "/find/?code=nothing", expected=(422,))
    page.goto(f"/labels/?item={laboratory.item('exhibit.horn_1').reference}")
    page.locator("[name=reason]").fill("The first one is torn")
    page.get_by_role("button", name="Record and make the labels").click()
    page.wait_for_url("**/labels/prints/**")
    faults += _look(page, "custodian", urlsplit(page.url).path)
    intake = laboratory.intake("intake.port").reference
    page.goto(f"/intakes/{intake}/")
    found: list[str] = page.eval_on_selector_all("a[href]", "all => all.map(one => one.pathname)")
    box = next(one for one in found if name_of(one) == "item")
    return faults + _look(page, "custodian", f"/intakes/{intake}/itemise/{box.split('/')[2]}/")
