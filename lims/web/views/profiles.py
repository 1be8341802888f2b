"""Genotype profiles of a case, the links of its seizures, and the form that enters profiles from a table."""

from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from chain_of_custody.models import StoredFile
from lims.casework.models import Case
from lims.casework.selectors.access import case_scope
from lims.casework.services.files import case_file_store
from lims.lab.selectors.profiles import profile_get, profile_list, tables_offered
from lims.lab.services.profiles import ProfileTable, profiles_enter
from lims.links.selectors.links import LinkFilter, link_list
from lims.web.access import PageRequest, page_for
from lims.web.casefile import case_context, case_page
from lims.web.describing import Badge
from lims.web.fields import with_empty
from lims.web.formpage import FormPage, form_page
from lims.web.forms import PageForm, page, submit
from lims.web.labfile import about_case, opened
from lims.web.linkwords import link_line, seizure_href, seizure_title
from lims.web.parts import Crumb, Fact
from lims.web.views.caselab import case_head

MOST = 500


@case_page("run.read")
@require_GET
def case_links(request: PageRequest, case: Case) -> HttpResponse:
    """Which animals of this case are typed, and to which seizures do they lead?"""
    actor = request.actor
    views = link_list(actor=actor, wanted=LinkFilter(case=case.uuid, rejected=True)) if actor.may("link.read") else []
    context = case_head(request, case, "case_links") | {
        "links": [link_line(view) for view in views],
        "may_links": actor.may("link.read"),
        "profiles": [(row, _state(row)) for row in profile_list(actor=actor, case=case, current=False)[:MOST]],
        "can_enter": actor.may("profile.enter", case_scope(case)) and case.state == "open",
    }
    return page(request, "web/links/case_links.html", context)


def _state(row: Any) -> Badge:
    replaced = getattr(row, "superseded_by", None) is not None
    return Badge(kind="idle", text=_("superseded")) if replaced else Badge(kind="ok", text=_("counts"))


class EnterForm(PageForm):
    """A table of genotypes and how it is read."""

    field_of = {"file": "upload"}
    upload = forms.FileField(label=gettext_lazy("Table of genotypes"), required=False)
    stored = forms.ChoiceField(label=gettext_lazy("Or a table that is here already"), required=False)
    item_column = forms.CharField(
        label=gettext_lazy("Column of the items"),
        max_length=80,
        initial="item",
        help_text=gettext_lazy("Its cells are references or scan codes of items of this case."),
    )
    panel = forms.CharField(label=gettext_lazy("Marker panel"), max_length=80)
    taxon = forms.CharField(label=gettext_lazy("Species of every row"), max_length=120, required=False)
    taxon_column = forms.CharField(label=gettext_lazy("Or the column of the species"), max_length=80, required=False)
    quality_columns = forms.CharField(
        label=gettext_lazy("Columns of quality to keep"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("Names separated by commas, such as replicates, dropouts."),
    )
    basis = forms.CharField(
        label=gettext_lazy("How the genotypes came about"),
        max_length=300,
        help_text=gettext_lazy("Such as: consensus of three replicates, two readers."),
    )
    reason = forms.CharField(label=gettext_lazy("Why they replace earlier profiles"), max_length=500, required=False)

    def clean(self) -> dict[str, Any]:
        """One table: uploaded, or chosen."""
        data = super().clean() or {}
        if bool(data.get("upload")) == bool(data.get("stored")):
            self.add_error("upload", _("Upload one table, or choose one that is here."))
        return data

    def table(self) -> ProfileTable:
        """How the table is read."""
        data = self.cleaned_data
        return ProfileTable(
            panel=data["panel"],
            basis=data["basis"],
            item_column=data["item_column"],
            taxon=data["taxon"],
            taxon_column=data["taxon_column"],
            quality_columns=tuple(one.strip() for one in data["quality_columns"].split(",") if one.strip()),
        )


@case_page("profile.enter")
def profile_new(request: PageRequest, case: Case) -> HttpResponse:
    """Enter a profile for every row of a table; all rows or none."""
    known = {one.key: one for one in tables_offered(actor=request.actor, case=case)}
    form = EnterForm(request.POST or None, request.FILES or None)
    form.fields["stored"].choices = with_empty(  # type: ignore[attr-defined]
        [(key, one.words) for key, one in known.items()]
    )
    kept: list[StoredFile] = []

    def store() -> None:
        if form.cleaned_data["upload"]:
            kept.append(_stored(request, case, form.cleaned_data["upload"]))

    def do() -> str:
        chosen = known.get(form.cleaned_data["stored"])
        profiles_enter(
            actor=request.actor,
            case=case,
            file=chosen.file if chosen else kept[0],
            table=form.table(),
            run=chosen.run if chosen else None,
            reason=form.cleaned_data["reason"],
        )
        return reverse("web:case_links", args=[case.reference])

    return submit(request, form, do, before=store) or form_page(request, form, _enter_page(request, case))


def _stored(request: PageRequest, case: Case, upload: Any) -> StoredFile:
    return case_file_store(
        actor=request.actor, case=case, source=upload, name=upload.name, media_type="text/csv", role="genotypes"
    )


def _enter_page(request: PageRequest, case: Case) -> FormPage:
    return FormPage(
        title=_("Enter genotype profiles"),
        button=_("Read the table and enter the profiles"),
        cancel=reverse("web:case_links", args=[case.reference]),
        note=_(
            "Two columns for each locus. Every row is entered, or none. Profiles never change; newer ones replace them."
        ),
        layout=(
            (_("Table"), ("upload", "stored", "item_column")),
            (_("Genotypes"), ("panel", "taxon", "taxon_column", "quality_columns", "basis", "reason")),
        ),
        icon="dna",
        context=case_context(request, case, Crumb(label=_("Enter genotype profiles"))),
    )


@page_for("run.read")
@require_GET
def profile(request: PageRequest, uuid: UUID) -> HttpResponse:
    """What was read from which row of which table, and does it still count?"""
    row = profile_get(actor=request.actor, uuid=uuid)
    gate = opened(request, row.case, kind="profile", subject=row.uuid, reference=row.item.reference)
    if gate is not None:
        return gate
    replaced = getattr(row, "superseded_by", None)
    context = about_case(
        request,
        row.case,
        Crumb(label=_("Links"), href=reverse("web:case_links", args=[row.case.reference])),
        Crumb(label=row.item.reference),
    ) | {
        "row": row,
        "state": _state(row),
        "replaced": replaced,
        "seizure": seizure_title(row.seizure),
        "seizure_href": seizure_href(row.seizure),
        "loci": sorted(row.loci.items()),
        "facts": [
            Fact(
                label=_("Typed"),
                value=_("%(typed)s of %(size)s loci") % {"typed": row.typed, "size": row.panel_size},
                lead=True,
            ),
            Fact(label=_("Marker panel"), value=row.panel),
            Fact(label=_("Species"), value=row.taxon),
        ],
    }
    return page(request, "web/links/profile.html", context)


urlpatterns = [
    path("cases/<str:reference>/links/", case_links, name="case_links"),
    path("cases/<str:reference>/profiles/new/", profile_new, name="profile_new"),
    path("profiles/<uuid:uuid>/", profile, name="profile"),
]
