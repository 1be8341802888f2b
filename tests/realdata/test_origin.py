"""Chinook salmon through the command line a defence expert runs, against what rubias publishes."""

import gzip
import json
import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT
from tests.realdata.support import DATA, needs

pytestmark = [needs("genotypes")]

TABLE = DATA / "genotypes" / "chinook.tsv.gz"
COLUMNS = ["--id-column", "indiv", "--population-column", "collection", "--group-column", "repunit"]
FISH = "Alsea_R:0001"
PUBLISHED = {
    "CaliforniaCoast": "3.72e-08", "CentralValleyfa": "1.54e-14", "CentralValleysp": "8.12e-15",
    "CentralValleywi": "1.22e-23", "CohoSp": "2.09e-52", "CopperR": "3.08e-20", "DeschutesRfa": "3.81e-10",
    "EVancouverIs": "1.02e-08", "KlamathR": "1.11e-11", "LColumbiaRfa": "8.52e-08",
}  # fmt: skip
"""Scaled likelihoods of that fish by reporting unit, self-assignment, as in the documentation of rubias."""


def _origin(*words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "analysis", "origin", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_leave_one_out_reaches_the_reporting_unit() -> None:
    found = json.loads(_origin("validate", str(TABLE), *COLUMNS))
    assert (found["animals"], found["loci"]) == (7301, 91)
    assert found["accuracy"]["group"] >= 0.87
    # rubias's own self-assignment gives 87.6 % to reporting unit and 65.6 % to collection.
    assert round(found["accuracy"]["group"], 3) == 0.876
    assert round(found["accuracy"]["population"], 3) == 0.656


def test_likelihoods_are_those_rubias_publishes(tmp_path: Path) -> None:
    with gzip.open(TABLE, "rt", encoding="utf-8") as table:
        head = next(table)
        row = next(line for line in table if line.split("\t")[3] == FISH)
    sample = tmp_path / "one.tsv"
    sample.write_text(head + row)
    words = ["--baseline", str(TABLE), *COLUMNS, "--simulations", "100", "--alpha", "0.05", "--format", "jsonl"]
    answer = json.loads(_origin("assign", str(sample), *words))
    found = {one["group"]: f"{one['posterior']:.2e}" for one in answer["groups"]}
    assert answer["left_out"]
    assert {group: found[group] for group in PUBLISHED} == PUBLISHED
