"""Finding the nearest references: k-mer candidates, then exact distances over the shared stretch."""

from __future__ import annotations

from collections.abc import Iterable
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Near:
    """A distinct reference sequence near a query.

    `edits` is the Levenshtein distance over the stretch both share (overhanging ends are free, IUPAC codes
    that can stand for the same base are equal); `overlap` is the length of that stretch in bases;
    `reverse` says that the reference lies on the other strand.
    """

    sequence: int
    edits: int
    overlap: int
    reverse: bool

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
    flipped = False
    for number in chosen:
        near = _near(library, int(number), strands, ambiguous, flipped)
        if near is not None:
            flipped = near.reverse
            found.append(near)
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


def _near(library: Library, number: int, strands: tuple[bytes, bytes], ambiguous: bool, flipped: bool) -> Near | None:
    reference = library.sequence(number)
    reverse, offset = _orient(strands, reference, flipped)
    query = strands[1] if reverse else strands[0]
    equalities = IUPAC_EQUALITIES if ambiguous or library.is_ambiguous(number) else None
    edits, overlap = _distance(query, reference, offset, equalities)
    if overlap < min(SHORTEST, len(query)):
        return None
    return Near(sequence=number, edits=edits, overlap=overlap, reverse=reverse)


def _orient(strands: tuple[bytes, bytes], reference: bytes, flipped: bool) -> tuple[bool, int]:
    """Strand and offset (reference position − query position) on which most anchors agree."""
    first = _offset(strands[flipped], reference)
    if first is not None and first[1] >= 3:
        return flipped, first[0]
    second = _offset(strands[not flipped], reference)
    if second is not None and (first is None or second[1] > first[1]):
        return not flipped, second[0]
    return flipped, first[0] if first is not None else 0


def _offset(query: bytes, reference: bytes) -> tuple[int, int] | None:
    step = max(1, (len(query) - _ANCHOR) // _ANCHORS)
    votes: dict[int, int] = {}
    for start in range(0, len(query) - _ANCHOR + 1, step):
        at = reference.find(query[start : start + _ANCHOR])
        if at >= 0:
            votes[at - start] = votes.get(at - start, 0) + 1
    if not votes:
        return None
    best = max(votes.values())
    return min(offset for offset, count in votes.items() if count == best), best


def _distance(query: bytes, reference: bytes, offset: int, equalities: list[tuple[str, str]] | None) -> tuple[int, int]:
    """Edits over the shared stretch, and its length: the inner one of the two is fitted into the other."""
    head, tail = max(0, -offset), max(0, offset + len(query) - len(reference))
    if head and tail:
        inner, outer = reference, query
    else:
        inner, outer = query[head : len(query) - tail], reference
    if not inner:
        return 0, 0
    result = edlib.align(inner, outer, mode="HW", task="distance", additionalEqualities=equalities)
    return int(result["editDistance"]), len(inner)


def records_in(library: Library, near: Iterable[Near]) -> list[tuple[Near, int]]:
    """(near, record) for every record of the sequences, in the order of `near`, then of accessions."""
    return [(item, int(record)) for item in near for record in library.records_of(item.sequence)]
