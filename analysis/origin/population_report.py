"""What is looked at before reference population data is used: accuracy, diversity, F_ST, equilibrium, places."""

from __future__ import annotations

from collections import Counter

from analysis.canonical import Json
from analysis.errors import InputRefused
from analysis.inputs import Progress, no_progress
from analysis.origin.accuracy import validate
from analysis.origin.baseline import Baseline
from analysis.origin.equilibrium import equilibrium
from analysis.origin.spatial.sites import coordinates_of
from analysis.origin.wording import equilibrium_json, validation_json

MOST_LINKAGE_LOCI = 40
"""Pairs of more loci than this are not tested when a set is built; the command line tests any number."""


def population_report(
    baseline: Baseline,
    *,
    latitude_column: str | None = None,
    longitude_column: str | None = None,
    permit_column: str | None = None,
    progress: Progress = no_progress,
) -> dict[str, Json]:
    """Everything about a baseline that a second person reads before approving it.

    Raises `InputRefused` for coordinates that are not degrees, and where one of the two columns is named alone.
    """
    if (latitude_column is None) != (longitude_column is None):
        raise InputRefused(
            "Only one of the columns of latitude and longitude is named.",
            field="latitude_column" if latitude_column is None else "longitude_column",
            remedy="Name both, or none.",
        )
    progress(0.0, "leaving animals out")
    found: dict[str, Json] = {"kind": "populations", "validation": validation_json(baseline, validate(baseline))}
    progress(0.4, "testing equilibrium")
    few = len(baseline.table.loci) <= MOST_LINKAGE_LOCI
    found["equilibrium"] = equilibrium_json(equilibrium(baseline)) if few else None
    if latitude_column is not None and longitude_column is not None:
        found["places"] = _places(baseline, latitude_column, longitude_column)
    if permit_column is not None:
        found["permits"] = _permits(baseline, permit_column)
    progress(1.0, "done")
    return found


def _places(baseline: Baseline, latitude_column: str, longitude_column: str) -> list[Json]:
    """Sampled places with their population and number of animals, exact as in the table."""
    where = coordinates_of(baseline, latitude_column=latitude_column, longitude_column=longitude_column, fewest=1)
    names = [baseline.populations[int(member)] for member in baseline.member]
    keys = zip(where.latitudes.tolist(), where.longitudes.tolist(), names, strict=True)
    counts = Counter(keys)
    return [
        {"latitude": latitude, "longitude": longitude, "population": name, "animals": count}
        for (latitude, longitude, name), count in sorted(counts.items())
    ]


def _permits(baseline: Baseline, column: str) -> list[Json]:
    """Permits or sources by population; animals without one are counted under an empty text."""
    names = [baseline.populations[int(member)] for member in baseline.member]
    counts = Counter(zip(names, baseline.table.columns[column], strict=True))
    return [
        {"population": name, "permit": permit, "animals": count} for (name, permit), count in sorted(counts.items())
    ]
