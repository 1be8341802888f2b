"""How the validation of species counts: ties, matched call rates, one query of each species."""

from __future__ import annotations

import pytest

from benchmarks.species_peers import Peer, _ranked, _scores
from benchmarks.species_scores import HALF_AN_EDIT, Query, matched, one_of_each, top_one


def query(species: str, present: bool = True, bases: int = 170) -> Query:
    return Query(name=species, species=species, present=present, bases="A" * bases)


def test_nine_edits_of_170_and_of_169_bases_are_one_tie_and_one_edit_more_is_none() -> None:
    answer = [(1 - 9 / 170, "Aus albus"), (1 - 9 / 169, "Bus niger"), (1 - 10 / 170, "Cus ruber")]
    wanted = [query("Bus niger")]
    assert top_one([answer], wanted) == 0.0
    assert top_one([answer], wanted, HALF_AN_EDIT) == 0.5
    assert top_one([answer], [query("Cus ruber")], HALF_AN_EDIT) == 0.0


def test_the_matched_threshold_calls_no_fewer_present_than_asked_for_and_counts_what_ties_with_it() -> None:
    queries = [query(f"P{n}") for n in range(4)] + [query(f"A{n}", present=False) for n in range(3)]
    scores = [0.99, 0.98, 0.98, None, 0.99, 0.97, None]
    found = matched(scores, queries, 2)
    assert found is not None
    assert (found.called, found.present, found.false, found.absent) == (3, 4, 1, 3)
    assert matched(scores, queries, 4) is None
    assert matched(scores, queries, 0) is None


def test_one_query_of_each_species_is_counted() -> None:
    first, second, third = query("Aus albus"), query("Aus albus", bases=100), query("Bus niger")
    assert one_of_each([first, second, third]) == [first, third]


def test_identity_from_the_columns_of_vsearch_is_not_rounded() -> None:
    """160 matches, nine mismatches and a gap are 160/170, printed as 94.1."""
    peer = Peer(name="v", tool="vsearch", hits=50, exact=True, ties=HALF_AN_EDIT)
    assert _scores(peer, ["94.1", "160", "9", "1"])[1] == pytest.approx(160 / 170)
    printed = Peer(name="v", tool="vsearch", hits=8, exact=False, ties=0.0)
    assert _scores(printed, ["94.1", "160", "9", "1"])[1] == pytest.approx(0.941)


def test_equal_bit_scores_are_a_tie_whatever_their_identity() -> None:
    ranked = _ranked([(300.0, 0.97, "Aus albus"), (300.0, 0.98, "Bus niger"), (290.0, 0.99, "Cus ruber")])
    assert top_one([ranked], [query("Aus albus")]) == 0.5
    assert top_one([ranked], [query("Cus ruber")]) == 0.0
