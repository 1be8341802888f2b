"""All pairs of animals, a block of rows at a time, so that memory stays flat."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.genotypes.table import MISSING
from analysis.individual.panel import Floats
from analysis.inputs import Progress, no_progress

Numbers = npt.NDArray[np.int32]
_BLOCK = 256
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Row `first` of the left table and `second` of the right one, with their agreement."""

    first: int
    second: int
    shared_loci: int
    matching_loci: int


def matching_pairs(
    left: Numbers,
    right: Numbers | None,
    *,
    least_shared: int,
    least_match: float,
    progress: Progress = no_progress,
) -> list[Pair]:
    """Pairs typed together at `least_shared` loci or more that agree at a share of `least_match` or more.

    `left` and `right` (L, N) are genotype numbers, -1 where not typed; without `right`, every pair
    within `left` once. In order of rows.
    """
    found: list[Pair] = []
    other = left if right is None else right
    # Different numbers for «not typed» on the two sides: they never agree with each other.
    against = np.where(other == MISSING, MISSING - 1, other)
    typed = (other != MISSING).astype(np.float32)
    for start, stop in blocks(left.shape[1]):
        progress(start / left.shape[1], "comparing genotypes")
        offset = 0 if right is not None else start
        equal = np.zeros((stop - start, other.shape[1] - offset), dtype=np.int16)
        for locus in range(len(left)):
            equal += left[locus, start:stop, None] == against[locus, None, offset:]
        shared = (left[:, start:stop] != MISSING).astype(np.float32).T @ typed[:, offset:]
        good = (shared >= least_shared) & (equal >= least_match * shared - _ROUNDING) & (shared > 0)
        for row, column in np.argwhere(good):
            if right is not None or column > row:
                found.append(
                    Pair(
                        first=int(row) + start,
                        second=int(column) + offset,
                        shared_loci=int(shared[row, column]),
                        matching_loci=int(equal[row, column]),
                    )
                )
    return found


def agreement(left: Numbers, right: Numbers, first: int, second: int) -> Pair:
    """How far two animals agree."""
    a, b = left[:, first], right[:, second]
    both = (a != MISSING) & (b != MISSING)
    return Pair(first=first, second=second, shared_loci=int(both.sum()), matching_loci=int((both & (a == b)).sum()))


def scan(
    left: Numbers,
    right: Numbers | None,
    tables: Sequence[Floats],
    *,
    least: float,
    progress: Progress = no_progress,
) -> list[tuple[int, int]]:
    """Pairs whose summed log ratio reaches `least`; `tables[locus]` (G, G). Untyped loci add nothing.

    Single precision finds the pairs; whoever reports a number computes it again with `log_ratio`.
    """
    padded = [np.pad(table, (0, 1)).astype(np.float32) for table in tables]
    found: list[tuple[int, int]] = []
    other = left if right is None else right
    for start, stop in blocks(left.shape[1]):
        progress(start / left.shape[1], "comparing relatives")
        offset = 0 if right is not None else start
        total = np.zeros((stop - start, other.shape[1] - offset), dtype=np.float32)
        for locus, table in enumerate(padded):
            total += np.take(table[left[locus, start:stop]], other[locus, offset:], axis=1)
        rows, columns = np.nonzero(total >= least - 1e-3)
        keep = np.ones(len(rows), dtype=np.bool_) if right is not None else columns > rows
        found += [
            (int(row) + start, int(column) + offset) for row, column in zip(rows[keep], columns[keep], strict=True)
        ]
    return found


def log_ratio(left: Numbers, right: Numbers, first: int, second: int, tables: Sequence[Floats]) -> float:
    """Summed natural log ratio of one pair in double precision."""
    total = 0.0
    for locus, table in enumerate(tables):
        a, b = int(left[locus, first]), int(right[locus, second])
        if a != MISSING and b != MISSING:
            total += float(table[a, b])
    return total


def blocks(count: int) -> Iterator[tuple[int, int]]:
    """Row ranges of at most 256."""
    for start in range(0, count, _BLOCK):
        yield start, min(start + _BLOCK, count)
