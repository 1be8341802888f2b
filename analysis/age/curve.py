"""Calibration curves: ``.14c`` files (IntCal, SHCal, post-bomb compilations) and CSV tables of F14C by year.

A `.14c` line is calendar age (years before 1950), conventional radiocarbon age and its standard error, by
commas or blanks; F14C = exp(-age / 8033) (Stuiver & Polach 1977). A CSV has the columns year_ad, F14C,
F14C_sd and, where it holds several, zone.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.errors import InputRefused
from analysis.textfile import text_of

Floats = npt.NDArray[np.float64]
LIBBY_MEAN_LIFE = 8033.0
_COLUMNS = ("year_ad", "F14C", "F14C_sd")
_WHOLE = ("INTCAL", "SHCAL")
"""Curves of a whole hemisphere."""
_ZONE = re.compile(r"(NH[123]|SH1-2|SH[123]|INTCAL|SHCAL)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """F14C of the atmosphere: `years` AD ascending, `means` and `deviations` of F14C.

    `hemisphere` is "north", "south" or "" where the name does not tell; `zone` that of a post-bomb curve, "" for
    IntCal and SHCal, which serve a whole hemisphere.
    """

    name: str
    hemisphere: str
    zone: str = ""
    years: Floats
    means: Floats
    deviations: Floats


def curve_read(content: bytes, *, name: str, zone: str | None = None) -> Curve:
    """Read one curve. Raises `InputRefused` for a file that is none, and for a table of several zones
    without `zone`."""
    text = text_of(content, name=name)
    first = next(line for line in text.splitlines() if line.strip())
    if "f14c" in first.lower():
        rows, found = _csv_rows(text, name, zone)
    else:
        rows, found = _plain_rows(text, name), _zone_of(f"{name} {text[:2000]}")
        _zone_check(name, found, zone)
    if len(rows) < 2:
        raise InputRefused("The curve has fewer than two points.", file=name, remedy="Check the file.")
    return _curve(name if found in name.upper() else f"{name} {found}".strip(), found, _hemisphere(found), rows)


def curve_join(curves: Sequence[Curve]) -> Curve:
    """One curve of several, the first file having precedence where they overlap.

    So a post-bomb curve is given before the older one it continues. Raises `InputRefused` for curves of
    different hemispheres or zones and for a gap of more than 25 years between them.
    """
    sides = {curve.hemisphere for curve in curves if curve.hemisphere}
    if len(sides) > 1:
        raise InputRefused(
            f"The curves are of different hemispheres: {', '.join(curve.name for curve in curves)}.",
            field="curve",
            remedy="Choose the curves of the zone where the animal lived.",
        )
    zones = sorted({curve.zone for curve in curves if curve.zone and curve.zone not in _WHOLE})
    if len(zones) > 1:
        raise InputRefused(
            f"The curves are of different zones, {' and '.join(zones)}: the first would hide the others.",
            field="curve",
            remedy="Give the curve of the zone where the animal lived, and behind it IntCal or SHCal for older tissue.",
        )
    joined = curves[0]
    for curve in curves[1:]:
        outside = (curve.years < joined.years[0]) | (curve.years > joined.years[-1])
        rows = [
            *zip(joined.years, joined.means, joined.deviations, strict=True),
            *zip(curve.years[outside], curve.means[outside], curve.deviations[outside], strict=True),
        ]
        gap = max(curve.years[0] - joined.years[-1], joined.years[0] - curve.years[-1])
        if gap > 25:
            raise InputRefused(
                f"{gap:.0f} years lie between «{joined.name}» and «{curve.name}».",
                field="curve",
                remedy="Give the curve in between as well.",
            )
        names = f"{joined.name} + {curve.name}"
        joined = _curve(names, "".join(zones), joined.hemisphere or curve.hemisphere, rows)
    return joined


def _curve(name: str, zone: str, hemisphere: str, rows: Sequence[tuple[float, float, float]]) -> Curve:
    table = np.array(sorted(rows))
    years, inverse = np.unique(table[:, 0], return_inverse=True)
    # Some published tables round the year so that two months share one: their mean stands for both.
    counts = np.bincount(inverse)
    means = np.bincount(inverse, weights=table[:, 1]) / counts
    deviations = np.bincount(inverse, weights=table[:, 2]) / counts
    return Curve(name=name, hemisphere=hemisphere, zone=zone, years=years, means=means, deviations=deviations)


def _plain_rows(text: str, name: str) -> list[tuple[float, float, float]]:
    rows = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        words = line.replace(",", " ").split()
        values = _numbers(words[:3], name, number, line)
        f14c = float(np.exp(-values[1] / LIBBY_MEAN_LIFE))
        rows.append((1950.0 - values[0], f14c, f14c * values[2] / LIBBY_MEAN_LIFE))
    return rows


def _csv_rows(text: str, name: str, zone: str | None) -> tuple[list[tuple[float, float, float]], str]:
    """The rows of the zone asked for, and that zone. Comma, semicolon or tab; capitals in the head do not matter."""
    head = next(line for line in text.splitlines() if line.strip())
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=head.count))
    reader.fieldnames = [str(column).strip().lower() for column in reader.fieldnames or ()]
    missing = [column for column in _COLUMNS if column.lower() not in reader.fieldnames]
    if missing:
        raise InputRefused(
            f"The table lacks the columns {', '.join(sorted(missing))}.", file=name, row=1,
            remedy="A curve has year_ad, F14C and F14C_sd.",
        )  # fmt: skip
    lines = [(reader.line_num, row) for row in reader]
    chosen = _zone_chosen({(row.get("zone") or "").strip() for _, row in lines}, name, zone)
    rows = []
    for number, row in lines:
        if (row.get("zone") or "").strip() == chosen:
            words = [row[column.lower()] or "" for column in _COLUMNS]
            year, mean, deviation = _numbers(words, name, number, ",".join(words))
            rows.append((year, mean, deviation))
    found = _zone_of(chosen or name)
    _zone_check(name, found, zone)
    return rows, found


def _zone_chosen(zones: set[str], name: str, zone: str | None) -> str:
    """The zone whose rows are read; a table without zones is of the one in its name."""
    if len(zones) < 2 and (zone is None or not any(zones)):
        return "".join(zones)
    for found in zones:
        if zone is not None and found.upper() == zone.upper():
            return found
    raise InputRefused(
        f"The table holds the zones {', '.join(sorted(zones))}" + (f", not «{zone}»." if zone else "."),
        file=name,
        field="zone",
        remedy="Name the zone where the animal lived.",
    )


def _numbers(words: Sequence[str], name: str, row: int, line: str) -> tuple[float, float, float]:
    try:
        first, second, third = (float(word) for word in words)
    except ValueError as error:
        raise InputRefused(
            f"«{line.strip()[:60]}» is not three numbers.",
            file=name,
            row=row,
            remedy="A curve line is calendar age, radiocarbon age, error.",
        ) from error
    if not np.isfinite([first, second, third]).all() or third < 0:
        raise InputRefused(
            f"«{line.strip()[:60]}» holds a value that cannot be.", file=name, row=row, remedy="Check the line."
        )
    return first, second, third


def _zone_of(text: str) -> str:
    found = _ZONE.search(text)
    return found[1].upper() if found else ""


def _zone_check(name: str, found: str, wanted: str | None) -> None:
    """A zone that was asked for must be the file's; IntCal and SHCal serve all zones of their hemisphere."""
    if wanted is None or not found or found == wanted.upper():
        return
    if found in _WHOLE and _hemisphere(found) == _hemisphere(_zone_of(wanted)):
        return
    raise InputRefused(
        f"The curve is of zone {found}, the sample of zone {wanted}.",
        file=name,
        field="zone",
        remedy="Choose the curve of the zone where the animal lived.",
    )


def _hemisphere(zone: str) -> str:
    if not zone:
        return ""
    return "south" if zone.startswith("SH") else "north"
