"""``python -m analysis origin map``."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from analysis.errors import InputRefused
from analysis.genotypes.reader import Layout, TableFormat, read_file
from analysis.genotypes.table import GenotypeTable
from analysis.inputs import InputFile
from analysis.origin.baseline import Baseline, baseline_build, baseline_open, baseline_read
from analysis.origin.spatial.locate import LocatedSample, MapRun, locate
from analysis.origin.spatial.locations import LATITUDE, LONGITUDE, located, locations_read
from analysis.origin.spatial.model import MapModel, model_build
from analysis.origin.spatial.sites import coordinates_of
from analysis.origin.spatial.wording import answer_json, model_json, readable
from analysis.terminal import progress_bar

RANGE_LIMIT = 64 << 20
_FIGURES = 50


def map_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `map`."""
    parser.add_argument("genotypes", type=Path, metavar="GENOTYPES")
    parser.add_argument("--baseline", type=Path, required=True, metavar="TABLE", help="table or frozen set")
    for name in ("id", "population"):
        parser.add_argument(f"--{name}-column", required=True, metavar="C")
    for name in (LATITUDE, LONGITUDE):
        parser.add_argument(f"--{name}-column", metavar="C", help="needed unless --locations is given")
    parser.add_argument(
        "--locations", type=Path, metavar="FILE", help="SCAT's location file, for the zones of a baseline"
    )
    parser.add_argument("--baseline-id-column", metavar="C", help="if not the same as --id-column")
    parser.add_argument("--ignore-column", action="append", default=[], metavar="C")
    parser.add_argument("--input-format", type=TableFormat, choices=list(TableFormat), default="auto")
    parser.add_argument("--baseline-format", type=TableFormat, choices=list(TableFormat), help="if not --input-format")
    parser.add_argument("--range-map", type=Path, metavar="GEOJSON", help="polygons the origin must lie in")
    parser.add_argument(
        "--generalise-km", type=float, default=0.0, metavar="KM", help="squares of this size stand for sampled places"
    )
    parser.add_argument("--no-calibration", action="store_true", help="leave the regions as computed")
    parser.add_argument(
        "--leave-out-own-population",
        action="store_true",
        help="for validation: take every animal of the sample's own population out of the baseline first",
    )
    parser.add_argument("--format", choices=("table", "jsonl"), default="table")
    parser.add_argument("--artefacts", type=Path, metavar="FOLDER", help="write model and maps here")
    parser.set_defaults(run=run_map)


def run_map(parsed: argparse.Namespace) -> int:
    """Read, fit, place, print."""
    bar = progress_bar()
    baseline = _baseline(parsed)
    samples = _samples(parsed)
    latitude, longitude = (LATITUDE, LONGITUDE) if parsed.locations else _described(parsed)
    places = coordinates_of(baseline, latitude_column=latitude, longitude_column=longitude)
    range_map = None if parsed.range_map is None else InputFile.from_path("range", parsed.range_map)
    model = model_build(
        baseline,
        places,
        range_map=None if range_map is None else range_map.read(limit=RANGE_LIMIT),
        range_name="" if range_map is None else range_map.name,
        calibrated=not parsed.no_calibration,
        squares_km=parsed.generalise_km,
        progress=bar,
    )
    leave_out = samples.columns[parsed.population_column] if parsed.leave_out_own_population else None
    found = locate(model, samples, leave_out=leave_out, progress=bar)
    bar(1.0, "placed")
    if parsed.artefacts:
        _write_artefacts(found, parsed.artefacts)
    if parsed.format == "jsonl":
        for answer in found.samples:
            sys.stdout.write(json.dumps(answer_json(answer, model), ensure_ascii=False) + "\n")
    else:
        sys.stdout.write("\n".join(readable(found)) + "\n")
    return 0


def _described(parsed: argparse.Namespace) -> tuple[str, ...]:
    """The columns of coordinates; none where a location file holds them."""
    if parsed.locations:
        return ()
    if parsed.latitude_column and parsed.longitude_column:
        return parsed.latitude_column, parsed.longitude_column
    raise InputRefused(
        "The baseline's places are not named.",
        field="latitude_column",
        remedy="Give --latitude-column and --longitude-column, or --locations with SCAT's location file.",
    )


def _baseline(parsed: argparse.Namespace) -> Baseline:
    others = _described(parsed)
    if parsed.locations:
        return _zoned(parsed)
    if parsed.baseline.is_dir():
        return baseline_open(parsed.baseline, others=others)
    return baseline_read(
        InputFile.from_path("baseline", parsed.baseline),
        id_column=parsed.baseline_id_column or parsed.id_column,
        population_column=parsed.population_column,
        others=others,
        ignored=parsed.ignore_column,
        table_format=TableFormat(parsed.baseline_format or parsed.input_format),
        fewest=1,
    )


def _zoned(parsed: argparse.Namespace) -> Baseline:
    layout = Layout(id=parsed.baseline_id_column or parsed.id_column, population=parsed.population_column)
    file = InputFile.from_path("baseline", parsed.baseline)
    table = read_file(file, layout, table_format=TableFormat(parsed.baseline_format or parsed.input_format))
    content = InputFile.from_path("locations", parsed.locations).read(limit=RANGE_LIMIT)
    zones = locations_read(content, name=parsed.locations.name)
    known = located(table, zones, population_column=parsed.population_column)
    return baseline_build(known, population_column=parsed.population_column, name=file.name, fewest=1)


def _samples(parsed: argparse.Namespace) -> GenotypeTable:
    described = _described(parsed)
    own = (parsed.population_column,)
    layout = Layout(
        id=parsed.id_column,
        others=own if parsed.leave_out_own_population else (),
        ignored=(*parsed.ignore_column, *described, *(() if parsed.leave_out_own_population else own)),
    )
    table = read_file(
        InputFile.from_path("genotypes", parsed.genotypes), layout, table_format=TableFormat(parsed.input_format)
    )
    if parsed.leave_out_own_population and "" in table.columns[parsed.population_column]:
        raise InputRefused(
            "The population is empty; it cannot be left out.",
            file=table.name,
            row=table.lines[table.columns[parsed.population_column].index("")],
            field=parsed.population_column,
            remedy="Fill it in, or place the sample without --leave-out-own-population.",
        )
    return table


def _write_artefacts(found: MapRun, folder: Path) -> None:
    # Only who asks for pictures waits for what makes them.
    map_figure: Callable[..., str] = import_module("analysis.origin.spatial.figure").map_figure
    map_png: Callable[[MapModel, LocatedSample], bytes] = import_module("analysis.origin.spatial.picture").map_png
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(model_json(found.model), ensure_ascii=False, indent=2)
    (folder / "model.json").write_text(f"{text}\n", encoding="utf-8")
    for place, answer in enumerate(found.samples[:_FIGURES], start=1):
        if answer.by_prior:
            name = f"map-{place:04d}"
            (folder / f"{name}.svg").write_text(map_figure(found.model, answer, key=name), encoding="utf-8")
            (folder / f"{name}.png").write_bytes(map_png(found.model, answer))
