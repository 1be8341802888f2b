"""What a search says about species: the nearest record of each, its distance, and how far the next one is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from analysis.species.library import Library
from analysis.species.partial import short_placed
from analysis.species.search import NOTHING, LeftOut, Near

_SHORT_TOLD: Final = 5
"""Short records that get a caveat of their own; further ones share one."""


class SpeciesDistance(NamedTuple):
    """The nearest record of one species. `distance` is that of the search, 0 for no difference.

    `short` says that the record covers too little for that: `distance` is then as in `analysis.species.partial`.
    """

    species: int
    distance: float
    record: int
    near: Near
    short: bool = False


def by_species(
    library: Library, query: bytes, found: Sequence[Near], *, out: LeftOut = NOTHING
) -> list[SpeciesDistance]:
    """The nearest record of each species found, nearest species first, ties by unsettled bases and number.

    References that cover less than half of what the best-covering one covers could tie or win by being short: they
    stand for their species only where the nearest long one is no better on their own stretch.
    """
    settled = [near.overlap - near.codes for near in found]
    most = max(settled, default=0)
    placed = short_placed(library, query, found) if 2 * min(settled, default=0) < most else {}
    best: dict[int, SpeciesDistance] = {}
    nearest_long: set[int] = set()
    for near, bases in zip(found, settled, strict=True):
        number, short = near.sequence, 2 * bases < most
        if short and number not in placed:
            continue
        distance = placed[number] if short else near.distance
        only = library.sequence_species.item(number) if out is NOTHING else -1
        for species, record in _carriers(library, number, out) if only < 0 else ((only, library.first_record(number)),):
            # The species of the nearest long record stands by that one.
            if species not in nearest_long and (species not in best or distance < best[species].distance):
                best[species] = tuple.__new__(SpeciesDistance, (species, distance, record, near, short))
        nearest_long = nearest_long or set(best)
    return sorted(best.values(), key=lambda item: (item.distance, item.short, item.near.codes, item.species))


def _carriers(library: Library, sequence: int, out: LeftOut) -> Iterator[tuple[int, int]]:
    """Species of the records that carry a sequence, and the records."""
    for record in library.records_of(sequence).tolist():
        species = int(library.record_species[record])
        if not out.hides(record, species):
            yield species, record


def short_caveats(library: Library, bases: int, ranked: Sequence[SpeciesDistance]) -> Iterator[str]:
    """What must be said where a short record is nearest, or not told apart from the nearest long one."""
    short = [item for item in ranked if item.short]
    long = next((item for item in ranked if not item.short), None)
    if not short or long is None:
        return
    for item in short[:_SHORT_TOLD]:
        name, other = (library.species[one.species].name for one in (item, long))
        fits = "better than" if item.distance < long.distance else "as well as"
        yield (
            f"{name} stands in the set with a record that covers {item.near.overlap} of the {bases} bases and fits "
            f"there {fits} the nearest record of {other} ({long.distance:.2%} over {long.near.overlap} bases); "
            f"the other bases say nothing of {name}, which is not excluded."
        )
    if len(short) > _SHORT_TOLD:
        more = ", ".join(library.species[item.species].name for item in short[_SHORT_TOLD:])
        yield f"The same holds for short records of {more}."
