"""What a search says about species: the nearest record of each, its distance, and how far the next one is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from analysis.species.library import Library
from analysis.species.search import NOTHING, LeftOut, Near


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeciesDistance:
    """The nearest record of one species. `distance` is that of the search, 0 for no difference."""

    species: int
    distance: float
    record: int
    near: Near


def by_species(library: Library, found: Sequence[Near], *, out: LeftOut = NOTHING) -> list[SpeciesDistance]:
    """The nearest record of each species found, nearest species first, ties by unsettled bases and number.

    References that cover less than half of what the best-covering one covers are not used: they
    could tie or win by being short.
    """
    most = max((near.settled for near in found), default=0)
    best: dict[int, SpeciesDistance] = {}
    for near in found:
        if 2 * near.settled < most:
            continue
        distance = near.distance
        for record, species in _carriers(library, near.sequence, out):
            if species not in best or distance < best[species].distance:
                best[species] = SpeciesDistance(species=species, distance=distance, record=record, near=near)
    return sorted(best.values(), key=lambda item: (item.distance, item.near.codes, item.species))


def _carriers(library: Library, sequence: int, out: LeftOut) -> Iterator[tuple[int, int]]:
    """Records that carry a sequence and their species; one record is enough where all are of one species."""
    records = library.records_of(sequence)
    if out is NOTHING and library.sequence_species[sequence] >= 0:
        records = records[:1]
    for record in records.tolist():
        species = int(library.record_species[record])
        if not out.hides(record, species):
            yield record, species
