"""Answers in words and in JSON values: one place, so that page, report and command line say the same."""

from __future__ import annotations

from collections.abc import Sequence

from analysis.canonical import Json
from analysis.origin.accuracy import Level, PopulationAccuracy, PosteriorBand, Share, Validation
from analysis.origin.assign import Assignment, AssignmentRun, OriginOutcome
from analysis.origin.baseline import Baseline, diversity
from analysis.origin.equilibrium import Equilibrium, differentiation
from analysis.origin.numbers import number, posterior_text

SMALL_POPULATION = 20

_NOT_SAMPLED = (
    "A population without reference animals in the baseline cannot be named; the posterior compares only "
    "the populations listed."
)
_MOST_NAMED = 20
_CONDITION = (
    "The accuracy beside the answer was measured on baseline animals, each left out of its own population; "
    "it holds only if the true origin is in the baseline."
)


def statement(answer: Assignment, run: AssignmentRun) -> str:
    """The finding in one or two sentences; it never says that an animal «belongs» or «matches»."""
    count = len(run.baseline.populations)
    if answer.outcome is OriginOutcome.NO_RESULT:
        return f"No result: {answer.reasons[0].text}"
    excluded = sum(candidate.excluded for candidate in answer.ranking)
    if answer.outcome is OriginOutcome.NONE:
        return (
            f"None of these populations: all {count} populations of the baseline are excluded "
            f"(p below {run.settings.alpha:g})."
        )
    tail = f"excluded (p below {run.settings.alpha:g}): {excluded} of {count} populations."
    if answer.outcome is OriginOutcome.INCONCLUSIVE:
        possible = [candidate.population for candidate in answer.ranking if not candidate.excluded]
        return f"Inconclusive: {_listed(possible)} stay possible; {tail}"
    posterior = (
        answer.ranking[0].posterior if answer.outcome is OriginOutcome.POPULATION else answer.groups[0].posterior
    )
    kind = "" if answer.outcome is OriginOutcome.POPULATION else "group "
    return (
        f"Among {count} populations, the genotype is best explained by {kind}{answer.subject} "
        f"(posterior {posterior_text(posterior)}, equal prior weights); {tail}"
    )


def caveats(answer: Assignment, run: AssignmentRun) -> tuple[str, ...]:
    """What the answer does not say, and what a reader must know before relying on it."""
    said = [
        _NOT_SAMPLED,
        _CONDITION,
    ]
    if answer.left_out:
        said.append("The sample is itself in the baseline; it was left out of its own population.")
    if answer.same_as:
        said.append(
            f"Exactly the same genotype as {_listed(answer.same_as)}: one animal typed twice? "
            "Duplicates must be merged before animals are counted."
        )
    small = [item.population for item in answer.ranking[:3] if item.samples < SMALL_POPULATION]
    if small:
        said.append(
            f"Fewer than {SMALL_POPULATION} reference animals in {_listed(small)}: its score and its "
            "exclusion rest on little."
        )
    return tuple(said)


def answer_json(answer: Assignment, run: AssignmentRun) -> dict[str, Json]:
    """The values of one answer, as a line of `origin assign --format jsonl` holds them."""
    settings = run.settings
    return {
        "id": answer.id,
        "outcome": answer.outcome.value,
        "subject": answer.subject,
        "statement": statement(answer, run),
        "reasons": [{"code": reason.code, "text": reason.text} for reason in answer.reasons],
        "typed_loci": answer.typed_loci,
        "loci": answer.loci,
        "unknown_alleles": answer.unknown_alleles,
        "left_out": answer.left_out,
        "same_as": list(answer.same_as),
        "ranking": ranking_json(answer),
        "groups": [
            {"group": item.group, "posterior": number(item.posterior), "excluded": item.excluded}
            for item in answer.groups
        ],
        "accuracy": {level.value: band_json(band) for level, band in answer.accuracy.items()},
        "caveats": list(caveats(answer, run)),
        "baseline": {"name": run.baseline.name, "sha256": run.baseline.sha256},
        "settings": {
            "alpha": settings.alpha,
            "simulations": settings.simulations,
            "threshold": settings.threshold,
            "least_typed": settings.least_typed,
            "seed": settings.seed,
        },
    }


def ranking_json(answer: Assignment) -> list[Json]:
    """The ranking as JSON values; log-likelihoods are natural logarithms."""
    return [
        {
            "population": item.population,
            "group": item.group,
            "samples": item.samples,
            "log_likelihood": round(item.log_likelihood, 6),
            "posterior": number(item.posterior),
            "exclusion_p": number(item.exclusion_p),
            "excluded": item.excluded,
        }
        for item in answer.ranking
    ]


def share_json(share: Share) -> dict[str, Json]:
    """A share with its interval."""
    low, high = share.interval
    return {
        "animals": share.animals,
        "correct": share.correct,
        "accuracy": None if share.accuracy is None else number(share.accuracy),
        "interval_95": [number(low), number(high)],
    }


def band_json(band: PosteriorBand) -> dict[str, Json]:
    """A band of posteriors with its leave-one-out accuracy."""
    return {"posterior_from": band.low, "posterior_to": band.high, **share_json(band.share)}


def validation_json(baseline: Baseline, validation: Validation) -> dict[str, Json]:
    """The values of `origin validate`."""
    total = validation.total
    return {
        "baseline": {"name": baseline.name, "version": baseline.version, "sha256": baseline.sha256},
        "animals": len(baseline.table),
        "loci": len(baseline.table.loci),
        "accuracy": {
            level.value: None if total[level].accuracy is None else number(total[level].accuracy or 0.0)
            for level in Level
        },
        "interval_95": {level.value: share_json(total[level])["interval_95"] for level in Level},
        "by_posterior": {
            level.value: {
                "bands": [band_json(band) for band in validation.bands[level]],
                "at_least": [band_json(band) for band in validation.at_least[level]],
            }
            for level in Level
        },
        "populations": [_population_json(item) for item in validation.populations],
        "diversity": [
            {
                "locus": item.locus,
                "alleles": item.alleles,
                "typed": item.typed,
                "observed": None if item.observed is None else number(item.observed),
                "expected": None if item.expected is None else number(item.expected),
            }
            for item in diversity(baseline)
        ],
        "differentiation": _differentiation_json(baseline),
        "notices": [*baseline.table.notices, *_untyped(baseline)],
    }


def _untyped(baseline: Baseline) -> list[str]:
    names = [baseline.table.ids[animal] for animal in (~baseline.typed).nonzero()[0].tolist()]
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    listed = f"{', '.join(names[:_MOST_NAMED])}{more}"
    return [f"Animals typed at no locus, not counted in the accuracy: {listed}."] if names else []


def _differentiation_json(baseline: Baseline) -> dict[str, Json]:
    found = differentiation(baseline)
    return {
        "fst": _maybe(found.fst),
        "fis": _maybe(found.fis),
        "by_locus": [{"locus": locus, "fst": _maybe(fst), "fis": _maybe(fis)} for locus, fst, fis in found.by_locus],
    }


def equilibrium_json(found: Equilibrium) -> dict[str, Json]:
    """The values of `origin validate --equilibrium`."""
    return {
        "alpha": found.alpha,
        "hardy_weinberg_tests": found.hardy_weinberg_tests,
        "departures_expected": number(found.hardy_weinberg_tests * found.alpha),
        "departures": [
            {
                "population": one.population,
                "locus": one.locus,
                "p": number(one.p),
                "heterozygotes": one.observed,
                "expected": number(one.expected),
            }
            for one in found.departures
        ],
        "linkage_tests": found.linkage_tests,
        "linked_expected": number(found.linkage_tests * found.alpha),
        "linked": [{"first": one.first, "second": one.second, "p": number(one.p)} for one in found.linked],
    }


def _maybe(value: float | None) -> float | None:
    return None if value is None else number(value)


def _population_json(item: PopulationAccuracy) -> dict[str, Json]:
    right, right_group = item.right_population, item.right_group
    return {
        "population": item.population,
        "group": item.group,
        "animals": right.animals,
        "accuracy": share_json(right),
        "group_accuracy": share_json(right_group),
        "taken_for": [{"population": name, "animals": count} for name, count in item.taken_for],
    }


def _listed(names: Sequence[str], most: int = 5) -> str:
    shown = list(names[:most])
    if len(names) > most:
        return f"{', '.join(shown)} and {len(names) - most} more"
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)
