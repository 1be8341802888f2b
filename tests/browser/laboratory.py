"""The demonstration laboratory, made once a session: a database to clone, its folder, and the pages each role reaches.

Whoever looks at a share of the pages gets a clone of the database: shares are looked at beside each other, and what one
does is not seen by another. The folder is only read from then on.
"""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from celery import Celery
from django.db import connections
from django.test import Client
from django.urls import reverse

from lims.accounts.models import User
from lims.accounts.roles import Role
from lims.casework.models import Case
from lims.casework.services.cases import case_assign
from lims.demonstration.cast import credentials_read
from lims.demonstration.scenes import STEPS
from lims.demonstration.world import World, steps_run, world_open
from lims.disclosure.selectors.pages import cases_followed
from lims.lab.models import Run
from lims.lab.services.reviews import review_decide, review_open, review_point_set
from lims.web.navigation import start_page
from tests.browser.later import later
from tests.browser.walking import Stop, Walk
from tests.conftest import HOME, alone, database_own
from tests.lims.builders import actor_of
from tests.lims.lab.support import installation, installation_use

if TYPE_CHECKING:
    from pytest_django.plugin import DjangoDbBlocker

DATABASE = "spoor_laboratory"
"""The database to clone."""
NOBODY = "nobody"
ROLES = (
    "custodian", "technician", "analyst", "second_analyst", "reviewer", "manager", "investigator", "prosecutor",
    "auditor", "authority", "administrator",
)  # fmt: skip
EXTRA = {
    "custodian": ("/demo/components/",),
    "manager": ("/requests/", "/exceptions/", "/batches/"),
}
"""Pages to which no link leads, or only one that is easily lost among many."""

JOINED = ("origin.combined", "individual.consensus")
"""Methods whose result pages are looked at, though their kinds of elements are known from other runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Walked:
    """Which pages the browser shall open, in the order of the roles, and what was wrong on the way to them."""

    stops: list[Stop]
    faults: list[str]


def laboratory_use(settings: Any, blocker: "DjangoDbBlocker") -> Walked:
    """Point the settings to the laboratory, which the first who asks makes; what was met in it."""
    folder = HOME.root / "laboratory"
    done = folder / "walked.json"
    with alone("laboratory"):
        if not done.exists():
            folder.mkdir(exist_ok=True)
            installation(settings, folder)
            _point(settings, folder)
            done.write_text(json.dumps(asdict(_make(blocker))))
    installation_use(settings, folder)
    _point(settings, folder)
    kept = json.loads(done.read_text())
    return Walked(stops=[Stop(**one) for one in kept["stops"]], faults=kept["faults"])


def client_of(who: str) -> Client:
    """Somebody of the cast, signed in."""
    client = Client(raise_request_exception=False)  # a page that breaks is one more fault
    client.force_login(User.objects.get(username=who))
    return client


def _point(settings: Any, folder: Path) -> None:
    settings.SPOOR_MODE = "demo"
    settings.SPOOR_STORE_URL = f"file://{folder / 'vault'}"
    Celery("demonstration", broker="memory://localhost/").set_default()


def _make(blocker: "DjangoDbBlocker") -> Walked:
    # Beside this thread, where the browser's event loop may run: signing wants a loop of its own.
    with database_own(blocker, name=DATABASE, keep=True), ThreadPoolExecutor() as aside:
        return aside.submit(_made).result()


def _made() -> Walked:
    try:
        world = world_open(credentials_read())
        steps_run(world, STEPS, lambda _name: None)
        later(world)
        return _walked(world)
    finally:
        connections.close_all()


def _walked(world: World) -> Walked:
    walk = Walk()
    walk.follow(NOBODY, Client(), ("/sign-in/", "/verify/", f"/fetch/{uuid4()}/"))
    for who in ROLES:
        if who != "second_analyst":
            _walk_as(walk, who)
    _go_on(world)  # from here on these two have something new to see
    _walk_as(walk, "second_analyst")
    walk.follow("prosecutor", client_of("prosecutor"), (reverse("web:evidence_choose"),))
    for run in Run.objects.filter(method__in=JOINED):
        walk.add("analyst", reverse("web:run", args=[run.reference]))
    order = (NOBODY, *ROLES)
    return Walked(stops=sorted(walk.stops, key=lambda stop: order.index(stop.who)), faults=walk.faults)


def _walk_as(walk: Walk, who: str) -> None:
    """The role's own start and menu, then whatever can be reached from there."""
    walk.follow(who, client_of(who), (start_page(actor_of(User.objects.get(username=who))), *EXTRA.get(who, ())))


def _go_on(world: World) -> None:
    """The report on fins is sent back: its author has a comment to answer. The prosecutor follows a second case."""
    reviewer, prosecutor = world.actor("reviewer"), world.actor("prosecutor")
    review = review_open(actor=reviewer, report=world.report("report.fins"))
    key = review.points.order_by("pk").values_list("key", flat=True)[0]
    review_point_set(actor=reviewer, review=review, key=key, passed=False, comment="Which key was used?")
    review_decide(actor=reviewer, review=review, agree=False, note="Name the key.")
    followed = [one.pk for one in cases_followed(actor=prosecutor)]
    case_assign(
        actor=world.actor("custodian"),
        case=Case.objects.exclude(pk__in=followed).order_by("pk")[0],
        user=User.objects.get(username="prosecutor"),
        role=Role.PROSECUTOR.value,
    )
