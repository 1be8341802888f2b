"""What the law says of the names found in a case, on the day that counts there; frozen when a report is submitted."""

import re
from collections.abc import Sequence
from typing import Any

from django.utils import translation

from chain_of_custody.models import Item
from lims.casework.models import Case
from lims.lab.enums import FindingKind, Identification, ReportState
from lims.lab.models import Finding, Report, RunOutcome
from lims.lab.selectors.law import Question, Ruling, law_day, law_jurisdictions, rulings, rulings_of

NAMED = frozenset(
    (
        Identification.SPECIES,
        Identification.SPECIES_GROUP,
        Identification.GENUS,
        Identification.FAMILY,
        Identification.EXCLUDED,
        Identification.MIXTURE,
    )
)


MOST_NAMES = 50
"""Names of one mixture or group that lists are asked after."""

_BETWEEN_NAMES = re.compile(r"\s*[,;+]\s*")


def names_asked(identification: str, name: str, among: Sequence[str] = ()) -> tuple[str, ...]:
    """The names that lists are asked after: each taxon of a mixture, each of a group that has no name of its own."""
    if identification == Identification.MIXTURE:
        found = among or _BETWEEN_NAMES.split(name)
    elif identification == Identification.SPECIES_GROUP and not name:
        found = among
    else:
        found = (name,)
    return tuple(dict.fromkeys(one for one in found if one))[:MOST_NAMES]


def outcome_rulings(outcome: RunOutcome, *, origin: str = "") -> list[Ruling]:
    """What the approved lists say of the names a run found, on the day that counts in its case: name by name."""
    run = outcome.run
    if outcome.identification not in NAMED:
        return []
    names = names_asked(outcome.identification, outcome.name, outcome.summary.get("among") or ())
    if not names:
        return []
    questions = [Question(name=name, population=origin, specimen=item_term(run.item)) for name in names]
    return [one for found in rulings(questions, law_day(run.case), law_jurisdictions(run.case)) for one in found]


def report_rulings(report: Report, findings: Sequence[Finding]) -> list[tuple[Finding, list[Ruling]]]:
    """What a report says of the law: as it was when the report was submitted, of a draft as it is now."""
    if report.state == ReportState.DRAFT or report.frozen is None:
        return _asked(report.case, findings)
    kept: dict[str, list[dict[str, Any]]] = report.frozen.get("law", {})
    return [(one, rulings_of(kept[str(one.uuid)])) for one in findings if str(one.uuid) in kept]


def law_frozen(report: Report) -> dict[str, Any]:
    """What `Report.frozen` keeps: by finding, what each list said, word for word in the report's language."""
    with translation.override(report.language):
        findings = report.findings.select_related("item", "component").order_by("pk")
        asked = _asked(report.case, list(findings))
    return {"law": {str(one.uuid): [ruling.frozen() for ruling in found] for one, found in asked}}


def item_term(item: Item | None) -> str:
    """The CITES term of the exhibit an item is, or was taken from; empty where none is recorded."""
    exhibit = getattr(item, "exhibit", None)
    if exhibit is None:
        exhibit = getattr(getattr(item, "sample", None), "exhibit", None)
    return str(exhibit.term) if exhibit is not None else ""


def _asked(case: Case, findings: Sequence[Finding]) -> list[tuple[Finding, list[Ruling]]]:
    named = [one for one in findings if one.kind == FindingKind.FINDING and one.name_found]
    questions = [
        (one, Question(name=name, population=one.origin_country, specimen=item_term(one.item)))
        for one in named
        for name in names_asked(one.identification, one.name_cites or one.name_found)
    ]
    found = rulings([asked for _one, asked in questions], law_day(case), law_jurisdictions(case))
    answers: dict[int, list[Ruling]] = {one.pk: [] for one in named}
    for (one, _question), said in zip(questions, found, strict=True):
        answers[one.pk] += said
    return [(one, answers[one.pk]) for one in named if answers[one.pk]]
