"""How good are regions of an isotope value? Asked of animals of known origin, whole sites left out.

Three questions, as in assignR's QA (Ma et al. 2020, Methods Ecol. Evol. 11: 996-1001): does a region hold the true
site as often as it states (accuracy), how much of the isoscape does it take (precision), and how much likelier is
the true site than a place picked at random (odds)?
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from analysis.origin.isotope.calibration import Known, tissue_fit
from analysis.origin.isotope.raster import Raster
from analysis.origin.isotope.surface import LEVELS, surface_posterior
from analysis.origin.spatial.geography import Floats, Grid
from analysis.origin.spatial.regions import Region, regions
from analysis.statistics import binomial_interval

_FEWEST_ANIMALS, _FEWEST_SITES = 20, 10
_MASSES = np.linspace(0.0, 1.0, 401)


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """Nominal level, how many left-out animals were in the region of that level, with a 99 % interval.

    `mass` is the share of the posterior that such a region holds: as much as held the site of that part of the
    left-out animals. `plain` of them were in regions that held the nominal share. `area`: the part of the isoscape
    (km²) that such a region takes, mean over the left-out animals: the smaller, the more precise.
    """

    level: float
    covered: int
    animals: int
    interval: tuple[float, float]
    mass: float
    plain: int
    area: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Odds:
    """How many times likelier the true site was than a place picked at random, posterior density against that of equal
    weight per km²: `median` over left-out animals with the 95 % interval of its order statistics, and how many of them
    were `better` than random."""

    median: float
    interval: tuple[float, float]
    better: int
    animals: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """Accuracy and precision of regions by level, and the odds; no odds where no animal lies on the isoscape."""

    coverage: tuple[Coverage, ...]
    odds: Odds | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _LeftOut:
    """By animal on the isoscape: its site, the share of the posterior in denser cells than the true one, the odds, and
    the part of the area in regions of each of `_MASSES` (A, M)."""

    labels: npt.NDArray[np.intp]
    ranks: Floats
    odds: Floats
    areas: Floats


def coverage(raster: Raster, known: Sequence[Known], levels: Sequence[float] = LEVELS) -> tuple[Coverage, ...]:
    """The regions' part of `quality`."""
    return quality(raster, known, levels).coverage


def quality(raster: Raster, known: Sequence[Known], levels: Sequence[float] = LEVELS) -> Quality:
    """Leave each site out with all its animals, calibrate on the rest, and see how deep in the posterior the site lies.

    From that follows how much of the posterior a region must hold (`Coverage.mass`; split-conformal rule of Vovk et al.
    2005 over the left-out animals): the scatter is not quite normal, and animals do not live evenly over the map, so
    that the nominal share alone holds too many or too few. `covered` is counted with the animals of the own site left
    out of that too. With fewer than twenty animals or ten sites the nominal shares stay.
    """
    left = _left_out(raster, known)
    labels, ranks = left.labels, left.ranks
    found = []
    for level in levels:
        covered = 0
        for site in np.unique(labels):
            own = labels == site
            covered += int((ranks[own] < _mass(labels[~own], ranks[~own], level)).sum())
        mass = _mass(labels, ranks, level)
        areas = [float(np.interp(mass, _MASSES, taken)) for taken in left.areas]
        found.append(
            Coverage(
                level=level,
                covered=covered,
                animals=len(ranks),
                interval=binomial_interval(covered, len(ranks), level=0.99),
                mass=mass,
                plain=int((ranks < level).sum()),
                area=float(np.mean(areas)) if areas else 1.0,
            )
        )
    return Quality(coverage=tuple(found), odds=_odds(left.odds))


def calibrated_regions(grid: Grid, share: Floats, checked: Sequence[Coverage]) -> tuple[Region, ...]:
    """The regions of a posterior (G,), each holding what `coverage` found to be needed for its level."""
    return tuple(
        replace(found, level=one.level)
        for one, found in zip(checked, regions(grid, share, [one.mass for one in checked]), strict=True)
    )


def _left_out(raster: Raster, known: Sequence[Known]) -> _LeftOut:
    places = [f"{one.latitude:.4f} {one.longitude:.4f}" for one in known]
    labels: list[int] = []
    rows: list[tuple[float, float, Floats]] = []
    for label, place in enumerate(sorted(set(places))):
        rest = [one for one, where in zip(known, places, strict=True) if where != place]
        own = [one for one, where in zip(known, places, strict=True) if where == place]
        cell = raster.cell(own[0].latitude, own[0].longitude)
        if cell is None or not np.isfinite(raster.bands[0][cell]):
            continue
        model = tissue_fit(raster, rest)
        labels += [label] * len(own)
        rows += [_looked_at(raster, surface_posterior(raster, [model], [one.value]), cell) for one in own]
    return _LeftOut(
        labels=np.array(labels, dtype=np.intp),
        ranks=np.array([rank for rank, _, _ in rows]),
        odds=np.array([odds for _, odds, _ in rows]),
        areas=np.array([areas for _, _, areas in rows]),
    )


def _looked_at(raster: Raster, share: Floats, cell: tuple[int, int]) -> tuple[float, float, Floats]:
    """Rank and odds of the true cell, and the part of the area in regions of each of `_MASSES`."""
    with_data = np.isfinite(raster.bands[0])
    areas = np.broadcast_to(raster.areas[:, None], share.shape)[with_data]
    held = share[with_data]
    order = np.argsort(-held / areas, kind="stable")
    taken = areas[order].cumsum() / areas.sum()
    density = share / raster.areas[:, None]
    odds = float(density[cell] * areas.sum())
    return float(share[density > density[cell]].sum()), odds, np.interp(_MASSES, held[order].cumsum(), taken)


def _odds(odds: Floats) -> Odds | None:
    if not len(odds):
        return None
    ordered, count = np.sort(odds), len(odds)
    # Ranks of the median's interval from the binomial distribution's normal approximation, on the safe side.
    half = 0.98 * math.sqrt(count)
    low, high = max(math.floor(count / 2 - half), 1), min(math.ceil(count / 2 + 1 + half), count)
    return Odds(
        median=float(np.median(odds)),
        interval=(float(ordered[low - 1]), float(ordered[high - 1])),
        better=int((odds > 1).sum()),
        animals=count,
    )


def _mass(labels: npt.NDArray[np.intp], ranks: Floats, level: float) -> float:
    if len(ranks) < _FEWEST_ANIMALS or len(np.unique(labels)) < _FEWEST_SITES:
        return level
    place = math.ceil((len(ranks) + 1) * level)
    return 1.0 if place > len(ranks) else min(float(np.sort(ranks)[place - 1]) + 1e-9, 1.0)
