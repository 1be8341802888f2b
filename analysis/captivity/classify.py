"""Is a tissue's chemistry that of wild or of captive animals of a training set, or of neither?

Linear discriminant analysis: each class is normal with its own mean and one common covariance (Fisher 1936; as
used for claws, feathers and skins, e.g. Hopkins et al. 2022, Biology 11: 1728). The likelihood ratio is the ratio
of the predictive densities (multivariate t, so that few training animals make the answer cautious). Before any
class is named, the sample must lie within one: its distance from the nearest class is compared with that of a new
animal of the class (Hotelling's T², F distribution), and a sample far from all is refused as out of the training
set's domain.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from analysis.captivity.distributions import f_survival
from analysis.errors import InputRefused

Floats = npt.NDArray[np.float64]
FEWEST_PER_CLASS = 8


class CaptivityOutcome(StrEnum):
    """`class`: one class reaches the threshold. `out_of_domain`: the sample is unlike every class."""

    CLASS = "class"
    INCONCLUSIVE = "inconclusive"
    OUT_OF_DOMAIN = "out_of_domain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """N animals of known keeping, k variables. `labels` (N,) are positions in `classes`."""

    variables: tuple[str, ...]
    classes: tuple[str, ...]
    values: Floats
    labels: npt.NDArray[np.intp]

    def __post_init__(self) -> None:
        sizes = np.bincount(self.labels, minlength=len(self.classes))
        if len(self.classes) < 2:
            raise InputRefused("The training set has one class.", remedy="Give animals of both keepings.")
        for name, size in zip(self.classes, sizes.tolist(), strict=True):
            if size < max(FEWEST_PER_CLASS, len(self.variables) + 2):
                raise InputRefused(
                    f"The class «{name}» has {size} animals for {len(self.variables)} variables.",
                    remedy=f"Give {max(FEWEST_PER_CLASS, len(self.variables) + 2)} or more of each class.",
                )


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """The answer for one sample. `domain_p`: how often a new animal of the nearest class lies as far out;
    `log10_lr`: the best class against the next; `posterior` under the stated prior."""

    outcome: CaptivityOutcome
    subject: str | None
    posterior: Mapping[str, float]
    log10_lr: float
    domain_p: float
    nearest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Confusion:
    """Leave-one-out: `counts[true][said]`, said being a class, `inconclusive` or `out_of_domain`."""

    counts: Mapping[str, Mapping[str, int]]

    @property
    def named(self) -> tuple[int, int]:
        """Right and all among the animals that were named a class."""
        right = sum(said.get(true, 0) for true, said in self.counts.items())
        classes = set(self.counts)
        return right, sum(count for said in self.counts.values() for name, count in said.items() if name in classes)


def judge(
    training: Training,
    sample: Floats,
    *,
    prior: Mapping[str, float] | None = None,
    threshold: float = 0.9,
    alpha: float = 0.01,
) -> Judgement:
    """Judge one sample (k,).

    Raises `InputRefused` for a missing value and a prior that does not name every class with a share above 0.
    """
    if not np.isfinite(sample).all():
        raise InputRefused("A value is missing.", remedy="Measure all variables of the training set.")
    weights = _prior(training, prior)
    means, inverse, degrees, logdet = _fitted(training)
    sizes = np.bincount(training.labels).astype(float)
    distances = np.array([float((sample - mean) @ inverse @ (sample - mean)) for mean in means])
    scores = np.array(
        [_log_t(distance, size, degrees, len(sample), logdet) for distance, size in zip(distances, sizes, strict=True)]
    )
    p = [_domain_p(distance, size, degrees, len(sample)) for distance, size in zip(distances, sizes, strict=True)]
    nearest = int(np.argmax(p))
    total = scores + np.log(weights)
    shares = np.exp(total - total.max())
    shares /= shares.sum()
    order = np.argsort(-scores)
    outcome, subject = CaptivityOutcome.INCONCLUSIVE, None
    if p[nearest] < alpha:
        outcome = CaptivityOutcome.OUT_OF_DOMAIN
    elif shares.max() >= threshold:
        outcome, subject = CaptivityOutcome.CLASS, training.classes[int(shares.argmax())]
    return Judgement(
        outcome=outcome,
        subject=subject,
        posterior=dict(zip(training.classes, shares.tolist(), strict=True)),
        log10_lr=float(scores[order[0]] - scores[order[1]]) / math.log(10),
        domain_p=p[nearest],
        nearest=training.classes[nearest],
    )


def cross_validate(
    training: Training, *, prior: Mapping[str, float] | None = None, threshold: float = 0.9, alpha: float = 0.01
) -> Confusion:
    """Judge every training animal with the others."""
    counts: dict[str, dict[str, int]] = {name: {} for name in training.classes}
    for row in range(len(training.values)):
        rest = np.arange(len(training.values)) != row
        others = _without(training, rest)
        found = judge(others, training.values[row], prior=prior, threshold=threshold, alpha=alpha)
        said = counts[training.classes[int(training.labels[row])]]
        name = found.subject or found.outcome.value
        said[name] = said.get(name, 0) + 1
    return Confusion(counts=counts)


def training_of(variables: Sequence[str], classes: Sequence[str], values: Floats) -> Training:
    """A training set from one class name per row."""
    names = tuple(sorted(set(classes)))
    labels = np.array([names.index(name) for name in classes], dtype=np.intp)
    return Training(variables=tuple(variables), classes=names, values=values, labels=labels)


def _without(training: Training, rest: npt.NDArray[np.bool_]) -> Training:
    """The same set without some rows; a class may fall one below the smallest size here."""
    found = object.__new__(Training)
    parts = {
        "variables": training.variables,
        "classes": training.classes,
        "values": training.values[rest],
        "labels": training.labels[rest],
    }
    for name, value in parts.items():
        object.__setattr__(found, name, value)
    return found


def _prior(training: Training, prior: Mapping[str, float] | None) -> Floats:
    if prior is None:
        return np.full(len(training.classes), 1 / len(training.classes))
    if set(prior) != set(training.classes) or min(prior.values()) <= 0:
        raise InputRefused(
            f"The prior names {', '.join(sorted(prior))}; the classes are {', '.join(training.classes)}.",
            field="prior",
            remedy="Give each class a share above 0.",
        )
    shares = np.array([prior[name] for name in training.classes])
    found: Floats = shares / shares.sum()
    return found


def _fitted(training: Training) -> tuple[Floats, Floats, int, float]:
    count = len(training.classes)
    means = np.stack([training.values[training.labels == label].mean(axis=0) for label in range(count)])
    residual = training.values - means[training.labels]
    degrees = len(training.values) - count
    covariance = residual.T @ residual / degrees
    sign, logdet = np.linalg.slogdet(covariance)
    if sign <= 0 or not math.isfinite(logdet):
        raise InputRefused(
            "The variables of the training set do not vary independently.",
            remedy="Leave out a variable that is constant or a sum of others.",
        )
    return means, np.linalg.inv(covariance), degrees, float(logdet)


def _log_t(distance: float, size: float, degrees: int, variables: int, logdet: float) -> float:
    """Log density of a new animal of a class: multivariate t about the mean, widened by 1 + 1/size."""
    freedom = degrees - variables + 1
    scale = (1 + 1 / size) * degrees / freedom
    constant = math.lgamma((freedom + variables) / 2) - math.lgamma(freedom / 2)
    constant -= 0.5 * (variables * math.log(freedom * math.pi * scale) + logdet)
    return constant - (freedom + variables) / 2 * math.log1p(distance / (scale * freedom))


def _domain_p(distance: float, size: float, degrees: int, variables: int) -> float:
    freedom = degrees - variables + 1
    statistic = distance / (1 + 1 / size) * freedom / (degrees * variables)
    return f_survival(statistic, variables, freedom)
