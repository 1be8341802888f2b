"""The command lines that are kept stable: each form as documented, over small made tables, with the keys it names.

Programs of others read these lines. A key may be added; one that is renamed or lost fails here.
"""

import gzip
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from analysis.__main__ import main
from analysis.origin.synthetic import Design, SyntheticData, synthetic_data
from analysis.origin.synthetic_map import MapDesign, synthetic_map

Run = Callable[..., str]
MAP = MapDesign(seed=1, side=4, size=30, generations=30, loci=4, alleles=5, sites=8, animals=6, sampled=2, unsampled=1)
COLUMNS = ["--id-column", "id", "--population-column", "population"]
PLACES = ["--latitude-column", "latitude", "--longitude-column", "longitude"]
TENT = "year_ad,F14C,F14C_sd,zone\n1955,1.0,0.001,NH1\n1965,2.0,0.001,NH1\n2005,1.0,0.001,NH1\n"


@pytest.fixture(scope="module")
def data() -> SyntheticData:
    return synthetic_data(
        Design(seed=5, groups=2, populations_per_group=2, animals=12, loci=10, samples=4, untyped=0.05)
    )


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the program; its standard output, after it ended well."""

    def _run(*words: object) -> str:
        assert main([str(word) for word in words]) == 0
        return capsys.readouterr().out

    return _run


def _lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def _written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_bytes(gzip.compress(text.encode(), mtime=0) if name.endswith(".gz") else text.encode())
    return path


def _first_style(text: str) -> str:
    """The head's pairs «L_1», «L_2» as «L», «L.1»."""
    head, rest = text.split("\n", 1)
    names = [name[:-2] if name.endswith("_1") else name.replace("_2", ".1") for name in head.split(",")]
    return ",".join(names) + "\n" + rest


def _missing(text: str, word: str) -> str:
    """Every untyped cell written as a word."""
    head, *rows = text.splitlines()
    cells = [[cell or word for cell in row.split(",")] for row in rows]
    return "\n".join([head, *(",".join(row) for row in cells)]) + "\n"


@pytest.mark.parametrize("group", [[], ["--group-column", "group"]])
def test_origin_assign(tmp_path: Path, data: SyntheticData, run: Run, group: list[str]) -> None:
    samples, table = (_written(tmp_path, *pair) for pair in (("s.csv", data.samples_csv), ("b.csv", data.baseline_csv)))
    words = ["origin", "assign", samples, "--baseline", table, *COLUMNS, *group]
    found = _lines(run(*words, "--format", "jsonl"))
    assert [one["id"] for one in found] == list(data.truth)
    for one in found:
        assert one["outcome"] in {"population", "group", "none", "inconclusive", "no_result"}
        assert {item["population"] for item in one["ranking"]} == {
            f"Synthetic population {name}" for name in ("A1", "A2", "B1", "B2")
        }
        assert {"population", "log_likelihood", "posterior", "exclusion_p"} <= set(one["ranking"][0])
        assert math.fsum(item["posterior"] for item in one["ranking"]) == pytest.approx(1.0, abs=1e-6)
    assert all(name in run(*words) for name in data.truth)


@pytest.mark.parametrize("name", ["t.csv", "t.tsv", "t.csv.gz", "t.tsv.gz"])
@pytest.mark.parametrize("missing", ["", "NA", "0", "-9"])
def test_tables_of_every_form_give_one_answer(
    tmp_path: Path, data: SyntheticData, run: Run, name: str, missing: str
) -> None:
    """Commas or tabs, packed or not, «L_1» and «L_2» or «L» and «L.1», four words for nothing: the same lines."""
    assert ",," in data.samples_csv, "the made samples have untyped cells"
    table = _written(tmp_path, "b.csv", data.baseline_csv)
    words = ["--baseline", table, *COLUMNS, "--simulations", "100", "--format", "jsonl"]
    plain = run("origin", "assign", _written(tmp_path, "plain.csv", data.samples_csv), *words)
    text = _missing(_first_style(data.samples_csv), missing)
    other = _written(tmp_path, name, text.replace(",", "\t") if ".tsv" in name else text)
    assert run("origin", "assign", other, *words) == plain


def test_origin_validate(tmp_path: Path, data: SyntheticData, run: Run) -> None:
    table = _written(tmp_path, "b.csv", data.baseline_csv)
    found = json.loads(run("origin", "validate", table, *COLUMNS, "--group-column", "group"))
    assert set(found["accuracy"]) == {"population", "group"}
    right = sum(one["accuracy"]["correct"] for one in found["populations"])
    assert found["accuracy"]["population"] == pytest.approx(right / 48)
    assert sum(one["animals"] for one in found["populations"]) == 48
    assert set(found["by_posterior"]) == {"population", "group"}
    assert (
        json.loads(run("origin", "validate", table, *COLUMNS))["accuracy"]["group"] == found["accuracy"]["population"]
    )


@pytest.mark.parametrize("out", [[], ["--leave-out-own-population"]])
def test_origin_map(tmp_path: Path, run: Run, out: list[str]) -> None:
    made = synthetic_map(MAP)
    samples, table = (_written(tmp_path, *pair) for pair in (("s.csv", made.sampled_csv), ("b.csv", made.baseline_csv)))
    words = ["origin", "map", samples, "--baseline", table, *COLUMNS, *PLACES, *out]
    found = _lines(run(*words, "--format", "jsonl"))
    assert [one["id"] for one in found] == [row.split(",")[1] for row in made.sampled_csv.splitlines()[1:]]
    for one in found:
        assert {"flat", "density"} == set(one["priors"])
        assert (one["point"], one["regions"]) == (one["priors"]["flat"]["point"], one["priors"]["flat"]["regions"])
        for prior in one["priors"].values():
            assert set(prior["point"]) == {"latitude", "longitude"}
            assert set(prior["regions"]) == {"0.5", "0.95"}
            for region in prior["regions"].values():
                assert region["area_km2"] > 0
                assert region["geojson"]["type"] == "MultiPolygon"
        assert one["left_out"] == ("population" if out else "nothing")
    assert "95 % region" in run(*words)


@pytest.mark.parametrize("question", ["match", "kin"])
@pytest.mark.parametrize("against", [False, True])
def test_individual(tmp_path: Path, data: SyntheticData, run: Run, question: str, *, against: bool) -> None:
    """The first animal stands a second time under another name: the same profile, and likelier so than unrelated."""
    head, first, *rest = data.baseline_csv.splitlines()
    again = ",".join(["SYNTHETIC", "AGAIN", *first.split(",")[2:]])
    columns = ["--id-column", "id", "--ignore-column", "population", "--ignore-column", "group"]
    whole = [head, first, *rest] if against else [head, first, *rest, again]
    words = ["individual", question, _written(tmp_path, "t.csv", "\n".join(whole) + "\n"), *columns]
    if against:
        words += ["--against", _written(tmp_path, "a.csv", f"{head}\n{again}\n")]
    found = _lines(run(*words, "--format", "jsonl", *(["--least-lr", "1"] if question == "kin" else [])))
    pair = next(one for one in found if {one.get("a"), one.get("b")} == {first.split(",")[1], "AGAIN"})
    assert pair["shared_loci"] == pair["matching_loci"] > 0
    assert len(pair["lr"]) > 1
    assert all(isinstance(ratio, float) for ratio in pair["lr"].values())
    assert max(pair["lr"].values()) > 1
    assert "AGAIN" in run(*words)


def test_age_radiocarbon(tmp_path: Path, run: Run) -> None:
    """A tent rises 0.1 a year to 1965 and falls 0.025 a year: 1.5 was reached in 1960 and in 1985."""
    curve = _written(tmp_path, "tent.csv", TENT)
    found = json.loads(run("age", "radiocarbon", "--f14c", "1.5", "--sigma", "0.01", "--curve", curve))
    early, late = sorted(found["intervals"], key=lambda one: one["from"])
    assert {"from", "to", "probability"} <= set(early) & set(late)
    assert early["from"] < 1960 < early["to"]
    assert late["from"] < 1985 < late["to"]
    # The falling limb is four times as slow, so it is four times as likely.
    assert late["probability"] == pytest.approx(4 * early["probability"], rel=0.05)
    older = _written(tmp_path, "older.csv", "year_ad,F14C,F14C_sd,zone\n1900,0.98,0.001,NH1\n1955,1.0,0.001,NH1\n")
    both = json.loads(run("age", "radiocarbon", "--f14c", "1.5", "--sigma", "0.01", "--curve", curve, older))
    assert [one["from"] for one in both["intervals"]] == pytest.approx(
        [one["from"] for one in found["intervals"]], abs=0.1
    )
