"""The made-up isoscape is a GeoTIFF that another reader opens, and its animals lie on its line."""

import csv
import io

import numpy as np
import pytest
from PIL import Image

from analysis.genotypes.grid import read_delimited
from analysis.origin.isotope.calibration import tissue_fit
from analysis.origin.isotope.raster import raster_read
from analysis.origin.isotope.tables import Columns, known_read
from analysis.origin.synthetic_isoscape import IsoscapeDesign, synthetic_isoscape, tissue_value

DESIGN = IsoscapeDesign(seed=4, north=-3.0, west=14.0, rows=16, columns=18)


def test_another_reader_sees_the_same_values() -> None:
    made = synthetic_isoscape(DESIGN)
    raster = raster_read(made.geotiff, name="d18O.tif")
    with Image.open(io.BytesIO(made.geotiff)) as image:
        assert image.mode == "F"
        seen = np.asarray(image)
    assert seen.shape == (DESIGN.rows, DESIGN.columns)
    assert raster.bands[0].tolist() == seen.tolist()
    assert (raster.north, raster.west, raster.height, raster.width) == (-3.0, 14.0, 1.0, 1.0)


def test_animals_lie_on_the_line_and_are_marked() -> None:
    made = synthetic_isoscape(DESIGN)
    assert made == synthetic_isoscape(DESIGN)
    rows = list(csv.DictReader(io.StringIO(made.known_csv)))
    assert {row["synthetic"] for row in rows} == {"SYNTHETIC"}
    off = [float(row["value"]) - tissue_value(DESIGN, float(row["latitude"]), float(row["longitude"])) for row in rows]
    assert np.std(off) == pytest.approx(DESIGN.scatter, rel=0.5)
    known = known_read(read_delimited(made.known_csv, name="known.csv"), Columns(element="O"))
    fit = tissue_fit(raster_read(made.geotiff, name="d18O.tif"), known)
    assert fit.animals == DESIGN.known
    assert fit.slope == pytest.approx(0.9, abs=0.15)
