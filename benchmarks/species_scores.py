"""What the validation of species identification counts: queries, answers, and false calls at matched call rates."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.species.calibration import Calibration
from analysis.species.confidence import confidence_of, features
from analysis.species.evidence import SpeciesDistance, by_species
from analysis.species.library import Library
from analysis.species.search import NOTHING, LeftOut, nearest
from analysis.species.within import Within

Answer = list[tuple[float, str]]
"""(identity, species) of each species found, best first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A sequence, the species it is of, and whether that species is in the set."""

    name: str
    species: str
    present: bool
    bases: str


def own_ranked(library: Library, query: Query) -> list[SpeciesDistance]:
    """The species found, the query's own record left out."""
    out = LeftOut(records=frozenset([library.record_number(query.name)])) if query.present else NOTHING
    bases = query.bases.encode()
    return by_species(library, bases, nearest(library, bases, out=out), out=out)


def top_one(answers: Sequence[Answer], queries: Sequence[Query]) -> float:
    """Share of queries whose species is the nearest; a tie among n species scores 1/n."""
    score = 0.0
    for answer, query in zip(answers, queries, strict=True):
        tied = {name for identity, name in answer if identity == answer[0][0]}
        score += (query.species in tied) / len(tied) if tied else 0.0
    return score / len(queries)


def by_identity(answers: Sequence[Answer]) -> list[float | None]:
    """What a fixed threshold looks at: the best identity, None where a second species within 0.3 % forbids a call."""
    return [
        answer[0][0] if answer and (len(answer) < 2 or answer[0][0] - answer[1][0] > 0.003) else None
        for answer in answers
    ]


def by_confidence(library: Library, calibration: Calibration, queries: Sequence[Query]) -> list[float | None]:
    """The confidence in the nearest species, the query's own record left out."""
    inside = Within(library.sequence)
    shown: list[float | None] = []
    for query in queries:
        ranked = own_ranked(library, query)
        locus = int(library.record_locus[ranked[0].record]) if ranked else 0
        local = calibration.of(library.loci[locus], ranked[0].near.overlap) if ranked else None
        if local is None or local.confidence is None:
            shown.append(None)
            continue
        records = library.records_of_species(ranked[0].species)
        left = records[library.record_locus[records] == locus]
        if query.present:
            left = left[left != library.record_number(query.name)]
        within = inside.largest(library.record_sequence[left].tolist())
        pairs = [(item.distance, item.species) for item in ranked[:2]]
        shown.append(confidence_of(local.confidence, features(pairs, within))[0])
    return shown


def curve(scores: Sequence[float | None], queries: Sequence[Query]) -> list[tuple[float, float]]:
    """(present called, absent called) at every threshold of a score, None standing below all of them."""
    scored = [(score, query.present) for score, query in zip(scores, queries, strict=True) if score is not None]
    present, absent = (np.sort([score for score, there in scored if there is wanted]) for wanted in (True, False))
    thresholds = sorted({score for score, _ in scored})
    return [
        (_reaching(present, threshold) / count(queries, True), _reaching(absent, threshold) / count(queries, False))
        for threshold in thresholds
    ]


def _reaching(ascending: npt.NDArray[np.float64], threshold: float) -> int:
    return len(ascending) - int(np.searchsorted(ascending, threshold))


def count(queries: Iterable[Query], present: bool) -> int:
    """How many queries are of present (absent) species."""
    return max(sum(query.present is present for query in queries), 1)


def at_rate(points: Sequence[tuple[float, float]], rate: float) -> float | None:
    """False calls of the strictest threshold that still calls `rate` of the present; None where none does."""
    fitting = [false for called, false in points if called >= rate]
    return min(fitting, default=None)


def fisher(one: tuple[int, int], other: tuple[int, int]) -> float:
    """Two-sided exact test that two counts (of totals) come from one rate (Fisher 1935)."""
    (a, n), (b, m) = one, other
    if not n or not m:
        return 1.0

    def chance(k: int) -> float:
        if not 0 <= k <= n or not 0 <= a + b - k <= m:
            return 0.0
        return math.exp(_log_choose(n, k) + _log_choose(m, a + b - k) - _log_choose(n + m, a + b))

    seen = chance(a)
    return min(1.0, sum(p for k in range(min(n, a + b) + 1) if (p := chance(k)) <= seen * (1 + 1e-9)))


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
