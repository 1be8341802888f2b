"""The continuous map: its parts against algebra, its regions and errors on made and on real animals."""

import csv
import io
import json
import math
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from analysis.errors import InputRefused
from analysis.origin.spatial.field import Counts, Covariance, covariance_search, field_at, inverse, log_evidence
from analysis.origin.spatial.geography import (
    EARTH_KM,
    chord_km,
    distance_km,
    grid_build,
    unit_vectors,
)
from analysis.origin.spatial.locate import LeftOut, MapOutcome, locate
from analysis.origin.spatial.model import MapModel
from analysis.origin.spatial.priors import Prior
from analysis.origin.spatial.regions import geojson, geometric_median, posterior, regions
from analysis.origin.spatial.removal import site_removal
from analysis.origin.spatial.surface import surface_of
from analysis.origin.spatial.tables import tables_of
from analysis.origin.spatial.wording import answer_json
from analysis.origin.synthetic_map import SyntheticMap, synthetic_map
from tests.analysis.origin.map_support import (
    COLUMNS,
    SMALL,
    baseline_of,
    changed,
    command,
    model_of,
    places_of,
    table_of,
)

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


@pytest.mark.parametrize("system", ["urn:ogc:def:crs:OGC:1.3:CRS84", "EPSG:4326", "urn:ogc:def:crs:EPSG::4326"])
def test_a_range_map_may_name_the_system_it_is_in(system: str) -> None:
    polygon = {"type": "Polygon", "coordinates": [[[0, 0], [10, 0], [10, 10], [0, 10], [0, 0]]]}
    content = json.dumps({**polygon, "crs": {"type": "name", "properties": {"name": system}}}).encode()
    assert grid_build(np.array([1.0, 9.0]), np.array([1.0, 9.0]), range_map=content).restricted


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"not json", "not GeoJSON"),
        (b'{"type": "Feature", "geometry": null, "properties": {}}', "holds no polygon"),
        (
            b'{"type": "Polygon", "crs": {"properties": {"name": "urn:ogc:def:crs:EPSG::32733"}}, "coordinates": []}',
            "another system of coordinates",
        ),
        (
            b'{"type": "Polygon", "coordinates": [[[100, 50], [110, 50], [110, 60], [100, 50]]]}',
            "No animal of the baseline was sampled inside",
        ),
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


def test_inverses_by_halves_are_inverses() -> None:
    """Of covariances with very little and very much noise, of sizes on both sides of where halving begins."""
    random = np.random.default_rng(4)
    for size in (1, 12, 13, 40, 61):
        places = random.random((size, 2))
        apart = np.linalg.norm(places[:, None] - places[None], axis=2)
        matrix = np.exp(-apart)[None] + random.choice([1e-2, 1.0, 1e10], (3, size))[:, :, None] * np.eye(size)
        assert inverse(matrix) @ matrix == pytest.approx(np.broadcast_to(np.eye(size), matrix.shape), abs=1e-9)


def test_the_log_evidence_of_one_site_agrees_with_the_integral() -> None:
    """At one site with many copies the posterior is all but normal: the integral over the logit, by its sum over a fine
    grid, but for the binomial coefficient that no covariance changes. It may be taken about a place beside the mode."""
    counts = Counts(copies=np.array([[700.0], [40.0]]), totals=np.array([[2000.0], [1000.0]]), starts=(0,))
    mean, variance = np.array([-0.3, -2.0]), 1.4
    logits = np.linspace(-8, 8, 400_001)
    expected = 0.0
    for row, (copies, total) in enumerate(((700.0, 2000.0), (40.0, 1000.0))):
        joint = copies * logits - total * np.logaddexp(0, logits)
        joint -= (logits - mean[row]) ** 2 / (2 * variance) + 0.5 * math.log(2 * math.pi * variance)
        expected += joint.max() + math.log(np.exp(joint - joint.max()).sum() * (logits[1] - logits[0]))
    mode = np.array([[math.log(700 / 1300)], [math.log(40 / 960)]]) - mean[:, None]
    for beside in (0.0, 0.02):
        found = log_evidence(np.array([[variance]]), counts, mean, mode + beside)
        assert found == pytest.approx(expected, abs=0.01)


def test_the_covariance_found_has_the_highest_evidence_of_its_neighbours(model: MapModel) -> None:
    """Each parameter by itself a step up or down, the evidence at every candidate's own mode."""
    sites, best = model.sites, model.field.covariance

    def evidence(covariance: Covariance) -> float:
        field = field_at(sites.vectors, sites.counts, covariance)
        kernel = covariance.within(chord_km(sites.vectors, sites.vectors))
        return log_evidence(kernel, sites.counts, field.mean, field.dual @ kernel)

    highest = evidence(best)
    assert covariance_search(sites.vectors, sites.counts) == best
    for name in ("reach", "sill", "nugget"):
        for factor in (0.4, 2.5):
            assert evidence(replace(best, **{name: factor * getattr(best, name)})) < highest + 1.0


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


def test_decimal_commas_are_read(small: SyntheticMap) -> None:
    places = places_of(baseline_of(changed(changed(small.baseline_csv, "latitude", "1,25"), "longitude", "-0,5")))
    assert (places.latitudes[2], places.longitudes[2]) == (1.25, -0.5)


def test_a_map_across_the_180th_meridian_is_refused_by_file_and_row(small: SyntheticMap) -> None:
    with pytest.raises(InputRefused, match="180th meridian") as caught:
        model_of(changed(changed(small.baseline_csv, "longitude", "-179.9"), "longitude", "179.9", row=5))
    assert (caught.value.file, caught.value.row, caught.value.field) == ("baseline.csv", 4, "longitude")


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
