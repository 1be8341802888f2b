"""Exhibits: several registered with one form; the same rows serve the itemising of a bag."""

from decimal import Decimal
from typing import Any

from django import forms
from django.http import HttpResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lims.accounts.actors import Actor
from lims.casework.enums import ExhibitKind, Unit
from lims.casework.models import Case, Seizure
from lims.casework.selectors.cases import seizure_list
from lims.casework.selectors.stores import own_party
from lims.casework.services.exhibits import ExhibitFacts, exhibits_register
from lims.casework.services.items import Amount
from lims.web.access import PageRequest
from lims.web.casefile import case_context, case_page
from lims.web.fields import CodeOrNothing, CountField, NumberField, code_choices, unit_field
from lims.web.formpage import FormPage, form_page
from lims.web.forms import submit
from lims.web.parts import Crumb
from lims.web.rows import RowForm, RowsForm


class ExhibitRow(RowForm):
    """One exhibit."""

    layout = (
        "description",
        "kind",
        "declared_taxon",
        "pieces_stated",
        "pieces_found",
        "amount+unit",
        "tolerance",
        "seal_number",
        "condition",
        "mark",
        "hazards",
        "code",
        "term",
        "source",
        "purpose",
    )
    description = forms.CharField(label=gettext_lazy("What it is"), max_length=300)
    kind = forms.ChoiceField(
        label=gettext_lazy("Kind of exhibit"), choices=ExhibitKind.choices, initial=ExhibitKind.SPECIMEN
    )
    declared_taxon = forms.CharField(
        label=gettext_lazy("Declared as"),
        max_length=120,
        required=False,
        help_text=gettext_lazy("The name on the papers."),
    )
    term = forms.ChoiceField(label=gettext_lazy("CITES term"), choices=code_choices("term"), required=False)
    source = forms.ChoiceField(label=gettext_lazy("CITES source"), choices=code_choices("source"), required=False)
    purpose = forms.ChoiceField(label=gettext_lazy("CITES purpose"), choices=code_choices("purpose"), required=False)
    pieces_stated = CountField(label=gettext_lazy("Pieces stated"), required=False)
    pieces_found = CountField(label=gettext_lazy("Pieces found"), required=False)
    amount = NumberField(label=gettext_lazy("Amount"), required=False)
    unit = unit_field(initial=Unit.GRAM)
    tolerance = NumberField(label=gettext_lazy("± of the scale, same unit"), required=False)
    seal_number = CodeOrNothing(label=gettext_lazy("Seal"))
    mark = forms.CharField(label=gettext_lazy("Mark, ring or chip"), max_length=80, required=False)
    condition = forms.CharField(label=gettext_lazy("Condition"), max_length=300, required=False)
    hazards = forms.CharField(label=gettext_lazy("Hazards"), max_length=200, required=False)
    code = CodeOrNothing(
        label=gettext_lazy("Code already on it"), help_text=gettext_lazy("From a label printed with the announcement.")
    )


class ExhibitsForm(RowsForm):
    """Exhibits to register."""

    row_class = ExhibitRow
    at_first = 3
    more = 3
    seizure = forms.ChoiceField(label=gettext_lazy("From which seizure"), required=False)

    def __init__(self, *args: Any, seizures: list[Seizure], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.seizures = {str(row.number): row for row in seizures}
        self.fields["seizure"].choices = [  # type: ignore[attr-defined]
            ("", "–"),
            *((key, f"{row.number}. {row.place}") for key, row in self.seizures.items()),
        ]
        if len(seizures) == 1:
            self.fields["seizure"].initial = str(seizures[0].number)

    def seizure_chosen(self) -> Seizure | None:
        """The seizure they come from."""
        return self.seizures.get(self.cleaned_data.get("seizure", ""))

    def facts(self) -> list[ExhibitFacts]:
        """What the service registers."""
        return [exhibit_facts(data) for data in self.values()]


def exhibit_facts(data: dict[str, Any]) -> ExhibitFacts:
    """One row as facts; an empty amount stays unweighed."""
    amount = None
    if data["amount"] is not None:
        amount = Amount(value=data["amount"], unit=data["unit"], tolerance=data["tolerance"] or Decimal(0))
    names = ("kind", "description", "declared_taxon", "term", "purpose", "source", "mark", "condition", "hazards")
    return ExhibitFacts(
        **{name: data[name] for name in names},
        amount=amount,
        pieces_stated=data["pieces_stated"],
        pieces_found=data["pieces_found"],
        seal_number=data["seal_number"],
        code=data["code"].replace(" ", "").upper(),
    )


@case_page("item.register")
def exhibit_new(request: PageRequest, case: Case) -> HttpResponse:
    """Register exhibits that are in the actor's hands."""
    seizures = list(seizure_list(actor=request.actor, case=case))
    form = ExhibitsForm(request.POST or None, seizures=seizures)
    if done := submit(request, form, lambda: _registered(request.actor, case, form)):
        return done
    view = FormPage(
        title=_("Add exhibits"),
        button=_("Register the exhibits"),
        cancel=reverse("web:case", args=[case.reference]),
        eyebrow=f"{case.reference} · {case.title}",
        note=_("You become their custodian. Each gets a reference and a scan code; print the labels next."),
        rows_title=_("Exhibits"),
        icon="plus",
        context=case_context(request, case, Crumb(label=_("Add exhibits"))),
    )
    return form_page(request, form, view)


def _registered(actor: Actor, case: Case, form: ExhibitsForm) -> str:
    made = exhibits_register(
        actor=actor,
        case=case,
        facts=form.facts(),
        held_by=own_party(actor=actor),
        seizure=form.seizure_chosen(),
    )
    if len(made) == 1:
        return reverse("web:item", args=[made[0].item.reference])
    return reverse("web:case_items", args=[case.reference])


urlpatterns = [path("cases/<str:reference>/exhibits/new/", exhibit_new, name="exhibit_new")]
