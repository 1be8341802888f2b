"""The method «species.product»: a product made up of known parts, its label, its blanks and its positive control."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from analysis.errors import Cancelled, InputRefused
from analysis.inputs import InputFile, RunInputs, RunResult, no_progress
from analysis.registry import METHODS
from analysis.species.calibration import Calibration
from analysis.species.library import Library
from analysis.species.synthetic import Barcode
from tests.analysis.species.test_products import fastq

Calibrated = tuple[Library, Calibration]
PRODUCT = METHODS["species.product"]


def given(calibrated: Calibrated, files: Sequence[tuple[str, Path]], **parameters: Any) -> RunInputs:
    return RunInputs(
        files=tuple(InputFile.from_path(role, path) for role, path in files),
        parameters=parameters,
        reference=calibrated[0].reference.folder,
    )


def ran(calibrated: Calibrated, files: Sequence[tuple[str, Path]], **parameters: Any) -> RunResult:
    return PRODUCT.run(given(calibrated, files, **parameters), no_progress)


def artefact(result: RunResult, name: str) -> bytes:
    return next(one.content for one in result.artefacts if one.name == name)


def test_parts_label_and_controls_are_answered(
    calibrated: Calibrated, individuals: list[Barcode], tmp_path: Path
) -> None:
    one, two, three = (individuals[place] for place in (0, 10, 20))
    reads = fastq(tmp_path / "p.fastq.gz", [(one.sequence, 200), (two.sequence, 60), (three.sequence, 40)])
    blank = fastq(tmp_path / "blank.fastq", [(three.sequence, 30)], seed=2)
    known = fastq(tmp_path / "known.fastq", [(one.sequence, 40)], seed=3)
    result = ran(
        calibrated,
        [("amplicons", reads), ("blank", blank), ("positive", known)],
        declared=f"{one.species}; {individuals[5].species}; Nullus nullus",
        expected=f"{one.species}; {two.species}",
    )
    whole = result.outcomes[0]
    assert whole.finding.outcome == "mixture"
    assert whole.finding.among == (one.species, two.species)
    assert [row["answer"] for row in whole.details["label"]] == ["found", "not_found", "not_testable"]  # type: ignore[union-attr,call-overload,index]
    states = {check.code: check.state for check in whole.diagnostics}
    assert states == {"read-filter": "passed", "blank": "warning", "positive-control": "failed"}
    taxa = {one.finding.subject: one for one in result.outcomes[1:]}
    assert {one.species, two.species} <= taxa.keys()
    assert three.species not in taxa, "a control shows it"
    share = next(number for number in taxa[one.species].numbers if number.name == "share")
    assert share.interval is not None
    assert share.interval[0] < 200 / 300 < share.interval[1]
    assert artefact(result, "product.csv").decode().splitlines()[1].startswith(f"species,{one.species},")
    drawing = ET.fromstring(artefact(result, "product.svg"))  # noqa: S314 - our own
    assert drawing.tag == "{http://www.w3.org/2000/svg}svg"
    assert json.loads(artefact(result, "product.json"))["controls"][0]["name"] == "blank.fastq"


def test_a_positive_control_sets_nothing_aside_and_bytes_repeat(
    calibrated: Calibrated, individuals: list[Barcode], tmp_path: Path
) -> None:
    one = individuals[0]
    reads = fastq(tmp_path / "p.fastq", [(one.sequence, 60)])
    known = fastq(tmp_path / "known.fastq", [(one.sequence, 90)], seed=3)
    files = [("amplicons", reads), ("positive", known)]
    first, again = (ran(calibrated, files, expected=one.species) for _time in range(2))
    assert (first.outcomes[0].finding.outcome, first.outcomes[0].finding.subject) == ("species", one.species)
    assert [one.to_json() for one in first.outcomes] == [one.to_json() for one in again.outcomes]
    assert first.artefacts == again.artefacts


def test_a_file_without_usable_reads_has_no_result(
    calibrated: Calibrated, individuals: list[Barcode], tmp_path: Path
) -> None:
    own = individuals[0].sequence
    path = tmp_path / "poor.fastq"
    path.write_text(f"@a\n{own}\n+\n{'#' * len(own)}\n")
    result = ran(calibrated, [("amplicons", path)])
    assert [one.finding.outcome for one in result.outcomes] == ["no_result"]
    assert "No blank was given" in result.outcomes[0].caveats[0]
    # No file without bytes: the evidence store refuses one, and the run would fail for it.
    assert [one.name for one in result.artefacts if not one.content] == []
    assert "sequences.fasta" not in {one.name for one in result.artefacts}


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda raw: raw[: len(raw) // 2], "cannot be read on"),
        (lambda raw: raw[:200] + bytes(64) + raw[264:], "cannot be read on|no read of four|bases and [0-9]+ qual"),
        (lambda raw: gzip.compress(gzip.decompress(raw)[:-7]), "657 bases and 651 qualities"),
        (lambda raw: b"\x89PNG\r\n\x1a\n" + bytes(40), "no read of four lines"),
    ],
)
def test_a_damaged_file_is_refused_by_name(
    calibrated: Calibrated, individuals: list[Barcode], tmp_path: Path, spoil: Any, words: str
) -> None:
    path = fastq(tmp_path / "p.fastq.gz", [(individuals[0].sequence, 50), (individuals[9].sequence, 50)])
    path.write_bytes(spoil(path.read_bytes()))
    with pytest.raises(InputRefused, match=words) as caught:
        ran(calibrated, [("amplicons", path)])
    assert caught.value.file == "p.fastq.gz"


def test_wrong_roles_and_settings_are_refused(
    calibrated: Calibrated, individuals: list[Barcode], tmp_path: Path
) -> None:
    reads = fastq(tmp_path / "p.fastq", [(individuals[0].sequence, 10)])
    with pytest.raises(InputRefused, match="very file of the product"):
        ran(calibrated, [("amplicons", reads), ("blank", reads)])
    other = fastq(tmp_path / "q.fastq", [(individuals[0].sequence, 11)])
    with pytest.raises(InputRefused, match="nothing that it should hold"):
        ran(calibrated, [("amplicons", reads), ("positive", other)])
    for field, value in (("least", 0), ("least", True), ("denoiser", "magic")):
        with pytest.raises(InputRefused) as caught:
            ran(calibrated, [("amplicons", reads)], **{field: value})
        assert caught.value.field == field


def test_it_stops_in_the_middle_when_asked_to(
    calibrated: Calibrated, individuals: list[Barcode], tmp_path: Path
) -> None:
    reads = fastq(tmp_path / "p.fastq", [(individuals[0].sequence[:80], 3000)], errors=0.0)
    seen: list[str] = []

    def progress(share: float, words: str) -> None:
        seen.append(words)
        assert 0.0 <= share <= 1.0
        if words.startswith("reading:"):
            raise Cancelled("Cancelled on request.")

    with pytest.raises(Cancelled):
        PRODUCT.run(given(calibrated, [("amplicons", reads)]), progress)
    assert seen[-1] == "reading: p.fastq"
