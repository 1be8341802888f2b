"""Isotope values and haplotypes as methods."""

import json
from pathlib import Path

import numpy as np
import pytest

from analysis.errors import InputRefused
from analysis.origin.haplotype_method import haplotypes_freeze
from analysis.origin.isotope.reference import isoscape_freeze
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
