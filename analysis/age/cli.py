"""``python -m analysis age radiocarbon``."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from analysis.age.calibrate import Calibration, Range, calibrate
from analysis.age.curve import Curve, curve_join, curve_read
from analysis.canonical import Json
from analysis.inputs import InputFile

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

CURVE_LIMIT = 64 << 20
MAIN_LEVEL = 0.954
FORMATION = (
    "The date is that of the formation of the sampled increment, not of death; only the youngest "
    "increment (the base of a tusk) dates death."
)
SECOND_SAMPLE = (
    "Several ranges fit. A second sample from a known older or younger place of the same tissue tells "
    "which: F14C rises towards younger tissue on the rising limb and falls on the falling one."
)


def add_parser(subparsers: Subparsers) -> None:
    """Add `age` and its questions."""
    age = subparsers.add_parser("age", help="when tissue was formed")
    questions = age.add_subparsers(dest="question", required=True, metavar="QUESTION")
    parser = questions.add_parser("radiocarbon", help="calibrate F14C, all ranges with probabilities")
    parser.add_argument("--f14c", type=float, required=True, metavar="X")
    parser.add_argument("--sigma", type=float, required=True, metavar="S")
    parser.add_argument("--curve", type=Path, nargs="+", required=True, metavar="FILE")
    parser.add_argument("--zone", metavar="Z", help="for a table of several zones, such as NH1 or SH3")
    parser.add_argument(
        "--after", type=float, action="append", default=[], metavar="YEAR",
        help="print the probability of formation after this decimal year",
    )  # fmt: skip
    parser.add_argument("--format", choices=("table", "json"), default="json")
    parser.set_defaults(run=run_radiocarbon)


def run_radiocarbon(parsed: argparse.Namespace) -> int:
    """Read the curves, calibrate, print."""
    curve = curve_join([_curve(path, parsed.zone) for path in parsed.curve])
    found = calibrate(curve, f14c=parsed.f14c, sigma=parsed.sigma)
    if parsed.format == "json":
        text = json.dumps(calibration_json(found, parsed.after), ensure_ascii=False, indent=2)
    else:
        text = "\n".join(readable(found, parsed.after))
    sys.stdout.write(f"{text}\n")
    return 0


def calibration_json(found: Calibration, after: list[float]) -> dict[str, Json]:
    """The values of a calibration; `intervals` are of 95.4 %."""
    return {
        "f14c": found.f14c,
        "sigma": found.sigma,
        "curve": found.curve,
        "intervals": [_range_json(item) for item in found.ranges[MAIN_LEVEL]],
        "levels": {f"{level:g}": [_range_json(item) for item in ranges] for level, ranges in found.ranges.items()},
        "crossings": [round(year, 3) for year in found.crossings],
        "formed_after": {f"{year:g}": float(f"{found.formed_after(year):.6g}") for year in after},
        "caveats": list(caveats(found)),
    }


def caveats(found: Calibration) -> tuple[str, ...]:
    """What must be said beside the ranges."""
    said = [FORMATION]
    if len(found.ranges[MAIN_LEVEL]) > 1:
        said.append(SECOND_SAMPLE)
    if any(item.at_edge for item in found.ranges[MAIN_LEVEL]):
        said.append("A range touches the end of the curve; the tissue may be older or younger than it shows.")
    return tuple(said)


def readable(found: Calibration, after: list[float]) -> list[str]:
    """The readable form."""
    lines = [f"F14C {found.f14c:g} ± {found.sigma:g} on {found.curve}"]
    for level, ranges in found.ranges.items():
        lines.append(f"{level:.1%}:")
        lines += [f"  {item.start:10.2f} to {item.end:10.2f}  {item.probability:6.1%}  {item.limb}" for item in ranges]
    lines += [f"formed after {year:g}: {found.formed_after(year):.1%}" for year in after]
    return [*lines, *caveats(found)]


def _range_json(item: Range) -> dict[str, Json]:
    return {
        "from": round(item.start, 2),
        "to": round(item.end, 2),
        "probability": float(f"{item.probability:.6g}"),
        "limb": item.limb,
        "at_edge": item.at_edge,
    }


def _curve(path: Path, zone: str | None) -> Curve:
    file = InputFile.from_path("curve", path)
    return curve_read(file.read(limit=CURVE_LIMIT), name=file.name, zone=zone)
