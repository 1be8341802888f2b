"""How the validation of species counts: ties, matched call rates, one query of each species."""

from __future__ import annotations

import pytest

from analysis.statistics import binomial_interval
from benchmarks.species_peers import Peer, _ranked, _scores
from benchmarks.species_scores import HALF_AN_EDIT, Query, matched, one_of_each, top_one, totals


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
    nearest = ["P0", "P1", "P3", None, "P0", "P1", None]
    found = matched(scores, nearest, queries, 2)
    assert found is not None
    assert (found.called, found.present, found.wrong, found.false, found.absent) == (3, 4, 1, 1, 3)
    assert matched(scores, nearest, queries, 4) is None
    assert matched(scores, nearest, queries, 0) is None


def test_sums_leave_out_the_sets_where_one_engine_cannot_call_as_many() -> None:
    def row(name: str, engine: str, cells: str) -> str:
        return f"| {name}, plain | {engine} | {cells} |"

    rows = [
        row("one", "spoor, its rule", "2/10 | 1 | 1/20 (0.001–0.249)"),
        row("one", "vsearch", "3/10 | 0 | 2/20 (0.012–0.317)"),
        row("other", "spoor, its rule", "5/30 | 0 | 0/40 (0.000–0.088)"),
        row("other", "vsearch", "5/30 | 2 | 4/40 (0.028–0.237)"),
        row("third", "spoor, its rule", "0/30 | 0 | 0/40 (0.000–0.088)"),
        row("third", "vsearch", "– | – | –"),
    ]
    low, high = binomial_interval(1, 60)
    assert totals(rows) == [
        f"| **2 sets, plain** | spoor, its rule | 7/40 | 1 | 1/60 ({low:.3f}–{high:.3f}) |",
        "| **2 sets, plain** | vsearch | 8/40 | 2 | 6/60 (0.038–0.205) |",
    ]


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
