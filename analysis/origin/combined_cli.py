"""``python -m analysis origin combined`` and ``… origin haplotype``."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from analysis.errors import InputRefused
from analysis.genotypes.columns import column_position
from analysis.genotypes.grid import Grid, read_delimited
from analysis.genotypes.reader import Layout, read_file
from analysis.inputs import InputFile
from analysis.origin.baseline import baseline_open, baseline_read
from analysis.origin.combined import combined, combined_json, readable
from analysis.origin.haplotypes import CAVEAT, haplotype_regions
from analysis.origin.isotope.calibration import TissueModel, tissue_fit
from analysis.origin.isotope.cli import columns_asked
from analysis.origin.isotope.raster import Raster, raster_read
from analysis.origin.isotope.scales import ELEMENTS, Measured, transform
from analysis.origin.isotope.tables import harmonised, known_read, scales_read, values_read
from analysis.origin.numbers import number
from analysis.origin.spatial.locate import MapRun, locate
from analysis.origin.spatial.model import model_build
from analysis.origin.spatial.sites import coordinates_of
from analysis.terminal import progress_bar
from analysis.textfile import SIZE_LIMIT, text_of


def combined_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `combined`."""
    parser.add_argument("genotypes", type=Path, metavar="GENOTYPES")
    parser.add_argument("--baseline", type=Path, required=True, metavar="TABLE", help="table or frozen set")
    for name in ("id", "population", "latitude", "longitude", "value", "scale"):
        parser.add_argument(f"--{name}-column", required=True, metavar="C")
    parser.add_argument("--ignore-column", action="append", default=[], metavar="C")
    parser.add_argument("--range-map", type=Path, metavar="GEOJSON", help="polygons the origin must lie in")
    parser.add_argument(
        "--generalise-km", type=float, default=0.0, metavar="KM", help="squares of this size stand for sampled places"
    )
    parser.add_argument("--isoscape", type=Path, required=True, metavar="GEOTIFF")
    parser.add_argument("--known", type=Path, required=True, metavar="TABLE", help="animals of known origin")
    parser.add_argument("--values", type=Path, required=True, metavar="TABLE", help="isotope values of the samples")
    parser.add_argument("--element", choices=tuple(ELEMENTS), required=True)
    parser.add_argument("--deviation-column", default="", metavar="C", help="standard deviation of each value")
    parser.add_argument("--scales", type=Path, metavar="TABLE")
    parser.add_argument("--to-scale", metavar="NAME", help="bring every value to this scale first")
    parser.add_argument("--independent", required=True, metavar="WHY", help="why nothing but the place joins the two")
    parser.add_argument("--format", choices=("table", "jsonl"), default="table")
    parser.set_defaults(run=run_combined)


def haplotype_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `haplotype`."""
    parser.add_argument("reference", type=Path, metavar="TABLE", help="one animal a row")
    parser.add_argument("--haplotype", required=True, metavar="NAME")
    for name in ("region", "site", "haplotype"):
        parser.add_argument(f"--{name}-column", required=True, metavar="C")
    parser.add_argument("--format", choices=("table", "jsonl"), default="table")
    parser.set_defaults(run=run_haplotype)


def run_combined(parsed: argparse.Namespace) -> int:
    """Read, place by both, multiply, print."""
    if not parsed.independent.strip():
        raise InputRefused(
            "No reason for independence is given.",
            field="independent",
            remedy="Say why, or report the two surfaces apart: «origin map», «origin isotope».",
        )
    raster, tissue, values = _isotopes(parsed)
    run = _placed(parsed)
    found = combined(run, raster, tissue, values)
    if parsed.format == "jsonl":
        lines = [json.dumps(combined_json(one, run.model, parsed.independent), ensure_ascii=False) for one in found]
    else:
        lines = readable(found, run.model, parsed.independent)
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return 0


def run_haplotype(parsed: argparse.Namespace) -> int:
    """Count a haplotype by region, print."""
    table = _table(parsed.reference)
    at = [column_position(table, column) for column in (parsed.region_column, parsed.site_column)]
    own = column_position(table, parsed.haplotype_column)
    records = [(row[at[0]].strip(), row[at[1]].strip(), row[own].strip()) for row in table.rows]
    found = haplotype_regions(parsed.haplotype, records, name=parsed.reference.name)
    if parsed.format == "jsonl":
        lines = [
            json.dumps(
                {
                    "region": one.region,
                    "animals": one.animals,
                    "seen": one.seen,
                    "interval_95": [number(end) for end in one.interval],
                    "sites": one.sites,
                    "sites_seen": one.sites_seen,
                },
                ensure_ascii=False,
            )
            for one in found
        ]
    else:
        lines = [
            f"{one.region}: {one.seen} of {one.animals} animals (95 % interval {one.interval[0]:.1%} to "
            f"{one.interval[1]:.1%}), at {one.sites_seen} of {one.sites} sites"
            for one in found
        ]
        lines.append(f"caveat: {CAVEAT}")
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return 0


def _isotopes(parsed: argparse.Namespace) -> tuple[Raster, TissueModel, dict[str, Measured]]:
    content = InputFile.from_path("isoscape", parsed.isoscape).read(limit=SIZE_LIMIT)
    raster = raster_read(content, name=parsed.isoscape.name)
    scales = [] if parsed.scales is None else scales_read(_table(parsed.scales))
    columns = columns_asked(parsed)
    known = [harmonised(one, scales, parsed.to_scale) for one in known_read(_table(parsed.known), columns)]
    values = values_read(_table(parsed.values), columns)
    if parsed.to_scale is not None:
        values = {name: transform(one, scales=scales, to=parsed.to_scale) for name, one in values.items()}
    return raster, tissue_fit(raster, known), values


def _placed(parsed: argparse.Namespace) -> MapRun:
    described = (parsed.latitude_column, parsed.longitude_column)
    if parsed.baseline.is_dir():
        baseline = baseline_open(parsed.baseline, others=described)
    else:
        baseline = baseline_read(
            InputFile.from_path("baseline", parsed.baseline),
            id_column=parsed.id_column,
            population_column=parsed.population_column,
            others=described,
            ignored=parsed.ignore_column,
            fewest=1,
        )
    bar = progress_bar()
    range_map = None if parsed.range_map is None else InputFile.from_path("range", parsed.range_map)
    model = model_build(
        baseline,
        coordinates_of(baseline, latitude_column=described[0], longitude_column=described[1]),
        range_map=None if range_map is None else range_map.read(limit=SIZE_LIMIT),
        range_name="" if range_map is None else range_map.name,
        squares_km=parsed.generalise_km,
        progress=bar,
    )
    layout = Layout(id=parsed.id_column, ignored=(*parsed.ignore_column, *described, parsed.population_column))
    return locate(model, read_file(InputFile.from_path("genotypes", parsed.genotypes), layout), progress=bar)


def _table(path: Path) -> Grid:
    content = InputFile.from_path("table", path).read(limit=SIZE_LIMIT)
    return read_delimited(text_of(content, name=path.name), name=path.name)
