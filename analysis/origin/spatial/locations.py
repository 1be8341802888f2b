"""SCAT's location file beside a genotype file: one line per zone with its name, number, latitude and longitude.

Form: manual of SCAT (Wasser et al. 2004, PNAS 101: 14847-14852). An animal of zone -1 in the genotype file is of
unknown origin: it is left out of the baseline and may be placed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from analysis.errors import InputRefused
from analysis.genotypes.table import MISSING, Codes, GenotypeTable
from analysis.textfile import text_of

LATITUDE, LONGITUDE = "latitude", "longitude"
UNKNOWN = "-1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """A place of sampling, degrees of WGS 84 as written."""

    name: str
    latitude: str
    longitude: str


def locations_read(content: bytes, *, name: str) -> dict[str, Zone]:
    """Zones by number. Names may hold blanks; the last three words are number, latitude and longitude.

    Raises `InputRefused` for a line of fewer words, numbers that are none or no degrees, and a zone named twice.
    """
    zones: dict[str, Zone] = {}
    for row, line in enumerate(text_of(content, name=name).splitlines(), start=1):
        if not line.strip():
            continue
        words = line.split()
        if len(words) < 4:
            raise InputRefused(
                f"The line has {len(words)} words; name, zone, latitude and longitude are needed.",
                file=name, row=row, remedy="Write each zone of the genotype file on a line of its own.",
            )  # fmt: skip
        zone, latitude, longitude = words[-3:]
        if zone in zones:
            raise InputRefused(f"Zone «{zone}» stands above already.", file=name, row=row, remedy="Keep one line.")
        for value, most, what in ((latitude, 90.0, LATITUDE), (longitude, 180.0, LONGITUDE)):
            _degrees_check(value, most, what, name=name, row=row)
        zones[zone] = Zone(name=" ".join(words[:-3]), latitude=latitude, longitude=longitude)
    return zones


def located(table: GenotypeTable, zones: Mapping[str, Zone], *, population_column: str) -> GenotypeTable:
    """The animals of known zones, with columns of coordinates; those of zone -1 are left out.

    Raises `InputRefused` for a zone without a location, and where no animal is of a known zone.
    """
    own = table.columns[population_column]
    for zone, line in zip(own, table.lines, strict=True):
        if zone != UNKNOWN and zone not in zones:
            raise InputRefused(
                f"Zone «{zone}» is not in the location file.",
                file=table.name, row=line, field=population_column, remedy="Add its line, or write -1 for unknown.",
            )  # fmt: skip
    kept = [row for row, zone in enumerate(own) if zone != UNKNOWN]
    if not kept:
        raise InputRefused(
            "No animal is of a known zone.", file=table.name, remedy="Name the zones of the reference animals."
        )
    columns = {name: tuple(cells[row] for row in kept) for name, cells in table.columns.items()}
    places = [zones[own[row]] for row in kept]
    columns[LATITUDE] = tuple(place.latitude for place in places)
    columns[LONGITUDE] = tuple(place.longitude for place in places)
    left = len(table) - len(kept)
    codes, alleles = _seen(table.codes[:, kept], table.alleles)
    return replace(
        table,
        ids=tuple(table.ids[row] for row in kept),
        alleles=alleles,
        codes=codes,
        lines=tuple(table.lines[row] for row in kept),
        columns=columns,
        notices=(*table.notices, *([f"{left} animals of unknown zone were left out of the baseline."] if left else [])),
    )


def _seen(codes: Codes, alleles: tuple[tuple[str, ...], ...]) -> tuple[Codes, tuple[tuple[str, ...], ...]]:
    """Codes (L, N, 2) renumbered to the alleles that occur in them: others' alleles are unknown to the baseline."""
    found = np.full_like(codes, MISSING)
    names = []
    for locus, known in enumerate(alleles):
        used = np.unique(codes[locus][codes[locus] != MISSING])
        typed = codes[locus] != MISSING
        found[locus][typed] = np.searchsorted(used, codes[locus][typed])
        names.append(tuple(known[code] for code in used.tolist()))
    return found, tuple(names)


def _degrees_check(value: str, most: float, what: str, *, name: str, row: int) -> None:
    try:
        inside = abs(float(value)) <= most
    except ValueError:
        inside = False
    if not inside:
        raise InputRefused(
            f"«{value}» is no {what} in degrees.",
            file=name, row=row, field=what, remedy="Give decimal degrees of WGS 84: name, zone, latitude, longitude.",
        )  # fmt: skip
