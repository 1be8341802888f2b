"""Reading an entry's bytes fast: what a verifier needs of it, with every rule of the format checked.

Three roads, the later ones for what the earlier do not take:

- an entry that differs from one accepted before in nothing but UUIDs, hashes, times and its number (`core.shapes`);
- an entry's top level has fixed keys in a fixed order, so one pattern decides whether that part is canonical and well
  formed, and only `values` needs a JSON reader;
- `entry_object`, whose word is final.

The fast roads must accept only what `entry_object` accepts (a property test holds them to that).
"""

import re
from functools import lru_cache

from chain_of_custody.core.canonical import DEPTH_LIMIT, INTEGER_LIMIT
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
from chain_of_custody.core.shapes import Scan, check_day, remember, rising, scan_alike, values_parse

_COMMITTED = rf'"{FIELD_PATTERN}":"{DIGEST_PATTERN}"'
_ENTRY = (
    rf'\{{"act":"({UUID_PATTERN})",'
    rf'"actor":\{{"account":(?:null|"({UUID_PATTERN})"),"party":"({UUID_PATTERN})",'
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
    return scan_alike(data) or _scan_fast(data) or _scan_exact(data)


def _scan_fast(data: bytes) -> Scan | None:
    if len(data) > ENTRY_LIMIT or data.count(b"{") + data.count(b"[") > DEPTH_LIMIT:
        return None
    try:
        text = data.decode()
        match = _match(text)
        if match is None:
            return None
        act, _account, _party, listed, happened, uid, link, recorded, schema, nth, stream, kind, inner, verb = (
            match.groups()
        )
        values = values_parse(inner)
        check_day(happened[:10])
        check_day(recorded[:10])
    except (NotCanonical, ValueError):
        return None
    sequence, previous = int(nth), None if link == "null" else link[1:-1]
    committed = _committed(listed)
    if committed is None or values is None:
        return None
    if sequence > INTEGER_LIMIT or (previous is None) != (sequence == 1):
        return None
    scan = Scan(uid, act, kind, stream, sequence, previous, recorded, schema, verb, values, committed)
    if data.isascii():
        remember(data, match, scan)
    return scan


def _committed(listed: str) -> dict[str, str] | None:
    """The commitments by field, None when the fields are not in strictly rising order or one is too long."""
    parts = listed.split('"')
    names = tuple(parts[1::4])
    return dict(zip(names, parts[3::4], strict=True)) if _names_fit(names) else None


@lru_cache(maxsize=1024)
def _names_fit(names: tuple[str, ...]) -> bool:
    return rising(names) and all(len(name) <= 64 for name in names)


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
