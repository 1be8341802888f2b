"""From a sequence to a name, or to the reason why there is none: the decision record of one query."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from math import floor
from typing import Final

from analysis.outcome import Diagnostic, Identification, Reason
from analysis.species.bases import ambiguous_count
from analysis.species.calibration import Calibration, LocusCalibration, Rate
from analysis.species.confidence import confidence_of, step_of
from analysis.species.decide import Decision, ErrorRate, decide, mixture_decision
from analysis.species.declared import EXCLUDED, Declared, declared_compare
from analysis.species.evidence import SpeciesDistance, by_species, short_caveats
from analysis.species.frame import frame_check
from analysis.species.hits import Hit, hits_of
from analysis.species.library import SHORTEST, Congener, Library
from analysis.species.mixture import LEAST_CODES, Mixture, chimera_resolve, double_peaks_resolve, two_base_codes
from analysis.species.search import Near, nearest_each, rows_of

HITS: Final = 10
TOGETHER: Final = 32
"""Sequences searched together: more gain nothing."""
MOST_AMBIGUOUS: Final = 0.02

DEFINITIONS: Final = {
    "identity": "1 − edits / (overlap − unsettled): Levenshtein edits over the stretch query and reference share, "
    "overhanging ends free, IUPAC codes that can stand for the same base equal; overlap in bases of the inner one, "
    "unsettled the IUPAC codes of the reference in it",
    "coverage": "overlap / query length",
    "k2p": "Kimura 1980 two-parameter distance over aligned columns of two plain bases; null where undefined, "
    "and for comparisons with gaps beyond the two nearest",
    "p_distance": "1 − identity",
    "confidence": "how sure the nearest species is, 0 to 1: logistic regression on distance, gap to the next species "
    "and spread inside the species, fitted on leave-one-out against leave-one-species-out searches of the set, both "
    "weighing the same; never less for a nearer sequence; is no probability for the case; null without calibration or "
    "with two templates",
    "confidence_asked": "the least confidence at which the rule of the set, this locus and this length names a "
    "species; null where it names none",
    "as_sure": "searches of the set, each by weights it had no part in, with this confidence (step) or more: present "
    "species found rightly, absent species taken for another; each species counts once",
    "present_species_as_sure": "leave-one-out searches, each by weights it had no part in, that were as sure: species "
    "in the set, found rightly",
    "absent_species_as_sure": "leave-one-species-out searches, each by weights it had no part in, that were as sure: "
    "species not in the set, taken for another",
    "characters": "diagnostic sites (simple pure characters): bases that all sequences of the species named share and "
    "no sequence of a congener has; positions in the query",
    "barcode_gap": "distance to the nearest other species − largest distance between records of the named species",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """The barcode gap of the named species; `within` is None for a species of one record."""

    within: float | None
    between: float | None
    records: int

    @property
    def value(self) -> float | None:
        """between − within, None where either is unknown."""
        return None if self.within is None or self.between is None else self.between - self.within


@dataclass(frozen=True, slots=True, kw_only=True)
class Sure:
    """How sure the nearest species is, and how many present and absent species of the set were at least `step` sure.

    `asked` is the confidence that the rule asks for to name it, None where it may not be named at all.
    """

    value: float
    asked: float | None
    step: float
    present: Rate
    absent: Rate


@dataclass(frozen=True, slots=True, kw_only=True)
class Identified:
    """The decision record of one query.

    `outcome` and `taxon` are the answer; where a declared species is excluded the outcome is
    `excluded` and `decision` still says what was found.
    """

    query: str
    length: int
    sha256: str
    ambiguous: int
    outcome: Identification
    taxon: str | None
    decision: Decision
    declared: Declared | None
    locus: str | None
    calibration: LocusCalibration | None
    hits: tuple[Hit, ...]
    nearest_species: tuple[tuple[str, float], ...]
    loci: tuple[str, ...]
    congeners: tuple[Congener, ...]
    gap: Gap | None
    diagnostics: tuple[Diagnostic, ...]
    caveats: tuple[str, ...]
    found: tuple[Near, ...] = ()
    sure: Sure | None = None

    @property
    def error_rates(self) -> tuple[ErrorRate, ...]:
        """Rates of the rule that was applied."""
        return self.decision.error_rates


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A sequence to identify.

    `declared` is the species it is said to be; `good[i]` says whether base i has Phred 20 or more (all, where None).
    """

    name: str
    bases: bytes
    declared: str | None = None
    good: tuple[bool, ...] | None = None


def identify(
    library: Library,
    calibration: Calibration | None,
    name: str,
    bases: bytes,
    *,
    declared: str | None = None,
    good: tuple[bool, ...] | None = None,
    hits: int = HITS,
) -> Identified:
    """Identify one sequence against a set; see `identify_each` and `Asked`."""
    asked = Asked(name=name, bases=bases, declared=declared, good=good)
    return next(identify_each(library, calibration, [asked], hits=hits))


def identify_each(
    library: Library, calibration: Calibration | None, every: Iterable[Asked], *, hits: int = HITS
) -> Iterator[Identified]:
    """Identify sequences against a set, in the order given.

    `hits` bounds the records reported, ties at the end included. Never raises for a poor sequence: that is
    `no_result` or `inconclusive` with its reason. Some sequences at a time are searched together, which is quicker;
    the answer for one does not depend on the others.
    """
    rest = iter(every)
    while some := list(islice(rest, TOGETHER)):
        earlies = [_unusable(asked.bases) for asked in some]
        usable = [asked.bases for asked, early in zip(some, earlies, strict=True) if early is None]
        searched = iter(nearest_each(library, usable) if usable else ())
        for asked, early in zip(some, earlies, strict=True):
            yield _identified(library, calibration, asked, early, [] if early else next(searched), hits)


def _identified(
    library: Library,
    calibration: Calibration | None,
    asked: Asked,
    early: Decision | None,
    found: list[Near],
    hits: int,
) -> Identified:
    bases, declared = asked.bases, asked.declared
    mixture = None if early else _mixture(library, bases, found)
    if mixture is not None:
        found = [*mixture.near, *(near for near in mixture.others or found if near not in mixture.near)]
    ranked = by_species(library, bases, found)
    locus, local = _locus(library, calibration, ranked)
    within = _within(library, ranked)
    decision = early or _decide(library, bases, ranked, local, mixture, within)
    compared = declared_compare(library, bases, declared, decision, ranked, local) if declared and ranked else None
    excluded = compared is not None and compared.answer == EXCLUDED
    return Identified(
        query=asked.name,
        length=len(bases),
        sha256=hashlib.sha256(bases).hexdigest(),
        ambiguous=ambiguous_count(bases),
        outcome=Identification.EXCLUDED if excluded else decision.outcome,
        taxon=decision.taxon,
        decision=decision,
        declared=compared,
        locus=locus,
        calibration=local,
        hits=hits_of(library, bases, found if mixture is not None else _best_first(found, ranked), hits),
        nearest_species=tuple((library.species[item.species].name, item.distance) for item in ranked[:HITS]),
        loci=tuple(library.loci),
        congeners=_congeners(library, decision, ranked),
        gap=_gap(library, decision, ranked),
        diagnostics=_diagnostics(library, bases, ranked, asked.good),
        caveats=_caveats(library, len(bases), decision, ranked, local),
        found=tuple(found),
        sure=None if mixture is not None else _sure(library, ranked, local, within),
    )


def _within(library: Library, ranked: Sequence[SpeciesDistance]) -> float | None:
    """The largest distance between records of the nearest species, None where it is not known."""
    if not ranked:
        return None
    return library.within(ranked[0].species, int(library.record_locus[ranked[0].record]))


def _sure(
    library: Library, ranked: Sequence[SpeciesDistance], local: LocusCalibration | None, within: float | None
) -> Sure | None:
    """The confidence in the nearest species, None where no name could follow from it."""
    if local is None or local.confidence is None or not library.species[ranked[0].species].verified:
        return None
    value = confidence_of(local.confidence, [(item.distance, item.species) for item in ranked[:2]], within)
    step = step_of(local.confidence, value)
    value = floor(1e6 * value) / 1e6
    return Sure(value=value, asked=local.species.confidence, step=step.value, present=step.present, absent=step.absent)


def _locus(
    library: Library, calibration: Calibration | None, ranked: Sequence[SpeciesDistance]
) -> tuple[str | None, LocusCalibration | None]:
    """The locus of the nearest record, and its calibration for the stretch compared."""
    if not ranked:
        return None, None
    locus = library.loci[int(library.record_locus[ranked[0].record])]
    return locus, None if calibration is None else calibration.of(locus, ranked[0].near.overlap)


def _unusable(bases: bytes) -> Decision | None:
    plain = len(bases) - bases.count(b"N")
    if plain >= SHORTEST:
        return None
    text = f"{plain} usable bases of {len(bases)}; {SHORTEST} are needed."
    return Decision(outcome=Identification.NO_RESULT, taxon=None, reasons=(Reason(code="too-short", text=text),))


def _mixture(library: Library, bases: bytes, found: Sequence[Near]) -> Mixture | None:
    if two_base_codes(bases) > max(LEAST_CODES, MOST_AMBIGUOUS * len(bases) / 2):
        return double_peaks_resolve(library, bases)
    return chimera_resolve(library, bases, found)


def _decide(
    library: Library,
    bases: bytes,
    ranked: Sequence[SpeciesDistance],
    local: LocusCalibration | None,
    mixture: Mixture | None,
    within: float | None,
) -> Decision:
    if mixture is not None:
        return mixture_decision(library, mixture)
    mixed = ambiguous_count(bases)
    if not ranked and mixed <= MOST_AMBIGUOUS * len(bases):
        reason = Reason(code="nothing-near", text="No reference of the set shares a stretch with this sequence.")
        return Decision(outcome=Identification.INCONCLUSIVE, taxon=None, reasons=(reason,))
    if mixed > MOST_AMBIGUOUS * len(bases):
        reason = Reason(
            code="mixed-bases",
            text=f"{mixed} of {len(bases)} bases are not settled, more than {MOST_AMBIGUOUS:.0%}: "
            "more than one template, or a poor signal.",
        )
        return Decision(outcome=Identification.INCONCLUSIVE, taxon=None, reasons=(reason,))
    return decide(library, ranked, local, within)


def _best_first(found: list[Near], ranked: Sequence[SpeciesDistance]) -> list[Near]:
    """Short records that are no worse than the nearest long one stand before it."""
    short = [item.near for item in ranked if item.short]
    if not short:
        return found
    return [*short, *(near for near in found if near not in short)]


def _congeners(library: Library, decision: Decision, ranked: Sequence[SpeciesDistance]) -> tuple[Congener, ...]:
    """All species of the genus named, or else of the nearest record's genus, with their number of records."""
    if not ranked:
        return ()
    genus = library.species[ranked[0].species].genus
    if decision.outcome is Identification.GENUS:
        genus = decision.taxon
    return library.congeners(genus)


def _missing(library: Library, genus: str | None, locus: int) -> list[str]:
    """Species of a genus without a record at a locus."""
    return [one.name for one in library.congeners(genus) if not one.at[locus]]


def _gap(library: Library, decision: Decision, ranked: Sequence[SpeciesDistance]) -> Gap | None:
    if decision.outcome is not Identification.SPECIES:
        return None
    species = ranked[0].species
    locus = int(library.record_locus[ranked[0].record])
    return Gap(
        within=library.within(species, locus),
        between=ranked[1].distance if len(ranked) > 1 else None,
        records=library.congener(species).at[locus],
    )


def _diagnostics(
    library: Library, bases: bytes, ranked: Sequence[SpeciesDistance], good: tuple[bool, ...] | None
) -> tuple[Diagnostic, ...]:
    if not ranked:
        return ()
    near = ranked[0].near
    reverse = good[::-1] if good is not None and near.reverse else good
    aligned_from_start = near.overlap == len(bases)
    frame = frame_check(rows_of(library, near, bases), reverse if aligned_from_start else None)
    return _ambiguity(ambiguous_count(bases), len(bases)), frame


@lru_cache(maxsize=1024)
def _ambiguity(unsettled: int, bases: int) -> Diagnostic:
    return Diagnostic(
        code="ambiguous-bases",
        state="passed" if unsettled / bases <= MOST_AMBIGUOUS else "failed",
        text=f"{unsettled} of {bases} bases are not settled; at most {MOST_AMBIGUOUS:.0%} may be.",
        value=unsettled,
    )


def _caveats(
    library: Library,
    bases: int,
    decision: Decision,
    ranked: Sequence[SpeciesDistance],
    local: LocusCalibration | None,
) -> tuple[str, ...]:
    caveats = [
        "The result relates to the sub-sample that was sequenced; it says nothing of age, origin, captivity or number.",
        "Mitochondrial loci show the maternal line only: a hybrid looks like its mother's species.",
    ]
    if decision.outcome is Identification.SPECIES:
        species = library.species[ranked[0].species]
        if library.species_records[ranked[0].species] == 1:
            caveats.append(
                f"The set has one record of {species.name}: how much the species varies is not known from it, "
                "and a mislabelled record could not be noticed."
            )
        missing = _missing(library, species.genus, int(library.record_locus[ranked[0].record]))
        if missing:
            locus = library.loci[int(library.record_locus[ranked[0].record])]
            caveats.append(f"No reference at {locus} for {', '.join(missing)} of the same genus.")
    if decision.outcome is not Identification.MIXTURE:
        caveats.extend(short_caveats(library, bases, ranked))
    if local is not None and ranked:
        caveats.append(
            f"Error rates were found with {local.length} bases or more of {local.locus}; "
            f"{ranked[0].near.overlap} were compared."
        )
    return tuple(caveats)
