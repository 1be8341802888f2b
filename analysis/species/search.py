"""Finding the nearest references: k-mer candidates, then exact distances over the shared stretch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from analysis.species.bases import LETTER_OF, Bytes, codes, masks, reverse_complement
from analysis.species.distance import edits_within, path_within
from analysis.species.index import Ids
from analysis.species.library import SHORTEST, Library

CANDIDATES: Final = 16
CANDIDATE_SPECIES: Final = 10
EXACT: Final = 10
EXACT_SPECIES: Final = 6
_ANCHOR: Final = 12
_ANCHORS: Final = 16
_AGREEING: Final = 3
_SPREAD: Final = (8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15, 0, 16)
"""Order in which anchors at these sixteenths of a query are looked for: the middle first, then the quarters."""
_PLACED: Final = 0.7
_SUSPECT: Final = 0.25
_MARGIN: Final = 40
_LETTERS: Final = np.frombuffer("".join(LETTER_OF.get(mask, "-") for mask in range(16)).encode(), np.uint8)


_TRANSITION: Final = 1
_TRANSVERSION: Final = 2


def _kinds() -> Bytes:
    """What a pair of masks (query << 4 | reference) is: 0 the same or unsettled, else transition or transversion."""
    kinds = np.zeros(256, np.uint8)
    for one in (1, 2, 4, 8):
        for other in (1, 2, 4, 8):
            if one != other:
                kinds[one << 4 | other] = _TRANSITION if one | other in (5, 10) else _TRANSVERSION
    return kinds


_KIND: Final = _kinds()


@dataclass(frozen=True, slots=True, kw_only=True)
class Near:
    """A distinct reference sequence near a query.

    `edits` is the Levenshtein distance over the stretch both share (overhanging ends are free, IUPAC codes
    that can stand for the same base are equal); `overlap` is the length of that stretch in bases;
    `reverse` says that the reference lies on the other strand, `offset` is where the query begins in it.
    `gapless` says that the edits are all substitutions there; `codes` counts the reference's unsettled bases.
    """

    sequence: int
    edits: int
    overlap: int
    reverse: bool
    offset: int
    gapless: bool
    codes: int = 0

    @property
    def identity(self) -> float:
        """1 − edits / overlap."""
        return 1.0 - self.edits / self.overlap


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """Records and whole species that a validation hides from a search."""

    records: frozenset[int] = frozenset()
    species: frozenset[int] = frozenset()

    def hides(self, record: int, species: int) -> bool:
        """Whether a record is hidden."""
        return record in self.records or species in self.species


NOTHING: Final = LeftOut()


def nearest(library: Library, query: bytes, *, out: LeftOut = NOTHING, candidates: int = CANDIDATES) -> list[Near]:
    """The nearest distinct sequences, best first: identity over those that cover most of the query.

    Records or species can be left out, as leave-one-out validation does. A reference that covers less
    than half of what the best-covering one covers comes after all others, whatever its identity: a
    perfect match over a short stretch is weak evidence. Of equally near ones that of fewer unsettled bases comes
    first: a code agrees with everything it allows. Returns [] when nothing shares a k-mer.
    """
    chosen = _candidates(library, query, out, candidates)
    if not len(chosen):
        return []
    placed = _placed(library, query, chosen)
    found = [near for item in _worth_comparing(library, placed) if (near := _near(item)) is not None]
    most = max((near.overlap for near in found), default=0)
    found.sort(
        key=lambda near: (2 * near.overlap < most, near.edits / near.overlap, near.codes, -near.overlap, near.sequence)
    )
    return found


def _candidates(library: Library, query: bytes, out: LeftOut, limit: int) -> Ids:
    """Distinct sequences by shared k-mers: the first `limit`, and the best of each of the first species."""
    ids, shared = library.index.shared(codes(query))
    hidden = _hidden(library, out)
    if len(hidden):
        keep = ~np.isin(ids, hidden)
        ids, shared = ids[keep], shared[keep]
    pool = limit * 8
    if len(ids) > pool:
        # Every sequence tied with the last one of the pool stays, so that numbering decides nothing.
        reaching = np.cumsum(np.bincount(shared)[::-1])
        keep = shared >= len(reaching) - 1 - int(np.searchsorted(reaching, pool))
        ids, shared = ids[keep], shared[keep]
    ids = ids[np.lexsort((ids, -shared))]
    species = library.sequence_species[ids].astype(np.int64)
    # A sequence of several species counts as a species of its own here: it is always looked at.
    species = np.where(species < 0, -1 - ids, species)
    order = np.argsort(species, kind="stable")
    first = order[np.concatenate([[True], species[order[1:]] != species[order[:-1]]])[: len(order)]]
    fresh = np.sort(first)[:CANDIDATE_SPECIES]
    return np.concatenate([ids[:limit], ids[fresh[fresh >= limit]]])


def _hidden(library: Library, out: LeftOut) -> Ids:
    """Distinct sequences all of whose records are left out."""
    records = {int(record) for species in out.species for record in library.records_of_species(species)} | out.records
    numbers = {int(library.record_sequence[record]) for record in records}
    return np.array(
        [
            number
            for number in sorted(numbers)
            if all(out.hides(int(record), int(library.record_species[record])) for record in library.records_of(number))
        ],
        np.int64,
    )


@dataclass(slots=True, kw_only=True)
class _Placed:
    """A candidate laid beside the query: strand, offset and the substitutions counted there."""

    number: int
    query: bytes
    reference: bytes
    reverse: bool
    offset: int
    overlap: int
    differences: int


def _placed(library: Library, query: bytes, chosen: Ids) -> list[_Placed]:
    """Every candidate at the strand and offset of the first; those that do not fit there on their own."""
    strands = (query, reverse_complement(query))
    rows = library.sequences.masks_of(chosen)
    reverse, offset = _orient(strands, _text(rows[0]), False)
    differences, overlaps = _differences(masks(strands[reverse]), rows, offset)
    placed: list[_Placed] = []
    for number, row, different, overlap in zip(
        chosen.tolist(), rows, differences.tolist(), overlaps.tolist(), strict=True
    ):
        reference = _text(row)
        item = _Placed(
            number=number, query=strands[reverse], reference=reference, reverse=reverse, offset=offset,
            overlap=overlap, differences=different,
        )  # fmt: skip
        if overlap < SHORTEST or different > (1 - _PLACED) * overlap:
            _replace(item, strands, row)
        placed.append(item)
    return placed


def _replace(item: _Placed, strands: tuple[bytes, bytes], row: Bytes) -> None:
    """Find the strand and offset of one candidate by anchors."""
    item.reverse, item.offset = _orient(strands, item.reference, item.reverse)
    item.query = strands[item.reverse]
    different, overlap = _differences(masks(item.query), [row], item.offset)
    item.differences, item.overlap = int(different[0]), int(overlap[0])


def _text(row: Bytes) -> bytes:
    return _LETTERS[row].tobytes()


def _differences(query: Bytes, rows: Sequence[Bytes], offset: int) -> tuple[Ids, Ids]:
    """Columns in which no base is common, and columns shared, with the query at `offset` of each row."""
    laid = np.zeros((len(rows), len(query)), np.uint8)
    overlaps = np.zeros(len(rows), np.int64)
    start = max(0, -offset)
    for place, row in enumerate(rows):
        end = min(len(query), len(row) - offset)
        if end > start:
            laid[place, start:end] = row[start + offset : end + offset]
            overlaps[place] = end - start
    return overlaps - np.count_nonzero(laid & query, axis=1), overlaps


def _worth_comparing(library: Library, placed: Sequence[_Placed]) -> Iterable[_Placed]:
    """The candidates to compare exactly: the nearest, the nearest of each species, and those with likely gaps."""
    ranked = sorted(placed, key=lambda item: (item.differences / max(item.overlap, 1), item.number))
    seen: set[int] = set()
    for place, item in enumerate(ranked):
        species = int(library.sequence_species[item.number])
        fresh = species < 0 or (species not in seen and len(seen) < EXACT_SPECIES)
        seen.add(species)
        if place < EXACT or fresh or item.differences > _SUSPECT * item.overlap:
            yield item


def _near(item: _Placed) -> Near | None:
    inner, outer, _ = _shared_stretch(item.query, item.reference, item.offset)
    if len(inner) < min(SHORTEST, len(item.query)):
        return None
    # The substitutions at this offset are one way to turn one into the other: no more edits are needed.
    most = item.differences if item.overlap == len(inner) else -1
    edits = most if most == 0 else edits_within(inner, outer, most)
    return Near(
        sequence=item.number,
        edits=edits,
        overlap=len(inner),
        reverse=item.reverse,
        offset=item.offset,
        gapless=edits == most,
        codes=len(item.reference.translate(None, b"ACGT")),
    )


def _orient(strands: tuple[bytes, bytes], reference: bytes, flipped: bool) -> tuple[bool, int]:
    """Strand and offset (reference position − query position) on which most anchors agree."""
    first = _offset(strands[flipped], reference)
    if first[1] >= _AGREEING:
        return flipped, first[0]
    second = _offset(strands[not flipped], reference)
    return (not flipped, second[0]) if second[1] > first[1] else (flipped, first[0])


def _offset(query: bytes, reference: bytes) -> tuple[int, int]:
    """The offset with most anchors, the smallest such, and how many anchors it has; (0, 0) without any.

    Anchors are spread over the query; as soon as enough of them agree the rest need not be looked for.
    """
    last = len(query) - _ANCHOR
    votes: dict[int, int] = {}
    for place in _SPREAD if last >= 0 else ():
        start = last * place // _ANCHORS
        at = reference.find(query[start : start + _ANCHOR])
        if at < 0:
            continue
        count = votes[at - start] = votes.get(at - start, 0) + 1
        if count == _AGREEING:
            return at - start, count
    best = max(votes.values(), default=0)
    return min((offset for offset, count in votes.items() if count == best), default=0), best


def _shared_stretch(query: bytes, reference: bytes, offset: int) -> tuple[bytes, bytes, bool]:
    """(inner, outer, whether the reference is the inner one) after cutting what surely overhangs."""
    head, tail = max(0, -offset), max(0, offset + len(query) - len(reference))
    if head and tail:
        return reference, query, True
    start = max(0, offset - _MARGIN)
    return query[head : len(query) - tail], reference[start : offset + len(query) + _MARGIN], False


def substitutions(library: Library, found: Sequence[Near], query: bytes) -> list[tuple[int, int, int] | None]:
    """(columns compared, transitions, transversions) of each gapless comparison, counted together; None for others.

    Compared are columns whose letters can stand for the same base and columns of two different plain bases or codes;
    transitions and transversions are counted over plain bases alone.
    """
    gapless = [near for near in found if near.gapless]
    if not gapless:
        return [None] * len(found)
    turned = {
        reverse: masks(reverse_complement(query) if reverse else query) for reverse in {n.reverse for n in gapless}
    }
    rows = library.sequences.masks_of(np.array([near.sequence for near in gapless], np.int64))
    kinds = np.zeros((len(gapless), len(query)), np.uint8)
    for place, (near, row) in enumerate(zip(gapless, rows, strict=True)):
        start, end = max(0, -near.offset), min(len(query), len(row) - near.offset)
        pairs = turned[near.reverse][start:end] << 4 | row[start + near.offset : end + near.offset]
        kinds[place, start:end] = _KIND[pairs]
    counts = zip(
        np.count_nonzero(kinds == _TRANSITION, axis=1).tolist(),
        np.count_nonzero(kinds == _TRANSVERSION, axis=1).tolist(),
        strict=True,
    )
    of = {
        near.sequence: (near.overlap, transitions, transversions)
        for near, (transitions, transversions) in zip(gapless, counts, strict=True)
    }
    return [of[near.sequence] if near.gapless else None for near in found]


def rows_of(library: Library, near: Near, query: bytes) -> tuple[str, str]:
    """The query and a near reference as two aligned rows over their shared stretch, in the reference's direction."""
    reference = library.sequence(near.sequence)
    turned = reverse_complement(query) if near.reverse else query
    if near.gapless:
        start, end = max(0, -near.offset), min(len(turned), len(reference) - near.offset)
        return turned[start:end].decode(), reference[start + near.offset : end + near.offset].decode()
    inner, outer, swapped = _shared_stretch(turned, reference, near.offset)
    if not inner:
        return "", ""
    rows = path_within(inner, outer, near.edits)
    return (rows[1], rows[0]) if swapped else rows


def near_of(library: Library, number: int, query: bytes) -> Near | None:
    """A query against one distinct sequence of the set, None where they share no stretch of 60 bases."""
    return _near(_placed(library, query, np.array([number], np.int64))[0])


def distance_to(library: Library, number: int, query: bytes) -> float | None:
    """Distance of a query to one distinct sequence of the set, None where they share no stretch of 60 bases."""
    near = near_of(library, number, query)
    return None if near is None else near.edits / near.overlap
