"""SCAT's two files, genotypes and locations, give the same map as one table with coordinates."""

import csv
import io
import json
from pathlib import Path

import pytest

from analysis.errors import InputRefused
from analysis.origin.spatial.locations import locations_read
from analysis.origin.synthetic_map import MapDesign, synthetic_map
from tests.analysis.origin.map_support import COLUMNS, command

DESIGN = MapDesign(seed=3, side=6, generations=60, loci=6, alleles=6, sites=12, animals=8, sampled=2, unsampled=1)
SCAT = ["--id-column", "id", "--population-column", "zone", "--input-format", "structure", "--format", "jsonl"]


def scat_files(text: str, unknown: str) -> tuple[str, str]:
    """Two lines per animal, zones by number, -999 where not typed; animals of unknown zone carry -1."""
    rows, others = (list(csv.DictReader(io.StringIO(one))) for one in (text, unknown))
    zones = {name: str(number) for number, name in enumerate(sorted({row["population"] for row in rows}), start=1)}
    places = {row["population"]: (row["latitude"], row["longitude"]) for row in rows}
    loci = [name[:-2] for name in rows[0] if name.endswith("_1")]
    lines = []
    for row, zone in [*((row, zones[row["population"]]) for row in rows), *((row, "-1") for row in others)]:
        for half in (1, 2):
            alleles = [row[f"{locus}_{half}"] or "-999" for locus in loci]
            lines.append("\t".join([row["id"], zone, *alleles]))
    locations = [f"{name}\t{zones[name]}\t{places[name][0]}\t{places[name][1]}" for name in zones]
    return "\n".join(lines) + "\n", "\n".join(locations) + "\n"


def test_the_two_files_of_scat_give_the_same_map(tmp_path: Path) -> None:
    data = synthetic_map(DESIGN)
    genotypes, locations = scat_files(data.baseline_csv, data.sampled_csv)
    (tmp_path / "geno.txt").write_text(genotypes)
    (tmp_path / "loc.txt").write_text(locations)
    (tmp_path / "base.csv").write_text(data.baseline_csv)
    (tmp_path / "samples.csv").write_text(data.sampled_csv)
    asked = "".join(f"{line}\n" for line in genotypes.splitlines() if "\t-1\t" in line)
    (tmp_path / "asked.txt").write_text(asked)
    words = [str(tmp_path / "asked.txt"), "--baseline", str(tmp_path / "geno.txt"), *SCAT]
    scat = command(*words, "--locations", str(tmp_path / "loc.txt"), "--no-calibration")
    assert scat.returncode == 0, scat.stderr
    words = [str(tmp_path / "samples.csv"), "--baseline", str(tmp_path / "base.csv"), *COLUMNS, "--format", "jsonl"]
    plain = command(*words, "--no-calibration")
    for one, other in zip(scat.stdout.splitlines(), plain.stdout.splitlines(), strict=True):
        left, right = json.loads(one), json.loads(other)
        assert left["id"] == right["id"]
        # Sites stand in another order, so that sums of single precision differ in their last digits.
        assert left["point"] == pytest.approx(right["point"], abs=1e-4)
        assert left["regions"]["0.95"]["area_km2"] == pytest.approx(right["regions"]["0.95"]["area_km2"], rel=0.01)
        assert left["unknown_alleles"] == right["unknown_alleles"]
    missing = command(str(tmp_path / "asked.txt"), "--baseline", str(tmp_path / "geno.txt"), *SCAT)
    assert missing.returncode == 1
    assert "--locations" in missing.stderr
    (tmp_path / "loc.txt").write_text(locations.splitlines()[0])
    words = [str(tmp_path / "asked.txt"), "--baseline", str(tmp_path / "geno.txt"), *SCAT]
    refused = command(*words, "--locations", str(tmp_path / "loc.txt"))
    assert refused.returncode == 1
    assert "not in the location file" in refused.stderr


@pytest.mark.parametrize(
    ("text", "row", "words"),
    [
        ("Seattle 1 47.65\n", 1, "has 3 words"),
        ("New York 1 40.78 -73.97\nSeattle 2 4765000 -122.3\n", 2, "no latitude"),
        ("Seattle 1 47.65 west\n", 1, "no longitude"),
        ("Seattle 1 47.65 -122.3\nTacoma 1 47.2 -122.4\n", 2, "stands above"),
    ],
)
def test_location_files_that_are_refused(text: str, row: int, words: str) -> None:
    with pytest.raises(InputRefused, match=words) as caught:
        locations_read(text.encode(), name="loc.txt")
    assert (caught.value.file, caught.value.row) == ("loc.txt", row)
    assert caught.value.remedy


def test_names_of_places_may_hold_blanks() -> None:
    zones = locations_read(b"New York 2 40.78 -73.97\n\nSeattle 1 47.65 -122.30\n", name="loc.txt")
    assert (zones["2"].name, zones["2"].latitude, zones["1"].longitude) == ("New York", "40.78", "-122.30")
