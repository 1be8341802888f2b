"""When a species, or a group of species, may be named: by the confidence, used alike to calibrate and to call.

One species is named when its nearest record lies within `distance`, every other species at least `gap` further away,
and the confidence reaches the one asked for. Several that one locus does not tell apart, all within `distance`, are
named together when, taken as one species, they reach one of its own: the gap that counts is then the one to the
nearest species outside the group.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from analysis.species.calibration import Confidence, Rule
from analysis.species.confidence import confidence_of
from analysis.species.rules import Pairs
from analysis.species.search import EXACT_SPECIES

NEAREST: Final = 0.02
"""Nothing further away is named, however lonely it stands."""
APART: Final = 0.0004
"""Half an edit of 1,200 bases: what is less comes of overlaps that differ, not of bases."""
GROUP_LIMIT: Final = 12
"""A group of more species than this says nothing; the genus or family is tried instead."""


def together(
    fitted: Confidence, pairs: Pairs, within: float | None, *, distance: float = NEAREST, gap: float = APART
) -> Iterator[tuple[int, float]]:
    """(how many of the nearest species, confidence of these taken as one), for every number distance and gap allow.

    Where all species found would make the group, it counts only if so few were found that nothing else is near.
    """
    for number in range(1, min(GROUP_LIMIT, len(pairs)) + 1):
        last = pairs[number - 1][0]
        if last > distance:
            return
        if number == len(pairs):
            if number < EXACT_SPECIES:
                yield number, confidence_of(fitted, pairs[:1], within)
            return
        outside = pairs[number][0]
        if outside > last and outside - last >= gap:
            yield number, confidence_of(fitted, (pairs[0], pairs[number]), within)


def named_together(fitted: Confidence, rule: Rule, pairs: Pairs, within: float | None) -> tuple[int, float]:
    """How many of the nearest species the rule names together, and with which confidence; (0, 0.0) for none."""
    if rule.confidence is None:
        return 0, 0.0
    for number, value in together(fitted, pairs, within, distance=rule.distance, gap=rule.gap):
        asked = rule.confidence if number == 1 else rule.group_confidence
        if asked is not None and value >= asked:
            return number, value
    return 0, 0.0
