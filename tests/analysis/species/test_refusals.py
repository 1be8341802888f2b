"""What people give by mistake is refused in plain words, or told: names, qualities, packed files, options."""

from __future__ import annotations

import errno
import gzip
import json
import os
import signal
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from analysis.__main__ import main
from analysis.errors import InputRefused
from analysis.inputs import InputFile, RunInputs, no_progress
from analysis.registry import METHODS
from analysis.species.abif import abif_bytes, trace_synthesise
from analysis.species.amplicon_reads import reads_filter
from analysis.species.calibration import Calibration, calibration_write
from analysis.species.identify import identify
from analysis.species.library import Library
from analysis.species.synthetic import Barcode
from analysis.species.traces import reads_of, trace_read

ROOT = Path(__file__).resolve().parents[3]
Calibrated = tuple[Library, Calibration]


def given(folder: Path, name: str, content: bytes) -> InputFile:
    path = folder / name
    path.write_bytes(content)
    return InputFile.from_path("sequence", path)


@pytest.fixture
def trace(individuals: list[Barcode]) -> bytes:
    return abif_bytes(trace_synthesise(individuals[0].sequence, sample="S", seed=1, run_on=date(2026, 1, 2)))


def test_a_trace_may_be_packed_and_what_is_empty_or_no_sequence_is_told(trace: bytes, tmp_path: Path) -> None:
    plain = trace_read(given(tmp_path, "a.ab1", trace))
    assert trace_read(given(tmp_path, "a.ab1.gz", gzip.compress(trace))).bases == plain.bases
    with pytest.raises(InputRefused, match=r"empty \(0 bytes\)"):
        trace_read(given(tmp_path, "zero.ab1", b""))
    with pytest.raises(InputRefused, match="is a trace"):
        reads_of(given(tmp_path, "a.fasta", trace))


def test_one_read_given_as_both_is_told(
    trace: bytes, tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    path = given(tmp_path, "a.ab1", trace).path
    assert main(["species", "consensus", str(path), str(path)]) == 1
    assert b"the same read" in capsysbinary.readouterr().err


@pytest.mark.parametrize("name", ["E 01_F.ab1", "E01\n_F.ab1", "E01>_F.ab1", "E01\u2028_F.ab1"])
def test_a_consensus_is_one_record_of_one_word_whatever_its_file_is_called(
    trace: bytes, tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes], name: str
) -> None:
    """The name of a FASTA record ends at its first space: two files «E 01» and «E 02» would both be «E»."""
    assert main(["species", "consensus", str(given(tmp_path, name, trace).path)]) == 0
    (tmp_path / "out.fasta").write_bytes(capsysbinary.readouterr().out)
    (read,) = reads_of(InputFile.from_path("sequence", tmp_path / "out.fasta"))
    assert read.name == name.removesuffix(".ab1").translate(dict.fromkeys(map(ord, " \n>\u2028"), "_"))


@pytest.mark.parametrize(
    "words",
    [
        ["consensus", "F.ab1", "--name", "two words"],
        ["consensus", "F.ab1", "--name", "a\n>b"],
        ["consensus", "F.ab1", "--name", ""],
        ["identify", "q.fa", "--reference", "s", "--hits", "many"],
        ["tree", "q.fa", "--replicates", "-1"],
        ["tree", "q.fa", "--neighbours", "-1"],
        ["tree", "q.fa", "--seed", "-1"],
        ["amplicons", "q.fq", "--reference", "s", "--least", "0"],
    ],
)
def test_a_wrong_value_of_an_option_is_wrong_use(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as wrong:
        main(["species", *words])
    assert wrong.value.code == 2
    assert f"argument {words[-2]}" in capsys.readouterr().err


# Phred 40 and 2 as the formats write them: «h» and «B» with 64 added, «I» and «#» with 33 (Cock et al. 2010).
OLD = b"@a\n" + b"ACGT" * 20 + b"\n+\n" + b"h" * 70 + b"B" * 10 + b"\n"
SANGER = OLD.translate(bytes.maketrans(b"hB", b"I#"))
CONSENSUS_READS = OLD.translate(bytes.maketrans(b"hB", b"~h"))


def test_qualities_with_64_added_are_refused(tmp_path: Path) -> None:
    """Read as Sanger's they would be 31 Phred too good; reads of circular consensus have such signs of right."""
    for content in (SANGER, CONSENSUS_READS, SANGER + OLD.replace(b"@a", b"@b")):
        file = given(tmp_path, "good.fastq", content)
        assert reads_of(file)
        assert reads_filter(file.path, most_errors=99).kept
    file = given(tmp_path, "old.fastq", OLD)
    for read in (lambda: reads_of(file), lambda: reads_filter(file.path)):
        with pytest.raises(InputRefused, match="64 added, not 33"):
            read()


def test_empty_lines_are_passed_over_and_signs_that_are_no_qualities_are_refused(tmp_path: Path) -> None:
    assert reads_filter(given(tmp_path, "a.fastq", b"\n" + SANGER + b"\r\n\n").path, most_errors=99).total == 1
    with pytest.raises(InputRefused, match="no read of four lines"):
        reads_filter(given(tmp_path, "b.fastq", SANGER.replace(b"#", b"\xf0")).path)


def test_queries_of_one_name_are_told_apart(
    calibrated: Calibrated, individuals: list[Barcode], tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    one, other, third = (individuals[place].sequence for place in (4, 9, 14))
    queries = given(tmp_path, "q.fasta", f">a x\n{one}\n>a y\n{other}\n>b\n{third}\n".encode())
    words = ["species", "identify", str(queries.path), "--reference", str(calibrated[0].reference.folder)]
    assert main([*words, "--format", "jsonl"]) == 0
    shown = capsysbinary.readouterr()
    lines = [json.loads(line) for line in shown.out.splitlines()]
    assert "«a»" in shown.err.decode()
    for number, line in enumerate(lines[:2], start=1):
        assert f"sequence {number} of the file" in line["caveats"][0]
        assert line["sha256"] in line["caveats"][0]
    assert not any("are called" in caveat for caveat in lines[2]["caveats"])
    run = METHODS["species.identify"].run
    with pytest.raises(InputRefused, match="2 sequences are called «a»"):
        run(RunInputs(files=(queries,), reference=calibrated[0].reference.folder), no_progress)


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ("a\tAus albus\n", "2 queries are called «a»"),
        ("b\tAus albus\nb\tDus niger\n", "was declared as Aus albus before"),
        ("\tAus albus\n", "names no query"),
        ("query\tspecies\n", "declares nothing"),
        ("", "declares nothing"),
    ],
)
def test_a_table_of_declared_species_that_could_be_read_in_two_ways_is_refused(
    calibrated: Calibrated,
    individuals: list[Barcode],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    table: str,
    told: str,
) -> None:
    bases = individuals[4].sequence
    queries = given(tmp_path, "q.fasta", f">a\n{bases}\n>a\n{bases}\n>b\n{bases}\n".encode()).path
    (tmp_path / "d.tsv").write_text(table)
    words = ["species", "identify", str(queries), "--reference", str(calibrated[0].reference.folder)]
    assert main([*words, "--declared", str(tmp_path / "d.tsv")]) == 1
    assert told in capsys.readouterr().err


@pytest.mark.parametrize(
    ("declared", "answer"),
    [
        ("aus albus", "agrees"),
        ("AUS ALBUS", "agrees"),
        ("Aus sp.", "agrees"),
        ("Dus", "excluded"),
        ("Dus sp.", "excluded"),
        ("Zus ignotus", "excluded"),
        ("Zus alba", "not_testable"),  # the epithet of what was found: the same animal in another genus, perhaps
        ("white aus", "not_testable"),
        ("unicorn", "not_testable"),
        (" _ ", "not_testable"),
    ],
)
def test_what_may_be_another_name_of_what_was_found_excludes_nothing(
    calibrated: Calibrated, individuals: list[Barcode], declared: str, answer: str
) -> None:
    found = identify(*calibrated, "q", individuals[0].sequence.encode(), declared=declared)
    assert found.decision.taxon == "Aus albus"
    assert found.declared is not None
    assert found.declared.answer == answer
    assert (found.outcome.value == "excluded") == (answer == "excluded")


def test_a_file_name_that_is_no_text_breaks_no_result(
    trace: bytes, tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    path = tmp_path / os.fsdecode(b"\xff_F.ab1")
    path.write_bytes(trace)
    assert main(["species", "consensus", str(path), "--format", "json"]) == 0
    assert json.loads(capsysbinary.readouterr().out)["reads"][0]["name"] == "?_F.ab1"


def test_where_nothing_can_be_written_the_place_is_named(
    reference_fasta: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("no folder")
    for out in (tmp_path / "file", tmp_path / "file" / "set"):
        assert main(["species", "build", str(reference_fasta), "--out", str(out), "--no-validate"]) == 1
        assert f"refused: {tmp_path / 'file'}" in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file"]


def test_a_calibration_that_cannot_be_written_leaves_the_former_one_and_nothing_else(
    calibrated: Calibrated, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, _content: bytes) -> int:
        path.touch()
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    (tmp_path / "calibration.json").write_text("former")
    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space left"):
        calibration_write(tmp_path, calibrated[1])
    assert [path.name for path in tmp_path.iterdir()] == ["calibration.json"]
    assert (tmp_path / "calibration.json").read_text() == "former"


@pytest.mark.parametrize("manifest", ["[]", "7", "null", '"text"', "{}", ""])
def test_a_manifest_of_another_form_is_told(tmp_path: Path, manifest: str, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "manifest.json").write_text(manifest)
    assert main(["species", "validate", str(tmp_path)]) == 1
    assert "manifest.json" in capsys.readouterr().err


PROGRAM = [sys.executable, "-m", "analysis", "species", "identify"]


@pytest.fixture
def words(calibrated: Calibrated, individuals: list[Barcode], tmp_path: Path) -> list[str]:
    path = given(tmp_path, "q.fasta", f">a\n{individuals[4].sequence}\n".encode()).path
    return [*PROGRAM, str(path), "--reference", str(calibrated[0].reference.folder)]


def test_a_terminal_that_lacks_a_sign_shows_its_escape(words: list[str]) -> None:
    """The table's «–» for nothing is in no ASCII."""
    done = subprocess.run(
        words, env={**os.environ, "PYTHONIOENCODING": "ascii"}, cwd=ROOT, capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert rb"\u2013" in done.stdout


def test_a_closed_stream_breaks_nothing(words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    assert main(words[3:]) == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_told(words: list[str]) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(words, cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr.startswith("refused: ")) == (1, True)
    assert "Traceback" not in done.stderr


def test_asked_to_end_it_ends_without_a_trace_and_leaves_nothing(tmp_path: Path) -> None:
    """A pipe that nobody fills holds the command where it reads; opened for writing, it is known to be there."""
    pipe, out = tmp_path / "records.fasta", tmp_path / "out"
    os.mkfifo(pipe)
    out.mkdir()
    words = [sys.executable, "-m", "analysis", "species", "build", str(pipe), "--out", str(out / "set")]
    scratch = {**os.environ, "TMPDIR": str(out)}
    with subprocess.Popen(words, cwd=ROOT, env=scratch, stderr=subprocess.PIPE) as building, pipe.open("wb"):
        building.send_signal(signal.SIGTERM)
        _, told = building.communicate(timeout=300)
    assert (building.returncode, told) == (128 + signal.SIGTERM, b"")
    assert not list(out.iterdir())
