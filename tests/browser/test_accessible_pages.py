"""Every page of the demonstration laboratory, reached by its links as each role: axe, reflow, policy, scripts."""

import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from celery import Celery
from django.conf import settings as installed
from django.db import connections
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser, Page

from lims.accounts.models import User
from lims.accounts.roles import Role
from lims.casework.models import Case
from lims.casework.services.cases import case_assign
from lims.demonstration.cast import credentials_read
from lims.demonstration.scenes import STEPS
from lims.demonstration.world import World, steps_run, world_open
from lims.disclosure.selectors.pages import cases_followed
from lims.lab.services.reviews import review_decide, review_open, review_point_set
from lims.web import urls
from lims.web.navigation import start_page
from tests.browser.checks import PATIENCE_MS, faults_of, troubles_of
from tests.browser.later import later
from tests.browser.walking import NO_PAGES, Walk, name_of
from tests.lims.builders import actor_of
from tests.lims.lab.support import installation

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]
log = logging.getLogger(__name__)

ROLES = (
    "custodian", "technician", "analyst", "second_analyst", "reviewer", "manager", "investigator", "prosecutor",
    "auditor", "authority", "administrator",
)  # fmt: skip
EXTRA = {
    "custodian": ("/demo/components/",),
    "manager": ("/requests/", "/exceptions/", "/batches/"),
}
"""Pages to which no link leads, or only one that is easily lost among many."""


@pytest.fixture
def laboratory(settings: Any, tmp_path: Path) -> World:
    """The demonstration laboratory on the test's database."""
    installation(settings, tmp_path)
    settings.SPOOR_MODE = "demo"
    Celery("demonstration", broker="memory://localhost/").set_default()
    with ThreadPoolExecutor() as aside:  # this thread runs the browser's event loop, signing wants one of its own
        return aside.submit(_seed).result()


def _seed() -> World:
    try:
        world = world_open(credentials_read())
        steps_run(world, STEPS, lambda _name: None)
        later(world)
        return world
    finally:
        connections.close_all()


def test_every_page_is_accessible(laboratory: World, browser: Browser, live_server: object) -> None:
    walk = Walk()
    troubles: list[str] = []
    walk.follow("nobody", Client(), ("/sign-in/", "/verify/", f"/fetch/{uuid4()}/"))
    clients = {who: _client(who) for who in ROLES}
    for who, client in clients.items():
        _walk_as(walk, who, client)
    with ThreadPoolExecutor() as aside:
        aside.submit(_go_on, laboratory).result()
    _walk_as(walk, "second_analyst", clients["second_analyst"])
    walk.follow("prosecutor", clients["prosecutor"], (reverse("web:evidence_choose"),))
    names = {pattern.name for pattern in urls.urlpatterns if pattern.name}
    assert sorted(names - {stop.name for stop in walk.stops} - NO_PAGES - _MADE) == []
    assert names >= NO_PAGES
    faults = walk.faults
    for who in ("nobody", *ROLES):
        with _context(browser, live_server, clients.get(who), troubles) as page:
            for stop in walk.stops:
                if stop.who == who:
                    faults += _look(page, stop.who, stop.address)
            faults += _refused(page) if who == "nobody" else []
            faults += _refused_and_made(page, laboratory) if who == "custodian" else []
    assert (faults, troubles) == ([], []), "\n".join([*faults, *troubles])


_MADE = frozenset(("label_job", "itemise", "find"))
"""Pages that are looked at after an act of the test."""


def _client(who: str) -> Client:
    client = Client(raise_request_exception=False)  # a page that breaks is one more fault
    client.force_login(User.objects.get(username=who))
    return client


def _walk_as(walk: Walk, who: str, client: Client) -> None:
    """The role's own start and menu, then whatever can be reached from there."""
    walk.follow(who, client, (start_page(actor_of(User.objects.get(username=who))), *EXTRA.get(who, ())))


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


def _refused_and_made(page: Page, laboratory: World) -> list[str]:
    """A refused form, pages this role may not see, a label just made, a container to itemise."""
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


def _go_on(laboratory: World) -> None:
    """The report on fins is sent back: its author has a comment to answer. The prosecutor follows a second case."""
    try:
        reviewer, prosecutor = laboratory.actor("reviewer"), laboratory.actor("prosecutor")
        review = review_open(actor=reviewer, report=laboratory.report("report.fins"))
        key = review.points.order_by("pk").values_list("key", flat=True)[0]
        review_point_set(actor=reviewer, review=review, key=key, passed=False, comment="Which key was used?")
        review_decide(actor=reviewer, review=review, agree=False, note="Name the key.")
        followed = [one.pk for one in cases_followed(actor=prosecutor)]
        case_assign(
            actor=laboratory.actor("custodian"),
            case=Case.objects.exclude(pk__in=followed).order_by("pk")[0],
            user=User.objects.get(username="prosecutor"),
            role=Role.PROSECUTOR.value,
        )
    finally:
        connections.close_all()
