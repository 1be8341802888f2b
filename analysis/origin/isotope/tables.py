"""Tables of isotope values: samples, animals of known origin, laboratory scales. Bad cells are named by row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from analysis.errors import InputRefused
from analysis.genotypes.grid import Grid as Cells
from analysis.inputs import RunInputs
from analysis.origin.isotope.calibration import Known
from analysis.origin.isotope.scales import Measured, Scale, transform

SCALE_COLUMNS = (
    "name", "element", "low_standard", "low", "low_error", "high_standard", "high", "high_error",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Which column holds what, and of which element the values are. `deviation`: of each value, where there is one."""

    element: str
    id: str = "id"
    value: str = "value"
    scale: str = "scale"
    latitude: str = "latitude"
    longitude: str = "longitude"
    deviation: str = ""


def columns_of(inputs: RunInputs, element: str) -> Columns:
    """The columns that a run's parameters name."""
    return Columns(
        element=element,
        id=inputs.text("id_column") or "id",
        value=inputs.text("value_column") or "value",
        scale=inputs.text("scale_column") or "scale",
        deviation=inputs.text("deviation_column") or "",
    )


def scales_read(cells: Cells) -> list[Scale]:
    """A table of laboratory scales. Raises `InputRefused` for a missing column and a cell that is no number."""
    rows = _rows(cells, SCALE_COLUMNS)
    found = []
    for line, row in zip(cells.lines, rows, strict=True):
        low, low_error, high, high_error = (
            _number(row[name], cells.name, line, name) for name in ("low", "low_error", "high", "high_error")
        )
        if low == high:
            raise InputRefused("Both standards have one value.", file=cells.name, row=line, remedy="Check the row.")
        texts = {name: row[name] for name in ("name", "element", "low_standard", "high_standard")}
        found.append(Scale(low=low, low_error=low_error, high=high, high_error=high_error, **texts))
    return found


def known_read(cells: Cells, columns: Columns) -> list[Known]:
    """Animals of known origin; rows without a value are passed over.

    Raises `InputRefused` for a missing column, a cell that is no number and coordinates that are not degrees. A cell of
    coordinates is named, not quoted: the reason why a build failed is read by more people than may read where animals
    live.
    """
    needed = (*_needed(columns), columns.latitude, columns.longitude)
    found = []
    for line, row in zip(cells.lines, _rows(cells, needed), strict=True):
        if row[columns.value] in ("", "NA"):
            continue
        latitude, longitude = (
            _degrees(row[column], cells.name, line, column) for column in (columns.latitude, columns.longitude)
        )
        if not (abs(latitude) <= 90 and abs(longitude) <= 180):
            raise InputRefused(
                "The coordinates are not degrees: metres of a projection, or the columns exchanged?",
                file=cells.name,
                row=line,
                field=columns.latitude,
                remedy="Convert the coordinates to decimal degrees of WGS 84 (EPSG:4326) first.",
            )
        value = _measured(cells, columns, line, row)
        found.append(Known(id=row[columns.id], latitude=latitude, longitude=longitude, value=value))
    return found


def values_read(cells: Cells, columns: Columns) -> dict[str, Measured]:
    """Values of samples by name. Raises `InputRefused` as `known_read` does, and for a name that stands twice."""
    found: dict[str, Measured] = {}
    for line, row in zip(cells.lines, _rows(cells, _needed(columns)), strict=True):
        name = row[columns.id]
        if not name:
            raise InputRefused(
                "The sample has no name.",
                file=cells.name,
                row=line,
                field=columns.id,
                remedy="Name it, or leave it out.",
            )
        if name in found:
            raise InputRefused(
                f"«{name}» has a value already.",
                file=cells.name,
                row=line,
                field=columns.id,
                remedy="Give each sample one value: the mean of its measurements, with its deviation.",
            )
        found[name] = _measured(cells, columns, line, row)
    return found


def on_scale(values: Mapping[str, Measured], scales: Sequence[Scale], to: str, *, file: str) -> dict[str, Measured]:
    """The values of samples on one scale. Raises `InputRefused`, naming file and sample, where no chain leads there."""
    found = {}
    for name, value in values.items():
        try:
            found[name] = transform(value, scales=scales, to=to)
        except InputRefused as error:
            message = f"{name}: {error.message}"
            raise InputRefused(message, file=file, field=error.field, remedy=error.remedy) from error
    return found


def harmonised(one: Known, scales: Sequence[Scale], to: str | None) -> Known:
    """The same animal with its value on another scale."""
    if to is None:
        return one
    value = transform(one.value, scales=scales, to=to)
    return Known(id=one.id, latitude=one.latitude, longitude=one.longitude, value=value)


def _needed(columns: Columns) -> tuple[str, ...]:
    return (columns.id, columns.value, columns.scale, *((columns.deviation,) if columns.deviation else ()))


def _measured(cells: Cells, columns: Columns, line: int, row: Mapping[str, str]) -> Measured:
    value = _number(row[columns.value], cells.name, line, columns.value)
    deviation = 0.0
    if columns.deviation and row[columns.deviation] not in ("", "NA"):
        deviation = _number(row[columns.deviation], cells.name, line, columns.deviation)
    try:
        return Measured(element=columns.element, value=value, deviation=deviation, scale=row[columns.scale])
    except InputRefused as error:
        raise InputRefused(error.message, file=cells.name, row=line, field=error.field, remedy=error.remedy) from error


def _rows(cells: Cells, columns: Sequence[str]) -> list[dict[str, str]]:
    missing = [name for name in columns if name not in cells.header]
    if missing:
        raise InputRefused(
            f"The table lacks the columns {', '.join(missing)}.",
            file=cells.name,
            row=1,
            remedy=f"It has {', '.join(cells.header[:12])}.",
        )
    place = {name: cells.header.index(name) for name in columns}
    return [{name: row[at].strip() for name, at in place.items()} for row in cells.rows]


def _number(text: str, name: str, row: int, field: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise InputRefused(
            f"«{text[:40]}» is no number.", file=name, row=row, field=field, remedy="Mend the cell."
        ) from error


def _degrees(text: str, name: str, row: int, field: str) -> float:
    """A coordinate; a decimal comma can be nothing else here, for no degree has a thousand."""
    try:
        return float(text.replace(",", ".") if text.count(",") == 1 and "." not in text else text)
    except ValueError as error:
        raise InputRefused(
            "The cell is no number.", file=name, row=row, field=field, remedy="Give decimal degrees (WGS 84)."
        ) from error
