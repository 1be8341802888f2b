"""Where a read is good enough: Mott's trim, and primers found by their sequence."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

import edlib
import numpy as np
import numpy.typing as npt

from analysis.species.bases import Bytes, clean, masks, reverse_complement
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


def primers_trim(bases: bytes) -> tuple[int, int, tuple[PrimerFound, ...]]:
    """Start and end of what lies between primers, found by sequence (at most two differences, at either end)."""
    start, end, found = 0, len(bases), []
    for primer in primers():
        length = len(primer.sequence)
        head = _match(primer.sequence, bases[: length * 2]) or _partial(primer.sequence, bases)
        if head is not None and head[1] > start:
            start = head[1]
            found.append(PrimerFound(name=primer.name, side="start", bases=head[1], differences=head[0]))
        window = min(len(bases), length * 2)
        tail = _match(reverse_complement(primer.sequence), bases[len(bases) - window :])
        if tail is None and (cut := _partial(primer.sequence, reverse_complement(bases))) is not None:
            tail = (cut[0], window, window - cut[1])
        if tail is not None and len(bases) - window + tail[2] < end:
            end = len(bases) - window + tail[2]
            found.append(PrimerFound(name=primer.name, side="end", bases=len(bases) - end, differences=tail[0]))
    return (start, end, tuple(found)) if start < end else (0, len(bases), ())


@cache
def _ends(primer: bytes) -> tuple[npt.NDArray[np.int64], Bytes, npt.NDArray[np.int64]]:
    """Lengths of a primer's ends, longest first, their masks from a row's start (then 15), differences allowed."""
    lengths = np.arange(len(primer) - 1, PARTIAL_LEAST - 1, -1)
    rows = np.full((len(lengths), len(primer) - 1), 15, np.uint8)
    for row, length in zip(rows, lengths.tolist(), strict=True):
        row[:length] = masks(primer[-length:])
    return lengths, rows, np.where(lengths < PARTIAL_SHORT, 1, PRIMER_MISMATCHES)


def _partial(primer: bytes, bases: bytes) -> tuple[int, int, int] | None:
    """The end of a primer whose beginning was trimmed away: its last ten bases or more, at the very start."""
    lengths, rows, allowed = _ends(primer)
    head = np.full(rows.shape[1], 15, np.uint8)
    found = masks(bases[: len(head)])
    head[: len(found)] = found
    different = np.count_nonzero((rows & head) == 0, axis=1)
    fitting = np.flatnonzero((different <= allowed) & (lengths <= len(bases)))
    return (int(different[fitting[0]]), int(lengths[fitting[0]]), 0) if len(fitting) else None


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
