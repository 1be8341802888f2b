"""Custody discrepancies: recorded by one person, countersigned by another, explained at last."""

from uuid import UUID

from django import forms
from django.http import HttpResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lims.casework.enums import DiscrepancyKind
from lims.casework.models import Case, Discrepancy
from lims.casework.selectors.cases import discrepancy_get
from lims.casework.selectors.listing import items_by_reference
from lims.casework.services.discrepancies import discrepancy_countersign, discrepancy_explain, discrepancy_record
from lims.common.errors import BadInput
from lims.web.access import PageRequest, page_for
from lims.web.casefile import case_context, case_gate, case_page, seen
from lims.web.fields import CodeOrNothing, LongField
from lims.web.formpage import FormPage, form_page
from lims.web.forms import PageForm, submit
from lims.web.parts import Crumb, Fact


class CountersignForm(PageForm):
    """A second person confirms what was found."""

    seen = forms.BooleanField(label=gettext_lazy("I have seen it myself, and it is as recorded"))


class ExplainForm(PageForm):
    """What explains a difference."""

    explanation = LongField(label=gettext_lazy("What explains it"), max_length=500)
    customer_told = forms.BooleanField(label=gettext_lazy("The submitting agency has been told"), required=False)


@page_for("discrepancy.countersign", "case.read")
def discrepancy(request: PageRequest, uuid: UUID) -> HttpResponse:
    """Countersign or explain a difference; what stands is shown first."""
    row = discrepancy_get(actor=request.actor, uuid=uuid)
    gate = case_gate(request, row.case)
    if gate is not None:
        return gate
    seen(request, row.case, kind="discrepancy", subject=row)
    form: PageForm = (ExplainForm if row.state == "countersigned" else CountersignForm)(request.POST or None)
    return submit(request, form, lambda: _done(request, row, form)) or form_page(request, form, _view(request, row))


def _done(request: PageRequest, row: Discrepancy, form: PageForm) -> str:
    data = form.cleaned_data
    if isinstance(form, ExplainForm):
        discrepancy_explain(
            actor=request.actor,
            discrepancy=row,
            explanation=data["explanation"],
            customer_told=data["customer_told"],
        )
    else:
        discrepancy_countersign(actor=request.actor, discrepancy=row)
    return reverse("web:case", args=[row.case.reference]) + "#differences"


def _view(request: PageRequest, row: Discrepancy) -> FormPage:
    explains = row.state == "countersigned"
    own = row.recorded_by_id == request.actor.party_id and not explains
    return FormPage(
        title=_("Explain the difference") if explains else _("Countersign the difference"),
        button=_("Record the explanation") if explains else _("Countersign"),
        cancel=reverse("web:case", args=[row.case.reference]),
        eyebrow=f"{row.case.reference} · {row.case.title}",
        warning=_("You recorded this difference. A second person countersigns it.") if own else "",
        facts=_facts(row),
        context=case_context(request, row.case, Crumb(label=_("Difference"))),
    )


def _facts(row: Discrepancy) -> list[Fact]:
    recorded = date_format(timezone.localtime(row.recorded_at), "j M Y H:i")
    return [
        Fact(label=_("Found"), value=row.found, detail=str(row.get_kind_display()), tone="warn", lead=True),
        Fact(label=_("Stated"), value=row.stated),
        Fact(label=_("About"), value=row.item.reference if row.item else _("the delivery")),
        Fact(label=_("Recorded by"), value=row.recorded_by.name, detail=recorded),
    ]


class DiscrepancyForm(PageForm):
    """A difference to record."""

    kind = forms.ChoiceField(label=gettext_lazy("What differs"), choices=DiscrepancyKind.choices)
    stated = forms.CharField(label=gettext_lazy("Stated"), max_length=200)
    found = forms.CharField(label=gettext_lazy("Found"), max_length=200)
    item = CodeOrNothing(label=gettext_lazy("Of this item"))


@case_page("item.register")
def discrepancy_new(request: PageRequest, case: Case) -> HttpResponse:
    """Record a difference between what was stated and what was found."""
    form = DiscrepancyForm(request.POST or None, initial={"item": request.GET.get("item", "")})

    def do() -> str:
        data = form.cleaned_data
        found = items_by_reference(actor=request.actor, references=[data["item"]]) if data["item"] else []
        if data["item"] and not found:
            raise BadInput(_("There is no item %(found)s.") % {"found": data["item"]}, field="item")
        discrepancy_record(
            actor=request.actor,
            case=case,
            kind=data["kind"],
            stated=data["stated"],
            found=data["found"],
            item=found[0] if found else None,
        )
        return reverse("web:case", args=[case.reference]) + "#differences"

    view = FormPage(
        title=_("Record a discrepancy"),
        button=_("Record the difference"),
        cancel=reverse("web:case", args=[case.reference]),
        eyebrow=f"{case.reference} · {case.title}",
        note=_("A second person countersigns it; then it can be explained. Work goes on meanwhile."),
        context=case_context(request, case, Crumb(label=_("Record a discrepancy"))),
    )
    return submit(request, form, do) or form_page(request, form, view)


urlpatterns = [
    path("discrepancies/<uuid:uuid>/", discrepancy, name="discrepancy"),
    path("cases/<str:reference>/discrepancies/new/", discrepancy_new, name="discrepancy_new"),
]
