"""The posterior of a sample over an isoscape, its regions, and its union with other evidence."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from analysis.errors import InputRefused
from analysis.origin.isotope.calibration import Known, TissueModel, tissue_fit
from analysis.origin.isotope.raster import Raster
from analysis.origin.isotope.scales import Measured
from analysis.origin.spatial.geography import Floats, Grid
from analysis.origin.spatial.regions import Region, regions
from analysis.statistics import binomial_interval

LEVELS = (0.5, 0.75, 0.9, 0.95)
Bools = npt.NDArray[np.bool_]
_FEWEST_ANIMALS, _FEWEST_SITES = 20, 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """Nominal level, how many left-out animals were in the region of that level, with a 99 % interval.

    `mass` is the share of the posterior that such a region holds: as much as held the site of that part of the
    left-out animals. `plain` of them were in regions that held the nominal share.
    """

    level: float
    covered: int
    animals: int
    interval: tuple[float, float]
    mass: float
    plain: int


def surface_posterior(
    raster: Raster, models: Sequence[TissueModel], values: Sequence[Measured], *, mask: Bools | None = None
) -> Floats:
    """(rows, columns): probability of each cell, equal beforehand per km², for one or more elements.

    Elements are taken as independent given the place. `mask` (rows, columns) restricts to a range. Raises
    `InputRefused` where no cell remains and where values and calibrations do not pair.
    """
    if len(models) != len(values) or not values:
        raise InputRefused("Each value needs its calibration.", field="element", remedy="Give one of each.")
    log = np.zeros(raster.bands.shape[1:]) + np.log(raster.areas)[:, None]
    for model, value in zip(models, values, strict=True):
        log = log + model.log_density(raster.bands[0], value)
    if mask is not None:
        log = np.where(mask, log, -np.inf)
    if not np.isfinite(log).any():
        raise InputRefused("No cell of the isoscape remains.", file=raster.name, remedy="Check the range map.")
    weight = np.exp(log - log.max())
    found: Floats = weight / weight.sum()
    return found


def region(raster: Raster, share: Floats, level: float) -> Bools:
    """The smallest set of cells that holds a level of the posterior."""
    density = (share / raster.areas[:, None]).ravel()
    order = np.argsort(-density, kind="stable")
    reached = np.cumsum(share.ravel()[order])
    chosen = np.zeros(density.size, dtype=np.bool_)
    chosen[order[: int(np.searchsorted(reached, level - 1e-12)) + 1]] = True
    return chosen.reshape(share.shape)


def grid_of(raster: Raster) -> Grid:
    """The isoscape's cells with data as the map's grid, so that regions, outlines and points are made alike."""
    inside = np.isfinite(raster.bands[0])[::-1]
    row, column = np.nonzero(inside)
    return Grid(
        south=raster.north - raster.height * raster.bands.shape[1],
        west=raster.west,
        height=raster.height,
        width=raster.width,
        inside=inside,
        latitudes=raster.latitudes[::-1][row],
        longitudes=raster.longitudes[column],
        areas=raster.areas[::-1][row],
        restricted=True,
    )


def on_grid(grid: Grid, surface: Floats) -> Floats:
    """(G,): a surface (rows, columns) on the cells of `grid_of`."""
    found: Floats = surface[::-1][grid.inside]
    return found


def combine(grid: Grid, genetic: Floats, raster: Raster, isotopic: Floats) -> Floats:
    """(G,): genetic and isotopic posterior on the genetic map's cells, taken as independent given the place.

    Both started from equal weight per km², so the product is divided by that prior once. Cells off the isoscape are
    lost. Raises `InputRefused` where the two exclude each other: they cannot both be right.
    """
    cells = [raster.cell(lat, lon) for lat, lon in zip(grid.latitudes, grid.longitudes, strict=True)]
    per_km2 = np.where(np.isfinite(raster.bands[0]), isotopic / raster.areas[:, None], 0.0)
    factor = np.array([0.0 if cell is None else per_km2[cell] for cell in cells])
    product = genetic * factor
    total = float(product.sum())
    if total <= 0:
        raise InputRefused(
            "Genetic and isotopic surface share no place.",
            remedy="Report the two apart: a transport, another reference, or an error lies behind this.",
        )
    found: Floats = product / total
    return found


def coverage(raster: Raster, known: Sequence[Known], levels: Sequence[float] = LEVELS) -> tuple[Coverage, ...]:
    """Leave each site out with all its animals, calibrate on the rest, and see how deep in the posterior the site lies.

    From that follows how much of the posterior a region must hold (`Coverage.mass`; split-conformal rule of Vovk et al.
    2005 over the left-out animals): the scatter is not quite normal, and animals do not live evenly over the map, so
    that the nominal share alone holds too many or too few. `covered` is counted with the animals of the own site left
    out of that too. With fewer than twenty animals or ten sites the nominal shares stay.
    """
    labels, ranks = _left_out(raster, known)
    found = []
    for level in levels:
        covered = 0
        for site in np.unique(labels):
            own = labels == site
            covered += int((ranks[own] < _mass(labels[~own], ranks[~own], level)).sum())
        found.append(
            Coverage(
                level=level,
                covered=covered,
                animals=len(ranks),
                interval=binomial_interval(covered, len(ranks), level=0.99),
                mass=_mass(labels, ranks, level),
                plain=int((ranks < level).sum()),
            )
        )
    return tuple(found)


def calibrated_regions(grid: Grid, share: Floats, checked: Sequence[Coverage]) -> tuple[Region, ...]:
    """The regions of a posterior (G,), each holding what `coverage` found to be needed for its level."""
    return tuple(
        replace(found, level=one.level)
        for one, found in zip(checked, regions(grid, share, [one.mass for one in checked]), strict=True)
    )


def _left_out(raster: Raster, known: Sequence[Known]) -> tuple[npt.NDArray[np.intp], Floats]:
    """Site and rank (share of the posterior in denser cells than the true one) of each animal on the isoscape."""
    places = [f"{one.latitude:.4f} {one.longitude:.4f}" for one in known]
    labels: list[int] = []
    ranks: list[float] = []
    for label, place in enumerate(sorted(set(places))):
        rest = [one for one, where in zip(known, places, strict=True) if where != place]
        own = [one for one, where in zip(known, places, strict=True) if where == place]
        cell = raster.cell(own[0].latitude, own[0].longitude)
        if cell is None or not np.isfinite(raster.bands[0][cell]):
            continue
        model = tissue_fit(raster, rest)
        for one in own:
            share = surface_posterior(raster, [model], [one.value])
            density = share / raster.areas[:, None]
            labels.append(label)
            ranks.append(float(share[density > density[cell]].sum()))
    return np.array(labels, dtype=np.intp), np.array(ranks)


def _mass(labels: npt.NDArray[np.intp], ranks: Floats, level: float) -> float:
    if len(ranks) < _FEWEST_ANIMALS or len(np.unique(labels)) < _FEWEST_SITES:
        return level
    place = math.ceil((len(ranks) + 1) * level)
    return 1.0 if place > len(ranks) else min(float(np.sort(ranks)[place - 1]) + 1e-9, 1.0)
