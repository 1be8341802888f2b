"""In which order several processes take the tests: slow modules first, so that what is left for the end is short.

Worksteal gives each process an equal share of neighbours and lets whoever has nothing left take from another's end. A
slow test at the end of a share would be waited for by all others.
"""

from collections.abc import Callable, Hashable, Iterable, Sequence
from itertools import chain, groupby
from typing import TypeVar

T = TypeVar("T")


def in_shares(
    items: Sequence[T], workers: int, *, module: Callable[[T], Hashable], slow: Callable[[T], bool]
) -> list[T]:
    """The same items: the slow modules dealt out to the shares, each whole, then the others as they came."""
    modules = [list(some) for _key, some in groupby(items, key=module)]
    late = chain.from_iterable(one for one in modules if not any(map(slow, one)))
    dealt: list[list[T]] = [[] for _worker in range(workers)]
    for number, one in enumerate(one for one in modules if any(map(slow, one))):
        dealt[number % workers] += one
    ordered: list[T] = []
    for number, share in enumerate(dealt):
        size = (len(items) - len(ordered)) // (workers - number)
        ordered += [*share, *_first(late, size - len(share))]
    return [*ordered, *late]


def _first(items: Iterable[T], number: int) -> list[T]:
    return [item for _position, item in zip(range(number), items, strict=False)]
