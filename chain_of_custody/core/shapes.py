"""Entries that look alike: most entries of a log differ only in UUIDs, hashes, times and their number.

With every lower-case hexadecimal digit written as 0, such entries have one shape. For a shape seen before in an entry
that was accepted, the places of its variable parts are known. When everything else is byte for byte the same, the UUIDs
and hashes are well formed because the shape is, and only times and number are left to check. The table is small and
forgets everything when it is full.
"""

import re
from collections.abc import Callable
from datetime import date
from functools import lru_cache
from operator import itemgetter
from typing import Any, NamedTuple

from chain_of_custody.core.canonical import INTEGER_LIMIT, Json
from chain_of_custody.core.entry import CLAIMED_TIME_PATTERN, DIGEST_PATTERN, RECORDED_TIME_PATTERN, UUID_PATTERN

SHAPES_LIMIT = 512

_HEX = b"0123456789abcdef"
_SHAPE = bytes.maketrans(_HEX, b"0" * len(_HEX))
_match_claimed = re.compile(CLAIMED_TIME_PATTERN).fullmatch
_match_recorded = re.compile(RECORDED_TIME_PATTERN).fullmatch
_find_uuids = re.compile(f'"({UUID_PATTERN})"').finditer
_find_digests = re.compile(f':"({DIGEST_PATTERN})"').finditer
# Groups of the pattern in `core.scan`.
_ACT, _COMMITTED, _HAPPENED, _ID, _PREVIOUS, _RECORDED, _SEQUENCE, _STREAM, _VALUES = 1, 2, 3, 4, 5, 6, 8, 9, 11
_ALWAYS = (_ACT, _ID, _STREAM, _SEQUENCE, _HAPPENED, _RECORDED)

Spans = list[tuple[int, int]]


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


class _Alike(NamedTuple):
    """What is known of one shape: how to take the parts that must be the same, and those that may differ."""

    same: Callable[[str], tuple[str, ...]]
    wanted: tuple[str, ...]
    parts: Callable[[str], tuple[str, ...]]
    linked: bool
    names: tuple[str, ...]
    varying: tuple[str, ...]
    example: Scan


_known: dict[bytes, _Alike] = {}


@lru_cache(maxsize=1024)
def check_day(day: str) -> None:
    """Raise `ValueError` for a day the calendar does not have; a pattern has checked the rest of a time."""
    date.fromisoformat(day)


def scan_alike(data: bytes) -> Scan | None:
    """The fields of an entry that is like one accepted before, else None."""
    alike = _known.get(data.translate(_SHAPE))
    if alike is None:
        return None
    same, wanted, parts, linked, names, varying, example = alike
    text = data.decode("ascii")
    if same(text) != wanted:
        return None
    act, uid, stream, nth, happened, recorded, *rest = parts(text)
    if not (_match_claimed(happened) and _match_recorded(recorded) and nth.isdigit()) or nth[0] == "0":
        return None
    try:
        check_day(happened[:10])
        check_day(recorded[:10])
    except ValueError:
        return None
    sequence = int(nth)
    if sequence > INTEGER_LIMIT or linked is (sequence == 1):
        return None
    previous = rest.pop() if linked else None
    committed = dict(zip(names, rest, strict=False))
    values = example.values
    if varying:
        told: dict[str, Json] = dict(zip(varying, rest[len(names) :], strict=True))
        values = told if len(told) == len(values) else {**values, **told}
    return Scan(
        uid, act, example.kind, stream, sequence, previous, recorded, example.schema, example.verb, values, committed
    )


def remember(data: bytes, match: re.Match[str], scan: Scan) -> None:
    """Keep the shape of an accepted entry of ASCII text. `match` is that of the pattern in `core.scan`."""
    shape, text = data.translate(_SHAPE), match.string
    if shape in _known:
        return
    digests = [found.span(1) for found in _find_digests(text, *match.span(_COMMITTED))]
    varying = _varying(scan.values)
    uuids = [found.span(1) for found in _find_uuids(text, *match.span(_VALUES))] if varying is not None else []
    if len(uuids) != len(varying or ()) or len(digests) != len(scan.committed):
        return
    linked = scan.previous is not None
    start, end = match.span(_PREVIOUS)
    parts = [*(match.span(group) for group in _ALWAYS), *digests, *uuids, *([(start + 1, end - 1)] if linked else [])]
    between = sorted(parts)
    bounds = [0, *(edge for span in between for edge in span), len(text)]
    same = _taker([(bounds[i], bounds[i + 1]) for i in range(0, len(bounds), 2)])
    if len(_known) >= SHAPES_LIMIT:
        _known.clear()
    _known[shape] = _Alike(same, same(text), _taker(parts), linked, tuple(scan.committed), varying or (), scan)


def _varying(values: dict[str, Json]) -> tuple[str, ...] | None:
    """Names of the values that are UUIDs, in their order; None where values are not one flat object."""
    if any(isinstance(value, dict | list) for value in values.values()):
        return None
    return tuple(name for name, value in values.items() if isinstance(value, str) and _is_uuid(value))


_is_uuid = re.compile(UUID_PATTERN).fullmatch


def _taker(spans: Spans) -> Any:
    return itemgetter(*(slice(start, end) for start, end in spans))
