"""Rules of links: a link is the sum of its entries, merging is an equivalence, the picture depends on links alone."""

import math
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lims.links.enums import LinkAct, LinkStanding
from lims.links.rules.history import LinkState, Step, state_of, units_of
from lims.links.rules.layout import layout

ACTS = st.lists(st.tuples(st.sampled_from(list(LinkAct)), st.sampled_from([1, 2])), max_size=14)


def state(acts: list[tuple[LinkAct, int]]) -> LinkState:
    return state_of(
        Step(number=number, act=act, by=10 + number, side=side) for number, (act, side) in enumerate(acts, start=1)
    )


@given(ACTS)
@settings(max_examples=200)
def test_only_a_standing_confirmation_carries_merges_and_releases(acts: list[tuple[LinkAct, int]]) -> None:
    found = state(acts)
    reviews = [act for act, _side in acts if act in {LinkAct.CONFIRMED, LinkAct.REJECTED}]
    assert found.standing == (reviews[-1] if reviews else LinkStanding.UNREVIEWED)
    after = acts[max((n for n, (act, _side) in enumerate(acts) if act == LinkAct.REJECTED), default=-1) + 1 :]
    last_word = {side: act for act, side in after if act in {LinkAct.RELEASED, LinkAct.RELEASE_WITHDRAWN}}
    assert found.released == {side for side, act in last_word.items() if act == LinkAct.RELEASED}
    merges = [act for act, _side in after if act in {LinkAct.MERGED, LinkAct.SEPARATED}]
    assert found.merged == (bool(merges) and merges[-1] == LinkAct.MERGED)
    assert found.open_to_both == (found.standing == LinkStanding.CONFIRMED and found.released == {1, 2})
    assert found.last == len(acts)


@given(ACTS, st.randoms())
@settings(max_examples=50)
def test_the_state_depends_on_the_numbers_and_not_on_the_order_of_reading(
    acts: list[tuple[LinkAct, int]], random: Random
) -> None:
    steps = [Step(number=n, act=act, by=n, side=side) for n, (act, side) in enumerate(acts, start=1)]
    mixed = steps[:]
    random.shuffle(mixed)
    assert state_of(mixed) == state_of(steps)


PAIRS = st.lists(st.tuples(st.integers(1, 9), st.integers(1, 9)).filter(lambda pair: pair[0] != pair[1]), max_size=12)


@given(PAIRS, st.randoms())
@settings(max_examples=100)
def test_merged_seizures_are_one_in_whatever_order_they_were_merged(
    merges: list[tuple[int, int]], random: Random
) -> None:
    seizures = list(range(1, 10))
    units = units_of(merges, seizures)
    mixed = [pair[::-1] if random.random() < 0.5 else pair for pair in random.sample(merges * 2, len(merges) * 2)]
    assert units_of(mixed, seizures) == units
    for first, second in merges:
        assert units[first] == units[second]
    for unit in set(units.values()):
        members = [one for one, own in units.items() if own == unit]
        assert unit == min(members)
        assert _reached(unit, merges) == set(members)


def _reached(start: int, merges: list[tuple[int, int]]) -> set[int]:
    found = {start}
    while more := {b for pair in merges for a, b in (pair, pair[::-1]) if a in found} - found:
        found |= more
    return found


def test_a_separation_leaves_the_others_merged() -> None:
    assert units_of([(1, 2), (2, 3)], [1, 2, 3]) == {1: 1, 2: 1, 3: 1}
    assert units_of([(2, 3)], [1, 2, 3]) == {1: 1, 2: 2, 3: 2}


# The picture


def test_the_picture_is_the_same_for_the_same_links_and_inside_its_frame() -> None:
    nodes = list(range(12))
    edges = [(0, 1, 5.0), (1, 2, 2.0), (3, 4, 1.0), (5, 6, 20.0), (5, 7, 1.2)]
    places = layout(nodes, edges)
    assert places == layout(nodes, list(reversed(edges)))
    assert all(0 <= x <= 1 and 0 <= y <= 1 for x, y in places.values())
    assert len(set(places.values())) == 12


def test_linked_nodes_stand_nearer_than_others() -> None:
    """Two groups of four, linked within: the mean distance within is less than half of that between."""
    edges = [(a, b, 5.0) for group in ((0, 1, 2, 3), (4, 5, 6, 7)) for a in group for b in group if a < b]
    places = layout([0, 4, 1, 5, 2, 6, 3, 7], edges)

    def apart(pairs: list[tuple[int, int]]) -> float:
        return sum(math.dist(places[a], places[b]) for a, b in pairs) / len(pairs)

    within = [(a, b) for a, b, _strength in edges]
    between = [(a, b) for a in range(4) for b in range(4, 8)]
    assert apart(within) < apart(between) / 2


@pytest.mark.parametrize("count", [0, 1, 2])
def test_few_nodes_have_places_too(count: int) -> None:
    places = layout(list(range(count)), [])
    assert len(places) == count
    assert all(0 <= x <= 1 and 0 <= y <= 1 for x, y in places.values())
