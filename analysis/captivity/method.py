"""The method «captivity.classify»: role "measurements", reference = a frozen training set."""

from __future__ import annotations

import numpy as np

from analysis.canonical import Json, readable_json
from analysis.captivity.classify import CaptivityOutcome, Confusion, Judgement, Training, cross_validate, judge
from analysis.captivity.cli import CAVEATS, judgement_json
from analysis.captivity.reference import training_open
from analysis.errors import InputRefused
from analysis.inputs import Artefact, Progress, RunInputs, RunResult
from analysis.outcome import (
    Diagnostic,
    Finding,
    LikelihoodRatio,
    Number,
    Outcome,
    Reason,
    ReferenceDigest,
)
from analysis.reference import ReferenceSet
from analysis.registry import Method
from analysis.statistics import binomial_interval
from analysis.tables import rows_read
from analysis.textfile import SIZE_LIMIT

NAME = "captivity.classify"
VERSION = "1.0"
QUESTION = "Is the tissue's chemistry that of wild or of captive animals, or of neither?"


def run(inputs: RunInputs, progress: Progress) -> RunResult:
    """Judge the samples of a table (columns id, or that of `id_column`, and the training set's variables).

    Parameters: `threshold` (posterior to name a class, default 0.9), `alpha` (of the out-of-domain test, default
    0.01), `prior` (class: share). Artefacts: captivity.json. Raises `InputRefused`.
    """
    progress(0.0, "reading")
    reference, training = training_open(inputs.reference_folder("a training set"))
    file = inputs.one("measurements")
    id_column = inputs.text("id_column") or "id"
    rows = rows_read(file.read(limit=SIZE_LIMIT), name=file.name, needed=(id_column, *training.variables))
    prior = _prior(inputs)
    rules = {"threshold": inputs.real("threshold", 0.9), "alpha": inputs.real("alpha", 0.01)}
    progress(0.1, "leaving training animals out")
    confusion = cross_validate(training, prior=prior, **rules)
    outcomes = []
    for place, row in enumerate(rows):
        name = row.text(id_column, required=True)
        progress(0.5 + 0.5 * place / len(rows), f"judging {name}")
        found = judge(training, np.array([row.number(one) for one in training.variables]), prior=prior, **rules)
        outcomes.append(_outcome(name, found, training, confusion, reference, inputs, rules["alpha"]))
    table: list[Json] = [dict(one.details) for one in outcomes]
    content = readable_json({"method": NAME, "version": VERSION, "samples": table})
    made = Artefact(name="captivity.json", media_type="application/json", content=content)
    return RunResult(outcomes=tuple(outcomes), artefacts=(made,))


def _prior(inputs: RunInputs) -> dict[str, float] | None:
    value = inputs.parameters.get("prior")
    if value is None or value == "":
        return None
    if isinstance(value, dict):
        return {str(name): float(str(share)) for name, share in value.items()}
    raise InputRefused(f"The prior is {value!r}.", field="prior", remedy="Give a share for each class by name.")


def _outcome(
    name: str,
    found: Judgement,
    training: Training,
    confusion: Confusion,
    reference: ReferenceSet,
    inputs: RunInputs,
    alpha: float,
) -> Outcome:
    out = found.outcome is CaptivityOutcome.OUT_OF_DOMAIN
    order = sorted(found.posterior, key=lambda one: (-found.posterior[one], one))
    outcome = {CaptivityOutcome.CLASS: "keeping", CaptivityOutcome.INCONCLUSIVE: "inconclusive"}
    return Outcome(
        method=NAME,
        version=VERSION,
        question=QUESTION,
        finding=Finding(
            outcome=outcome.get(found.outcome, "out_of_domain"),
            subject=found.subject,
            statement=_statement(name, found, order),
            reasons=_reasons(found, alpha),
            among=() if found.subject or out else tuple(order),
        ),
        propositions=tuple(f"The animal was kept as those of the class «{one}»." for one in training.classes),
        numbers=_numbers(found, confusion, out=out),
        likelihood_ratio=None if out else _ratio(found, order),
        caveats=CAVEATS,
        diagnostics=(
            Diagnostic(
                code="domain",
                state="failed" if out else "passed",
                text=f"as far from «{found.nearest}» as this: p = {found.domain_p:.2g}",
                value=float(f"{found.domain_p:.4g}"),
            ),
        ),
        inputs=tuple(one.digest for one in inputs.files),
        reference=ReferenceDigest.of(reference),
        parameters=dict(inputs.parameters),
        details=judgement_json(name, found, training, confusion),
        seed=inputs.seed,
    )


def _statement(name: str, found: Judgement, order: list[str]) -> str:
    if found.outcome is CaptivityOutcome.OUT_OF_DOMAIN:
        return (
            f"{name} is unlike every class of the training set (nearest «{found.nearest}», p = {found.domain_p:.2g}): "
            "no answer is given."
        )
    ratio = f"10^{found.log10_lr:.1f}"
    if found.subject:
        return (
            f"The values of {name} are {ratio} times as probable in the class «{order[0]}» as in «{order[1]}» of the "
            f"training set (posterior {found.posterior[order[0]]:.3f} under the stated prior)."
        )
    return f"The values of {name} do not tell the classes apart (ratio {ratio} between «{order[0]}» and «{order[1]}»)."


def _reasons(found: Judgement, alpha: float) -> tuple[Reason, ...]:
    if found.outcome is CaptivityOutcome.OUT_OF_DOMAIN:
        words = f"A new animal of the nearest class lies as far out with p = {found.domain_p:.2g}, below {alpha:g}."
        return (Reason(code="out_of_domain", text=words),)
    if found.outcome is CaptivityOutcome.INCONCLUSIVE:
        return (Reason(code="below_threshold", text="No class reaches the posterior that is asked for."),)
    return ()


def _numbers(found: Judgement, confusion: Confusion, *, out: bool) -> tuple[Number, ...]:
    right, named = confusion.named
    domain = Number(
        name="domain_p",
        value=float(f"{found.domain_p:.4g}"),
        unit="1",
        definition=f"how often a new animal of «{found.nearest}» lies as far out as this sample",
    )
    rate = (
        Number(
            name="cross_validated_accuracy",
            value=float(f"{right / named:.6g}"),
            unit="1",
            definition=f"right among {named} training animals that were named when left out one by one",
            interval=(*binomial_interval(right, named), 0.95),
        ),
    )
    shares = tuple(
        Number(
            name=f"posterior of {name}",
            value=float(f"{share:.6g}"),
            unit="1",
            definition=f"posterior of the class «{name}» within the training set, under the stated prior",
        )
        for name, share in found.posterior.items()
    )
    return (*(() if out else shares), domain, *(rate if named else ()))


def _ratio(found: Judgement, order: list[str]) -> LikelihoodRatio:
    return LikelihoodRatio(
        log10=round(found.log10_lr, 6),
        numerator=f"The animal was kept as those of the class «{order[0]}».",
        denominator=f"The animal was kept as those of the class «{order[1]}».",
        definition="ratio of the predictive densities (multivariate t) of the two classes at the sample's values",
    )


METHOD = Method(
    name=NAME,
    version=VERSION,
    citation="Linear discriminant analysis (Fisher 1936) with predictive densities and Hotelling's T² as test of the "
    "domain, as used for claws and skins (e.g. Hopkins et al. 2022, Biology 11: 1728).",
    assumptions=(
        "Each class is normal about its mean, with one common covariance.",
        "Training animals are of the same tissue and region as the sample, measured on the same scales.",
    ),
    limits=(
        "Speaks of the classes of the training set only; a sample unlike all of them is refused.",
        "Animals caught lately, ranched or fed in the wild may look like either class.",
    ),
    validation="Leave-one-out confusion of the training set in use stands beside every answer.",
    run=run,
)
