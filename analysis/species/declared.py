"""Declared species against found species: an answer of its own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from analysis.outcome import Identification
from analysis.species.calibration import LocusCalibration
from analysis.species.decide import Decision
from analysis.species.evidence import SpeciesDistance
from analysis.species.library import Library
from analysis.species.records import species_name
from analysis.species.search import distance_to

AGREES: Final = "agrees"
EXCLUDED: Final = "excluded"
NOT_RESOLVED: Final = "not_resolved"
NOT_TESTABLE: Final = "not_testable"
_RECORDS_COMPARED: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """The answer about a declared species: «agrees», «excluded», «not_resolved» or «not_testable».

    `name` is as declared; of a synonym the text names the species it stands for in the set. `distance` is to the
    nearest record of the declared species, None where it has none.
    """

    name: str
    answer: str
    text: str
    distance: float | None = None


def declared_compare(
    library: Library,
    query: bytes,
    declared: str,
    decision: Decision,
    ranked: Sequence[SpeciesDistance],
    calibration: LocusCalibration | None,
) -> Declared:
    """Whether the sequence agrees with, excludes or leaves open a declared species.

    Excluded needs a calibrated reason: another species was named, or every record of the declared one
    lies beyond the distance that holds nine tenths of all distances inside species. A name that may be another name of
    what was found, or no scientific name at all, excludes nothing. A synonym of the set's table of names stands for
    its accepted name.
    """
    stated, settled = species_name(_spelt(library, declared))
    wanted = library.species.accepted(stated)
    found = _compared(library, query, wanted, decision, ranked, calibration, settled=settled)
    if wanted == stated:
        return found
    return replace(found, name=stated, text=f"{stated} is {wanted} in the names of the set. {found.text}")


def _compared(
    library: Library,
    query: bytes,
    wanted: str,
    decision: Decision,
    ranked: Sequence[SpeciesDistance],
    calibration: LocusCalibration | None,
    *,
    settled: bool,
) -> Declared:
    """The answer about an accepted name."""
    if decision.outcome is Identification.SPECIES and decision.taxon == wanted:
        own = ranked[0].distance
        return Declared(name=wanted, answer=AGREES, text=f"The sequence was identified as {wanted}.", distance=own)
    distance = _distance(library, query, wanted, ranked)
    if distance is None or calibration is None:
        return _without_record(library, wanted, decision, settled=settled)
    if decision.outcome is Identification.SPECIES:
        text = (
            f"The sequence was identified as {decision.taxon}; the nearest record of {wanted} lies at {distance:.2%}."
        )
        return Declared(name=wanted, answer=EXCLUDED, text=text, distance=distance)
    limit = calibration.exclusion_distance
    if distance > limit and distance > ranked[0].distance:
        text = f"Every record of {wanted} lies at {distance:.2%} or more, beyond {limit:.2%}; others are nearer."
        return Declared(name=wanted, answer=EXCLUDED, text=text, distance=distance)
    text = f"The nearest record of {wanted} lies at {distance:.2%}: neither confirmed nor excluded."
    return Declared(name=wanted, answer=NOT_RESOLVED, text=text, distance=distance)


def _spelt(library: Library, name: str) -> str:
    """A name with single spaces; one in small or in capital letters throughout as names are written, where known."""
    text = " ".join(name.replace("_", " ").split())
    written = text.capitalize()
    even = text in {text.lower(), text.upper()}
    known = library.congeners(written.split(" ")[0]) or library.species.accepted(written) != written
    return written if even and known else text


def _without_record(library: Library, wanted: str, decision: Decision, *, settled: bool) -> Declared:
    """The answer where no record of the declared name was compared: from names alone."""
    named = decision.outcome in {Identification.SPECIES, Identification.GENUS}
    genus, *epithet = (decision.taxon or "").split()[:2] or [""]
    first, _, rest = wanted.partition(" ")
    known = bool(library.congeners(first))
    if named and first == genus and not settled:
        text = f"The sequence was identified as {decision.taxon}; no species of {genus} was declared, the genus agrees."
        return Declared(name=wanted, answer=AGREES, text=text)
    if not settled and not known:
        text = f"«{wanted}» is no scientific name of a species, and no genus of the set: nothing follows from it."
        return Declared(name=wanted, answer=NOT_TESTABLE, text=text)
    if named and first != genus and epithet and _stem(epithet[0]) == _stem(rest.partition(" ")[0]):
        text = (
            f"The sequence was identified as {decision.taxon}; the set has no record of {wanted}, which may be the "
            "same species under another genus."
        )
        return Declared(name=wanted, answer=NOT_TESTABLE, text=text)
    if named and first != genus:
        text = f"The sequence was identified as {decision.taxon}; the set has no record of {wanted}, of another genus."
        if not known:
            text += f" The set knows no genus {first}: this holds unless {wanted} is another name of what was found."
        return Declared(name=wanted, answer=EXCLUDED, text=text)
    text = f"The set has no record of {wanted} that can be compared: it can be neither confirmed nor excluded."
    return Declared(name=wanted, answer=NOT_TESTABLE, text=text)


def _stem(epithet: str) -> str:
    """An epithet without the ending that follows the gender of its genus (ICZN art. 31.2, ICN art. 23.5)."""
    return re.sub(r"(us|um|a|is|e|er)$", "", epithet)


def _distance(library: Library, query: bytes, wanted: str, ranked: Sequence[SpeciesDistance]) -> float | None:
    number = library.species_number(wanted)
    if number is None:
        return None
    known = next((item.distance for item in ranked if item.species == number), None)
    if known is not None:
        return known
    records = library.records_of_species(number)[:_RECORDS_COMPARED]
    sequences = sorted({int(library.record_sequence[record]) for record in records})
    found = [distance for item in sequences if (distance := distance_to(library, item, query)) is not None]
    return min(found, default=None)
