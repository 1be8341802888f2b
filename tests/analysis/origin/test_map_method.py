"""Origin on the map and shares of a mixture as methods: against algebra, and what is refused."""

import json
import math
import re
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.errors import Cancelled, InputRefused
from analysis.origin.baseline import baseline_freeze
from analysis.origin.spatial.generalise import generalised
from analysis.origin.spatial.geography import distance_km
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


@pytest.fixture(scope="module")
def second(isolated: SyntheticMap, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same baseline, its places written as middles of squares of 60 km."""
    folder = tmp_path_factory.mktemp("map") / "squares"
    columns = {"id_column": "id", "population_column": "population"}
    content = _squared(isolated, 60).encode()
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


def _squared(data: SyntheticMap, km: float) -> str:
    """The baseline with every place written as the middle of its square: nothing exact is left in it."""
    head, *rows = [line.split(",") for line in data.baseline_csv.splitlines()]
    at = [head.index(name) for name in ("latitude", "longitude")]
    for row in rows:
        row[at[0]], row[at[1]] = (repr(one) for one in generalised(float(row[at[0]]), float(row[at[1]]), km))
    return "\n".join(",".join(row) for row in [head, *rows]) + "\n"


def test_nothing_of_a_squared_map_rests_on_exact_places(
    tmp_path: Path, isolated: SyntheticMap, mapped: Path, second: Path
) -> None:
    """Asked for squares of 60 km, every file is that of a baseline in which only the squares are written: neither the
    frame nor a distance nor a region tells more. Without squares the files do differ."""
    samples = {"genotypes": isolated.sampled_csv}
    told = run("origin.map", tmp_path, samples, mapped, generalise_km=60).artefacts
    known = {one.name: one.content for one in run("origin.map", tmp_path, samples, second, generalise_km=60).artefacts}
    plain = {one.name: one.content for one in run("origin.map", tmp_path, samples, mapped).artefacts}
    assert {"regions-0001.geojson", "map-0001.svg", "answers.json", "regions.csv"} <= set(known)
    digest = re.compile(rb'"sha256":"[0-9a-f]{64}"')
    for one in told:
        assert digest.sub(b"", one.content) == digest.sub(b"", known[one.name]), one.name
    assert [one.name for one in told if one.content == plain[one.name]] == []


def test_distances_to_the_discrete_answer_give_no_site_away(
    tmp_path: Path, isolated: SyntheticMap, mapped: Path
) -> None:
    """Two answers that name one population are two circles about its site: they cross at the middle of the square."""
    samples = {"genotypes": isolated.sampled_csv}
    for km in (0.0, 60.0):
        by_site: dict[tuple[float, float], list[tuple[float, float, float]]] = {}
        for one in run("origin.map", tmp_path, samples, mapped, generalise_km=km).outcomes:
            found: Any = one.details
            site, middle = found["discrete"]["point"], found["point"]
            circle = (middle["latitude"], middle["longitude"], found["discrete"]["apart_km"])
            by_site.setdefault((site["latitude"], site["longitude"]), []).append(circle)
        for (north, east), circles in by_site.items():
            if km:
                assert generalised(north, east, km) == pytest.approx((north, east), abs=1e-6)
            for latitude, longitude, apart in circles:
                away = float(distance_km(north, east, np.array([latitude]), np.array([longitude]))[0])
                assert away == pytest.approx(apart, rel=1e-4, abs=0.01)


def test_squares_are_named_where_they_stand_for_places(tmp_path: Path, isolated: SyntheticMap, mapped: Path) -> None:
    answer = run("origin.map", tmp_path, {"genotypes": isolated.sampled_csv}, mapped, generalise_km=60)
    first = answer.outcomes[0]
    assert any("squares of 60 km" in words for words in first.caveats)
    drawn = next(one.content for one in answer.artefacts if one.name == "map-0001.svg")
    assert b"crosses: squares of 60 km" in drawn
    with pytest.raises(InputRefused, match="In squares of 9000 km the animals were sampled at") as refused:
        run("origin.map", tmp_path, {"genotypes": isolated.sampled_csv}, mapped, generalise_km=9000)
    assert refused.value.field == "generalise_km"


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
