"""Where a query falls in a tree of its nearest records, and whether the species named is a group of its own there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from analysis.outcome import Diagnostic
from analysis.species.bases import reverse_complement
from analysis.species.library import Library
from analysis.species.search import Near
from analysis.species.tree import Tree, tree_build, trees_build

NEIGHBOURS: Final = 40
SUPPORT: Final = 0.7
"""Bootstrap support commonly asked for (Hillis & Bull 1993, Syst Biol 42:182); 0.95 is strict."""

_PER_SPECIES: Final = 6
QUERY: Final = "query"


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """A tree of the query and its neighbours; supports of the named species' branch with the query and without it."""

    tree: Tree
    species: str | None
    with_query: float | None
    without_query: float | None
    diagnostic: Diagnostic


def neighbours(
    library: Library, bases: bytes, found: Sequence[Near], count: int = NEIGHBOURS
) -> list[tuple[str, bytes, int]]:
    """(leaf name, sequence in the query's direction, species number) of the nearest records, six a species at most.

    The other records of the species found are added, so that a species is judged by more than its nearest record.
    """
    chosen: dict[int, list[tuple[str, bytes]]] = {}
    total = 0
    reverse = {near.sequence: near.reverse for near in found}
    for number in _sequences(library, found):
        for record in library.records_of(number).tolist():
            species = int(library.record_species[record])
            own = chosen.setdefault(species, [])
            if total >= count or len(own) >= _PER_SPECIES:
                continue
            letters = library.sequence(number)
            turned = reverse_complement(letters) if reverse.get(number, found[0].reverse) else letters
            own.append((f"{library.accession(record)} {library.name(record)}", turned))
            total += 1
    return [(name, letters, species) for species, own in chosen.items() for name, letters in own]


def _sequences(library: Library, found: Sequence[Near]) -> list[int]:
    """Sequences found, nearest first, then the others of their species at the same locus."""
    numbers = [near.sequence for near in found]
    for near in found:
        first = int(library.records_of(near.sequence)[0])
        own = library.records_of_species(int(library.record_species[first]))
        same = own[library.record_locus[own] == library.record_locus[first]]
        numbers.extend(library.record_sequence[same].tolist())
    return list(dict.fromkeys(numbers))


def place(
    library: Library, bases: bytes, found: Sequence[Near], species: int | None, *, seed: int, replicates: int
) -> Placement | None:
    """The tree of a query and its neighbours, and whether the species named is monophyletic in it.

    None with fewer than four neighbours. Monophyly is looked at without the query too: a species whose records are
    no group by themselves cannot be recognised by one (paraphyly, a mislabelled record, an incomplete lineage).
    """
    around = neighbours(library, bases, found)
    if len(around) < 4:
        return None
    leaves = {name: letters for name, letters, _ in around}
    own = {name for name, _, number in around if number == species}
    every = {QUERY: bases, **leaves}
    if species is None:
        text = "No species was named; the tree shows what lies near."
        judged = Diagnostic(code="monophyly", state="not_done", text=text)
        tree = tree_build(every, replicates=replicates, seed=seed)
        return Placement(tree=tree, species=None, with_query=None, without_query=None, diagnostic=judged)
    name = library.species[species].name
    if len(own) == 1:
        # A single record is parted from all others in any tree: no second one is needed to say so.
        tree = tree_build(every, replicates=replicates, seed=seed)
        without: float | None = 1.0
    else:
        tree, rest = trees_build(every, QUERY, replicates=replicates, seed=seed)
        without = rest.support_of(own)
    with_query = tree.support_of({QUERY, *own})
    return Placement(
        tree=tree,
        species=name,
        with_query=with_query,
        without_query=without,
        diagnostic=_judged(name, len(own), with_query, without),
    )


def _judged(name: str, records: int, with_query: float | None, without: float | None) -> Diagnostic:
    if with_query is None:
        state, said = "warning", f"The query and the {records} records of {name} are no group of their own"
    else:
        state = "passed" if with_query >= SUPPORT else "warning"
        said = f"The query and the {records} records of {name} are a group of their own, support {with_query:.0%}"
    alone = "no group" if without is None else f"a group, support {without:.0%}"
    if records > 1 and (without is None or without < SUPPORT):
        state = "warning"
    text = f"{said}; without the query its records are {alone}. {SUPPORT:.0%} is commonly asked for."
    return Diagnostic(code="monophyly", state=state, text=text, value={"with_query": with_query, "without": without})
