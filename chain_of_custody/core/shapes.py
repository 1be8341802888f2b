"""Entries that look alike: most entries of a log differ only in UUIDs, hashes, times and their number.

With every lower-case hexadecimal digit written as 0, such entries have one shape. For a shape seen before in an entry
that was accepted, the places of its variable parts are known. When everything else is byte for byte the same, the UUIDs
and hashes are well formed because the shape is, and only times and number are left to check; `values` that differ in
more than UUIDs are read. The table is small and forgets everything when it is full.
"""

import re
from collections.abc import Callable, Sequence
from datetime import date
from functools import lru_cache
from itertools import pairwise
from operator import itemgetter
from struct import Struct
from typing import NamedTuple

from chain_of_custody.core.canonical import INTEGER_LIMIT, Json, canonical_parse
from chain_of_custody.core.entry import CLAIMED_TIME_PATTERN, DIGEST_PATTERN, RECORDED_TIME_PATTERN, UUID_PATTERN
from chain_of_custody.core.errors import NotCanonical

SHAPES_LIMIT = 512

_HEX = b"0123456789abcdef"
_SHAPE = bytes.maketrans(_HEX, b"0" * len(_HEX))
_match_claimed = re.compile(CLAIMED_TIME_PATTERN.encode()).fullmatch
_match_recorded = re.compile(RECORDED_TIME_PATTERN.encode()).fullmatch
_match_offset = re.compile(rb"Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9]").fullmatch
_find_uuids = re.compile(f'"({UUID_PATTERN})"').finditer
_find_digests = re.compile(f':"({DIGEST_PATTERN})"').finditer
_PLAIN = r'"[ !#-\[\]-~]*"'
_match_texts = re.compile(rf"\{{(?:{_PLAIN}:{_PLAIN}(?:,{_PLAIN}:{_PLAIN})*)?\}}").fullmatch
# Groups of the pattern in `core.scan`.
_ACT, _ACCOUNT, _PARTY, _COMMITTED, _HAPPENED, _ID, _PREVIOUS, _RECORDED = range(1, 9)
_SEQUENCE, _STREAM, _VALUES = 10, 11, 13

Span = tuple[int, int]


class Scan(NamedTuple):
    """The fields of an entry that verification looks at; times stay text, which sorts like the times."""

    id: str
    act: str
    kind: str
    stream: str
    sequence: int
    previous: str | None
    recorded_at: str
    schema: str
    verb: str
    values: dict[str, Json]
    committed: dict[str, str]


Pieces = tuple[bytes, ...]
Taker = Callable[[Pieces], Pieces]


class Shape(NamedTuple):
    """What is known of one shape. `unpack` cuts an entry into pieces; a `Taker` picks some of them.

    `same` are all constant pieces, equal to `wanted` where only UUIDs, hashes, times and the number differ; `outer` are
    those of them outside `values`. `told` are happened_at, recorded_at, sequence, stream and previous (empty where
    there is none), `uuids` those of the values named in `varying`. `rest` cuts act, id and commitments out of an entry.
    """

    unpack: Callable[[bytes], Pieces]
    same: Taker
    wanted: Pieces
    outer: Taker
    outer_wanted: Pieces
    told: Taker
    uuids: Taker
    varying: tuple[str, ...]
    values: slice
    linked: bool
    rest: Callable[[bytes], Pieces]
    example: Scan


class Alike(NamedTuple):
    """An entry of a known shape, checked. `free` are its values where they differ from the example's in more than
    UUIDs, else None.
    """

    shape: Shape
    pieces: Pieces
    free: dict[str, Json] | None
    recorded_at: bytes
    sequence: int
    stream: bytes
    previous: bytes

    def values(self) -> dict[str, Json]:
        """What the entry says."""
        if self.free is not None:
            return self.free
        example, varying = self.shape.example.values, self.shape.varying
        if not varying:
            return example
        told: dict[str, Json] = {name: uuid.decode() for name, uuid in zip(varying, self.uuids(), strict=True)}
        return told if len(told) == len(example) else {**example, **told}

    def uuids(self) -> Pieces:
        """Those of the shape's varying values."""
        return self.shape.uuids(self.pieces)


_known: dict[bytes, Shape] = {}


@lru_cache(maxsize=1024)
def check_day(day: str) -> None:
    """Raise `ValueError` for a day the calendar does not have; a pattern has checked the rest of a time."""
    date.fromisoformat(day)


def entry_alike(data: bytes) -> Alike | None:
    """An entry that is like one accepted before, else None."""
    shape = _known.get(data.translate(_SHAPE))
    if shape is None:
        return None
    pieces = shape.unpack(data)
    happened, recorded, nth, stream, previous = shape.told(pieces)
    if not (_times_fit(happened, recorded) and nth.isdigit()) or nth[0] == _ZERO:
        return None
    sequence = int(nth)
    if sequence > INTEGER_LIMIT or shape.linked is (sequence == 1):
        return None
    free = None
    if shape.same(pieces) != shape.wanted:
        free = _free(shape, data, pieces)
        if free is None:
            return None
    return Alike(shape, pieces, free, recorded, sequence, stream, previous)


_ZERO = ord("0")


def _free(shape: Shape, data: bytes, pieces: Pieces) -> dict[str, Json] | None:
    """Values that have to be read, None where something else differs as well or they are not canonical."""
    if shape.outer(pieces) != shape.outer_wanted:
        return None
    try:
        return values_parse(data[shape.values].decode("ascii"))
    except NotCanonical:
        return None


def _times_fit(happened: bytes, recorded: bytes) -> bool:
    """Whether both are times of the format. Most often they are the same time, and many lie in one second."""
    if not (_second_fits(recorded[:19]) and recorded[20:26].isdigit()):
        return False
    if happened[:26] == recorded[:26] and _offset_fits(happened[26:]):
        return True
    return _match_claimed(happened) is not None and _second_fits(happened[:19])


@lru_cache(maxsize=4096)
def _second_fits(moment: bytes) -> bool:
    if not _match_recorded(moment + b".000000Z"):
        return False
    try:
        date.fromisoformat(moment[:10].decode("ascii"))
    except ValueError:
        return False
    return True


@lru_cache(maxsize=256)
def _offset_fits(text: bytes) -> bool:
    return _match_offset(text) is not None


def scan_alike(data: bytes) -> Scan | None:
    """The fields of an entry that is like one accepted before, else None."""
    alike = entry_alike(data)
    if alike is None:
        return None
    example = alike.shape.example
    act, uid, *digests = (part.decode() for part in alike.shape.rest(data))
    return example._replace(
        id=uid,
        act=act,
        stream=alike.stream.decode(),
        sequence=alike.sequence,
        previous=alike.previous.decode() or None,
        recorded_at=alike.recorded_at.decode(),
        values=alike.values(),
        committed=dict(zip(example.committed, digests, strict=True)),
    )


def values_parse(text: str) -> dict[str, Json] | None:
    """`values` from their canonical text, None when it is no object. Raises `NotCanonical`.

    The commonest kind, one flat object of plain ASCII texts, is canonical when its keys rise and needs no JSON reader:
    with no quotation mark inside a text, every fourth piece between such marks is a key.
    """
    if _match_texts(text):
        parts = text.split('"')
        names = tuple(parts[1::4])
        if rising(names):
            return dict(zip(names, parts[3::4], strict=True))
    value = canonical_parse(text.encode())
    return value if isinstance(value, dict) else None


@lru_cache(maxsize=1024)
def rising(names: tuple[str, ...]) -> bool:
    """Whether every name is greater than the one before it."""
    return all(a < b for a, b in pairwise(names))


def remember(data: bytes, match: re.Match[str], scan: Scan) -> None:
    """Keep the shape of an accepted entry of ASCII text. `match` is that of the pattern in `core.scan`."""
    key, text = data.translate(_SHAPE), match.string
    if key in _known:
        return
    digests = [found.span(1) for found in _find_digests(text, *match.span(_COMMITTED))]
    varying = _varying(scan.values)
    start, end = match.span(_VALUES)
    uuids = [found.span(1) for found in _find_uuids(text, start, end)] if varying else []
    if len(uuids) != len(varying) or len(digests) != len(scan.committed):
        return
    if len(_known) >= SHAPES_LIMIT:
        _known.clear()
    _known[key] = _shape(data, match, scan, digests, varying, uuids)


def _shape(
    data: bytes, match: re.Match[str], scan: Scan, digests: list[Span], varying: tuple[str, ...], uuids: list[Span]
) -> Shape:
    start, end = match.span(_PREVIOUS)
    linked = scan.previous is not None
    link = (start + 1, end - 1) if linked else (start, start)
    told = [*(match.span(group) for group in (_HAPPENED, _RECORDED, _SEQUENCE, _STREAM)), link]
    rest = [match.span(_ACT), match.span(_ID), *digests]
    skipped = [*rest, match.span(_PARTY), *([match.span(_ACCOUNT)] if match[_ACCOUNT] else [])]
    values = match.span(_VALUES)
    pieces = _pieces([*skipped, *told, *uuids], values, len(data))
    kept = [span for span, _constant in pieces if span not in skipped]
    places = {span: number for number, span in enumerate(kept)}
    constant = [span for span, constant in pieces if constant]
    outer = [span for span in constant if not (values[0] <= span[0] and span[1] <= values[1])]
    return Shape(
        unpack=Struct("".join(f"{b - a}{'x' if (a, b) in skipped else 's'}" for (a, b), _ in pieces)).unpack,
        same=_taker([places[span] for span in constant]),
        wanted=tuple(data[a:b] for a, b in constant),
        outer=_taker([places[span] for span in outer]),
        outer_wanted=tuple(data[a:b] for a, b in outer),
        told=_taker([places[span] for span in told]),
        uuids=_taker([places[span] for span in uuids]),
        varying=varying,
        values=slice(*values),
        linked=linked,
        rest=itemgetter(*(slice(*span) for span in rest)),
        example=scan,
    )


def _pieces(variable: list[Span], values: Span, size: int) -> list[tuple[Span, bool]]:
    """Spans that cover an entry whole, left to right, each with whether it is constant; none goes over the bounds of
    `values`.
    """
    edges = sorted([*variable, (values[0], values[0]), (values[1], values[1])])
    pieces, here = [], 0
    for start, end in edges:
        if start > here:
            pieces.append(((here, start), True))
        if (start, end) in variable:
            pieces.append(((start, end), False))
        here = end
    return [*pieces, ((here, size), True)]


def _taker(places: Sequence[int]) -> Taker:
    if len(places) > 1:
        return itemgetter(*places)
    return (lambda pieces: (pieces[places[0]],)) if places else (lambda _pieces: ())


def _varying(values: dict[str, Json]) -> tuple[str, ...]:
    """Names of the values that are UUIDs, in their order; none where values are not one flat object."""
    if any(isinstance(value, dict | list) for value in values.values()):
        return ()
    return tuple(name for name, value in values.items() if isinstance(value, str) and _is_uuid(value))


_is_uuid = re.compile(UUID_PATTERN).fullmatch
