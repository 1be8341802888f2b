"""Edit distances by edlib, with IUPAC codes that can stand for the same base equal."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Final

import edlib

from analysis.species.bases import MASK_OF

_PLAIN: Final = b"ACGT"
_GAP: Final = re.compile("([ID])")
_whole: Final = cache(int)
"""A number from its text; some hundred short ones come again and again."""


@lru_cache(maxsize=4096)
def _equalities(letters: bytes) -> list[tuple[str, str]] | None:
    """Pairs of letters that can stand for the same base, for the codes that occur; None when none does.

    Few pairs matter: handing edlib all of them costs more than the alignment itself.
    """
    codes = sorted(set(letters.decode()))
    others = [*_PLAIN.decode(), *codes]
    pairs = {
        (min(code, other), max(code, other))
        for code in codes
        for other in others
        if code != other and MASK_OF[code] & MASK_OF[other]
    }
    return sorted(pairs) or None


def equalities(one: bytes, other: bytes) -> list[tuple[str, str]] | None:
    """What edlib must know of the IUPAC codes in two sequences."""
    unsettled = (one + other).translate(None, _PLAIN)
    return _equalities(bytes(sorted(set(unsettled)))) if unsettled else None


def edits_within(inner: bytes, outer: bytes, most: int = -1) -> int:
    """Fewest Levenshtein edits that turn `inner` into any part of `outer` (Sellers 1980).

    `most` is an upper bound (−1: none is known), which makes the search faster; −1 where more are needed.
    """
    return edits_located(inner, outer, most)[0]


def edits_located(inner: bytes, outer: bytes, most: int, *, settled: bool = False) -> tuple[int, int]:
    """As `edits_within`, and where the first part of `outer` that needs no more edits ends (its last base).

    `settled` says that neither sequence holds a code, so that none is looked for.
    """
    alike = None if settled else equalities(inner, outer)
    found = edlib.align(inner, outer, mode="HW", task="distance", k=most, additionalEqualities=alike)
    edits = int(found["editDistance"])
    return edits, int(found["locations"][0][1]) if edits >= 0 else -1


def path_within(inner: bytes, outer: bytes, most: int, last: int = -1) -> tuple[str, str] | None:
    """`inner` and the part of `outer` it turns into, as two rows with «-» for gaps; None beyond `most` edits.

    `last` is where that part ends, as `edits_located` tells, −1 where it is not known.
    """
    try:
        one, other, _ = _path(_Pair(inner, outer, most, last))
    except _BeyondError:
        return None
    return one.decode(), other.decode()


def path_located(inner: bytes, outer: bytes) -> tuple[bytes, bytes, int]:
    """As `path_within` without a bound, rows as bytes, and where the part of `outer` begins. The last few are kept."""
    return _path(_Pair(inner, outer, -1, -1))


class _BeyondError(Exception):
    """More edits are needed than were allowed; raised, as only what holds without a bound may be kept."""


@dataclass(frozen=True, slots=True)
class _Pair:
    """Two sequences; what is known of their edits makes the search faster and changes nothing of what is found."""

    inner: bytes
    outer: bytes
    most: int = field(compare=False)
    last: int = field(compare=False)


@lru_cache(maxsize=64)
def _path(pair: _Pair) -> tuple[bytes, bytes, int]:
    inner, outer, most = pair.inner, pair.outer, pair.most
    alike = equalities(inner, outer)
    if pair.last < 0:
        found = edlib.align(inner, outer, mode="HW", task="path", k=most, additionalEqualities=alike)
        if found["editDistance"] < 0:
            raise _BeyondError
        begins = int(found["locations"][0][0])
    else:
        # What edlib does itself once it knows the end: the longest part, from its end backwards, then its path.
        part = outer[: pair.last + 1]
        back = edlib.align(inner[::-1], part[::-1], mode="SHW", task="distance", k=most, additionalEqualities=alike)
        begins = pair.last - int(back["locations"][-1][1])
        found = edlib.align(inner, part[begins:], mode="NW", task="path", k=most, additionalEqualities=alike)
    return (*_rows(found["cigar"], inner, outer[begins:]), begins)


def _rows(cigar: str, inner: bytes, outer: bytes) -> tuple[bytes, bytes]:
    """Both sequences as rows, from edlib's steps: «I» is a base of `inner` alone, «D» one of `outer` alone."""
    one: list[bytes] = []
    other: list[bytes] = []
    here = there = 0
    # Steps of two letters («12=1X…») with the length of the gap behind them, then what gap it is: «I» or «D».
    parts = _GAP.split(cigar)
    for steps, kind in zip(parts[:-1:2], parts[1::2], strict=True):
        *lengths, last = steps.replace("X", "=").split("=")
        count, gap = sum(map(_whole, lengths)), _whole(last)
        own, others = (count + gap, count) if kind == "I" else (count, count + gap)
        one += inner[here : here + own], b"-" * (others - count)
        other += outer[there : there + others], b"-" * (own - count)
        here, there = here + own, there + others
    # Behind the last gap the rest of `inner` stands letter by letter.
    one.append(inner[here:])
    other.append(outer[there : there + len(inner) - here])
    return b"".join(one), b"".join(other)
