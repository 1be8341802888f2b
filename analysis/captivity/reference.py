"""A training set as a frozen reference of kind «captivity.training»."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from analysis.canonical import Json
from analysis.captivity.classify import Training, cross_validate, training_of
from analysis.errors import InputRefused
from analysis.reference import ReferenceSet, freeze_files, open_reference
from analysis.tables import rows_read

KIND = "captivity.training"
TABLE = "training.csv"


def training_freeze(
    folder: Path,
    content: bytes,
    *,
    file: str,
    name: str,
    version: str,
    class_column: str,
    variables: Sequence[str],
) -> ReferenceSet:
    """Check a table of animals of known keeping and freeze it.

    Raises `InputRefused` for missing columns, cells that are no number and classes that are too small; the
    cross-validation is made once, so that a set that cannot be judged by is not frozen.
    """
    if not variables:
        raise InputRefused("No variable is named.", field="variables", remedy="Name the measured columns.")
    training = _read(content, file, class_column, variables)
    right, named = cross_validate(training).named
    columns: list[Json] = list(variables)
    facts: dict[str, Json] = {
        "class_column": class_column,
        "variables": columns,
        "animals": len(training.values),
        "classes": len(training.classes),
        "right": right,
        "named": named,
    }
    return freeze_files(folder, {TABLE: content}, kind=KIND, name=name, version=version, facts=facts)


def training_open(folder: Path) -> tuple[ReferenceSet, Training]:
    """Open a frozen training set; every byte is checked."""
    reference = open_reference(folder, kind=KIND)
    names = reference.facts["variables"]
    variables = [str(name) for name in names] if isinstance(names, list) else []
    content = reference.path(TABLE).read_bytes()
    return reference, _read(content, TABLE, str(reference.facts["class_column"]), variables)


def _read(content: bytes, file: str, class_column: str, variables: Sequence[str]) -> Training:
    rows = rows_read(content, name=file, needed=(class_column, *variables))
    classes = [row.text(class_column, required=True) for row in rows]
    values = np.array([[row.number(name) for name in variables] for row in rows])
    return training_of(variables, classes, values)
