"""Two reference sequences joined at one point: what they leave over of a query that may be made of both."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from analysis.species.bases import masks, reverse_complement
from analysis.species.distance import edits_within, path_located
from analysis.species.library import Library
from analysis.species.search import Near

PART_LEAST: Final = 40
"""Bases that either part has at least: fewer are found in many species by chance."""
_HOLDERS: Final = 400
"""Sequences that are asked whether they hold a part, at most."""

Edits = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Joined:
    """`parents` are all pairs of sequences that join as well; the first one's second part begins behind `position`."""

    edits: int
    position: int
    parents: list[tuple[int, int]]


def species_of(library: Library, sequence: int) -> set[int]:
    """Species of the records that carry a sequence."""
    return {int(species) for species in library.record_species[library.records_of(sequence)]}


def joined_best(library: Library, query: bytes, heads: Sequence[Near], tails: Sequence[Near]) -> Joined:
    """The pairs that leave fewest edits over.

    Sequences near either end are aligned with the whole query; what the other part differs by stays out of the sum.
    """
    totals = _totals(library, query, heads, tails)
    edits, position = min(totals.values())
    return Joined(edits, position, [pair for pair, found in totals.items() if found[0] == edits])


def of_one_species(library: Library, query: bytes, heads: Sequence[Near], tails: Sequence[Near]) -> int:
    """Fewest edits that two records of one species leave over where they are joined; all bases where there are none."""
    of = {near.sequence: species_of(library, near.sequence) for near in [*heads, *tails]}
    totals = _totals(library, query, heads, tails)
    return min((edits for (one, other), (edits, _) in totals.items() if of[one] & of[other]), default=len(query))


def _totals(
    library: Library, query: bytes, heads: Sequence[Near], tails: Sequence[Near]
) -> dict[tuple[int, int], tuple[int, int]]:
    """Fewest edits of every pair joined at one point, and that point."""
    before = {near.sequence: _edits_before(library, query, near) for near in heads}
    after = {near.sequence: (edits := _edits_before(library, query, near))[-1] - edits for near in tails}
    totals: dict[tuple[int, int], tuple[int, int]] = {}
    for one, head in before.items():
        for other, tail in after.items():
            total = head + tail
            point = int(np.argmin(total))
            totals[one, other] = int(total[point]), point
    return totals


def _edits_before(library: Library, query: bytes, near: Near) -> Edits:
    """Edits of the whole query against a record before each of its positions, shape (length + 1,)."""
    reference = library.sequence(near.sequence)
    row, other, _ = path_located(query, reverse_complement(reference) if near.reverse else reference)
    edits = np.cumsum((masks(row) & masks(other)) == 0)
    letters = np.frombuffer(row, np.uint8) != ord("-")
    return np.concatenate([[0], edits[letters]])


def joined_whole(library: Library, query: bytes, heads: Sequence[Near], tails: Sequence[Near]) -> Joined | None:
    """The pairs of two species that leave nothing over, None where none does or two records of one species do as well.

    How far each sequence holds the query's beginning, or its end, to the last base needs no alignment, so gaps near
    the point of joining mislead nothing. All sequences of the set that hold a part are found, not the nearest alone.
    """
    turned = reverse_complement(query)
    first = _reaches(library, query, (near.sequence for near in heads))
    last = _reaches(library, turned, (near.sequence for near in tails))
    rest = len(query) - max(last.values(), default=0)
    first |= _reaches(library, query, _holders(library, query[:rest]))
    rest = len(query) - max(first.values(), default=0)
    last |= _reaches(library, turned, _holders(library, turned[:rest]))
    of = {number: species_of(library, number) for number in {*first, *last}}
    fitting = [
        (one, other) for one, before in first.items() for other, after in last.items() if before + after >= len(query)
    ]
    if not fitting or any(of[one] & of[other] for one, other in fitting):
        return None
    fitting.sort(key=lambda pair: (min(of[pair[0]]), min(of[pair[1]]), pair))
    return Joined(0, len(query) - last[fitting[0][1]], fitting)


def _holders(library: Library, part: bytes) -> list[int]:
    """Sequences that may hold a part whole: those that share most k-mers with it."""
    if len(part) < PART_LEAST:
        return []
    ((found, _),) = library.index.ranked([part], pool=1, hidden=np.zeros(0, np.int64))
    holders: list[int] = found[:_HOLDERS].tolist()
    return holders


def _reaches(library: Library, query: bytes, numbers: Iterable[int]) -> dict[int, int]:
    """How many of the query's first bases each sequence holds on either strand, of those that hold enough for a part.

    As much as leaves the other part its least.
    """
    found: dict[int, int] = {}
    for number in numbers:
        sequence = library.sequence(number)
        reach = max(_reach(query, strand) for strand in (sequence, reverse_complement(sequence)))
        if reach >= PART_LEAST:
            found[number] = reach
    return found


def _reach(query: bytes, reference: bytes) -> int:
    """The longest beginning of the query that stands in a reference; codes hold each of their bases."""
    if edits_within(query[:PART_LEAST], reference, 0) != 0:
        return 0
    low, high = PART_LEAST, len(query) - PART_LEAST
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if edits_within(query[:middle], reference, 0) == 0 else (low, middle - 1)
    return low
