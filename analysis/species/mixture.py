"""Two species in one sequence: double peaks written as IUPAC codes, and chimeras joined from two templates."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from analysis.species.bases import Bytes, masks, reverse_complement
from analysis.species.distance import edits_within
from analysis.species.joining import Joined, joined_best, joined_whole, of_one_species, species_of
from analysis.species.kmers import mixed_kmers
from analysis.species.library import Library
from analysis.species.search import Near, near_of, nearest, nearest_each

LEAST_CODES: Final = 5
_BUDGET: Final = 60_000
_SEQUENCES: Final = 80
_NEAR_BEST: Final = 8
_DENSE: Final = 0.25
_SMALL_SET: Final = 600_000
"""Bases of a set whose every sequence is laid beside a query of very many codes: half a second."""
_UNEXPLAINED: Final = 0.2
_MOST_DIFFERENT: Final = 0.02
_END: Final = 0.3
_WHOLE: Final = 0.95
_END_BAD: Final = 0.04
_END_FIRM: Final = 2.0
_END_TIE: Final = 0.006
_LEFT_OVER: Final = (3, 0.008)
"""Most bases two joined records may leave over: three, and 0.8 % of the sequence, as far as individuals differ."""
_GAIN: Final = 0.015
_GAIN_BASES: Final = 5
_CHIMERA_LEAST: Final = 150
_CHIMERA_SHORT: Final = 300
_GAIN_WITHOUT_REST: Final = 3
"""Bases that two records gain on a single one, where together they leave none over: enough in a sequence this short."""
_END_BASES: Final = 60
"""Bases of either end that are searched on their own, at least."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mixture:
    """Two species in one sequence.

    `kind` is "double-peaks" or "chimera"; `pairs` are all pairs of species numbers that explain the sequence equally
    well, the first the one named; `unexplained` counts codes and bases that the pair leaves over; `position` is
    where a chimera's second part begins (from 1); `near` are the records of both species, `others` those that every
    letter of double peaks was compared with besides: an ordinary search misplaces what has few plain bases.
    """

    kind: str
    pairs: tuple[tuple[int, int], ...]
    unexplained: int
    codes: int
    near: tuple[Near, ...]
    position: int | None = None
    others: tuple[Near, ...] = ()


def two_base_codes(query: bytes) -> int:
    """How many letters stand for exactly two bases."""
    return len(query) - len(query.translate(None, b"RYSWKM"))


def double_peaks_resolve(library: Library, query: bytes) -> Mixture | None:
    """The two species whose sequences together are the query's letters, None where no pair is.

    Both bases of every code must come from one of the two, and every base of either must be allowed by the letter
    there; at most a fifth of the codes and 2 % of the bases may be left over. So many codes that k-mers find little
    (a quarter of the letters) are compared with every sequence of a small set.
    """
    codes = two_base_codes(query)
    if codes < LEAST_CODES:
        return None
    ids, shared = library.index.shared_kmers(mixed_kmers(masks(query), sampling=library.index.sampling), budget=_BUDGET)
    chosen = ids[np.lexsort((ids, -shared))][:_SEQUENCES]
    found = _explained(library, query, chosen.tolist(), codes)
    if found is None and codes > _DENSE * len(query) and int(library.sequences.starts[-1]) <= _SMALL_SET:
        found = _explained(library, query, range(len(library.sequences)), codes)
    return found


def _explained(library: Library, query: bytes, numbers: Iterable[int], codes: int) -> Mixture | None:
    laid = [item for number in numbers if (item := _lay(library, number, query)) is not None]
    if not laid:
        return None
    best = min(item.near.edits for item in laid)
    laid = [item for item in laid if item.near.edits <= best + _NEAR_BEST]
    laid.sort(key=lambda item: (item.near.edits, item.near.sequence))
    return _best_pair(library, laid[:_SEQUENCES], masks(query), codes)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Laid:
    near: Near
    row: Bytes


def _lay(library: Library, number: int, query: bytes) -> _Laid | None:
    """A reference beside the query at the offset where its letters are most compatible, None where that is poor."""
    row = library.sequences.masks(number)
    best: tuple[int, int, bool, int] | None = None
    for reverse in (False, True):
        turned = masks(reverse_complement(query) if reverse else query)
        for offset in _offsets(turned, row):
            start, end = max(0, -offset), min(len(turned), len(row) - offset)
            wrong = int(np.count_nonzero((turned[start:end] & row[start + offset : end + offset]) == 0))
            if end - start >= 0.6 * len(turned) and (best is None or (wrong, start - end) < (best[0], -best[1])):
                best = (wrong, end - start, reverse, offset)
        if best is not None and best[0] <= _MOST_DIFFERENT * best[1]:
            break
    if best is None or best[0] > 0.1 * best[1]:
        return None
    wrong, overlap, reverse, offset = best
    begins = max(0, -offset)
    near = Near(
        sequence=number, edits=wrong, overlap=overlap, reverse=reverse, offset=offset, start=begins,
        end=begins + overlap, gapless=True,
    )  # fmt: skip
    laid = np.zeros(len(query), np.uint8)
    start, end = max(0, -offset), min(len(query), len(row) - offset)
    laid[start:end] = row[start + offset : end + offset]
    if reverse:
        # Bits A C G T in reverse order are the complement.
        laid = _COMPLEMENT[laid[::-1]]
    return _Laid(near=near, row=laid)


_COMPLEMENT: Final = np.array([int(f"{mask:04b}"[::-1], 2) for mask in range(16)], np.uint8)


def _offsets(turned: Bytes, row: Bytes) -> Sequence[int]:
    """Offsets at which most letters are compatible: correlation of one-bit-a-base rows, the three best."""
    size = 1 << int(len(turned) + len(row)).bit_length()
    total = np.zeros(size)
    for bit in (1, 2, 4, 8):
        here = np.fft.rfft((row & bit) != 0, size)
        there = np.fft.rfft(((turned & bit) != 0) / np.maximum(_WEIGHT[turned], 1), size)
        total += np.fft.irfft(here * np.conj(there), size)
    best = np.argsort(-total, kind="stable")[:2]
    return [int(at) if at < len(row) else int(at) - size for at in best]


_WEIGHT: Final = np.array([mask.bit_count() for mask in range(256)], np.float64)


def _best_pair(library: Library, laid: Sequence[_Laid], query: Bytes, codes: int) -> Mixture | None:
    """The pair of sequences, of two species, that leaves fewest codes and bases over."""
    rows = np.stack([item.row for item in laid])
    wrong = np.array([item.near.edits for item in laid])
    paired = _WEIGHT[query] == 2
    want = query[paired]
    at_codes = rows[:, paired]
    # A position a reference does not reach explains nothing.
    left = np.stack([((at_codes[place] | at_codes) & want != want).sum(axis=1) for place in range(len(laid))])
    left = left + wrong[:, None] + wrong[None, :]
    best_of: dict[tuple[int, int], tuple[int, int, int]] = {}
    species = [species_of(library, item.near.sequence) for item in laid]
    rows_of_pairs, columns_of_pairs = np.triu_indices(len(laid), 1)
    for one, other in zip(rows_of_pairs.tolist(), columns_of_pairs.tolist(), strict=True):
        for a in species[one]:
            for b in species[other]:
                pair = (min(a, b), max(a, b))
                if a != b and (pair not in best_of or left[one, other] < best_of[pair][0]):
                    best_of[pair] = (int(left[one, other]), one, other)
    if not best_of:
        return None
    least, first, second = min(best_of.values())
    if least > _UNEXPLAINED * codes + 2 or least > _UNEXPLAINED * codes + _MOST_DIFFERENT * len(query):
        return None
    pairs = tuple(sorted(pair for pair, found in best_of.items() if found[0] == least))
    near = tuple(sorted((laid[first].near, laid[second].near), key=lambda item: (item.edits, item.sequence)))
    others = tuple(item.near for place, item in enumerate(laid) if place not in (first, second))
    return Mixture(kind="double-peaks", pairs=pairs, unexplained=least, codes=codes, near=near, others=others)


def chimera_resolve(library: Library, query: bytes, found: Sequence[Near]) -> Mixture | None:
    """The two species a sequence was joined from, None where one species explains it as well.

    Both ends (30 %, 60 bases at least) have nearest species of their own, and the two records joined at the best
    point leave no more over than individuals of a species differ, and 1.5 % (five bases) less than any single record.
    In up to 300 bases the ends are short and what is nearest may fit neither firmly: there two records that joined
    leave nothing over, where every single one and any two of one species leave three bases, are enough; of fewer than
    five the nearest record must be a parent's, so that they all lie in the other's part.
    """
    if len(query) < _CHIMERA_LEAST or not found or found[0].identity >= 1.0 - _GAIN:
        return None
    # Ends can be judged only against a record that reaches them.
    best = next((near for near in found if near.overlap >= _WHOLE * len(query)), found[0])
    # On the strand of that record, so that the answer for a turned query is this one turned.
    turned = reverse_complement(query) if best.reverse else query
    joined = _parts(library, turned, best)
    return None if joined is None else _chimera(library, query, joined, best.reverse)


def _parts(library: Library, query: bytes, best: Near) -> Joined | None:
    """The records it was joined from, `best` the nearest one, on the strand of the query."""
    alone = best.distance * len(query)
    short = len(query) <= _CHIMERA_SHORT and alone >= max(_GAIN_WITHOUT_REST, _GAIN * len(query))
    firm = alone >= max(_GAIN_BASES, _GAIN * len(query)) and _ends_differ(library, query, best)
    if not short and not firm:
        return None
    length = _end_length(query)
    heads, tails = nearest_each(library, [query[:length], query[-length:]])
    if not heads or not tails:
        return None
    joined = _short_joined(library, query, (heads, tails), best) if short else None
    if joined is None and firm and not _nearest_species(library, heads) & _nearest_species(library, tails):
        joined = _firmly_joined(library, query, (heads, tails), alone)
    return joined


_Ends = tuple[Sequence[Near], Sequence[Near]]


def _short_joined(library: Library, query: bytes, ends: _Ends, best: Near) -> Joined | None:
    """Two records that leave nothing over, where one species leaves enough."""
    joined = joined_whole(library, query, *ends)
    if joined is None:
        return None
    of_parents = {species for pair in joined.parents for number in pair for species in species_of(library, number)}
    nearest_parent = bool(species_of(library, best.sequence) & of_parents)
    alone = min(best.distance * len(query), of_one_species(library, query, *ends))
    least = _GAIN_WITHOUT_REST if nearest_parent else _GAIN_BASES
    return joined if alone >= max(least, _GAIN * len(query)) else None


def _firmly_joined(library: Library, query: bytes, ends: _Ends, alone: float) -> Joined | None:
    """Two records that leave little over, and much less than one."""
    joined = joined_best(library, query, *ends)
    most, rate = _LEFT_OVER
    little = joined.edits <= most + rate * len(query)
    return joined if little and alone - joined.edits >= max(_GAIN_BASES, _GAIN * len(query)) else None


def _chimera(library: Library, query: bytes, joined: Joined, turned: bool) -> Mixture | None:
    """What is told of it; `turned` says that the parts were found on the other strand."""
    pairs = sorted(
        {
            (b, a) if turned else (a, b)
            for one, other in joined.parents
            for a in species_of(library, one)
            for b in species_of(library, other)
            if a != b
        }
    )
    if not pairs:
        return None
    near = [whole for part in joined.parents[0] if (whole := near_of(library, part, query)) is not None]
    near.sort(key=lambda item: (item.distance, item.sequence))
    position = len(query) - joined.position if turned else joined.position
    return Mixture(
        kind="chimera", pairs=tuple(pairs), unexplained=joined.edits, codes=0, near=tuple(near), position=position + 1
    )  # fmt: skip


def _end_length(query: bytes) -> int:
    return max(_END_BASES, int(_END * len(query)))


def _ends_differ(library: Library, query: bytes, best: Near) -> bool:
    """Whether the ends differ firmly in how they fit the nearest record, and the worse is not its species'.

    One end must fit the record well and the other not, by more than errors spread evenly would leave (two standard
    deviations of a Poisson difference).
    """
    length = _end_length(query)
    reference = library.sequence(best.sequence)
    parts = query[:length], query[-length:]
    edits = [edits_within(part, reference) for part in parts]
    good, bad = sorted(edits)
    if bad < _END_BAD * length or bad < 2 * good + 0.02 * length or bad - good < _END_FIRM * (bad + good) ** 0.5:
        return False
    found = nearest(library, parts[edits.index(bad)])
    return bool(found) and not _nearest_species(library, found) & species_of(library, best.sequence)


def _nearest_species(library: Library, found: Sequence[Near]) -> set[int]:
    least = found[0].distance
    return {
        species for near in found if near.distance <= least + _END_TIE for species in species_of(library, near.sequence)
    }
