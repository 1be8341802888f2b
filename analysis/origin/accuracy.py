"""How often an assignment is right: leave-one-out over the baseline, by the posterior it reports.

All of it holds for animals whose population is in the baseline; about others it says nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from analysis.origin.baseline import Baseline, Indexes
from analysis.origin.intervals import wilson
from analysis.origin.likelihood import Floats, by_group, leave_one_out, posteriors

BIN_EDGES = (0.0, 0.5, 0.8, 0.9, 0.95, 0.99, 1.0)
THRESHOLDS = (0.0, 0.5, 0.8, 0.9, 0.95, 0.99)


class Level(StrEnum):
    """What is named: a population or its reporting unit (group)."""

    POPULATION = "population"
    GROUP = "group"


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """`correct` of `animals`, with Wilson's 95 % interval; `accuracy` is `None` where there are none."""

    animals: int
    correct: int

    @property
    def accuracy(self) -> float | None:
        """The share of correct assignments."""
        return self.correct / self.animals if self.animals else None

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's 95 % interval of the share."""
        return wilson(self.correct, self.animals)


@dataclass(frozen=True, slots=True, kw_only=True)
class PosteriorBand:
    """Leave-one-out accuracy of animals whose best posterior lies in [low, high), the last band closed."""

    low: float
    high: float
    share: Share


@dataclass(frozen=True, slots=True, kw_only=True)
class PopulationAccuracy:
    """One population: its own animals right to population and to group, and where the wrong ones went."""

    population: str
    group: str
    right_population: Share
    right_group: Share
    taken_for: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Validation:
    """Leave-one-out over a whole baseline."""

    total: dict[Level, Share]
    bands: dict[Level, tuple[PosteriorBand, ...]]
    at_least: dict[Level, tuple[PosteriorBand, ...]]
    populations: tuple[PopulationAccuracy, ...]

    def band(self, level: Level, posterior: float) -> PosteriorBand:
        """The band a reported posterior falls into."""
        return next(band for band in reversed(self.bands[level]) if posterior >= band.low)


def validate(baseline: Baseline) -> Validation:
    """Assign every baseline animal without itself and count what was right.

    To population: the population with the highest posterior. To group: the group with the highest sum
    of posteriors over its populations. Animals without a typed locus say nothing and are not counted.
    """
    typed = baseline.typed
    shares = posteriors(leave_one_out(baseline)[typed])
    groups = by_group(baseline, shares)
    member = baseline.member[typed]
    truth = {Level.POPULATION: member, Level.GROUP: baseline.group_of[member]}
    table = {Level.POPULATION: shares, Level.GROUP: groups}
    right = {level: table[level].argmax(axis=1) == truth[level] for level in Level}
    best = {level: table[level].max(axis=1) for level in Level}
    return Validation(
        total={level: _share(right[level]) for level in Level},
        bands={level: _bands(best[level], right[level]) for level in Level},
        at_least={
            level: tuple(
                PosteriorBand(low=low, high=1.0, share=_share(right[level][best[level] >= low])) for low in THRESHOLDS
            )
            for level in Level
        },
        populations=_by_population(baseline, member, shares, right),
    )


def _share(right: npt.NDArray[np.bool_]) -> Share:
    return Share(animals=int(right.size), correct=int(right.sum()))


def _bands(best: Floats, right: npt.NDArray[np.bool_]) -> tuple[PosteriorBand, ...]:
    place = np.clip(np.searchsorted(BIN_EDGES, best, side="right") - 1, 0, len(BIN_EDGES) - 2)
    return tuple(
        PosteriorBand(low=BIN_EDGES[index], high=BIN_EDGES[index + 1], share=_share(right[place == index]))
        for index in range(len(BIN_EDGES) - 1)
    )


def _by_population(
    baseline: Baseline, member: Indexes, shares: Floats, right: dict[Level, npt.NDArray[np.bool_]]
) -> tuple[PopulationAccuracy, ...]:
    named = shares.argmax(axis=1)
    found = []
    for population, name in enumerate(baseline.populations):
        own = member == population
        counts = np.bincount(named[own], minlength=len(baseline.populations))
        counts[population] = 0
        order = sorted(np.flatnonzero(counts), key=lambda other: (-counts[other], other))
        found.append(
            PopulationAccuracy(
                population=name,
                group=baseline.group_name(population),
                right_population=_share(right[Level.POPULATION][own]),
                right_group=_share(right[Level.GROUP][own]),
                taken_for=tuple((baseline.populations[other], int(counts[other])) for other in order[:3]),
            )
        )
    return tuple(found)
