"""Certificate texts as data, with their sources; values are put into them once and never read again as pattern."""

import json
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TypedDict

from lims.documents.data.disclosure import CertificateData
from lims.documents.words import words


class _Form(TypedDict):
    title: str
    basis: str
    source: str
    mark: str
    statements: list[str]
    blanks: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateText:
    """The text of one certificate. `mark` says whether its content was checked against the primary source."""

    title: str
    basis: str
    source: str
    mark: str
    statements: tuple[str, ...]
    blanks: tuple[str, ...]


def certificate_text(data: CertificateData) -> CertificateText:
    """The form of `data.kind` with its places filled; what is missing becomes «not stated»."""
    form = _forms()[data.kind]
    missing = words(data.language)["not_stated"]
    values = {
        "declarant": data.declarant.name,
        "qualifications": data.qualifications,
        "process": data.process,
        "records": data.records,
        "laboratory": data.laboratory.name,
    }
    given = {name: value.rstrip(". ") or missing for name, value in values.items()}
    return CertificateText(
        title=form["title"],
        basis=form["basis"],
        source=form["source"],
        mark=form["mark"],
        statements=tuple(_filled(pattern, given) for pattern in form["statements"]),
        blanks=tuple(form["blanks"]),
    )


def _filled(pattern: str, values: dict[str, str]) -> str:
    return re.sub(r"\{(\w+)\}", lambda place: values[place.group(1)], pattern)


@cache
def _forms() -> dict[str, _Form]:
    text = files(__name__).joinpath("texts.json").read_text(encoding="utf-8")
    forms: dict[str, _Form] = json.loads(text)
    return forms
