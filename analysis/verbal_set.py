"""A laboratory's verbal scale as a frozen reference of kind «verbal.scale»: signed off before reports use it."""

from __future__ import annotations

from pathlib import Path

from analysis.canonical import Json
from analysis.errors import InputRefused
from analysis.reference import ReferenceSet, freeze_files, open_reference
from analysis.textfile import text_of
from analysis.verbal import VerbalScale, scales

KIND = "verbal.scale"
TABLE = "scale.csv"


def scale_freeze(folder: Path, content: bytes, *, file: str, name: str, version: str) -> ReferenceSet:
    """Check a table that holds one scale and freeze it. Raises `InputRefused` as `scales` does, and for several."""
    found = _only(text_of(content, name=file), file)
    bands: list[Json] = [[f"{band.start:.17g}", band.words] for band in found.bands]
    facts: dict[str, Json] = {
        "scale": found.name,
        "scale_version": found.version,
        "source": found.source,
        "bands": bands,
        "content_sha256": found.sha256,
    }
    return freeze_files(folder, {TABLE: content}, kind=KIND, name=name, version=version, facts=facts)


def scale_open(folder: Path) -> VerbalScale:
    """Open a frozen scale; every byte is checked."""
    reference = open_reference(folder, kind=KIND)
    return _only(text_of(reference.path(TABLE).read_bytes(), name=TABLE), TABLE)


def _only(text: str, file: str) -> VerbalScale:
    found = scales(text, name=file)
    if len(found) != 1:
        raise InputRefused(
            f"The table holds the scales {', '.join(sorted(found))}.", file=file, remedy="Propose one scale at a time."
        )
    return next(iter(found.values()))
