"""A report's data, gathered from records: what the reviewer sees and what is signed are the same by digest."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Literal, cast

from django.db.models import Q
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from analysis.registry import METHODS
from chain_of_custody.models import Item
from lims.casework.models import Exhibit, SamplingPlan
from lims.casework.rules import plain
from lims.casework.selectors.arrivals import exhibits_received
from lims.casework.selectors.laboratory import laboratory_get
from lims.documents.data import report as doc
from lims.documents.data.parts import Contact, Laboratory, Language, Marks, NamedValue, SignatureSlot
from lims.documents.engine import data_json
from lims.lab.enums import ControlOutcome, FindingKind, JobState, Side
from lims.lab.models import BatchControl, Finding, ReferenceSet, Report, ReportPerson, Run
from lims.lab.selectors import report_answers as answers
from lims.lab.selectors.caselaw import report_rulings
from lims.lab.selectors.report_figures import report_figures

_FIXED = datetime(2000, 1, 1, tzinfo=UTC)
Kind = Literal["final", "interim", "draft"]


def report_data(
    report: Report, *, kind: Kind, issued_at: datetime, marks: Marks, signer: SignatureSlot | None
) -> doc.ReportData:
    """The whole report as data, in the report's language."""
    with translation.override(report.language):
        return _data(report, _head(report, kind, issued_at, marks, signer), drawn=True)


def _said(report: Report) -> doc.ReportData:
    """What the report says apart from its date, its marks and who signs; its maps by caption and digest."""
    with translation.override(report.language):
        return _data(report, _head(report, "final", _FIXED, Marks(), None), drawn=False)


def report_digest(report: Report) -> str:
    """SHA-256 over everything the report says apart from its date, its marks and who signs."""
    return hashlib.sha256(data_json(replace(_said(report), dispositions=()))).hexdigest()


def report_words(report: Report) -> str:
    """Everything the report says, and who signed it, as one text to search in."""
    signed = report.signed_by.name if report.signed_by else ""
    return f"{data_json(_said(report)).decode()}\n{signed}"


def laboratory() -> Laboratory:
    """The laboratory as printed on every document."""
    now = laboratory_get()
    return Laboratory(
        name=now.name or _("Laboratory not named yet"), address=now.address, accreditation=now.accreditation
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    """What a report rests on: findings, the runs behind them, the items examined."""

    findings: list[Finding]
    runs: list[Run]
    items: list[Item]


def _work(report: Report) -> _Work:
    rows = report.findings.select_related(
        "item", "component", "run__reference_set", "run__second_set", "outcome", "analyst"
    )
    findings = list(rows.prefetch_related("run__outputs__file").order_by("pk"))
    examined = report.items.filter(examined=True).select_related("item").order_by("pk")
    return _Work(
        findings=findings,
        runs=list({finding.run.pk: finding.run for finding in findings if finding.run}.values()),
        items=[row.item for row in examined],
    )


def _data(report: Report, head: doc.ReportData, *, drawn: bool) -> doc.ReportData:
    work = _work(report)
    return _with_record(_with_answers(_with_request(head, report, work), report, work, drawn=drawn), report, work)


def _head(
    report: Report, kind: Kind, issued_at: datetime, marks: Marks, signer: SignatureSlot | None
) -> doc.ReportData:
    """What stands on the first lines, and who is to sign."""
    customer = report.request.customer.name if report.request else report.case.agency.name
    return doc.ReportData(
        language=cast("Language", report.language),
        title=report.title,
        number=report.number,
        kind=kind,
        issued_at=issued_at,
        laboratory=laboratory(),
        customer=Contact(name=customer),
        marks=marks,
        attach_data=True,
        slots=(signer,) if signer else (),
    )


def _with_request(data: doc.ReportData, report: Report, work: _Work) -> doc.ReportData:
    """What was asked, about which items, and when it was worked on."""
    received = exhibits_received(report.case)
    left = report.items.filter(examined=False).select_related("item").order_by("pk")
    return replace(
        data,
        case_reference=report.case.reference,
        request_reference=report.request.reference if report.request else "",
        external_references=tuple(
            NamedValue(name=row.get_scheme_display(), value=row.value)
            for row in report.case.external_references.order_by("pk")
        ),
        performed_from=_first(work.findings, work.runs),
        performed_to=_last(work.findings, work.runs),
        questions=(doc.QuestionAsked(text=report.question, items=tuple(item.reference for item in work.items)),),
        items=tuple(_item(item, received.get(item.uuid)) for item in work.items),
        items_not_examined=tuple(
            doc.ItemNotExamined(reference=row.item.reference, description=_description(row.item), reason=row.reason)
            for row in left
        ),
    )


def _with_answers(data: doc.ReportData, report: Report, work: _Work, *, drawn: bool) -> doc.ReportData:
    """What was found, how sure that is, and apart from it what the law and the analyst say."""
    findings = work.findings
    return replace(
        data,
        findings=tuple(answers.finding(one) for one in findings if one.kind == FindingKind.FINDING),
        law=tuple(answers.legal(one, ruling) for one, found in report_rulings(report, findings) for ruling in found),
        opinions=tuple(
            doc.Opinion(text=one.text, basis=one.basis, author=one.analyst.name)
            for one in findings
            if one.kind == FindingKind.OPINION
        ),
        results=tuple(result for one in findings for result in answers.results(one)),
        figures=report_figures(findings, drawn=drawn),
        error_rates=tuple(rate for one in findings for rate in answers.error_rates(one)),
        verbal_scales=answers.scales(findings),
    )


def _with_record(data: doc.ReportData, report: Report, work: _Work) -> doc.ReportData:
    """Methods and reference data, limits and deviations, people, and where things are now."""
    versions = sorted({(run.method, run.method_version) for run in work.runs})
    stated = tuple(line.strip() for line in report.limits.splitlines() if line.strip())
    return replace(
        data,
        methods=tuple(_method(name, version) for name, version in versions),
        reference_data=tuple(_reference(used) for used in _references(work.runs)),
        limits=stated + _method_limits(work.runs) + answers.caveats(work.findings),
        deviations=_deviations(work.runs, work.items),
        sampling_plan=_sampling_plan(work.items),
        external_providers=tuple(
            doc.ExternalProvider(name=one.provider, part=one.get_source_display())
            for one in work.findings
            if one.provider
        ),
        people=_people(report),
        dispositions=tuple(_disposition(item) for item in work.items),
        replaces=_replaces(report),
        notify=tuple(str(name) for name in report.recipients),
        declarations=tuple(line.strip() for line in report.declaration.splitlines() if line.strip()),
    )


def _item(item: Item, received: datetime | None) -> doc.ItemExamined:
    """An item as examined; an exhibit that came with no intake was received when it was registered."""
    exhibit: Exhibit | None = getattr(item, "exhibit", None)
    quantity = getattr(item, "quantity", None)
    return doc.ItemExamined(
        reference=item.reference,
        description=_description(item),
        quantity=f"{plain(quantity.initial)} {quantity.get_unit_display()}" if quantity else "",
        condition=exhibit.condition if exhibit else "",
        external_reference=", ".join(item.external_references.values_list("value", flat=True)),
        received_on=timezone.localtime(received or item.created_at).date() if exhibit else None,
        sampled_on=None
        if exhibit
        else timezone.localtime(item.sample.taken_at).date()
        if hasattr(item, "sample")
        else None,
    )


def _description(item: Item) -> str:
    exhibit, sample = getattr(item, "exhibit", None), getattr(item, "sample", None)
    if exhibit is not None:
        return str(exhibit.description)
    return f"{sample.get_kind_display()} {sample.description}".strip() if sample is not None else ""


def _method(name: str, version: str) -> doc.MethodUsed:
    method = METHODS[name]
    return doc.MethodUsed(name=name, version=version, citation=method.citation, validation=method.validation)


def _method_limits(runs: Iterable[Run]) -> tuple[str, ...]:
    return tuple(limit for name in sorted({run.method for run in runs}) for limit in METHODS[name].limits)


def _references(runs: Iterable[Run]) -> list[ReferenceSet]:
    """Every reference set the runs were computed against, each once."""
    return list({used.pk: used for run in runs for used in run.sets}.values())


def _reference(used: ReferenceSet) -> doc.ReferenceDataUsed:
    return doc.ReferenceDataUsed(
        name=used.name, version=used.edition, digest=used.digest, records=str(used.records), note=used.provenance
    )


def _deviations(runs: Iterable[Run], items: Sequence[Item]) -> tuple[str, ...]:
    """Every failed control of a batch that the runs or the items went through: a failure stays in the record."""
    batches = Q(batch__runs__in=[run.pk for run in runs]) | Q(batch__items__item__in=[item.pk for item in items])
    failed = BatchControl.objects.filter(batches, outcome=ControlOutcome.FAILED).select_related("batch").distinct()
    return tuple(
        _("%(control)s of batch %(batch)s failed: %(note)s. Disposition: %(disposition)s")
        % {
            "control": row.get_kind_display(),
            "batch": row.batch.reference,
            "note": row.note,
            "disposition": row.batch.disposition or _("none yet"),
        }
        for row in failed.order_by("pk")
    )


def _sampling_plan(items: Iterable[Item]) -> doc.SamplingPlan | None:
    plan = SamplingPlan.objects.filter(lot__item__in=list(items)).select_related("lot__item").order_by("-pk").first()
    if plan is None:
        return None
    return doc.SamplingPlan(
        reference=plan.lot.item.reference,
        population=str(plan.population),
        rule=plan.get_rule_display(),
        seed=plan.seed,
        confidence=plan.statement,
        sampled=tuple(plan.sampled),
        unsampled=tuple(plan.unsampled),
    )


def _people(report: Report) -> tuple[doc.PersonInvolved, ...]:
    rows = ReportPerson.objects.filter(report=report).select_related("party").order_by("pk")
    return tuple(
        doc.PersonInvolved(name=row.party.name, role=row.get_side_display(), part=row.part)
        for row in rows
        if row.side == Side.WORK
    )


def _disposition(item: Item) -> doc.Disposition:
    return doc.Disposition(items=(item.reference,), text=_("Held by %(name)s.") % {"name": item.custodian.name})


def _replaces(report: Report) -> doc.ReportLink | None:
    old = report.replaces
    if old is None:
        return None
    issued = timezone.localtime(old.issued_at).date() if old.issued_at else None
    return doc.ReportLink(number=old.number, issued_on=issued, reason=report.replace_reason)


def _first(findings: Iterable[Finding], runs: Iterable[Run]) -> date | None:
    times = [one.made_at for one in findings] + [run.started_at for run in runs if run.started_at]
    return timezone.localtime(min(times)).date() if times else None


def _last(findings: Iterable[Finding], runs: Iterable[Run]) -> date | None:
    times = [one.made_at for one in findings]
    times += [run.finished_at for run in runs if run.finished_at and run.state == JobState.DONE]
    return timezone.localtime(max(times)).date() if times else None
