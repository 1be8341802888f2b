"""Reading an entry's bytes fast: what a verifier needs of it, with every rule of the format checked.

An entry's top level has fixed keys in a fixed order, so one pattern decides whether that part is canonical
and well formed; only `values` needs a JSON reader. What the pattern does not match goes to `entry_object`,
whose word is final. The fast road must accept only what `entry_object` accepts (a property test holds it to
that).
"""

import re
from datetime import date
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from chain_of_custody.core.canonical import DEPTH_LIMIT, INTEGER_LIMIT, Json, canonical_parse
from chain_of_custody.core.entry import (
    CLAIMED_TIME_PATTERN,
    DIGEST_PATTERN,
    ENTRY_LIMIT,
    FIELD_PATTERN,
    RECORDED_TIME_PATTERN,
    SCHEMA_PATTERN,
    TOKEN_PATTERN,
    UUID_PATTERN,
    entry_object,
)
from chain_of_custody.core.errors import NotCanonical


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


_COMMITTED = rf'"{FIELD_PATTERN}":"{DIGEST_PATTERN}"'
_ENTRY = (
    rf'\{{"act":"({UUID_PATTERN})",'
    rf'"actor":\{{"account":(?:null|"{UUID_PATTERN}"),"party":"{UUID_PATTERN}",'
    rf'"role":"{TOKEN_PATTERN}","via":"{TOKEN_PATTERN}"\}},'
    rf'"committed":\{{((?:{_COMMITTED}(?:,{_COMMITTED})*)?)\}},'
    rf'"happened_at":"({CLAIMED_TIME_PATTERN})","id":"({UUID_PATTERN})",'
    rf'"previous":(null|"{DIGEST_PATTERN}"),"recorded_at":"({RECORDED_TIME_PATTERN})",'
    rf'"schema":"({SCHEMA_PATTERN})","sequence":([1-9][0-9]{{0,15}}),'
    rf'"stream":\{{"id":"({UUID_PATTERN})","kind":"({TOKEN_PATTERN})"\}},'
    rf'"v":1,"values":(\{{.*\}}),"verb":"({TOKEN_PATTERN})"\}}'
)
_match = re.compile(_ENTRY, re.DOTALL | re.ASCII).fullmatch


def entry_scan(data: bytes) -> Scan:
    """Check exact bytes of an entry; return what a verifier needs. Raises `EntryRefused` naming the fault."""
    return _scan_fast(data) or _scan_exact(data)


def _scan_fast(data: bytes) -> Scan | None:
    if len(data) > ENTRY_LIMIT or data.count(b"{") + data.count(b"[") > DEPTH_LIMIT:
        return None
    try:
        match = _match(data.decode())
        if match is None:
            return None
        act, listed, happened, uid, link, recorded, schema, nth, stream, kind, inner, verb = match.groups()
        values = canonical_parse(inner.encode())
        _check_day(happened[:10])
        _check_day(recorded[:10])
    except (NotCanonical, ValueError):
        return None
    sequence, previous = int(nth), None if link == "null" else link[1:-1]
    committed = _committed(listed)
    if committed is None or not isinstance(values, dict):
        return None
    if sequence > INTEGER_LIMIT or (previous is None) != (sequence == 1):
        return None
    return Scan(uid, act, kind, stream, sequence, previous, recorded, schema, verb, values, committed)


def _committed(listed: str) -> dict[str, str] | None:
    """The commitments by field, None when the fields are not in strictly rising order or one is too long."""
    parts = listed.split('"')
    names = tuple(parts[1::4])
    return dict(zip(names, parts[3::4], strict=True)) if _names_fit(names) else None


@lru_cache(maxsize=1024)
def _names_fit(names: tuple[str, ...]) -> bool:
    return all(a < b for a, b in pairwise(names)) and all(len(name) <= 64 for name in names)


@lru_cache(maxsize=1024)
def _check_day(day: str) -> None:
    """Raise `ValueError` for a day the calendar does not have; the pattern has checked the rest of a time."""
    date.fromisoformat(day)


def _scan_exact(data: bytes) -> Scan:
    value = entry_object(data)
    return Scan(
        value["id"],
        value["act"],
        value["stream"]["kind"],
        value["stream"]["id"],
        value["sequence"],
        value["previous"],
        value["recorded_at"],
        value["schema"],
        value["verb"],
        value["values"],
        value["committed"],
    )
