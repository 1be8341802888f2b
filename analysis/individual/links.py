"""Links between seizures: direct matches, and kin evidence added up per pair of seizures.

Among thousands of animals many unrelated pairs look related by chance, so a single kin pair is never shown as a
link. For each pair of seizures, the pairs of animals that reach a bin of likelihood ratios are counted and
compared with how many would be expected by chance: number of pairs compared times the rate of that bin among
unrelated pairs. A bin's weight is (observed - expected) / observed, not below zero; the similarity of two
seizures is the sum of weights over their kin pairs plus five times the number of direct matches (scheme of Wasser
et al. 2022, Nat. Hum. Behav. 6: 371-382, as documented with their pipeline). The rates are recalculated here for
the panel at hand, because the published ones rest on tables that do not add to one.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from analysis.draws import Draws
from analysis.errors import InputRefused
from analysis.individual.kinship import LocusTables

BINS = (2.0, 2.5, 3.0, 3.5, 4.0, 4.5)
"""Lower ends of the bins of log10 LR, the last open above."""
DIRECT_WEIGHT = 5.0
SHOWN_FROM = 1.0
KIN = ("parent_offspring", "full_siblings", "half_siblings")
_BLOCK = 200_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """Two animals of different seizures. `log10_lr` is the largest over the kin relationships; `direct` marks one
    animal in both seizures (identity LR above the laboratory's bound)."""

    first_seizure: str
    second_seizure: str
    log10_lr: float
    direct: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SeizureLink:
    """Evidence between two seizures: kin pairs `observed` and `expected` by chance per bin, the probability `p`
    of so many or more by chance (Poisson, all bins together), and the similarity."""

    first: str
    second: str
    pairs_compared: int
    direct: int
    observed: tuple[int, ...]
    expected: tuple[float, ...]
    p: float
    similarity: float
    shown: bool


def false_positive_rates(
    tables: Sequence[LocusTables], *, pairs: int = 2_000_000, seed: int = 0, bins: Sequence[float] = BINS
) -> tuple[float, ...]:
    """Share of unrelated pairs, fully typed, whose largest kin LR falls into each bin.

    Pairs are drawn from the «unrelated» tables themselves (theta and errors included). Rates below 1 / pairs come out
    as that bound, so that no expectation is ever zero.
    """
    counts = np.zeros(len(bins))
    draws = Draws(seed, 9)
    cumulated = [np.cumsum(table.unrelated.ravel()) for table in tables]
    logs = [[(table.log_ratio(name) / math.log(10)).ravel() for name in KIN] for table in tables]
    done = 0
    while done < pairs:
        many = min(_BLOCK, pairs - done)
        total = np.zeros((len(KIN), many))
        for steps, ratios in zip(cumulated, logs, strict=True):
            place = np.minimum(np.searchsorted(steps, draws.uniform((many,)) * steps[-1], side="right"), len(steps) - 1)
            for number, ratio in enumerate(ratios):
                total[number] += ratio[place]
        counts += _binned(total.max(axis=0), bins)
        done += many
    return tuple(float(max(count, 1.0) / pairs) for count in counts)


def seizure_links(
    hits: Sequence[Hit],
    compared: Mapping[tuple[str, str], int],
    rates: Sequence[float],
    *,
    bins: Sequence[float] = BINS,
    shown_from: float = SHOWN_FROM,
) -> tuple[SeizureLink, ...]:
    """One link per pair of seizures that were compared, strongest first.

    `compared` gives the number of animal pairs compared between two seizures, named in order. A seizure with itself is
    no link. Raises `InputRefused` for a hit between seizures that were not compared.
    """
    if len(rates) != len(bins):
        raise InputRefused(f"{len(rates)} rates for {len(bins)} bins.", field="rates", remedy="Give one per bin.")
    for first, second in compared:
        if first >= second:
            raise InputRefused(
                f"«{first}» and «{second}» are not two seizures in order of name.",
                field="compared",
                remedy="Name each pair once, the smaller name first.",
            )
    kin: dict[tuple[str, str], list[float]] = {key: [] for key in compared}
    direct: Counter[tuple[str, str]] = Counter()
    for hit in hits:
        key = (min(hit.first_seizure, hit.second_seizure), max(hit.first_seizure, hit.second_seizure))
        if key not in kin:
            raise InputRefused(
                f"A hit joins «{key[0]}» and «{key[1]}», which were not compared.",
                field="compared",
                remedy="Give the number of pairs compared for every pair of seizures.",
            )
        if hit.direct:
            direct[key] += 1
        else:
            kin[key].append(hit.log10_lr)
    links = [
        _link(key, compared[key], direct[key], _binned(np.array(values), bins), rates, shown_from)
        for key, values in kin.items()
    ]
    return tuple(sorted(links, key=lambda link: (-link.similarity, link.first, link.second)))


def budget(compared: Mapping[tuple[str, str], int], rates: Sequence[float]) -> float:
    """How many kin pairs a search of this size is expected to find by chance, over all bins."""
    return float(sum(compared.values()) * sum(rates))


def _link(
    key: tuple[str, str], pairs: int, direct: int, observed: np.ndarray, rates: Sequence[float], shown_from: float
) -> SeizureLink:
    expected = [pairs * rate for rate in rates]
    weights = [
        max((seen - chance) / seen, 0.0) if seen else 0.0
        for seen, chance in zip(observed.tolist(), expected, strict=True)
    ]
    similarity = DIRECT_WEIGHT * direct + sum(
        weight * seen for weight, seen in zip(weights, observed.tolist(), strict=True)
    )
    return SeizureLink(
        first=key[0],
        second=key[1],
        pairs_compared=pairs,
        direct=direct,
        observed=tuple(int(seen) for seen in observed),
        expected=tuple(expected),
        p=poisson_tail(int(observed.sum()), sum(expected)),
        similarity=similarity,
        shown=similarity >= shown_from,
    )


def poisson_tail(count: int, mean: float) -> float:
    """P(X >= count) of a Poisson variable."""
    if count == 0:
        return 1.0
    below = math.fsum(math.exp(k * math.log(mean) - mean - math.lgamma(k + 1)) for k in range(count)) if mean else 1.0
    return max(1.0 - below, 0.0)


def _binned(values: np.ndarray, bins: Sequence[float]) -> np.ndarray:
    edges = [*bins, math.inf]
    return np.histogram(values[np.isfinite(values)], bins=edges)[0].astype(float)
