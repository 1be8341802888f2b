"""Who follows a case from outside, whose numbers it has, and why an outsider looks at it."""

from uuid import UUID

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lims.accounts.selectors import outside_users
from lims.accounts.services import access_reason_state
from lims.casework.enums import AssignmentRole, ReferenceScheme
from lims.casework.models import Case
from lims.casework.selectors.cases import assignment_open, case_get
from lims.casework.selectors.listing import items_by_reference
from lims.casework.selectors.stores import agency_list
from lims.casework.services.cases import case_assign, case_unassign, external_reference_add
from lims.common.errors import BadInput
from lims.web.access import PageRequest, page_for
from lims.web.casefile import case_page, client_address
from lims.web.fields import CodeOrNothing, LongField, PartyField
from lims.web.formpage import FormPage, form_page
from lims.web.forms import PageForm, submit
from lims.web.views.cases import act_page, home_of
from lims.web.views.frame import local_address


class AssignForm(PageForm):
    """Who follows the case from outside."""

    user = forms.ChoiceField(label=gettext_lazy("Person"))
    role = forms.ChoiceField(label=gettext_lazy("As"), choices=AssignmentRole.choices)


@case_page("case.assign")
def case_assign_page(request: PageRequest, case: Case) -> HttpResponse:
    """Let an investigator or prosecutor follow the case from now on."""
    form = AssignForm(request.POST or None)
    people = {str(user.uuid): user for user in outside_users(actor=request.actor)}
    form.fields["user"].choices = [  # type: ignore[attr-defined]
        ("", _("Choose")),
        *((key, f"{user.party.name} ({user.username})") for key, user in people.items()),
    ]

    def do() -> str:
        data = form.cleaned_data
        case_assign(actor=request.actor, case=case, user=people[data["user"]], role=data["role"])
        return home_of(case)

    note = _("Investigators see status words and dates; prosecutors the index of what was issued. The day is recorded.")
    return submit(request, form, do) or act_page(request, case, form, _("Assign somebody"), _("Assign"), note=note)


class ReasonForm(PageForm):
    """Any act that only needs a reason."""

    reason = LongField(label=gettext_lazy("Reason"), max_length=500)


@case_page("case.assign")
def case_unassign_page(request: PageRequest, case: Case, account: UUID, role: str) -> HttpResponse:
    """End an assignment."""
    row = assignment_open(case=case, account=account, role=role)
    form = ReasonForm(request.POST or None)

    def do() -> str:
        case_unassign(actor=request.actor, assignment=row, reason=form.cleaned_data["reason"])
        return home_of(case)

    title = _("End the assignment of %(name)s") % {"name": row.user.party.name}
    return submit(request, form, do) or act_page(request, case, form, title, _("End the assignment"))


class ReferenceForm(PageForm):
    """Somebody else's number."""

    scheme = forms.ChoiceField(label=gettext_lazy("Whose number"), choices=ReferenceScheme.choices)
    value = forms.CharField(label=gettext_lazy("Number"), max_length=80)
    issuer = PartyField(label=gettext_lazy("Issued by"), required=False)
    item = CodeOrNothing(
        label=gettext_lazy("Of this item only"),
        help_text=gettext_lazy("Its reference; empty when the number names the whole case."),
    )


@case_page("case.edit")
def case_reference_new(request: PageRequest, case: Case) -> HttpResponse:
    """Record a number of police, court or customs."""
    form = ReferenceForm(request.POST or None)
    form.fields["issuer"].offer(agency_list(actor=request.actor), empty="–")  # type: ignore[attr-defined]

    def do() -> str:
        data = form.cleaned_data
        item = None
        if data["item"]:
            found = items_by_reference(actor=request.actor, references=[data["item"]])
            if not found:
                raise BadInput(_("There is no item %(found)s.") % {"found": data["item"]}, field="item")
            item = found[0]
        external_reference_add(
            actor=request.actor, case=case, scheme=data["scheme"], value=data["value"], issuer=data["issuer"], item=item
        )
        return home_of(case)

    return submit(request, form, do) or act_page(
        request, case, form, _("Add an external reference"), _("Add the number")
    )


class StateReasonForm(PageForm):
    """Why somebody looks at a case they are not assigned to."""

    keyed = False
    reason = LongField(
        label=gettext_lazy("Why do you need to see this case?"),
        max_length=500,
        help_text=gettext_lazy("At least ten signs. Your reason and every page you open are recorded."),
    )


@page_for("case.read", "case.edit")
def case_reason(request: PageRequest, reference: str) -> HttpResponse:
    """Ask an outsider for a reason before showing the case; it holds for eight hours."""
    row = case_get(actor=request.actor, key=reference)
    form = StateReasonForm(request.POST or None)
    target = local_address(request, request.GET.get("next", "")) if "next" in request.GET else home_of(row)
    if request.method == "POST" and form.is_valid():
        try:
            access_reason_state(
                actor=request.actor,
                case=row.uuid,
                reference=row.reference,
                reason=form.cleaned_data["reason"],
                address=client_address(request),
            )
        except BadInput as error:
            form.refuse(error)
        else:
            return redirect(target)
    view = FormPage(
        title=_("Why do you open %(case)s?") % {"case": row.reference},
        button=_("Record the reason and open"),
        cancel=reverse("web:case_list"),
        icon="eye",
        note=_("You are not assigned to this case. The reason holds for eight hours."),
        context={"synthetic": row.synthetic},
    )
    return form_page(request, form, view)


urlpatterns = [
    path("cases/<str:reference>/assign/", case_assign_page, name="case_assign"),
    path("cases/<str:reference>/assign/<uuid:account>/<str:role>/", case_unassign_page, name="case_unassign"),
    path("cases/<str:reference>/references/", case_reference_new, name="case_reference_new"),
    path("cases/<str:reference>/reason/", case_reason, name="case_reason"),
]
