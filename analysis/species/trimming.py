"""Where a read is good enough: Mott's trim, and primers found by their sequence."""

from __future__ import annotations

import csv
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import product
from typing import Final, NamedTuple

import edlib
import numpy as np
import numpy.typing as npt

from analysis.species.bases import MASK_OF, Bytes, clean, codes, has_ambiguity, masks, reverse_complement
from analysis.species.distance import equalities
from analysis.species.traces import Qualities

ERROR_LIMIT: Final = 0.05
PRIMER_MISMATCHES: Final = 2
PARTIAL_LEAST: Final = 10
PARTIAL_SHORT: Final = 16


def mott_trim(qualities: Qualities, *, limit: float = ERROR_LIMIT) -> tuple[int, int]:
    """Start and end (exclusive) of the stretch with the largest sum of `limit` − error probability.

    Richard Mott's trimming as described for phred (Ewing & Green 1998; «modified Mott»): the maximum-sum segment,
    begun at its own first base. Ties go to the first and longest segment. (0, 0) when no base is worth keeping.
    """
    if not len(qualities):
        return 0, 0
    scores = limit - np.power(10.0, -np.asarray(qualities, float) / 10.0)
    sums = np.concatenate([[0.0], np.cumsum(scores)])
    lowest = np.minimum.accumulate(sums)
    gains = sums - lowest
    end = int(np.argmax(gains))
    if gains[end] <= 0:
        return 0, 0
    start = int(np.argmin(sums[: end + 1]))
    return start, end


@dataclass(frozen=True, slots=True, kw_only=True)
class Primer:
    """A primer as data: its names, locus, sequence 5' to 3', and where it was read."""

    name: str
    locus: str
    sequence: bytes
    source: str


@cache
def primers() -> tuple[Primer, ...]:
    """The primer table that ships with the package (`primers.tsv`)."""
    text = files("analysis.species").joinpath("primers.tsv").read_text(encoding="utf-8")
    rows = csv.DictReader((line for line in text.splitlines() if not line.startswith("#")), delimiter="\t")
    return tuple(
        Primer(name=row["name"], locus=row["locus"], sequence=clean(row["sequence"]), source=row["source"])
        for row in rows
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PrimerFound:
    """A primer at one end of a read: how many bases it takes away and how many of them differ."""

    name: str
    side: str
    bases: int
    differences: int


Trim = tuple[int, int, tuple[PrimerFound, ...]]
"""Start and end of what lies between primers, and the primers."""


def primers_trim(bases: bytes) -> Trim:
    """What lies between primers, found by sequence (at most two differences, at either end)."""
    return primers_trim_each([bases])[0]


def primers_trim_each(every: Sequence[bytes]) -> list[Trim]:
    """`primers_trim` of each of some sequences, what can be no primer being ruled out for all of them at once."""
    if not every:
        return []
    reach = 2 * _longest()
    openings, closings = [bases[:reach] for bases in every], [bases[-reach:] for bases in every]
    lengths = [len(bases) for bases in every]
    begun, ended = _partial(openings, lengths), _partial([*map(reverse_complement, closings)], lengths)
    heads = map(_End, openings, _possible(openings, turned=False), begun)
    tails = map(_End, closings, _possible(closings, turned=True), ended)
    return list(map(_trim, every, heads, tails))


class _End(NamedTuple):
    """One end of a sequence, the primers that can be in it, and those of which only the end is there.

    Of the latter: differences and length.
    """

    window: bytes
    possible: Collection[int]
    begun: Mapping[int, tuple[int, int]]


def _trim(bases: bytes, opening: _End, closing: _End) -> Trim:
    start, end, found = 0, len(bases), []
    for number in sorted({*opening.possible, *opening.begun, *closing.possible, *closing.begun}):
        primer = primers()[number]
        window = min(len(bases), len(primer.sequence) * 2)
        head: tuple[int, ...] | None = (
            _match(primer.sequence, opening.window[:window]) if number in opening.possible else None
        )
        head = head or opening.begun.get(number)
        if head is not None and head[1] > start:
            start = head[1]
            found.append(PrimerFound(name=primer.name, side="start", bases=head[1], differences=head[0]))
        tail = None
        if number in closing.possible:
            tail = _match(reverse_complement(primer.sequence), closing.window[len(closing.window) - window :])
        if tail is None and number in closing.begun:
            differences, length = closing.begun[number]
            tail = (differences, window, window - length)
        if tail is not None and len(bases) - window + tail[2] < end:
            end = len(bases) - window + tail[2]
            found.append(PrimerFound(name=primer.name, side="end", bases=len(bases) - end, differences=tail[0]))
    return (start, end, tuple(found)) if start < end else (0, len(bases), ())


@cache
def _longest() -> int:
    return max(len(primer.sequence) for primer in primers())


@cache
def _ends() -> tuple[Sequence[int], Sequence[int], npt.NDArray[np.uint64], Bytes]:
    """Every primer's ends, longest first: primer, length, which letters differ where, differences allowed.

    «Which letters differ where» is 1 or 0 by place, mask of a letter there, and end: shape (longest × 16, ends), a byte
    an end and eight of them a number, so that they are added together.
    """
    ends = [
        (number, length)
        for number, primer in enumerate(primers())
        for length in range(len(primer.sequence) - 1, PARTIAL_LEAST - 1, -1)
    ]
    rows = np.full((len(ends), max(length for _, length in ends)), 15, np.uint8)
    for row, (number, length) in zip(rows, ends, strict=True):
        row[:length] = masks(primers()[number].sequence[-length:])
    differs = (rows.T[:, None, :] & np.arange(16, dtype=np.uint8)[None, :, None]) == 0
    # What fills the last number up differs everywhere.
    filled = np.pad(differs.reshape(-1, len(ends)), ((0, 0), (0, -len(ends) % 8)), constant_values=True)
    owners, lengths = zip(*ends, strict=True)
    allowed = np.where(np.array(lengths) < PARTIAL_SHORT, 1, PRIMER_MISMATCHES)
    return owners, lengths, filled.astype(np.uint8).view(np.uint64), _filled(allowed, filled.shape[1])


def _filled(values: npt.NDArray[np.int64], size: int) -> Bytes:
    return np.pad(values, (0, size - len(values))).astype(np.uint8)


def _partial(openings: Sequence[bytes], lengths: Sequence[int]) -> list[dict[int, tuple[int, int]]]:
    """For each primer its end where its beginning was trimmed away: the last ten bases or more, at the very start."""
    owners, longs, differs, allowed = _ends()
    longest = len(differs) // 16
    heads = masks(b"".join([opening[:longest].ljust(longest, b"N") for opening in openings]))
    rows = heads.reshape(len(openings), -1) + np.arange(0, len(differs), 16)
    different = differs[rows].sum(axis=1).view(np.uint8)
    found: list[dict[int, tuple[int, int]]] = [{} for _ in openings]
    for at in np.flatnonzero(different <= allowed).tolist():
        side, place = divmod(at, len(allowed))
        if longs[place] <= lengths[side]:
            found[side].setdefault(owners[place], (different.item(at), longs[place]))
    return found


@cache
def _seeds(turned: bool) -> Mapping[int, Mapping[bytes, frozenset[int]]]:
    """Primers by what a third of them begins with, in all spellings, by its length: 5, 6 or 8 bases.

    Of three thirds two differences leave one untouched.
    """
    found: dict[int, dict[bytes, set[int]]] = {5: {}, 6: {}, 8: {}}
    for number, primer in enumerate(primers()):
        letters = reverse_complement(primer.sequence) if turned else primer.sequence
        third = len(letters) // 3
        length = max(known for known in found if known <= third)
        for start in (0, third, 2 * third):
            for spelt in _spellings(letters[start : start + length].decode()):
                found[length].setdefault(spelt.encode(), set()).add(number)
    return {length: {piece: frozenset(of) for piece, of in by.items()} for length, by in found.items()}


def _possible(windows: Sequence[bytes], *, turned: bool) -> list[Collection[int]]:
    """The primers that can be in each window: one third at least must stand there; all where a base is unsettled."""
    found: list[set[int]] = [set() for _ in windows]
    text = b"N".join(windows)
    known = codes(text)
    starts = np.cumsum([0, *(len(window) + 1 for window in windows[:-1])])
    for length, seeds in _seeds(turned).items():
        pieces = _numbered(known, length)
        places = np.flatnonzero(_is_seed(length, turned).take(pieces))
        owners = starts.searchsorted(places, side="right") - 1
        for at, owner in zip(places.tolist(), owners.tolist(), strict=True):
            # A piece that reaches into the next window holds the letter between them and is no seed.
            if of := seeds.get(text[at : at + length]):
                found[owner] |= of
    return [range(len(primers())) if has_ambiguity(window) else own for window, own in zip(windows, found, strict=True)]


def _numbered(base_codes: Bytes, length: int) -> npt.NDArray[np.uint16]:
    """Every piece of up to eight bases as a number, an unsettled base counting as A; shape (bases − length + 1,)."""
    settled = (base_codes & np.uint8(3)).astype(np.uint16)
    pieces = np.zeros(max(len(base_codes) - length + 1, 0), np.uint16)
    for place in range(length if len(pieces) else 0):
        pieces <<= np.uint16(2)
        pieces |= settled[place : place + len(pieces)]
    return pieces


@cache
def _is_seed(length: int, turned: bool) -> npt.NDArray[np.bool_]:
    """Whether a piece of so many bases, by its number, is one of `_seeds`."""
    table = np.zeros(4**length, np.bool_)
    for piece in _seeds(turned)[length]:
        table[_numbered(codes(piece), length)] = True
    return table


def _spellings(part: str) -> list[str]:
    every = [[base for base in "ACGT" if MASK_OF[base] & MASK_OF[letter]] for letter in part]
    return ["".join(letters) for letters in product(*every)]


def _match(primer: bytes, window: bytes) -> tuple[int, int, int] | None:
    """Differences, end and start of the primer in a window; None beyond the allowed differences."""
    if len(window) < len(primer):
        return None
    result = edlib.align(
        primer,
        window,
        mode="HW",
        task="locations",
        k=PRIMER_MISMATCHES,
        additionalEqualities=equalities(primer, window),
    )
    if result["editDistance"] < 0:
        return None
    first, last = result["locations"][0]
    return int(result["editDistance"]), int(last) + 1, int(first)
