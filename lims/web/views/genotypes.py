"""Genotypes of an item taken in: the file, what its columns are, a panel; every bad cell is told before one is kept."""

from typing import Any

from django import forms
from django.http import HttpResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from analysis.genotypes.inspection import Inspection
from chain_of_custody.models import Item
from lims.casework.models import Case
from lims.common.errors import BadInput, DomainError
from lims.lab.enums import ReferenceKind
from lims.lab.models import ReferenceSet
from lims.lab.selectors.pages import reference_usable
from lims.lab.services.genotypes import GenotypeFile, genotypes_import, genotypes_look
from lims.web.access import PageRequest
from lims.web.casefile import item_page
from lims.web.describing import item_text
from lims.web.fields import with_empty
from lims.web.forms import PageForm, page, submit
from lims.web.labfile import about_case, address_of
from lims.web.methodform import text_field
from lims.web.parts import Crumb, Fact
from lims.web.referenceforms import format_field
from lims.web.shares import percent
from lims.web.tables import Table

SHOWN = 200


class ImportForm(PageForm):
    """A file of genotypes and what its columns are."""

    file = forms.FileField(label=gettext_lazy("Genotype file"))
    table_format = format_field()
    id_column = text_field(
        label=gettext_lazy("Column of the sample names"),
        initial="id",
        help_text=gettext_lazy("In a rubias table: indiv. GENEPOP and STRUCTURE files need no change."),
    )
    ignored = text_field(
        label=gettext_lazy("Columns that are no loci"), required=False, help_text=gettext_lazy("Parted by commas.")
    )
    repeats = forms.BooleanField(
        label=gettext_lazy("Rows of one name are repeated typings of one sample"),
        required=False,
        help_text=gettext_lazy("They are kept apart; the method «Repeated typings joined» makes one genotype of them."),
    )
    panel = forms.ChoiceField(
        label=gettext_lazy("Marker panel"),
        required=False,
        help_text=gettext_lazy("With a panel, raw lengths become alleles by its bins; a length between bins is told."),
    )

    def given(self) -> GenotypeFile:
        """The file with its mapping."""
        data = self.cleaned_data
        return GenotypeFile(
            name=data["file"].name,
            source=data["file"].file,
            id_column=data["id_column"],
            ignored=[one.strip() for one in data["ignored"].split(",") if one.strip()],
            table_format=data["table_format"],
            repeats=data["repeats"],
        )


@item_page("file.upload")
def genotypes_new(request: PageRequest, item: Item, case: Case | None) -> HttpResponse:
    """Take genotypes in; with «check only» the page says what is in the file and keeps nothing."""
    if case is None:
        raise BadInput(_("Files belong to items of a case."), field="item")
    panels = {str(one.uuid): one for one in reference_usable(actor=request.actor, kind=ReferenceKind.PANEL)}
    form = ImportForm(request.POST or None, request.FILES or None)
    form.fields["panel"].choices = with_empty(  # type: ignore[attr-defined]  # a ChoiceField
        [(key, str(one)) for key, one in panels.items()], _("none")
    )
    back = reverse("web:raw_files", args=[item.reference])

    def do() -> str:
        panel = panels.get(form.cleaned_data["panel"])
        genotypes_import(actor=request.actor, item=item, file=form.given(), panel=panel)
        return back

    looked = _looked(request, item, form, panels)
    if looked is None and (done := submit(request, form, do)):
        return done
    steps = (Crumb(label=item.reference, href=address_of("item", item.reference)), Crumb(label=_("Genotypes")))
    context = about_case(request, case, *steps) | {
        "item": item,
        "item_text": item_text(item),
        "form": form,
        "back": back,
        "facts": _facts(looked) if looked else [],
        "tables": _tables(looked) if looked else [],
        "good": looked is not None and not looked.problems,
    }
    status = 422 if looked is not None and looked.problems else 200
    return page(request, "web/lab/genotypes_new.html", context, form=form, status=status)


def _looked(request: PageRequest, item: Item, form: ImportForm, panels: dict[str, ReferenceSet]) -> Inspection | None:
    """What is in the file, when that is all that was asked, or when cells of it cannot be read."""
    if request.method != "POST" or not form.is_valid():
        return None
    try:
        found = genotypes_look(
            actor=request.actor, item=item, file=form.given(), panel=panels.get(form.cleaned_data["panel"])
        )
    except DomainError:
        return None  # `submit` meets it again and puts it beside its field
    return found if found.problems or request.POST.get("act") == "check" else None


def _facts(found: Inspection) -> list[Fact]:
    bad = len(found.problems)
    return [
        Fact(
            label=_("Cells that cannot be read"),
            value=str(bad) if bad else _("none"),
            tone="bad" if bad else "ok",
            lead=True,
        ),
        Fact(label=_("Animals"), value=str(found.animals)),
        Fact(label=_("Loci"), value=str(len(found.loci)), detail=", ".join(found.loci[:6])),
        Fact(label=_("Typed"), value=percent(found.typed)),
    ]


def _tables(found: Inspection) -> list[Table]:
    rows: tuple[Any, ...] = tuple(
        (str(one.row), one.column, one.cell or "–", one.remedy) for one in found.problems[:SHOWN]
    )
    head = ((_("Row"), True), (_("Column"), False), (_("Cell"), False), (_("What to do"), False))
    note = _("%(n)s more are not shown.") % {"n": len(found.problems) - SHOWN} if len(found.problems) > SHOWN else ""
    tables = [Table(title=_("Cells that cannot be read"), head=head, rows=rows, note=note)] if rows else []
    if found.notices:
        rows = tuple((one,) for one in found.notices[:SHOWN])
        tables.append(Table(title=_("To look at"), head=((_("What was seen"), False),), rows=rows))
    if found.unread:
        words = _("Not read: %(columns)s.") % {"columns": ", ".join(found.unread[:20])}
        tables.append(Table(title=_("Columns that were left"), head=(), rows=(), note=words))
    return tables


urlpatterns = [path("items/<str:reference>/genotypes/", genotypes_new, name="genotypes_new")]
