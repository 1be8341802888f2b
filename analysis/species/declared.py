"""Declared species against found species: an answer of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
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

    `distance` is to the nearest record of the declared species, None where it has none.
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
    lies beyond the distance that holds nine tenths of all distances inside species.
    """
    wanted, _ = species_name(" ".join(declared.replace("_", " ").split()))
    if decision.outcome is Identification.SPECIES and decision.taxon == wanted:
        own = ranked[0].distance
        return Declared(name=wanted, answer=AGREES, text=f"The sequence was identified as {wanted}.", distance=own)
    distance = _distance(library, query, wanted, ranked)
    if distance is None or calibration is None:
        return _without_record(wanted, decision)
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


def _without_record(wanted: str, decision: Decision) -> Declared:
    named = decision.outcome in {Identification.SPECIES, Identification.GENUS}
    genus = (decision.taxon or "").split()[:1]
    if named and genus != wanted.split()[:1]:
        text = f"The sequence was identified as {decision.taxon}; the set has no record of {wanted}, of another genus."
        return Declared(name=wanted, answer=EXCLUDED, text=text)
    text = f"The set has no record of {wanted} that can be compared: it can be neither confirmed nor excluded."
    return Declared(name=wanted, answer=NOT_TESTABLE, text=text)


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
