"""Figures held against the goals set for them."""

from collections.abc import Iterable
from typing import NamedTuple


class Goal(NamedTuple):
    """What was measured and what it should be: at least so much, or at most where `most` is set."""

    what: str
    found: float
    wanted: float
    most: bool = False

    @property
    def met(self) -> bool:
        """Whether the figure reaches the goal."""
        return self.found <= self.wanted if self.most else self.found >= self.wanted


def goals_print(goals: Iterable[Goal]) -> None:
    """One line each."""
    for goal in goals:
        found, wanted = (f"{number:,.0f}" if number >= 100 else f"{number:.3g}" for number in (goal.found, goal.wanted))
        bound = "at most" if goal.most else "at least"
        print(f"  {goal.what:68} {found:>9}, {bound} {wanted:>7}: {'met' if goal.met else 'MISSED'}")
