"""What a search says about species: the nearest record of each, its distance, and how far the next one is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from analysis.species.library import Library
from analysis.species.search import Near


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeciesDistance:
    """The nearest record of one species. `distance` is edits / overlap, 0 for no difference."""

    species: int
    distance: float
    record: int
    near: Near


def by_species(
    library: Library,
    found: Sequence[Near],
    *,
    leave_out_records: frozenset[int] = frozenset(),
    leave_out_species: frozenset[int] = frozenset(),
) -> list[SpeciesDistance]:
    """The nearest record of each species found, nearest species first, ties by species number.

    References that cover less than half of what the best-covering one covers are not used: they
    could tie or win by being short.
    """
    most = max((near.overlap for near in found), default=0)
    best: dict[int, SpeciesDistance] = {}
    for near in found:
        if 2 * near.overlap < most:
            continue
        for record in library.records_of(near.sequence):
            species = int(library.record_species[record])
            if int(record) in leave_out_records or species in leave_out_species:
                continue
            distance = near.edits / near.overlap
            if species not in best or distance < best[species].distance:
                best[species] = SpeciesDistance(species=species, distance=distance, record=int(record), near=near)
    return sorted(best.values(), key=lambda item: (item.distance, item.species))
