"""Assignment of samples to reference populations, with «none of these» as an answer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from analysis.errors import InputRefused
from analysis.genotypes.table import GenotypeTable
from analysis.inputs import Progress, no_progress
from analysis.origin.accuracy import Level, PosteriorBand, Validation, validate
from analysis.origin.baseline import Baseline
from analysis.origin.exclusion import exclusion_test
from analysis.origin.likelihood import Floats, by_group, log_likelihoods, own_log_likelihoods, posteriors
from analysis.origin.queries import SUSPECT_COUNT, Queries, queries_align, suspect
from analysis.outcome import Reason


class OriginOutcome(StrEnum):
    """What an assignment may answer.

    `none`: every population of the baseline is excluded. `inconclusive`: more than one stays possible, or
    the sample is too poor to name one. `no_result`: the genotype itself cannot be trusted or is empty.
    """

    POPULATION = "population"
    GROUP = "group"
    NONE = "none"
    INCONCLUSIVE = "inconclusive"
    NO_RESULT = "no_result"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The rules of an assignment; the defaults follow Paetkau et al. 2004 (10,000 made genotypes, p < 0.01).

    `threshold`: posterior from which a population or group is named. `least_typed`: share of the
    baseline's loci below which nothing is named (10 of 16 in the ivory laboratories' practice, rounded
    to 0.6). `seed` starts the resampling. `figures`: samples, from the first on, whose spread of made
    genotypes is kept for drawing.
    """

    alpha: float = 0.01
    simulations: int = 10_000
    threshold: float = 0.9
    least_typed: float = 0.6
    seed: int = 0
    figures: int = 50

    def __post_init__(self) -> None:
        limits = (
            ("alpha", 0 < self.alpha < 1, "between 0 and 1"),
            ("threshold", 0.5 < self.threshold <= 1, "above 0.5 and at most 1"),
            ("least_typed", 0 < self.least_typed <= 1, "above 0 and at most 1"),
            ("simulations", 100 <= self.simulations <= 1_000_000, "from 100 to 1,000,000"),
            ("seed", self.seed >= 0, "zero or more"),
            ("figures", self.figures >= 0, "zero or more"),
        )
        for name, good, range_text in limits:
            if not good:
                raise InputRefused(
                    f"{name} is {getattr(self, name)}.", field=name, remedy=f"Choose a value {range_text}."
                )
        if self.alpha * (self.simulations + 1) < 1:
            raise InputRefused(
                f"{self.simulations} made genotypes cannot show a p below {self.alpha}.",
                field="simulations",
                remedy=f"Make at least {math.ceil(1 / self.alpha)}.",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One population in a sample's ranking. `spread`: 1, 50, 99 % points of made genotypes, if kept."""

    population: str
    group: str
    samples: int
    log_likelihood: float
    posterior: float
    exclusion_p: float
    excluded: bool
    spread: tuple[float, float, float] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupShare:
    """A reporting unit's posterior; it is excluded when all its populations are."""

    group: str
    posterior: float
    excluded: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """The answer for one sample: `ranking` by posterior, `accuracy` of the baseline at that posterior (to
    group only where groups hold more than one population)."""

    id: str
    line: int
    outcome: OriginOutcome
    subject: str | None
    reasons: tuple[Reason, ...]
    ranking: tuple[Candidate, ...]
    groups: tuple[GroupShare, ...]
    accuracy: dict[Level, PosteriorBand]
    typed_loci: int
    loci: int
    unknown_alleles: int
    left_out: bool
    same_as: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignmentRun:
    """All answers of one run, with what they rest on."""

    baseline: Baseline
    validation: Validation
    settings: Settings
    assignments: tuple[Assignment, ...]
    notices: tuple[str, ...]


def assign(
    baseline: Baseline, table: GenotypeTable, settings: Settings, progress: Progress = no_progress
) -> AssignmentRun:
    """Assign every sample of a table.

    A sample that is itself in the baseline (same identifier, same genotype) is left out of its own
    population. Raises `InputRefused` as `queries_align` does.
    """
    queries = queries_align(baseline, table)
    progress(0.02, "leave-one-out over the baseline")
    validation = validate(baseline)
    scores = _scores(baseline, queries)
    test = exclusion_test(
        baseline,
        scores,
        queries.typed,
        simulations=settings.simulations,
        seed=settings.seed,
        spread_of=settings.figures,
        progress=lambda share, words: progress(0.1 + 0.8 * share, words),
    )
    shares = posteriors(scores)
    by_sample = [
        _ranking(baseline, settings, scores[row], shares[row], test.p[row], test.spread[row : row + 1])
        for row in range(len(table))
    ]
    groups = by_group(baseline, shares)
    assignments = tuple(
        _assignment(baseline, queries, validation, settings, row, ranking, groups[row])
        for row, ranking in enumerate(by_sample)
    )
    progress(1.0, "assigned")
    return AssignmentRun(
        baseline=baseline,
        validation=validation,
        settings=settings,
        assignments=assignments,
        notices=queries.notices,
    )


def _scores(baseline: Baseline, queries: Queries) -> Floats:
    scores = log_likelihoods(baseline, queries.codes)
    rows = (queries.in_baseline >= 0).nonzero()[0]
    animals = queries.in_baseline[rows]
    scores[rows, baseline.member[animals]] = own_log_likelihoods(baseline, animals)
    return scores


def _ranking(
    baseline: Baseline, settings: Settings, scores: Floats, shares: Floats, p: Floats, spread: Floats
) -> tuple[Candidate, ...]:
    sizes = baseline.sizes
    order = sorted(range(len(scores)), key=lambda population: (-scores[population], population))
    return tuple(
        Candidate(
            population=baseline.populations[population],
            group=baseline.group_name(population),
            samples=int(sizes[population]),
            log_likelihood=float(scores[population]),
            posterior=float(shares[population]),
            exclusion_p=float(p[population]),
            excluded=bool(p[population] < settings.alpha),
            spread=_spread(spread, population),
        )
        for population in order
    )


def _spread(spread: Floats, population: int) -> tuple[float, float, float] | None:
    if not len(spread):
        return None
    low, middle, high = spread[0, population].tolist()
    return (low, middle, high)


def _assignment(
    baseline: Baseline,
    queries: Queries,
    validation: Validation,
    settings: Settings,
    row: int,
    ranking: tuple[Candidate, ...],
    group_shares: Floats,
) -> Assignment:
    typed = int(queries.typed[row].sum())
    unknown = int(queries.unknown[row])
    groups = _groups(baseline, ranking, group_shares)
    outcome, subject, reasons = _decide(baseline, settings, ranking, groups, typed, unknown)
    best = {Level.POPULATION: ranking[0].posterior}
    if len(baseline.groups) < len(baseline.populations):
        best[Level.GROUP] = groups[0].posterior
    return Assignment(
        id=queries.table.ids[row],
        line=queries.table.lines[row],
        outcome=outcome,
        subject=subject,
        reasons=reasons,
        ranking=ranking if typed else (),
        groups=groups if typed else (),
        accuracy={level: validation.band(level, share) for level, share in best.items()} if typed else {},
        typed_loci=typed,
        loci=len(baseline.table.loci),
        unknown_alleles=unknown,
        left_out=bool(queries.in_baseline[row] >= 0),
        same_as=queries.same_as[row],
    )


def _groups(baseline: Baseline, ranking: Sequence[Candidate], shares: Floats) -> tuple[GroupShare, ...]:
    possible = {candidate.group for candidate in ranking if not candidate.excluded}
    return tuple(
        GroupShare(
            group=baseline.groups[group],
            posterior=float(shares[group]),
            excluded=baseline.groups[group] not in possible,
        )
        for group in sorted(range(len(shares)), key=lambda group: (-shares[group], group))
    )


def _decide(
    baseline: Baseline,
    settings: Settings,
    ranking: Sequence[Candidate],
    groups: Sequence[GroupShare],
    typed: int,
    unknown: int,
) -> tuple[OriginOutcome, str | None, tuple[Reason, ...]]:
    loci = len(baseline.table.loci)
    untrusted = _untrusted(typed, unknown)
    if untrusted is not None:
        return OriginOutcome.NO_RESULT, None, (untrusted,)
    doubts = _doubts(settings, typed, unknown, loci)
    if typed >= settings.least_typed * loci and all(candidate.excluded for candidate in ranking):
        reason = Reason(
            code="all_excluded",
            text=f"Every population of the baseline is excluded (p below {settings.alpha:g}).",
        )
        return OriginOutcome.NONE, None, (reason, *doubts)
    if doubts:
        return OriginOutcome.INCONCLUSIVE, None, doubts
    return _named(baseline, settings, ranking[0], groups[0])


def _untrusted(typed: int, unknown: int) -> Reason | None:
    if typed == 0:
        return Reason(code="untyped", text="No locus of the baseline is typed.")
    if suspect(unknown, typed):
        return Reason(
            code="unknown_alleles",
            text=f"{unknown} of {2 * typed} allele copies are unknown in the baseline, more than two: "
            "columns shifted, another calibration, or another species?",
        )
    return None


def _doubts(settings: Settings, typed: int, unknown: int, loci: int) -> tuple[Reason, ...]:
    doubts = []
    least = math.ceil(settings.least_typed * loci)
    if typed < settings.least_typed * loci:
        doubts.append(Reason(code="few_loci", text=f"Only {typed} of {loci} loci are typed; {least} are needed."))
    if unknown > SUSPECT_COUNT:
        doubts.append(
            Reason(
                code="unknown_alleles",
                text=f"{unknown} alleles are unknown in the baseline, more than two: columns shifted, or "
                "another calibration? Check the typing before relying on this.",
            )
        )
    return tuple(doubts)


def _named(
    baseline: Baseline, settings: Settings, best: Candidate, best_group: GroupShare
) -> tuple[OriginOutcome, str | None, tuple[Reason, ...]]:
    if best.posterior >= settings.threshold and not best.excluded:
        return OriginOutcome.POPULATION, best.population, ()
    grouped = len(baseline.groups) < len(baseline.populations)
    if grouped and best_group.posterior >= settings.threshold and not best_group.excluded:
        return OriginOutcome.GROUP, best_group.group, ()
    if best.posterior >= settings.threshold:
        reason = Reason(
            code="best_excluded",
            text=f"{best.population} has the highest posterior but is excluded "
            f"(p = {best.exclusion_p:.2g}); the true origin may not be in the baseline.",
        )
    else:
        reason = Reason(
            code="below_threshold",
            text=f"No population{' or group' if grouped else ''} reaches a posterior of {settings.threshold:g}.",
        )
    return OriginOutcome.INCONCLUSIVE, None, (reason,)
