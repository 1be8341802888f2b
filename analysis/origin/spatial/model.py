"""A baseline with coordinates, fitted once: grid, surfaces, priors and the calibration of its regions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from analysis.errors import InputRefused
from analysis.inputs import Progress, no_progress
from analysis.origin.baseline import Baseline
from analysis.origin.intervals import wilson
from analysis.origin.spatial.countries import Countries, countries_of
from analysis.origin.spatial.field import Field, field_fit
from analysis.origin.spatial.geography import EARTH_KM, Floats, Grid, chord_km, grid_build
from analysis.origin.spatial.regions import posterior
from analysis.origin.spatial.sites import FEWEST_SITES, Coordinates, Sites, removal_copies, sites_build
from analysis.origin.spatial.surface import Removal, Surface, Tables, surface_of, tables_of

POWERS = (1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1)
NOMINAL = 0.95
_CALIBRATION_SITES = 40
_ANIMALS_PER_SITE = 5
_CALIBRATION_CELLS = 700


class Prior(StrEnum):
    """What is held of a place before the genotype is looked at.

    `flat`: every km² of the map is as likely. `density`: in proportion to how densely the baseline was
    sampled there.
    """

    FLAT = "flat"
    DENSITY = "density"


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """How the width of the regions was set: the log-likelihood is multiplied by `power` (1: as computed).

    `covered` of `animals` had their site in the 95 % region (flat prior) when their whole site was left out,
    with that power; `plain` of them without it.
    """

    power: float
    animals: int
    covered: int
    plain: int

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's 95 % interval of the coverage."""
        return wilson(self.covered, self.animals)


@dataclass(frozen=True, slots=True, kw_only=True)
class MapModel:
    """Everything a query needs."""

    baseline: Baseline
    sites: Sites
    grid: Grid
    vectors: Floats
    field: Field
    surface: Surface
    tables: Tables
    density: Floats
    calibration: Calibration | None
    countries: Countries | None = None

    @property
    def power(self) -> float:
        """What log-likelihoods are multiplied by."""
        return 1.0 if self.calibration is None else self.calibration.power

    def log_prior(self, prior: Prior, without: Sequence[int] = ()) -> Floats:
        """(G,): log of a prior over the cells, some sites left out of the sampling density."""
        if prior is Prior.FLAT:
            return np.log(self.grid.areas)
        if not len(without):
            return np.log(self.grid.areas) + self.density
        kept = np.setdiff1d(np.arange(len(self.sites.latitudes)), np.array(without, dtype=np.intp))
        return np.log(self.grid.areas) + sampling_density(self.vectors, self.sites.vectors[kept])


def model_build(
    baseline: Baseline,
    places: Coordinates,
    *,
    range_map: bytes | None = None,
    range_name: str = "",
    calibrated: bool = True,
    progress: Progress = no_progress,
) -> MapModel:
    """Fit a baseline. Raises `InputRefused` for fewer than four sites and for a range map that is none."""
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
    progress(0.6, "leaving sites out")
    return MapModel(
        baseline=baseline,
        sites=sites,
        grid=grid,
        vectors=vectors,
        field=field,
        surface=surface,
        tables=tables_of(surface),
        density=sampling_density(vectors, sites.vectors),
        calibration=calibrate(baseline, sites, grid, surface) if calibrated else None,
        countries=countries_of(grid),
    )


def hosts_of(grid: Grid, sites: Sites) -> npt.NDArray[np.intp]:
    """(G,): the site each cell holds, the one of most typed copies where it holds several, or -1."""
    hosts = np.full(len(grid.areas), -1, dtype=np.intp)
    for site in np.argsort(sites.counts.totals.sum(axis=0), kind="stable").tolist():
        cell = grid.cell_of(float(sites.latitudes[site]), float(sites.longitudes[site]))
        if cell is not None:
            hosts[cell] = site
    return hosts


def site_removal(baseline: Baseline, sites: Sites, members: npt.NDArray[np.bool_]) -> Removal:
    """Take chosen animals (N,) out of their sites."""
    touched = np.unique(sites.member[members])
    copies, totals = [], []
    for site in touched:
        animals = np.flatnonzero(members & (sites.member == site)).tolist()
        gone, typed = removal_copies(baseline, animals, sites.counts)
        copies.append(gone)
        totals.append(typed)
    return Removal(sites=touched.astype(np.intp), copies=np.stack(copies, axis=1), totals=np.stack(totals, axis=1))


def sampling_density(cells: Floats, sites: Floats) -> Floats:
    """(G,): log density of sampling, up to a constant.

    A normal kernel per site, twice as wide as the median distance to the next site and no narrower than
    Silverman's (1986) rule; a tenth of the highest density is added everywhere, for animals also live
    where nobody sampled.
    """
    between = chord_km(sites, sites)
    np.fill_diagonal(between, np.inf)
    spread = EARTH_KM * float(np.sqrt(sites.var(axis=0).sum() / 2))
    width = max(2.0 * float(np.median(between.min(axis=1))), spread * len(sites) ** (-1 / 6), 1e-3)
    density = np.exp(-0.5 * (chord_km(cells, sites) / width) ** 2).sum(axis=1)
    found: Floats = np.log(density / density.max() + 0.1)
    return found


def calibrate(baseline: Baseline, sites: Sites, grid: Grid, surface: Surface) -> Calibration:
    """Leave up to 40 sites out, one after the other, look where up to five animals of each come to lie, and take
    the largest power with which 95 % regions hold at least 95 % of the sites.

    A thinned grid of about 700 cells serves, the site standing for its nearest cell.
    """
    step = -(-len(grid.areas) // _CALIBRATION_CELLS)
    thin = np.arange(step // 2, len(grid.areas), step)
    small = surface.thinned(thin)
    areas = grid.areas[thin]
    ranks: list[Floats] = []
    for site in _spread(len(sites.latitudes), _CALIBRATION_SITES):
        members = sites.member == site
        tables = tables_of(small, removal=site_removal(baseline, sites, members))
        truth = int((small.vectors @ sites.vectors[site]).argmax())
        for animal in np.flatnonzero(members)[:_ANIMALS_PER_SITE]:
            scores = tables.log_likelihood(baseline.table.codes[:, animal], baseline.allele_counts)
            ranks.append(np.array([_denser(power * scores, areas, truth) for power in POWERS]))
    covered = (np.array(ranks) < NOMINAL).sum(axis=0)
    enough = np.flatnonzero(covered >= NOMINAL * len(ranks))
    chosen = int(enough[0]) if enough.size else len(POWERS) - 1
    return Calibration(power=POWERS[chosen], animals=len(ranks), covered=int(covered[chosen]), plain=int(covered[0]))


def _denser(scores: Floats, areas: Floats, truth: int) -> float:
    """Posterior mass of the cells that are denser than the true one."""
    share = posterior(scores, np.log(areas))
    return float(share[scores > scores[truth]].sum())


def _spread(count: int, most: int) -> list[int]:
    places = np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(int))
    return [int(place) for place in places]
