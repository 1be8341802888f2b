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


def edits_within(inner: bytes, outer: bytes, most: int = -1, *, settled: bool = False) -> int:
    """Fewest Levenshtein edits that turn `inner` into any part of `outer` (Sellers 1980).

    `most` is an upper bound (−1: none is known), which makes the search faster; −1 where more are needed. `settled`
    says that neither holds a code, so that none is looked for.
    """
    alike = None if settled else equalities(inner, outer)
    found = edlib.align(inner, outer, mode="HW", task="distance", k=most, additionalEqualities=alike)
    return int(found["editDistance"])


def path_within(inner: bytes, outer: bytes, most: int) -> tuple[str, str] | None:
    """`inner` and the part of `outer` it turns into, as two rows with «-» for gaps; None beyond `most` edits."""
    try:
        one, other, _ = _path(_Pair(inner, outer, most))
    except _BeyondError:
        return None
    return one.decode(), other.decode()


def path_located(inner: bytes, outer: bytes) -> tuple[bytes, bytes, int]:
    """As `path_within` without a bound, rows as bytes, and where the part of `outer` begins. The last few are kept."""
    return _path(_Pair(inner, outer, -1))


class _BeyondError(Exception):
    """More edits are needed than were allowed; raised, as only what holds without a bound may be kept."""


@dataclass(frozen=True, slots=True)
class _Pair:
    """Two sequences; a bound that holds makes the search faster and changes nothing of what is found."""

    inner: bytes
    outer: bytes
    most: int = field(compare=False)


@lru_cache(maxsize=64)
def _path(pair: _Pair) -> tuple[bytes, bytes, int]:
    found = edlib.align(
        pair.inner,
        pair.outer,
        mode="HW",
        task="path",
        k=pair.most,
        additionalEqualities=equalities(pair.inner, pair.outer),
    )
    if found["editDistance"] < 0:
        raise _BeyondError
    begins = int(found["locations"][0][0])
    return (*_rows(found["cigar"], pair.inner, pair.outer[begins:]), begins)


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
