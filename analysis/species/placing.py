"""Laying candidates beside a query: strand, offset, and what differs there, for all of them at once.

References of one locus lie in one frame: what shifts between a query and the best of them shifts against all. So
strand, offset and gaps are found once, against the first candidate; the others are laid in the same columns and only
those that do not fit there are placed on their own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from analysis.species.bases import LETTER_OF, Bytes, masks, reverse_complement
from analysis.species.digits import Beside
from analysis.species.distance import path_located
from analysis.species.library import SHORTEST, Library

Ids = npt.NDArray[np.int64]

MARGIN: Final = 40
_ANCHOR: Final = 12
_ANCHORS: Final = 16
_AGREEING: Final = 2
_SPREAD: Final = (8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15, 0, 16)
"""Order in which anchors at these sixteenths of a query are looked for: the middle first, then the quarters."""
_PLACED: Final = 0.7
_GAPS_LIKELY: Final = 0.08
"""Above this share of differences with the best candidate its gaps are looked for."""
_LETTERS: Final = np.frombuffer("".join(LETTER_OF.get(mask, "-") for mask in range(16)).encode(), np.uint8)
_HIGH: Final = np.uint8(4)
_ALIKE, _TRANSITION, _TRANSVERSION, _OTHER, _MISSING = range(5)


def _kinds() -> bytes:
    """What a pair of masks (query << 4 | reference) is, as a table for `bytes.translate`."""
    kinds = bytearray(_OTHER for _ in range(256))
    for one in range(16):
        for other in range(16):
            if not one:
                kind = _MISSING
            elif one & other:
                kind = _ALIKE
            elif one.bit_count() == other.bit_count() == 1:
                kind = _TRANSITION if one | other in (5, 10) else _TRANSVERSION
            else:
                kind = _OTHER
            kinds[one << 4 | other] = kind
    return bytes(kinds)


_KIND: Final = _kinds()


class Stretch(Protocol):
    """Where a reference lies beside a query."""

    @property
    def offset(self) -> int:
        """Position in the reference − position in the query, where the shared stretch begins."""

    @property
    def start(self) -> int:
        """Where the shared stretch begins in the turned query."""

    @property
    def end(self) -> int:
        """Where it ends."""


@dataclass(frozen=True, slots=True)
class Gapped:
    """Columns that are not the query's own bases: `high` (masks << 4, 0 where the query lacks the base).

    `position` (columns + 1,) is the query position of each; bases between two columns are insertions.
    """

    high: Bytes
    position: Ids


class Frame:
    """A query in columns: its own bases, or where `gapped` is given the columns of a reference.

    `query` are the letters of the strand in use, `reverse` says whether that is the other one.
    """

    __slots__ = ("beside", "gapped", "query", "reverse")

    def __init__(self, query: bytes, reverse: bool, gapped: Gapped | None = None) -> None:
        self.query = query
        self.reverse = reverse
        self.gapped = gapped
        self.beside = Beside(query)

    def text(self) -> bytes:
        """The columns as letters, «-» for a missing base."""
        if self.gapped is None:
            return self.query
        letters: Bytes = _LETTERS[self.gapped.high >> _HIGH]
        return letters.tobytes()


class Placed(NamedTuple):
    """A candidate beside the turned query: `start` to `end` of the query lie against it, `offset` further on in it.

    `differences` are the edits of that alignment, so at least as many as needed; `compared`, `transitions` and
    `transversions` are counted in its columns of two letters. `plain` says that it has no gap; then `codes` counts the
    reference's unsettled letters in the stretch.
    """

    number: int
    query: bytes
    reverse: bool
    offset: int
    start: int
    end: int
    differences: int
    compared: int
    transitions: int
    transversions: int
    plain: bool
    codes: int = 0

    @property
    def overlap(self) -> int:
        """Bases of the query in the shared stretch."""
        return self.end - self.start


_new: Final = tuple.__new__
"""Makes a named tuple of a plain one: what `Placed(…)` does, in a third of the time."""


def placed(library: Library, query: bytes, chosen: Sequence[int]) -> list[Placed]:
    """Every candidate laid beside the query, in the order given."""
    strands = (query, reverse_complement(query))
    first_text = library.sequence(chosen[0])
    reverse, shift = _orient(strands, first_text)
    frame = Frame(strands[reverse], reverse)
    first = _lay(library, frame, chosen[0], shift)
    if first.differences > _GAPS_LIKELY * first.overlap and first.overlap >= SHORTEST:
        frame, shift = _gapped(frame, first_text, first) or (frame, shift)
    if frame.gapped is None:
        laid = [first, *_lay_each(library, frame, chosen[1:], shift)]
    else:
        laid = _lay_each(library, frame, chosen, shift)
    poor = {place: item for place, item in enumerate(laid) if _is_poor(item)}
    for place, item in _again(library, frame, strands, poor) if poor else ():
        laid[place] = item
    return laid


def _is_poor(item: Placed) -> bool:
    overlap = item.end - item.start
    return overlap < SHORTEST or item.differences > (1 - _PLACED) * overlap


def _again(
    library: Library, frame: Frame, strands: tuple[bytes, bytes], poor: dict[int, Placed]
) -> Iterator[tuple[int, Placed]]:
    """Place candidates by anchors: in the common columns, else on the other strand without gaps.

    References often begin at the same base, so what fits one is tried for all the others.
    """
    text = frame.text()
    turned = Frame(strands[not frame.reverse], not frame.reverse)
    while poor:
        place = next(iter(poor))
        number = poor.pop(place).number
        reference = library.sequence(number)
        shift, agreeing = _offset(text, reference)
        if agreeing < _AGREEING:
            other, votes = _offset(turned.query, reference)
            if votes > agreeing:
                yield place, _lay(library, turned, number, other)
                continue
        yield place, _lay(library, frame, number, shift)
        fitting = {
            at: found for at, item in poor.items() if not _is_poor(found := _lay(library, frame, item.number, shift))
        }
        yield from fitting.items()
        for at in fitting:
            del poor[at]


def _lay(library: Library, frame: Frame, number: int, shift: int) -> Placed:
    """A sequence in the frame's columns, column c beside its position c + shift."""
    return _lay_each(library, frame, (number,), shift)[0]


def _lay_each(library: Library, frame: Frame, numbers: Sequence[int], shift: int) -> list[Placed]:
    """`_lay` of some sequences."""
    query, reverse, gapped = frame.query, frame.reverse, frame.gapped
    if gapped is not None:
        return [_lay_gapped(frame, gapped, number, masks(library.sequence(number)), shift) for number in numbers]
    columns, whole = frame.beside.columns, library.sequences.whole
    laid: list[Placed] = []
    for number in numbers:
        start, end, different, transitions, transversions, codes = columns(*whole(number), shift)
        item = (
            number, query, reverse, shift, start, end, different,
            end - start, transitions, transversions, True, codes,
        )  # fmt: skip
        laid.append(_new(Placed, item))
    return laid


def _lay_gapped(frame: Frame, gapped: Gapped, number: int, row: Bytes, shift: int) -> Placed:
    start = max(0, -shift)
    end = max(start, min(len(gapped.high), len(row) - shift))
    kinds = (gapped.high[start:end] | row[start + shift : end + shift]).tobytes().translate(_KIND)
    transitions, transversions = kinds.count(_TRANSITION), kinds.count(_TRANSVERSION)
    # Bases before the first and after the last column of the stretch belong to the overhangs.
    first, last = (int(gapped.position[start]) if start else 0), int(gapped.position[end])
    missing = kinds.count(_MISSING)
    compared = end - start - missing
    different = transitions + transversions + kinds.count(_OTHER) + missing + (last - first) - compared
    return Placed(
        number, frame.query, frame.reverse, start + shift - first, first, last, different,
        compared, transitions, transversions, False,
    )  # fmt: skip


def _gapped(plain: Frame, reference: bytes, first: Placed) -> tuple[Frame, int] | None:
    """The query in the columns of the first candidate and their shift, None where no gap is needed."""
    query = plain.query
    inner, outer, swapped = stretch(query, reference, first)
    one, other, at = path_located(inner, outer)
    if b"-" not in one and b"-" not in other:
        return None
    query_row, reference_row = (other, one) if swapped else (one, other)
    head = at if swapped else first.start
    letters = np.frombuffer(query_row, np.uint8) != ord("-")
    column = np.frombuffer(reference_row, np.uint8) != ord("-")
    before = np.cumsum(letters) - letters
    tail = np.arange(head + int(np.count_nonzero(letters)), len(query) + 1)
    position = np.concatenate([np.arange(head), head + before[column], tail]).astype(np.int64)
    middle = masks(query_row)[column]
    every = np.concatenate([masks(query[:head]), middle, masks(query[int(tail[0]) :])])
    begins = 0 if swapped else max(0, first.start + first.offset - MARGIN) + at
    return Frame(query, plain.reverse, Gapped(every << _HIGH, position)), begins - head


def stretch(query: bytes, reference: bytes, item: Stretch) -> tuple[bytes, bytes, bool]:
    """(inner, outer, whether the reference is the inner one): what is compared once overhanging ends are cut."""
    if item.start and item.end < len(query):
        return reference, query, True
    start = max(0, item.start + item.offset - MARGIN)
    return query[item.start : item.end], reference[start : item.end + item.offset + MARGIN], False


def _orient(strands: tuple[bytes, bytes], reference: bytes) -> tuple[bool, int]:
    """Strand and offset (reference position − query position) on which most anchors agree.

    Where few do on either strand all stretches of an anchor's length vote, so that it is not the spacing that decides.
    """
    for reverse, query in enumerate(strands):
        offset, agreeing = _offset(query, reference)
        if agreeing >= _AGREEING:
            return bool(reverse), offset
    places = {reference[at : at + _ANCHOR]: at for at in range(len(reference) - _ANCHOR, -1, -1)}
    first, second = (_offset_of_all(query, places) for query in strands)
    return (True, second[0]) if second[1] > first[1] else (False, first[0])


def _offset_of_all(query: bytes, places: Mapping[bytes, int]) -> tuple[int, int]:
    """As `_offset`, of all stretches of the query, by where each begins first in the reference."""
    votes = Counter(
        at - start
        for start in range(len(query) - _ANCHOR + 1)
        if (at := places.get(query[start : start + _ANCHOR])) is not None
    )
    best = max(votes.values(), default=0)
    return min((offset for offset, count in votes.items() if count == best), default=0), best


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
