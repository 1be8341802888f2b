"""The comparison with SCAT3: what is written for it and read from it, with a stand-in whose answers are known."""

import csv
import io
import math
import sys
from pathlib import Path

import numpy as np
import pytest

from analysis.origin.spatial.geography import EARTH_KM
from analysis.origin.synthetic_map import synthetic_map
from benchmarks.scat3 import Case, enclosed, goals, lines_of, main, scat_run
from benchmarks.scat3_files import Widened, apart_km, files_write, held, places_read, points_of
from tests.analysis.origin.map_support import SMALL

STAND_IN = """#!{python}
import pathlib, sys
words = sys.argv[1:]
last = int(words[words.index("-A") + 2])
boundary = next(word[2:] for word in words if word.startswith("-B"))
assert pathlib.Path(boundary).read_text().splitlines()[0] == pathlib.Path(boundary).read_text().splitlines()[-1]
genotypes, locations = words[-7], words[-6]
zones = {{line.split()[1]: line.split()[2:] for line in open(locations)}}
names = [line.split()[:2] for line in open(genotypes)][0 : 2 * last : 2]
for name, zone in names:
    north, east = map(float, zones.get(zone, ["0.0", "0.0"]))
    lines = ["80 80 -1"] * 100 + [f"{{north + 1}} {{east}} -1"] * 100
    pathlib.Path(name).write_text("\\n".join([*lines, "Acceptance rate: 0.5"]) + "\\n")
pathlib.Path("words.txt").write_text(" ".join(words))
"""
"""Every chain says: one degree north of the animal's own zone, after a burn-in that is far off."""


@pytest.fixture
def program(tmp_path: Path) -> Path:
    path = tmp_path / "stand-in"
    path.write_text(STAND_IN.format(python=sys.executable))
    path.chmod(0o755)
    return path


@pytest.fixture(scope="module")
def small_case() -> Case:
    rows = list(csv.DictReader(io.StringIO(synthetic_map(SMALL).baseline_csv)))
    for row in rows:
        del row["synthetic"]
    return Case(name="small", title="small", queries=tuple(rows[::40]), baseline=tuple(rows), inside=True, out=True)


def test_the_stand_in_is_one_degree_off(program: Path, small_case: Case, tmp_path: Path) -> None:
    lines = lines_of(small_case, program, tmp_path)
    assert [line.method for line in lines] == [
        *("map, flat prior", "map, density prior", "discrete assignment"),
        *("SCAT3, medians", "SCAT3, mean", "SCAT3, geometric median"),
    ]
    degree = math.radians(1) * EARTH_KM
    for line in lines[3:]:
        assert line.errors == pytest.approx([degree] * len(small_case.queries), rel=1e-4)
        assert not any(line.inside)
    words = (tmp_path / "small" / "out" / "words.txt").read_text().split()
    assert words[:4] == ["-A", "1", str(len(small_case.queries)), "-R"]
    assert words[-4:] == [str(SMALL.loci), "100", "10", "100"]
    said = goals(lines, out=True)
    assert said[0].startswith("mean error of the map / discrete")
    assert said[1].endswith(f"SCAT3, geometric median {np.median(lines[0].errors) / degree:.3f} (aim 1.10)")
    # The discrete answer never names a population that was taken out: demes are two degrees apart.
    assert min(lines[2].errors) > degree


def test_chains_that_are_there_are_not_made_again(program: Path, small_case: Case, tmp_path: Path) -> None:
    folder = tmp_path / "runs"
    first = scat_run(small_case, program, folder)
    program.write_text("#!/bin/false\n")
    assert scat_run(small_case, program, folder) == pytest.approx(first, abs=0.005)


def test_animals_of_unknown_origin_carry_minus_one(small_case: Case, tmp_path: Path) -> None:
    stranger = {name: cell for name, cell in small_case.baseline[0].items() if name != "population"}
    locus = next(name for name in stranger if name.endswith("_1"))
    unread = {**stranger, "id": "X", locus: "", f"{locus[:-1]}2": ""}
    loci = files_write(tmp_path, [unread], small_case.baseline[1:])
    lines = [line.split() for line in (tmp_path / "genotypes.txt").read_text().splitlines()]
    assert len(lines) == 2 * len(small_case.baseline)
    assert [line[:3] for line in lines[:2]] == [["X", "-1", "-999"]] * 2
    assert {len(line) for line in lines} == {2 + loci}
    zones = [line.split() for line in (tmp_path / "locations.txt").read_text().splitlines()]
    assert sorted(int(line[1]) for line in zones) == list(range(1, SMALL.sites + 1))
    own = next(line for line in lines if line[0] == small_case.baseline[1]["id"])[1]
    place = next(line[2:] for line in zones if line[1] == own)
    assert [float(one) for one in place] == pytest.approx(
        [float(small_case.baseline[1][name]) for name in ("latitude", "longitude")]
    )


def test_an_unfinished_chain_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "A").write_text("1 2 -3\n" * 150)
    assert places_read(tmp_path, "A", 100) is None


def test_widened_land_comes_back() -> None:
    wide = Widened(latitude=45.6, longitude=6.2, factor=30.0)
    there = wide.there(45.7, 6.3)
    assert there[0] == pytest.approx(3.0)
    assert there[1] == pytest.approx(3.0 * math.cos(math.radians(45.6)))
    assert wide.back(np.array([there]))[0] == pytest.approx([45.7, 6.3])


def test_points_and_coverage_of_sampled_places() -> None:
    """Three of five places are one: the geometric median is there (Weiszfeld), the mean is not."""
    points = points_of(np.array([[0.0, 10.0]] * 3 + [[0.0, 12.0], [0.0, 14.0]]))
    assert points["geometric median"] == pytest.approx((0.0, 10.0), abs=1e-3)
    assert points["medians"] == (0.0, 10.0)
    assert points["mean"] == pytest.approx((0.0, 11.2), abs=2e-3)
    assert apart_km((0.0, 0.0), (0.0, 1.0)) == pytest.approx(111.195, rel=1e-4)
    # Of a normal cloud of one degree, 95 % lie within 2.45 degrees of its middle.
    cloud = np.random.RandomState(3).normal(size=(2000, 2))
    assert held(cloud, (0.0, 2.2))
    assert not held(cloud, (0.0, 3.2))


def test_places_in_outlines() -> None:
    ring = [[0, 0], [10, 0], [10, 10], [0, 10], [0, 0]]
    hole = [[4, 4], [4, 6], [6, 6], [6, 4], [4, 4]]
    region: dict[str, object] = {"type": "MultiPolygon", "coordinates": [[ring, hole]]}
    assert enclosed(region, (2.0, 3.0))
    assert not enclosed(region, (5.0, 5.0))
    assert not enclosed(region, (5.0, 11.0))


def test_without_a_program_it_says_so(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    main(["--seeds", "--chamois", str(tmp_path)])
    assert "SCAT3 was left out: no program was given" in capsys.readouterr().out
    with pytest.raises(SystemExit, match="no such program"):
        main(["--scat3", str(tmp_path / "none")])
