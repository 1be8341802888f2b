"""Of which populations a consignment is made, and in what shares.

The shares are those of the highest conditional likelihood (Millar 1987, Can. J. Fish. Aquat. Sci. 44: 583-590):
each animal's likelihoods in the populations are held, and expectation-maximisation finds the shares. Their
intervals come from drawing the animals again with replacement and repeating the estimate; what the finite
baseline adds is not in them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.draws import Draws
from analysis.errors import InputRefused
from analysis.genotypes.table import GenotypeTable
from analysis.inputs import Progress, no_progress
from analysis.origin.baseline import Baseline
from analysis.origin.likelihood import Floats, log_likelihoods
from analysis.origin.queries import queries_align

LEVEL = 0.95
FEWEST = 10
_MOST_STEPS = 3000
_CLOSE = 1e-6
_BLOCK = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class MixtureShare:
    """The share of a population or group, with its bootstrap interval of 95 %."""

    name: str
    share: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Mixture:
    """One mixture: `name` as the table calls it, its animals, shares by population and by group, largest
    first. `untyped` animals were left out."""

    name: str
    animals: int
    untyped: int
    populations: tuple[MixtureShare, ...]
    groups: tuple[MixtureShare, ...]


def mixtures(
    baseline: Baseline,
    table: GenotypeTable,
    *,
    by: str | None = None,
    replicates: int = 200,
    seed: int = 0,
    progress: Progress = no_progress,
) -> tuple[Mixture, ...]:
    """Estimate the shares of each mixture of a table (one per value of the column `by`).

    Raises `InputRefused` as `queries_align` does, and for a mixture of fewer than ten typed animals.
    """
    if not 20 <= replicates <= 10_000:
        raise InputRefused(
            f"{replicates} replicates.", field="replicates", remedy="Choose from 20 to 10,000 bootstrap replicates."
        )
    queries = queries_align(baseline, table)
    scores = log_likelihoods(baseline, queries.codes)
    typed = queries.typed.any(axis=1)
    labels = np.array([""] * len(table) if by is None else table.columns[by])
    found = []
    for number, name in enumerate(sorted(set(labels.tolist()))):
        progress(number / max(len(set(labels.tolist())), 1), f"mixture {name}".strip())
        chosen = labels == name
        rows = np.flatnonzero(chosen & typed)
        if len(rows) < FEWEST:
            raise InputRefused(
                f"The mixture «{name}» has {len(rows)} typed animals; shares need {FEWEST} or more.",
                file=table.name,
                field=by,
                remedy="Assign the animals one by one with «origin assign».",
            )
        draws = Draws(seed, number)
        found.append(_mixture(baseline, str(name), scores[rows], int(chosen.sum()) - len(rows), replicates, draws))
    progress(1.0, "estimated")
    return tuple(found)


def shares_of(scores: Floats, weights: Floats) -> Floats:
    """(B, P): shares of highest likelihood for B weightings (B, N) of N animals with log-likelihoods (N, P).

    Stops where no share moves by more than 1e-6 in a step.
    """
    likelihood = np.exp(scores - scores.max(axis=1, keepdims=True))
    shares = np.full((len(weights), scores.shape[1]), 1.0 / scores.shape[1])
    total = weights.sum(axis=1, keepdims=True)
    for _ in range(_MOST_STEPS):
        moved = shares * ((weights / (shares @ likelihood.T)) @ likelihood) / total
        step = float(np.abs(moved - shares).max())
        shares = moved
        if step < _CLOSE:
            break
    return shares


def _mixture(baseline: Baseline, name: str, scores: Floats, untyped: int, replicates: int, draws: Draws) -> Mixture:
    animals = len(scores)
    point = shares_of(scores, np.ones((1, animals)))
    drawn = draws.below(animals, (replicates, animals))
    weights = np.stack([np.bincount(row, minlength=animals) for row in drawn]).astype(float)
    again = np.concatenate([shares_of(scores, weights[at : at + _BLOCK]) for at in range(0, replicates, _BLOCK)])
    membership = np.zeros((len(baseline.populations), len(baseline.groups)))
    membership[np.arange(len(baseline.populations)), baseline.group_of] = 1.0
    return Mixture(
        name=name,
        animals=animals,
        untyped=untyped,
        populations=_shares(baseline.populations, point[0], again),
        groups=_shares(baseline.groups, point[0] @ membership, again @ membership),
    )


def _shares(names: tuple[str, ...], point: Floats, again: Floats) -> tuple[MixtureShare, ...]:
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(again, [tail, 1 - tail], axis=0)
    found = [
        MixtureShare(name=name, share=float(point[place]), low=float(low[place]), high=float(high[place]))
        for place, name in enumerate(names)
    ]
    return tuple(sorted(found, key=lambda item: (-item.share, item.name)))
