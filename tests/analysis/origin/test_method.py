"""The method and the command line: artefacts, keys, bytes that repeat, refusals."""

import csv
import io
import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from analysis.__main__ import main
from analysis.errors import Cancelled, InputRefused
from analysis.inputs import InputFile, RunInputs, RunResult, no_progress
from analysis.origin.baseline import baseline_freeze, baseline_open
from analysis.origin.method import METHOD
from analysis.origin.synthetic import Design, synthetic_data
from analysis.registry import METHODS

DATA = synthetic_data(Design(seed=11, samples=4, outside_samples=1, animals=20))
COLUMNS = ["--id-column", "id", "--population-column", "population", "--group-column", "group"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "baseline.csv").write_text(DATA.baseline_csv)
    (tmp_path / "samples.csv").write_text(DATA.samples_csv)
    return tmp_path


def run(folder: Path, reference: Path | None = None, **parameters: str | int | float) -> RunResult:
    return METHOD.run(
        RunInputs(
            files=(InputFile.from_path("genotypes", folder / "samples.csv"),),
            parameters={"group_column": "group", "simulations": 500, **parameters},
            reference=reference or folder / "baseline.csv",
            seed=3,
        ),
        no_progress,
    )


def test_the_registry_offers_it() -> None:
    assert METHODS["origin.assign"] is METHOD


def test_outcomes_and_artefacts(folder: Path) -> None:
    result = run(folder)
    assert len(result.outcomes) == 5
    first = result.outcomes[0]
    assert first.seed == 3
    assert first.reference is not None
    assert first.inputs[0].role == "genotypes"
    assert first.finding.outcome == "population"
    assert first.finding.subject == DATA.truth["SYN-S001"]
    names = {artefact.name: artefact for artefact in result.artefacts}
    assert {"ranking.json", "ranking.csv", "validation.json", "ranking-0001.svg", "exclusion-0005.svg"} <= set(names)
    rows = list(csv.DictReader(io.StringIO(names["ranking.csv"].content.decode())))
    assert len(rows) == 5 * 9
    samples = json.loads(names["ranking.json"].content)["samples"]
    assert [sample["id"] for sample in samples] == list(DATA.truth)


def test_figures_are_well_formed_and_carry_no_style_or_script(folder: Path) -> None:
    for artefact in run(folder).artefacts:
        if artefact.media_type == "image/svg+xml":
            root = ET.fromstring(artefact.content)  # noqa: S314 – our own bytes
            tags = {element.tag.rpartition("}")[2] for element in root.iter()}
            assert {"title", "desc"} <= tags
            assert not tags & {"style", "script"}
            assert not any("style" in element.attrib for element in root.iter())


def test_same_input_same_bytes(folder: Path) -> None:
    first, second = run(folder), run(folder)
    assert [outcome.to_json() for outcome in first.outcomes] == [outcome.to_json() for outcome in second.outcomes]
    assert first.artefacts == second.artefacts


def test_a_frozen_baseline_gives_the_same_ranking(folder: Path) -> None:
    frozen = folder / "set"
    baseline_freeze(
        frozen,
        DATA.baseline_csv.encode(),
        name="Synthetic",
        version="1",
        id_column="id",
        population_column="population",
        group_column="group",
    )
    opened = baseline_open(frozen)
    assert (opened.name, opened.version) == ("Synthetic", "1")
    plain, set_run = run(folder), run(folder, frozen)
    assert plain.artefacts[1] == set_run.artefacts[1]
    (frozen / "genotypes.csv").write_text(DATA.baseline_csv.replace("SYN-A1-001", "SYN-A1-999"))
    with pytest.raises(InputRefused, match="not what was frozen"):
        run(folder, frozen)


def test_a_run_can_be_cancelled(folder: Path) -> None:
    def stop(_share: float, words: str) -> None:
        if "exclusion" in words:
            raise Cancelled("stopped by the analyst")

    inputs = RunInputs(
        files=(InputFile.from_path("genotypes", folder / "samples.csv"),),
        reference=folder / "baseline.csv",
    )
    with pytest.raises(Cancelled):
        METHOD.run(inputs, stop)


@pytest.mark.parametrize(
    "parameters", [{"simulations": 1.5}, {"alpha": "x"}, {"threshold": 2}, {"table_format": "xls"}]
)
def test_parameters_are_checked(folder: Path, parameters: dict[str, str | int | float]) -> None:
    with pytest.raises(InputRefused) as caught:
        run(folder, **parameters)
    assert caught.value.field in parameters


def test_no_baseline(folder: Path) -> None:
    files = (InputFile.from_path("genotypes", folder / "samples.csv"),)
    with pytest.raises(InputRefused, match="No baseline"):
        METHOD.run(RunInputs(files=files), no_progress)


def test_command_line_assign(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths = [str(folder / "samples.csv"), "--baseline", str(folder / "baseline.csv")]
    command = ["origin", "assign", *paths, *COLUMNS, "--simulations", "500"]
    assert main([*command, "--format", "jsonl"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["id"] for line in lines] == list(DATA.truth)
    for line in lines:
        assert line["outcome"] in {"population", "group", "none", "inconclusive", "no_result"}
        assert {"population", "log_likelihood", "posterior", "exclusion_p"} <= set(line["ranking"][0])
        assert line["accuracy"]["population"]["interval_95"]
    assert main([*command, "--artefacts", str(folder / "out")]) == 0
    table = capsys.readouterr().out
    assert "SYN-S001: " in table
    assert "leave-one-out at a posterior of" in table
    assert (folder / "out" / "ranking-0001.svg").exists()


def test_command_line_validate(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["origin", "validate", str(folder / "baseline.csv"), *COLUMNS]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["accuracy"]["group"] >= found["accuracy"]["population"] > 0.5
    assert len(found["populations"]) == 9
    assert sum(item["animals"] for item in found["by_posterior"]["group"]["bands"]) == found["animals"]


def test_command_line_refusal(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = folder / "bad.csv"
    bad.write_text("id,A_1,A_2\nx,1,\n")
    paths = [str(bad), "--baseline", str(folder / "baseline.csv")]
    assert main(["origin", "assign", *paths, *COLUMNS]) == 1
    error = capsys.readouterr().err
    assert "bad.csv, row 2, field A_2" in error
    assert "half typed" in error


def test_chinook_sample_on_the_command_line(
    genotype_data: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """The published fish, given as a sample: it is recognised in the baseline and left out."""
    import gzip

    path = genotype_data / "chinook.tsv.gz"
    lines = gzip.decompress(path.read_bytes()).decode().splitlines()
    fish = tmp_path / "fish.tsv"
    fish.write_text("\n".join([lines[0], next(line for line in lines if "\tAlsea_R:0001\t" in line)]))
    columns = ["--id-column", "indiv", "--population-column", "collection", "--group-column", "repunit"]
    assert main(["origin", "assign", str(fish), "--baseline", str(path), *columns, "--format", "jsonl"]) == 0
    groups = {item["group"]: item["posterior"] for item in json.loads(capsys.readouterr().out)["groups"]}
    assert f"{groups['CaliforniaCoast']:.2e}" == "3.72e-08"
    assert f"{groups['CohoSp']:.2e}" == "2.09e-52"
