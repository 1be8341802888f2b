"""A baseline with coordinates, fitted once: grid, surfaces, priors and the calibration of its regions."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.errors import InputRefused
from analysis.inputs import Progress, no_progress
from analysis.origin.baseline import Baseline
from analysis.origin.spatial.calibration import Calibration, calibrate
from analysis.origin.spatial.countries import Countries, countries_of
from analysis.origin.spatial.field import Field, field_fit
from analysis.origin.spatial.generalise import squared
from analysis.origin.spatial.geography import Floats, Grid, Indexes, grid_build
from analysis.origin.spatial.priors import Prior, Sampling, sampling_of
from analysis.origin.spatial.sites import FEWEST_SITES, Coordinates, Sites, cells_sampled, sites_build
from analysis.origin.spatial.surface import Surface, surface_of
from analysis.origin.spatial.tables import Tables, tables_of


@dataclass(frozen=True, slots=True, kw_only=True)
class MapModel:
    """Everything a query needs. `cells` (N,): where each animal of the baseline was sampled, -1 outside the map;
    `squares_km`: the size of the squares whose middles stand for the places, 0 for exact ones."""

    baseline: Baseline
    sites: Sites
    grid: Grid
    cells: Indexes
    vectors: Floats
    field: Field
    surface: Surface
    tables: Tables
    sampling: Sampling
    calibration: Calibration | None
    countries: Countries | None = None
    squares_km: float = 0.0
    kept: dict[tuple[Prior, tuple[int, ...]], tuple[Floats, list[Floats] | None]] = dataclasses.field(
        default_factory=dict, repr=False, compare=False
    )
    """What `ground` has worked out."""

    @property
    def power(self) -> float:
        """What log-likelihoods are multiplied by."""
        return 1.0 if self.calibration is None else self.calibration.power

    def log_prior(self, prior: Prior, without: Sequence[int] = ()) -> Floats:
        """(G,): log of a prior over the cells, some sites left out of the sampling density."""
        found: Floats = np.log(self.grid.areas) + self.sampling.log_prior(prior, without)
        return found

    def ground(self, prior: Prior, without: Sequence[int] = ()) -> tuple[Floats, list[Floats] | None]:
        """Log prior and floors, the same for all samples of which the same sites are left out."""
        key = prior, tuple(without)
        if key not in self.kept:
            self.kept[key] = self.log_prior(prior, without), self.floors(prior, without)
        return self.kept[key]

    def floors(self, prior: Prior, without: Sequence[int] = ()) -> list[Floats] | None:
        """For each level (G,) what decides whether a cell lies in a region, some sites left out; `None`: the
        posterior alone."""
        if self.calibration is None:
            return None
        sampled = cells_sampled(self.cells, self.sites, len(self.grid.areas), without)
        return [np.where(sampled, one.sampled, one.elsewhere) for one in self.calibration.floors[prior]]


def model_build(
    baseline: Baseline,
    places: Coordinates,
    *,
    range_map: bytes | None = None,
    range_name: str = "",
    calibrated: bool = True,
    squares_km: float = 0.0,
    progress: Progress = no_progress,
) -> MapModel:
    """Fit a baseline; with `squares_km` every place is the middle of its square before anything is computed.

    Raises `InputRefused` for fewer than four sites and for a range map that is none.
    """
    places = squared(places, squares_km)
    sites = sites_build(baseline, places)
    if len(sites.latitudes) < FEWEST_SITES:
        raise InputRefused(
            f"The baseline has {len(sites.latitudes)} sites; a map needs {FEWEST_SITES} or more.",
            file=baseline.table.name,
            remedy="Use «origin assign», which needs no coordinates.",
        )
    grid = grid_build(places.latitudes, places.longitudes, range_map=range_map, name=range_name)
    progress(0.1, "fitting surfaces of allele frequencies")
    field = field_fit(sites.vectors, sites.counts)
    progress(0.4, "evaluating them over the map")
    vectors = grid.vectors
    surface = surface_of(field, vectors, hosts_of(grid, sites))
    cells = grid.cells_of(places.latitudes, places.longitudes)
    progress(0.6, "leaving sites out")
    return MapModel(
        baseline=baseline,
        sites=sites,
        grid=grid,
        cells=cells,
        vectors=vectors,
        field=field,
        surface=surface,
        tables=tables_of(surface),
        sampling=sampling_of(vectors, sites.vectors),
        calibration=calibrate(baseline, sites, grid, surface, cells) if calibrated else None,
        countries=countries_of(grid),
        squares_km=squares_km,
    )


def hosts_of(grid: Grid, sites: Sites) -> Indexes:
    """(G,): the site each cell holds, the one of most typed copies where it holds several, or -1."""
    hosts = np.full(len(grid.areas), -1, dtype=np.intp)
    for site in np.argsort(sites.counts.totals.sum(axis=0), kind="stable").tolist():
        cell = grid.cell_of(float(sites.latitudes[site]), float(sites.longitudes[site]))
        if cell is not None:
            hosts[cell] = site
    return hosts
