"""Edits as a layer, the table of bases, and the contamination screen."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from analysis.canonical import Json
from analysis.errors import InputRefused
from analysis.inputs import InputFile
from analysis.species.abif import abif_bytes, trace_synthesise
from analysis.species.assembly import Consensus, Edit, assemble
from analysis.species.bases import reverse_complement
from analysis.species.basetable import base_table
from analysis.species.edits import edits_apply, edits_read
from analysis.species.screen import Other, Screen, contamination_screen, screen_read
from analysis.species.synthetic import Barcode
from analysis.species.traces import trace_read


@pytest.fixture
def consensus(individuals: list[Barcode], tmp_path: Path) -> Consensus:
    own = individuals[0].sequence
    reads = []
    for seed, sequence in enumerate((own, reverse_complement(own.encode()).decode())):
        path = tmp_path / f"{seed}.ab1"
        path.write_bytes(abif_bytes(trace_synthesise(sequence, sample="x", seed=seed, run_on=date(2026, 1, 2))))
        reads.append(trace_read(InputFile.from_path("trace", path)))
    return assemble(*reads)


def edit(**values: object) -> Edit:
    fields: dict[str, object] = {"reason": "double peak", "editor": "A. Yusuf", "second_reader": "T. Ferreira"}
    return Edit(**{**fields, **values})  # type: ignore[arg-type]


def test_edits_change_the_bases_and_keep_what_stood_there(consensus: Consensus) -> None:
    before = consensus.bases
    at = before.decode().index("AC") + 1
    edited = edits_apply(consensus, [edit(position=at, old="A", new="R"), edit(position=100, old="", new="T"),
                                     edit(position=200, old=chr(before[199]), new="")])  # fmt: skip
    expected = bytearray(before)
    expected[at - 1] = ord("R")
    del expected[199]
    expected[99:99] = b"T"
    assert edited.bases == bytes(expected)
    assert len(edited.bases) == len(edited.qualities) == len(edited.origins)
    assert edited.qualities[99] == 0
    assert [item.position for item in edited.edits] == sorted([at, 100, 200])
    assert consensus.bases == before
    assert consensus.edits == ()


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"position": 5000, "old": "A", "new": "C"}, "position"),
        ({"position": 0, "old": "A", "new": "C"}, "position"),
        ({"position": 1, "old": "N", "new": "C"}, "old"),
        ({"position": 1, "old": "", "new": "QQ"}, "new"),
        ({"position": 1, "old": "", "new": "AC"}, "new"),
        ({"position": 1, "old": "", "new": "!"}, "new"),
        ({"position": 1, "old": "", "new": "A", "reason": ""}, "reason"),
        ({"position": 1, "old": "", "new": "A", "editor": ""}, "editor"),
        ({"position": 1, "old": "", "new": "A", "second_reader": "A. Yusuf"}, "second_reader"),
    ],
)
def test_an_edit_that_does_not_fit_is_refused(consensus: Consensus, values: dict[str, object], field: str) -> None:
    with pytest.raises(InputRefused) as refused:
        edits_apply(consensus, [edit(**values)])
    assert refused.value.field == field


def test_edits_are_read_from_json_or_refused_by_row() -> None:
    text = b'[{"position": 3, "old": "a", "new": "g", "reason": "r", "editor": "e"}]'
    assert edits_read(text, file="e.json") == (Edit(position=3, old="A", new="G", reason="r", editor="e"),)
    with pytest.raises(InputRefused, match="row 1"):
        edits_read(b'[{"position": 3}]', file="e.json")
    with pytest.raises(InputRefused):
        edits_read(b"{", file="e.json")


def test_the_table_of_bases_leads_back_to_the_reads(consensus: Consensus) -> None:
    rows = base_table(consensus)
    assert len(rows) == len(consensus.bases)
    forward, reverse = (kept.read for kept in consensus.reads)
    both = 0
    for row in rows:
        if row.forward_base:
            assert row.forward == chr(forward.bases[row.forward_base - 1])
            assert row.forward_quality == forward.qualities[row.forward_base - 1]
        if row.reverse_base:
            assert row.reverse == reverse_complement(bytes([reverse.bases[row.reverse_base - 1]])).decode()
            assert row.reverse_quality == reverse.qualities[row.reverse_base - 1]
        both += bool(row.forward_base and row.reverse_base)
        if row.forward_base and row.reverse_base and row.forward == row.reverse:
            assert row.base == row.forward
    assert both >= 400
    assert np.array_equal([row.quality for row in rows], consensus.qualities)


def test_the_screen_names_what_was_in_the_laboratory(individuals: list[Barcode]) -> None:
    own = individuals[0].sequence.encode()
    far = individuals[20].sequence.encode()
    assert contamination_screen(own, Screen()).state == "not_done"
    assert (
        contamination_screen(own, screen(("staff-1", "staff", far), ("blank", "negative", own[:80]))).state == "passed"
    )
    piece = reverse_complement(own[100:500])
    found = contamination_screen(own, screen(("staff-1", "staff", far), ("E07", "batch_own", piece)))
    assert found.state == "warning"
    assert found.value == [{"name": "E07", "group": "batch_own", "identity": 1.0}]


def test_ninety_nine_of_a_hundred_bases_are_alike_and_fewer_bases_are_not_compared(individuals: list[Barcode]) -> None:
    own = individuals[0].sequence.encode()
    piece = own[200:300]
    one = piece[:50] + (b"A" if piece[50:51] != b"A" else b"C") + piece[51:]
    two = one[:20] + (b"A" if piece[20:21] != b"A" else b"C") + one[21:]
    found = [contamination_screen(own, screen(("E07", "batch_own", bases))).state for bases in (one, two, piece[:99])]
    assert found == ["warning", "passed", "passed"]


@pytest.mark.parametrize("group", ["negative", "staff"])
def test_alike_with_a_blank_or_with_staff_fails(individuals: list[Barcode], group: str) -> None:
    own = individuals[0].sequence.encode()
    found = contamination_screen(own, screen(("one", group, own), ("two", "earlier", own)))
    assert found.state == "failed"
    assert "1 of earlier runs" in found.text


def test_an_empty_list_says_that_there_was_nothing_and_who_had_no_sequence() -> None:
    drawn: dict[str, Json] = {"batches": ["PC-0001"], "samples_without": 7, "controls_without": 2}
    told = contamination_screen(b"ACGT" * 50, Screen(drawn=drawn, gone=1))
    assert told.state == "not_done"
    assert "nothing to screen against" in told.text
    assert "without a sequence yet: 7" in told.text
    assert "readable sequence: 2" in told.text
    assert "Withdrawn since the list was drawn, and not compared: 1" in told.text


def test_a_list_that_is_none_is_refused() -> None:
    with pytest.raises(InputRefused, match="list of sequences to screen"):
        screen_read(
            b'{"drawn": {}, "sequences": [{"group": "friends", "name": "x", "bases": "ACGT"}]}', file="list.json"
        )


def screen(*others: tuple[str, str, bytes]) -> Screen:
    return Screen(others=tuple(Other(name=name, group=group, bases=bases) for name, group, bases in others))
