"""Persons forgotten by law: who was asked for, and the second person's confirmation."""

from uuid import UUID

from django.http import HttpResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from lims.accounts.actors import Actor
from lims.casework.selectors.forgetting import forgettable_list, forgetting_get, forgetting_list
from lims.casework.services.forgetting import person_forget, person_forget_ask
from lims.web.access import PageRequest, page_for
from lims.web.fields import LongField, PartyField
from lims.web.formpage import FormPage, form_page
from lims.web.forms import PageForm, page, submit
from lims.web.parts import Crumb, Task
from lims.web.today import TodayPart, today_part


class AskForm(PageForm):
    """Who is to be forgotten, on what legal basis, and why."""

    party = PartyField(label=gettext_lazy("Person"))
    legal_basis = LongField(label=gettext_lazy("Legal basis: law and article, decision, date"), max_length=500)
    reason = LongField(
        label=gettext_lazy("Reason"), max_length=500, help_text=gettext_lazy("Without the name: this text stays.")
    )


class ConfirmForm(PageForm):
    """A confirmation: the button says it all."""

    keyed = False


@page_for("person.forget", "person.confirm")
@require_GET
def forgettings(request: PageRequest) -> HttpResponse:
    """Who is to be forgotten, who has been, and where a name still stands?"""
    return _list(request, ConfirmForm())


def _list(request: PageRequest, form: PageForm) -> HttpResponse:
    rows = list(forgetting_list(actor=request.actor))
    context = {
        "rows": rows,
        "form": form,
        "may_ask": request.actor.may("person.forget"),
        "may_confirm": request.actor.may("person.confirm"),
    }
    return page(request, "web/accounts/forgetting_list.html", context)


@page_for("person.forget")
def forgetting_ask(request: PageRequest) -> HttpResponse:
    """Ask that a person be forgotten."""
    form = AskForm(request.POST or None)
    form.fields["party"].offer(forgettable_list(actor=request.actor))  # type: ignore[attr-defined]

    def do() -> str:
        data = form.cleaned_data
        person_forget_ask(
            actor=request.actor, party=data["party"], legal_basis=data["legal_basis"], reason=data["reason"]
        )
        return reverse("web:forgetting_list")

    view = FormPage(
        title=_("Ask to forget a person"),
        button=_("Ask"),
        cancel=reverse("web:forgetting_list"),
        note=_("Nothing is erased before a second person confirms. Persons with an open account are not offered."),
        crumbs=[Crumb(label=_("Forgotten persons"), href=reverse("web:forgetting_list")), Crumb(label=_("new"))],
    )
    return submit(request, form, do) or form_page(request, form, view)


@page_for("person.confirm")
@require_POST
def forgetting_confirm(request: PageRequest, uuid: UUID) -> HttpResponse:
    """Confirm: what says who the person was is erased."""
    forgetting = forgetting_get(actor=request.actor, uuid=uuid)
    form = ConfirmForm(request.POST)

    def do() -> str:
        person_forget(actor=request.actor, forgetting=forgetting)
        return reverse("web:forgetting_list")

    return submit(request, form, do) or _list(request, form)


@today_part("person.confirm", order=70)
def forgettings_to_confirm(actor: Actor) -> TodayPart:
    """Persons whom the law wants forgotten, waiting for the second person's word."""
    waiting = [
        row
        for row in forgetting_list(actor=actor).filter(confirmed_at__isnull=True)
        if row.asked_by_id != actor.party_id
    ]
    tasks = [
        Task(
            title=_("Confirm that a person is forgotten"),
            detail=_("asked for by %(name)s") % {"name": row.asked_by.name},
            icon="person",
            action=_("Look at it"),
            href=reverse("web:forgetting_list"),
        )
        for row in waiting[:5]
    ]
    return TodayPart(tasks=tuple(tasks))


urlpatterns = [
    path("persons/forgotten/", forgettings, name="forgetting_list"),
    path("persons/forgotten/ask/", forgetting_ask, name="forgetting_ask"),
    path("persons/forgotten/<uuid:uuid>/confirm/", forgetting_confirm, name="forgetting_confirm"),
]
