"""Diagnostic sites: bases that all records of a species share and no record of its congeners has.

«Simple pure characters» of character-based barcoding (Sarkar, Thornton, Planet, Figurski, Schierwater & DeSalle 2002,
Mol Phylogenet Evol 24:388; Sarkar, Planet & DeSalle 2008, Mol Ecol Resour 8:1256). They help where distances are
small, and they are a property of the records at hand: a further individual or species can take one away.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from analysis.outcome import Diagnostic
from analysis.species.bases import Bytes, masks, reverse_complement
from analysis.species.library import Library
from analysis.species.search import near_of, rows_of

MOST_OWN: Final = 60
MOST_EACH: Final = 5
MOST_SPECIES: Final = 60
"""Distinct sequences of the species named, of each congener, and congeners compared; a cut is told."""

_LETTERS: Final = {1: "A", 2: "C", 4: "G", 8: "T"}
_TURNED: Final = np.array([int(f"{mask:04b}"[::-1], 2) for mask in range(16)], np.uint8)
"""The mask of the complement: A and T, C and G change places."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A diagnostic site: its place in the query (1 is the first), the species' base, congeners' bases, the query's."""

    position: int
    species: str
    congeners: str
    query: str

    @property
    def agrees(self) -> bool | None:
        """Whether the query has the species' base; None where its own base is not settled."""
        return None if self.query not in _LETTERS.values() else self.query == self.species


@dataclass(frozen=True, slots=True, kw_only=True)
class Characters:
    """The diagnostic sites of the species named, over the bases of the query, and what they were found among.

    `own` and `others` count distinct sequences; `congeners` are those compared, `left` how many were too many to be.
    """

    species: str
    locus: str
    own: int
    others: int
    congeners: tuple[str, ...]
    left: int
    sites: tuple[Site, ...]


def characters_of(library: Library, query: bytes, species: int, locus: int) -> Characters | None:
    """Diagnostic sites of a species against the congeners that have records at the locus; None without any.

    A site counts where all sequences of the species have one settled base, every congener compared has a sequence that
    reaches there, and none of theirs has that base, or a code that can stand for it.
    """
    own = _laid(library, query, _sequences(library, species, locus, MOST_OWN))
    known = [other for other in library.species.congeners(library.species[species].genus) if other != species]
    beside = {other: numbers for other in known if (numbers := _sequences(library, other, locus, MOST_EACH))}
    chosen = sorted(beside, key=lambda other: library.species[other].name)[:MOST_SPECIES]
    rows = [_laid(library, query, beside[other]) for other in chosen]
    if not len(own) or not rows:
        return None
    return Characters(
        species=library.species[species].name,
        locus=library.loci[locus],
        own=len(own),
        others=sum(map(len, rows)),
        congeners=tuple(library.species[other].name for other in chosen),
        left=len(beside) - len(chosen),
        sites=_sites(query, own, rows),
    )


def _sites(query: bytes, own: Bytes, others: Sequence[Bytes]) -> tuple[Site, ...]:
    shared = np.bitwise_and.reduce(own)
    fixed = (own == shared).all(axis=0) & np.isin(shared, list(_LETTERS))
    reached = np.logical_and.reduce([(rows != 0).any(axis=0) for rows in others])
    seen = np.bitwise_or.reduce(np.concatenate(others))
    pure = np.flatnonzero(fixed & reached & ((seen & shared) == 0))
    return tuple(
        Site(
            position=place + 1,
            species=_LETTERS[int(shared[place])],
            congeners="".join(letter for mask, letter in _LETTERS.items() if mask & int(seen[place])),
            query=chr(query[place]),
        )
        for place in pure.tolist()
    )


def _sequences(library: Library, species: int, locus: int, most: int) -> list[int]:
    """Distinct sequences of a species at a locus, in the order of the set."""
    records: npt.NDArray[np.int64] = library.records_of_species(species)
    same = records[library.record_locus[records] == locus]
    return list(dict.fromkeys(library.record_sequence[same].tolist()))[:most]


def _laid(library: Library, query: bytes, numbers: Sequence[int]) -> Bytes:
    """Masks of sequences along the query, shape (sequences, its length); 0 where one has no base."""
    rows = [_along(library, query, number) for number in numbers]
    kept = [row for row in rows if row is not None]
    return np.array(kept, np.uint8).reshape(len(kept), len(query))


def _along(library: Library, query: bytes, number: int) -> Bytes | None:
    near = near_of(library, number, query)
    if near is None:
        return None
    turned = reverse_complement(query) if near.reverse else query
    above, below = rows_of(library, near, query)
    plain = above.replace("-", "").encode()
    start = turned.find(plain)
    if not plain or start < 0:
        return None
    row = np.zeros(len(query), np.uint8)
    columns = np.frombuffer(above.encode(), np.uint8) != ord("-")
    row[start : start + len(plain)] = masks(below.encode())[columns]
    return _TURNED[row[::-1]] if near.reverse else row


def characters_check(found: Characters | None, taxon: str | None) -> Diagnostic:
    """The sites as a check: passed where the query has the species' base at all of them."""
    if found is None:
        text = "No species was named." if taxon is None else f"No congener of {taxon} has a record at this locus."
        return Diagnostic(code="diagnostic-sites", state="not_done", text=text, value=[])
    among = f"{found.own} sequences of {found.species} and {found.others} of {len(found.congeners)} congeners"
    if found.left:
        among = f"{among} ({found.left} more congeners were not compared)"
    if not found.sites:
        text = f"No site tells {found.species} from its congeners at every record: {among}."
        return Diagnostic(code="diagnostic-sites", state="not_done", text=text, value=[])
    right = sum(site.agrees is True for site in found.sites)
    other = [site.position for site in found.sites if site.agrees is False]
    sites = f"{right} of {len(found.sites)} diagnostic sites"
    text = f"The query has the base of {found.species} at {sites}, found among {among}."
    state = "warning" if other else "passed"
    return Diagnostic(code="diagnostic-sites", state=state, text=text, value=list(other))
