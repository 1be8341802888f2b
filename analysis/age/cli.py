"""``python -m analysis age radiocarbon``."""

from __future__ import annotations

import argparse
import json
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from analysis.age.calibrate import Calibration, Range, calibrate
from analysis.age.curve import Curve, curve_join, curve_read
from analysis.age.cutoffs import cutoffs
from analysis.age.figure import calibration_figure
from analysis.age.pairs import Sequence, sequence
from analysis.canonical import Json
from analysis.errors import InputRefused
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
    parser.add_argument("--second-f14c", type=float, metavar="X", help="of a second increment of the same tissue")
    parser.add_argument("--second-sigma", type=float, metavar="S")
    parser.add_argument("--second-is", choices=("older", "younger"), help="than the first increment")
    parser.add_argument(
        "--longest", type=float, default=math.inf, metavar="YEARS", help="largest span between the increments"
    )
    parser.add_argument("--cutoffs", type=Path, metavar="TABLE", help="legal dates, in place of the program's own")
    parser.add_argument("--figure", type=Path, metavar="SVG", help="draw curve, measurement and probability")
    parser.add_argument("--format", choices=("table", "json"), default="json")
    parser.set_defaults(run=run_radiocarbon)


def run_radiocarbon(parsed: argparse.Namespace) -> int:
    """Read the curves, calibrate, print."""
    curve = curve_join([_curve(path, parsed.zone) for path in parsed.curve])
    found = calibrate(curve, f14c=parsed.f14c, sigma=parsed.sigma)
    joined = _second(parsed, curve, found)
    if joined is not None:
        found = joined.older if parsed.second_is == "younger" else joined.younger
    if parsed.figure:
        parsed.figure.write_text(calibration_figure(curve, found, key="radiocarbon"), encoding="utf-8")
    legal = _legal(parsed, found)
    if parsed.format == "json":
        values = {**calibration_json(found, parsed.after), "cutoffs": legal, "second": _second_json(joined, parsed)}
        text = json.dumps(values, ensure_ascii=False, indent=2)
    else:
        text = "\n".join([*readable(found, parsed.after), *_legal_lines(legal), *_second_lines(joined, parsed)])
    sys.stdout.write(f"{text}\n")
    return 0


def _second(parsed: argparse.Namespace, curve: Curve, first: Calibration) -> Sequence | None:
    given = [value is not None for value in (parsed.second_f14c, parsed.second_sigma, parsed.second_is)]
    if not any(given):
        return None
    if not all(given):
        raise InputRefused(
            "A second increment needs its F14C, its sigma and whether it is older or younger.",
            field="second_is",
            remedy="Give --second-f14c, --second-sigma and --second-is together.",
        )
    second = calibrate(curve, f14c=parsed.second_f14c, sigma=parsed.second_sigma)
    older, younger = (first, second) if parsed.second_is == "younger" else (second, first)
    return sequence(older, younger, longest=parsed.longest)


def _second_json(joined: Sequence | None, parsed: argparse.Namespace) -> Json:
    if joined is None:
        return None
    other = joined.younger if parsed.second_is == "younger" else joined.older
    return {
        "f14c": other.f14c,
        "sigma": other.sigma,
        "is": parsed.second_is,
        "agreement": float(f"{joined.agreement:.6g}"),
        "intervals": [_range_json(item) for item in other.ranges[MAIN_LEVEL]],
    }


def _second_lines(joined: Sequence | None, parsed: argparse.Namespace) -> list[str]:
    if joined is None:
        return []
    other = joined.younger if parsed.second_is == "younger" else joined.older
    lines = [f"{parsed.second_is} increment, F14C {other.f14c:g} ± {other.sigma:g}; agreement {joined.agreement:.3g}"]
    return lines + [
        f"  {item.start:10.2f} to {item.end:10.2f}  {item.probability:6.1%}" for item in other.ranges[MAIN_LEVEL]
    ]


def _legal(parsed: argparse.Namespace, found: Calibration) -> list[Json]:
    if parsed.cutoffs is None:
        dates = cutoffs()
    else:
        content = InputFile.from_path("cutoffs", parsed.cutoffs).read(limit=CURVE_LIMIT)
        dates = cutoffs(content.decode("utf-8-sig"), name=parsed.cutoffs.name)
    return [
        {
            "code": item.code,
            "date": item.date.isoformat(),
            "taxon": item.taxon,
            "jurisdiction": item.jurisdiction,
            "instrument": item.instrument,
            "verified": item.verified,
            "formed_after": float(f"{found.formed_after(item.decimal_year):.6g}"),
        }
        for item in dates
    ]


def _legal_lines(legal: list[Json]) -> list[str]:
    return [
        f"formed after {item['date']} ({item['taxon']}, {item['jurisdiction']}: {item['instrument']}): "
        f"{chance_text(float(str(item['formed_after'])))}"
        for item in legal
        if isinstance(item, dict)
    ]


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
    lines += [f"formed after {year:g}: {chance_text(found.formed_after(year))}" for year in after]
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


def chance_text(value: float) -> str:
    """A computed probability: never told as certain or impossible, for curve and tissue may be wrong."""
    tenths = round(value * 1000)
    return "> 99.9%" if tenths >= 1000 else "< 0.1%" if tenths <= 0 else f"{tenths / 10:.1f}%"
