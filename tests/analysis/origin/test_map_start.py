"""What `origin map` loads: start-up is a fifth of the processor time of a small table, and easily doubled."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from analysis.origin.synthetic_map import MapDesign, synthetic_map

HEAVY = (
    *("numpy.ma", "numpy.random", "numpy.fft", "numpy.polynomial", "scipy", "pandas", "PIL", "Bio", "edlib"),
    *("blake3", "django", "celery", "difflib", "logging", "concurrent.futures", "tempfile", "statistics", "decimal"),
)
"""Modules that take milliseconds to load and of which placing a sample needs nothing."""
PROGRAM = """
import sys
before = set(sys.modules)  # what the interpreter's own start-up loads, here and there, is not asked about
import json, runpy
sys.argv = ["analysis", *sys.argv[1:]]
try:
    runpy.run_module("analysis", run_name="__main__")
except SystemExit as end:
    assert not end.code, end.code
print(json.dumps(sorted(set(sys.modules) - before)))
"""


@pytest.fixture
def tables(tmp_path: Path) -> tuple[Path, Path]:
    made = synthetic_map(MapDesign(seed=5, side=6, generations=40, loci=6, sites=8, animals=6, sampled=2, unsampled=2))
    samples, baseline = tmp_path / "samples.csv", tmp_path / "baseline.csv"
    samples.write_text(made.sampled_csv)
    baseline.write_text(made.baseline_csv)
    return samples, baseline


def test_placing_samples_loads_nothing_that_it_does_not_need(tables: tuple[Path, Path]) -> None:
    samples, baseline = tables
    words = ["origin", "map", str(samples), "--baseline", str(baseline), "--id-column", "id", "--format", "jsonl"]
    words += ["--population-column", "population", "--latitude-column", "latitude", "--longitude-column", "longitude"]
    done = subprocess.run([sys.executable, "-c", PROGRAM, *words], capture_output=True, text=True, check=True)
    *answers, loaded = done.stdout.splitlines()
    assert {json.loads(answer)["outcome"] for answer in answers} == {"region"}
    assert set(HEAVY) & set(json.loads(loaded)) == set()
