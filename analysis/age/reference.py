"""Calibration curves as a frozen reference set of kind «age.curve»."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from analysis.age.curve import Curve, curve_join, curve_read
from analysis.canonical import Json
from analysis.errors import InputRefused
from analysis.reference import ReferenceSet, freeze_files, open_reference

KIND = "age.curve"


@dataclass(frozen=True, slots=True, kw_only=True)
class CurveSet:
    """A joined curve with the set it comes from; `zone` as it was named, or empty."""

    reference: ReferenceSet
    curve: Curve
    zone: str


def curve_freeze(
    folder: Path, files: Sequence[tuple[str, bytes]], *, zone: str | None, name: str, version: str
) -> ReferenceSet:
    """Check curve files (`.14c` or CSV), the first with precedence where they overlap, and freeze them.

    Raises `InputRefused` as `curve_read` and `curve_join` do: another zone, two hemispheres, a gap between curves.
    """
    if len({file for file, _content in files}) < len(files):
        raise InputRefused("Two files have one name.", field="files", remedy="Give each curve once.")
    joined = curve_join([curve_read(content, name=file, zone=zone) for file, content in files])
    order: list[Json] = [file for file, _content in files]
    facts: dict[str, Json] = {
        "zone": zone or "",
        "hemisphere": joined.hemisphere,
        "files_in_order": order,
        "points": len(joined.years),
        "from": round(float(joined.years[0]), 2),
        "to": round(float(joined.years[-1]), 2),
    }
    contents = {f"{place:02d}-{Path(file).name}": content for place, (file, content) in enumerate(files)}
    return freeze_files(folder, contents, kind=KIND, name=name, version=version, facts=facts)


def curve_open(folder: Path) -> CurveSet:
    """Open a frozen set of curves; every byte is checked."""
    reference = open_reference(folder, kind=KIND)
    zone = str(reference.facts["zone"])
    order = reference.facts["files_in_order"]
    names = [str(file) for file in order] if isinstance(order, list) else []
    curves = [
        curve_read(reference.path(f"{place:02d}-{Path(file).name}").read_bytes(), name=file, zone=zone or None)
        for place, file in enumerate(names)
    ]
    joined = replace(curve_join(curves), name=f"{reference.name} {reference.version}")
    return CurveSet(reference=reference, curve=joined, zone=zone)
