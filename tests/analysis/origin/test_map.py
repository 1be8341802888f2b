"""The continuous map: its parts against algebra, its regions and errors on made and on real animals."""

import csv
import gzip
import io
import json
import math
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from analysis.errors import InputRefused
from analysis.genotypes.reader import Layout, read_genotypes
from analysis.genotypes.table import GenotypeTable
from analysis.inputs import InputFile
from analysis.origin.baseline import Baseline, baseline_build, baseline_freeze
from analysis.origin.spatial.calibration import floor_of
from analysis.origin.spatial.field import Counts, Covariance, field_at
from analysis.origin.spatial.geography import (
    EARTH_KM,
    chord_km,
    distance_km,
    grid_build,
    unit_vectors,
)
from analysis.origin.spatial.locate import LeftOut, MapOutcome, MapRun, locate
from analysis.origin.spatial.model import MapModel, model_build
from analysis.origin.spatial.priors import Prior
from analysis.origin.spatial.regions import geojson, geometric_median, posterior, regions
from analysis.origin.spatial.removal import site_removal
from analysis.origin.spatial.sites import coordinates_of
from analysis.origin.spatial.surface import surface_of
from analysis.origin.spatial.tables import tables_of
from analysis.origin.spatial.wording import answer_json
from analysis.origin.synthetic_map import MapDesign, SyntheticMap, synthetic_map
from tests.conftest import ROOT

DESCRIBED = ("population", "latitude", "longitude")
SMALL = MapDesign(seed=5, side=6, generations=60, loci=6, alleles=6, sites=14, animals=12, sampled=8, unsampled=8)


def table_of(text: str, name: str = "map.csv") -> GenotypeTable:
    return read_genotypes(text.encode(), name=name, layout=Layout(id="id", others=DESCRIBED, ignored=("synthetic",)))


def baseline_of(text: str) -> Baseline:
    return baseline_build(table_of(text, "baseline.csv"), population_column="population")


def model_of(text: str, **more: object) -> MapModel:
    baseline = baseline_of(text)
    places = coordinates_of(baseline, latitude_column="latitude", longitude_column="longitude")
    return model_build(baseline, places, **more)  # type: ignore[arg-type]  # passed by name


@pytest.fixture(scope="module")
def small() -> SyntheticMap:
    return synthetic_map(SMALL)


@pytest.fixture(scope="module")
def model(small: SyntheticMap) -> MapModel:
    return model_of(small.baseline_csv)


# Geography


def test_distances_on_the_sphere() -> None:
    """A quarter of the circumference from the equator to the pole; one degree of it is 111.195 km."""
    found = distance_km(0.0, 0.0, np.array([90.0, 0.0, 0.0]), np.array([0.0, 1.0, 180.0]))
    assert found == pytest.approx([math.pi * EARTH_KM / 2, 111.195, math.pi * EARTH_KM], rel=1e-5)


def test_cells_cover_the_frame_and_find_themselves() -> None:
    grid = grid_build(np.array([-10.0, 10.0]), np.array([0.0, 30.0]))
    rows, columns = grid.inside.shape
    assert 2000 < len(grid.areas) < 3200
    north, east = grid.south + rows * grid.height, grid.west + columns * grid.width
    # The area of a box on the sphere: R² Δλ (sin φ2 - sin φ1).
    box = EARTH_KM**2 * math.radians(east - grid.west)
    box *= math.sin(math.radians(north)) - math.sin(math.radians(grid.south))
    assert grid.areas.sum() == pytest.approx(box)
    for cell in (0, 77, len(grid.areas) - 1):
        assert grid.cell_of(float(grid.latitudes[cell]), float(grid.longitudes[cell])) == cell
    assert grid.cell_of(50.0, 0.0) is None


def test_the_range_map_restricts_the_grid() -> None:
    ring = [[0, 0], [10, 0], [10, 10], [0, 10], [0, 0]]
    hole = [[4, 4], [4, 6], [6, 6], [6, 4], [4, 4]]
    content = json.dumps({"type": "Feature", "geometry": {"type": "Polygon", "coordinates": [ring, hole]}}).encode()
    grid = grid_build(np.array([1.0, 9.0]), np.array([1.0, 9.0]), range_map=content, name="range.geojson")
    assert grid.cell_of(5.0, 5.0) is None
    assert grid.cell_of(2.0, 2.0) is not None
    assert grid.restricted
    # 10 x 10 degrees less 2 x 2 around 5 degrees north, within the size of a cell along the edges.
    whole = EARTH_KM**2 * math.radians(10) * math.sin(math.radians(10))
    middle = EARTH_KM**2 * math.radians(2) * (math.sin(math.radians(6)) - math.sin(math.radians(4)))
    assert grid.areas.sum() == pytest.approx(whole - middle, rel=0.01)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"not json", "not GeoJSON"),
        (b'{"type": "Point", "coordinates": [1, 2]}', "no polygon"),
        (
            b'{"type": "Polygon", "coordinates": [[[904155, 2074435], [1e6, 2e6], [9e5, 3e6], [904155, 2074435]]]}',
            "not degrees",
        ),
    ],
)
def test_range_maps_that_are_none(content: bytes, words: str) -> None:
    with pytest.raises(InputRefused, match=words):
        grid_build(np.array([1.0, 9.0]), np.array([1.0, 9.0]), range_map=content, name="range.geojson")


# The field


def test_one_site_agrees_with_a_posterior_by_quadrature() -> None:
    """At a single site the logit's posterior is one-dimensional: its mode by bisection of the derivative,
    written down here again, is the mode found."""
    covariance = Covariance(sill=1.0, reach=100.0, power=1.0, nugget=0.1)
    counts = Counts(copies=np.array([[7.0], [13.0]]), totals=np.array([[20.0], [20.0]]), starts=(0,))
    field = field_at(unit_vectors(np.array([0.0]), np.array([0.0])), counts, covariance)
    variance = covariance.prior_variance + 1e-6
    for row, copies in enumerate((7.0, 13.0)):
        low, high = -10.0, 10.0
        for _ in range(200):
            middle = (low + high) / 2
            slope = copies - 20.0 / (1 + math.exp(-middle)) - (middle - field.mean[row]) / variance
            low, high = (middle, high) if slope > 0 else (low, middle)
        assert field.frequency[row, 0] == pytest.approx(1 / (1 + math.exp(-low)), abs=1e-6)


def test_the_mode_satisfies_its_equation(model: MapModel) -> None:
    """At the mode the dual weights are the gradient: copies - totals x frequency."""
    field = model.field
    gradient = field.counts.copies - field.counts.totals * field.frequency
    assert field.dual == pytest.approx(gradient, abs=2e-2)


def test_far_from_everything_nothing_is_known() -> None:
    covariance = Covariance(sill=1.0, reach=10.0, power=1.0, nugget=0.1)
    copies = np.array([[18.0, 2.0], [2.0, 18.0]])
    counts = Counts(copies=copies, totals=np.full((2, 2), 20.0), starts=(0,))
    sites = unit_vectors(np.array([0.0, 0.5]), np.array([0.0, 0.5]))
    surface = surface_of(
        field_at(sites, counts, covariance), unit_vectors(np.array([0.0, 60.0]), np.zeros(2)), np.array([-1, -1])
    )
    assert surface.variance[0, 0] < surface.variance[0, 1]
    # Only the common mean was learnt there: sill and nugget remain.
    assert 1.1 < surface.variance[0, 1] < 2.1


def test_taking_animals_out_is_close_to_fitting_without_them(model: MapModel, small: SyntheticMap) -> None:
    """The one-step removal against a fit, under the same covariance, of a table without the animals."""
    site = 3
    members = model.sites.member == site
    quick = tables_of(model.surface, removal=site_removal(model.baseline, model.sites, members))
    copies, totals = model.sites.counts.copies.copy(), model.sites.counts.totals.copy()
    copies[:, site], totals[:, site] = 0.0, 0.0
    counts = Counts(copies=copies, totals=totals, starts=model.sites.counts.starts)
    field = field_at(model.sites.vectors, counts, model.field.covariance)
    field = replace(field, mean=model.field.mean)
    again = tables_of(surface_of(field, model.vectors, model.surface.hosts))
    codes, known = model.baseline.table.codes, model.baseline.allele_counts
    for animal in np.flatnonzero(members)[:4]:
        first = posterior(quick.log_likelihood(codes[:, animal], known), np.log(model.grid.areas))
        second = posterior(again.log_likelihood(codes[:, animal], known), np.log(model.grid.areas))
        assert 0.5 * np.abs(first - second).sum() < 0.15


def test_genotype_probabilities_add_to_one(model: MapModel) -> None:
    """Over all genotypes of a locus in one cell, errors included, to single precision."""
    tables, known = model.tables, model.baseline.allele_counts
    loci = len(known)
    total = np.zeros(len(model.grid.areas))
    for first in range(int(known[0])):
        for second in range(first, int(known[0])):
            genotype = np.full((loci, 2), -1)
            genotype[0] = (first, second)
            total += np.exp(tables.log_likelihood(genotype, known))
    assert total == pytest.approx(np.ones_like(total), abs=2e-6)


def test_the_fit_of_a_genotype_is_that_of_made_genotypes(model: MapModel) -> None:
    """Against genotypes drawn from the cell's own table: for a middling and for a rare one."""
    random = np.random.default_rng(8)
    tables, known, cell = model.tables, model.baseline.allele_counts, 700
    drawn = []
    for locus, start in enumerate(tables.starts):
        weights = tables.weights[start : start + known[locus], cell]
        pooled = tables.pooled[start : start + known[locus]]
        shares = random.dirichlet(weights, 4000)
        wrong = random.random(4000) < tables.error
        shares[wrong] = pooled
        pairs = [np.sort(random.choice(known[locus], 2, p=share)) for share in shares]
        drawn.append(pairs)
    genotypes = np.array(drawn).transpose(1, 0, 2)
    scores = np.array([tables.log_likelihood(one, known)[cell] for one in genotypes])
    order = np.argsort(scores)
    for share in (0.05, 0.5, 0.9):
        found = tables.fit(genotypes[order[int(share * 4000)]], known, cell)
        assert found == pytest.approx(share, abs=0.06)
    assert tables.fit(np.full((len(known), 2), -1), known, cell) == 1.0


def test_animals_of_nowhere_fit_nowhere(model: MapModel, small: SyntheticMap) -> None:
    """Genotypes of one rare allele at every locus, against the baseline's own animals."""
    own = [answer.fit_p for answer in locate(model, table_of(small.sampled_csv)).samples]
    assert min(value for value in own if value is not None) > 0.001
    rare = [int(np.argmin(model.sites.counts.copies[start : start + n].sum(axis=1)))
            for start, n in zip(model.tables.starts, model.baseline.allele_counts.tolist(), strict=True)]  # fmt: skip
    stranger = np.array([[code, code] for code in rare])
    cell = int(model.tables.log_likelihood(stranger, model.baseline.allele_counts).argmax())
    assert model.tables.fit(stranger, model.baseline.allele_counts, cell) < 0.01


# Regions


def test_regions_and_median_of_a_posterior_by_hand() -> None:
    grid = grid_build(np.array([-1.0, 1.0]), np.array([-1.0, 1.0]), cells=100)
    share = np.full(len(grid.areas), 1e-12)
    middle = grid.cell_of(0.05, 0.05)
    other = grid.cell_of(0.95, 0.95)
    assert middle is not None
    assert other is not None
    share[middle], share[other] = 0.7, 0.3
    half, wide = regions(grid, share / share.sum())
    assert half.cells.sum() == 1
    assert half.cells[middle]
    assert wide.cells.sum() == 2
    assert half.area_km2 == pytest.approx(grid.areas[middle])
    # With more than half of the weight in one place, the geometric median is that place.
    point = geometric_median(grid, grid.vectors, share)
    assert point.latitude == pytest.approx(grid.latitudes[middle], abs=1e-3)


def shoelace(ring: list[list[float]]) -> float:
    return sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in pairwise(ring)) / 2


@pytest.mark.parametrize("seed", range(5))
def test_outlines_enclose_exactly_the_cells(seed: int) -> None:
    """Any set of cells: rings are closed, outer ones counter-clockwise, and areas less holes are the cells'."""
    grid = grid_build(np.array([-1.0, 1.0]), np.array([-1.0, 1.0]), cells=150)
    cells = np.random.default_rng(seed).random(len(grid.areas)) < 0.6
    found = geojson(grid, cells)
    total = 0.0
    for polygon in found["coordinates"]:  # type: ignore[union-attr]  # a MultiPolygon's list
        for number, ring in enumerate(polygon):  # type: ignore[arg-type]  # rings
            assert ring[0] == ring[-1]
            assert (shoelace(ring) > 0) == (number == 0)
            total += shoelace(ring)
    assert total == pytest.approx(cells.sum() * grid.width * grid.height, rel=1e-4)


# Bad input


def changed(text: str, column: str, value: str) -> str:
    rows = list(csv.DictReader(io.StringIO(text)))
    rows[2][column] = value
    out = io.StringIO()
    writer = csv.DictWriter(out, rows[0])
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("latitude", "2074435", "not in degrees"),
        ("longitude", "904155", "not in degrees"),
        ("latitude", "north", "no latitude"),
        ("longitude", "", "empty"),
        ("latitude", "nan", "no latitude"),
    ],
)
def test_coordinates_that_are_none(small: SyntheticMap, column: str, value: str, words: str) -> None:
    with pytest.raises(InputRefused, match=words) as caught:
        model_of(changed(small.baseline_csv, column, value))
    assert (caught.value.row, caught.value.field) == (4, column)


def test_too_few_places() -> None:
    data = synthetic_map(replace(SMALL, sites=3))
    with pytest.raises(InputRefused, match="3 different places"):
        model_of(data.baseline_csv)


def test_a_population_that_is_not_there_cannot_be_left_out(model: MapModel, small: SyntheticMap) -> None:
    samples = table_of(small.unsampled_csv)
    with pytest.raises(InputRefused, match="no population of the baseline"):
        locate(model, samples, leave_out=samples.columns["population"])


def test_a_file_may_mix_populations_of_the_baseline_and_others(model: MapModel, small: SyntheticMap) -> None:
    own, other = small.baseline_csv.splitlines(), small.unsampled_csv.splitlines()
    samples = table_of("\n".join([own[0], own[1], other[1]]))
    found = locate(model, samples, leave_out=samples.columns["population"]).samples
    assert [answer.left_out for answer in found] == [LeftOut.POPULATION, LeftOut.NOTHING]
    alone = locate(model, table_of("\n".join(other[:2]))).samples[0]
    assert found[1].by_prior[Prior.FLAT].point == alone.by_prior[Prior.FLAT].point


def test_one_population_of_many_places_has_a_map(tmp_path: Path, small: SyntheticMap) -> None:
    """The map needs places only; leaving the only population out leaves nothing, and that is said."""
    rows = list(csv.reader(io.StringIO(small.baseline_csv)))
    for row in rows[1:]:
        row[2] = "all"
    path = tmp_path / "one.csv"
    path.write_text("\n".join(",".join(row) for row in rows))
    (tmp_path / "sample.csv").write_text("\n".join(",".join(row) for row in rows[:2]))
    words = [str(tmp_path / "sample.csv"), "--baseline", str(path), *COLUMNS, "--format", "jsonl"]
    assert json.loads(command(*words).stdout)["discrete"]["population"] == "all"
    refused = command(*words, "--leave-out-own-population")
    assert refused.returncode == 1
    assert "0 sites remain" in refused.stderr


def test_empty_genotypes_have_no_place(model: MapModel, small: SyntheticMap) -> None:
    rows = list(csv.reader(io.StringIO(small.sampled_csv)))
    rows[1][5:] = [""] * (len(rows[1]) - 5)
    text = "\n".join(",".join(row) for row in rows[:3])
    empty, full = locate(model, table_of(text)).samples
    assert empty.outcome is MapOutcome.NO_RESULT
    assert not empty.by_prior
    assert full.outcome is MapOutcome.REGION
    assert answer_json(empty, model)["point"] is None


# Errors and coverage


def errors(run: MapRun, table: GenotypeTable, prior: Prior = Prior.FLAT) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Distance of the point, distance of the discrete answer, and whether the 95 % region holds the truth."""
    map_km, discrete_km, inside = [], [], []
    for answer, lat, lon in zip(
        run.samples, map(float, table.columns["latitude"]), map(float, table.columns["longitude"]), strict=True
    ):
        found, best = answer.by_prior[prior], answer.discrete
        assert best is not None
        places = [(found.point.latitude, found.point.longitude), (best.place.latitude, best.place.longitude)]
        near = distance_km(lat, lon, np.array([x for x, _ in places]), np.array([y for _, y in places]))
        map_km.append(near[0])
        discrete_km.append(near[1])
        cell = run.model.grid.cell_of(lat, lon)
        inside.append(cell is not None and bool(found.regions[1].cells[cell]))
    return np.array(map_km), np.array(discrete_km), np.array(inside)


def thinned(table: GenotypeTable, step: int) -> GenotypeTable:
    rows = list(range(0, len(table), step))
    return replace(
        table,
        ids=tuple(table.ids[row] for row in rows),
        codes=table.codes[:, rows].copy(),
        lines=tuple(table.lines[row] for row in rows),
        columns={name: tuple(cells[row] for row in rows) for name, cells in table.columns.items()},
    )


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_regions_cover_what_they_state_under_isolation_by_distance(seed: int) -> None:
    """Animals of sampled and of never sampled demes, and baseline sites left out: neither too few nor too many lie in
    their 95 % regions, whichever the prior."""
    data = synthetic_map(MapDesign(seed=seed, sampled=200, unsampled=130))
    model = model_of(data.baseline_csv)
    left = thinned(table_of(data.baseline_csv), 11)
    out = locate(model, left, leave_out=left.columns["population"])
    assert all(answer.left_out is LeftOut.POPULATION for answer in out.samples)
    sampled, unsampled = table_of(data.sampled_csv), table_of(data.unsampled_csv)
    for run, table in ((locate(model, sampled), sampled), (locate(model, unsampled), unsampled), (out, left)):
        for prior in Prior:
            _, _, inside = errors(run, table, prior)
            assert 0.90 <= inside.mean() <= 0.99
    map_km, discrete_km, _ = errors(out, left)
    assert map_km.mean() < discrete_km.mean()


def test_floors_follow_the_split_conformal_rule() -> None:
    """Of 99 equally spaced tails, 5 % of 100 are the fifth smallest; a kind of few animals keeps the nominal share."""
    tails = np.arange(1, 100) / 100
    both = np.concatenate([tails, [0.9, 0.95]])
    floor = floor_of(both, np.arange(len(both)) < 99, 0.05)
    assert floor.sampled == pytest.approx(0.05, abs=1e-6)
    assert (tails > floor.sampled).sum() == 95
    assert floor.elsewhere == 0.05


def test_sampled_cells_are_those_of_animals_that_stay(model: MapModel) -> None:
    """Without its site, a place is judged as one never sampled."""
    site = 3
    cell = model.cells[np.flatnonzero(model.sites.member == site)[0]]
    assert model.calibration is not None
    for place, floor in enumerate(model.calibration.floors[Prior.FLAT]):
        with_site, without = model.floors(Prior.FLAT), model.floors(Prior.FLAT, [site])
        assert with_site is not None
        assert without is not None
        assert with_site[place][cell] == floor.sampled
        assert without[place][cell] == floor.elsewhere
        changed_cells = np.flatnonzero(with_site[place] != without[place])
        assert changed_cells.tolist() in ([], [cell])


def test_regions_without_calibration_hold_their_share(small: SyntheticMap) -> None:
    plain = model_of(small.baseline_csv, calibrated=False)
    assert plain.floors(Prior.FLAT) is None
    answer = locate(plain, table_of(small.sampled_csv)).samples[0]
    for region in answer.by_prior[Prior.DENSITY].regions:
        share = answer.by_prior[Prior.DENSITY].share[region.cells]
        assert region.share == pytest.approx(share.sum())
        assert region.share >= region.level > region.share - share.min()


def test_own_animals_are_taken_out(model: MapModel, small: SyntheticMap) -> None:
    own = thinned(table_of(small.baseline_csv), 40)
    assert {answer.left_out for answer in locate(model, own).samples} == {LeftOut.ANIMAL}


# The command


def lambert(x: float, y: float) -> tuple[float, float]:
    """Lambert zone II étendu (NTF, Paris) to degrees on the Clarke 1880 ellipsoid (IGN, notice NT/G 71)."""
    n, c, xs, ys, e = 0.7289686274, 11745793.39, 600000.0, 8199695.768, 0.08248325676
    radius, angle = math.hypot(x - xs, y - ys), math.atan((x - xs) / (ys - y))
    isometric = -math.log(abs(radius / c)) / n
    latitude = 2 * math.atan(math.exp(isometric)) - math.pi / 2
    for _ in range(20):
        bulge = ((1 + e * math.sin(latitude)) / (1 - e * math.sin(latitude))) ** (e / 2)
        latitude = 2 * math.atan(bulge * math.exp(isometric)) - math.pi / 2
    return math.degrees(latitude), 2.337229167 + math.degrees(angle / n)


def rupica(folder: Path, *, bin_km: float = 2.5) -> str:
    """The chamois of the Bauges with their places; animals of one square are one population."""
    with (folder / "rupica_xy.tsv").open() as places:
        xy = [(float(row["x"]), float(row["y"])) for row in csv.DictReader(places, delimiter="\t")]
    out = io.StringIO()
    with (folder / "rupica.tsv").open() as table:
        for number, ((x, y), row) in enumerate(zip(xy, csv.DictReader(table, delimiter="\t"), strict=True)):
            loci = {name: cell for name, cell in row.items() if name not in ("id", "pop")}
            if number == 0:
                out.write(",".join(["id", *DESCRIBED, *loci]) + "\n")
            latitude, longitude = lambert(x, y)
            square = f"{int(x // (bin_km * 1000))}-{int(y // (bin_km * 1000))}"
            out.write(
                ",".join([f"{row['id']}-{number}", square, f"{latitude:.6f}", f"{longitude:.6f}", *loci.values()])
            )
            out.write("\n")
    return out.getvalue()


@pytest.mark.slow
@pytest.mark.parametrize("bin_km", [1.0, 2.5])
def test_chamois_of_the_bauges(genotype_data: Path, bin_km: float) -> None:
    """Real coordinates: every animal alone, and its whole square, left out."""
    text = rupica(genotype_data, bin_km=bin_km)
    model, table = model_of(text), table_of(text)
    alone, out = locate(model, table), locate(model, table, leave_out=table.columns["population"])
    for run in (alone, out):
        for prior in Prior:
            _, _, inside = errors(run, table, prior)
            # Up to 0.99, and one animal of the 335: sums of single precision differ from processor to processor.
            assert 0.90 <= inside.mean() <= 0.993
    map_km, discrete_km, _ = errors(out, table)
    assert map_km.mean() < discrete_km.mean()


def command(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "analysis", "origin", "map", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


COLUMNS = [
    *("--id-column", "id", "--population-column", "population"),
    *("--latitude-column", "latitude", "--longitude-column", "longitude", "--ignore-column", "synthetic"),
]


def test_the_command_gives_lines_with_the_named_keys(tmp_path: Path, small: SyntheticMap) -> None:
    (tmp_path / "base.csv").write_text(small.baseline_csv)
    (tmp_path / "samples.csv").write_text(small.unsampled_csv)
    words = [str(tmp_path / "samples.csv"), "--baseline", str(tmp_path / "base.csv"), *COLUMNS]
    done = command(*words, "--format", "jsonl", "--artefacts", str(tmp_path / "out"))
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["id"] for line in lines] == [f"SYN-U{number:04d}" for number in range(1, 9)]
    for line in lines:
        assert set(line["priors"]) == {"flat", "density"}
        for found in (line, *line["priors"].values()):
            assert set(found["point"]) == {"latitude", "longitude"}
            assert found["regions"]["0.5"]["area_km2"] < found["regions"]["0.95"]["area_km2"]
            assert found["regions"]["0.95"]["geojson"]["type"] == "MultiPolygon"
    written = {path.name for path in (tmp_path / "out").iterdir()}
    assert {"model.json", "map-0001.svg", "map-0001.png", "map-0008.svg"} <= written
    assert "discrete" in command(*words).stdout


def rewritten(text: str, *, delimiter: str, pair: tuple[str, str], missing: Sequence[str], shuffled: bool) -> bytes:
    """The same animals in another form: other pair names, ways to write untyped loci, order and further columns."""
    head, *rows = csv.reader(io.StringIO(text))
    random = np.random.default_rng(7)
    names = [name[:-2] + pair[int(name[-1]) - 1] if name.startswith("SYN") else name for name in head]
    found = [[*names, "officer", "year"]]
    for number, row in enumerate(rows):
        blank = missing[number % len(missing)]
        if number % 3 == 0:
            row[-2:] = [blank, blank]
        found.append([*row, f"K. N. {number}", "2019"])
    order = random.permutation(len(found[0])) if shuffled else np.arange(len(found[0]))
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="\n").writerows([[row[one] for one in order] for row in found])
    return out.getvalue().encode()


@pytest.mark.parametrize(
    ("ending", "delimiter", "pair", "missing", "shuffled"),
    [
        ("tsv.gz", "\t", ("", ".1"), ("NA",), False),
        ("csv", ";", ("_1", "_2"), ("", "0", "-9", "NA"), True),
        ("csv.gz", ",", (".1", ".2"), ("-9",), True),
        ("tsv", "\t", ("", "_1"), ("0",), False),
    ],
)
def test_the_form_of_a_table_changes_nothing(
    tmp_path: Path, small: SyntheticMap, ending: str, delimiter: str, pair: tuple[str, str], missing: Sequence[str],
    shuffled: bool,
) -> None:  # fmt: skip
    def answers(name: str, form: Callable[[str], bytes]) -> list[dict[str, object]]:
        paths = [tmp_path / f"{kind}.{name}" for kind in ("base", "samples")]
        for path, text in zip(paths, (small.baseline_csv, "\n".join(small.sampled_csv.splitlines()[:4])), strict=True):
            content = form(text)
            path.write_bytes(gzip.compress(content) if name.endswith("gz") else content)
        done = command(str(paths[1]), "--baseline", str(paths[0]), *COLUMNS, "--format", "jsonl", "--no-calibration")
        assert done.returncode == 0, done.stderr
        return [{**json.loads(line), "baseline": None} for line in done.stdout.splitlines()]

    def plain(text: str) -> bytes:
        return rewritten(text, delimiter=",", pair=("_1", "_2"), missing=("",), shuffled=False)

    def other(text: str) -> bytes:
        return rewritten(text, delimiter=delimiter, pair=pair, missing=missing, shuffled=shuffled)

    assert answers(ending, other) == answers("plain.csv", plain)


def test_the_command_leaves_the_own_population_out(tmp_path: Path, small: SyntheticMap) -> None:
    (tmp_path / "base.csv").write_text(small.baseline_csv)
    head, *rows = small.baseline_csv.splitlines()
    (tmp_path / "own.csv").write_text("\n".join([head, rows[0], rows[30]]))
    words = [str(tmp_path / "own.csv"), "--baseline", str(tmp_path / "base.csv"), *COLUMNS, "--format", "jsonl"]
    found = [json.loads(line) for line in command(*words, "--leave-out-own-population").stdout.splitlines()]
    assert {line["left_out"] for line in found} == {"population"}
    assert [line["discrete"]["population"] for line in found] != [row.split(",")[2] for row in (rows[0], rows[30])]


def test_a_frozen_baseline_maps_the_same(tmp_path: Path, small: SyntheticMap) -> None:
    (tmp_path / "base.csv").write_text(small.baseline_csv)
    (tmp_path / "samples.csv").write_text("\n".join(small.sampled_csv.splitlines()[:3]))
    baseline_freeze(
        tmp_path / "set",
        small.baseline_csv.encode(),
        name="Map",
        version="1",
        id_column="id",
        population_column="population",
    )
    lines = [
        [
            json.loads(line)["regions"]
            for line in command(
                str(tmp_path / "samples.csv"), "--baseline", str(tmp_path / name), *COLUMNS, "--format", "jsonl"
            ).stdout.splitlines()
        ]
        for name in ("base.csv", "set")
    ]
    assert lines[0] == lines[1] != []


def test_projected_coordinates_are_refused_by_the_command(tmp_path: Path, small: SyntheticMap) -> None:
    (tmp_path / "base.csv").write_text(changed(small.baseline_csv, "latitude", "2074435"))
    done = command(str(tmp_path / "base.csv"), "--baseline", str(tmp_path / "base.csv"), *COLUMNS)
    assert done.returncode == 1
    assert "row 4" in done.stderr
    assert "EPSG:4326" in done.stderr


def test_chords_and_an_input_file(tmp_path: Path) -> None:
    ends = unit_vectors(np.array([0.0, 0.0]), np.array([0.0, 180.0]))
    assert chord_km(ends, ends)[0, 1] == pytest.approx(2 * EARTH_KM)
    with pytest.raises(InputRefused):
        InputFile.from_path("range", tmp_path / "none.geojson")
