"""Labels: choose items and a sheet, see what will be recorded, then download. Every copy is counted."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import HttpResponse
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET

from chain_of_custody.models import Item
from labels.errors import LabelError
from labels.render import label_svg, sheet_pdf
from labels.sizes import LABELS, SHEETS
from labels.zpl import DOTS_PER_MM, label_zpl
from lims.casework.models import LabelPrint, Submission
from lims.casework.selectors.cases import case_get
from lims.casework.selectors.counter import (
    label_copies_made,
    label_job,
    label_prints_last,
    submission_by_reference,
    submission_queue,
)
from lims.casework.selectors.labels import label_copies
from lims.casework.selectors.listing import case_item_search, items_by_reference
from lims.casework.services.labels import labels_print, labels_print_announced
from lims.common.errors import BadInput, NotFound
from lims.web.access import PageRequest, page_for
from lims.web.describing import item_text
from lims.web.forms import PageForm, page, submit
from lims.web.labelling import content_of, label_words, moment_of, sheet_words, stamp_of, wanted_of
from lims.web.parts import Fact

MOST = 500
_THERMAL = "zpl-"


def format_choices() -> list[tuple[str, str]]:
    """Sheets for an office printer, then single labels for a bench printer."""
    sheets = [(name, f"{sheet.title} · {sheet.label.title}") for name, sheet in SHEETS.items()]
    single = [
        (f"{_THERMAL}{name}", _("Bench printer (ZPL): %(size)s") % {"size": size.title})
        for name, size in LABELS.items()
    ]
    return [*sheets, *single]


class LabelsForm(PageForm):
    """What to print."""

    field_of = {"items": "item"}
    item = forms.MultipleChoiceField(label=gettext_lazy("Items"), widget=forms.CheckboxSelectMultiple)
    format = forms.ChoiceField(label=gettext_lazy("Label and sheet"), choices=format_choices)
    reason = forms.CharField(
        label=gettext_lazy("Why a copy"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("Needed for items whose label was printed before."),
    )


@page_for("label.print")
def labels(request: PageRequest) -> HttpResponse:
    """Choose items, a label and a sheet; printing is recorded before the file is made."""
    items = _candidates(request)
    copies = label_copies_made(items=items)
    form = LabelsForm(request.POST or None, initial={"item": [item.reference for item in items]})
    form.fields["item"].choices = [(item.reference, _choice(item, copies)) for item in items]  # type: ignore[attr-defined]
    if done := submit(request, form, lambda: _printed(request, form, items)):
        return done
    context = {
        "form": form,
        "items": items,
        "case_reference": request.GET.get("case", ""),
        "facts": _facts(items, copies),
        "outside": not request.actor.in_laboratory,
    }
    return page(request, "web/bench/labels.html", context, form=form)


def _candidates(request: PageRequest) -> list[Item]:
    references = [text for value in request.GET.getlist("item") for text in value.replace(",", " ").split()]
    found = items_by_reference(actor=request.actor, references=references)
    if case := request.GET.get("case", "").strip():
        row = case_get(actor=request.actor, key=case)
        rows = case_item_search(actor=request.actor, case=row).filter(scan_code__isnull=False)
        found += list(rows[: MOST - len(found)])
    return list({item.pk: item for item in found}.values())


def _choice(item: Item, copies: dict[int, int]) -> SafeString:
    made = copies.get(item.pk, 0)
    printed = ngettext("printed once", "printed %(n)s times", made) % {"n": made} if made else _("not printed yet")
    return format_html(
        '<span class="ref" translate="no">{}</span> {} <small class="muted">{}</small>',
        item.reference,
        item_text(item),
        printed,
    )


def _facts(items: list[Item], copies: dict[int, int]) -> list[Fact]:
    again = sum(1 for item in items if copies.get(item.pk))
    return [
        Fact(
            label=_("Will be recorded as"),
            value=ngettext("%(n)s print", "%(n)s prints", len(items)) % {"n": len(items)},
            detail=ngettext("%(n)s is a copy: say why", "%(n)s are copies: say why", again) % {"n": again}
            if again
            else _("all for the first time"),
            tone="warn" if again else "",
            lead=True,
        ),
        Fact(label=_("First free place"), value=_("asked with the sheet"), detail=_("for sheets that are part used")),
        Fact(label=_("Scale"), value="100 %", detail=_("the bar must measure 50 mm")),
    ]


def _printed(request: PageRequest, form: LabelsForm, items: list[Item]) -> str:
    data = form.cleaned_data
    chosen = [item for item in items if item.reference in set(data["item"])]
    size, medium = size_and_medium(data["format"])
    labels_print(actor=request.actor, items=chosen, size=size, medium=medium, reason=data["reason"])
    return job_address(request)


def size_and_medium(form: str) -> tuple[str, str]:
    """Label size and medium of a choice."""
    if form.startswith(_THERMAL):
        return form.removeprefix(_THERMAL), "zpl"
    return SHEETS[form].label.name, form


def job_address(request: PageRequest) -> str:
    """The page of the print job just recorded."""
    moment = label_prints_last(actor=request.actor)
    if moment is None:
        raise NotFound(_("There is no such print of yours."))
    return reverse("web:label_job", args=[stamp_of(moment)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """One label of a job."""

    code: str
    copy: int
    svg: SafeString
    href: str


def _job(request: PageRequest, stamp: int) -> list[LabelPrint]:
    return label_job(actor=request.actor, printed_at=moment_of(stamp))


@page_for("label.print")
@require_GET
def job(request: PageRequest, stamp: int) -> HttpResponse:
    """A recorded print: see the labels, download sheet, printer file or single pictures."""
    rows = _job(request, stamp)
    copies = label_copies(actor=request.actor, wanted=wanted_of(rows))
    size = LABELS[rows[0].size]
    words = label_words()
    previews = [
        Preview(
            code=copy.code,
            copy=copy.copy,
            # Our own renderer escapes what it is given.
            svg=mark_safe(label_svg(content_of(copy), size, words)),  # noqa: S308
            href=reverse("web:label_svg", args=[stamp, number]),
        )
        for number, copy in enumerate(copies[:60], start=1)
    ]
    sheet = next((name for name, one in SHEETS.items() if one.label is size), "")
    chosen = rows[0].medium if rows[0].medium in SHEETS else sheet
    context = {
        "rows": rows,
        "previews": previews,
        "size": size,
        "sheet": SHEETS.get(chosen),
        "stamp": stamp,
        "dpi": sorted(DOTS_PER_MM),
        "facts": _job_facts(rows, size.title),
    }
    return page(request, "web/bench/label_job.html", context)


def _job_facts(rows: list[LabelPrint], title: str) -> list[Fact]:
    again = sum(1 for row in rows if row.copy > 1)
    return [
        Fact(
            label=_("Recorded"),
            value=ngettext("%(n)s print", "%(n)s prints", len(rows)) % {"n": len(rows)},
            detail=ngettext("%(n)s is a copy", "%(n)s are copies", again) % {"n": again} if again else "",
            lead=True,
        ),
        Fact(label=_("Label"), value=title),
        Fact(label=_("Scale"), value="100 %", detail=_("the bar must measure 50 mm")),
    ]


@page_for("label.print")
@require_GET
def job_sheet(request: PageRequest, stamp: int) -> HttpResponse:
    """The sheets as PDF, from the first free place on."""
    rows = _job(request, stamp)
    copies = label_copies(actor=request.actor, wanted=wanted_of(rows))
    name = rows[0].medium if rows[0].medium in SHEETS else f"a4-{rows[0].size}"
    start = request.GET.get("start", "1")
    try:
        pdf = sheet_pdf(
            [content_of(copy) for copy in copies],
            SHEETS[name],
            start=int(start) if start.isascii() and start.isdigit() and len(start) < 5 else 0,
            job=str(stamp),
            label_words=label_words(),
            words=sheet_words(),
        )
    except LabelError as error:
        raise BadInput(error.message, code=error.code, field="start", found=start) from error
    return _file(pdf, "application/pdf", f"labels-{stamp}.pdf")


@page_for("label.print")
@require_GET
def job_zpl(request: PageRequest, stamp: int, dpi: int) -> HttpResponse:
    """All labels of the job for a bench printer."""
    rows = _job(request, stamp)
    copies = label_copies(actor=request.actor, wanted=wanted_of(rows))
    size, words = LABELS[rows[0].size], label_words()
    try:
        text = "".join(label_zpl(content_of(copy), size, words, dpi=dpi) for copy in copies)
    except LabelError as error:
        raise BadInput(error.message, code=error.code, field="dpi", found=dpi) from error
    return _file(text.encode(), "text/plain; charset=utf-8", f"labels-{stamp}.zpl")


@page_for("label.print")
@require_GET
def job_svg(request: PageRequest, stamp: int, number: int) -> HttpResponse:
    """One label of the job as SVG."""
    rows = _job(request, stamp)
    if not 1 <= number <= len(rows):
        raise NotFound(_("There is no such label."))
    copies = label_copies(actor=request.actor, wanted=wanted_of(rows[number - 1 : number]))
    svg = label_svg(content_of(copies[0]), LABELS[rows[0].size], label_words())
    return _file(svg.encode(), "image/svg+xml", f"label-{copies[0].code}-{copies[0].copy}.svg")


def _file(content: bytes, media_type: str, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type=media_type)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


class BagsForm(PageForm):
    """Labels of announced bags."""

    format = forms.ChoiceField(label=gettext_lazy("Label and sheet"), choices=format_choices)
    reason = forms.CharField(
        label=gettext_lazy("Why a copy"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("Needed when these labels were printed before."),
    )


@page_for("label.print")
@require_GET
def bag_labels(request: PageRequest) -> HttpResponse:
    """Announcements whose bags wait for labels."""
    rows = list(submission_queue(actor=request.actor).filter(state="submitted")[:100])
    return page(request, "web/status/bag_labels.html", {"rows": rows})


@page_for("label.print")
def submission_labels(request: PageRequest, reference: str) -> HttpResponse:
    """Print the labels of one announcement."""
    row: Submission = submission_by_reference(actor=request.actor, reference=reference)
    form = BagsForm(request.POST or None)

    def do() -> str:
        data: dict[str, Any] = form.cleaned_data
        size, medium = size_and_medium(data["format"])
        labels_print_announced(actor=request.actor, submission=row, size=size, medium=medium, reason=data["reason"])
        return job_address(request)

    if done := submit(request, form, do):
        return done
    context = {"submission": row, "form": form, "lines": row.lines.all()}
    return page(request, "web/status/submission_labels.html", context, form=form)


urlpatterns = [
    path("labels/", labels, name="label_list"),
    path("labels/prints/<int:stamp>/", job, name="label_job"),
    path("labels/prints/<int:stamp>/sheet.pdf", job_sheet, name="label_sheet"),
    path("labels/prints/<int:stamp>/<int:dpi>.zpl", job_zpl, name="label_zpl"),
    path("labels/prints/<int:stamp>/<int:number>.svg", job_svg, name="label_svg"),
    path("bag-labels/", bag_labels, name="bag_labels"),
    path("submissions/<str:reference>/labels/", submission_labels, name="submission_labels"),
]
