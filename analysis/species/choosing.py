"""The species rule of one locus and query length: which confidence is asked for, and how often that goes wrong.

One number is chosen, on all trials; its rates are counted crosswise: on each half of the species, by what is chosen on
the other half alone. Choosing distance and gap as well names more absent species there than where they were chosen:
with few trials what is chosen together is learnt by heart.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import floor
from typing import Final, TypeVar

import numpy as np
import numpy.typing as npt

from analysis.species.calibration import Confidence, Rate, Rule, added
from analysis.species.confidence import Seen, features
from analysis.species.library import Library
from analysis.species.naming import APART, NEAREST, named_together, together
from analysis.species.rules import Pairs, without_species
from analysis.species.within import Within

FALSE_SPECIES: Final = 0.02
FALSE_GROUP: Final = 0.05
"""Highest accepted share of absent species that are named as another one, or given a group of others."""

WRONG_WEIGHT: Final = 10.0

_ROUNDING: Final = 1e-9
"""Of shares added up from fractions."""

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One record taken out and searched: (distance, species) of every species found, nearest first."""

    record: int
    species: int
    with_own: tuple[tuple[float, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a search found, and the largest distance inside the nearest species, None where it is not known."""

    pairs: Pairs
    within: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """A trial seen in three ways: record left out, its species hidden, and the record found by its own sequence.

    `left_out` is None for the only record of a species at its locus, `hidden` where nothing else was found.
    """

    species: int
    left_out: Found | None
    hidden: Found | None
    itself: Found

    @property
    def right(self) -> bool:
        """Whether the species itself is nearest, its record left out."""
        return self.left_out is not None and bool(self.left_out.pairs) and self.left_out.pairs[0][1] == self.species


Either = TypeVar("Either", Trial, Tried)


def one_of_each(trials: Sequence[Either]) -> list[Either]:
    """The first trial of each species: its records err alike, and counting all of them would feign certainty."""
    first: dict[int, Either] = {}
    for trial in trials:
        first.setdefault(trial.species, trial)
    return list(first.values())


def tried(library: Library, trial: Trial, inside: Within) -> Tried:
    """See `Tried`."""
    locus = int(library.record_locus[trial.record])
    records = library.records_of_species(trial.species)
    others = records[(library.record_locus[records] == locus) & (records != trial.record)]
    hidden = without_species(trial.with_own, {trial.species})
    spread = inside.largest(library.record_sequence[others].tolist())
    return Tried(
        species=trial.species,
        left_out=Found(pairs=trial.with_own, within=spread) if len(others) else None,
        hidden=Found(pairs=hidden, within=library.within(hidden[0][1], locus)) if hidden else None,
        itself=Found(pairs=((0.0, trial.species), *hidden), within=library.within(trial.species, locus)),
    )


def seen_of(trials: Iterable[Tried]) -> Seen:
    """Every trial with its species present, where that is nearest, with it absent, and found by its own sequence.

    A present species whose nearest record is another one's is told from neither: what it should be called is unclear.
    Nor is a record whose very sequence another species has as well.
    """
    present: list[Found] = []
    absent: list[Found] = []
    itself: list[Found] = []
    for one in trials:
        if one.right and one.left_out is not None:
            present.append(one.left_out)
        if one.hidden is not None:
            absent.append(one.hidden)
            if one.hidden.pairs[0][0] > 0.0:
                itself.append(one.itself)
    return Seen(
        rows=[features(found.pairs, found.within) for found in (*present, *absent)],
        right=[*[True] * len(present), *[False] * len(absent)],
        itself=[features(found.pairs, found.within) for found in itself],
    )


def species_rule(
    library: Library, fitted: Confidence | None, choosing: Sequence[Tried], counting: Sequence[Tried]
) -> Rule:
    """The rule chosen on trials of one half of the species, its rates counted on one trial of each other species."""
    asked = None if fitted is None else _asked(library, fitted, choosing)
    grouped = None if fitted is None or asked is None else _asked_of_groups(library, fitted, choosing, asked)
    return _counted(library, fitted, asked, grouped, counting)


def crossed_rule(library: Library, fitted: Confidence | None, trials: Sequence[Tried], halves: Sequence[Rule]) -> Rule:
    """The rule chosen on all trials, its rates those of two halves, each counted where the other was chosen.

    A half on which no confidence could be chosen named nothing because it had no rule: that is no evidence of how the
    rule used goes wrong, and its trials are left out. Without a half that had one no species is named.
    """
    usable = [half for half in halves if half.usable]
    used = species_rule(library, fitted if usable else None, trials, one_of_each(trials))
    if not used.usable:
        return used
    grouping = [half for half in usable if half.group_confidence is not None]
    return replace(
        used,
        group_confidence=used.group_confidence if grouping else None,
        present_called=added(half.present_called for half in usable),
        present_wrong=added(half.present_wrong for half in usable),
        absent_named=added(half.absent_named for half in usable),
        records_named=added(half.records_named for half in usable),
        present_grouped=added(half.present_grouped for half in grouping),
        present_outside=added(half.present_outside for half in grouping),
        absent_grouped=added(half.absent_grouped for half in grouping),
    )


def _asked(library: Library, fitted: Confidence, trials: Sequence[Tried]) -> float | None:
    """The confidence of most worth that names at most `FALSE_SPECIES` of the absent species; None where none does.

    Worth: shares of the present species and of the records themselves that are named, less `WRONG_WEIGHT` times the
    shares of absent species named and of present ones named wrongly; of two of equal worth the higher one. A species
    counts once, whatever the number of its records.
    """
    weight = _weights(trials)
    present = np.array([one.left_out is not None for one in trials])
    wrong = present & ~np.array([one.right for one in trials])
    left_out, hidden, itself = (
        np.array([_alone(library, fitted, found) for found in kind])
        for kind in zip(*((one.left_out, one.hidden, one.itself) for one in trials), strict=True)
    )

    def worth(asked: float) -> float:
        shares = _share(left_out, asked, weight * present) - WRONG_WEIGHT * _share(
            np.where(wrong, left_out, -1.0), asked, weight * present
        )
        return shares + _share(itself, asked, weight) - WRONG_WEIGHT * _share(hidden, asked, weight)

    values = {floor(1000 * value) / 1000 for value in (*left_out.tolist(), *itself.tolist()) if value > 0.0}
    allowed = [value for value in values if _share(hidden, value, weight) <= FALSE_SPECIES + _ROUNDING]
    return max(allowed, key=lambda value: (worth(value), value), default=None)


def _asked_of_groups(library: Library, fitted: Confidence, trials: Sequence[Tried], asked: float) -> float | None:
    """The least confidence, `asked` or more, that gives at most `FALSE_GROUP` of the absent species a group."""
    weight = _weights(trials)
    alone, groups = (np.array([score(library, fitted, one.hidden) for one in trials]) for score in (_alone, _in_group))
    values = [floor(1000 * value) / 1000 for value, single in zip(groups, alone, strict=True) if single < asked]
    groups = np.where(alone < asked, groups, -1.0)
    fitting = [v for v in {asked, *values} if v >= asked and _share(groups, v, weight) <= FALSE_GROUP + _ROUNDING]
    return min(fitting, default=None)


def _weights(trials: Sequence[Tried]) -> Array:
    """1 / trials of the same species."""
    of = Counter(one.species for one in trials)
    return np.array([1.0 / of[one.species] for one in trials])


def _share(values: Array, asked: float, weight: Array) -> float:
    total = weight.sum()
    return float(weight[values >= asked].sum() / total) if total else 0.0


def _alone(library: Library, fitted: Confidence, found: Found | None) -> float:
    """The confidence in the nearest species alone, -1 where it may not be named."""
    if found is None or not found.pairs or not library.species[found.pairs[0][1]].verified:
        return -1.0
    number, value = next(together(fitted, found.pairs, found.within), (0, 0.0))
    return value if number == 1 else -1.0


def _in_group(library: Library, fitted: Confidence, found: Found | None) -> float:
    """The highest confidence in a group of two species or more, -1 where there is none."""
    if found is None:
        return -1.0
    return max((value for number, value in together(fitted, found.pairs, found.within) if number > 1), default=-1.0)


def _counted(
    library: Library,
    fitted: Confidence | None,
    asked: float | None,
    grouped: float | None,
    trials: Sequence[Tried],
) -> Rule:
    none = Rate(count=0, total=0)
    bare = Rule(
        distance=NEAREST, gap=APART, confidence=asked, group_confidence=grouped, present_called=none,
        present_wrong=none, absent_named=none, records_named=none, present_grouped=none, present_outside=none,
        absent_grouped=none,
    )  # fmt: skip
    present = [one for one in trials if one.left_out is not None]
    called = [names(library, fitted, bare, one.left_out) for one in present]
    own = [one.species in members for one, members in zip(present, called, strict=True)]
    hidden = [names(library, fitted, bare, one.hidden) for one in trials]
    itself = [names(library, fitted, bare, one.itself) for one in trials]
    return Rule(
        distance=NEAREST,
        gap=APART,
        confidence=asked,
        group_confidence=grouped,
        present_called=rate(len(members) == 1 for members in called),
        present_wrong=rate(len(members) == 1 and not there for members, there in zip(called, own, strict=True)),
        absent_named=rate(len(members) == 1 for members in hidden),
        records_named=rate(len(members) == 1 for members in itself),
        present_grouped=rate(len(members) > 1 for members in called),
        present_outside=rate(len(members) > 1 and not there for members, there in zip(called, own, strict=True)),
        absent_grouped=rate(len(members) > 1 for members in hidden),
    )


def names(library: Library, fitted: Confidence | None, rule: Rule, found: Found | None) -> tuple[int, ...]:
    """The species a rule names: one, several together, or none."""
    if fitted is None or found is None:
        return ()
    number, _ = named_together(fitted, rule, found.pairs, found.within)
    if number == 1 and not library.species[found.pairs[0][1]].verified:
        return ()
    return tuple(species for _, species in found.pairs[:number])


def rate(values: Iterable[bool]) -> Rate:
    """How many of how many."""
    every = list(values)
    return Rate(count=sum(every), total=len(every))
