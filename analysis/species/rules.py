"""Species, genera and families found, as pairs of distance and name, and the rule that names a genus or family."""

from __future__ import annotations

from collections.abc import Sequence

from analysis.species.library import Library

Pairs = Sequence[tuple[float, int]]
"""(distance, species number), nearest first, each species once."""


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
    """The rule: nearest within `distance`, the next genus (family) at least `gap` further and not equal."""
    if not ranked or ranked[0][0] > distance or ranked[0][1].startswith("?"):
        return False
    return len(ranked) == 1 or (ranked[1][0] > ranked[0][0] and ranked[1][0] - ranked[0][0] >= gap)


def without_species(pairs: Pairs, species: set[int]) -> list[tuple[float, int]]:
    """The pairs as if these species were not in the set."""
    return [pair for pair in pairs if pair[1] not in species]
