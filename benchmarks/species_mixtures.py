"""Two-species sequences made of the records of a set: mixed and joined ones named, and flags on what is not mixed."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from analysis.outcome import Identification
from analysis.species.calibration import Calibration
from analysis.species.identify import Asked, identify, identify_each
from analysis.species.library import Library
from analysis.species.search import nearest
from analysis.statistics import binomial_interval
from benchmarks.species_data import IUPAC, fragment, with_errors
from benchmarks.species_scores import Query

PAIRS = 300
_SHORT = 150
_OFTEN = 20


@dataclass(slots=True)
class Tally:
    """Of the pairs tried: named alone, listed, and listed of those that can be told from one template."""

    alone: int = 0
    listed: int = 0
    apart: int = 0
    clear: int = 0

    def add(self, among: set[str], wanted: set[str], clear: bool) -> None:
        """One more pair."""
        self.alone += among == wanted
        self.listed += wanted <= among
        self.clear += clear
        self.apart += clear and wanted <= among


@dataclass(slots=True)
class Tallies:
    """Mixed and joined pairs."""

    pairs: int = 0
    of: dict[str, Tally] = field(default_factory=lambda: {"mixed": Tally(), "joined": Tally()})


def mixtures_row(title: str, library: Library, calibration: Calibration, queries: Sequence[Query]) -> str:
    """Pairs of records of the set that have one length, and false flags on sequences of one template."""
    tallies = Tallies()
    for one, other, wanted, cut in _pairs(library, random.Random(4)):
        tallies.pairs += 1
        mixed = "".join(x if x == y else IUPAC[frozenset((x, y))] for x, y in zip(one, other, strict=True))
        for kind, text in (("mixed", mixed), ("joined", one[:cut] + other[cut:])):
            found = identify(library, calibration, kind, text.encode())
            among = set(found.decision.among) if found.outcome is Identification.MIXTURE else set()
            tallies.of[kind].add(among, wanted, differs(library, text))
    cells = " | ".join(
        f"{_counted(one.alone, tallies.pairs)} | {_rate(one.listed, tallies.pairs)} | {_counted(one.apart, one.clear)}"
        for one in tallies.of.values()
    )
    flags = [_flags(library, calibration, some) for some in (queries, [*altered(queries)])]
    return f"| {title} | {cells} | {' | '.join(flags)} |"


def _pairs(library: Library, draw: random.Random) -> Iterator[tuple[str, str, set[str], int]]:
    """Two records of two species of the commonest length, both names, and where they are joined."""
    every = [(library.sequence(int(library.record_sequence[n])).decode(), n) for n in range(library.size)]
    plain = [(bases, n) for bases, n in every if not set(bases) - set("ACGT")]
    common = max((len(bases) for bases, _ in plain), key=[len(bases) for bases, _ in plain].count)
    alike = [item for item in plain if len(item[0]) == common]
    made = 0
    for _ in range(_OFTEN * PAIRS):
        (one, a), (other, b) = draw.sample(alike, 2)
        wanted = {library.species[int(library.record_species[record])].name for record in (a, b)}
        if len(wanted) == 2:
            made += 1
            yield one, other, wanted, draw.randint(int(0.3 * common), int(0.7 * common))
        if made == PAIRS:
            break


def differs(library: Library, text: str) -> bool:
    """Whether a sequence of two templates is further from every single record than individuals of one species are.

    More than three edits, or more than five two-base codes: with less nobody could say that there were two.
    """
    codes = sum(letter not in "ACGT" for letter in text)
    found = nearest(library, text.encode())
    whole = [near.edits for near in found if near.overlap >= 0.95 * len(text)]
    return codes > 5 or min(whole, default=len(text)) > 3


def altered(queries: Sequence[Query]) -> Iterator[Query]:
    """The queries with 3 % errors, and a stretch of 150 bases of the long ones."""
    noise = np.random.Generator(np.random.PCG64(5))
    for query in queries:
        yield replace(query, bases=with_errors(query.bases, 0.03, noise))
        if len(query.bases) > 2 * _SHORT:
            yield replace(query, bases=fragment(query.bases, _SHORT, noise))


def _flags(library: Library, calibration: Calibration, queries: Sequence[Query]) -> str:
    asked = [Asked(name="q", bases=query.bases.encode()) for query in queries]
    found = identify_each(library, calibration, asked)
    return _counted(sum(one.outcome is Identification.MIXTURE for one in found), len(queries))


def _counted(count: int, total: int) -> str:
    return f"{count}/{total}"


def _rate(count: int, total: int) -> str:
    low, high = binomial_interval(count, total)
    return f"{count}/{total} ({low:.3f}–{high:.3f})"
