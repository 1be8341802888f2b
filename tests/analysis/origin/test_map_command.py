"""The map as a command and as a frozen baseline: lines, forms of tables, refusals."""

import csv
import gzip
import io
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from analysis.errors import InputRefused
from analysis.inputs import InputFile
from analysis.origin.baseline import baseline_freeze
from analysis.origin.spatial.geography import (
    EARTH_KM,
    chord_km,
    unit_vectors,
)
from analysis.origin.synthetic_map import SyntheticMap
from tests.analysis.origin.map_support import COLUMNS, changed, command


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
