from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.species.bases import reverse_complement
from analysis.species.trimming import mott_trim, primers_trim, primers_trim_each

LCO = b"GGTCAACAAATCATAAAGATATTGG"
HCO = b"TAAACTTCAGGGTGACCAAAAAATCA"
INSERT = b"ACCTGTATGATTTTAGGCGCATGAGCAGGAATAGTAGGCACAGCCCTAAGTCTTCTAATTCGTGCTGAA"


@given(st.lists(st.integers(0, 60), max_size=40))
def test_mott_keeps_the_stretch_of_largest_sum(qualities: list[int]) -> None:
    scores = [0.05 - 10 ** (-value / 10) for value in qualities]
    sums = [sum(scores[i:j]) for i in range(len(scores)) for j in range(i + 1, len(scores) + 1)]
    best = max(sums, default=0.0)
    start, end = mott_trim(np.array(qualities, np.int64))
    if best <= 1e-12:
        assert end - start == 0 or abs(sum(scores[start:end])) < 1e-9
    else:
        assert abs(sum(scores[start:end]) - best) < 1e-9


def test_mott_keeps_the_last_good_base_and_drops_a_short_bad_read() -> None:
    assert mott_trim(np.array([5, 40, 40, 40])) == (1, 4)
    assert mott_trim(np.array([4, 4, 4, 4, 4])) == (0, 0)


def test_primers_are_found_by_sequence_at_both_ends() -> None:
    start, end, found = primers_trim(b"TT" + LCO + INSERT + reverse_complement(HCO) + b"G")
    assert (b"TT" + LCO + INSERT + reverse_complement(HCO) + b"G")[start:end] == INSERT
    assert {(item.name, item.side) for item in found} == {("LCO1490", "start"), ("HCO2198", "end")}


@pytest.mark.parametrize(
    ("sequence", "name"),
    [
        (b"CCTCCTAGTTTGTTAGGGATTGATCG", "mcb869"),
        (reverse_complement(b"CGATCAATCCCCTAACAAACTAGG"), "mcb869, second spelling"),
        (b"CCCCTCAGAATGATATTTGTCCTCA", "H15149"),
        (b"CCCTCAGAATGATATTTGTCCTCA", "H15149"),  # circulates without its first C
        (b"CCCCTCGAATGATATTTGTCCTCA", "H15149"),  # and with a base missing inside
        (b"GTTGGATTCAAAGCTGGTGTTA", "rbcL mini forward"),
        (b"ATGCGATACTTGGTGTGAAT", "ITS2 forward"),
    ],
)
def test_spellings_of_a_primer_that_circulate_are_cut_off(sequence: bytes, name: str) -> None:
    start, end, found = primers_trim(sequence + INSERT)
    assert ((sequence + INSERT)[start:end], [item.name for item in found]) == (INSERT, [name])
    start, end, found = primers_trim(INSERT + reverse_complement(sequence))
    assert ((INSERT + reverse_complement(sequence))[start:end], [item.side for item in found]) == (INSERT, ["end"])


def test_a_sequence_without_primers_stays_whole() -> None:
    assert primers_trim(INSERT) == (0, len(INSERT), ())


ends = st.lists(st.sampled_from([b"", b"G", b"TTN", b"ACGTA", LCO, LCO[9:], LCO[:12], HCO, HCO[3:]]), max_size=3)
reads = st.builds(lambda left, right: b"".join([*left, INSERT, *map(reverse_complement, right)]), ends, ends)


@given(st.lists(st.one_of(reads, st.sampled_from([b"", b"A", LCO, INSERT[:40]])), max_size=6))
def test_reads_looked_through_together_are_trimmed_as_alone(every: list[bytes]) -> None:
    assert primers_trim_each(every) == [primers_trim(one) for one in every]


def changed(bases: bytes, *places: int) -> bytes:
    """The bases with another one at each place."""
    letters = bytearray(bases)
    for place in places:
        letters[place] = {65: 71, 71: 65, 67: 84, 84: 67}[letters[place]]
    return bytes(letters)


@pytest.mark.parametrize(
    ("begun", "cut"),
    [
        (changed(LCO[-15:], 5), True),
        (changed(LCO[-15:], 5, 9), False),
        (changed(LCO[-16:], 5, 9), True),
        (changed(LCO[-16:], 2, 5, 9), False),
        (LCO[-10:], True),
        (LCO[-9:], False),
    ],
)
def test_the_end_of_a_primer_is_cut_off_with_one_difference_below_sixteen_bases(begun: bytes, cut: bool) -> None:
    start, end, found = primers_trim(begun + INSERT)
    assert (start, end) == (len(begun) if cut else 0, len(begun) + len(INSERT))
    assert [(one.name, one.bases) for one in found] == ([("LCO1490", len(begun))] if cut else [])
