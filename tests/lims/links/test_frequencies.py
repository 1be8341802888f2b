"""Allele frequencies of one region in a search for links: its animals alone count, result and evidence name it."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from analysis.inputs import no_progress
from lims.common.errors import BadInput
from lims.lab.models import ReferenceSet
from lims.lab.selectors.regions import reference_regions
from lims.links.execution import search_compute
from lims.links.models import LinkSearch
from lims.links.selectors.links import link_get
from lims.links.services.searches import search_finish, search_order, search_start
from tests.lims.api.client import Caller, problem
from tests.lims.lab import methods_support
from tests.lims.links.support import LOCI, TAXON, Herd, Links, the_link

pytestmark = pytest.mark.django_db


@pytest.fixture
def regions(made: Links) -> ReferenceSet:
    """Twenty-five animals of the hauls' own population, as many of another, five of an islet."""
    other = Herd(7)
    animals = [("East", made.herd.animal()) for _ in range(25)]
    animals += [("West", other.animal()) for _ in range(25)] + [("Islet", other.animal()) for _ in range(5)]
    head = ",".join(["id", "population", "group", *(f"{locus}_{side}" for locus in LOCI for side in (1, 2))])
    groups = {"East": "Mainland", "West": "Mainland", "Islet": "Sea"}
    rows = [
        ",".join([f"W{number}", name, groups[name], *(one for pair in animal for one in pair)])
        for number, (name, animal) in enumerate(animals)
    ]
    given = {"id_column": "id", "population_column": "population", "group_column": "group"}
    bench: Any = SimpleNamespace(lab=made.lab)
    return methods_support.reference(
        bench, "origin", "Elephants", {"e.csv": "\n".join([head, *rows]).encode()}, **given
    )


def searched(made: Links, reference: ReferenceSet, region: str) -> LinkSearch:
    search = search_order(actor=made.lab.analyst, frequencies=reference, frequencies_taxon=TAXON, frequencies_of=region)
    taken = search_start(pk=search.pk, worker="test")
    assert taken is not None
    search_finish(search=taken, found=search_compute(taken, no_progress))
    return LinkSearch.objects.get(pk=search.pk)


def _log10(made: Links) -> tuple[str, float]:
    evidence = link_get(actor=made.lab.analyst, key=the_link().uuid).evidence
    return evidence["frequencies"], cast("float", evidence["matches"][0]["log10_lr"])


def test_a_search_counts_the_animals_of_the_region_it_names(made: Links, regions: ReferenceSet) -> None:
    """Alleles that are rare in the other population make the same animals' ratio larger there."""
    assert reference_regions(regions) == {"East": 25, "Islet": 5, "Mainland": 50, "Sea": 5, "West": 25}
    own = searched(made, regions, "East")
    name, east = _log10(made)
    assert name.endswith(": East")
    assert own.summary["groups"][0]["frequencies"] == name
    searched(made, regions, "West")
    name, west = _log10(made)
    assert name.endswith(": West")
    assert west > east + 0.5
    searched(made, regions, "Mainland")
    name, both = _log10(made)
    assert name.endswith(": Mainland")
    assert both < (east + west) / 2, "a pooled allele is commoner than the geometric mean of the two says"


def test_regions_that_are_none_or_too_small_are_refused_when_a_search_is_ordered(
    made: Links, regions: ReferenceSet
) -> None:
    given = {"frequencies": regions, "frequencies_taxon": TAXON}
    cases: tuple[tuple[dict[str, Any], str, str], ...] = (
        (given | {"frequencies_of": "North"}, "unknown-region", "East, Islet, Mainland, Sea, West"),
        (given | {"frequencies_of": "Sea"}, "too-few-animals", "5 animals"),
        ({"frequencies_of": "East"}, "no-regions", "leave «East» away"),
    )
    for asked, code, told in cases:
        with pytest.raises(BadInput, match=told) as refused:
            search_order(actor=made.lab.analyst, **asked)
        assert (refused.value.code, refused.value.field) == (code, "frequencies_of")
    assert not LinkSearch.objects.exists()
    caller = Caller(made.lab.analyst)
    body = {"frequencies": str(regions.uuid), "frequencies_taxon": TAXON}
    problem(caller.post("link-searches/", body | {"frequencies_of": "North"}), 422, "unknown-region")
    assert caller.post("link-searches/", body | {"frequencies_of": "West"}).status_code == 202
    assert LinkSearch.objects.get().frequencies_of == "West"
