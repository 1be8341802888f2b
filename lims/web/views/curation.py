"""A set of reference sequences record by record: what was read, what to look at, coverage, what an edition changed."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from lims.lab.enums import CurationChoice, ReferenceState
from lims.lab.models import ReferenceSet
from lims.lab.selectors.curation import (
    RecordFindings,
    editions_difference,
    findings_by_record,
    table_rows,
)
from lims.lab.selectors.work import reference_get, reference_list
from lims.lab.services.curation import curation_decide, reference_curated
from lims.web.access import PageRequest, page_for
from lims.web.describing import Badge
from lims.web.formpage import FormPage, form_page
from lims.web.forms import PageForm, page, submit
from lims.web.listing import Column, Listing, ListRequest
from lims.web.parts import Crumb, Fact

MOST_CHANGES = 500


def code_words(code: str) -> str:
    """What a finding is called on a page."""
    words = {
        "duplicate": _("same bases, same species"),
        "shared-sequence": _("same bases, another species"),
        "label-outlier": _("nearer to another species"),
        "unverified-name": _("the name settles no species"),
        "contamination": _("likely contamination"),
        "too-short": _("too short"),
        "out-of-frame": _("out of frame"),
    }
    return words.get(code, code)


def _crumbs(row: ReferenceSet, here: str) -> list[Crumb]:
    return [
        Crumb(label=_("Reference sets"), href=reverse("web:reference_list")),
        Crumb(label=str(row), href=reverse("web:reference", args=[row.uuid])),
        Crumb(label=here),
    ]


def _places(row: ReferenceSet, here: str) -> list[tuple[str, str, bool]]:
    """The pages about one set, for its tabs."""
    names = (
        ("reference_curation", _("To look at")),
        ("reference_records", _("Records")),
        ("reference_report", _("What was read")),
        ("reference_coverage", _("Coverage")),
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
    cells = tuple([one.get(column.key, "") for column in columns] for one in found)
    titles = {"report": _("What was read"), "records": _("Records"), "coverage": _("Coverage")}
    context = {
        "row": row,
        "title": titles[table],
        "rows": Listing(ask=ask, rows=cells, total=found.total, number=found.number),
        "numeric": [column.numeric for column in columns],
        "tabs": _places(row, name),
        "crumbs": _crumbs(row, titles[table]),
        "facts": _facts(row),
        "note": _notes()[table],
    }
    return page(request, "web/lab/reference_table.html", context)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingView:
    """A record to look at, in words."""

    row: RecordFindings
    seen: tuple[tuple[str, str], ...]
    state: Badge
    decide: str


def _finding(row: ReferenceSet, one: RecordFindings, *, may: bool) -> FindingView:
    if one.decision is not None:
        excluded = one.decision.choice == CurationChoice.EXCLUDE
        state = Badge(kind="bad" if excluded else "ok", text=str(one.decision.get_choice_display()))
    else:
        state = Badge(kind="warn", text=_("to decide")) if one.needed else Badge(kind="idle", text=_("told"))
    return FindingView(
        row=one,
        seen=tuple((code_words(code), text) for code, text in one.seen),
        state=state,
        decide=reverse("web:reference_decide", args=[row.uuid]) + f"?record={one.accession}" if may else "",
    )


@page_for("run.read")
@require_GET
def reference_curation(request: PageRequest, uuid: UUID) -> HttpResponse:
    """Which records contradict the others, and what was decided on them?"""
    row = reference_get(actor=request.actor, uuid=uuid)
    found = findings_by_record(actor=request.actor, reference=row)
    word = request.GET.get("q", "").strip().lower()
    if word:
        found = [one for one in found if word in f"{one.accession} {one.taxon} {one.seen}".lower()]
    may = request.actor.may("reference.manage") and row.state == ReferenceState.PROPOSED
    open_ones = sum(one.needed and one.decision is None for one in found)
    out = sum(one.decision is not None and one.decision.choice == CurationChoice.EXCLUDE for one in found)
    context = {
        "row": row,
        "records": [_finding(row, one, may=may) for one in found[:MOST_CHANGES]],
        "more": max(0, len(found) - MOST_CHANGES),
        "word": word,
        "can_build": may and out > 0,
        "can_decide": may,
        "tabs": _places(row, "reference_curation"),
        "facts": [
            Fact(
                label=_("To decide before approval"),
                value=str(open_ones) if open_ones else _("none"),
                tone="warn" if open_ones else "ok",
                lead=True,
            ),
            Fact(label=_("To be left out"), value=str(out) if out else _("none")),
            Fact(label=_("Records with something to tell"), value=str(len(found))),
        ],
        "crumbs": _crumbs(row, _("To look at")),
    }
    return page(request, "web/lab/reference_curation.html", context)


class CurationForm(PageForm):
    """Keep a record or leave it out, and why."""

    field_of = {"accession": "record"}
    record = forms.CharField(label=gettext_lazy("Record"), max_length=120)
    choice = forms.ChoiceField(
        label=gettext_lazy("What becomes of it"), choices=CurationChoice.choices, widget=forms.RadioSelect
    )
    reason = forms.CharField(label=gettext_lazy("Why"), max_length=300)


@page_for("reference.manage")
def reference_decide(request: PageRequest, uuid: UUID) -> HttpResponse:
    """Decide on one record of a proposed set."""
    row = reference_get(actor=request.actor, uuid=uuid)
    form = CurationForm(request.POST or None, initial={"record": request.GET.get("record", "")})
    back = reverse("web:reference_curation", args=[row.uuid])

    def do() -> str:
        data = form.cleaned_data
        curation_decide(
            actor=request.actor, reference=row, accession=data["record"], choice=data["choice"], reason=data["reason"]
        )
        return back

    view = FormPage(
        title=_("Decide on a record"),
        button=_("Record it"),
        cancel=back,
        eyebrow=str(row),
        note=_("The set stays as it is. What is left out is missing from the next edition."),
        icon="review",
        crumbs=_crumbs(row, _("Decide on a record")),
    )
    return submit(request, form, do) or form_page(request, form, view)


class EditionForm(PageForm):
    """The name of the next edition."""

    edition = forms.CharField(label=gettext_lazy("Edition"), max_length=40)


@page_for("reference.manage")
def reference_next(request: PageRequest, uuid: UUID) -> HttpResponse:
    """Build the next edition without the records that were left out."""
    row = reference_get(actor=request.actor, uuid=uuid)
    form = EditionForm(request.POST or None)

    def do() -> str:
        made = reference_curated(actor=request.actor, reference=row, edition=form.cleaned_data["edition"])
        return reverse("web:reference", args=[made.uuid])

    view = FormPage(
        title=_("Build the next edition"),
        button=_("Build and propose"),
        cancel=reverse("web:reference_curation", args=[row.uuid]),
        eyebrow=str(row),
        note=_("From the same files, without the records that are to be left out, each with its reason."),
        icon="map",
        crumbs=_crumbs(row, _("Build the next edition")),
    )
    return submit(request, form, do) or form_page(request, form, view)


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
    likely = next((one for one in others if one.name == row.name and one.pk < row.pk), others[0] if others else None)
    asked = request.GET.get("other") or (str(likely.uuid) if likely else "")
    form = OlderForm({"other": asked} if asked else None)
    form.fields["other"].choices = [(str(one.uuid), str(one)) for one in others]  # type: ignore[attr-defined]
    context: dict[str, Any] = {
        "row": row,
        "form": form if others else None,
        "tabs": _places(row, "reference_compare"),
        "facts": [],
        "crumbs": _crumbs(row, _("Editions")),
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
    path("references/<uuid:uuid>/curation/", reference_curation, name="reference_curation"),
    path("references/<uuid:uuid>/curation/decide/", reference_decide, name="reference_decide"),
    path("references/<uuid:uuid>/curation/next/", reference_next, name="reference_next"),
    path("references/<uuid:uuid>/compare/", reference_compare, name="reference_compare"),
]
