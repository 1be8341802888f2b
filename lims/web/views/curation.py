"""A set of reference sequences record by record: what was read, what to look at, coverage, what an edition changed."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from lims.lab.models import ReferenceSet
from lims.lab.selectors.curation import (
    editions_difference,
    table_rows,
)
from lims.lab.selectors.work import reference_get, reference_list
from lims.web.access import PageRequest, page_for
from lims.web.forms import PageForm, page
from lims.web.listing import Column, Listing, ListRequest
from lims.web.parts import Crumb, Fact
from lims.web.phrases import said

MOST_CHANGES = 500


def set_crumbs(row: ReferenceSet, here: str) -> list[Crumb]:
    return [
        Crumb(label=_("Reference sets"), href=reverse("web:reference_list")),
        Crumb(label=str(row), href=reverse("web:reference", args=[row.uuid])),
        Crumb(label=here),
    ]


def set_places(row: ReferenceSet, here: str) -> list[tuple[str, str, bool]]:
    """The pages about one set, for its tabs."""
    names = (
        ("reference_curation", _("To look at")),
        ("reference_records", _("Records")),
        ("reference_report", _("What was read")),
        ("reference_coverage", _("Coverage")),
        ("reference_missing", _("Missing")),
        ("reference_compare", _("Editions")),
    )
    return [(label, reverse(f"web:{name}", args=[row.uuid]), name == here) for name, label in names]


def _report_columns() -> tuple[Column, ...]:
    return (
        Column(key="file", label=_("File"), order="file"),
        Column(key="row", label=_("Row"), order="row", numeric=True),
        Column(key="accession", label=_("Record"), order="accession"),
        Column(key="taken", label=_("Taken"), order="taken"),
        Column(key="reason", label=_("Why not"), order="reason"),
    )


def _record_columns() -> tuple[Column, ...]:
    return (
        Column(key="accession", label=_("Record"), order="accession"),
        Column(key="species", label=_("Species"), order="species"),
        Column(key="locus", label=_("Locus"), order="locus"),
        Column(key="length", label=_("Bases"), order="length", numeric=True),
        Column(key="voucher", label=_("Voucher"), order="voucher"),
        Column(key="identified_by", label=_("Identified by"), order="identified_by"),
        Column(key="country", label=_("Country"), order="country"),
        Column(key="published", label=_("Publication"), order="published"),
    )


def _coverage_columns() -> tuple[Column, ...]:
    return (
        Column(key="species", label=_("Species"), order="species"),
        Column(key="locus", label=_("Locus"), order="locus"),
        Column(key="records", label=_("Records"), order="records", numeric=True),
    )


_NUMBERS = frozenset({"row", "length", "records"})
_FILTERS = {"reference_report": ("taken",), "reference_records": ("locus",), "reference_coverage": ("locus",)}


def _table(request: PageRequest, uuid: UUID, name: str, columns: tuple[Column, ...], sort: str) -> HttpResponse:
    """One of the build's tables: searched, filtered, ordered, in pages."""
    row = reference_get(actor=request.actor, uuid=uuid)
    table = name.removeprefix("reference_")
    rows = table_rows(actor=request.actor, reference=row, name=table)
    ask = ListRequest.of(request, columns=columns, filters=_FILTERS[name], sort=sort)
    for key in _FILTERS[name]:
        if wanted := ask.one(key):
            rows = [one for one in rows if one[key] == wanted]
    for word in ask.words:
        rows = [one for one in rows if word.lower() in " ".join(one.values()).lower()]
    for order in reversed(ask.order_by):
        key = order.lstrip("-")
        rows.sort(key=lambda one: int(one[key]) if key in _NUMBERS else one[key], reverse=order.startswith("-"))
    found = ask.listing(rows)
    cells = tuple([(_cell(column.key, one), column.numeric) for column in columns] for one in found)
    titles = {"report": _("What was read"), "records": _("Records"), "coverage": _("Coverage")}
    context = {
        "row": row,
        "title": titles[table],
        "rows": Listing(ask=ask, rows=cells, total=found.total, number=found.number),
        "tabs": set_places(row, name),
        "crumbs": set_crumbs(row, titles[table]),
        "facts": _facts(row),
        "note": _notes()[table],
    }
    return page(request, "web/lab/reference_table.html", context)


def _cell(key: str, row: Mapping[str, str]) -> str:
    """A cell as the build wrote it; why a record was left out, and whether it was, in the reader's language."""
    text = row.get(key, "")
    if key == "taken":
        return {"yes": _("yes"), "no": _("no")}.get(text, text)
    return said(text).text if key == "reason" else text


def _notes() -> dict[str, str]:
    return {
        "report": _("Every record of every file: taken, or left out with the reason."),
        "records": _(
            "What a record that supports a name should have: a specimen kept, who named it, where, a publication."
        ),
        "coverage": _("Records of each species at each locus. A species with 0 is known to be absent."),
    }


def _facts(row: ReferenceSet) -> list[Fact]:
    summary = row.summary
    checklist = summary.get("checklist") or {}
    named = {
        "voucher": _("With a voucher"),
        "published": _("With a publication"),
        "identified_by": _("Identified by name"),
    }
    facts = [
        Fact(label=_("Records"), value=str(row.records), lead=True),
        Fact(label=_("Left out"), value=str(summary.get("left_out_count", 0))),
    ]
    return facts + [
        Fact(label=label, value=_("%(n)s of %(all)s") % {"n": checklist.get(key, 0), "all": row.records})
        for key, label in named.items()
    ]


@page_for("run.read")
@require_GET
def reference_report(request: PageRequest, uuid: UUID) -> HttpResponse:
    """What became of each record of each file?"""
    return _table(request, uuid, "reference_report", _report_columns(), "row")


@page_for("run.read")
@require_GET
def reference_records(request: PageRequest, uuid: UUID) -> HttpResponse:
    """Which records are in the set, and what is known of their specimens?"""
    return _table(request, uuid, "reference_records", _record_columns(), "accession")


@page_for("run.read")
@require_GET
def reference_coverage(request: PageRequest, uuid: UUID) -> HttpResponse:
    """Which species have how many records at which locus?"""
    return _table(request, uuid, "reference_coverage", _coverage_columns(), "species")


class OlderForm(PageForm):
    """The edition to compare with."""

    keyed = False
    other = forms.ChoiceField(label=gettext_lazy("Compare with"))


@page_for("run.read")
@require_GET
def reference_compare(request: PageRequest, uuid: UUID) -> HttpResponse:
    """What does this edition have, lack and say otherwise?"""
    row = reference_get(actor=request.actor, uuid=uuid)
    others = [
        one
        for one in reference_list(actor=request.actor, kind=row.kind)
        if one.pk != row.pk and one.file_id is not None
    ]
    likely = next((one for one in others if one.name == row.name and one.pk < row.pk), None)
    asked = request.GET.get("other") or (str(likely.uuid) if likely else "")
    form = OlderForm({"other": asked} if asked else None)
    form.fields["other"].choices = [(str(one.uuid), str(one)) for one in others]  # type: ignore[attr-defined]
    context: dict[str, Any] = {
        "row": row,
        "form": form if others else None,
        "tabs": set_places(row, "reference_compare"),
        "facts": [],
        "crumbs": set_crumbs(row, _("Editions")),
    }
    if asked and form.is_valid():
        older = next(one for one in others if str(one.uuid) == form.cleaned_data["other"])
        change = editions_difference(actor=request.actor, reference=row, older=older)
        context |= {"older": older, "change": change, "most": MOST_CHANGES}
        context["facts"] = [
            Fact(label=_("Added"), value=str(len(change.added)), lead=True),
            Fact(label=_("Removed"), value=str(len(change.removed))),
            Fact(label=_("Said otherwise"), value=str(len(change.changed))),
            Fact(label=_("Species with another number of records"), value=str(len(change.species))),
        ]
    return page(request, "web/lab/reference_compare.html", context, form=form if others else None)


urlpatterns = [
    path("references/<uuid:uuid>/report/", reference_report, name="reference_report"),
    path("references/<uuid:uuid>/records/", reference_records, name="reference_records"),
    path("references/<uuid:uuid>/coverage/", reference_coverage, name="reference_coverage"),
    path("references/<uuid:uuid>/compare/", reference_compare, name="reference_compare"),
]
