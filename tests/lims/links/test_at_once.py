"""Two reviewers at the same moment, two workers of one search: one is first, nothing is written twice."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from django.db import connections

from analysis.inputs import no_progress
from lims.accounts.roles import Role
from lims.common.errors import DomainError
from lims.lab.services.jobs import LeaseLost
from lims.links.execution import search_compute
from lims.links.models import Link, LinkEntry, LinkSearch
from lims.links.services.links import link_merge, link_release, link_review
from lims.links.services.searches import search_finish, search_order, search_start
from tests.lims import builders
from tests.lims.lab.support import installation
from tests.lims.links import support
from tests.lims.links.support import Links, officer

pytestmark = pytest.mark.commits


@pytest.fixture
def made(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, committed_db: object) -> Links:
    installation(settings, tmp_path)
    support.quick_rule(monkeypatch)
    return support.hauls()


def at_once(*acts: Callable[[], object]) -> list[str]:
    """Every act in a thread of its own, begun together; «done» or the code of the refusal."""
    start = Barrier(len(acts))

    def run(act: Callable[[], object]) -> str:
        try:
            start.wait(timeout=60)
            act()
        except DomainError as error:
            return error.code
        except LeaseLost:
            return "lease-lost"
        finally:
            connections.close_all()
        return "done"

    with ThreadPoolExecutor(len(acts)) as threads:
        return sorted(threads.map(run, acts))


def test_of_acts_at_the_same_moment_one_is_first(made: Links) -> None:
    link = support.reviewed(made)
    others = [builders.actor(Role.REVIEWER) for _person in range(3)]
    words = {"link": link, "seen": 2, "note": "Looked at."}
    told = at_once(
        lambda: link_review(actor=others[0], decision="rejected", **words),
        lambda: link_review(actor=others[1], decision="rejected", **words),
        lambda: link_merge(actor=others[2], **words),
    )
    assert told == ["done", "stale-version", "stale-version"]
    assert LinkEntry.objects.filter(link=link).count() == 3


def test_both_sides_release_at_the_same_moment(made: Links) -> None:
    link = support.reviewed(made)
    first, second = made.hauls[:2]
    one, two = officer(first), officer(second)
    told = at_once(
        lambda: link_release(actor=one, link=link, side=first.seizure),
        lambda: link_release(actor=one, link=link, side=first.seizure),
        lambda: link_release(actor=two, link=link, side=second.seizure),
    )
    assert told == ["done", "done", "released-already"]
    numbers = LinkEntry.objects.filter(link=link).order_by("number").values_list("number", flat=True)
    assert list(numbers) == [1, 2, 3, 4]


def test_two_searches_that_find_the_same_new_link_end_at_the_same_moment(made: Links) -> None:
    taken = [search_start(pk=search_order(actor=made.lab.analyst).pk, worker="test") for _search in range(2)]
    both = [(one, search_compute(one, no_progress)) for one in taken if one is not None]
    told = at_once(*(lambda one=one, found=found: search_finish(search=one, found=found) for one, found in both))
    assert told == ["done", "done"]
    assert Link.objects.count() == 1
    assert LinkEntry.objects.count() == 1


def test_a_worker_that_was_thought_dead_writes_nothing(made: Links) -> None:
    search = search_order(actor=made.lab.analyst)
    late = search_start(pk=search.pk, worker="one")
    assert late is not None
    LinkSearch.objects.filter(pk=search.pk).update(lease_until="2020-01-01T00:00:00Z")
    other = search_start(pk=search.pk, worker="two")
    assert other is not None
    found = search_compute(other, no_progress)
    told = at_once(lambda: search_finish(search=late, found=found), lambda: search_finish(search=other, found=found))
    assert told == ["done", "lease-lost"]
    assert Link.objects.count() == 1
    assert LinkEntry.objects.count() == 1
