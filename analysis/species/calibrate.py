"""Thresholds from the reference set itself, with the error rates they were seen to have.

Every record (or a hash-drawn sample) is taken out and searched again. What its own species' other
records give is *leave-one-out*: how often a species that is present is called, and called wrongly. What
remains when the whole species is hidden is *leave-one-species-out*: how often a species that is
absent is mistaken for another. The same with the genus and the family hidden. Rules are chosen
on one half of the trials and their rates counted on the other. A fixed 97 or 98 % rule
has no such rates and is never used: among vertebrate mitochondrial genomes about one species in five has
another species within 3 % at COI.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from analysis.inputs import Progress, no_progress
from analysis.species.calibration import (
    Calibration,
    LocusCalibration,
    RankRule,
    Rate,
    Rule,
    calibration_seal,
    calibration_write,
)
from analysis.species.confidence import Row, Seen, confidence_fit, features
from analysis.species.evidence import by_species
from analysis.species.library import Library, library_open
from analysis.species.rules import by_rank, names_rank, names_species, rank_of, stratum_of, without_species
from analysis.species.search import CANDIDATES, LeftOut, nearest
from analysis.species.within import Within

LENGTHS: Final = (0, 400, 300, 200, 150, 100, 60)
"""Query lengths calibrated, in bases; 0 is the whole reference."""

FALSE_SPECIES: Final = 0.02
FALSE_GENUS: Final = 0.05
"""Highest accepted share of absent species (genera) that are named as another one."""

WRONG_WEIGHT: Final = 10.0

SAMPLE: Final = 5_000
"""Records tried of a locus at its whole length, drawn by a hash of their accessions; half as many for fragments."""

_FEW: Final = 30
_ENOUGH: Final = 200
_DISTANCES: Final = (0.0, 0.0016, 0.0031, 0.005, 0.0075, 0.01, 0.0125, 0.015, 0.02)
_GAPS: Final = (0.0004, 0.002, 0.005, 0.0075, 0.01, 0.015, 0.02, 0.03, 0.04, 0.05)
"""The least is half an edit of 1,200 bases: what is less comes of overlaps that differ, not of bases."""
_RANK_DISTANCES: Final = tuple(step / 200 for step in range(61))


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One record taken out and searched: (distance, species) of every species found, nearest first."""

    record: int
    species: int
    with_own: tuple[tuple[float, int], ...]
    records_of_own: int


def calibrate(library: Library, *, sample: int = SAMPLE, progress: Progress = no_progress) -> Calibration:
    """Take records out, search them again, and set the rules of every locus and query length."""
    plan = [(locus, length) for locus in range(len(library.loci)) for length in _lengths_of(library, locus)]
    loci: list[LocusCalibration] = []
    within = Within(library.sequence)
    for step, (locus, length) in enumerate(plan):
        name = library.loci[locus]
        words = f"{name}, {length or 'whole'} bases"

        def part(share: float, _words: str, step: int = step, words: str = words) -> None:
            progress((step + share) / len(plan), words)

        fragment = length < _whole(library, locus)
        trials = _trials(library, locus, length if fragment else 0, -(-sample // 2) if fragment else sample, part)
        loci.append(rules_fit(library, name, length, trials, within))
    progress(1.0, "calibrated")
    return calibration_seal(library.reference.sha256, tuple(loci))


def _whole(library: Library, locus: int) -> int:
    """Nine tenths of the median length of a locus' records: from there on a query counts as whole."""
    numbers = library.record_sequence[library.record_locus == locus]
    lengths = np.sort(library.sequences.lengths(numbers))
    return int(9 * lengths[len(lengths) // 2] // 10)


def _lengths_of(library: Library, locus: int) -> list[int]:
    whole = _whole(library, locus)
    return [whole, *(length for length in LENGTHS if 0 < length < 0.8 * whole)]


def _trials(library: Library, locus: int, length: int, sample: int, progress: Progress) -> list[Trial]:
    records = [
        record
        for record in np.flatnonzero(library.record_locus == locus).tolist()
        if library.species[library.record_species[record]].verified
    ]
    # A hash of the accession draws the same sample from the same set, in any order of records.
    records.sort(key=lambda record: hashlib.sha256(library.accession(record).encode()).digest())
    _, first = np.unique(library.record_species[np.array(records, np.int64)], return_index=True)
    leading = set(first.tolist())
    # As many species as can be: one record of each comes before the second of any.
    ordered = sorted(range(len(records)), key=lambda place: (place not in leading, place))
    trials: list[Trial] = []
    chosen = [records[place] for place in ordered[:sample]]
    for done, record in enumerate(chosen):
        if done % 64 == 0:
            progress(done / len(chosen), "")
        trials.append(trial_of(library, record, length))
    return trials


def trial_of(library: Library, record: int, length: int) -> Trial:
    """Search a record (or a stretch of `length` bases of it) with the record itself taken out."""
    species = int(library.record_species[record])
    own = int(library.species_records[species])
    query = library.sequence(int(library.record_sequence[record]))
    if 0 < length < len(query):
        draw = int.from_bytes(hashlib.sha256(library.accession(record).encode()).digest()[8:16])
        start = draw % (len(query) - length + 1)
        query = query[start : start + length]
    out = LeftOut(records=frozenset([record]))
    found = nearest(library, query, out=out, candidates=CANDIDATES + min(own, CANDIDATES))
    ranked = by_species(library, query, found, out=out)
    return Trial(
        record=record,
        species=species,
        with_own=tuple((item.distance, item.species) for item in ranked),
        records_of_own=own,
    )


def rules_fit(library: Library, locus: str, length: int, trials: Sequence[Trial], inside: Within) -> LocusCalibration:
    """Choose the rules of one locus and length from its trials."""
    within = sorted(distance for trial in trials for distance, species in trial.with_own if species == trial.species)
    every = _halves(trials)
    once = one_of_each(trials)
    halves = _halves(once)
    one = _species_rule(library, *halves, "one")
    several = _species_rule(library, *halves, "several")
    return LocusCalibration(
        locus=locus,
        length=length,
        species_one=one,
        species_several=several,
        genus=_rank_rule(library, halves, "genus"),
        family=_rank_rule(library, halves, "family"),
        within_largest=within[-1] if within else None,
        within_count=len(within),
        exclusion_distance=_exclusion(within),
        genera=_genus_rates(library, once, one, several),
        confidence=confidence_fit(*(_seen(library, half, inside) for half in (every[0], halves[1]))),
    )


def one_of_each(trials: Sequence[Trial]) -> list[Trial]:
    """The first trial of each species: its records err alike, and counting all of them would feign certainty."""
    first: dict[int, Trial] = {}
    for trial in trials:
        first.setdefault(trial.species, trial)
    return list(first.values())


def _halves(trials: Sequence[Trial]) -> tuple[list[Trial], list[Trial]]:
    """Two halves that share no species, so that no rule is counted where it was chosen."""
    place: dict[int, int] = {}
    for trial in trials:
        place.setdefault(trial.species, len(place))
    first, second = ([trial for trial in trials if place[trial.species] % 2 == half] for half in (0, 1))
    return first, second


def _seen(library: Library, trials: Sequence[Trial], inside: Within) -> Seen:
    """Every trial twice: with its species present, where it has other records and one is nearest, and with it absent.

    A present species whose nearest record is another one's is told from neither: what it should be called is unclear.
    """
    rows: list[Row] = []
    right: list[bool] = []
    for trial in trials:
        locus = int(library.record_locus[trial.record])
        if trial.with_own and trial.with_own[0][1] == trial.species:
            records = library.records_of_species(trial.species)
            others = records[(library.record_locus[records] == locus) & (records != trial.record)]
            rows.append(features(trial.with_own, inside.largest(library.record_sequence[others].tolist())))
            right.append(True)
        hidden = without_species(trial.with_own, {trial.species})
        if hidden:
            rows.append(features(hidden, library.within(hidden[0][1], locus)))
            right.append(False)
    return Seen(rows=rows, right=right)


def _exclusion(within: Sequence[float]) -> float:
    """A declared species is excluded beyond this: nine tenths of the distances inside species lie below it.

    Not the largest, which is as a rule a mislabelled record; 5 % at least, 10 % where fewer than 30 are known.
    """
    if len(within) < _FEW:
        return 0.1
    return max(0.05, within[len(within) * 9 // 10])


def _species_rule(library: Library, choosing: Sequence[Trial], counting: Sequence[Trial], stratum: str) -> Rule:
    """The rule of most worth on one half of the trials, its rates counted on the other half.

    A rule names much, a wrong name weighing as `WRONG_WEIGHT` missed ones. Rules that name more than `FALSE_SPECIES` of
    the absent species are not used; without another no species is named. Rates counted where the rule was
    chosen would flatter it. A stratum with fewer than `_ENOUGH` absent trials takes the rule of all trials together.
    """
    mine = [[trial for trial in half if _nearest_other(library, trial) == stratum] for half in (choosing, counting)]
    if min(len(half) for half in mine) < _ENOUGH:
        mine, stratum = [list(choosing), list(counting)], f"{stratum}, pooled"
    present = [trial for trial in choosing if trial.records_of_own > 1]
    # One record says nothing of how a species varies: only an identical sequence may bear its name.
    distances = _DISTANCES if stratum.startswith("several") else _DISTANCES[:1]
    rated = [(_absent_named(library, mine[0], distance, gap), distance, gap) for distance in distances for gap in _GAPS]
    best = max(
        (
            _worth(choosing, present, rate, distance, gap)
            for rate, distance, gap in rated
            if not rate.too_many(FALSE_SPECIES)
        ),
        default=None,
    )
    distance, gap = (-best[1], -best[2]) if best else (0.0, _GAPS[-1])
    return _rule_counted(library, (stratum, distance, gap, best is not None), mine[1], counting)


def _rule_counted(
    library: Library, rule: tuple[str, float, float, bool], absent: Sequence[Trial], counting: Sequence[Trial]
) -> Rule:
    stratum, distance, gap, usable = rule
    present = [trial for trial in counting if trial.records_of_own > 1]
    named = [names_species(t.with_own, distance, gap) for t in present]
    wrong = [yes and t.with_own[0][1] != t.species for yes, t in zip(named, present, strict=True)]
    return Rule(
        stratum=stratum,
        distance=distance,
        gap=gap,
        usable=usable,
        present_called=_rate(named),
        present_wrong=_rate(wrong),
        absent_named=_absent_named(library, absent, distance, gap),
        records_named=_records_named(counting, distance, gap),
    )


def _worth(
    trials: Sequence[Trial], present: Sequence[Trial], absent: Rate, distance: float, gap: float
) -> tuple[float, float, float]:
    """Shares named, less `WRONG_WEIGHT` times the share of absent species named; then the stricter rule wins."""
    called = _rate([names_species(t.with_own, distance, gap) for t in present]).value or 0.0
    named = _records_named(trials, distance, gap).value or 0.0
    return called + named - WRONG_WEIGHT * (absent.value or 0.0), -distance, -gap


def _nearest_other(library: Library, trial: Trial) -> str | None:
    pairs = without_species(trial.with_own, {trial.species})
    return stratum_of(library, pairs[0][1]) if pairs else None


def _absent_named(library: Library, trials: Sequence[Trial], distance: float, gap: float) -> Rate:
    """Of the species taken out whole: how many the rule would have named as another species."""
    hidden = [without_species(trial.with_own, {trial.species}) for trial in trials]
    return _rate([names_species(pairs, distance, gap) and library.species[pairs[0][1]].verified for pairs in hidden])


def _records_named(trials: Sequence[Trial], distance: float, gap: float) -> Rate:
    """Of the records themselves, searched with nothing taken out: how many the rule names."""
    return _rate(
        [names_species([(0.0, t.species), *without_species(t.with_own, {t.species})], distance, gap) for t in trials]
    )


def _rate(values: Sequence[bool]) -> Rate:
    return Rate(count=sum(values), total=len(values))


def _rank_rule(library: Library, halves: Sequence[Sequence[Trial]], rank: str) -> RankRule:
    """The largest distance that names at most `FALSE_GENUS` of the absent genera, at a gap of 1 %.

    Chosen on one half of the trials, its rates counted on the other.
    """
    gap = 0.01
    (_, absent), (present, counted) = (_rank_trials(library, half, rank) for half in halves)
    distance = -1.0
    for step in _RANK_DISTANCES:
        false = sum(names_rank(ranked, step, gap) for ranked in absent)
        if absent and false / len(absent) <= FALSE_GENUS:
            distance = step
    return RankRule(
        distance=max(distance, 0.0),
        gap=gap,
        usable=distance >= 0.0,
        present_wrong=_rate([names_rank(r, distance, gap) and r[0][1] != own for own, r in present]),
        absent_named=_rate([names_rank(ranked, distance, gap) for ranked in counted]),
    )


Ranked = list[tuple[float, str]]


def _rank_trials(library: Library, trials: Sequence[Trial], rank: str) -> tuple[list[tuple[str, Ranked]], list[Ranked]]:
    """With the species hidden and its genus present: (own genus, genera found); with the genus hidden: those found."""
    present: list[tuple[str, Ranked]] = []
    absent: list[Ranked] = []
    for trial in trials:
        own = rank_of(library, trial.species, rank)
        if own is None:
            continue
        ranked = by_rank(library, without_species(trial.with_own, {trial.species}), rank)
        if any(name == own for _, name in ranked):
            present.append((own, ranked))
        away = [(d, s) for d, s in trial.with_own if rank_of(library, s, rank) != own]
        absent.append(by_rank(library, away, rank))
    return present, absent


def _genus_rates(library: Library, trials: Sequence[Trial], one: Rule, several: Rule) -> dict[str, Rate]:
    """Absent species of each genus that the chosen rules would have named as another, five trials or more."""
    seen: dict[str, list[bool]] = {}
    for trial in trials:
        genus = rank_of(library, trial.species, "genus")
        pairs = without_species(trial.with_own, {trial.species})
        if genus is None:
            continue
        rule = several if pairs and stratum_of(library, pairs[0][1]) == "several" else one
        named = rule.usable and names_species(pairs, rule.distance, rule.gap)
        seen.setdefault(genus, []).append(named)
    return {genus: _rate(values) for genus, values in sorted(seen.items()) if len(values) >= 5}


def library_calibrate(
    folder: Path, *, sample: int = SAMPLE, progress: Progress = no_progress
) -> tuple[Library, Calibration]:
    """Open a frozen set, calibrate it and write the calibration beside it; the set's own hash stays the same."""
    library = library_open(folder)
    calibration = calibrate(library, sample=sample, progress=progress)
    calibration_write(folder, calibration)
    return library, calibration
