"""Finding the nearest references: k-mer candidates, then exact distances over the shared stretch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from analysis.species.bases import ambiguous_count, has_ambiguity, reverse_complement
from analysis.species.distance import edits_located, edits_within, path_located, path_within
from analysis.species.index import Ids
from analysis.species.library import SHORTEST, Library
from analysis.species.placing import Placed, placed, stretch

CANDIDATES: Final = 16
CANDIDATE_SPECIES: Final = 10
EXACT: Final = 10
EXACT_SPECIES: Final = 6
_FEW_SHARED: Final = 30
"""Shared k-mers of the first candidate below which their number tells little of who is nearest."""
_FAR: Final = 0.03
_VERY_FAR: Final = 0.12
_MORE_BASES: Final = 12_000
"""Bases of further candidates laid beside such a query."""
_SUSPECT: Final = 0.25
_SHARING_MOST: Final = 3


class Near(NamedTuple):
    """A distinct reference sequence near a query.

    `edits` is the Levenshtein distance over the stretch both share (overhanging ends are free, IUPAC codes
    that can stand for the same base are equal); `overlap` is the length of that stretch in bases;
    `reverse` says that the reference lies on the other strand; `start` to `end` of the turned query are that stretch,
    and `offset` further on it begins in the reference. `gapless` says that the edits are all substitutions there;
    `counts` are columns of two letters, transitions and transversions of an alignment of that many edits, None where
    none was laid out; `codes` counts the reference's unsettled bases in the stretch;
    `last` says where the fewest edits end in what was compared (`distance.edits_located`), −1 where it is not known.
    """

    sequence: int
    edits: int
    overlap: int
    reverse: bool
    offset: int
    start: int
    end: int
    gapless: bool
    counts: tuple[int, int, int] | None = None
    codes: int = 0
    last: int = -1

    @property
    def settled(self) -> int:
        """Bases of the overlap that the reference settles: an unsettled one can neither agree nor differ."""
        return self.overlap - self.codes

    @property
    def distance(self) -> float:
        """edits / settled bases, at most 1; 1 with edits and nothing settled."""
        settled = self.overlap - self.codes
        return self.edits / settled if self.edits < settled else float(self.edits > 0)

    @property
    def identity(self) -> float:
        """1 − distance."""
        return 1.0 - self.distance


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """Records and whole species that a validation hides from a search."""

    records: frozenset[int] = frozenset()
    species: frozenset[int] = frozenset()

    def hides(self, record: int, species: int) -> bool:
        """Whether a record is hidden."""
        return record in self.records or species in self.species


NOTHING: Final = LeftOut()
_new: Final = tuple.__new__
"""As in `analysis.species.placing`."""
_NONE: Final[Ids] = np.zeros(0, np.int64)


def nearest(library: Library, query: bytes, *, out: LeftOut = NOTHING, candidates: int = CANDIDATES) -> list[Near]:
    """The nearest distinct sequences, best first: identity over those that cover most of the query.

    Records or species can be left out, as leave-one-out validation does. A reference that covers less
    than half of what the best-covering one covers comes after all others, whatever its identity: a
    perfect match over a short stretch is weak evidence. Of equally near ones that of fewer unsettled bases comes
    first: a code agrees with everything it allows. Returns [] when nothing shares a k-mer.
    """
    return nearest_each(library, [query], out=out, candidates=candidates)[0]


def nearest_each(
    library: Library, queries: Sequence[bytes], *, out: LeftOut = NOTHING, candidates: int = CANDIDATES
) -> list[list[Near]]:
    """`nearest` of each of some queries; what is found for one does not depend on the others."""
    hidden = _NONE if out is NOTHING else _hidden(library, out)
    ranked = library.index.ranked(queries, pool=8 * candidates, hidden=hidden)
    return [_nearest(library, query, *found, candidates) for query, found in zip(queries, ranked, strict=True)]


def _nearest(library: Library, query: bytes, ranked: Ids, most_shared: int, candidates: int) -> list[Near]:
    if not len(ranked):
        return []
    chosen = _candidates(library, ranked, candidates)
    laid = placed(library, query, chosen)
    worth = _worth_comparing(library, laid)
    if most_shared < _FEW_SHARED:
        worth = _worth_with_more(library, query, laid, ranked, chosen)
    settled = not has_ambiguity(query)
    found = [near for item in worth if (near := _near(library, item, settled)) is not None]
    most = max([near.overlap - near.codes for near in found], default=0)

    def order(near: Near) -> tuple[bool, float, int, int, int]:
        return 2 * (near.overlap - near.codes) < most, near.distance, near.codes, -near.overlap, near.sequence

    found.sort(key=order)
    return found


def _worth_with_more(
    library: Library, query: bytes, laid: list[Placed], ranked: Ids, chosen: Sequence[int]
) -> list[Placed]:
    """The candidates to compare exactly, further ones among them where the nearest of the first ones is far.

    A short sequence with no near reference shares few k-mers with any, and which share one more is chance. Where even
    the nearest is very far the columns it gave fit nobody else's gaps, and every candidate is compared.
    """
    best = min(laid, key=_share_different)
    if best.differences <= _FAR * best.overlap:
        return _worth_comparing(library, laid)
    seen = set(chosen)
    others = [number for number in ranked.tolist() if number not in seen][: _MORE_BASES // len(query)]
    further = placed(library, query, [best.number, *others])[1:]
    if best.differences > _VERY_FAR * best.overlap:
        return laid + further
    last = sorted(map(_share_different, laid))[:EXACT][-1]
    nearer = [item for item in further if item.overlap >= SHORTEST and _share_different(item) <= last]
    return _worth_comparing(library, laid + nearer)


def _share_different(item: Placed) -> tuple[float, int]:
    return item.differences / (item.end - item.start or 1), item.number


def _candidates(library: Library, ranked: Ids, limit: int) -> list[int]:
    """The first `limit` of the ranked sequences, and the best of each of the first species."""
    chosen: list[int] = ranked[:limit].tolist()
    seen: set[int] = set()
    species_of = library.sequence_species.item
    for place, number in enumerate(ranked.tolist()):
        species = species_of(number)
        # A sequence of several species counts as a species of its own here: it is always looked at.
        key = species if species >= 0 else -1 - number
        if key not in seen:
            seen.add(key)
            if place >= limit:
                chosen.append(number)
        if len(seen) == CANDIDATE_SPECIES:
            break
    return chosen


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


def _worth_comparing(library: Library, laid: Sequence[Placed]) -> list[Placed]:
    """The candidates to compare exactly: the nearest, the nearest of each species, and those with likely gaps.

    `laid` begins with those that share most k-mers: they are compared whatever differs where they were laid.
    """
    ranked = sorted(laid, key=_share_different)
    worth = ranked[:EXACT]
    sharing = {item.number for item in laid[:_SHARING_MOST]}
    species_of = library.sequence_species.item
    seen = {species_of(item.number) for item in worth}
    for item in ranked[EXACT:]:
        species = species_of(item.number)
        fresh = species < 0 or (species not in seen and len(seen) < EXACT_SPECIES)
        seen.add(species)
        if fresh or item.number in sharing or item.differences > _SUSPECT * item.overlap:
            worth.append(item)
    return worth


def _near(library: Library, laid: Placed, settled: bool) -> Near | None:
    """`settled` says that the query holds no code."""
    number, query, reverse, offset, start, end, differences, compared, transitions, transversions, plain, codes = laid
    reference = library.sequence(number)
    inner, outer, _ = stretch(query, reference, laid)
    if len(inner) < SHORTEST and len(inner) < len(query):
        return None
    edits, last = _edits(inner, outer, differences, settled and library.sequences.whole(number)[2])
    if edits < 0:  # a gap longer than the margin: where the columns lie the reference goes on
        edits = edits_within(inner, reference, differences)
    known = edits == differences
    if not plain:
        codes = ambiguous_count(reference[start + offset : end + offset])
    item = (
        number, edits, len(inner), reverse, offset, start, end,
        known and plain, (compared, transitions, transversions) if known else None, codes, last,
    )  # fmt: skip
    return _new(Near, item)


def _edits(inner: bytes, outer: bytes, most: int, settled: bool) -> tuple[int, int]:
    """Fewest edits, `most` at most, and where they end; of settled bases one is needed unless they stand there."""
    if not most:
        return 0, -1
    if most == 1 and (settled or not (has_ambiguity(inner) or has_ambiguity(outer))):
        return 0 if inner in outer else 1, -1
    return edits_located(inner, outer, most, settled=settled)


def rows_of(library: Library, near: Near, query: bytes) -> tuple[str, str]:
    """The query and a near reference as two aligned rows over their shared stretch, in the reference's direction."""
    reference = library.sequence(near.sequence)
    turned = reverse_complement(query) if near.reverse else query
    if near.gapless:
        return turned[near.start : near.end].decode(), reference[
            near.start + near.offset : near.end + near.offset
        ].decode()
    inner, outer, swapped = stretch(turned, reference, near)
    if not inner:
        return "", ""
    rows = path_within(inner, outer, near.edits, near.last)
    if rows is None:  # as in `_near`
        one, other, _ = path_located(inner, reference)
        return one.decode(), other.decode()
    return (rows[1], rows[0]) if swapped else rows


def near_of(library: Library, number: int, query: bytes) -> Near | None:
    """A query against one distinct sequence of the set, None where they share no stretch of 60 bases."""
    return _near(library, placed(library, query, [number])[0], settled=not has_ambiguity(query))


def distance_to(library: Library, number: int, query: bytes) -> float | None:
    """Distance of a query to one distinct sequence of the set, None where they share no stretch of 60 bases."""
    near = near_of(library, number, query)
    return None if near is None else near.distance
