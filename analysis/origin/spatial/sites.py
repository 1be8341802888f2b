"""Where the baseline's animals were sampled: checked coordinates, merged into sites."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.errors import InputRefused
from analysis.origin.baseline import Baseline
from analysis.origin.spatial.field import Counts
from analysis.origin.spatial.geography import Bools, Floats, Indexes, unit_vectors
from analysis.origin.spatial.surface import genotype_copies

FEWEST_SITES = 4
MOST_SITES = 150
"""More places are merged within their population: the cost of a fit grows with the cube of their number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sites:
    """J sites: mean coordinates of their animals, their population, and each animal's site (N,)."""

    latitudes: Floats
    longitudes: Floats
    population: Indexes
    member: Indexes
    counts: Counts

    @property
    def vectors(self) -> Floats:
        """(J, 3)."""
        return unit_vectors(self.latitudes, self.longitudes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Coordinates:
    """Checked coordinates of the baseline's animals, degrees of WGS 84."""

    latitudes: Floats
    longitudes: Floats


def coordinates_of(
    baseline: Baseline, *, latitude_column: str, longitude_column: str, fewest: int = FEWEST_SITES
) -> Coordinates:
    """Read two columns of the baseline's table.

    Raises `InputRefused` for an empty cell, a cell that is no number, and values outside ±90 and ±180: metres
    of a projection, or the two columns exchanged. The cell is named, not quoted: the reason why a build failed is read
    by more people than may read where animals live.
    """
    latitudes = _numbers(baseline, latitude_column, 90.0, "latitude")
    longitudes = _numbers(baseline, longitude_column, 180.0, "longitude")
    places = {(lat, lon) for lat, lon in zip(latitudes.tolist(), longitudes.tolist(), strict=True)}
    if len(places) < fewest:
        raise InputRefused(
            f"The baseline has {len(places)} different places; a map needs {FEWEST_SITES} or more.",
            file=baseline.table.name,
            field=latitude_column,
            remedy="Use «origin assign», which needs no coordinates.",
        )
    if fewest >= FEWEST_SITES:
        _meridian_check(baseline, longitudes, longitude_column)
    return Coordinates(latitudes=latitudes, longitudes=longitudes)


def _meridian_check(baseline: Baseline, longitudes: Floats, column: str) -> None:
    span = float(np.ptp(longitudes))
    if span > 180:
        raise InputRefused(
            f"The places span {span:.0f} degrees of longitude, across the 180th meridian, which no map here crosses.",
            file=baseline.table.name,
            row=baseline.table.lines[int(longitudes.argmin())],
            field=column,
            remedy="Place the samples with the animals of one side, then with those of the other; «origin assign» "
            "compares the populations of both.",
        )


def _numbers(baseline: Baseline, column: str, most: float, what: str) -> Floats:
    table = baseline.table
    found = np.empty(len(table))
    for row, (cell, line) in enumerate(zip(table.columns[column], table.lines, strict=True)):
        try:
            # A decimal comma can be nothing else here: no degree has a thousand.
            value = float(cell.replace(",", ".") if cell.count(",") == 1 and "." not in cell else cell)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise InputRefused(
                f"The cell is no {what}." if cell else f"The {what} is empty.",
                file=table.name, row=line, field=column,
                remedy="Give decimal degrees (WGS 84), or leave the animal out.",
            )  # fmt: skip
        if abs(value) > most:
            raise InputRefused(
                f"The {what} is not in degrees: metres of a projection, or the columns exchanged?",
                file=table.name, row=line, field=column,
                remedy="Convert the coordinates to decimal degrees of WGS 84 (EPSG:4326) first.",
            )  # fmt: skip
        found[row] = value
    return found


def sites_build(baseline: Baseline, places: Coordinates, *, most: int = MOST_SITES) -> Sites:
    """Animals of one population at one place are a site; where there are too many places, near ones of a
    population are merged into their mean, in steps of a growing grid."""
    unique, member = _distinct_rows(_keys(baseline.member, places, step=None))
    span = max(float(np.ptp(places.latitudes)), float(np.ptp(places.longitudes)), 1e-6)
    for share in (0.02, 0.04, 0.08, 0.16, 0.32):
        if len(unique) <= most:
            break
        unique, member = _distinct_rows(_keys(baseline.member, places, step=share * span))
    sizes = np.bincount(member)
    return Sites(
        latitudes=np.bincount(member, weights=places.latitudes) / sizes,
        longitudes=np.bincount(member, weights=places.longitudes) / sizes,
        population=unique[:, 0].astype(np.intp),
        member=member,
        counts=_counts(baseline, member, len(unique)),
    )


def cells_sampled(cells: Indexes, sites: Sites, count: int, without: Sequence[int] = ()) -> Bools:
    """(G,): whether an animal of a site that stays was sampled in a cell; `cells` (N,): each animal's, -1 outside."""
    counted = (cells >= 0) & ~np.isin(sites.member, np.array(without, dtype=np.intp))
    found = np.zeros(count, dtype=np.bool_)
    found[cells[counted]] = True
    return found


def removal_copies(baseline: Baseline, animals: Sequence[int], counts: Counts) -> tuple[Floats, Floats]:
    """Copies and typed copies (T,) of some animals."""
    codes = baseline.table.codes[:, np.array(animals, dtype=np.intp)]
    return genotype_copies(codes, counts.starts, len(counts.copies))


def _keys(member: Indexes, places: Coordinates, *, step: float | None) -> Floats:
    lat, lon = places.latitudes, places.longitudes
    if step is not None:
        lat, lon = np.floor(lat / step), np.floor(lon / step)
    return np.stack([member.astype(float), lat, lon], axis=1)


def _distinct_rows(rows: Floats) -> tuple[Floats, Indexes]:
    """The different ones of rows (N, K) in order, and the place of each row (N,) among them."""
    order = np.lexsort(rows.T[::-1])
    first = np.ones(len(rows), dtype=np.bool_)
    first[1:] = (rows[order[1:]] != rows[order[:-1]]).any(axis=1)
    place = np.empty(len(rows), dtype=np.intp)
    place[order] = np.cumsum(first) - 1
    return rows[order[first]], place


def _counts(baseline: Baseline, member: Indexes, sites: int) -> Counts:
    widths = np.maximum(baseline.allele_counts, 1)
    starts = tuple(int(start) for start in np.concatenate([[0], np.cumsum(widths)[:-1]]))
    total = int(widths.sum())
    copies, totals = np.zeros((total, sites)), np.zeros((total, sites))
    for site in range(sites):
        codes = baseline.table.codes[:, member == site]
        copies[:, site], totals[:, site] = genotype_copies(codes, starts, total)
    return Counts(copies=copies, totals=totals, starts=starts)
