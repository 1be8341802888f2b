"""What a person should look at before a set is approved: records that contradict the others, or say too little.

Nothing is removed here: the list goes to whoever approves the set, who builds it again without what they reject.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from analysis.inputs import Progress, no_progress
from analysis.species.calibrate import trial_of
from analysis.species.frame import frame_of
from analysis.species.library import Library
from analysis.species.rules import without_species

SHORT: Final = 0.75
"""CBOL BARCODE data standard 2.4: at least 75 % of the approved region."""

NEARER: Final = 0.01
COMMON: Final = 0.01
CONTAMINANTS: Final = ("Homo sapiens", "Bos taurus", "Sus scrofa", "Gallus gallus", "Canis lupus", "Felis catus")
"""Species whose DNA is in every laboratory; a record of another genus that carries their sequence is suspect."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing to look at: `code`, the record, and what was seen in words."""

    code: str
    accession: str
    taxon: str
    text: str


def curate(library: Library, *, progress: Progress = no_progress) -> list[Finding]:
    """All findings over a set, by record.

    Codes: `duplicate` (same bases, same species), `shared-sequence` (same bases, another species), `label-outlier`
    (1 % nearer to another species than to its own), `unverified-name`, `contamination`, `too-short`, `out-of-frame`.
    """
    findings: list[Finding] = []
    lengths = library.sequences.lengths(library.record_sequence)
    medians = {locus: float(np.median(lengths[library.record_locus == locus])) for locus in range(len(library.loci))}
    coding = _coding_loci(library)
    for record in range(library.size):
        if record % 64 == 0:
            progress(record / library.size, library.accession(record))
        locus = int(library.record_locus[record])
        seen = [
            *_name(library, record),
            *_length(int(lengths[record]), medians[locus]),
            *_frame(library, record, coding[locus]),
            *_alike(library, record),
            *_outlier(library, record),
        ]
        findings.extend(
            Finding(code=code, accession=library.accession(record), taxon=library.name(record), text=text)
            for code, text in seen
        )
    progress(1.0, f"{len(findings)} findings")
    return findings


Seen = Iterator[tuple[str, str]]


def _name(library: Library, record: int) -> Seen:
    if not library.species[library.record_species[record]].verified or "flag=UNVERIFIED" in library.note(record):
        yield "unverified-name", f"«{library.name(record)}» settles no species; it can support none."


def _length(length: int, median: float) -> Seen:
    if length < SHORT * median:
        yield "too-short", f"{length} bases; the locus has {median:.0f} (median)."


def _coding_loci(library: Library) -> dict[int, bool]:
    """Loci nine tenths of whose records (200 looked at) have exactly one open frame."""
    coding: dict[int, bool] = {}
    for locus in range(len(library.loci)):
        some = np.flatnonzero(library.record_locus == locus)[:200]
        open_frames = [frame_of(library.sequence(int(library.record_sequence[r])).decode()) is not None for r in some]
        coding[locus] = sum(open_frames) >= 0.9 * len(open_frames)
    return coding


def _frame(library: Library, record: int, coding: bool) -> Seen:
    letters = library.sequence(int(library.record_sequence[record])).decode()
    if coding and len(letters) >= 150 and frame_of(letters) is None:
        yield (
            "out-of-frame",
            "No single reading frame is open where the locus has one: an indel or a nuclear copy.",
        )


def _alike(library: Library, record: int) -> Seen:
    species = int(library.record_species[record])
    others = [int(item) for item in library.records_of(int(library.record_sequence[record])) if item != record]
    same = [item for item in others if library.record_species[item] == species and item < record]
    if same:
        yield "duplicate", f"The bases of {library.accession(same[0])}."
    foreign = Counter(library.species[int(library.record_species[item])].name for item in others)
    foreign.pop(library.species[species].name, None)
    if foreign:
        yield "shared-sequence", f"The very bases of {', '.join(sorted(foreign))}."


def _outlier(library: Library, record: int) -> Seen:
    trial = trial_of(library, record, 0)
    own = next((distance for distance, species in trial.with_own if species == trial.species), None)
    others = without_species(trial.with_own, {trial.species})
    if not others:
        return
    distance, species = others[0]
    name, genus = library.species[species].name, library.species[species].genus
    if own is not None and distance + NEARER < own:
        yield (
            "label-outlier",
            f"{distance:.2%} from {name}, {own:.2%} from its own species.",
        )
    elif own is None and library.species_records[trial.species] > 1 and distance < 0.1:
        yield "label-outlier", f"{distance:.2%} from {name}; no other record of its own species is near."
    if name in CONTAMINANTS and distance <= COMMON and genus != library.species[trial.species].genus:
        yield "contamination", f"{distance:.2%} from {name}, which is of another genus."


def coverage(library: Library) -> dict[tuple[str, str], int]:
    """Records of each (species, locus); species known to be absent stand with 0 at every locus."""
    found = Counter(
        (library.species[int(species)].name, library.loci[int(locus)])
        for species, locus in zip(library.record_species, library.record_locus, strict=True)
    )
    return {(entry.name, locus): found[(entry.name, locus)] for entry in library.species for locus in library.loci}


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Two versions of a set: accessions only in the one or the other, and those whose name or bases changed.

    An accession with records at several loci in either version stands as `accession at locus`.
    """

    added: tuple[str, ...]
    removed: tuple[str, ...]
    renamed: tuple[tuple[str, str, str], ...]
    changed: tuple[str, ...]


def compare(old: Library, new: Library) -> Difference:
    """What a new version of a set changed."""
    several = _at_several_loci(old) | _at_several_loci(new)
    before, after = _by_label(old, several), _by_label(new, several)
    both = sorted(before.keys() & after.keys())

    def bases(library: Library, record: int) -> bytes:
        return library.sequence(int(library.record_sequence[record]))

    return Difference(
        added=tuple(sorted(after.keys() - before.keys())),
        removed=tuple(sorted(before.keys() - after.keys())),
        renamed=tuple(
            (name, old.name(before[name]), new.name(after[name]))
            for name in both
            if old.name(before[name]) != new.name(after[name])
        ),
        changed=tuple(name for name in both if bases(old, before[name]) != bases(new, after[name])),
    )


def _at_several_loci(library: Library) -> set[str]:
    """Accessions with more than one record."""
    counted = Counter(map(library.accession, range(library.size)))
    return {accession for accession, records in counted.items() if records > 1}


def _by_label(library: Library, several: set[str]) -> dict[str, int]:
    """Records by accession, with the locus where the accession alone does not say which."""
    found: dict[str, int] = {}
    for record in range(library.size):
        accession, _, locus, _ = library.labels(record)
        found[f"{accession} at {locus}" if accession in several else accession] = record
    return found
