"""Sets, models and the command that the tests of the map share."""

import csv
import io
import subprocess
import sys

from analysis.genotypes.reader import Layout, read_genotypes
from analysis.genotypes.table import GenotypeTable
from analysis.origin.baseline import Baseline, baseline_build
from analysis.origin.spatial.model import MapModel, model_build
from analysis.origin.spatial.sites import Coordinates, coordinates_of
from analysis.origin.synthetic_map import MapDesign
from tests.conftest import ROOT

DESCRIBED = ("population", "latitude", "longitude")
SMALL = MapDesign(seed=5, side=6, generations=60, loci=6, alleles=6, sites=14, animals=12, sampled=8, unsampled=8)


def table_of(text: str, name: str = "map.csv") -> GenotypeTable:
    return read_genotypes(text.encode(), name=name, layout=Layout(id="id", others=DESCRIBED, ignored=("synthetic",)))


def baseline_of(text: str) -> Baseline:
    return baseline_build(table_of(text, "baseline.csv"), population_column="population")


def places_of(baseline: Baseline) -> Coordinates:
    return coordinates_of(baseline, latitude_column="latitude", longitude_column="longitude")


def model_of(text: str, **more: object) -> MapModel:
    baseline = baseline_of(text)
    return model_build(baseline, places_of(baseline), **more)  # type: ignore[arg-type]  # passed by name


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


def changed(text: str, column: str, value: str, *, row: int = 4) -> str:
    """The table with another value in a row, the head being row 1."""
    rows = list(csv.DictReader(io.StringIO(text)))
    rows[row - 2][column] = value
    out = io.StringIO()
    writer = csv.DictWriter(out, rows[0])
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()
