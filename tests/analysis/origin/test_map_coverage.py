"""Regions hold what they state: sampled, never sampled and left-out places, made and real animals."""

import csv
import io
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from analysis.genotypes.table import GenotypeTable
from analysis.origin.spatial.calibration import floor_of, most_each
from analysis.origin.spatial.geography import (
    distance_km,
)
from analysis.origin.spatial.locate import LeftOut, MapRun, locate
from analysis.origin.spatial.model import MapModel
from analysis.origin.spatial.priors import Prior
from analysis.origin.synthetic_map import MapDesign, SyntheticMap, synthetic_map
from tests.analysis.origin.map_support import DESCRIBED, model_of, table_of


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


def test_small_populations_leave_their_share_to_large_ones() -> None:
    """2 + 3 + 15 are twenty; 60 of 33 give ten each for 600; where there are fewer than asked for, all."""
    assert most_each([2, 3, 50], 20) == 15
    assert most_each([33] * 60, 600) == 10
    assert most_each([4, 9], 600) == 9
    assert most_each([5] * 60, 10) == 1


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
            assert 0.90 <= inside.mean() <= 0.99
    map_km, discrete_km, _ = errors(out, table)
    assert map_km.mean() < discrete_km.mean()
