"""Amplicon reads of made-up products: what was put in comes out, errors and controls do not count as species."""

from __future__ import annotations

import gzip
import json
import random
import shutil
from collections import Counter
from pathlib import Path

import pytest

from analysis.__main__ import main
from analysis.errors import AnalysisError, InputRefused
from analysis.species.amplicon import _state, product_identify
from analysis.species.amplicon_reads import reads_filter
from analysis.species.calibration import Calibration
from analysis.species.denoising import denoise
from analysis.species.library import Library
from analysis.species.synthetic import Barcode

Calibrated = tuple[Library, Calibration]
GOOD, POOR = "I", "#"


def fastq(path: Path, parts: list[tuple[str, int]], *, errors: float = 0.002, seed: int = 1) -> Path:
    """So many reads of each sequence, with substitutions at random, mixed."""
    draw = random.Random(seed)
    reads = [sequence for sequence, count in parts for _ in range(count)]
    draw.shuffle(reads)
    lines = []
    for number, sequence in enumerate(reads):
        bases = "".join(
            base if draw.random() > errors else draw.choice([b for b in "ACGT" if b != base]) for base in sequence
        )
        lines.append(f"@r{number}\n{bases}\n+\n{GOOD * len(bases)}\n")
    content = "".join(lines).encode()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


def test_what_was_put_in_is_found_and_what_a_control_shows_is_marked(
    calibrated: Calibrated, individuals: list[Barcode], tmp_path: Path
) -> None:
    one, two, three = (individuals[place] for place in (0, 10, 20))
    reads = fastq(tmp_path / "p.fastq.gz", [(one.sequence, 300), (two.sequence, 60), (three.sequence, 40)])
    blank = fastq(tmp_path / "blank.fastq", [(three.sequence, 30)], seed=2)
    found = product_identify(*calibrated, reads, [blank])
    assert found.filtered.total == 400
    states = {line.taxon: line.state for line in found.lines}
    assert states == {one.species: "present", two.species: "present", three.species: "in_control"}
    shares = {line.taxon: line.share for line in found.lines}
    assert shares[one.species] == pytest.approx(0.75, abs=0.03)
    assert sum(shares.values()) <= 1.0


@pytest.mark.skipif(shutil.which("vsearch") is None, reason="vsearch is not installed")
def test_both_denoisers_find_the_same_taxa_in_like_shares(
    calibrated: Calibrated, individuals: list[Barcode], tmp_path: Path
) -> None:
    one, two, three = (individuals[place] for place in (0, 10, 20))
    reads = fastq(tmp_path / "p.fastq", [(one.sequence, 300), (two.sequence, 90), (three.sequence, 60)], errors=0.0005)
    blank = fastq(tmp_path / "blank.fastq", [(three.sequence, 30)], seed=2)
    own, other = (product_identify(*calibrated, reads, [blank], denoiser=name) for name in ("own", "vsearch"))
    assert [(line.taxon, line.state) for line in own.lines] == [(line.taxon, line.state) for line in other.lines]
    for mine, theirs in zip(own.lines, other.lines, strict=True):
        assert mine.share == pytest.approx(theirs.share, abs=0.05)


def test_without_vsearch_the_denoiser_asked_for_is_refused_and_its_own_path_works(
    calibrated: Calibrated, individuals: list[Barcode], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    reads = fastq(tmp_path / "p.fastq", [(individuals[0].sequence, 40)])
    with pytest.raises(AnalysisError, match="vsearch is not installed"):
        product_identify(*calibrated, reads, [], denoiser="vsearch")
    assert [line.taxon for line in product_identify(*calibrated, reads, []).lines] == [individuals[0].species]


def test_poor_short_and_unknown_reads_are_left_out_with_the_reason(individuals: list[Barcode], tmp_path: Path) -> None:
    own = individuals[0].sequence
    path = tmp_path / "r.fastq"
    path.write_text(
        f"@a\n{own}\n+\n{GOOD * len(own)}\n@b\n{own}\n+\n{POOR * len(own)}\n@c\n{own[:40]}\n+\n{GOOD * 40}\n"
        f"@d\nN{own}\n+\n{GOOD * (len(own) + 1)}\n"
    )
    found = reads_filter(path)
    assert (found.total, found.kept) == (4, 1)
    assert found.left_out == {"expected errors": 1, "too short": 1, "unknown bases": 1}
    path.write_text("@a\nACGT\n+\nII\n")
    with pytest.raises(InputRefused, match="row 1"):
        reads_filter(path)


def test_denoising_follows_the_published_rule() -> None:
    """UNOISE2, α = 2: distance 1 needs a ratio of 8, distance 2 of 32, distance 3 of 128."""
    centre = b"ACGTTGCAAGCTTACGGATCCATTGCAACGTTAGCCATGACTTGACCAGTA" * 2

    def changed(*places: int) -> bytes:
        letters = bytearray(centre)
        for place in places:
            letters[place] = ord("A" if letters[place] != ord("A") else "C")
        return bytes(letters)

    counts = Counter({centre: 320, changed(5): 40, changed(7): 41, changed(3, 9): 10, changed(2, 30): 11})
    found = denoise(counts, least=8)
    assert found == {centre: 320 + 40 + 10, changed(7): 41, changed(2, 30): 11}
    assert denoise(Counter({centre: 7}), least=8) == {}


def test_the_command_prints_one_line_a_taxon(
    calibrated: Calibrated, individuals: list[Barcode], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    reads = fastq(tmp_path / "p.fastq", [(individuals[0].sequence, 80)])
    words = ["species", "amplicons", str(reads), "--reference", str(calibrated[0].reference.folder)]
    assert main([*words, "--format", "jsonl"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line)["taxon"] == individuals[0].species
    # All of n: the lower end of Clopper and Pearson's interval is the n-th root of 0.025.
    assert json.loads(line)["share_interval95"] == pytest.approx([0.025 ** (1 / 80), 1], abs=1e-6)
    assert main(words) == 0
    shown = capsys.readouterr().out
    assert individuals[0].species in shown
    assert "95.5%–100.0%" in shown


def test_a_product_without_a_read_and_a_set_without_calibration_are_told(
    calibrated: Calibrated, individuals: list[Barcode], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "set"
    shutil.copytree(calibrated[0].reference.folder, folder)
    (folder / "calibration.json").unlink()
    empty, reads = tmp_path / "empty.fastq", fastq(tmp_path / "p.fastq", [(individuals[0].sequence, 20)])
    empty.touch()
    assert main(["species", "amplicons", str(empty), "--reference", str(folder)]) == 1
    assert "holds no read" in capsys.readouterr().err
    assert main(["species", "amplicons", str(reads), "--reference", str(folder), "--control", str(empty)]) == 0
    assert "not calibrated" in capsys.readouterr().err
    reads.write_bytes(reads.read_bytes() + b"@x\nACGT\n+\nIIIII\n")
    assert main(["species", "amplicons", str(reads), "--reference", str(folder)]) == 1
    assert "has 4 bases and 5 qualities" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("outcome", "reads", "control", "state"),
    [
        ("species", 100, 10, "present"),
        ("species", 100, 11, "in_control"),
        ("species_group", 8, 0, "present"),
        ("inconclusive", 100, 0, "unidentified"),
        ("no_result", 100, 0, "unidentified"),
    ],
)
def test_a_taxon_is_set_aside_where_a_control_has_more_than_a_tenth_of_its_reads(
    outcome: str, reads: int, control: int, state: str
) -> None:
    assert _state(outcome, reads, control) == state
