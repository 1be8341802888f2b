"""A report's data, gathered from records: what the reviewer sees and what is signed are the same by digest."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any, Literal, cast

from django.db.models import Q
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from analysis.registry import METHODS
from analysis.verbal import VerbalScale, verbal
from chain_of_custody.models import Item
from lims.casework.models import Exhibit, SamplingPlan
from lims.casework.rules import plain
from lims.casework.selectors.arrivals import exhibits_received
from lims.casework.selectors.laboratory import laboratory_get
from lims.documents.data import report as doc
from lims.documents.data.parts import Contact, Laboratory, Language, Marks, NamedValue, SignatureSlot
from lims.documents.engine import data_json
from lims.lab.enums import ControlOutcome, FindingKind, JobState, LegalScheme, Side
from lims.lab.models import BatchControl, Finding, ReferenceSet, Report, ReportPerson, Run
from lims.lab.selectors.caselaw import report_rulings
from lims.lab.selectors.law import Ruling
from lims.lab.selectors.scales import scale_on

_RATES = ("rate", "accuracy", "error", "wrong", "absent", "named")
_BARE = ("1", "no", "log10")
"""Units of plain numbers and counts, which are not printed."""
_FIXED = datetime(2000, 1, 1, tzinfo=UTC)
Kind = Literal["final", "interim", "draft"]


def report_data(
    report: Report, *, kind: Kind, issued_at: datetime, marks: Marks, signer: SignatureSlot | None
) -> doc.ReportData:
    """The whole report as data, in the report's language."""
    with translation.override(report.language):
        return _data(report, kind, issued_at, marks, signer)


def report_digest(report: Report) -> str:
    """SHA-256 over everything the report says apart from its date, its marks and who signs."""
    data = report_data(report, kind="final", issued_at=_FIXED, marks=Marks(), signer=None)
    return hashlib.sha256(data_json(replace(data, dispositions=()))).hexdigest()


def report_words(report: Report) -> str:
    """Everything the report says, and who signed it, as one text to search in."""
    data = report_data(report, kind="final", issued_at=_FIXED, marks=Marks(), signer=None)
    signed = report.signed_by.name if report.signed_by else ""
    return f"{data_json(data).decode()}\n{signed}"


def laboratory() -> Laboratory:
    """The laboratory as printed on every document."""
    now = laboratory_get()
    return Laboratory(
        name=now.name or _("Laboratory not named yet"), address=now.address, accreditation=now.accreditation
    )


def _data(
    report: Report, kind: Kind, issued_at: datetime, marks: Marks, signer: SignatureSlot | None
) -> doc.ReportData:
    findings = list(
        report.findings.select_related("item", "component", "run__reference_set", "outcome", "analyst").order_by("pk")
    )
    runs = list({finding.run.pk: finding.run for finding in findings if finding.run}.values())
    case = report.case
    examined = list(report.items.filter(examined=True).select_related("item").order_by("pk"))
    received = exhibits_received(case)
    return doc.ReportData(
        language=cast("Language", report.language),
        title=report.title,
        number=report.number,
        kind=kind,
        issued_at=issued_at,
        laboratory=laboratory(),
        customer=Contact(name=report.request.customer.name if report.request else case.agency.name),
        marks=marks,
        case_reference=case.reference,
        request_reference=report.request.reference if report.request else "",
        external_references=tuple(
            NamedValue(name=row.get_scheme_display(), value=row.value)
            for row in case.external_references.order_by("pk")
        ),
        performed_from=_first(findings, runs),
        performed_to=_last(findings, runs),
        questions=(doc.QuestionAsked(text=report.question, items=tuple(row.item.reference for row in examined)),),
        findings=tuple(_finding(one) for one in findings if one.kind == FindingKind.FINDING),
        law=tuple(_legal(one, ruling) for one, found in report_rulings(report, findings) for ruling in found),
        opinions=tuple(
            doc.Opinion(text=one.text, basis=one.basis, author=one.analyst.name)
            for one in findings
            if one.kind == FindingKind.OPINION
        ),
        items=tuple(_item(row.item, received.get(row.item.uuid)) for row in examined),
        items_not_examined=tuple(
            doc.ItemNotExamined(reference=row.item.reference, description=_description(row.item), reason=row.reason)
            for row in report.items.filter(examined=False).select_related("item").order_by("pk")
        ),
        methods=tuple(_method(name, version) for name, version in sorted({(r.method, r.method_version) for r in runs})),
        results=tuple(result for one in findings for result in _results(one)),
        error_rates=tuple(rate for one in findings for rate in _error_rates(one)),
        reference_data=tuple(_reference(run) for run in _by_reference(runs)),
        verbal_scales=_scales(findings),
        limits=tuple(line.strip() for line in report.limits.splitlines() if line.strip())
        + _method_limits(runs)
        + _caveats(findings),
        deviations=_deviations(runs, [row.item for row in examined]),
        sampling_plan=_sampling_plan(row.item for row in examined),
        external_providers=tuple(
            doc.ExternalProvider(name=one.provider, part=one.get_source_display()) for one in findings if one.provider
        ),
        people=_people(report),
        dispositions=tuple(_disposition(row.item) for row in examined),
        replaces=_replaces(report),
        notify=tuple(str(name) for name in report.recipients),
        declarations=tuple(line.strip() for line in report.declaration.splitlines() if line.strip()),
        attach_data=True,
        slots=(signer,) if signer else (),
    )


def _finding(one: Finding) -> doc.Finding:
    about = f"{one.item.reference}{'/' + one.component.label if one.component else ''}"
    return doc.Finding(
        items=(about,),
        text=one.text,
        taxon=one.name_found,
        outcome=one.get_identification_display() if one.identification else "",
        name_in_cites=one.name_cites,
        name_in_law=one.name_national,
        **_ratio(one),
    )


def _ratio(one: Finding) -> dict[str, Any]:
    """Number, the two propositions, and the words of the scale that held when the finding was made."""
    found = one.outcome.summary.get("likelihood_ratio") if one.outcome else None
    if not found:
        return {}
    log10, scale = float(found["log10"]), scale_on(one.made_at)
    number = f"{float(f'{10**log10:.3g}'):,.15g}" if abs(log10) < 6 else f"10^{log10:.1f}"
    words = verbal(log10, scale[1]) if scale else None
    return {
        "propositions": (str(found["numerator"]), str(found["denominator"])),
        "likelihood_ratio": number,
        "verbal": f"{words.words} ({words.scale} {words.version})" if words else "",
    }


def _scales(findings: Iterable[Finding]) -> tuple[doc.VerbalScaleUsed, ...]:
    """The scales whose words stand beside a ratio, with their bounds."""
    used = {}
    for one in findings:
        if one.outcome and one.outcome.summary.get("likelihood_ratio") and (found := scale_on(one.made_at)):
            used[found[0].pk] = found
    return tuple(_scale(row, scale) for _pk, (row, scale) in sorted(used.items()))


def _scale(row: ReferenceSet, scale: VerbalScale) -> doc.VerbalScaleUsed:
    ends = [*(f"{band.start:,.6g}" for band in scale.bands[1:]), ""]
    approved = timezone.localtime(row.approved_at).date().isoformat() if row.approved_at else ""
    return doc.VerbalScaleUsed(
        name=scale.name,
        version=scale.version,
        source=scale.source,
        digest=scale.sha256,
        bands=tuple((f"{band.start:,.6g}", end, band.words) for band, end in zip(scale.bands, ends, strict=True)),
        signed_off=f"{row.approved_by.name}, {approved}" if row.approved_by else "",
    )


def _legal(one: Finding, ruling: Ruling) -> doc.LegalStatus:
    cites = ruling.scheme == LegalScheme.CITES
    because = {"offence": _("day of the offence"), "seizure": _("day of the seizure; no day of the offence recorded")}
    return doc.LegalStatus(
        items=(one.item.reference,),
        law="CITES" if cites else f"{ruling.jurisdiction}: {ruling.list_name}",
        name_found=one.name_found,
        statement=ruling.statement,
        asked_on=date.fromisoformat(ruling.asked_on) if ruling.asked_on else None,
        asked_because=because.get(ruling.asked_because, ""),
        source=_("%(name)s %(edition)s, as of %(day)s")
        % {"name": ruling.list_name, "edition": ruling.edition, "day": ruling.as_of},
        digest=ruling.digest,
        name_in_list=ruling.name_in_list,
        name_in_law=ruling.name_in_law,
        annotations=tuple(dict.fromkeys(note for part in ruling.parts for note in part["annotations"])),
    )


def _results(one: Finding) -> list[doc.Result]:
    if one.outcome is None:
        return []
    return [
        doc.Result(
            items=(one.item.reference,),
            name=str(number["name"]),
            value=_value(number["value"]),
            unit=str(number["unit"]) if number["unit"] not in _BARE else "",
            interval=_interval(number.get("interval")),
            method=one.run.method if one.run else "",
            definition=str(number["definition"]),
        )
        for number in one.outcome.summary.get("numbers", [])
        if not _is_rate(number)
    ]


def _value(value: float) -> str:
    return f"{value:.4g}"


def _interval(interval: list[float] | None) -> str:
    if not interval:
        return ""
    low, high, level = interval
    return f"{low:.3g}–{high:.3g} ({level:.0%})"


def _error_rates(one: Finding) -> list[doc.ErrorRate]:
    if one.outcome is None:
        return []
    method = one.run.method if one.run else ""
    return [
        doc.ErrorRate(
            method=method,
            statement=f"{rate['definition']}: {_value(rate['value'])}, interval {_interval(rate['interval'])}",
        )
        for rate in one.outcome.summary.get("numbers", [])
        if _is_rate(rate)
    ]


def _is_rate(number: dict[str, Any]) -> bool:
    """Rates seen in validation: numbers with an interval that are named as such; others are results."""
    return bool(number.get("interval")) and any(word in str(number["name"]) for word in _RATES)


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


def _caveats(findings: Iterable[Finding]) -> tuple[str, ...]:
    """What the outcomes themselves say they do not say, each once."""
    said = (str(words) for one in findings if one.outcome for words in one.outcome.summary.get("caveats", []))
    return tuple(dict.fromkeys(said))


def _by_reference(runs: Iterable[Run]) -> list[Run]:
    return list({run.reference_set_id: run for run in runs if run.reference_set_id}.values())


def _reference(run: Run) -> doc.ReferenceDataUsed:
    used = run.reference_set
    assert used is not None  # noqa: S101 - chosen by `_by_reference`
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
