"""Samples on the map: for each prior a point with its regions, beside the discrete answer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from analysis.errors import InputRefused
from analysis.genotypes.table import MISSING, GenotypeTable
from analysis.inputs import Progress, no_progress
from analysis.origin.likelihood import log_likelihoods, own_log_likelihoods, posteriors
from analysis.origin.queries import Queries, queries_align, suspect
from analysis.origin.spatial.geography import Floats, distance_km, distinct
from analysis.origin.spatial.model import MapModel
from analysis.origin.spatial.priors import Prior
from analysis.origin.spatial.regions import Place, Region, geometric_median, posterior, regions
from analysis.origin.spatial.removal import animal_removal, site_removal
from analysis.origin.spatial.sites import FEWEST_SITES
from analysis.origin.spatial.tables import Tables, tables_of
from analysis.outcome import Reason

LEAST_TYPED = 0.6


class MapOutcome(StrEnum):
    """`region`: the sample has a place. `inconclusive`: too few loci for reliance, the map is shown all the
    same. `no_result`: the genotype is empty or cannot be trusted."""

    REGION = "region"
    INCONCLUSIVE = "inconclusive"
    NO_RESULT = "no_result"


class LeftOut(StrEnum):
    """What of the baseline was taken out before the sample was placed."""

    NOTHING = "nothing"
    ANIMAL = "animal"
    POPULATION = "population"


@dataclass(frozen=True, slots=True, kw_only=True)
class Located:
    """The answer under one prior: geometric median, regions, and the posterior (G,)."""

    point: Place
    regions: tuple[Region, ...]
    share: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Discrete:
    """The best population by `origin assign`'s likelihood, equal weights, and where it was sampled."""

    population: str
    posterior: float
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class LocatedSample:
    """The answer for one sample.

    `fit_p`: how often an animal of the most probable cell (flat prior) has a genotype that fits no better; small
    where the origin lies outside the map. `apart_km`: from the flat prior's point to the discrete answer's
    place; `agrees`: that place lies in the flat prior's 95 % region. `without`: sites that were taken out whole.
    """

    id: str
    line: int
    outcome: MapOutcome
    reasons: tuple[Reason, ...]
    typed_loci: int
    loci: int
    unknown_alleles: int
    left_out: LeftOut
    without: tuple[int, ...]
    by_prior: dict[Prior, Located]
    fit_p: float | None
    discrete: Discrete | None
    apart_km: float | None
    agrees: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MapRun:
    """All answers with the model they rest on."""

    model: MapModel
    samples: tuple[LocatedSample, ...]
    notices: tuple[str, ...]


def locate(
    model: MapModel,
    table: GenotypeTable,
    *,
    leave_out: Sequence[str | None] | None = None,
    progress: Progress = no_progress,
) -> MapRun:
    """Place every sample of a table.

    A sample that is itself in the baseline is taken out of its site. With `leave_out`, a population per
    sample, all animals of that population are taken out: what the map would have said had nobody sampled
    there. A population that the baseline does not hold needs no taking out; the answer's `left_out` says so.
    Raises `InputRefused` as `queries_align` does and where none of the named populations is in the baseline.
    """
    queries = queries_align(model.baseline, table)
    _named_check(model, table, leave_out)
    scores = _discrete_scores(model, queries)
    kept: dict[str, Tables] = {}
    found = []
    for row in range(len(table)):
        progress(0.7 + 0.3 * row / len(table), "placing samples")
        population = None if leave_out is None else leave_out[row]
        found.append(_sample(model, queries, row, scores[row], population, kept))
    return MapRun(model=model, samples=tuple(found), notices=queries.notices)


def place_scores(model: MapModel, scores: Floats, prior: Prior, without: Sequence[int] = ()) -> Located:
    """Point and regions from the log-likelihood (G,) of a genotype in every cell."""
    log_prior, floors = model.ground(prior, without)
    share = posterior(model.power * scores, log_prior)
    return Located(
        point=geometric_median(model.grid, model.vectors, share),
        regions=regions(model.grid, share, floors=floors),
        share=share,
    )


def _sample(
    model: MapModel, queries: Queries, row: int, scores: Floats, population: str | None, kept: dict[str, Tables]
) -> LocatedSample:
    typed = int((queries.codes[:, row, 0] != MISSING).sum())
    loci, unknown = len(model.baseline.table.loci), int(queries.unknown[row])
    outcome, reasons = _judged(typed, loci, unknown)
    tables, sites, left_out = _tables(model, queries, row, population, kept)
    by_prior: dict[Prior, Located] = {}
    fit, discrete, apart, agrees = None, None, None, None
    if outcome is not MapOutcome.NO_RESULT:
        cells = tables.log_likelihood(queries.codes[:, row], model.baseline.allele_counts)
        by_prior = {prior: place_scores(model, cells, prior, sites) for prior in Prior}
        discrete = _discrete(model, scores, population)
        flat = by_prior[Prior.FLAT]
        fit = tables.fit(queries.codes[:, row], model.baseline.allele_counts, int(cells.argmax()))
        apart, agrees = _compared(model, flat, discrete.place)
    return LocatedSample(
        id=queries.table.ids[row],
        line=queries.table.lines[row],
        outcome=outcome,
        reasons=reasons,
        typed_loci=typed,
        loci=loci,
        unknown_alleles=unknown,
        left_out=left_out,
        without=tuple(sites),
        by_prior=by_prior,
        fit_p=fit,
        discrete=discrete,
        apart_km=apart,
        agrees=agrees,
    )


def _judged(typed: int, loci: int, unknown: int) -> tuple[MapOutcome, tuple[Reason, ...]]:
    if typed == 0:
        return MapOutcome.NO_RESULT, (Reason(code="untyped", text="No locus of the baseline is typed."),)
    if suspect(unknown, typed):
        words = f"{unknown} of {2 * typed} allele copies are unknown in the baseline: columns shifted?"
        return MapOutcome.NO_RESULT, (Reason(code="unknown_alleles", text=words),)
    if typed < LEAST_TYPED * loci:
        words = f"Only {typed} of {loci} loci are typed; {math.ceil(LEAST_TYPED * loci)} are needed."
        return MapOutcome.INCONCLUSIVE, (Reason(code="few_loci", text=words),)
    return MapOutcome.REGION, ()


def _tables(
    model: MapModel, queries: Queries, row: int, population: str | None, kept: dict[str, Tables]
) -> tuple[Tables, list[int], LeftOut]:
    baseline, sites = model.baseline, model.sites
    if population in baseline.populations:
        members = baseline.member == baseline.populations.index(population)
        touched = distinct(sites.member[members]).tolist()
        _rest_check(model, len(touched), population)
        if population not in kept:
            kept.clear()
            kept[population] = tables_of(model.surface, removal=site_removal(baseline, sites, members))
        return kept[population], touched, LeftOut.POPULATION
    animal = int(queries.in_baseline[row])
    if animal < 0:
        return model.tables, [], LeftOut.NOTHING
    return tables_of(model.surface, removal=animal_removal(baseline, sites, animal)), [], LeftOut.ANIMAL


def _rest_check(model: MapModel, touched: int, population: str) -> None:
    rest = len(model.sites.latitudes) - touched
    if rest < FEWEST_SITES:
        raise InputRefused(
            f"Without «{population}» {rest} sites remain; a map needs {FEWEST_SITES}.",
            file=model.baseline.name,
            remedy="Leave out smaller populations.",
        )


def _named_check(model: MapModel, table: GenotypeTable, leave_out: Sequence[str | None] | None) -> None:
    named = {population for population in leave_out or () if population is not None}
    if named and not named & set(model.baseline.populations):
        raise InputRefused(
            f"«{sorted(named)[0]}» is no population of the baseline; it cannot be left out.",
            file=table.name,
            row=table.lines[0],
            remedy="Name each sample's own population as the baseline writes it, or place them without leaving out.",
        )


def _discrete_scores(model: MapModel, queries: Queries) -> Floats:
    scores = log_likelihoods(model.baseline, queries.codes)
    rows = np.flatnonzero(queries.in_baseline >= 0)
    animals = queries.in_baseline[rows]
    scores[rows, model.baseline.member[animals]] = own_log_likelihoods(model.baseline, animals)
    return scores


def _discrete(model: MapModel, scores: Floats, population: str | None) -> Discrete:
    """The best population. A population left out loses; its alleles stay counted among the K known ones."""
    usable = scores.copy()
    if population in model.baseline.populations:
        usable[model.baseline.populations.index(population)] = -np.inf
    best = int(usable.argmax())
    members = model.baseline.member == best
    sites = distinct(model.sites.member[members])
    return Discrete(
        population=model.baseline.populations[best],
        posterior=float(posteriors(usable)[best]),
        place=Place(
            latitude=float(model.sites.latitudes[sites].mean()), longitude=float(model.sites.longitudes[sites].mean())
        ),
    )


def _compared(model: MapModel, flat: Located, place: Place) -> tuple[float, bool]:
    apart = distance_km(
        flat.point.latitude, flat.point.longitude, np.array([place.latitude]), np.array([place.longitude])
    )
    cell = model.grid.cell_of(place.latitude, place.longitude)
    return float(apart[0]), cell is not None and bool(flat.regions[-1].cells[cell])
