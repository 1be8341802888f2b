"""``python -m analysis origin isotope``."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from analysis.canonical import Json
from analysis.errors import InputRefused
from analysis.genotypes.grid import Grid as Cells
from analysis.genotypes.grid import read_delimited
from analysis.inputs import InputFile
from analysis.origin.isotope.calibration import Known, TissueModel, tissue_fit
from analysis.origin.isotope.raster import Raster, raster_read
from analysis.origin.isotope.scales import ELEMENTS, Measured, Scale, transform
from analysis.origin.isotope.surface import LEVELS, Coverage, coverage, grid_of, on_grid, surface_posterior
from analysis.origin.spatial.regions import geojson, geometric_median, regions
from analysis.origin.spatial.wording import area_text, place_json, place_text
from analysis.origin.wording import number
from analysis.textfile import text_of

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

_LIMIT = 512 << 20
_SCALE_COLUMNS = (
    "name", "element", "low_standard", "low", "low_error", "high_standard", "high", "high_error",
)  # fmt: skip
CAVEATS = (
    "An isotope value fits many places: the region says where it is not excluded, not where the animal was.",
    "The value dates from when and where the tissue grew; migration, captivity and feeding break the link to the map.",
    "Isotopes and genotypes may be combined only if nothing but the place makes them go together.",
)


def add_isotope(questions: Subparsers) -> None:
    """Add `isotope` to the questions of `origin`."""
    parser = questions.add_parser("isotope", help="where a tissue's isotope value is at home")
    parser.add_argument("samples", type=Path, metavar="SAMPLES")
    parser.add_argument("--isoscape", type=Path, required=True, metavar="GEOTIFF")
    parser.add_argument("--known", type=Path, required=True, metavar="TABLE", help="animals of known origin")
    parser.add_argument("--element", choices=tuple(ELEMENTS), required=True)
    for name in ("id", "value", "latitude", "longitude", "scale"):
        parser.add_argument(f"--{name}-column", required=True, metavar="C")
    parser.add_argument("--scales", type=Path, metavar="TABLE", help=f"columns {', '.join(_SCALE_COLUMNS)}")
    parser.add_argument("--to-scale", metavar="NAME", help="bring every value to this scale first")
    parser.add_argument("--format", choices=("table", "jsonl"), default="table")
    parser.set_defaults(run=run_isotope)


def run_isotope(parsed: argparse.Namespace) -> int:
    """Read, harmonise, calibrate, place, print."""
    raster = raster_read(_bytes("isoscape", parsed.isoscape), name=parsed.isoscape.name)
    scales = [] if parsed.scales is None else scales_read(_table(parsed.scales))
    known = [one for one in _known(parsed, _table(parsed.known)) if one is not None]
    known = [_harmonised(one, scales, parsed.to_scale) for one in known]
    model = tissue_fit(raster, known)
    checked = coverage(raster, known)
    samples = _values(parsed, _table(parsed.samples))
    lines = []
    for name, value in samples.items():
        found = value if parsed.to_scale is None else transform(value, scales=scales, to=parsed.to_scale)
        lines.append(answer_json(name, raster, model, found, checked))
    if parsed.format == "jsonl":
        sys.stdout.write("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines))
    else:
        sys.stdout.write("\n".join(_readable(lines, raster, model, checked)) + "\n")
    return 0


def answer_json(
    name: str, raster: Raster, model: TissueModel, value: Measured, checked: Sequence[Coverage]
) -> dict[str, Json]:
    """The values of one sample."""
    grid = grid_of(raster)
    share = on_grid(grid, surface_posterior(raster, [model], [value]))
    found = regions(grid, share, LEVELS)
    return {
        "id": name,
        "element": value.element,
        "value": number(value.value),
        "scale": value.scale,
        "point": place_json(geometric_median(grid, grid.vectors, share)),
        "regions": {
            f"{one.level:g}": {"area_km2": number(one.area_km2), "geojson": geojson(grid, one.cells)} for one in found
        },
        "prior": "flat over the isoscape",
        "calibration": {
            "animals": model.animals,
            "sites": model.sites,
            "off_the_isoscape": model.outside,
            "intercept": number(model.intercept),
            "slope": number(model.slope),
            "scatter": number(model.scatter),
            "r_squared": number(model.r_squared),
        },
        "coverage": [
            {
                "level": one.level,
                "animals": one.animals,
                "covered": one.covered,
                "interval_99": [number(end) for end in one.interval],
            }
            for one in checked
        ],
        "caveats": list(CAVEATS),
    }


def scales_read(cells: Cells) -> list[Scale]:
    """A table of laboratory scales. Raises `InputRefused` for a missing column and a cell that is no number."""
    rows = _rows(cells, _SCALE_COLUMNS)
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


def _harmonised(one: Known, scales: Sequence[Scale], to: str | None) -> Known:
    if to is None:
        return one
    value = transform(one.value, scales=scales, to=to)
    return Known(id=one.id, latitude=one.latitude, longitude=one.longitude, value=value)


def _known(parsed: argparse.Namespace, cells: Cells) -> list[Known | None]:
    columns = [
        parsed.id_column,
        parsed.value_column,
        parsed.scale_column,
        parsed.latitude_column,
        parsed.longitude_column,
    ]
    found: list[Known | None] = []
    for line, row in zip(cells.lines, _rows(cells, columns), strict=True):
        if row[parsed.value_column] in ("", "NA"):
            continue
        latitude = _number(row[parsed.latitude_column], cells.name, line, parsed.latitude_column)
        longitude = _number(row[parsed.longitude_column], cells.name, line, parsed.longitude_column)
        if abs(latitude) > 90 or abs(longitude) > 180:
            raise InputRefused(
                f"{latitude:g}, {longitude:g} are not degrees: metres of a projection, or the columns exchanged?",
                file=cells.name,
                row=line,
                field=parsed.latitude_column,
                remedy="Convert the coordinates to decimal degrees of WGS 84 (EPSG:4326) first.",
            )
        value = _measured(parsed, cells, line, row)
        found.append(Known(id=row[parsed.id_column], latitude=latitude, longitude=longitude, value=value))
    return found


def _values(parsed: argparse.Namespace, cells: Cells) -> dict[str, Measured]:
    columns = [parsed.id_column, parsed.value_column, parsed.scale_column]
    return {
        row[parsed.id_column]: _measured(parsed, cells, line, row)
        for line, row in zip(cells.lines, _rows(cells, columns), strict=True)
    }


def _measured(parsed: argparse.Namespace, cells: Cells, line: int, row: Mapping[str, str]) -> Measured:
    value = _number(row[parsed.value_column], cells.name, line, parsed.value_column)
    try:
        return Measured(element=parsed.element, value=value, deviation=0.0, scale=row[parsed.scale_column])
    except InputRefused as error:
        raise InputRefused(error.message, file=cells.name, row=line, field=error.field, remedy=error.remedy) from error


def _readable(
    lines: Sequence[dict[str, Json]], raster: Raster, model: TissueModel, checked: Sequence[Coverage]
) -> list[str]:
    head = (
        f"{raster.name}: tissue = {model.intercept:.1f} + {model.slope:.2f} x isoscape, scatter {model.scatter:.1f}, "
        f"{model.animals} animals of {model.sites} sites"
    )
    out = [head]
    out += [f"left out, {one.level:.0%} regions held {one.covered} of {one.animals}" for one in checked]
    grid = grid_of(raster)
    for line in lines:
        value = Measured(element=model.element, value=float(str(line["value"])), deviation=0.0, scale=model.scale)
        share = on_grid(grid, surface_posterior(raster, [model], [value]))
        areas = ", ".join(f"{one.level:.0%} {area_text(one.area_km2)}" for one in regions(grid, share, LEVELS))
        out.append(f"{line['id']}: {areas}; middle {place_text(geometric_median(grid, grid.vectors, share))}")
    return [*out, *(f"caveat: {words}" for words in CAVEATS)]


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
            f"«{text}» is no number.", file=name, row=row, field=field, remedy="Mend the cell."
        ) from error


def _table(path: Path) -> Cells:
    return read_delimited(text_of(_bytes("table", path), name=path.name), name=path.name)


def _bytes(role: str, path: Path) -> bytes:
    return InputFile.from_path(role, path).read(limit=_LIMIT)
