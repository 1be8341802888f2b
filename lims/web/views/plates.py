"""A plate of traces: handed in at once, row by row what became of it, and how far the runs are."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from lims.lab.enums import BatchState, ReferenceKind
from lims.lab.models import Plate, PlateSample
from lims.lab.rules.plates import LARGEST_MAP
from lims.lab.selectors.pages import reference_usable
from lims.lab.selectors.plates import plate_get, plate_list, plate_samples
from lims.lab.selectors.work import batch_list
from lims.lab.services.plates import plate_receive
from lims.web.access import PageRequest, page_for
from lims.web.describing import Badge
from lims.web.fields import FilesField, FilesInput, with_empty
from lims.web.formpage import FormPage, form_page
from lims.web.forms import PageForm, page, submit
from lims.web.parts import Crumb, Fact
from lims.web.rundescribing import run_row

MOST_PLATES = 100


class PlateForm(PageForm):
    """The traces of a plate, and how they are placed."""

    field_of = {"files": "traces"}
    traces = FilesField(
        allow_empty_file=True,  # one that is empty is told in its row
        label=gettext_lazy("Traces (.ab1), or one archive of them (.zip)"),
        widget=FilesInput(attrs={"multiple": True, "accept": ".ab1,.abi,.zip"}),
        help_text=gettext_lazy(
            "Forward and reverse are read from the names (F and R, fwd and rev, known primers), the sample from the "
            "item's reference or the well of the batch."
        ),
    )
    plate_map = forms.FileField(
        label=gettext_lazy("Map of the plate (CSV)"),
        required=False,
        help_text=gettext_lazy(
            "Columns forward, reverse, item; where wanted well and declared. It stands before the names."
        ),
    )
    reference = forms.ChoiceField(label=gettext_lazy("Reference set"))
    batch = forms.ChoiceField(
        label=gettext_lazy("Batch"),
        required=False,
        help_text=gettext_lazy("Its positions say which item is in which well; its controls stand beside the results."),
    )


@page_for("run.start")
def plate_new(request: PageRequest) -> HttpResponse:
    """Hand in the traces of a plate and start a run for each pair."""
    form = PlateForm(request.POST or None, request.FILES or None, initial={"batch": request.GET.get("batch", "")})
    references = {str(one.uuid): one for one in reference_usable(actor=request.actor, kind=ReferenceKind.SPECIES)}
    open_ones = batch_list(actor=request.actor).exclude(state=BatchState.REJECTED)[:200]
    batches = {one.reference: one for one in open_ones}
    words = [(key, f"{one} · {one.records}") for key, one in references.items()]
    form.fields["reference"].choices = words or [("", _("none is approved"))]  # type: ignore[attr-defined]
    form.fields["batch"].choices = with_empty([(key, key) for key in batches])  # type: ignore[attr-defined]

    def do() -> str:
        data = form.cleaned_data
        made = plate_receive(
            actor=request.actor,
            files=[(one.name, one.file) for one in data["traces"]],
            reference=references[data["reference"]],
            batch=batches.get(data["batch"]),
            plate_map=data["plate_map"].read(LARGEST_MAP + 1) if data["plate_map"] else None,
        )
        return reverse("web:plate", args=[made.uuid])

    view = FormPage(
        title=_("Hand in a plate of traces"),
        button=_("Check, keep and start the runs"),
        cancel=reverse("web:plate_list"),
        note=_("Rows are independent: one that cannot be used is told with its reason, the others go on."),
        layout=(("", ("traces", "plate_map", "reference", "batch")),),
        icon="upload",
        crumbs=[Crumb(label=_("Plates of traces"), href=reverse("web:plate_list")), Crumb(label=_("new"))],
    )
    return submit(request, form, do) or form_page(request, form, view)


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleView:
    """A row of a plate in words; `problem` is why it was refused or why its run failed."""

    row: PlateSample
    problem: str
    answer: str
    taxon: str
    state: Badge
    href: str


def _sample(row: PlateSample) -> SampleView:
    if row.control is not None and not row.problem:
        words = str(row.control.get_kind_display())
        return SampleView(row=row, problem="", answer=words, taxon="", state=Badge(kind="ok", text=_("kept")), href="")
    if row.run is None:
        return SampleView(
            row=row, problem=row.problem, answer="", taxon="", state=Badge(kind="bad", text=_("refused")), href=""
        )
    run = run_row(row.run)
    return SampleView(
        row=row, problem=row.run.error, answer=run.answer, taxon=run.taxon, state=run.state, href=run.href
    )


@page_for("run.read")
@require_GET
def plates(request: PageRequest) -> HttpResponse:
    """Which plates were handed in, and how far are they?"""
    context = {
        "plates": plate_list(actor=request.actor)[:MOST_PLATES],
        "can_new": request.actor.may("run.start"),
        "crumbs": [Crumb(label=_("Plates of traces"))],
    }
    return page(request, "web/lab/plate_list.html", context)


@page_for("run.read")
@require_GET
def plate(request: PageRequest, uuid: UUID) -> HttpResponse:
    """What became of each row of the plate?"""
    row = plate_get(actor=request.actor, uuid=uuid)
    context = _rows(request, row) | {
        "plate": row,
        "crumbs": [Crumb(label=_("Plates of traces"), href=reverse("web:plate_list")), Crumb(label=_("A plate"))],
    }
    return page(
        request,
        "web/lab/plate.html",
        context,
        partial="web/lab/_plate_rows.html",
        status=202 if context["poll"] else 200,
    )


def _rows(request: PageRequest, row: Plate) -> dict[str, Any]:
    samples = [_sample(one) for one in plate_samples(actor=request.actor, plate=row)]
    over = sum(one.row.run is not None and one.row.run.over for one in samples)
    refused = sum(bool(one.row.problem) for one in samples)
    controls = sum(one.row.run is None for one in samples) - refused
    asked = len(samples) - refused - controls
    waiting = asked - over
    return {
        "samples": samples,
        "poll": reverse("web:plate", args=[row.uuid]) if waiting else "",
        "percent": round(100 * over / max(1, asked)),
        "facts": [
            Fact(label=_("Done"), value=_("%(n)s of %(all)s") % {"n": over, "all": asked}, lead=True),
            Fact(label=_("Refused rows"), value=str(refused) if refused else _("none"), tone="bad" if refused else ""),
        ],
    }


urlpatterns = [
    path("plates/", plates, name="plate_list"),
    path("plates/new/", plate_new, name="plate_new"),
    path("plates/<uuid:uuid>/", plate, name="plate"),
]
