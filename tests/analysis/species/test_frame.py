"""The reading-frame screen where query and reference do not stand letter by letter."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.species.artefacts import Query
from analysis.species.assembly import Consensus
from analysis.species.bases import reverse_complement
from analysis.species.calibration import Calibration
from analysis.species.frame import frame_check, frame_of
from analysis.species.library import Library
from analysis.species.method import identify_query
from analysis.species.synthetic import Barcode


@pytest.fixture(scope="module")
def coding(individuals: list[Barcode]) -> str:
    """A stretch whose first frame alone is open, stops in both others."""
    assert frame_of(individuals[0].sequence) == 0
    return individuals[0].sequence


def test_a_stop_behind_a_missing_codon_is_found_in_the_frame_of_the_reference(coding: str) -> None:
    query = coding[:99] + "---" + coding[102:300] + "TAA" + coding[303:]
    assert frame_check((query, coding)).value == {"stops": [298], "frame_shifts": []}


def test_a_stop_behind_a_codon_too_many_is_found_in_the_frame_of_the_reference(coding: str) -> None:
    query = coding[:99] + "GGG" + coding[99:300] + "TAG" + coding[303:]
    assert frame_check((query, coding[:99] + "---" + coding[99:])).value == {"stops": [304], "frame_shifts": []}


def test_codons_missing_or_too_many_are_no_shift(coding: str) -> None:
    assert frame_check((coding[:99] + "---" + coding[102:], coding)).state == "passed"
    assert frame_check((coding[:99] + "GGGGGG" + coding[99:], coding[:99] + "------" + coding[99:])).state == "passed"


@pytest.mark.parametrize(
    ("poor", "shifts"), [((), [200]), ((198,), [200]), ((199,), []), ((200,), []), ((201,), [200])]
)
def test_a_missing_base_shifts_the_frame_where_both_bases_beside_it_are_good(
    coding: str, poor: tuple[int, ...], shifts: list[int]
) -> None:
    query = coding[:200] + "-" + coding[201:]
    good = tuple(place not in poor for place in range(len(coding) - 1))
    found = frame_check((query, coding), good)
    assert found.state == ("warning" if shifts else "passed")
    assert found.value == {"stops": [], "frame_shifts": shifts}


def test_a_base_too_many_shifts_the_frame(coding: str) -> None:
    found = frame_check((coding[:200] + "G" + coding[200:], coding[:200] + "-" + coding[200:]))
    assert found.value == {"stops": [], "frame_shifts": [201]}


def test_a_stretch_with_several_open_frames_or_of_few_codons_is_no_coding_one(coding: str) -> None:
    assert frame_of("GCC" * 60) is None
    assert frame_of(coding[:149]) is None
    assert frame_check(("GCC" * 60, "GCC" * 60)).state == "not_done"


@pytest.mark.parametrize("is_turned", [False, True])
@pytest.mark.parametrize(("poor", "state"), [(None, "warning"), (301, "passed"), (200, "warning"), (346, "warning")])
def test_the_reads_own_qualities_say_which_positions_the_screen_looks_at(
    calibrated: tuple[Library, Calibration], coding: str, poor: int | None, state: str, is_turned: bool
) -> None:
    """A stop at base 301, in a read of either strand: where its bases are poor it says nothing."""
    bases = (coding[:300] + "TAA" + coding[303:]).encode()
    qualities = np.full(len(bases), 40, np.int64)
    if poor is not None:
        qualities[poor - 1] = 5
    if is_turned:
        bases, qualities = reverse_complement(bases), qualities[::-1]
    query = Query(name="q", consensus=Consensus(bases=bases, qualities=qualities, reads=()), files=())
    found = identify_query(*calibrated, query, None)
    (frame,) = (one for one in found.diagnostics if one.code == "reading-frame")
    assert frame.state == state
