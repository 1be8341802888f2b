"""Pairs of animals of different seizures, in blocks: how many share how many loci, which are one, which bin they reach.

Rows are animals in order of their seizure.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from analysis.errors import InputRefused
from analysis.genotypes.table import MISSING
from analysis.individual.chance import KIN, MOST_MASKS, Bools, is_direct
from analysis.individual.linkrules import LinkRule
from analysis.individual.pairs import Numbers, blocks, scan
from analysis.individual.panel import Floats
from analysis.inputs import Progress, no_progress

MOST_FOUND = 2_000_000
_LN10 = math.log(10)


@dataclass(frozen=True, slots=True, kw_only=True)
class One:
    """Two rows that are one animal."""

    a: int
    b: int
    shared: int
    matching: int
    identity: float
    over_siblings: float


@dataclass(slots=True)
class Pairs:
    """What was found between two seizures: kin pairs per bin, direct matches."""

    bins: int
    kin: list[int] = field(init=False)
    direct: list[One] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.kin = [0] * self.bins


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """`of[(u, v)][shared]`: pairs of animals of seizures u < v typed together at `shared` loci; `masks[shared]` (M, L)
    their typed loci, up to 64 of them."""

    pairs: int
    of: Mapping[tuple[int, int], Mapping[int, int]]
    masks: dict[int, Bools]


def compared(numbers: Numbers, units: Sequence[int], *, needed: int, progress: Progress = no_progress) -> Compared:
    """Count every pair of animals of different seizures that share `needed` typed loci or more."""
    typed = numbers != MISSING
    own = np.array(units, dtype=np.int64)
    loci, seizures = len(numbers), int(own.max()) + 1 if len(own) else 0
    counts: dict[int, int] = {}
    examples: dict[int, list[Bools]] = {}
    for start, stop in blocks(numbers.shape[1]):
        progress(start / numbers.shape[1], "counting pairs")
        shared = (typed[:, start:stop].T.astype(np.float32) @ typed[:, start:].astype(np.float32)).astype(np.int64)
        wanted = (own[start:stop, None] < own[None, start:]) & (shared >= needed)
        keys = (own[start:stop, None] * seizures + own[None, start:]) * (loci + 1) + shared
        found, many = np.unique(keys[wanted], return_counts=True)
        for key, count in zip(found.tolist(), many.tolist(), strict=True):
            counts[key] = counts.get(key, 0) + count
        _examples_add(examples, typed, shared, wanted, start)
    of: dict[tuple[int, int], dict[int, int]] = {}
    for key, count in counts.items():
        pair, together = divmod(key, loci + 1)
        of.setdefault(divmod(pair, seizures), {})[together] = count
    masks = {together: np.array(rows) for together, rows in sorted(examples.items())}
    return Compared(pairs=sum(counts.values()), of=of, masks=masks)


def _examples_add(
    examples: dict[int, list[Bools]], typed: Bools, shared: np.ndarray, wanted: Bools, start: int
) -> None:
    """Keep up to 64 masks per number of shared loci, evenly out of the block's pairs."""
    for together in np.unique(shared[wanted]).tolist():
        rows = examples.setdefault(together, [])
        left = MOST_MASKS - len(rows)
        if left > 0:
            places = np.argwhere(wanted & (shared == together))
            for first, second in places[:: -(-len(places) // left)].tolist():
                rows.append(typed[:, start + first] & typed[:, start + second])


def found_pairs(
    numbers: Numbers,
    units: Sequence[str],
    logs: Mapping[str, Sequence[Floats]],
    rule: LinkRule,
    *,
    needed: int,
    direct: float,
    progress: Progress = no_progress,
) -> dict[tuple[str, str], Pairs]:
    """Direct matches and counts of kin pairs by pair of seizures, the smaller name first.

    A pair that passes as one animal is no kin pair. Raises `InputRefused` where too many pairs are found.
    """
    rows = _candidates(numbers, units, logs, least=rule.bins[0], direct=direct, progress=progress)
    left, right = rows[:, 0], rows[:, 1]
    both = (numbers[:, left] != MISSING) & (numbers[:, right] != MISSING)
    shared = both.sum(axis=0)
    matching = (both & (numbers[:, left] == numbers[:, right])).sum(axis=0)
    ratios = {name: _log10(numbers, left, right, both, tables) for name, tables in logs.items()}
    one = is_direct(ratios["identity"], ratios["full_siblings"], direct, rule.direct_over_siblings_log10)
    largest = np.max([ratios[name] for name in KIN], axis=0)
    found: dict[tuple[str, str], Pairs] = {}
    for place in np.flatnonzero(shared >= needed).tolist():
        a, b = int(left[place]), int(right[place])
        if not one[place] and largest[place] < rule.bins[0]:
            continue
        pairs = found.setdefault((units[a], units[b]), Pairs(bins=len(rule.bins)))
        if one[place]:
            over = float(ratios["identity"][place] - ratios["full_siblings"][place])
            pairs.direct.append(
                One(
                    a=a,
                    b=b,
                    shared=int(shared[place]),
                    matching=int(matching[place]),
                    identity=float(ratios["identity"][place]),
                    over_siblings=over,
                )
            )
        else:
            pairs.kin[bisect_right(rule.bins, float(largest[place])) - 1] += 1
    return found


def merged(
    numbers: Numbers,
    units: Sequence[str],
    identity: Sequence[Floats],
    siblings: Sequence[Floats],
    *,
    needed: int,
    least: float,
    over: float,
    progress: Progress = no_progress,
) -> list[list[int]]:
    """The animals of each seizure: rows that are one animal together, the best typed first, in order of their rows."""
    typed = (numbers != MISSING).sum(axis=0)
    groups = Groups(range(len(units)))
    for start, stop in _runs(units):
        part = numbers[:, start:stop]
        for a, b in scan(part, None, identity, least=least * _LN10, progress=progress):
            both = (part[:, [a]] != MISSING) & (part[:, [b]] != MISSING)
            if int(both.sum()) < needed:
                continue
            place = np.array([a]), np.array([b])
            one = _log10(part, *place, both, identity)
            if is_direct(one, _log10(part, *place, both, siblings), least, over)[0]:
                groups.join(start + a, start + b)
    return [sorted(rows, key=lambda row: (-int(typed[row]), row)) for rows in groups.all()]


class Groups:
    """Which of some things are one: joined in any order, the answer is the same."""

    def __init__(self, things: Sequence[int]) -> None:
        self._above = {thing: thing for thing in things}

    def join(self, one: int, other: int) -> None:
        """These two are one."""
        first, second = sorted((self.top(one), self.top(other)))
        self._above[second] = first

    def top(self, thing: int) -> int:
        """The smallest of those it is one with."""
        while self._above[thing] != thing:
            self._above[thing] = self._above[self._above[thing]]
            thing = self._above[thing]
        return thing

    def all(self) -> list[list[int]]:
        """Every group, its members in order, groups by their smallest member."""
        found: dict[int, list[int]] = {}
        for thing in sorted(self._above):
            found.setdefault(self.top(thing), []).append(thing)
        return list(found.values())


def _runs(units: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Ranges of rows of one seizure; rows are in order of seizures."""
    start = 0
    for place in range(1, len(units) + 1):
        if place == len(units) or units[place] != units[start]:
            yield start, place
            start = place


def _candidates(
    numbers: Numbers,
    units: Sequence[str],
    logs: Mapping[str, Sequence[Floats]],
    *,
    least: float,
    direct: float,
    progress: Progress,
) -> npt.NDArray[np.int64]:
    """Rows of different seizures whose ratio for a relationship reaches its bound, each pair once, in order."""
    found: set[tuple[int, int]] = set()
    for name, tables in logs.items():
        bound = direct if name == "identity" else least
        pairs = scan(numbers, None, tables, least=bound * _LN10, progress=progress)
        found.update((a, b) for a, b in pairs if units[a] != units[b])
        if len(found) > MOST_FOUND:
            raise InputRefused(
                f"More than {MOST_FOUND:,} pairs of animals look related.",
                field="profiles",
                remedy="Compare fewer seizures, or use a panel that tells more.",
            )
    return np.array(sorted(found), dtype=np.int64).reshape(-1, 2)


def _log10(numbers: Numbers, left: np.ndarray, right: np.ndarray, both: np.ndarray, tables: Sequence[Floats]) -> Floats:
    """Log10 ratios of pairs of rows in double precision; untyped loci add nothing."""
    total = np.zeros(len(left))
    for locus, table in enumerate(tables):
        values = table[numbers[locus, left], numbers[locus, right]]
        total += np.where(both[locus], values, 0.0)
    answer: Floats = total / _LN10
    return answer
