"""Origin on the map and shares of a mixture as methods: against algebra, and what is refused."""

import json
import math
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from analysis.errors import Cancelled, InputRefused
from analysis.origin.baseline import baseline_freeze
from analysis.origin.spatial.generalise import generalised
from analysis.origin.synthetic_map import MapDesign, SyntheticMap, synthetic_map
from tests.analysis.methods import numbers, run

COORDINATES = {"latitude_column": "latitude", "longitude_column": "longitude"}


@pytest.fixture(scope="module")
def isolated() -> SyntheticMap:
    design = MapDesign(
        seed=3, side=6, size=60, generations=120, loci=12, alleles=8, sites=20, animals=10, sampled=2, unsampled=1
    )
    return synthetic_map(design)


@pytest.fixture(scope="module")
def mapped(isolated: SyntheticMap, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("map") / "set"
    content = isolated.baseline_csv.encode()
    columns = {"id_column": "id", "population_column": "population"}
    baseline_freeze(folder, content, name="SYNTHETIC map", version="1", others=COORDINATES, **columns)
    return folder


def test_a_map_has_regions_of_both_priors_beside_the_discrete_answer(
    tmp_path: Path, isolated: SyntheticMap, mapped: Path
) -> None:
    result = run("origin.map", tmp_path, {"genotypes": isolated.sampled_csv}, mapped)
    first = result.outcomes[0]
    assert first.finding.outcome == "region"
    priors = first.details["priors"]
    assert isinstance(priors, dict)
    assert set(priors) == {"flat", "density"}
    names = numbers(result)
    assert names["area_50_flat"] < names["area_95_flat"]
    assert names["area_50_density"] < names["area_95_density"]
    assert {"area_95_flat", "coverage_rate_95", "distance_to_discrete"} <= set(names)
    files = {one.name: one for one in result.artefacts}
    regions = json.loads(files["regions-0001.geojson"].content)
    assert {(one["properties"]["prior"], one["properties"]["level"]) for one in regions["features"]} == {
        (prior, level) for prior in ("flat", "density") for level in (0.5, 0.95)
    }
    for name in ("map-0001.svg", "map-density-0001.svg", "calibration.svg"):
        root = ET.fromstring(files[name].content)  # noqa: S314 – our own bytes
        assert not any("style" in element.attrib for element in root.iter())
    again = run("origin.map", tmp_path, {"genotypes": isolated.sampled_csv}, mapped)
    assert [one.content for one in again.artefacts] == [one.content for one in result.artefacts]


def test_sampled_places_are_given_as_squares_where_asked(tmp_path: Path, isolated: SyntheticMap, mapped: Path) -> None:
    """The discrete answer's place is the middle of its square of 300 km, and the answer itself does not change."""
    samples = {"genotypes": isolated.sampled_csv}
    exact = run("origin.map", tmp_path, samples, mapped).outcomes
    coarse = run("origin.map", tmp_path, samples, mapped, generalise_km=300).outcomes
    for plain, round_ in zip(exact, coarse, strict=True):
        before, after = plain.details["discrete"], round_.details["discrete"]
        assert isinstance(before, dict)
        assert isinstance(after, dict)
        here, there = before["point"], after["point"]
        assert isinstance(here, dict)
        assert isinstance(there, dict)
        place = generalised(float(str(here["latitude"])), float(str(here["longitude"])), 300)
        assert (there["latitude"], there["longitude"]) == pytest.approx(place)
        assert (there["latitude"], there["longitude"]) != (here["latitude"], here["longitude"])
        assert plain.details["regions"] == round_.details["regions"]


def test_a_square_holds_the_place_and_is_the_same_for_its_neighbours() -> None:
    for latitude, longitude in ((-18.3, 25.7), (0.01, -0.01), (61.2, 99.9), (-89.9, 179.9)):
        north, east = generalised(latitude, longitude, 50)
        assert abs(north - latitude) <= 25 / 111.2 + 1e-6
        across = abs(east - longitude) * 111.2 * max(math.cos(math.radians(north)), 0.05)
        assert across <= 25.1 or abs(north) > 87
        assert generalised(north, east, 50) == pytest.approx((north, east), abs=1e-6)
    assert generalised(-18.3, 25.7, 0) == (-18.3, 25.7)


def test_a_map_needs_coordinates(tmp_path: Path, isolated: SyntheticMap) -> None:
    content = isolated.baseline_csv.encode()
    folder = tmp_path / "plain"
    baseline_freeze(folder, content, name="n", version="1", id_column="id", population_column="population")
    with pytest.raises(InputRefused, match="no coordinates"):
        run("origin.map", tmp_path, {"genotypes": isolated.sampled_csv}, folder)


def test_a_map_stops_when_asked(tmp_path: Path, isolated: SyntheticMap, mapped: Path) -> None:
    def stop(share: float, _words: str) -> None:
        if share > 0.3:
            raise Cancelled("Cancelled on request.")

    with pytest.raises(Cancelled):
        run("origin.map", tmp_path, {"genotypes": isolated.sampled_csv}, mapped, progress=stop)


def test_shares_of_a_mixture_add_to_one(tmp_path: Path, isolated: SyntheticMap, mapped: Path) -> None:
    rows = isolated.baseline_csv.splitlines()
    head = rows[0].split(",")
    keep = [place for place, column in enumerate(head) if column not in ("population", "latitude", "longitude")]
    mixed = "\n".join(",".join(row.split(",")[place] for place in keep) for row in rows[:41])
    result = run("origin.mixture", tmp_path, {"genotypes": mixed}, mapped, replicates=20)
    (only,) = result.outcomes
    groups = only.details["groups"]
    assert isinstance(groups, list)
    assert sum(float(one["share"]) for one in groups if isinstance(one, dict)) == pytest.approx(1.0, abs=1e-4)
    assert only.finding.outcome == "shares"
    assert all(number.interval is not None for number in only.numbers)
    first = {row.split(",")[2] for row in rows[1:41]}
    best = max((one for one in groups if isinstance(one, dict)), key=lambda one: float(one["share"]))
    assert best["group"] in first
