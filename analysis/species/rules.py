"""The naming rules themselves, used alike to calibrate and to call."""

from __future__ import annotations

from collections.abc import Sequence

from analysis.species.library import Library

Pairs = Sequence[tuple[float, int]]
"""(distance, species number), nearest first, each species once."""


def names_species(pairs: Pairs, distance: float, gap: float) -> bool:
    """The rule: nearest within `distance`, the next species at least `gap` further and not equal."""
    if not pairs or pairs[0][0] > distance:
        return False
    return len(pairs) == 1 or (pairs[1][0] > pairs[0][0] and pairs[1][0] - pairs[0][0] >= gap)


def stratum_of(library: Library, species: int) -> str:
    """«one» or «several» records."""
    return "one" if library.species_records[species] == 1 else "several"


def rank_of(library: Library, species: int, rank: str) -> str | None:
    """Genus or family of a species, None where unknown."""
    entry = library.species[species]
    return entry.genus if rank == "genus" else entry.family


def by_rank(library: Library, pairs: Pairs, rank: str) -> list[tuple[float, str]]:
    """Nearest distance of each genus (family), nearest first; species without one count as themselves."""
    nearest_of: dict[str, float] = {}
    for distance, species in pairs:
        entry = library.species[species]
        name = (entry.genus if rank == "genus" else entry.family) or f"? {entry.name}"
        nearest_of.setdefault(name, distance)
    return [(distance, name) for name, distance in nearest_of.items()]


def names_rank(ranked: Sequence[tuple[float, str]], distance: float, gap: float) -> bool:
    """The rule for a genus or family, as `names_species`."""
    if not ranked or ranked[0][0] > distance or ranked[0][1].startswith("?"):
        return False
    return len(ranked) == 1 or (ranked[1][0] > ranked[0][0] and ranked[1][0] - ranked[0][0] >= gap)


def without_species(pairs: Pairs, species: set[int]) -> list[tuple[float, int]]:
    """The pairs as if these species were not in the set."""
    return [pair for pair in pairs if pair[1] not in species]
