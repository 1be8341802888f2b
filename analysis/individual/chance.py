"""How often chance alone makes two animals look related, or like one: rates per pair, with their standard errors.

Chance finds are rare, so they are not waited for among unrelated pairs. Pairs are drawn from the tables of relatives
and each is weighted by how much likelier it is among unrelated pairs (importance sampling): with relationships
r = 1..3 drawn equally often, the weight is 1 / mean of LR_r. Rates of 1e-9 come out with a relative error of a few
per cent, where plain counting would need 10^11 draws.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.draws import Draws
from analysis.individual.kinship import LocusTables
from analysis.individual.panel import Floats
from analysis.inputs import Progress, no_progress

KIN = ("parent_offspring", "full_siblings", "half_siblings")
MOST_MASKS = 64
_CHUNK = 4_000
_LN10 = math.log(10)
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChanceRates:
    """Rates for pairs typed together at `shared` loci.

    `kin` per bin and `kin_error` their standard errors: unrelated pairs whose largest kin LR falls into the bin.
    `direct`: unrelated pairs that pass as one animal; `direct_siblings`: full siblings that do; `found`: pairs of
    profiles of one animal that are found to be one.
    """

    shared: int
    kin: tuple[float, ...]
    kin_error: tuple[float, ...]
    direct: float
    direct_error: float
    direct_siblings: float
    found: float


@dataclass(slots=True)
class _Sums:
    """Weighted counts and their squares, summed over chunks."""

    kin: Floats
    kin_squares: Floats
    direct: float = 0.0
    direct_squares: float = 0.0
    siblings: float = 0.0
    found: float = 0.0


def chance_rates(
    tables: Sequence[LocusTables],
    masks: dict[int, Bools],
    *,
    bins: Sequence[float],
    direct_log10: float,
    over_siblings_log10: float,
    draws: int,
    seed: int,
    progress: Progress = no_progress,
) -> dict[int, ChanceRates]:
    """Rates by number of shared loci. `masks[shared]` (M, L) are the typed loci of pairs met in the search.

    `draws` pairs are drawn for each relationship and again for one animal; each stratum uses its masks in turn.
    """
    sums = {shared: _Sums(kin=np.zeros(len(bins)), kin_squares=np.zeros(len(bins))) for shared in masks}
    random = Draws(seed, 11)
    edges = np.array([*bins, math.inf])
    steps = len(range(0, draws, _CHUNK)) * (len(KIN) + 1)
    done = 0
    for relationship in (*KIN, "identity"):
        picked = [np.cumsum(table.joint[relationship].ravel()) for table in tables]
        for start in range(0, draws, _CHUNK):
            progress(done / steps, "chance finds")
            many = min(_CHUNK, draws - start)
            logs = _drawn(tables, picked, random, many)
            take = _direct_add if relationship == "identity" else _kin_add
            for shared, rows in masks.items():
                chosen = rows[(start + np.arange(many)) % len(rows)]
                take(sums[shared], _summed(logs, chosen), edges, direct_log10, over_siblings_log10)
            done += 1
    return {shared: _rates(shared, one, draws) for shared, one in sums.items()}


def kin_rates_counted(tables: Sequence[LocusTables], *, bins: Sequence[float], pairs: int, seed: int) -> Floats:
    """The same rates of kin finds by plain counting among fully typed unrelated pairs: a check of `chance_rates`."""
    counts = np.zeros(len(bins))
    random = Draws(seed, 9)
    picked = [np.cumsum(table.unrelated.ravel()) for table in tables]
    for start in range(0, pairs, _CHUNK):
        logs = _drawn(tables, picked, random, min(_CHUNK, pairs - start))
        largest = np.max([logs[name].sum(axis=1) for name in KIN], axis=0) / _LN10
        counts += np.histogram(largest[np.isfinite(largest)], bins=[*bins, math.inf])[0]
    found: Floats = counts / pairs
    return found


def _drawn(tables: Sequence[LocusTables], picked: Sequence[Floats], random: Draws, many: int) -> dict[str, Floats]:
    """Natural log ratios (draws, loci) of each relationship, for pairs drawn from the cumulated tables."""
    names = ("identity", *KIN)
    logs = {name: np.empty((many, len(tables))) for name in names}
    for locus, (table, steps) in enumerate(zip(tables, picked, strict=True)):
        place = np.searchsorted(steps, random.uniform((many,)) * steps[-1], side="right")
        place = np.minimum(place, len(steps) - 1)
        for name in names:
            logs[name][:, locus] = table.log_ratio(name).ravel()[place]
    return logs


def _summed(logs: dict[str, Floats], chosen: Bools) -> dict[str, Floats]:
    return {name: np.where(chosen, values, 0.0).sum(axis=1) for name, values in logs.items()}


Add = Callable[[_Sums, dict[str, Floats], Floats, float, float], None]


def _kin_add(sums: _Sums, logs: dict[str, Floats], edges: Floats, _direct: float, _over: float) -> None:
    kin = np.stack([logs[name] for name in KIN])
    largest = kin.max(axis=0)
    # 1 / mean of the ratios, from their logarithms.
    weights = np.exp(-(largest + np.log(np.exp(kin - largest).mean(axis=0))))
    place = np.searchsorted(edges, largest / _LN10, side="right") - 1
    kept = (place >= 0) & np.isfinite(largest)
    sums.kin += np.bincount(place[kept], weights[kept], minlength=len(sums.kin))
    sums.kin_squares += np.bincount(place[kept], weights[kept] ** 2, minlength=len(sums.kin))


def _direct_add(sums: _Sums, logs: dict[str, Floats], _edges: Floats, direct: float, over: float) -> None:
    passed = is_direct(logs["identity"] / _LN10, logs["full_siblings"] / _LN10, direct, over)
    weights = np.exp(-logs["identity"][passed])
    sums.direct += float(weights.sum())
    sums.direct_squares += float((weights**2).sum())
    sums.siblings += float(np.exp(logs["full_siblings"][passed] - logs["identity"][passed]).sum())
    sums.found += int(passed.sum())


def is_direct(identity: Floats, siblings: Floats, least: float, over: float) -> Bools:
    """Whether log10 ratios say «one animal»: against unrelated by `least`, against full siblings by `over`."""
    passed: Bools = (identity >= least) & (identity - siblings >= over)
    return passed


def _rates(shared: int, sums: _Sums, draws: int) -> ChanceRates:
    kin_draws = draws * len(KIN)
    kin = sums.kin / kin_draws
    spread = np.sqrt(np.maximum(sums.kin_squares / kin_draws - kin**2, 0.0) / kin_draws)
    direct = sums.direct / draws
    return ChanceRates(
        shared=shared,
        kin=tuple(map(float, kin)),
        kin_error=tuple(map(float, spread)),
        direct=direct,
        direct_error=math.sqrt(max(sums.direct_squares / draws - direct**2, 0.0) / draws),
        direct_siblings=sums.siblings / draws,
        found=sums.found / draws,
    )
