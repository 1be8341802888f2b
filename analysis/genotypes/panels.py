"""A marker panel as a frozen reference of kind «genotypes.panel»."""

from __future__ import annotations

from pathlib import Path

from analysis.canonical import Json
from analysis.genotypes.markers import MarkerPanel, panel_read
from analysis.reference import ReferenceSet, freeze_files, open_reference
from analysis.textfile import text_of

KIND = "genotypes.panel"
TABLE = "panel.csv"


def panel_freeze(folder: Path, content: bytes, *, file: str, name: str, version: str) -> ReferenceSet:
    """Check a table of markers and freeze it. Raises `InputRefused` as `panel_read` does."""
    panel = panel_read(text_of(content, name=file), name=name, version=version, file=file)
    facts: dict[str, Json] = {"markers": len(panel.markers), "content_sha256": panel.sha256}
    return freeze_files(folder, {TABLE: content}, kind=KIND, name=name, version=version, facts=facts)


def panel_open(folder: Path) -> MarkerPanel:
    """Open a frozen panel; every byte is checked."""
    reference = open_reference(folder, kind=KIND)
    text = text_of(reference.path(TABLE).read_bytes(), name=TABLE)
    return panel_read(text, name=reference.name, version=reference.version, file=TABLE)
