"""Finding the nearest references: k-mer candidates, then exact distances over the shared stretch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import edlib
import numpy as np

from analysis.species.bases import (
    IUPAC_EQUALITIES,
    codes,
    has_ambiguity,
    reverse_complement,
)
from analysis.species.index import Ids
from analysis.species.library import SHORTEST, Library

CANDIDATES: Final = 24
CANDIDATE_SPECIES: Final = 12
_ANCHOR: Final = 12
_ANCHORS: Final = 16
_AGREEING: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Near:
    """A distinct reference sequence near a query.

    `edits` is the Levenshtein distance over the stretch both share (overhanging ends are free, IUPAC codes
    that can stand for the same base are equal); `overlap` is the length of that stretch in bases;
    `reverse` says that the reference lies on the other strand, `offset` is where the query begins in it.
    """

    sequence: int
    edits: int
    overlap: int
    reverse: bool
    offset: int

    @property
    def identity(self) -> float:
        """1 − edits / overlap."""
        return 1.0 - self.edits / self.overlap


def nearest(
    library: Library,
    query: bytes,
    *,
    leave_out_records: frozenset[int] = frozenset(),
    leave_out_species: frozenset[int] = frozenset(),
    candidates: int = CANDIDATES,
) -> list[Near]:
    """The nearest distinct sequences, best first: identity over those that cover most of the query.

    Records or species can be left out, as leave-one-out validation does. A reference that covers less
    than half of what the best-covering one covers comes after all others, whatever its identity: a
    perfect match over a short stretch is weak evidence. Returns [] when nothing shares a k-mer.
    """
    chosen = _candidates(library, query, leave_out_records, leave_out_species, candidates)
    strands = (query, reverse_complement(query))
    ambiguous = has_ambiguity(query)
    found: list[Near] = []
    guess = (False, 0)
    for number in chosen:
        placed = _near(library, int(number), strands, ambiguous, guess)
        if placed is not None:
            guess = (placed.reverse, placed.offset)
            found.append(placed)
    most = max((near.overlap for near in found), default=0)
    found.sort(key=lambda near: (2 * near.overlap < most, near.edits / near.overlap, -near.overlap, near.sequence))
    return found


def _candidates(
    library: Library,
    query: bytes,
    leave_out_records: frozenset[int],
    leave_out_species: frozenset[int],
    limit: int,
) -> Ids:
    """Distinct sequences by shared k-mers: the first `limit`, and the best of each of the first species."""
    ids, shared = library.index.shared(codes(query))
    pool = limit * 8 + 8 * (len(leave_out_records) + len(leave_out_species))
    if len(ids) > pool:
        # Every sequence tied with the last one of the pool stays, so that numbering decides nothing.
        least = np.partition(shared, len(shared) - pool)[len(shared) - pool]
        keep = shared >= least
        ids, shared = ids[keep], shared[keep]
    ids = ids[np.lexsort((ids, -shared))]
    chosen: list[int] = []
    species_seen: set[int] = set()
    for number in ids:
        species = _species_of(library, int(number), leave_out_records, leave_out_species)
        if not species:
            continue
        fresh = len(species_seen) < CANDIDATE_SPECIES and not species <= species_seen
        if len(chosen) < limit or fresh:
            chosen.append(int(number))
            species_seen |= species
        elif len(species_seen) >= CANDIDATE_SPECIES:
            break
    return np.array(chosen, np.int64)


def _species_of(
    library: Library, number: int, leave_out_records: frozenset[int], leave_out_species: frozenset[int]
) -> set[int]:
    return {
        int(library.record_species[record])
        for record in library.records_of(number)
        if int(record) not in leave_out_records and int(library.record_species[record]) not in leave_out_species
    }


def _near(
    library: Library, number: int, strands: tuple[bytes, bytes], ambiguous: bool, guess: tuple[bool, int]
) -> Near | None:
    reference = library.sequence(number)
    reverse, offset = guess if _fits(strands[guess[0]], reference, guess[1]) else _orient(strands, reference, guess[0])
    query = strands[1] if reverse else strands[0]
    equalities = IUPAC_EQUALITIES if ambiguous or library.is_ambiguous(number) else None
    edits, overlap = _distance(query, reference, offset, equalities)
    if overlap < min(SHORTEST, len(query)):
        return None
    return Near(sequence=number, edits=edits, overlap=overlap, reverse=reverse, offset=offset)


def _fits(query: bytes, reference: bytes, offset: int) -> bool:
    """Whether the offset of the candidate before fits this one too: most references begin at one primer."""
    agreeing = 0
    for start in range(max(0, -offset), min(len(query), len(reference) - offset) - _ANCHOR + 1, _ANCHOR):
        agreeing += query[start : start + _ANCHOR] == reference[start + offset : start + offset + _ANCHOR]
        if agreeing >= _AGREEING:
            return True
    return False


def _orient(strands: tuple[bytes, bytes], reference: bytes, flipped: bool) -> tuple[bool, int]:
    """Strand and offset (reference position − query position) on which most anchors agree."""
    first = _offset(strands[flipped], reference)
    if first[1] >= _AGREEING:
        return flipped, first[0]
    second = _offset(strands[not flipped], reference)
    return (not flipped, second[0]) if second[1] > first[1] else (flipped, first[0])


def _offset(query: bytes, reference: bytes) -> tuple[int, int]:
    """The offset with most anchors, the smallest such, and how many anchors it has; (0, 0) without any."""
    step = max(1, (len(query) - _ANCHOR) // _ANCHORS)
    votes: dict[int, int] = {}
    for start in range(0, len(query) - _ANCHOR + 1, step):
        at = reference.find(query[start : start + _ANCHOR])
        if at >= 0:
            votes[at - start] = votes.get(at - start, 0) + 1
    best = max(votes.values(), default=0)
    return min((offset for offset, count in votes.items() if count == best), default=0), best


def _distance(query: bytes, reference: bytes, offset: int, equalities: list[tuple[str, str]] | None) -> tuple[int, int]:
    """Edits over the shared stretch, and its length: the inner one of the two is fitted into the other."""
    inner, outer, _ = _shared_stretch(query, reference, offset)
    if not inner:
        return 0, 0
    result = edlib.align(inner, outer, mode="HW", task="distance", additionalEqualities=equalities)
    return int(result["editDistance"]), len(inner)


def _shared_stretch(query: bytes, reference: bytes, offset: int) -> tuple[bytes, bytes, bool]:
    """(inner, outer, whether the reference is the inner one) after cutting the query's overhang."""
    head, tail = max(0, -offset), max(0, offset + len(query) - len(reference))
    if head and tail:
        return reference, query, True
    return query[head : len(query) - tail], reference, False


def rows_of(library: Library, near: Near, query: bytes) -> tuple[str, str]:
    """The query and a near reference as two aligned rows over their shared stretch, in the reference's direction."""
    reference = library.sequence(near.sequence)
    turned = reverse_complement(query) if near.reverse else query
    inner, outer, swapped = _shared_stretch(turned, reference, near.offset)
    if not inner:
        return "", ""
    equalities = IUPAC_EQUALITIES if library.is_ambiguous(near.sequence) or has_ambiguity(query) else None
    found = edlib.align(inner, outer, mode="HW", task="path", k=near.edits, additionalEqualities=equalities)
    nice = edlib.getNiceAlignment(found, inner.decode(), outer.decode())
    rows = (str(nice["query_aligned"]), str(nice["target_aligned"]))
    return (rows[1], rows[0]) if swapped else rows


def distance_to(library: Library, number: int, query: bytes) -> float | None:
    """Distance of a query to one distinct sequence of the set, None where they share no stretch of 60 bases."""
    strands = (query, reverse_complement(query))
    ambiguous = has_ambiguity(query)
    placed = _near(library, number, strands, ambiguous, (False, 0))
    return None if placed is None else placed.edits / placed.overlap
