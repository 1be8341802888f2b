"""Drafting a report: from findings, changed while it is a draft, amended by a new number that points back."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from chain_of_custody.models import Item
from lims.accounts.actors import Actor
from lims.casework.models import Case
from lims.lab.models import ExaminationRequest, Finding, Report
from lims.lab.selectors.pages import examinable_items, findings_citable
from lims.lab.selectors.reports import report_get
from lims.lab.selectors.work import request_list
from lims.lab.services.reports import ReportFacts, report_change, report_draft
from lims.web.access import PageRequest, page_for
from lims.web.casefile import case_page
from lims.web.describing import item_text, short_reference
from lims.web.fields import LongField, with_empty
from lims.web.formpage import FormPage, form_page
from lims.web.forms import submit
from lims.web.labfile import about_case, opened
from lims.web.parts import Crumb
from lims.web.reportdescribing import report_path
from lims.web.rows import RowForm, RowsForm


class NotExaminedForm(RowForm):
    """An item that was not examined."""

    item = forms.ChoiceField(label=gettext_lazy("Item not examined"))
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=200)

    def __init__(self, *args: Any, items: dict[str, Item], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        words = [(key, f"{short_reference(one)} · {item_text(one)}") for key, one in items.items()]
        self.fields["item"].choices = with_empty(words)  # type: ignore[attr-defined]


class ReportForm(RowsForm):
    """What an author writes; everything else comes from records."""

    row_class = NotExaminedForm
    at_first = 2
    title = forms.CharField(label=gettext_lazy("Title"), max_length=200)
    question = LongField(label=gettext_lazy("Question that was asked"), max_length=500)
    request = forms.ChoiceField(label=gettext_lazy("Answers the request"), required=False)
    findings = forms.MultipleChoiceField(
        label=gettext_lazy("Findings and opinions"), widget=forms.CheckboxSelectMultiple, required=False
    )
    limits = LongField(
        label=gettext_lazy("Limits"),
        required=False,
        max_length=8000,
        help_text=gettext_lazy("One a line. The limits of the methods are added from their record."),
    )
    declaration = LongField(label=gettext_lazy("Declaration"), required=False, max_length=8000)
    recipients = LongField(label=gettext_lazy("Recipients, one a line"), required=False, max_length=2000)
    language = forms.ChoiceField(label=gettext_lazy("Language of the report"))
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    replace_reason = LongField(label=gettext_lazy("Why the issued report is replaced"), max_length=500)

    def offer(self, findings: dict[str, Finding], requests: dict[str, ExaminationRequest], *, amends: bool) -> None:
        """Fill the choices."""
        words = [(key, f"{short_reference(one.item)}: {_finding_words(one)}") for key, one in findings.items()]
        self.fields["findings"].choices = words  # type: ignore[attr-defined]
        asked = [(key, one.reference) for key, one in requests.items()]
        self.fields["request"].choices = with_empty(asked)  # type: ignore[attr-defined]
        self.fields["language"].choices = settings.LANGUAGES  # type: ignore[attr-defined]
        if not amends:
            del self.fields["replace_reason"]

    def facts(self, findings: dict[str, Finding], items: dict[str, Item]) -> ReportFacts:
        """What the form says."""
        data = self.cleaned_data
        return ReportFacts(
            title=data["title"],
            question=data["question"],
            findings=[findings[key] for key in data["findings"]],
            limits=data["limits"],
            declaration=data["declaration"],
            recipients=[line for line in data["recipients"].splitlines() if line.strip()],
            not_examined=[(items[row["item"]], row["reason"]) for row in self.values()],
            language=data["language"],
        )


def _finding_words(one: Finding) -> str:
    name = one.name_found or one.text[:90]
    kind = str(one.get_identification_display()) if one.identification else ""
    opinion = _("opinion") if one.kind == "opinion" else ""
    return ", ".join(part for part in (kind, name, opinion, one.analyst.name) if part)


@dataclass(slots=True)
class _Desk:
    """Everything an author chooses from."""

    findings: dict[str, Finding]
    requests: dict[str, ExaminationRequest]
    items: dict[str, Item]


def _desk(actor: Actor, case: Case) -> _Desk:
    return _Desk(
        findings={str(one.uuid): one for one in findings_citable(actor=actor, case=case)},
        requests={str(one.uuid): one for one in request_list(actor=actor, case=case)},
        items={item.reference: item for item in examinable_items(actor=actor, case=case)},
    )


_LAYOUT = (
    (gettext_lazy("What it is about"), ("title", "question", "request", "language")),
    (gettext_lazy("What it rests on"), ("findings",)),
    (gettext_lazy("Limits and declaration"), ("limits", "declaration")),
    (gettext_lazy("Who gets it"), ("recipients",)),
)


@case_page("report.write")
def report_new(request: PageRequest, case: Case) -> HttpResponse:
    """Draft a report from findings."""
    return _draft_page(request, case, None)


@page_for("report.write")
def report_amend(request: PageRequest, number: str) -> HttpResponse:
    """Draft a report that takes an issued one's place: a new number that points back."""
    old = report_get(actor=request.actor, key=number)
    gate = opened(request, old.case, kind="report", subject=old.uuid, reference=old.number)
    return gate or _draft_page(request, old.case, old)


def _draft_page(request: PageRequest, case: Case, old: Report | None) -> HttpResponse:
    desk = _desk(request.actor, case)
    initial: dict[str, Any] = {"language": "en", "findings": list(desk.findings)} if old is None else _initial(old)
    form = ReportForm(request.POST or None, initial=initial, row_arguments={"items": desk.items})
    form.offer(desk.findings, desk.requests, amends=old is not None)

    def do() -> str:
        made = report_draft(
            actor=request.actor,
            case=case,
            facts=form.facts(desk.findings, desk.items),
            request=desk.requests.get(form.cleaned_data["request"]),
            replaces=old,
            replace_reason=form.cleaned_data["replace_reason"] if old is not None else "",
        )
        return reverse("web:report", args=[made.number])

    title = _("Amend %(number)s") % {"number": old.number} if old else _("Draft a report")
    layout = [(str(name), fields) for name, fields in _LAYOUT]
    if old is not None:
        layout.insert(0, (_("Reason"), ("replace_reason",)))
    view = FormPage(
        title=title,
        button=_("Save the draft"),
        cancel=reverse("web:case_reports", args=[case.reference]),
        eyebrow=f"{case.reference} · {case.title}",
        note=_("You write the question, the limits and to whom it goes. Items, methods and numbers come from records."),
        layout=layout,
        rows_title=_("Items not examined"),
        icon="report",
        context=about_case(request, case, Crumb(label=title)),
    )
    return submit(request, form, do) or form_page(request, form, view)


def _initial(row: Report) -> dict[str, Any]:
    return {
        "title": row.title,
        "question": row.question,
        "request": str(row.request.uuid) if row.request else "",
        "findings": [str(one.uuid) for one in row.findings.all()],
        "limits": row.limits,
        "declaration": row.declaration,
        "recipients": "\n".join(map(str, row.recipients)),
        "language": row.language,
        "version": row.version,
    }


@page_for("report.write")
def report_edit(request: PageRequest, number: str) -> HttpResponse:
    """Change a draft."""
    row = report_get(actor=request.actor, key=number)
    gate = opened(request, row.case, kind="report", subject=row.uuid, reference=row.number)
    if gate is not None:
        return gate
    desk = _desk(request.actor, row.case)
    left_out = [one for one in row.items.all() if not one.examined]
    form = ReportForm(
        request.POST or None,
        initial=_initial(row),
        row_arguments={"items": desk.items},
        row_initials=[*({"item": one.item.reference, "reason": one.reason} for one in left_out), {}, {}],
    )
    form.offer(desk.findings, desk.requests, amends=False)

    def do() -> str:
        facts = form.facts(desk.findings, desk.items)
        version = form.cleaned_data["version"] or 0
        report_change(actor=request.actor, report=row, version=version, facts=facts)
        return reverse("web:report", args=[row.number])

    view = FormPage(
        title=_("Change the draft"),
        button=_("Save the draft"),
        cancel=reverse("web:report", args=[row.number]),
        eyebrow=row.number,
        layout=[(str(name), fields) for name, fields in _LAYOUT],
        rows_title=_("Items not examined"),
        icon="edit",
        context=about_case(request, row.case, *report_path(row), Crumb(label=_("Change"))),
    )
    return submit(request, form, do) or form_page(request, form, view)


urlpatterns = [
    path("cases/<str:reference>/reports/new/", report_new, name="report_new"),
    path("reports/<str:number>/edit/", report_edit, name="report_edit"),
    path("reports/<str:number>/amend/", report_amend, name="report_amend"),
]
