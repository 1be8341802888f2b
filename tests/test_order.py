"""The order in which several processes take the tests."""

from hypothesis import given
from hypothesis import strategies as st

from tests.order import in_shares

Item = tuple[int, int, bool]


def _items(modules: list[list[bool]]) -> list[Item]:
    return [(number, one, slow) for number, some in enumerate(modules) for one, slow in enumerate(some)]


def _ordered(items: list[Item], workers: int) -> list[Item]:
    return in_shares(items, workers, module=lambda item: item[0], slow=lambda item: item[2])


@given(st.lists(st.lists(st.booleans(), min_size=1, max_size=9), max_size=20), st.integers(1, 9))
def test_no_test_is_lost_or_doubled_and_a_module_keeps_its_order(modules: list[list[bool]], workers: int) -> None:
    items = _items(modules)
    ordered = _ordered(items, workers)
    assert sorted(ordered) == items
    for number in range(len(modules)):
        assert [item for item in ordered if item[0] == number] == [item for item in items if item[0] == number]


def test_each_share_begins_with_its_slow_modules() -> None:
    quick, slow = [False] * 10, [False, True]
    ordered = _ordered(_items([quick, slow, quick, slow, slow, quick, slow]), 2)
    assert [item[0] for item in ordered] == [1, 1, 4, 4] + [0] * 10 + [2] * 5 + [3, 3, 6, 6] + [2] * 5 + [5] * 10
    assert len(ordered) == 38


def test_a_share_of_slow_modules_alone_may_be_longer() -> None:
    ordered = _ordered(_items([[True] * 9, [False], [True]]), 2)
    assert [item[0] for item in ordered] == [0] * 9 + [2] + [1]


def test_a_slow_module_that_came_in_pieces_is_put_together() -> None:
    items = [(1, 0, True), (2, 0, False), (1, 1, False), (2, 1, False)]
    assert _ordered(items, 1) == [(1, 0, True), (1, 1, False), (2, 0, False), (2, 1, False)]
