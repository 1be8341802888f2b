"""What a link is, read from its entries in order. Nothing else is kept anywhere."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lims.links.enums import FINDS, MERGES, RELEASES, REVIEWS, LinkAct, LinkStanding


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """An entry as far as rules ask: `by` and `side` are primary keys."""

    number: int
    act: str
    by: int
    side: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkState:
    """Where a link stands.

    `waiting`: a find came after the last review. `found`: the last search found it. `analysts`: who ordered the
    searches that found it. `released`: the sides whose last word is release.
    """

    last: int
    standing: str
    waiting: bool
    found: bool
    merged: bool
    analysts: frozenset[int]
    released: frozenset[int]

    @property
    def open_to_both(self) -> bool:
        """Whether both sides released it, and it is confirmed."""
        return self.standing == LinkStanding.CONFIRMED and len(self.released) == 2


def state_of(steps: Iterable[Step]) -> LinkState:
    """The state after these steps, in order of their numbers."""
    ordered = sorted(steps, key=lambda step: step.number)
    standing, waiting, found, merged = str(LinkStanding.UNREVIEWED), False, False, False
    analysts: set[int] = set()
    released: set[int] = set()
    for step in ordered:
        if step.act in FINDS:
            waiting, found = True, step.act == LinkAct.PROPOSED
            analysts.add(step.by)
        elif step.act in REVIEWS:
            waiting, standing = False, step.act
            if standing != LinkStanding.CONFIRMED:
                merged, released = False, set()  # what rested on the confirmation ends with it
        elif step.act in MERGES:
            merged = step.act == LinkAct.MERGED
        elif step.act in RELEASES and step.side is not None:
            released = released | {step.side} if step.act == LinkAct.RELEASED else released - {step.side}
    return LinkState(
        last=ordered[-1].number if ordered else 0,
        standing=standing,
        waiting=waiting,
        found=found,
        merged=merged,
        analysts=frozenset(analysts),
        released=frozenset(released),
    )


def units_of(merges: Iterable[tuple[int, int]], seizures: Sequence[int]) -> dict[int, int]:
    """The seizure that stands for each: the smallest of those it is one with, itself where there are none.

    Depends on neither the order of the merges nor on which seizure of a pair is named first.
    """
    above: dict[int, int] = {}

    def top(one: int) -> int:
        while above.get(one, one) != one:
            one = above[one]
        return one

    for first, second in merges:
        small, large = sorted((top(first), top(second)))
        above[large] = small
    return {seizure: top(seizure) for seizure in seizures}
