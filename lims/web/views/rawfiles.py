"""Raw files of an item: what was handed in, handing in more, starting a run from them."""

from collections.abc import Sequence

from django import forms
from django.http import HttpResponse, HttpResponseBase
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from analysis.registry import METHODS
from chain_of_custody.models import Item
from lims.casework.models import Case
from lims.casework.selectors.access import case_scope
from lims.casework.selectors.cases import item_case, item_get
from lims.common.errors import BadInput, NotFound
from lims.lab.enums import BatchState
from lims.lab.models import ReferenceSet
from lims.lab.selectors.files import item_consensus_tables
from lims.lab.selectors.pages import (
    components_of,
    declared_taxon,
    item_batches,
    item_raw_files,
    item_runs,
    reference_usable,
)
from lims.lab.services.rawfiles import RawFile, raw_files_store
from lims.lab.services.runs import run_queue
from lims.web.access import PageRequest, page_for
from lims.web.casefile import item_page
from lims.web.describing import item_text
from lims.web.forms import PageForm, page, submit
from lims.web.labfile import about_case, address_of, download
from lims.web.methodwords import METHOD_FORMS, ROLES
from lims.web.parts import Crumb
from lims.web.rundescribing import run_row
from lims.web.runforms import Choices, RunForm


class UploadForm(PageForm):
    """Files as the instrument wrote them; each in its role."""

    trace_forward = forms.FileField(label=ROLES["trace_forward"], required=False)
    trace_reverse = forms.FileField(label=ROLES["trace_reverse"], required=False)
    sequence = forms.FileField(label=ROLES["sequence"], required=False)
    screen = forms.FileField(label=ROLES["screen"], required=False)
    amplicons = forms.FileField(label=ROLES["amplicons"], required=False)
    blank = forms.FileField(label=ROLES["blank"], required=False)
    positive = forms.FileField(label=ROLES["positive"], required=False)
    genotypes = forms.FileField(label=ROLES["genotypes"], required=False)
    genotype_runs = forms.FileField(label=ROLES["genotype_runs"], required=False)
    measurements = forms.FileField(label=ROLES["measurements"], required=False)
    claims = forms.FileField(label=ROLES["claims"], required=False)
    cutoffs = forms.FileField(label=ROLES["cutoffs"], required=False)
    range_map = forms.FileField(label=ROLES["range_map"], required=False)
    id_column = forms.CharField(
        label=gettext_lazy("Column of the sample names"), initial="id", max_length=80, required=False
    )

    def files_given(self) -> list[RawFile]:
        """The files that were chosen."""
        column = self.cleaned_data["id_column"] or "id"
        given = [(role, self.cleaned_data.get(role)) for role in ROLES]
        return [RawFile(role=role, name=one.name, source=one.file, id_column=column) for role, one in given if one]


@item_page("case.read")
def raw_files(request: PageRequest, item: Item, case: Case | None) -> HttpResponse:
    """What was read from this item, and what was made of it?"""
    if case is None:
        raise BadInput(_("Files belong to items of a case."), field="item")
    form = UploadForm(request.POST or None, request.FILES or None)

    def do() -> str:
        raw_files_store(actor=request.actor, item=item, files=form.files_given())
        return reverse("web:raw_files", args=[item.reference])

    if done := submit(request, form, do):
        return done
    scope = case_scope(case)
    files = list(item_raw_files(actor=request.actor, item=item, case=case))
    context = about_case(request, case, *_steps(item)) | {
        "item": item,
        "item_text": item_text(item),
        "files": [(one, ROLES.get(one.role, one.role)) for one in files],
        "runs": [run_row(run) for run in item_runs(actor=request.actor, item=item)[:50]],
        "form": form if request.actor.may("file.upload", scope) else None,
        "can_start": bool(files) and request.actor.may("run.start", scope),
    }
    return page(request, "web/lab/raw_files.html", context, form=form)


def _steps(item: Item) -> tuple[Crumb, Crumb]:
    return (
        Crumb(label=item.reference, href=address_of("item", item.reference)),
        Crumb(label=_("Raw files and runs"), href=reverse("web:raw_files", args=[item.reference])),
    )


@page_for("file.read")
@require_GET
def raw_file(request: PageRequest, reference: str, place: int) -> HttpResponseBase:
    """One raw file as it was handed in."""
    item = item_get(actor=request.actor, key=reference)
    case = item_case(item)
    if case is None:
        raise NotFound(_("Files belong to items of a case."), code="file-not-found")
    files = {one.pk: one for one in item_raw_files(actor=request.actor, item=item, case=case)}
    if place not in files:
        raise NotFound(_("There is no such file about this item."), code="file-not-found")
    return download(request, files[place], case)


@item_page("run.start")
def run_new(request: PageRequest, item: Item, case: Case | None, method: str) -> HttpResponse:
    """Start a run over files of an item."""
    if case is None or method not in METHOD_FORMS:
        raise BadInput(_("This method is not here, or the item belongs to no case."), field="method", found=method)
    choices = _choices(request, item, case, method)
    form = RunForm(request.POST or None, method=method, choices=choices, initial={"declared": declared_taxon(item)})

    def do() -> str:
        data = form.cleaned_data
        run = run_queue(
            actor=request.actor,
            case=case,
            method=method,
            inputs=form.inputs(),
            item=item,
            component=choices.components.get(data.get("component") or ""),
            batch=choices.batches.get(data["batch"]),
            reference=form.chosen("reference", choices.references),
            second=form.chosen("second", choices.seconds),
            parameters=form.parameters(),
            seed=data["seed"],
        )
        return reverse("web:run", args=[run.reference])

    if done := submit(request, form, do):
        return done
    context = about_case(request, case, *_steps(item), Crumb(label=_("Start a run"))) | {
        "item": item,
        "item_text": item_text(item),
        "form": form,
        "method": METHODS[method],
        "method_name": METHOD_FORMS[method].name,
        "others": [
            (one.name, reverse("web:run_new", args=[item.reference, name]), name == method)
            for name, one in METHOD_FORMS.items()
        ],
        "file_fields": [form[name] for name in form.roles],
        "settings": [form[name] for name in form.settings],
        "choices": [form[name] for name in ("reference", "second", "batch", "component") if name in form.fields],
    }
    return page(request, "web/lab/run_new.html", context, form=form)


def _choices(request: PageRequest, item: Item, case: Case, method: str) -> Choices:
    actor = request.actor
    asked = METHOD_FORMS[method]
    files = [one for one in item_raw_files(actor=actor, item=item, case=case) if one.role in asked.roles]
    made = item_consensus_tables(actor=actor, item=item, case=case) if "genotypes" in asked.roles else []
    batches = item_batches(actor=actor, item=item).exclude(state=BatchState.REJECTED)
    return Choices(
        files=[*files, *(file for _run, file in made)],
        made={file.pk: run.reference for run, file in made},
        references=_references(request, asked.kinds),
        seconds=_references(request, asked.shape.second_kinds),
        batches={one.reference: one for one in batches},
        components={str(one.uuid): one for one in components_of([item])},
    )


def _references(request: PageRequest, kinds: Sequence[str]) -> dict[str, ReferenceSet]:
    rows = (one for kind in kinds for one in reference_usable(actor=request.actor, kind=kind))
    return {str(one.uuid): one for one in rows}


urlpatterns = [
    path("items/<str:reference>/raw/", raw_files, name="raw_files"),
    path("items/<str:reference>/raw/<int:place>/", raw_file, name="raw_file"),
    path("items/<str:reference>/run/<str:method>/", run_new, name="run_new"),
]
