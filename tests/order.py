"""In which order several processes take the tests: slow modules first, so that what is left for the end is short.

Worksteal gives each process an equal share of neighbours and lets whoever has nothing left take from another's end. A
slow test at the end of a share would be waited for by all others.
"""

from collections.abc import Callable, Hashable, Sequence
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def in_shares(
    items: Sequence[T], workers: int, *, module: Callable[[T], Hashable], slow: Callable[[T], bool]
) -> list[T]:
    """The same items: the slow modules dealt out to the shares, each whole, then the others as they came."""
    modules: dict[Hashable, list[T]] = {module(item): [] for item in items if slow(item)}
    quick: list[T] = []
    for item in items:
        modules.get(module(item), quick).append(item)
    dealt: list[list[T]] = [[] for _worker in range(workers)]
    for number, one in enumerate(modules.values()):
        dealt[number % workers] += one
    late, ordered = iter(quick), list[T]()
    for number, share in enumerate(dealt):
        size = (len(items) - len(ordered)) // (workers - number)
        ordered += [*share, *islice(late, max(size - len(share), 0))]
    return [*ordered, *late]
