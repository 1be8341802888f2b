"""The posterior of a sample over an isoscape, its regions, and its union with other evidence."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from analysis.errors import InputRefused
from analysis.origin.isotope.calibration import TissueModel
from analysis.origin.isotope.raster import Raster
from analysis.origin.isotope.scales import Measured
from analysis.origin.spatial.geography import Floats, Grid

LEVELS = (0.5, 0.75, 0.9, 0.95)
Bools = npt.NDArray[np.bool_]
_FEWEST_ANIMALS, _FEWEST_SITES = 20, 10


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
    per_km2 = np.where(np.isfinite(raster.bands[0]), isotopic / raster.areas[:, None], 0.0)
    product = genetic * raster.at(per_km2, grid.latitudes, grid.longitudes)
    total = float(product.sum())
    if total <= 0:
        raise InputRefused(
            "Genetic and isotopic surface share no place.",
            remedy="Report the two apart: a transport, another reference, or an error lies behind this.",
        )
    found: Floats = product / total
    return found
