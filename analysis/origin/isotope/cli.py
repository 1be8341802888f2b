"""``python -m analysis origin isotope``."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from analysis.canonical import Json
from analysis.genotypes.grid import Grid as Cells
from analysis.genotypes.grid import read_delimited
from analysis.inputs import InputFile
from analysis.origin.isotope.calibration import POOR_FIT, TissueModel, tissue_fit
from analysis.origin.isotope.quality import Coverage, Odds, Quality, calibrated_regions, quality
from analysis.origin.isotope.raster import Raster, raster_read
from analysis.origin.isotope.scales import ELEMENTS, Measured
from analysis.origin.isotope.surface import grid_of, on_grid, surface_posterior
from analysis.origin.isotope.tables import (
    SCALE_COLUMNS,
    Columns,
    harmonised,
    known_read,
    on_scale,
    scales_read,
    values_read,
)
from analysis.origin.numbers import number
from analysis.origin.spatial.countries import Countries, countries_json, countries_of, countries_text
from analysis.origin.spatial.regions import geojson, geometric_median
from analysis.origin.spatial.wording import area_text, place_json, place_text
from analysis.textfile import text_of

_LIMIT = 512 << 20
CAVEATS = (
    "An isotope value fits many places: the region says where it is not excluded, not where the animal was.",
    "The value dates from when and where the tissue grew; migration, captivity and feeding break the link to the map.",
    "Isotopes and genotypes may be combined only if nothing but the place makes them go together.",
)


def isotope_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `isotope`."""
    parser.add_argument("samples", type=Path, metavar="SAMPLES")
    parser.add_argument("--isoscape", type=Path, required=True, metavar="GEOTIFF")
    parser.add_argument("--known", type=Path, required=True, metavar="TABLE", help="animals of known origin")
    parser.add_argument("--element", choices=tuple(ELEMENTS), required=True)
    for name in ("id", "value", "latitude", "longitude", "scale"):
        parser.add_argument(f"--{name}-column", required=True, metavar="C")
    parser.add_argument("--deviation-column", default="", metavar="C", help="standard deviation of each value")
    parser.add_argument("--scales", type=Path, metavar="TABLE", help=f"columns {', '.join(SCALE_COLUMNS)}")
    parser.add_argument("--to-scale", metavar="NAME", help="bring every value to this scale first")
    parser.add_argument("--format", choices=("table", "jsonl"), default="table")
    parser.set_defaults(run=run_isotope)


def run_isotope(parsed: argparse.Namespace) -> int:
    """Read, harmonise, calibrate, place, print."""
    raster = raster_read(_bytes("isoscape", parsed.isoscape), name=parsed.isoscape.name)
    scales = [] if parsed.scales is None else scales_read(_table(parsed.scales))
    columns = columns_asked(parsed)
    known = [harmonised(one, scales, parsed.to_scale) for one in known_read(_table(parsed.known), columns)]
    model = tissue_fit(raster, known)
    checked = quality(raster, known)
    read = values_read(_table(parsed.samples), columns)
    samples = on_scale(read, scales, parsed.to_scale or model.scale, file=parsed.samples.name)
    countries = countries_of(grid_of(raster))
    lines = [answer_json(name, raster, model, value, checked, countries) for name, value in samples.items()]
    if parsed.format == "jsonl":
        sys.stdout.write("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines))
    else:
        sys.stdout.write("\n".join(_readable(lines, raster, model, checked, countries)) + "\n")
    return 0


def answer_json(
    name: str,
    raster: Raster,
    model: TissueModel,
    value: Measured,
    checked: Quality,
    countries: Countries | None = None,
) -> dict[str, Json]:
    """The values of one sample; regions name their countries where those of the isoscape are given."""
    grid = grid_of(raster)
    share = on_grid(grid, surface_posterior(raster, [model], [value]))
    fit = model.fit(raster.bands[0], value)
    at_home = fit >= POOR_FIT
    found = calibrated_regions(grid, share, checked.coverage) if at_home else ()
    return {
        "id": name,
        "outcome": "region" if at_home else "inconclusive",
        "fit_p": number(fit),
        "reason": "" if at_home else nowhere_text(model, raster, value, fit),
        "element": value.element,
        "value": number(value.value),
        "deviation": number(value.deviation),
        "scale": value.scale,
        "point": place_json(geometric_median(grid, grid.vectors, share)) if at_home else None,
        "regions": {
            f"{one.level:g}": {
                "area_km2": number(one.area_km2),
                "geojson": geojson(grid, one.cells),
                **({} if countries is None else {"countries": countries_json(countries.inside(grid, one, share))}),
            }
            for one in found
        },
        "prior": "flat over the isoscape",
        "calibration": _calibration_json(model),
        "coverage": [_coverage_json(one) for one in checked.coverage],
        "odds": None if checked.odds is None else _odds_json(checked.odds),
        "caveats": list(CAVEATS),
    }


def nowhere_text(model: TissueModel, raster: Raster, value: Measured, fit: float) -> str:
    """Why a value gets no region: between which values tissue of this isoscape lies, and how rare it would be."""
    means, _spreads = model.predict(raster.bands[0])
    low, high = (value_text(model.element, float(end)) for end in (np.nanmin(means), np.nanmax(means)))
    return (
        f"{value_text(model.element, value.value)} is at home nowhere on the isoscape, where this tissue is expected "
        f"from {low} to {high} (p = {fit:.2g} at the nearest place): another scale, tissue or species, or an origin "
        "off the map?"
    )


def value_text(element: str, value: float) -> str:
    """A value as laboratories print it: four digits, a ratio of strontium to five decimals."""
    return f"{value:.5f}" if element == "Sr" else f"{value:.4g}"


def line_text(model: TissueModel) -> str:
    """The calibration in words."""
    return (
        f"tissue = {value_text(model.element, model.intercept)} + {model.slope:.3g} × isoscape, scatter "
        f"{model.scatter:.2g}, {model.animals} animals of {model.sites} sites"
    )


def _calibration_json(model: TissueModel) -> dict[str, Json]:
    return {
        "animals": model.animals,
        "sites": model.sites,
        "off_the_isoscape": model.outside,
        "intercept": number(model.intercept),
        "slope": number(model.slope),
        "scatter": number(model.scatter),
        "r_squared": number(model.r_squared),
    }


def _coverage_json(one: Coverage) -> dict[str, Json]:
    return {
        "level": one.level,
        "animals": one.animals,
        "covered": one.covered,
        "covered_before": one.plain,
        "posterior_share": number(one.mass),
        "area_share": number(one.area),
        "interval_99": [number(end) for end in one.interval],
    }


def _odds_json(odds: Odds) -> dict[str, Json]:
    return {
        "median": number(odds.median),
        "interval_95": [number(end) for end in odds.interval],
        "better_than_random": odds.better,
        "animals": odds.animals,
    }


def _readable(
    lines: Sequence[dict[str, Json]],
    raster: Raster,
    model: TissueModel,
    checked: Quality,
    countries: Countries | None,
) -> list[str]:
    out = [f"{raster.name}: {line_text(model)}"]
    out += [
        f"left out, {one.level:.0%} regions (with {one.mass:.1%} of the posterior) held {one.covered} of {one.animals} "
        f"and took {one.area:.0%} of the isoscape"
        for one in checked.coverage
    ]
    if checked.odds is not None:
        low, high = checked.odds.interval
        out.append(
            f"left out, the true site was {checked.odds.median:.3g} times as likely as a random place (median; 95 % "
            f"interval {low:.3g} to {high:.3g}), and likelier for {checked.odds.better} of {checked.odds.animals}"
        )
    grid = grid_of(raster)
    for line in lines:
        stated, deviation = float(str(line["value"])), float(str(line["deviation"]))
        value = Measured(element=model.element, value=stated, deviation=deviation, scale=model.scale)
        if line["reason"]:
            out.append(f"{line['id']}: inconclusive: {line['reason']}")
            continue
        share = on_grid(grid, surface_posterior(raster, [model], [value]))
        found = calibrated_regions(grid, share, checked.coverage)
        areas = ", ".join(f"{one.level:.0%} {area_text(one.area_km2)}" for one in found)
        out.append(f"{line['id']}: {areas}; middle {place_text(geometric_median(grid, grid.vectors, share))}")
        if countries is not None:
            out.append(f"  countries in the widest region: {countries_text(countries.inside(grid, found[-1], share))}")
    return [*out, *(f"caveat: {words}" for words in CAVEATS)]


def columns_asked(parsed: argparse.Namespace) -> Columns:
    """The columns that the command line names."""
    return Columns(
        element=parsed.element,
        id=parsed.id_column,
        value=parsed.value_column,
        scale=parsed.scale_column,
        latitude=parsed.latitude_column,
        longitude=parsed.longitude_column,
        deviation=parsed.deviation_column,
    )


def _table(path: Path) -> Cells:
    return read_delimited(text_of(_bytes("table", path), name=path.name), name=path.name)


def _bytes(role: str, path: Path) -> bytes:
    return InputFile.from_path(role, path).read(limit=_LIMIT)
