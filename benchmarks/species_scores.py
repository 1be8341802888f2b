"""What the validation of species identification counts: queries, answers, and false calls at matched call rates."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.species.calibration import Calibration
from analysis.species.confidence import confidence_of
from analysis.species.evidence import SpeciesDistance, by_species
from analysis.species.library import Library
from analysis.species.search import NOTHING, LeftOut, nearest
from analysis.species.within import Within
from analysis.statistics import binomial_interval

HALF_AN_EDIT = 0.5
"""Two species less than half an edit apart are tied: so little comes of stretches of unequal length, not of bases."""

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


def top_one(answers: Sequence[Answer], queries: Sequence[Query], ties: float = 0.0) -> float:
    """Share of queries whose species is the nearest; a tie among n species, within `ties` edits, scores 1/n."""
    score = 0.0
    for answer, query in zip(answers, queries, strict=True):
        within = ties / len(query.bases)
        tied = {name for identity, name in answer if answer[0][0] - identity <= within}
        score += (query.species in tied) / len(tied) if tied else 0.0
    return score / len(queries)


def by_identity(answers: Sequence[Answer]) -> list[float | None]:
    """What a fixed threshold looks at: the best identity, None where a second species within 0.3 % forbids a call."""
    return [
        answer[0][0] if answer and (len(answer) < 2 or answer[0][0] - answer[1][0] > 0.003) else None
        for answer in answers
    ]


def within_left(library: Library, inside: Within, ranked: Sequence[SpeciesDistance], query: Query) -> float | None:
    """The largest distance inside the nearest species, the query's own record left out."""
    locus = int(library.record_locus[ranked[0].record])
    records = library.records_of_species(ranked[0].species)
    left = records[library.record_locus[records] == locus]
    if query.present:
        left = left[left != library.record_number(query.name)]
    return inside.largest(library.record_sequence[left].tolist())


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
        pairs = [(item.distance, item.species) for item in ranked[:2]]
        shown.append(confidence_of(local.confidence, pairs, within_left(library, inside, ranked, query)))
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """At some rate of calls: present species called, of these wrongly, and absent ones called."""

    called: int
    present: int
    wrong: int
    false: int
    absent: int

    @property
    def cells(self) -> str:
        """All as counts, the false calls with their exact interval."""
        low, high = binomial_interval(self.false, self.absent)
        return f"{self.called}/{self.present} | {self.wrong} | {self.false}/{self.absent} ({low:.3f}–{high:.3f})"


def matched_of(named: Sequence[str | None], queries: Sequence[Query]) -> Matched:
    """What was called; None: not called."""
    pairs = [(name, query) for name, query in zip(named, queries, strict=True) if name is not None]
    return Matched(
        called=sum(query.present for _, query in pairs),
        present=count(queries, True),
        wrong=sum(query.present and name != query.species for name, query in pairs),
        false=sum(not query.present for _, query in pairs),
        absent=count(queries, False),
    )


def matched(
    scores: Sequence[float | None], nearest: Sequence[str | None], queries: Sequence[Query], calls: int
) -> Matched | None:
    """The strictest threshold that still calls `calls` of the present; None where none does."""
    scored = [(score, query.present) for score, query in zip(scores, queries, strict=True) if score is not None]
    present = sorted((score for score, there in scored if there), reverse=True)
    if not 0 < calls <= len(present):
        return None
    threshold = present[calls - 1]
    called = [score is not None and score >= threshold for score in scores]
    return matched_of([name if yes else None for name, yes in zip(nearest, called, strict=True)], queries)


def cells_of(found: Sequence[Matched | None]) -> str:
    """Several splits of one set together; dashes where one of them could not be matched."""
    every = [one for one in found if one is not None]
    return "– | – | –" if len(every) < len(found) else joined(every).cells


def joined(found: Sequence[Matched]) -> Matched:
    """All counts added up."""
    return Matched(
        called=sum(one.called for one in found),
        present=sum(one.present for one in found),
        wrong=sum(one.wrong for one in found),
        false=sum(one.false for one in found),
        absent=sum(one.absent for one in found),
    )


def totals(rows: Sequence[str]) -> list[str]:
    """Rows of `Matched.cells`, titled «set, kind», added up over the sets where every engine calls as many."""
    read = [[cell.strip() for cell in row.strip("| ").split("|")] for row in rows]
    open_sets = {title for title, _, called, *_ in read if called == "–"}
    found: dict[tuple[str, str], list[Matched]] = {}
    for title, engine, called, wrong, absent in read:
        if title not in open_sets:
            present, false = called.split("/"), absent.split(" ")[0].split("/")
            counts = Matched(
                called=int(present[0]), present=int(present[1]), wrong=int(wrong), false=int(false[0]),
                absent=int(false[1]),
            )  # fmt: skip
            found.setdefault((title.split(", ", 1)[1], engine), []).append(counts)
    return [
        f"| **{len(counts)} sets, {kind}** | {engine} | {joined(counts).cells} |"
        for (kind, engine), counts in found.items()
    ]


def one_of_each(queries: Sequence[Query]) -> list[Query]:
    """The first query of every species: those of one species err alike and are no independent trials."""
    first: dict[str, Query] = {}
    for query in queries:
        first.setdefault(query.species, query)
    return list(first.values())


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
