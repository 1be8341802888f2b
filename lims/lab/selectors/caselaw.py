"""What the law says of the names found in a case, on the day that counts there; frozen when a report is submitted."""

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


def outcome_rulings(outcome: RunOutcome, *, origin: str = "") -> list[Ruling]:
    """What the approved lists say of the name a run found, on the day that counts in its case."""
    run = outcome.run
    if not outcome.name or outcome.identification not in NAMED:
        return []
    question = Question(name=outcome.name, population=origin, specimen=item_term(run.item))
    return rulings([question], law_day(run.case), law_jurisdictions(run.case))[0]


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
        Question(name=one.name_cites or one.name_found, population=one.origin_country, specimen=item_term(one.item))
        for one in named
    ]
    found = rulings(questions, law_day(case), law_jurisdictions(case)) if questions else []
    return [(one, answers) for one, answers in zip(named, found, strict=True) if answers]
