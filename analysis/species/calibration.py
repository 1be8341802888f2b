"""A calibration: when a set's species, genera and families may be named, and how often that went wrong.

Made by `analysis.species.calibrate`, kept beside the set as ``calibration.json`` with a hash of its own.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from analysis.canonical import canonical_json, readable_json, sha256_hex
from analysis.errors import InputRefused
from analysis.species.library import Library
from analysis.statistics import binomial_interval

FILE: Final = "calibration.json"
FORMAT: Final = "spoor-species-calibration/4"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """`count` of `total`, with its exact 95 % interval."""

    count: int
    total: int

    @property
    def value(self) -> float | None:
        """The share, or None where nothing could be counted."""
        return self.count / self.total if self.total else None

    @property
    def interval(self) -> tuple[float, float]:
        """Clopper–Pearson, 95 %."""
        return binomial_interval(self.count, self.total)


def added(rates: Iterable[Rate]) -> Rate:
    """Counts and totals added up."""
    every = list(rates)
    return Rate(count=sum(rate.count for rate in every), total=sum(rate.total for rate in every))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """When a species may be named, and how often that went wrong.

    A species is named when the nearest record lies within `distance`, every other species is at least `gap` further
    away, and the confidence is `confidence` or more: None where none keeps `absent_named` low enough, and no species is
    named at all. `group_confidence` is asked of species named together, None where no group may be. The rates of
    groups count absent species given one, and present ones given one without them, or any.
    """

    distance: float
    gap: float
    confidence: float | None
    group_confidence: float | None
    present_called: Rate
    present_wrong: Rate
    absent_named: Rate
    records_named: Rate
    present_grouped: Rate
    present_outside: Rate
    absent_grouped: Rate

    @property
    def usable(self) -> bool:
        """Whether any species may be named."""
        return self.confidence is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class RankRule:
    """When only a genus (family) may be named: nearest record within `distance`, no other genus within `gap`."""

    distance: float
    gap: float
    usable: bool
    present_wrong: Rate
    absent_named: Rate


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """How many present and how many absent species were as sure as `value` or surer."""

    value: float
    present: Rate
    absent: Rate


@dataclass(frozen=True, slots=True, kw_only=True)
class Confidence:
    """How sure answers are put in order: `weights` as in `analysis.species.confidence`, and what was counted."""

    weights: tuple[float, ...]
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LocusCalibration:
    """Rules of one locus at one query length. `within` are the leave-one-out distances inside species.

    `confidence` is None where no species could be taken out.
    """

    locus: str
    length: int
    species: Rule
    genus: RankRule
    family: RankRule
    within_largest: float | None
    within_count: int
    exclusion_distance: float
    genera: Mapping[str, Rate]
    confidence: Confidence | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """All calibrations of a set, tied to the set's hash; `sha256` is of the calibration itself."""

    reference_sha256: str
    sha256: str
    loci: tuple[LocusCalibration, ...]

    def of(self, locus: str, overlap: int) -> LocusCalibration | None:
        """The calibration for a stretch of `overlap` bases: the longest calibrated length it reaches."""
        fitting = [item for item in self.loci if item.locus == locus and item.length <= overlap]
        return max(fitting, key=lambda item: item.length, default=None)


def calibration_seal(reference_sha256: str, loci: tuple[LocusCalibration, ...]) -> Calibration:
    """The calibration of a set with its hash: SHA-256 of format, the set's hash and rules as canonical JSON."""
    body = {"format": FORMAT, "reference_sha256": reference_sha256, "loci": [asdict(item) for item in loci]}
    return Calibration(reference_sha256=reference_sha256, sha256=sha256_hex(canonical_json(body)), loci=loci)


def calibration_write(folder: Path, calibration: Calibration) -> None:
    """Write the calibration beside the set it belongs to; the set itself is not touched."""
    content = {"format": FORMAT, **asdict(calibration)}
    scratch = folder / f".{FILE}"
    try:
        scratch.write_bytes(readable_json(content))
        scratch.replace(folder / FILE)
    finally:
        scratch.unlink(missing_ok=True)


def calibration_read(library: Library) -> Calibration | None:
    """The set's calibration, or None before `validate`.

    Raises `InputRefused` when it is damaged, or belongs to another set.
    """
    path = library.reference.folder / FILE
    if not path.exists():
        return None
    try:
        content = json.loads(path.read_bytes())
        if content["format"] != FORMAT:
            raise _of_other_form(str(content["format"]))
        loci = tuple(_locus_from(item) for item in content["loci"])
        calibration = calibration_seal(str(content["reference_sha256"]), loci)
        stated = str(content["sha256"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _damaged(f"it cannot be read ({error})") from error
    if calibration.sha256 != stated:
        raise _damaged(f"its content hashes to {calibration.sha256[:16]}…, it states {stated[:16]}…")
    if calibration.reference_sha256 != library.reference.sha256:
        raise _damaged("it belongs to another reference set")
    return calibration


def _locus_from(item: Mapping[str, Any]) -> LocusCalibration:
    parsed = {
        "species": _rule_from(item["species"]),
        "genus": _rank_from(item["genus"]),
        "family": _rank_from(item["family"]),
        "genera": {genus: Rate(**rate) for genus, rate in item["genera"].items()},
        "confidence": None if item["confidence"] is None else _confidence_from(item["confidence"]),
    }
    return LocusCalibration(**{**item, **parsed})


def _confidence_from(item: Mapping[str, Any]) -> Confidence:
    steps = (
        Step(value=step["value"], present=Rate(**step["present"]), absent=Rate(**step["absent"]))
        for step in item["steps"]
    )
    return Confidence(weights=tuple(item["weights"]), steps=tuple(steps))


def _rule_from(item: Mapping[str, Any]) -> Rule:
    rates = {name: Rate(**value) for name, value in item.items() if isinstance(value, dict)}
    return Rule(**{**item, **rates})


def _rank_from(item: Mapping[str, Any]) -> RankRule:
    return RankRule(**{**item, **{name: Rate(**item[name]) for name in ("present_wrong", "absent_named")}})


def _of_other_form(found: str) -> InputRefused:
    """Nothing is wrong with the set: another version of the method calibrated it."""
    return InputRefused(
        f"Another version of the method made the calibration: its form is {found[:60]}, this version reads {FORMAT}.",
        file=FILE,
        remedy=(
            "Run «species validate» on the set again; a laboratory proposes it again as a new edition. An old result "
            "is repeated with the version of Spoor that computed it."
        ),
    )


def _damaged(what: str) -> InputRefused:
    return InputRefused(
        f"The calibration is not what was written: {what}.",
        file=FILE,
        remedy="Run «species validate» on the set again; a laboratory proposes it again as a new edition.",
    )
