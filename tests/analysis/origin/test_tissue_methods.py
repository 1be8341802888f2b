"""Isotope values and haplotypes as methods."""

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.errors import InputRefused
from analysis.origin.haplotype_method import haplotypes_freeze
from analysis.origin.isotope.calibration import TissueModel
from analysis.origin.isotope.reference import isoscape_freeze
from analysis.origin.isotope.scales import Measured
from tests.analysis.methods import numbers, run
from tests.analysis.origin.test_isotope import geotiff


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


def test_how_odd_a_value_is_at_its_best_place_follows_the_t_distribution() -> None:
    """With two degrees of freedom P(|T| >= t) = 1 - t / sqrt(2 + t^2); with one it is 1 - 2 atan(t) / pi."""
    cells = np.array([[0.0, 10.0], [np.nan, 4.0]])
    line = TissueModel(
        element="H", scale="LAB", animals=9, sites=4, outside=0, intercept=1.0, slope=1.0,
        covariance=np.zeros((2, 2)), scatter=2.0, between=0.0, degrees=2, r_squared=1.0,
    )  # fmt: skip
    for value, deviation, distance in (
        (7.5, 0.0, 0.0),
        (11.0, 0.0, 0.0),
        (15.0, 0.0, 2.0),
        (-5.0, 0.0, 3.0),
        (16.0, 1.5, 2.0),
    ):
        one = Measured(element="H", value=value, deviation=deviation, scale="LAB")
        assert line.fit(cells, one) == pytest.approx(1 - distance / math.sqrt(2 + distance**2), abs=1e-9)
    one = Measured(element="H", value=15.0, deviation=0.0, scale="LAB")
    assert replace(line, degrees=1).fit(cells, one) == pytest.approx(1 - 2 * math.atan(2.0) / math.pi, abs=1e-9)


@pytest.mark.parametrize(
    ("element", "ends", "shift", "inside", "beyond"),
    [
        ("H", (-110.0, 0.0), 5.0, "-45", "200"),
        ("O", (-15.0, 0.0), 12.0, "4", "60"),
        ("C", (-30.0, -12.0), 1.0, "-20", "15"),
        ("N", (2.0, 14.0), 3.0, "11", "-15"),
        ("S", (-2.0, 20.0), 0.5, "9", "-40"),
        ("Sr", (0.704, 0.740), 0.0, "0.72042", "0.79"),
    ],
)
def test_each_element_has_regions_and_a_value_that_fits_nowhere_has_none(
    tmp_path: Path, element: str, ends: tuple[float, float], shift: float, inside: str, beyond: str
) -> None:
    """No place of the map, however near its edge, is named for a value far beyond all its places."""
    raster = np.tile(np.linspace(*ends, 12), (3, 1))
    random = np.random.default_rng(2)
    spread = (ends[1] - ends[0]) / 50
    rows = ["id,value,scale,latitude,longitude"]
    for number in range(36):
        column, row = number % 12, number // 12
        value = raster[row, column] + shift + random.normal() * spread
        rows.append(f"K{number},{value:.6f},LAB,{55 - 10 * row},{-15 + 10 * column}")
    files = {"iso.tif": geotiff(raster), "known.csv": "\n".join(rows).encode()}
    isoscape_freeze(tmp_path / "iso", files, element=element, scale=None, name="Iso", version="1")
    table = f"id,value,scale\nS1,{inside},LAB\nS2,{beyond},LAB\n"
    result = run("origin.isotope", tmp_path, {"measurements": table}, tmp_path / "iso")
    fits, nowhere = result.outcomes
    assert (fits.finding.outcome, nowhere.finding.outcome) == ("region", "inconclusive")
    assert inside in fits.finding.statement
    assert [one.code for one in nowhere.finding.reasons] == ["fits_nowhere"]
    assert "at home nowhere" in nowhere.finding.statement
    assert (nowhere.figures, nowhere.details["regions"], nowhere.details["point"]) == ((), {}, None)
    assert numbers(result)["fit_p"] > 0.01
    assert {one.name for one in result.artefacts} & {"surface-0002.svg", "regions-0002.geojson"} == set()


def test_the_deviation_of_a_value_is_used_where_it_is_named(tmp_path: Path) -> None:
    raster = np.tile(np.linspace(-110, 0, 12), (3, 1))
    random = np.random.default_rng(2)
    rows = ["id,value,scale,latitude,longitude"]
    for number in range(36):
        column, row = number % 12, number // 12
        rows.append(f"K{number},{raster[row, column] + random.normal():.2f},LAB,{55 - 10 * row},{-15 + 10 * column}")
    files = {"d2h.tif": geotiff(raster), "known.csv": "\n".join(rows).encode()}
    isoscape_freeze(tmp_path / "iso", files, element="H", scale=None, name="Iso", version="1")
    table = {"measurements": "id,value,scale,sd\nA,-45,LAB,25\n"}
    (plain,) = run("origin.isotope", tmp_path, table, tmp_path / "iso").outcomes
    (wide,) = run("origin.isotope", tmp_path, table, tmp_path / "iso", deviation_column="sd").outcomes
    found: list[Any] = [one.details["regions"] for one in (plain, wide)]
    areas = [one["0.95"]["area_km2"] for one in found]
    assert areas[1] > 1.5 * areas[0]
    with pytest.raises(InputRefused, match="lacks the columns s\\.d\\."):
        run("origin.isotope", tmp_path, table, tmp_path / "iso", deviation_column="s.d.")
