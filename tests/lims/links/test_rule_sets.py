"""Thresholds of links: the laboratory's own table, proposed by one person and signed off by another."""

import io
from importlib.resources import files

import pytest
from django.test import Client
from django.urls import reverse

from analysis.errors import InputRefused
from analysis.individual.linkrules import DEFAULT, link_rules
from analysis.inputs import no_progress
from lims.accounts.actors import Actor
from lims.common.errors import NotAllowed, RuleViolation
from lims.lab.models import ReferenceSet
from lims.lab.services.references import reference_approve, reference_propose
from lims.links.execution import search_compute
from lims.links.models import LinkEntry, LinkSearch
from lims.links.services.searches import search_finish, search_order, search_start
from tests.lims.api.client import Caller
from tests.lims.lab.support import built
from tests.lims.links.support import Links
from tests.lims.web.laboratory import enter

OURS = "ours"


def table(**changed: str) -> bytes:
    """The program's table under the laboratory's name, with few draws and the given values changed."""
    content = files("analysis.individual").joinpath("link_rules.csv").read_text(encoding="utf-8")
    head, *lines = content.splitlines()
    kept = [head]
    for line in lines:
        rule, version, field, key, value, source = line.split(",", 5)
        kept.append(",".join([OURS, "2027", field, key, {"draws": "500", **changed}.get(field, value), source]))
    assert rule == DEFAULT, version
    return "\n".join(kept).encode()


def proposed(actor: Actor, content: bytes, name: str = "Our thresholds") -> ReferenceSet:
    row = reference_propose(
        actor=actor,
        kind="link_rule",
        name=name,
        edition="2027",
        files=[("rule.csv", io.BytesIO(content))],
        provenance="Validation of 2027.",
    )
    return built(row)


def finished(search: LinkSearch) -> LinkSearch:
    taken = search_start(pk=search.pk, worker="test")
    assert taken is not None
    search_finish(search=taken, found=search_compute(taken, no_progress))
    return LinkSearch.objects.get(pk=search.pk)


def test_thresholds_count_once_a_second_person_signed_them_off(made: Links, client: Client) -> None:
    lab = made.lab
    row = proposed(lab.analyst, table(direct_least_log10="4"))
    assert (row.state, row.summary["rule"]) == ("proposed", OURS)
    with pytest.raises(RuleViolation, match="no approved table of thresholds"):
        search_order(actor=lab.analyst, rule_set=row)
    before = search_order(actor=lab.analyst)
    assert (before.rule, before.rule_set) == (DEFAULT, None)
    with pytest.raises(NotAllowed):
        reference_approve(actor=lab.analyst, reference=row, note="Mine.")
    row = reference_approve(actor=lab.manager, reference=row, note="Validation read.")
    search = finished(search_order(actor=lab.analyst))
    own = link_rules(table(direct_least_log10="4").decode())[OURS]
    assert (search.rule, search.rule_version, search.rule_sha256) == (OURS, "2027", own.sha256)
    assert search.rule_set == row
    entry = LinkEntry.objects.get(search=search)
    assert entry.evidence["rule_sha256"] == own.sha256
    enter(client, lab.analyst)
    shown = client.get(reverse("web:link_search", args=[search.uuid])).content.decode()
    assert lab.manager.name in shown
    unsigned = client.get(reverse("web:link_search", args=[before.uuid])).content.decode()
    assert "nobody here: these are the program" in unsigned
    told = Caller(lab.analyst).get(f"link-searches/{search.uuid}/").json()
    assert (told["rule_set"], told["rule_signed_off_by"]) == (str(row.uuid), lab.manager.name)
    form = client.get(reverse("web:link_search_new")).content.decode()
    assert "Our thresholds 2027, signed off here" in form
    chosen = search_order(actor=lab.analyst, rule=DEFAULT)
    assert (chosen.rule, chosen.rule_set) == (DEFAULT, None), "the program's own can still be asked for by name"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (table(least_kin_pairs="1"), "A single pair of relatives is never a link"),
        (table() + b"\nother,1,draws,,5,x", "has no"),
        (b"rule,version\n", "head is not that of rules"),
    ],
    ids=["single-kin-pair", "incomplete", "head"],
)
def test_a_table_that_is_no_rule_is_not_built(made: Links, content: bytes, words: str) -> None:
    with pytest.raises(InputRefused, match=words):
        proposed(made.lab.analyst, content)
