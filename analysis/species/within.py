"""How far records of one species lie apart: computed once, when a set is built."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from analysis.species.distance import edits_within

DISTANCE_RECORDS: Final = 30
"""Distinct sequences of a species compared at a locus, all pairs; of more the first by accession."""

Ids = npt.NDArray[np.int64]


def within_largest(
    sequences: Sequence[bytes], record_sequence: Ids, record_species: Ids, record_locus: Ids
) -> npt.NDArray[np.float32]:
    """Largest distance between records of each species at each locus, shape (species, loci).

    Distance is edits / length of the shorter one. NaN for fewer than two records, 0 where all records are alike.
    """
    species, loci = int(record_species.max()) + 1, int(record_locus.max()) + 1
    largest = np.full((species, loci), np.nan, np.float32)
    group = record_species * loci + record_locus
    order = np.argsort(group, kind="stable")
    for members in np.split(order, np.flatnonzero(np.diff(group[order])) + 1):
        if len(members) > 1:
            chosen = [sequences[number] for number in dict.fromkeys(map(int, record_sequence[members]))]
            place = int(record_species[members[0]]), int(record_locus[members[0]])
            largest[place] = _largest(chosen[:DISTANCE_RECORDS])
    return largest


def _largest(sequences: Sequence[bytes]) -> float:
    found = 0.0
    for place, one in enumerate(sequences):
        for other in sequences[place + 1 :]:
            inner, outer = (one, other) if len(one) <= len(other) else (other, one)
            found = max(found, edits_within(inner, outer) / len(inner))
    return found


class Within:
    """Largest distance inside a species with one of its records left out; every pair is compared once."""

    def __init__(self, sequence: Callable[[int], bytes]) -> None:
        self._sequence = sequence
        self._known: dict[tuple[int, int], float] = {}

    def largest(self, numbers: Sequence[int]) -> float | None:
        """Of records that carry these distinct sequences (by number, repeats allowed); None for fewer than two."""
        if len(numbers) < 2:
            return None
        chosen = list(dict.fromkeys(numbers))[:DISTANCE_RECORDS]
        pairs = ((min(a, b), max(a, b)) for place, a in enumerate(chosen) for b in chosen[place + 1 :])
        return max((self._distance(pair) for pair in pairs), default=0.0)

    def _distance(self, pair: tuple[int, int]) -> float:
        if pair not in self._known:
            self._known[pair] = _largest([self._sequence(number) for number in pair])
        return self._known[pair]
