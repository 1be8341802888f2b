"""What the record holds that a draft's numbers may come from: runs, amounts, counts at intake, dates, seals."""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from django.utils import timezone
from django.utils.translation import gettext as _

from chain_of_custody.models import Seal
from lims.casework.models import Intake, IntakeContainer, Quantity, SamplingPlan
from lims.lab.draftnumbers import DraftNumber, Passage, Recorded, draft_numbers
from lims.lab.models import Finding, Report


def report_numbers(*, report: Report, findings: Sequence[Finding]) -> tuple[list[DraftNumber], int]:
    """Every number of the draft with the records it agrees with, and how many are beyond the list's bound."""
    return draft_numbers(list(_passages(report, findings)), _records(report, findings), language=report.language)


def _passages(report: Report, findings: Iterable[Finding]) -> Iterator[Passage]:
    yield Passage(place=_("Question"), text=report.question)
    for one in findings:
        about = one.item.reference
        yield Passage(place=about, text=one.text, about=about)
        if one.basis:
            yield Passage(place=about, text=one.basis, about=about)
    yield Passage(place=_("Limits"), text=report.limits)
    yield Passage(place=_("Declaration"), text=report.declaration)


def _records(report: Report, findings: Sequence[Finding]) -> list[Recorded]:
    items = {one.item_id for one in findings} | {row.item_id for row in report.items.all()}
    return [*_of_runs(findings), *_of_items(items), *_of_arrivals(report), *_of_case(report)]


def _of_runs(findings: Iterable[Finding]) -> Iterator[Recorded]:
    for one in findings:
        about = one.item.reference
        if one.outcome is not None and one.run is not None:
            for number in one.outcome.summary.get("numbers", []):
                source = f"{one.run.reference}: {str(number['name']).replace('_', ' ')}"
                for value in (number["value"], *(number.get("interval") or ())[:2]):
                    yield Recorded(
                        source=source, value=Decimal(repr(float(value))), unit=str(number["unit"]), about=about
                    )
        for run_time in (one.run.finished_at if one.run else None, one.made_at):
            if run_time is not None:
                yield Recorded(source=_("Dates of the work"), value=timezone.localtime(run_time).date(), about=about)


def _of_items(items: Iterable[int]) -> Iterator[Recorded]:
    known = list(items)
    for row in Quantity.objects.filter(item__in=known).select_related("item").order_by("pk"):
        about = row.item.reference
        yield Recorded(source=_("Amount at first"), value=row.initial, unit=row.unit, about=about)
        yield Recorded(source=_("Amount left"), value=row.left, unit=row.unit, about=about)
    for seal in Seal.objects.filter(item__in=known).select_related("item").order_by("pk"):
        yield Recorded(source=_("Seal"), value=seal.number.upper(), about=seal.item.reference)
    for plan in SamplingPlan.objects.filter(lot__item__in=known).select_related("lot__item").order_by("pk"):
        for count in (plan.population, len(plan.sampled), len(plan.unsampled)):
            yield Recorded(source=_("Sampling plan"), value=Decimal(count), unit="no", about=plan.lot.item.reference)


def _of_arrivals(report: Report) -> Iterator[Recorded]:
    for intake in Intake.objects.filter(case=report.case_id).order_by("pk"):
        day = timezone.localtime(intake.received_at).date()
        yield Recorded(source=intake.reference, value=day)
        for containers in (intake.containers_stated, intake.containers_found):
            yield Recorded(source=intake.reference, value=Decimal(containers), unit="no")
    rows = IntakeContainer.objects.filter(intake__case=report.case_id).select_related("intake").order_by("pk")
    for row in rows:
        for seal in (row.seal_stated, row.seal_found):
            if seal:
                yield Recorded(source=row.intake.reference, value=seal.upper())
        for weight in (row.weight_stated_kg, row.weight_found_kg):
            if weight is not None:
                yield Recorded(source=row.intake.reference, value=weight, unit="kg")
        for pieces in (row.pieces_stated, row.pieces_found):
            if pieces is not None:
                yield Recorded(source=row.intake.reference, value=Decimal(pieces), unit="no")


def _of_case(report: Report) -> Iterator[Recorded]:
    if report.case.offence_date is not None:
        yield Recorded(source=_("Offence"), value=report.case.offence_date)
    for seizure in report.case.seizures.order_by("pk"):
        yield Recorded(source=_("Seizure"), value=timezone.localtime(seizure.seized_at).date())
