"""A restricted reference: who sees it, who uses it, who reads where its animals live, and what leaves it."""

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from analysis.errors import InputRefused
from analysis.inputs import no_progress
from chain_of_custody.models import Entry
from lims.accounts.actors import Actor
from lims.accounts.roles import Role
from lims.common.errors import BadInput, NotAllowed, NotFound, RuleViolation
from lims.disclosure.selectors.contents import _references
from lims.lab.execution import run_compute
from lims.lab.models import Plate, Run
from lims.lab.selectors.drift import drift_list
from lims.lab.selectors.pages import reference_usable
from lims.lab.selectors.plates import plate_get
from lims.lab.selectors.referenceaccess import coordinates_shown, grant_get, reference_grants, reference_seen_by
from lims.lab.selectors.referencechecks import reference_checks
from lims.lab.selectors.work import reference_get, reference_list
from lims.lab.services.drift import drift_ask
from lims.lab.services.referenceaccess import reference_grant, reference_grant_end, reference_restrict
from lims.links.services.searches import search_order
from tests.lims import builders
from tests.lims.api.client import Caller
from tests.lims.lab import methods_support as made
from tests.lims.lab.support import Bench
from tests.lims.web.laboratory import enter


def _sees(actor: Actor, row: Any) -> bool:
    try:
        return reference_get(actor=actor, uuid=row.uuid) == row
    except NotFound:
        return False


def test_places_of_a_restricted_set_are_for_those_granted_them(bench: Bench) -> None:
    data = made.isolated()
    row = made.mapped(bench, data, restricted=True)
    assert (row.restricted, row.coarse_km) == (True, 50)
    proposer, manager, technician = bench.lab.analyst, bench.lab.manager, bench.lab.technician
    assert [_sees(actor, row) for actor in (proposer, manager, technician, bench.lab.reviewer)] == [
        True, True, False, False,
    ]  # fmt: skip
    assert row not in reference_list(actor=technician)
    assert row not in reference_usable(actor=technician, kind="origin")
    assert not reference_seen_by(actor=technician, reference=row)
    exact = {(one["latitude"], one["longitude"]) for one in row.checks["places"]}
    shown = reference_checks(actor=manager, reference=row)
    assert shown["places_km"] == 50
    assert not exact & {(one["latitude"], one["longitude"]) for one in shown["places"]}
    assert sum(one["animals"] for one in shown["places"]) == row.records
    with pytest.raises(RuleViolation, match="restricted") as refused:
        made.run(bench, "origin.map", {"genotypes": data.sampled_csv}, row, actor=technician)
    assert refused.value.code == "not-granted"
    party = _party(technician)
    with pytest.raises(NotAllowed):
        reference_grant(actor=proposer, reference=row, party=party, right="use", reason="mine")
    grant = reference_grant(actor=manager, reference=row, party=party, right="use", reason="ivory case")
    assert _sees(technician, row)
    assert not coordinates_shown(actor=technician, reference=row)
    with pytest.raises(RuleViolation, match="already"):
        reference_grant(actor=manager, reference=row, party=party, right="coordinates", reason="twice")
    reference_grant_end(actor=manager, grant=grant, reason="case over")
    assert not _sees(technician, row)
    with pytest.raises(RuleViolation, match="ended already"):
        reference_grant_end(actor=manager, grant=grant, reason="again")
    reference_grant(actor=manager, reference=row, party=party, right="coordinates", reason="field work")
    told = reference_checks(actor=technician, reference=row)
    assert {(one["latitude"], one["longitude"]) for one in told["places"]} == exact
    assert len(reference_grants(actor=manager, reference=row)) == 2
    with pytest.raises(NotAllowed):
        grant_get(actor=technician, reference=row, pk=grant.pk)
    verbs = [
        json.loads(bytes(one.canonical))["verb"]
        for one in Entry.objects.filter(stream__kind="reference", stream__uuid=row.uuid).order_by("sequence")
    ]
    assert [verb for verb in verbs if "grant" in verb] == ["granted", "grant_ended", "granted"]


def test_what_leaves_a_restricted_set_shows_squares_and_the_set_does_not_travel(bench: Bench) -> None:
    data = made.isolated()
    row = made.mapped(bench, data, restricted=True, coarse_km=300)
    run = made.run(bench, "origin.map", {"genotypes": data.sampled_csv}, row, generalise_km=1)
    assert (run.state, run.parameters["generalise_km"]) == ("done", 300)
    assert _references([run]) == []
    iso = made.reference(bench, "isoscape", "Isoscape", made.isoscape_for(data), element="H")
    name = data.sampled_csv.splitlines()[1].split(",")[1]
    files = {"genotypes": data.sampled_csv, "measurements": f"id,value,scale\n{name},-60,LAB\n"}
    both = made.run(bench, "origin.combined", files, row, second=iso, independent="bone", calibrated=False)
    assert (both.state, both.parameters["generalise_km"]) == ("done", 300)
    opened = reference_restrict(actor=bench.lab.manager, reference=row, restricted=False, reason="published")
    assert (opened.restricted, opened.coarse_km) == (False, 0)
    run.refresh_from_db()
    assert [one.pk for one in _references([run])] == [row.pk]
    assert _sees(bench.lab.technician, row)
    with pytest.raises(BadInput, match=r"1000"):
        reference_restrict(actor=bench.lab.manager, reference=row, restricted=True, coarse_km=5000, reason="x")
    with pytest.raises(NotAllowed):
        reference_restrict(actor=bench.lab.analyst, reference=row, restricted=True, reason="x")


def test_squares_of_a_set_restricted_since_count_when_a_run_is_computed(bench: Bench) -> None:
    data = made.isolated()
    row = made.mapped(bench, data)
    run = made.run(bench, "origin.map", {"genotypes": data.sampled_csv}, row, calibrated=False)
    assert "generalise_km" not in run.parameters
    reference_restrict(actor=bench.lab.manager, reference=row, restricted=True, coarse_km=40, reason="poaching")
    run = Run.objects.get(pk=run.pk)
    _answers, files = run_compute(run, no_progress)
    outcomes = json.loads(next(one.content for one in files if one.name == "outcomes.json"))
    assert {one["parameters"]["generalise_km"] for one in outcomes} == {40}


def test_a_failed_build_quotes_no_place(bench: Bench) -> None:
    """Its reason is read by quality, which may not read where the animals live."""
    data = made.isolated().baseline_csv.splitlines()
    head, first = data[0].split(","), data[1].split(",")
    first[head.index("latitude")] = "7345678.25"
    table = "\n".join([data[0], ",".join(first), *data[2:]])
    columns = {"id_column": "id", "population_column": "population"}
    places = {"latitude_column": "latitude", "longitude_column": "longitude"}
    with pytest.raises(InputRefused, match="row 2, field latitude: The latitude is not in degrees") as refused:
        made.reference(bench, "origin", "Rhinos", {"r.csv": table.encode()}, restricted=True, **columns, **places)
    assert "7345678" not in str(refused.value)


@pytest.mark.parametrize(
    ("column", "cell", "words"),
    [
        ("latitude", "7345678.25", "row 2, field latitude: The coordinates are not degrees"),
        ("longitude", "W7345678", "row 2, field longitude: The cell is no number"),
    ],
)
def test_a_failed_build_of_an_isoscape_quotes_no_place(bench: Bench, column: str, cell: str, words: str) -> None:
    files = made.isoscape()
    head, first, *rest = files["known.csv"].decode().splitlines()
    cells = first.split(",")
    cells[head.split(",").index(column)] = cell
    files["known.csv"] = "\n".join([head, ",".join(cells), *rest]).encode()
    with pytest.raises(InputRefused, match=words) as refused:
        made.reference(bench, "isoscape", "Isoscape", files, element="H", restricted=True)
    assert "7345678" not in str(refused.value)


def test_an_isoscape_may_be_restricted_as_population_data_may(bench: Bench) -> None:
    """Its animals of known origin stand at places, too; also where it is the second reference of a run."""
    data = made.isolated()
    row, iso = (
        made.mapped(bench, data),
        made.reference(bench, "isoscape", "Isoscape", made.isoscape_for(data), element="H", restricted=True),
    )
    technician, manager = bench.lab.technician, bench.lab.manager
    assert not _sees(technician, iso)
    values = {"measurements": "id,value,scale\nT1,-60,LAB\n"}
    name = data.sampled_csv.splitlines()[1].split(",")[1]
    both = {"genotypes": data.sampled_csv, "measurements": f"id,value,scale\n{name},-60,LAB\n"}
    with pytest.raises(RuleViolation, match="restricted"):
        made.run(bench, "origin.isotope", values, iso, actor=technician)
    with pytest.raises(RuleViolation, match="restricted") as refused:
        made.run(bench, "origin.combined", both, row, second=iso, independent="bone", actor=technician)
    assert refused.value.field == "second_reference"
    reference_grant(actor=manager, reference=iso, party=_party(technician), right="use", reason="ivory case")
    run = made.run(bench, "origin.isotope", values, iso, actor=technician)
    assert run.state == "done"
    assert _references([run]) == []


def _party(actor: Actor) -> Any:
    from chain_of_custody.models import Party

    return Party.objects.get(pk=actor.party_id)


def test_a_restricted_set_is_named_nowhere_but_in_runs_one_may_read(bench: Bench, client: Client) -> None:
    lab, data = bench.lab, made.isolated()
    row = made.mapped(bench, data, restricted=True)
    check = drift_ask(actor=lab.analyst, reference=row)
    plate = Plate.objects.create(reference_set=row, handed_in_by_id=lab.analyst.party_id, handed_in_at=timezone.now())
    for actor, may in ((lab.analyst, True), (lab.manager, True), (lab.technician, False), (lab.reviewer, False)):
        assert (check in drift_list(actor=actor)) is may
        assert plate_get(actor=actor, uuid=plate.uuid).set_seen is may  # type: ignore[attr-defined]
        enter(client, actor)
        pages = [reverse("web:plate_list"), reverse("web:plate", args=[plate.uuid]), reverse("web:drift_list")]
        shown = [client.get(page).content.decode() for page in pages]
        assert [row.name in text for text in shown] == [may] * 3
        assert ("a restricted set" in shown[0]) is not may
        assert client.get(reverse("web:drift", args=[check.uuid])).status_code == (404 if not may else 202)
        caller = Caller(actor)
        assert caller.get(f"drift-checks/{check.uuid}/").status_code == (200 if may else 404)
        (listed,) = caller.get("plates/").json()["results"]
        assert listed["reference_set"] == (str(row.uuid) if may else None)


def test_restricted_frequencies_are_used_in_a_search_with_a_grant_only(bench: Bench) -> None:
    lab = bench.lab
    row = made.mapped(bench, made.isolated(), restricted=True)
    with pytest.raises(RuleViolation, match="restricted") as refused:
        search_order(actor=builders.actor(Role.ANALYST), frequencies=row, frequencies_taxon="Synthetica mapa")
    assert refused.value.code == "not-granted"
    with pytest.raises(BadInput, match="Fewer than two seizures"):
        search_order(actor=lab.analyst, frequencies=row, frequencies_taxon="Synthetica mapa")
