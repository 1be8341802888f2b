from __future__ import annotations

import numpy as np
import pytest
from Bio.Seq import reverse_complement as biopython_reverse_complement
from hypothesis import given
from hypothesis import strategies as st

from analysis.errors import InputRefused
from analysis.species.bases import IUPAC_EQUALITIES, MASK_OF, clean, codes, reverse_complement
from analysis.species.digits import Beside, digits
from analysis.species.kmers import K, canonical_kmers

letters = st.text("ACGTRYSWKMBDHVN", min_size=1, max_size=80)
dna = st.text("ACGT", min_size=K, max_size=120)


@given(letters)
def test_reverse_complement_agrees_with_biopython(text: str) -> None:
    assert reverse_complement(text.encode()).decode() == biopython_reverse_complement(text)


def test_iupac_pairs_are_those_that_share_a_base() -> None:
    pairs = {frozenset(pair) for pair in IUPAC_EQUALITIES}
    assert frozenset("AR") in pairs  # R is A or G
    assert frozenset("RM") in pairs  # both may be A
    assert frozenset("RY") not in pairs  # purines and pyrimidines share nothing
    assert frozenset("AC") not in pairs


@pytest.mark.parametrize(("text", "named"), [("ACGE", "'E' at position 4"), ("ACé", "'É' at position 3")])
def test_a_letter_that_is_no_code_is_named_with_its_place(text: str, named: str) -> None:
    with pytest.raises(InputRefused, match=named):
        clean(text)


def test_marks_of_other_programs_are_gaps_or_unknown_bases() -> None:
    assert clean("ac_g~t.X?a") == b"ACGTNNA"


def test_rna_inosine_gaps_and_white_space_are_read() -> None:
    assert clean("acgu i-n\n") == b"ACGTNN"


@given(dna)
def test_canonical_kmers_do_not_depend_on_the_strand(text: str) -> None:
    sequence = text.encode()
    one, _ = canonical_kmers(codes(sequence), sampling=2)
    other, _ = canonical_kmers(codes(reverse_complement(sequence)), sampling=2)
    assert np.array_equal(np.sort(one), np.sort(other))


@given(st.text("ACGTN", min_size=1, max_size=60))
def test_kmers_equal_those_counted_one_by_one(text: str) -> None:
    expected = []
    for start in range(len(text) - K + 1):
        word = text[start : start + K]
        if "N" not in word:
            both = (word, biopython_reverse_complement(word))
            expected.append(min(int("".join(str("ACGT".index(base)) for base in one), 4) for one in both))
    found, _ = canonical_kmers(codes(text.encode()), sampling=1)
    assert found.tolist() == expected


@given(letters, letters, st.integers(-90, 90))
def test_columns_of_two_numbers_are_those_counted_one_by_one(one: str, two: str, shift: int) -> None:
    settled = not set(two) - set("ACGT")
    start, end, *counted = Beside(one.encode()).columns(digits(two.encode()), len(two), settled, shift)

    pairs = [(letter, two[place + shift]) for place, letter in enumerate(one) if 0 <= place + shift < len(two)]
    different = [(a, b) for a, b in pairs if not MASK_OF[a] & MASK_OF[b]]
    plain = [{a, b} for a, b in different if a in "ACGT" and b in "ACGT"]
    transitions = [pair for pair in plain if pair in ({"A", "G"}, {"C", "T"})]
    assert end - start == len(pairs)
    assert not pairs or start == max(0, -shift)
    assert counted == [
        len(different),
        len(transitions),
        len(plain) - len(transitions),
        sum(b not in "ACGT" for _, b in pairs),
    ]
