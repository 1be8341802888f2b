"""SQL statements per request, held as a baseline: none may rise, and none may grow with data.

`query_counts.json` holds the counts (authentication, access log and transaction control included) and the most that is
allowed by design. When a count falls, run with QUERY_COUNTS=write and commit the smaller number.
"""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from lims.casework.models import Case
from lims.casework.selectors.laboratory import KEY, laboratory_kept
from lims.casework.services.cases import external_reference_add
from lims.casework.services.samples import Taking, sample_take
from tests.lims import builders
from tests.lims.api.client import Caller
from tests.lims.builders import Laboratory

BASELINE = Path(__file__).with_name("query_counts.json")
SIZES = (3, 120)
Request = Callable[[Caller], Any]


def statements(act: Callable[[], Any]) -> tuple[int, list[str]]:
    """How many statements an act takes, and which; who the laboratory is, is known already, as in any busy process.

    It is asked for afresh: what was kept half a minute ago would run out in the middle of an act.
    """
    cache.delete(KEY)
    laboratory_kept()
    with CaptureQueriesContext(connection) as captured:
        answer = act()
        getattr(answer, "streaming_content", None)
    assert answer.status_code in {200, 201}, answer.content
    return len(captured), [(query["sql"] or "prepared")[:160] for query in captured.captured_queries]


def world(size: int) -> tuple[Laboratory, Case]:
    """A laboratory with a case of `size` exhibits, samples, references, and as many cases."""
    lab = Laboratory()
    case = builders.case(lab.custodian)
    builders.seizure(lab.custodian, case)
    exhibits = builders.exhibits(lab.custodian, case, size)
    for number in range(size // 3):
        external_reference_add(actor=lab.custodian, case=case, scheme="police", value=f"CR/{number}")
    for exhibit in exhibits[:3]:
        taking = Taking(parent=builders.fresh(exhibit.item), amount=builders.Decimal("0.1"), unit="g")
        sample_take(actor=lab.custodian, takings=[taking], kind="powder")
    for _number in range(size):
        builders.case(lab.custodian, of=case.agency)
    return lab, case


def counted(size: int) -> dict[str, tuple[int, list[str]]]:
    """The statements of each request in a laboratory of this size."""
    lab, case = world(size)
    caller = Caller(lab.custodian)
    exhibits = list(case.exhibits.select_related("item").order_by("number"))
    item, freezer = exhibits[0].item, builders.place(lab.custodian)
    shelf = builders.place(lab.custodian)
    old = exhibits[1].item
    for number in range(size // 3):
        goal = (freezer, shelf)[number % 2].party.uuid
        answer = caller.post("custody/moves/", {"items": [str(old.uuid)], "to": str(goal)})
        assert answer.status_code in {200, 201}, answer.content
    many = [str(one.item.uuid) for one in exhibits[: min(100, size)]]
    requests: dict[str, Callable[[], Any]] = {
        "resolve a scan": lambda: caller.get(f"resolve/?code={item.scan_code}"),
        "resolve a reference": lambda: caller.get(f"resolve/?code={item.reference}"),
        "list of 100 cases": lambda: caller.get("cases/?limit=100"),
        "list of 100 exhibits": lambda: caller.get(f"cases/{case.uuid}/exhibits/?limit=100"),
        "list of 100 items": lambda: caller.get("items/?limit=100"),
        "list of 100 samples": lambda: caller.get("samples/?limit=100"),
        "one case": lambda: caller.get(f"cases/{case.uuid}/"),
        "one item": lambda: caller.get(f"items/{item.uuid}/"),
        "history of an item": lambda: caller.get(f"items/{item.uuid}/history/"),
        "resolve a scan of an item with a long history": lambda: caller.get(f"resolve/?code={old.scan_code}"),
        "one item with a long history": lambda: caller.get(f"items/{old.uuid}/"),
        "long history of an item": lambda: caller.get(f"items/{old.uuid}/history/?limit=20"),
        "move one item": lambda: caller.post(
            "custody/moves/", {"items": [str(item.uuid)], "to": str(freezer.party.uuid)}
        ),
        "move 100 items": lambda: caller.post("custody/moves/", {"items": many, "to": str(shelf.party.uuid)}),
        "print 100 labels": lambda: caller.post(
            "labels/prints/", {"items": many, "size": "bag", "medium": "pdf", "reason": "first print"}
        ),
        "register an exhibit": lambda: caller.post(
            f"cases/{case.uuid}/exhibits/", {"exhibits": [{"kind": "specimen", "description": "Tusk"}]}
        ),
    }
    assert caller.get("me/").status_code == 200
    return {name: statements(act) for name, act in requests.items()}


@pytest.mark.commits
def test_statements_do_not_rise_nor_grow_with_data(committed_db: object) -> None:
    small, large = (counted(size) for size in SIZES)
    baseline: dict[str, dict[str, int]] = json.loads(BASELINE.read_text()) if BASELINE.exists() else {}
    if os.environ.get("QUERY_COUNTS") == "write":
        most = {name: known.get("at_most") for name, known in baseline.items()}
        made = {
            name: {"statements": count} | ({"at_most": most[name]} if most.get(name) else {})
            for name, (count, _sql) in large.items()
        }
        BASELINE.write_text(json.dumps(made, indent=2) + "\n")
        baseline = made
    for name, (count, sql) in large.items():
        listed = "\n".join(sql)
        assert small[name][0] == count, f"{name} grows with data: {small[name][0]} → {count}\n{listed}"
        known = baseline[name]
        assert count <= known["statements"], f"{name} takes {count} statements, {known['statements']} before\n{listed}"
        assert count <= known.get("at_most", count), f"{name} takes {count}, {known['at_most']} by design\n{listed}"
    assert set(baseline) == set(large)
