"""Thresholds from the reference set itself, with the error rates they were seen to have.

Every record (or a hash-drawn sample) is taken out and searched again. What its own species' other
records give is *leave-one-out*: how often a species that is present is called, and called wrongly. What
remains when the whole species is hidden is *leave-one-species-out*: how often a species that is
absent is mistaken for another. The same with the genus and the family hidden. The rule of a species is chosen
on all trials; its rates are counted crosswise, on each half of the species by what the other half alone would choose.
Rules of genera and families are chosen on one half and counted on the other. A fixed 97 or 98 % rule
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
    Confidence,
    LocusCalibration,
    RankRule,
    Rate,
    Rule,
    calibration_seal,
    calibration_write,
)
from analysis.species.choosing import (
    Either,
    Trial,
    Tried,
    crossed_rule,
    names,
    one_of_each,
    rate,
    seen_of,
    species_rule,
    tried,
)
from analysis.species.confidence import confidence_fit, confidence_joined
from analysis.species.evidence import by_species
from analysis.species.library import Library, library_open
from analysis.species.rules import by_rank, names_rank, rank_of, without_species
from analysis.species.search import CANDIDATES, LeftOut, nearest
from analysis.species.within import Within

LENGTHS: Final = (0, 400, 300, 200, 150, 100, 60)
"""Query lengths calibrated, in bases; 0 is the whole reference."""

FALSE_GENUS: Final = 0.05
"""Highest accepted share of absent genera that are named as another one."""

SAMPLE: Final = 5_000
"""Records tried of a locus at its whole length, drawn by a hash of their accessions; half as many for fragments."""

_FEW: Final = 30
_RANK_DISTANCES: Final = tuple(step / 200 for step in range(61))


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
    )


def rules_fit(library: Library, locus: str, length: int, trials: Sequence[Trial], inside: Within) -> LocusCalibration:
    """Choose the rules of one locus and length from its trials."""
    within = sorted(distance for trial in trials for distance, species in trial.with_own if species == trial.species)
    halves = _halves(one_of_each(trials))
    every = [tried(library, trial, inside) for trial in trials]
    crossed = _crossed(library, every)
    confidence = confidence_joined(seen_of(every), [half.fitted for half in crossed])
    species = crossed_rule(library, confidence, every, [half.rule for half in crossed])
    return LocusCalibration(
        locus=locus,
        length=length,
        species=species,
        genus=_rank_rule(library, halves, "genus"),
        family=_rank_rule(library, halves, "family"),
        within_largest=within[-1] if within else None,
        within_count=len(within),
        exclusion_distance=_exclusion(within),
        genera=_genus_rates(library, crossed if species.usable else []),
        confidence=confidence,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Half:
    """Confidence and rule of one half of the species, and one trial of each species of the other half."""

    fitted: Confidence
    rule: Rule
    counting: Sequence[Tried]


def _crossed(library: Library, trials: Sequence[Tried]) -> list[Half]:
    """Each half of the species chooses and the other one counts; a half that shows no absent species is left out."""
    one, other = _halves(trials)
    found: list[Half] = []
    for choosing, counting in ((one, one_of_each(other)), (other, one_of_each(one))):
        fitted = confidence_fit(seen_of(choosing), seen_of(counting))
        if fitted is not None:
            rule = species_rule(library, fitted, choosing, counting)
            found.append(Half(fitted=fitted, rule=rule, counting=counting))
    return found


def _halves(trials: Sequence[Either]) -> tuple[list[Either], list[Either]]:
    """Two halves that share no species, so that no rule is counted where it was chosen."""
    place: dict[int, int] = {}
    for trial in trials:
        place.setdefault(trial.species, len(place))
    halves: tuple[list[Either], list[Either]] = ([], [])
    for trial in trials:
        halves[place[trial.species] % 2].append(trial)
    return halves


def _exclusion(within: Sequence[float]) -> float:
    """A declared species is excluded beyond this: nine tenths of the distances inside species lie below it.

    Not the largest, which is as a rule a mislabelled record; 5 % at least, 10 % where fewer than 30 are known.
    """
    if len(within) < _FEW:
        return 0.1
    return max(0.05, within[len(within) * 9 // 10])


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
        present_wrong=rate([names_rank(r, distance, gap) and r[0][1] != own for own, r in present]),
        absent_named=rate([names_rank(ranked, distance, gap) for ranked in counted]),
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


def _genus_rates(library: Library, crossed: Sequence[Half]) -> dict[str, Rate]:
    """Absent species of each genus named as another by the rule that had not seen them, five trials or more."""
    seen: dict[str, list[bool]] = {}
    for half in (half for half in crossed if half.rule.usable):
        for one in half.counting:
            genus = rank_of(library, one.species, "genus")
            if genus is not None:
                seen.setdefault(genus, []).append(len(names(library, half.fitted, half.rule, one.hidden)) == 1)
    return {genus: rate(values) for genus, values in sorted(seen.items()) if len(values) >= 5}


def library_calibrate(
    folder: Path, *, sample: int = SAMPLE, progress: Progress = no_progress
) -> tuple[Library, Calibration]:
    """Open a frozen set, calibrate it and write the calibration beside it; the set's own hash stays the same."""
    library = library_open(folder)
    calibration = calibrate(library, sample=sample, progress=progress)
    calibration_write(folder, calibration)
    return library, calibration
