"""Which animals are the same, which may be relatives, and what the panel cannot tell."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from analysis.errors import InputRefused
from analysis.genotypes.table import MISSING, GenotypeTable
from analysis.individual.kinship import RELATIONSHIPS, ErrorModel, LocusTables, locus_tables
from analysis.individual.pairs import Numbers, Pair, agreement, log_ratio, matching_pairs, scan
from analysis.individual.panel import Panel, genotype_numbers, panel_of
from analysis.individual.probability import (
    match_probability,
    probability_of_identity,
    probability_of_identity_siblings,
)
from analysis.individual.uncertainty import Z_95, ratio_variances
from analysis.inputs import Progress, no_progress

MOST_PAIRS = 1_000_000
_LN10 = math.log(10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two animals, how far they agree and log10 of the likelihood ratio per relationship.

    `match_probability` is the theta-corrected random match probability of `a`'s genotype at the shared loci
    that agree, without errors of typing. Intervals are of 95 % and hold what the finite sample of allele frequencies
    adds, not whether these are the right population's; a ratio of zero has none.
    """

    a: str
    b: str
    shared_loci: int
    matching_loci: int
    log10_lr: Mapping[str, float]
    log10_interval: Mapping[str, tuple[float, float]]
    match_probability: float
    match_interval: tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Power:
    """What the panel can tell about a relationship with every locus typed.

    Mean and standard deviation of log10 LR in true pairs and in unrelated pairs, exact from the tables;
    `detected` the share of true pairs expected to reach the threshold (normal approximation).
    """

    relationship: str
    mean: float
    deviation: float
    unrelated_mean: float
    detected: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonRun:
    """Pairs found, how many were compared, the panel's power, and the probability that two animals show one genotype:
    unrelated ones, and full siblings (the conservative bound)."""

    panel: Panel
    model: ErrorModel
    comparisons: tuple[Comparison, ...]
    pairs_compared: int
    power: tuple[Power, ...]
    identity_unrelated: float
    identity_siblings: float


class Comparer:
    """Tables of one panel, and the animals to compare: all pairs of `left`, or `left` against `right`."""

    def __init__(
        self,
        left: GenotypeTable,
        right: GenotypeTable | None,
        *,
        model: ErrorModel,
        frequencies_from: GenotypeTable | None = None,
    ) -> None:
        self.model = model
        self._left, self._right = left, right or left
        self._within = right is None
        self.panel = panel_of([left, *([] if right is None else [right])], frequencies_from=frequencies_from)
        self._a = genotype_numbers(self.panel, left)
        self._b = self._a if right is None else genotype_numbers(self.panel, right)
        self._tables = [locus_tables(p, model) for p in self.panel.frequencies]
        self._logs = {name: [table.log_ratio(name) for table in self._tables] for name in RELATIONSHIPS}

    @property
    def pairs(self) -> int:
        """How many pairs there are."""
        count = len(self._left)
        return count * (count - 1) // 2 if self._within else count * len(self._right)

    def match(self, *, least_match: float, least_shared: float, progress: Progress = no_progress) -> ComparisonRun:
        """Pairs that agree at a share of their shared loci, best first.

        `least_shared` is the share of the panel's loci a pair must be typed at together.
        """
        _share_check("least_match", least_match)
        _share_check("least_shared", least_shared)
        pairs = matching_pairs(
            self._a,
            self._other,
            least_shared=math.ceil(least_shared * len(self.panel.loci)),
            least_match=least_match,
            progress=progress,
        )
        return self._run([(pair, self._log10(pair)) for pair in pairs], threshold=1.0)

    def kin(self, *, least_lr: float, least_shared: float, progress: Progress = no_progress) -> ComparisonRun:
        """Pairs whose likelihood ratio for any relationship reaches `least_lr`, best first."""
        _share_check("least_shared", least_shared)
        if least_lr < 1:
            raise InputRefused(
                f"least_lr is {least_lr}.", field="least_lr", remedy="Ask for a likelihood ratio of 1 or more."
            )
        found: set[tuple[int, int]] = set()
        for logs in self._logs.values():
            found.update(scan(self._a, self._other, logs, least=math.log(least_lr), progress=progress))
            if len(found) > MOST_PAIRS:
                raise InputRefused(
                    f"More than {MOST_PAIRS:,} pairs reach a likelihood ratio of {least_lr:g}.",
                    field="least_lr",
                    remedy="Ask for a larger one.",
                )
        needed = math.ceil(least_shared * len(self.panel.loci))
        pairs = [agreement(self._a, self._b, first, second) for first, second in sorted(found)]
        compared = [(pair, self._log10(pair)) for pair in pairs if pair.shared_loci >= needed]
        reached = [item for item in compared if max(item[1].values()) >= math.log10(least_lr)]
        return self._run(reached, threshold=least_lr)

    @property
    def _other(self) -> Numbers | None:
        return None if self._within else self._b

    def _log10(self, pair: Pair) -> dict[str, float]:
        return {
            name: log_ratio(self._a, self._b, pair.first, pair.second, logs) / _LN10
            for name, logs in self._logs.items()
        }

    def _compared(self, found: Sequence[tuple[Pair, Mapping[str, float]]]) -> list[Comparison]:
        left, right = ([getattr(pair, side) for pair, _ in found] for side in ("first", "second"))
        a, b = self._a[:, left], self._b[:, right]
        spread = np.sqrt(ratio_variances(self.panel, self.model, a, b)) / _LN10
        # Where genotypes agree, the ratio of identity without errors is one over the match probability.
        agreed = np.where(a == b, a, MISSING)
        exact = ErrorModel(theta=self.model.theta, dropout=0.0, miscall=0.0)
        rarity = np.sqrt(ratio_variances(self.panel, exact, agreed, agreed)[:, 0])
        return [
            self._comparison(
                pair, log10, dict(zip(RELATIONSHIPS, spread[row].tolist(), strict=True)), float(rarity[row])
            )
            for row, (pair, log10) in enumerate(found)
        ]

    def _comparison(
        self, pair: Pair, log10: Mapping[str, float], spread: Mapping[str, float], rarity: float
    ) -> Comparison:
        probability = self._match_probability(pair)
        factor = math.exp(min(Z_95 * rarity, 700.0))
        return Comparison(
            a=self._left.ids[pair.first],
            b=self._right.ids[pair.second],
            shared_loci=pair.shared_loci,
            matching_loci=pair.matching_loci,
            log10_lr=log10,
            log10_interval={
                name: (value - Z_95 * spread[name], value + Z_95 * spread[name])
                for name, value in log10.items()
                if math.isfinite(value)
            },
            match_probability=probability,
            match_interval=(probability / factor, min(probability * factor, 1.0)),
        )

    def _match_probability(self, pair: Pair) -> float:
        product = 1.0
        for locus, p in enumerate(self.panel.frequencies):
            number = int(self._a[locus, pair.first])
            if number != MISSING and number == int(self._b[locus, pair.second]):
                first, second = (axis[number] for axis in np.triu_indices(len(p)))
                product *= match_probability(
                    float(p[first]), float(p[second]), same=bool(first == second), theta=self.model.theta
                )
        return product

    def _run(self, found: Sequence[tuple[Pair, Mapping[str, float]]], *, threshold: float) -> ComparisonRun:
        order = sorted(self._compared(found), key=lambda item: (-max(item.log10_lr.values()), item.a, item.b))
        return ComparisonRun(
            panel=self.panel,
            model=self.model,
            comparisons=tuple(order),
            pairs_compared=self.pairs,
            power=tuple(power_of(self._tables, name, threshold) for name in RELATIONSHIPS),
            identity_unrelated=probability_of_identity(self.panel.frequencies),
            identity_siblings=probability_of_identity_siblings(self.panel.frequencies),
        )


def power_of(tables: Sequence[LocusTables], name: str, threshold: float) -> Power:
    """See `Power`. A pair that the relationship makes impossible counts as -50 per locus."""
    mean = variance = unrelated = 0.0
    for table in tables:
        logs = np.maximum(table.log_ratio(name) / _LN10, -50.0)
        joint = table.joint[name]
        centre = float((joint * logs).sum())
        mean += centre
        variance += max(float((joint * logs**2).sum()) - centre**2, 0.0)
        unrelated += float((table.unrelated * logs).sum())
    deviation = math.sqrt(variance)
    distance = (mean - math.log10(threshold)) / deviation if deviation else math.inf
    return Power(
        relationship=name,
        mean=mean,
        deviation=deviation,
        unrelated_mean=unrelated,
        detected=0.5 * (1 + math.erf(distance / math.sqrt(2))),
    )


def _share_check(name: str, value: float) -> None:
    if not 0 < value <= 1:
        raise InputRefused(f"{name} is {value}.", field=name, remedy="Choose above 0 and at most 1.")
