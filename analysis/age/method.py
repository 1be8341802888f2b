"""The method «age.radiocarbon»: role "measurements", reference = a frozen set of calibration curves."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from analysis.age.calibrate import Calibration, Range, calibrate
from analysis.age.cli import MAIN_LEVEL, calibration_json, caveats
from analysis.age.cutoffs import Cutoff, cutoffs
from analysis.age.figure import calibration_figure
from analysis.age.pairs import sequence
from analysis.age.reference import CurveSet, curve_open
from analysis.canonical import Json, readable_json
from analysis.errors import InputRefused
from analysis.inputs import Artefact, InputFile, Progress, RunInputs, RunResult
from analysis.outcome import Diagnostic, Figure, Finding, Number, Outcome, ReferenceDigest
from analysis.registry import Method
from analysis.tables import rows_read
from analysis.textfile import SIZE_LIMIT

NAME = "age.radiocarbon"
VERSION = "1.0"
QUESTION = "When was the sampled tissue formed, and before or after the dates of the law?"
FIGURES = 50
POSITIONS = ("older", "younger")


@dataclass(frozen=True, slots=True, kw_only=True)
class Increment:
    """A measured increment. `tissue` and `position` tell increments of one tooth or tusk apart; `zone` as stated."""

    id: str
    f14c: float
    sigma: float
    tissue: str
    position: str
    zone: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Dated:
    increment: Increment
    found: Calibration
    partner: Increment | None
    agreement: float | None


def run(inputs: RunInputs, progress: Progress) -> RunResult:
    """Calibrate a table of F14C values.

    Columns: id, f14c, sigma; optionally tissue and position («older», «younger»): two increments of one tissue are
    dated together; optionally zone: an increment of another zone than the curve's is refused. Parameters: `longest`
    (largest span in years between two increments), `cutoffs`: role "cutoffs" may hold the laboratory's own legal
    dates. Artefacts: dates.json and calibration-NNNN.svg. Raises `InputRefused`.
    """
    progress(0.0, "reading")
    curves = curve_open(inputs.reference_folder("a set of calibration curves"))
    file = inputs.one("measurements")
    rows = _increments(file)
    legal = _cutoffs(inputs)
    try:
        dated = _dated(rows, curves, inputs.real("longest", math.inf), progress)
    except InputRefused as error:
        raise error.placed(file=file.name) from error
    outcomes = tuple(_outcome(one, curves, legal, inputs) for one in dated)
    table: list[Json] = [dict(one.details) for one in outcomes]
    content = readable_json({"method": NAME, "version": VERSION, "increments": table})
    files = [Artefact(name="dates.json", media_type="application/json", content=content)]
    for place, one in enumerate(dated[:FIGURES], start=1):
        key = f"calibration-{place:04d}"
        drawn = calibration_figure(curves.curve, one.found, key=key).encode()
        files.append(Artefact(name=f"{key}.svg", media_type="image/svg+xml", content=drawn))
    return RunResult(outcomes=outcomes, artefacts=tuple(files))


def _increments(file: InputFile) -> list[Increment]:
    table = rows_read(
        file.read(limit=SIZE_LIMIT),
        name=file.name,
        needed=("id", "f14c", "sigma"),
        optional=("tissue", "position", "zone"),
    )
    return [
        Increment(
            id=row.text("id", required=True),
            f14c=row.number("f14c"),
            sigma=row.number("sigma"),
            tissue=row.text("tissue"),
            position=row.choice("position", POSITIONS),
            zone=row.text("zone"),
            line=row.line,
        )
        for row in table
    ]


def _dated(rows: Sequence[Increment], curves: CurveSet, longest: float, progress: Progress) -> list[_Dated]:
    singles: dict[str, Calibration] = {}
    for place, row in enumerate(rows):
        progress(place / (len(rows) + 1), f"calibrating {row.id}")
        _zone_check(row, curves)
        if row.id in singles:
            raise InputRefused(
                f"«{row.id}» stands twice.", row=row.line, field="id", remedy="Name each increment once."
            )
        singles[row.id] = _calibrated(row, curves)
    found = []
    for row in rows:
        partner = _partner(row, rows)
        if partner is None:
            found.append(_Dated(increment=row, found=singles[row.id], partner=None, agreement=None))
            continue
        older, younger = (row, partner) if row.position == "older" else (partner, row)
        joined = sequence(singles[older.id], singles[younger.id], longest=longest)
        own = joined.older if row is older else joined.younger
        found.append(_Dated(increment=row, found=own, partner=partner, agreement=joined.agreement))
    return found


def _calibrated(row: Increment, curves: CurveSet) -> Calibration:
    try:
        return calibrate(curves.curve, f14c=row.f14c, sigma=row.sigma)
    except InputRefused as error:
        raise InputRefused(
            f"{row.id}: {error.message}", row=row.line, field=error.field, remedy=error.remedy
        ) from error


def _zone_check(row: Increment, curves: CurveSet) -> None:
    stated, known = row.zone.upper(), curves.zone.upper()
    if not stated:
        return
    side = "south" if stated.startswith("SH") else "north"
    wrong_side = bool(curves.curve.hemisphere) and side != curves.curve.hemisphere
    if wrong_side or (known and stated != known):
        raise InputRefused(
            f"«{row.id}» is of zone {row.zone}, the curve «{curves.curve.name}» of zone "
            f"{curves.zone or curves.curve.hemisphere}.",
            row=row.line,
            field="zone",
            remedy="Choose the curve of the zone where the animal lived.",
        )


def _partner(row: Increment, rows: Sequence[Increment]) -> Increment | None:
    if not row.tissue:
        return None
    same = [one for one in rows if one.tissue == row.tissue]
    if len(same) == 1:
        return None
    if len(same) > 2 or {one.position for one in same} != set(POSITIONS):
        raise InputRefused(
            f"The increments of «{row.tissue}» are not one older and one younger.",
            row=row.line,
            field="position",
            remedy="Write «older» for one and «younger» for the other; date further increments in another table.",
        )
    return next(one for one in same if one is not row)


def _cutoffs(inputs: RunInputs) -> tuple[Cutoff, ...]:
    files = inputs.of_role("cutoffs")
    if not files:
        return cutoffs()
    return cutoffs(files[0].read(limit=SIZE_LIMIT).decode("utf-8-sig"), name=files[0].name)


def _outcome(one: _Dated, curves: CurveSet, legal: Sequence[Cutoff], inputs: RunInputs) -> Outcome:
    found, reference = one.found, curves.reference
    details = {**calibration_json(found, []), "id": one.increment.id, **_pair_json(one)}
    details["cutoffs"] = [_cutoff_json(day, found) for day in legal]
    return Outcome(
        method=NAME,
        version=VERSION,
        question=QUESTION,
        finding=Finding(outcome="dated", subject=None, statement=_statement(one)),
        propositions=(
            "The increment was formed after the date of the law.",
            "The increment was formed on that date or before.",
        ),
        numbers=_numbers(found, legal),
        caveats=(*caveats(found), *_together(one)),
        diagnostics=_diagnostics(one, curves),
        figures=(
            Figure(
                name="calibration",
                kind="age.calibration",
                title=f"Calibration of {one.increment.id}",
                description="; ".join(_range_words(item) for item in found.ranges[MAIN_LEVEL]),
                data=details["levels"],
            ),
        ),
        inputs=tuple(file.digest for file in inputs.files),
        reference=ReferenceDigest.of(reference),
        parameters=dict(inputs.parameters),
        details=details,
        seed=inputs.seed,
    )


def _statement(one: _Dated) -> str:
    ranges = one.found.ranges[MAIN_LEVEL]
    words = ", or ".join(_range_words(item) for item in ranges)
    together = f" Dated together with {one.partner.id}." if one.partner else ""
    return (
        f"The increment {one.increment.id} (F14C {one.found.f14c:g} ± {one.found.sigma:g}) was formed {words} "
        f"(95.4 % ranges on {one.found.curve}).{together}"
    )


def _range_words(item: Range) -> str:
    return f"{item.start:.1f} to {item.end:.1f} ({item.probability:.1%})"


def _together(one: _Dated) -> tuple[str, ...]:
    if one.partner is None or one.agreement is None:
        return ()
    return (
        (
            f"Dated together with {one.partner.id}, which is {one.partner.position}; independent dates would obey this "
            f"order with probability {one.agreement:.3g}."
        ),
    )


def _numbers(found: Calibration, legal: Sequence[Cutoff]) -> tuple[Number, ...]:
    ranges = [
        Number(
            name=f"range {place}",
            value=float(f"{item.probability:.6g}"),
            unit="share",
            definition=f"probability that the increment was formed {item.start:.2f} to {item.end:.2f} ({item.limb}), "
            "of the ranges of highest density that hold 95.4 %",
        )
        for place, item in enumerate(found.ranges[MAIN_LEVEL], start=1)
    ]
    after = [
        Number(
            name=f"formed after {day.date.isoformat()}",
            value=float(f"{found.formed_after(day.decimal_year):.6g}"),
            unit="share",
            definition=f"probability of formation after {day.date.isoformat()}: {day.taxon}, {day.jurisdiction}, "
            f"{day.instrument}",
        )
        for day in legal
    ]
    return (*ranges, *after)


def _diagnostics(one: _Dated, curves: CurveSet) -> tuple[Diagnostic, ...]:
    ranges = one.found.ranges[MAIN_LEVEL]
    edge = any(item.at_edge for item in ranges)
    return (
        Diagnostic(
            code="one_range",
            state="passed" if len(ranges) == 1 else "warning",
            text="one range fits"
            if len(ranges) == 1
            else f"{len(ranges)} ranges fit; a second increment of the same tissue tells which",
            value=len(ranges),
        ),
        Diagnostic(
            code="inside_the_curve",
            state="warning" if edge else "passed",
            text="a range touches the end of the curve" if edge else "no range touches an end of the curve",
        ),
        Diagnostic(
            code="zone",
            state="passed" if one.increment.zone else "warning",
            text=f"zone stated: {one.increment.zone}"
            if one.increment.zone
            else f"no zone stated; the curve is of {curves.zone or curves.curve.hemisphere or 'no named zone'}",
        ),
        Diagnostic(
            code="second_increment",
            state="not_done" if one.partner is None else "passed",
            text="no second increment" if one.partner is None else f"dated together with {one.partner.id}",
        ),
    )


def _pair_json(one: _Dated) -> dict[str, Json]:
    if one.partner is None or one.agreement is None:
        return {"second": None}
    return {
        "second": {
            "id": one.partner.id,
            "is": one.partner.position,
            "f14c": one.partner.f14c,
            "sigma": one.partner.sigma,
            "agreement": float(f"{one.agreement:.6g}"),
        }
    }


def _cutoff_json(day: Cutoff, found: Calibration) -> Mapping[str, Json]:
    return {
        "code": day.code,
        "date": day.date.isoformat(),
        "taxon": day.taxon,
        "jurisdiction": day.jurisdiction,
        "instrument": day.instrument,
        "verified": day.verified,
        "formed_after": float(f"{found.formed_after(day.decimal_year):.6g}"),
    }


METHOD = Method(
    name=NAME,
    version=VERSION,
    citation="Calibration by Bayes' rule, even prior over the curve (Bronk Ramsey 2009, Radiocarbon 51: 337-360) "
    "on curves the laboratory imported; F14C after Reimer, Brown & Reimer 2004 (Radiocarbon 46: 1299-1304).",
    assumptions=(
        "The tissue took up carbon of its time, without delay by diet, water or preservation.",
        "The curve is that of the zone where the animal lived.",
        "The measurement's error is normal, as stated.",
    ),
    limits=(
        "The date is of the sampled increment, not of death.",
        "Values on both limbs of the bomb curve have several ranges; one increment alone cannot tell which.",
        "Outside the curve nothing is dated.",
    ),
    validation="Both dates of F14C 1.25 on the published NH1 curve are found; no range lies outside the curve.",
    run=run,
)
