"""How far a region must reach, read from animals of the baseline whose place is known.

Animals are taken out of the baseline, each alone and with its whole population, and placed. Two kinds of cells are
told apart, as in Mondrian conformal prediction (Vovk, Gammerman & Shafer 2005, section 4.5): those in which reference
animals were sampled, judged by animals placed while their own site stayed in, and all others, judged by animals whose
site was out.
For each kind, prior and level follows how much of the posterior may lie in cells no denser than the true one before a
cell is outside the region. So a region neither misses more animals than it states nor grows larger than it need be,
sampled or not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from analysis.origin.baseline import Baseline
from analysis.origin.intervals import wilson
from analysis.origin.spatial.geography import Bools, Floats, Grid, Indexes, distinct
from analysis.origin.spatial.priors import Prior, Sampling, sampling_of
from analysis.origin.spatial.regions import LEVELS
from analysis.origin.spatial.removal import animal_removal, site_removal, units_of
from analysis.origin.spatial.sites import Sites, cells_sampled
from analysis.origin.spatial.surface import Reach, Removal, Surface
from analysis.origin.spatial.tables import tables_of

POWERS = (1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1)
FEWEST = 40
"""Fewer animals of a kind say too little: their regions stay as the posterior has them."""
_UNITS, _ANIMALS, _ALONE = 60, 600, 180
_CELLS, _RINGED = 180, 120
_FOLDS = 5
_HAIR = 1 - 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Of so many `animals`, how many 95 % regions held their place: `covered` where the regions were calibrated by
    other populations' animals (five parts in turn), `plain` without calibration."""

    animals: int
    covered: int
    plain: int

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's 95 % interval of the coverage."""
        return wilson(self.covered, self.animals)


@dataclass(frozen=True, slots=True, kw_only=True)
class Floor:
    """A cell lies in a region if the cells no denser than itself hold more than this share of the posterior, where
    animals were `sampled` and `elsewhere`."""

    sampled: float
    elsewhere: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """What the animals taken out have taught.

    `power`: what log-likelihoods are multiplied by, that of the highest mean log posterior at the animals' places.
    `floors`: by prior, one for each of `LEVELS`. `left_out` and `alone`: how the 95 % regions
    did, with the population out and with only the animal out. `trials`: the animals and where they came to lie.
    """

    power: float
    floors: Mapping[Prior, tuple[Floor, ...]]
    left_out: Mapping[Prior, Held]
    alone: Mapping[Prior, Held]
    trials: Trials


@dataclass(frozen=True, slots=True, kw_only=True)
class Trials:
    """Animals taken out and placed: log-likelihoods (A, C) in the `cells` (C,) of the map that were kept, of these
    `areas` with what they stand for; their own cell (A,) among them, whether animals that stayed in were `sampled`
    there, and the population they are of."""

    cells: Indexes
    areas: Floats
    scores: Floats
    truth: Indexes
    sampled: Bools
    unit: Indexes


@dataclass(frozen=True, slots=True, kw_only=True)
class _Trial:
    """Animals placed with the same animals out: log-likelihoods (A, G), their cells (A,), whether others that stayed
    were `sampled` there, whether each animal was out `alone`, and the sites that were out as a whole."""

    unit: int
    scores: Floats
    truth: Indexes
    sampled: Bools
    alone: bool
    without: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Placed:
    """All animals placed, one after the other: as in `_Trial`, and by `prior` the log of it (A, G)."""

    unit: Indexes
    scores: Floats
    truth: Indexes
    sampled: Bools
    alone: Bools
    priors: Mapping[Prior, Floats]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bench:
    """What animals are taken out of: `surface` over some cells, `units` (N,) as `units_of` has them, `cells` (N,) the
    number each animal's cell has among them, -1 where it was not kept; `sampled` (G,): where any animal was."""

    baseline: Baseline
    sites: Sites
    surface: Surface
    units: Indexes
    cells: Indexes
    sampled: Bools


def calibrate(baseline: Baseline, sites: Sites, grid: Grid, surface: Surface, cells: Indexes) -> Calibration:
    """Take animals of up to 60 populations out and learn from where they come to lie; `cells` (N,) is where each was
    sampled, -1 outside the map.

    A thinned grid serves: all cells that hold a site or one of these animals, those beside them, and every n-th of the
    others, which then stands for n. Animals from outside the map are not asked.
    """
    units = units_of(baseline, sites)
    plan = _plan(np.where(cells >= 0, units, -1), baseline.table.ids)
    asked = [animal for animals in plan.values() for animal in animals]
    chosen, weight = _thinned(grid, surface.hosts, cells[asked])
    number = np.full(len(surface.hosts) + 1, -1, dtype=np.intp)
    number[chosen] = np.arange(len(chosen))
    places = number[cells]
    bench = _Bench(
        baseline=baseline,
        sites=sites,
        surface=surface.thinned(chosen),
        units=units,
        cells=places,
        sampled=cells_sampled(places, sites, len(chosen)),
    )
    alone = most_each([len(animals) for animals in plan.values()], _ALONE)
    trials = [trial for unit, animals in plan.items() for trial in _trials(bench, unit, animals, alone)]
    placed = _placed(trials, sampling_of(bench.surface.vectors, sites.vectors))
    return _learnt(placed, chosen, grid.areas[chosen] * weight)


def _plan(units: Indexes, ids: Sequence[str]) -> dict[int, list[int]]:
    """By unit, animals spread evenly over it in the order of their names; with few or small units more of each."""
    order = np.argsort(np.array(ids), kind="stable")
    known = distinct(units[units >= 0])
    members = {unit: order[units[order] == unit] for unit in known[_spread(len(known), _UNITS)].tolist()}
    most = most_each([len(animals) for animals in members.values()], _ANIMALS)
    return {unit: animals[_spread(len(animals), most)].tolist() for unit, animals in members.items()}


def most_each(sizes: Sequence[int], total: int) -> int:
    """How many animals a unit may give at most, so that all units together give no more than `total`, small ones giving
    what they have; one at least."""
    most = 1
    while most < max(sizes, default=1) and sum(min(size, most + 1) for size in sizes) <= total:
        most += 1
    return most


def _spread(count: int, most: int) -> list[int]:
    places: list[int] = distinct(np.linspace(0, count - 1, min(count, most)).round().astype(np.intp)).tolist()
    return places


def _thinned(grid: Grid, hosts: Indexes, needed: Indexes) -> tuple[Indexes, Floats]:
    """Cells to keep, in order, and how many cells each stands for."""
    kept = hosts >= 0
    kept[needed] = True
    if kept.sum() <= _RINGED:
        kept = _ringed(grid, kept)
    others = np.flatnonzero(~kept)
    step = max(-(-len(others) // _CELLS), 1)
    sample = others[step // 2 :: step]
    chosen = np.sort(np.concatenate([np.flatnonzero(kept), sample]))
    weight = np.ones(len(chosen))
    if len(sample):
        weight[~kept[chosen]] = len(others) / len(sample)
    return chosen, weight


def _ringed(grid: Grid, kept: Bools) -> Bools:
    """(G,): these cells and the four beside each: where a posterior is narrow, they hold what its middle does not."""
    inner = np.zeros_like(grid.inside)
    inner[grid.inside] = kept
    outer = inner.copy()
    outer[1:] |= inner[:-1]
    outer[:-1] |= inner[1:]
    outer[:, 1:] |= inner[:, :-1]
    outer[:, :-1] |= inner[:, 1:]
    found: Bools = outer[grid.inside]
    return found


def _trials(bench: _Bench, unit: int, animals: Sequence[int], alone: int) -> list[_Trial]:
    """Animals of a unit with all of it out, and some of them each alone."""
    removal = site_removal(bench.baseline, bench.sites, bench.units == unit)
    reach = bench.surface.reach(removal.sites)
    gone = tuple(removal.sites.tolist())
    sampled = cells_sampled(bench.cells, bench.sites, len(bench.sampled), gone)
    found = [_trial(bench, unit, animals, removal, reach, sampled, gone)]
    for place in _spread(len(animals), alone):
        own = animal_removal(bench.baseline, bench.sites, animals[place])
        near = _single(reach, gone.index(int(own.sites[0])))
        found.append(_trial(bench, unit, animals[place : place + 1], own, near, bench.sampled, None))
    return found


def _trial(
    bench: _Bench,
    unit: int,
    animals: Sequence[int],
    removal: Removal,
    reach: Reach,
    sampled: Bools,
    gone: tuple[int, ...] | None,
) -> _Trial:
    """Animals with a removal; `gone` are the sites that are out as a whole, `None` where only the animal is."""
    codes, counts = bench.baseline.table.codes[:, list(animals)], bench.baseline.allele_counts
    truth = bench.cells[list(animals)]
    return _Trial(
        unit=unit,
        scores=tables_of(bench.surface, removal=removal, reach=reach).log_likelihoods(codes, counts),
        truth=truth,
        sampled=sampled[truth],
        alone=gone is None,
        without=gone or (),
    )


def _single(reach: Reach, place: int) -> Reach:
    here = slice(place, place + 1)
    return Reach(sites=reach.sites[here], cross=reach.cross[:, here], among=reach.among[:, here, here])


def _placed(trials: Sequence[_Trial], sampling: Sampling) -> _Placed:
    sizes = [len(trial.truth) for trial in trials]
    wholes = list(dict.fromkeys(trial.without for trial in trials))
    row = np.repeat([wholes.index(trial.without) for trial in trials], sizes)
    return _Placed(
        unit=np.repeat([trial.unit for trial in trials], sizes),
        scores=np.concatenate([trial.scores for trial in trials]),
        truth=np.concatenate([trial.truth for trial in trials]),
        sampled=np.concatenate([trial.sampled for trial in trials]),
        alone=np.repeat([trial.alone for trial in trials], sizes),
        priors={prior: np.stack([sampling.log_prior(prior, gone) for gone in wholes])[row] for prior in Prior},
    )


def _learnt(placed: _Placed, cells: Indexes, areas: Floats) -> Calibration:
    power = _power(placed, areas)
    floors, left_out, single = {}, {}, {}
    for prior in Prior:
        tails = _tails(placed, areas, prior, power)
        floors[prior] = tuple(floor_of(tails, placed.sampled, 1 - level) for level in LEVELS)
        inside = crossed(tails, placed.sampled, placed.unit, 1 - LEVELS[-1])
        plain = tails > 1 - LEVELS[-1]
        left_out[prior], single[prior] = (
            Held(animals=int(kind.sum()), covered=int(inside[kind].sum()), plain=int(plain[kind].sum()))
            for kind in (~placed.alone, placed.alone)
        )
    trials = Trials(
        cells=cells,
        areas=areas,
        scores=placed.scores,
        truth=placed.truth,
        sampled=placed.sampled,
        unit=placed.unit,
    )
    return Calibration(power=power, floors=floors, left_out=left_out, alone=single, trials=trials)


def _power(placed: _Placed, areas: Floats) -> float:
    """The power whose posteriors, flat prior, say most about where animals came from; those of sampled and of unsampled
    places count alike. How much they say is concave in the power, so what lies beyond a worse one is not tried."""
    relative = placed.scores - placed.scores.max(axis=1, keepdims=True)
    own = relative[np.arange(len(relative)), placed.truth]
    best, most = POWERS[0], -np.inf
    for power in POWERS:
        said = power * own - np.log(np.exp(power * relative) @ areas)
        mean = sum(float(said[kind].mean()) for kind in (placed.alone, ~placed.alone) if kind.any())
        if mean <= most:
            break
        best, most = power, mean
    return best


def _tails(placed: _Placed, areas: Floats, prior: Prior, power: float) -> Floats:
    """(A,): share of the posterior in cells no denser than the true one."""
    return tails_of(power * placed.scores + placed.priors[prior], placed.truth, areas)


def tails_of(density: Floats, truth: Indexes, areas: Floats) -> Floats:
    """(A,): of densities (A, C) given by their logarithms, the share in cells no denser than the true one (A,)."""
    density = density - density.max(axis=1, keepdims=True)
    below = density <= density[np.arange(len(density)), truth][:, None]
    share = np.exp(density, out=density)
    share *= areas
    whole = share.sum(axis=1)
    share *= below
    found: Floats = share.sum(axis=1) / whole
    return found


def floor_of(tails: Floats, sampled: Bools, missed: float) -> Floor:
    """What keeps the share `missed` of animals outside, from the tails (A,) of animals of both kinds, or (A, V) where
    each was placed with several values."""
    return Floor(sampled=_quantile(tails[sampled], missed), elsewhere=_quantile(tails[~sampled], missed))


def _quantile(tails: Floats, missed: float) -> float:
    """The split-conformal rule: of n + 1 animals, the one looked at included, at most the share `missed` lies
    outside."""
    if len(tails) < FEWEST:
        return missed
    rank = int((len(tails) + 1) * missed) * (tails.size // len(tails)) - 1
    return float(np.partition(tails.ravel(), rank)[rank]) * _HAIR


def crossed(tails: Floats, sampled: Bools, unit: Indexes, missed: float) -> Bools:
    """(A,) or (A, V), as the tails: inside, by floors of the other parts' units."""
    part = np.unique(unit, return_inverse=True)[1] % _FOLDS
    inside = np.zeros(tails.shape, dtype=np.bool_)
    for fold in range(_FOLDS):
        others = part != fold
        floor = floor_of(tails[others], sampled[others], missed)
        floors = np.where(sampled[~others], floor.sampled, floor.elsewhere)
        inside[~others] = (floors < tails[~others].T).T
    return inside
