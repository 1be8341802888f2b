"""The registered methods about origin on the map, individuals, age and keeping: against algebra and closed forms."""

import json
import math
import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.age.reference import curve_freeze
from analysis.captivity.reference import training_freeze
from analysis.errors import Cancelled, InputRefused
from analysis.individual.profiles import profiles_freeze
from analysis.inputs import InputFile, Progress, RunInputs, RunResult, no_progress
from analysis.origin.baseline import baseline_freeze
from analysis.origin.haplotype_method import haplotypes_freeze
from analysis.origin.isotope.reference import isoscape_freeze
from analysis.origin.spatial.generalise import generalised
from analysis.origin.synthetic_map import MapDesign, SyntheticMap, synthetic_map
from analysis.registry import METHODS
from tests.analysis.origin.test_isotope import geotiff

NEW = (
    "age.radiocarbon",
    "captivity.classify",
    "individual.kin",
    "individual.match",
    "individual.parentage",
    "origin.haplotype",
    "origin.isotope",
    "origin.map",
    "origin.mixture",
)
COORDINATES = {"latitude_column": "latitude", "longitude_column": "longitude"}


def run(
    method: str,
    folder: Path,
    files: Mapping[str, str],
    reference: Path,
    *,
    progress: Progress = no_progress,
    **parameters: Any,
) -> RunResult:
    given = []
    for role, text in files.items():
        path = folder / f"{role}.csv"
        path.write_text(text)
        given.append(InputFile.from_path(role, path))
    inputs = RunInputs(files=tuple(given), parameters=parameters, reference=reference, seed=3)
    return METHODS[method].run(inputs, progress)


def numbers(result: RunResult, place: int = 0) -> dict[str, float]:
    return {number.name: number.value for number in result.outcomes[place].numbers}


@pytest.mark.parametrize("name", NEW)
def test_every_method_says_what_a_court_asks(name: str) -> None:
    method = METHODS[name]
    assert method.name == name
    assert method.version
    assert method.citation
    assert method.assumptions
    assert method.limits
    assert method.validation


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


HEAD = ",".join(["id", *(f"L{locus}_{half}" for locus in range(10) for half in (1, 2))])


def profiles(seed: int, count: int, letter: str) -> list[list[str]]:
    random = np.random.default_rng(seed)
    rows = []
    for number in range(count):
        pairs = 100 + 2 * random.integers(0, 6, size=(10, 2))
        rows.append([f"{letter}{number}", *map(str, np.sort(pairs, axis=1).ravel().tolist())])
    return rows


def text(rows: list[list[str]]) -> str:
    return "\n".join([HEAD, *(",".join(row) for row in rows)]) + "\n"


@pytest.fixture
def known(tmp_path: Path) -> Path:
    folder = tmp_path / "known"
    content = text(profiles(1, 60, "K")).encode()
    profiles_freeze(folder, content, file="k.csv", name="Known", version="1", id_column="id")
    return folder


def test_an_animal_seen_before_is_found_with_how_rare_it_is(tmp_path: Path, known: Path) -> None:
    """Its match probability is the product of formula 4.10 with the frequencies of the set, by hand."""
    set_rows = profiles(1, 60, "K")
    again = ["Q1", *set_rows[7][1:]]
    other = profiles(99, 1, "Q")[0]
    result = run("individual.match", tmp_path, {"genotypes": text([again, other])}, known)
    found, missed = result.outcomes
    assert (found.finding.outcome, found.finding.subject) == ("match", "K7")
    assert (missed.finding.outcome, missed.finding.subject) == ("no_match", None)
    expected, theta = 1.0, 0.03
    for locus in range(10):
        copies = [row[1 + 2 * locus + half] for row in set_rows for half in (0, 1)]
        alleles = set(copies) | {other[1 + 2 * locus + half] for half in (0, 1)}
        first, second = (
            (copies.count(again[1 + 2 * locus + half]) + 1 / len(alleles)) / (len(copies) + 1) for half in (0, 1)
        )
        below = (1 + theta) * (1 + 2 * theta)
        if again[1 + 2 * locus] == again[2 + 2 * locus]:
            expected *= (2 * theta + (1 - theta) * first) * (3 * theta + (1 - theta) * first) / below
        else:
            expected *= 2 * (theta + (1 - theta) * first) * (theta + (1 - theta) * second) / below
    values = numbers(result)
    assert values["match_probability"] == pytest.approx(expected, rel=1e-5)
    assert values["chance_matches"] == pytest.approx(60 * expected, rel=1e-5)
    assert values["profiles_searched"] == 60
    interval = next(one.interval for one in found.numbers if one.name == "match_probability")
    assert interval is not None
    assert interval[0] < expected < interval[1]
    assert found.likelihood_ratio is not None
    assert found.likelihood_ratio.log10 > 6
    assert "60 profiles" in found.finding.statement


def test_too_few_loci_is_an_answer_of_its_own(tmp_path: Path, known: Path) -> None:
    row = profiles(5, 1, "Q")[0]
    thin = [row[0], *row[1:9], *[""] * 12]
    (only,) = run("individual.match", tmp_path, {"genotypes": text([thin])}, known).outcomes
    assert only.finding.outcome == "inconclusive"
    assert "too few" in only.finding.statement


def test_a_screen_for_relatives_is_one_answer_and_says_what_chance_gives(tmp_path: Path, known: Path) -> None:
    rows = profiles(1, 60, "K")
    result = run("individual.kin", tmp_path, {"genotypes": text(rows[:20])}, known)
    (only,) = result.outcomes
    assert only.finding.outcome == "kin_screen"
    assert only.likelihood_ratio is None
    assert "No single pair is evidence" in only.finding.statement
    values = numbers(result)
    assert values["pairs_compared"] == 20 * 60
    assert values["chance_finds_at_most"] == pytest.approx(1.2)
    assert any(one.state == "warning" and one.code == "power_half_siblings" for one in only.diagnostics)


def test_a_true_family_stays_possible_and_a_false_father_is_excluded(tmp_path: Path, known: Path) -> None:
    mother, father, stranger = profiles(21, 3, "P")
    child = ["C", *(one for locus in range(10) for one in sorted([mother[1 + 2 * locus], father[2 + 2 * locus]]))]
    claims = "young,mother,father\nC,P0,P1\nC,P0,P2\nC,,P1\n"
    files = {"genotypes": text([mother, father, stranger, child]), "claims": claims}
    result = run("individual.parentage", tmp_path, files, known)
    true, false, single = (one.finding.outcome for one in result.outcomes)
    assert (true, false, single) == ("parents_possible", "parents_excluded", "parents_possible")
    assert numbers(result)["pair contradictions"] == 0
    by_hand = 0
    for locus in range(10):
        young, wrong, right = (set(row[1 + 2 * locus : 3 + 2 * locus]) for row in (child, stranger, mother))
        pairs = [{one, two} for one in right for two in wrong]
        by_hand += young not in pairs
    assert numbers(result, 1)["pair contradictions"] == by_hand
    with pytest.raises(InputRefused, match=r"claims|not in the genotype table"):
        run("individual.parentage", tmp_path, files | {"claims": "young,mother,father\nC,P0,P9\n"}, known)


def test_a_set_of_profiles_and_a_second_table_are_refused_together(tmp_path: Path, known: Path) -> None:
    rows = text(profiles(4, 3, "A"))
    with pytest.raises(InputRefused, match="one at a time"):
        run("individual.match", tmp_path, {"genotypes": rows, "against": rows}, known)


@pytest.fixture
def tent(tmp_path: Path) -> Path:
    """A curve that rises 0.1 a year from 1955 to 1965, and falls 0.025 a year to 2005."""
    folder = tmp_path / "curve"
    content = b"year_ad,F14C,F14C_sd,zone\n1955,1.0,0.0,NH1\n1965,2.0,0.0,NH1\n2005,1.0,0.0,NH1\n"
    curve_freeze(folder, [("tent.csv", content)], zone="NH1", name="Tent", version="1")
    return folder


def test_both_limbs_are_dated_and_the_law_is_asked(tmp_path: Path, tent: Path) -> None:
    table = "id,f14c,sigma\nT,1.5,0.01\n"
    cutoffs = "code,date,taxon,jurisdiction,instrument,verified\nmade,1970-01-01,Any,Nowhere,Made up,day\n"
    result = run("age.radiocarbon", tmp_path, {"measurements": table, "cutoffs": cutoffs}, tent)
    values = numbers(result)
    assert {"range 1", "range 2"} <= set(values)
    # The falling limb takes four times as long over the same values: 4/5 of the probability lies after 1970.
    assert values["formed after 1970-01-01"] == pytest.approx(0.8, abs=0.01)
    assert "1960" in result.outcomes[0].finding.statement
    assert any(one.code == "one_range" and one.state == "warning" for one in result.outcomes[0].diagnostics)


def test_a_second_increment_tells_the_limb(tmp_path: Path, tent: Path) -> None:
    """1.5 below 1.9 on the younger side: rising (1960, 1964); the falling dates would contradict the order."""
    table = "id,f14c,sigma,tissue,position\nTip,1.5,0.01,T1,older\nBase,1.9,0.01,T1,younger\n"
    result = run("age.radiocarbon", tmp_path, {"measurements": table}, tent, longest=8)
    statements = [one.finding.statement for one in result.outcomes]
    assert "Dated together with Base" in statements[0]
    details = result.outcomes[0].details
    intervals = details["intervals"]
    assert isinstance(intervals, list)
    assert len(intervals) == 1
    assert intervals[0]["from"] < 1960 < intervals[0]["to"]  # type: ignore[index,call-overload,operator]


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("id,f14c,sigma,zone\nT,1.5,0.01,SH3\n", "zone"),
        ("id,f14c,sigma\nT,2.6,0.01\n", "not reached"),
        ("id,f14c,sigma\nT,abc,0.01\n", "row 2.*no number"),
        ("id,value\nT,1.5\n", "lacks the columns f14c"),
        ("id,f14c,sigma,tissue,position\nA,1.5,0.01,T,older\nB,1.6,0.01,T,older\n", "older and one younger"),
    ],
)
def test_measurements_that_are_refused(tmp_path: Path, tent: Path, table: str, words: str) -> None:
    with pytest.raises(InputRefused) as refused:
        run("age.radiocarbon", tmp_path, {"measurements": table}, tent)
    assert re.search(words, str(refused.value)), str(refused.value)


@pytest.fixture
def training(tmp_path: Path) -> Path:
    random = np.random.default_rng(8)
    rows = ["id,keeping,d13C,d15N"]
    for number in range(60):
        kind, shift = ("captive", 4.0) if number % 2 else ("wild", 0.0)
        c, n = random.normal(size=2)
        rows.append(f"T{number},{kind},{-20 + shift + c:.3f},{8 + n:.3f}")
    folder = tmp_path / "training"
    training_freeze(
        folder,
        "\n".join(rows).encode(),
        file="t.csv",
        name="Training",
        version="1",
        class_column="keeping",
        variables=["d13C", "d15N"],
    )
    return folder


def test_keeping_is_named_and_a_stranger_is_refused(tmp_path: Path, training: Path) -> None:
    table = "id,d13C,d15N\nW,-20.2,8.1\nC,-15.8,7.9\nX,40,60\n"
    wild, captive, stranger = run("captivity.classify", tmp_path, {"measurements": table}, training).outcomes
    assert (wild.finding.outcome, wild.finding.subject) == ("keeping", "wild")
    assert (captive.finding.outcome, captive.finding.subject) == ("keeping", "captive")
    assert stranger.finding.outcome == "out_of_domain"
    assert stranger.finding.subject is None
    assert stranger.likelihood_ratio is None
    assert not any(one.name.startswith("posterior") for one in stranger.numbers)
    confusion = wild.details["confusion"]
    assert isinstance(confusion, dict)
    assert sum(sum(said.values()) for said in confusion.values() if isinstance(said, dict)) == 60  # type: ignore[arg-type,misc]


def test_isotope_values_find_their_row_of_the_isoscape(tmp_path: Path) -> None:
    """Tissue = isoscape + 5 on a raster that falls from west to east: a value is at home where it was read."""
    columns = 12
    raster = np.tile(np.linspace(-110, 0, columns), (3, 1))
    random = np.random.default_rng(2)
    rows = ["id,value,scale,latitude,longitude"]
    for number in range(36):
        column, row = number % columns, number // columns
        value = raster[row, column] + 5 + random.normal() * 2
        rows.append(f"K{number},{value:.2f},LAB,{55 - 10 * row},{-15 + 10 * column}")
    folder = tmp_path / "iso"
    files = {"d2h.tif": geotiff(raster), "known.csv": "\n".join(rows).encode()}
    isoscape_freeze(folder, files, element="H", scale=None, name="Iso", version="1")
    table = "id,value,scale\nS1,-45,LAB\n"
    result = run("origin.isotope", tmp_path, {"measurements": table}, folder)
    (only,) = result.outcomes
    assert only.finding.outcome == "region"
    # -45 - 5 = -50 is column 6 of twelve: 45 to 55 degrees east lies inside, the far ends do not.
    geometry = json.loads({one.name: one for one in result.artefacts}["regions-0001.geojson"].content)["features"]
    half = next(one["geometry"] for one in geometry if one["properties"]["level"] == 0.5)
    longitudes = [point[0] for polygon in half["coordinates"] for ring in polygon for point in ring]
    assert min(longitudes) <= 40
    assert max(longitudes) >= 50
    assert max(longitudes) - min(longitudes) <= 40
    assert "coverage_rate_95" in numbers(result)
    with pytest.raises(InputRefused, match="unharmonised"):
        run("origin.isotope", tmp_path, {"measurements": "id,value,scale\nS1,-45,OTHER\n"}, folder)
    bad = {"known.csv": files["known.csv"]}
    with pytest.raises(InputRefused, match="GeoTIFF"):
        isoscape_freeze(tmp_path / "bad", bad, element="H", scale=None, name="Iso", version="1")


def test_a_haplotype_not_seen_is_not_absent(tmp_path: Path) -> None:
    """Of 10 animals of a region none has it: the exact upper end is 1 - 0.025^(1/10) = 0.3085."""
    rows = ["region,site,haplotype", *["North,N1,H1"] * 6, *["North,N2,H1"] * 4, *["South,S1,H2"] * 5]
    folder = tmp_path / "haplotypes"
    haplotypes_freeze(folder, "\n".join(rows).encode(), file="h.csv", name="H", version="1")
    table = "id,haplotype\nA,H2\nB,H9\n"
    seen, not_seen = run("origin.haplotype", tmp_path, {"measurements": table}, folder).outcomes
    assert seen.finding.among == ("South",)
    north = next(one for one in seen.numbers if "North" in one.name)
    assert north.interval is not None
    assert north.interval[:2] == pytest.approx((0.0, 1 - 0.025**0.1), abs=1e-6)
    assert (not_seen.finding.outcome, not_seen.finding.among) == ("haplotype_not_seen", ())
