from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from analysis.__main__ import main
from analysis.errors import Cancelled, InputRefused
from analysis.inputs import InputFile, RunInputs, RunResult, no_progress
from analysis.registry import METHODS
from analysis.species.abif import abif_bytes, trace_synthesise
from analysis.species.bases import reverse_complement
from analysis.species.calibration import Calibration
from analysis.species.library import Library
from analysis.species.synthetic import Barcode

Calibrated = tuple[Library, Calibration]


def traces(individual: Barcode, folder: Path) -> tuple[Path, Path]:
    turned = reverse_complement(individual.sequence.encode()).decode()
    paths = folder / "E01_F.ab1", folder / "E01_R.ab1"
    for seed, (path, sequence) in enumerate(zip(paths, (individual.sequence, turned), strict=True)):
        path.write_bytes(abif_bytes(trace_synthesise(sequence, sample=path.stem, seed=seed, run_on=date(2026, 1, 2))))
    return paths


def run_pair(calibrated: Calibrated, individual: Barcode, folder: Path, **parameters: str) -> RunResult:
    forward, reverse = traces(individual, folder)
    inputs = RunInputs(
        files=(InputFile.from_path("trace_forward", forward), InputFile.from_path("trace_reverse", reverse)),
        parameters=parameters,
        reference=calibrated[0].reference.folder,
        seed=1,
    )
    return METHODS["species.identify"].run(inputs, no_progress)


def test_a_pair_of_traces_becomes_an_outcome_and_its_files(
    calibrated: Calibrated, individuals: list[Barcode], tmp_path: Path
) -> None:
    result = run_pair(calibrated, individuals[0], tmp_path, declared="Dus niger")
    (outcome,) = result.outcomes
    assert (outcome.finding.outcome, outcome.finding.subject) == ("excluded", "Aus albus")
    assert outcome.reference is not None
    assert outcome.reference.sha256 == calibrated[0].reference.sha256
    assert outcome.reference.calibration_sha256 == calibrated[1].sha256
    assert [item.role for item in outcome.inputs] == ["trace_forward", "trace_reverse"]
    assert all(number.definition and number.unit for number in outcome.numbers)
    assert {item.name for item in result.artefacts} == {
        "consensus.fasta", "hits.json", "hits.csv", "decision-record.json", "chromatogram.svg", "tree.nwk",
        "tree.json", "bases.csv",
    }  # fmt: skip
    files = {item.name: item.content for item in result.artefacts}
    rows = list(csv.DictReader(io.StringIO(files["hits.csv"].decode())))
    assert rows[0]["taxon"] == "Aus albus"
    record = json.loads(files["decision-record.json"])["queries"][0]
    assert record["consensus"]["overlap"] > 500
    assert record["alignments"][0]["taxon"] == "Aus albus"
    assert record["alignments"][1]["taxon"] != "Aus albus"


def test_the_same_input_gives_the_same_bytes(
    calibrated: Calibrated, individuals: list[Barcode], tmp_path: Path
) -> None:
    one, other = (run_pair(calibrated, individuals[0], tmp_path) for _ in range(2))
    assert one.outcomes[0].to_json() == other.outcomes[0].to_json()
    assert one.artefacts == other.artefacts


def test_a_run_can_be_cancelled(calibrated: Calibrated, individuals: list[Barcode], tmp_path: Path) -> None:
    def stop(_share: float, _words: str) -> None:
        raise Cancelled("stop")

    path = tmp_path / "q.fasta"
    path.write_text(individuals[0].fasta)
    inputs = RunInputs(files=(InputFile.from_path("sequence", path),), reference=calibrated[0].reference.folder)
    with pytest.raises(Cancelled):
        METHODS["species.identify"].run(inputs, stop)


def test_wrong_roles_loci_and_changed_files_are_refused(
    calibrated: Calibrated, individuals: list[Barcode], tmp_path: Path
) -> None:
    path = tmp_path / "q.fasta"
    path.write_text(individuals[0].fasta)
    file, folder = InputFile.from_path("sequence", path), calibrated[0].reference.folder
    run = METHODS["species.identify"].run
    with pytest.raises(InputRefused, match="No reference"):
        run(RunInputs(files=(file,)), no_progress)
    with pytest.raises(InputRefused, match="0 sequence files"):
        run(RunInputs(files=(), reference=folder), no_progress)
    with pytest.raises(InputRefused, match="not «cytb»"):
        run(RunInputs(files=(file,), reference=folder, parameters={"locus": "cytb"}), no_progress)
    path.write_text(individuals[1].fasta)
    with pytest.raises(InputRefused, match="digest"):
        run(RunInputs(files=(file,), reference=folder), no_progress)


def test_the_command_line_builds_identifies_and_validates(
    reference_fasta: Path, individuals: list[Barcode], tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    folder, queries, declared = tmp_path / "set", tmp_path / "q.fasta", tmp_path / "d.tsv"
    queries.write_text(f">q1\n{individuals[4].sequence}\n>q2\n{individuals[9].sequence}\n")
    declared.write_text("query\tspecies\nq2\tEus niger\n")
    assert main(["species", "build", str(reference_fasta), "--out", str(folder)]) == 0
    assert main(["species", "validate", str(folder)]) == 0
    capsysbinary.readouterr()
    arguments = ["species", "identify", str(queries), "--reference", str(folder), "--declared", str(declared)]
    assert main([*arguments, "--format", "jsonl"]) == 0
    lines = [json.loads(line) for line in capsysbinary.readouterr().out.splitlines()]
    assert [line["query"] for line in lines] == ["q1", "q2"]
    assert lines[0]["hits"][0]["taxon"] == "Aus albus"
    assert 0.9 < lines[0]["hits"][0]["identity"] <= 1
    assert lines[1]["outcome"] == "excluded"
    for key in ("outcome", "taxon", "hits", "error_rates", "caveats"):
        assert key in lines[0]
    assert main(arguments) == 0
    assert b"q1" in capsysbinary.readouterr().out


def test_the_consensus_command_and_its_exit_codes(
    individuals: list[Barcode], tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    forward, reverse = traces(individuals[0], tmp_path)
    assert main(["species", "consensus", str(forward), str(reverse)]) == 0
    shown = capsysbinary.readouterr().out.decode().splitlines()
    assert shown[0] == ">E01_F"
    assert shown[1] in individuals[0].sequence
    assert main(["species", "consensus", str(forward), str(reverse), "--format", "json"]) == 0
    assert json.loads(capsysbinary.readouterr().out)["bases"] == shown[1]
    (tmp_path / "fake.ab1").write_text("This is no trace")
    assert main(["species", "consensus", str(tmp_path / "fake.ab1"), str(reverse)]) == 1
    assert b"fake.ab1" in capsysbinary.readouterr().err
    with pytest.raises(SystemExit) as wrong_use:
        main(["species", "consensus"])
    assert wrong_use.value.code == 2


def test_asking_for_origins_loads_no_sequence_library() -> None:
    code = (
        "import sys; from analysis.registry import METHODS; METHODS['origin.assign']; sys.exit('edlib' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
