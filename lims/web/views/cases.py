"""Cases: the list, opening one, changing, closing, holding, assigning, naming."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import HttpResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET

from chain_of_custody.models import Party
from lims.accounts.actors import Actor
from lims.accounts.services import agency_create
from lims.casework.enums import CaseKind, ReferenceScheme
from lims.casework.models import Case
from lims.casework.selectors.listing import case_counts, case_search
from lims.casework.selectors.stores import agency_list
from lims.casework.services.cases import (
    case_change,
    case_close,
    case_hold,
    case_open,
    case_reopen,
    external_reference_add,
)
from lims.web.access import PageRequest, page_for
from lims.web.casefile import case_context, case_page
from lims.web.casehead import state_badge
from lims.web.describing import Badge
from lims.web.fields import DayField, LongField, PartyField
from lims.web.formpage import FormPage, form_page
from lims.web.forms import PageForm, page, submit
from lims.web.listing import Column, ListRequest
from lims.web.parts import Crumb, Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseLine:
    """A case as the list prints it."""

    case: Case
    href: str
    due: Badge | None
    differences: str
    state: Badge


def _columns() -> tuple[Column, ...]:
    return (
        Column(key="case", label=_("Case"), order="reference"),
        Column(key="title", label=_("Title"), order="title"),
        Column(key="agency", label=_("Agency"), order="agency__name"),
        Column(key="exhibits", label=_("Exhibits"), order="exhibit_count", numeric=True),
        Column(key="due", label=_("Due"), order="due_on"),
        Column(key="open", label=_("Differences"), order="open_discrepancies"),
        Column(key="state", label=_("State"), order="state"),
    )


@page_for("case.read")
@require_GET
def cases(request: PageRequest) -> HttpResponse:
    """Which cases have a date or an open question?"""
    ask = ListRequest.of(request, columns=_columns(), filters=("state", "kind", "agency"), sort="-case")
    rows = case_search(
        actor=request.actor,
        words=ask.words,
        state=ask.one("state") or "",
        kind=ask.one("kind") or "",
        agency=ask.one("agency") or "",
    )
    listing = ask.listing(rows.order_by(*ask.order_by, "-id"))
    context = {
        "cases": _lines(listing),
        "facts": _facts(request.actor),
        "can_open": request.actor.may("case.open"),
    }
    return page(request, "web/casework/case_list.html", context)


def _lines(listing: Any) -> Any:
    lines = tuple(
        CaseLine(
            case=row,
            href=reverse("web:case", args=[row.reference]),
            due=due_badge(row),
            differences=ngettext("%(n)s open", "%(n)s open", row.open_discrepancies) % {"n": row.open_discrepancies},
            state=state_badge(row),
        )
        for row in listing
    )
    return type(listing)(ask=listing.ask, rows=lines, total=listing.total, number=listing.number)


def due_badge(row: Case) -> Badge | None:
    """The date of a case, louder the nearer it is."""
    if row.due_on is None:
        return None
    days = (row.due_on - timezone.localdate()).days
    kind = "plain" if row.state != "open" or days > 7 else "bad" if days < 0 else "warn"
    return Badge(kind=kind, text=date_format(row.due_on, "j M Y"))


def _facts(actor: Actor) -> list[Fact]:
    counts = case_counts(actor=actor, today=timezone.localdate())
    return [
        Fact(label=_("Late"), value=_cases(counts.late), tone="bad" if counts.late else "", lead=True),
        Fact(
            label=_("Next date"),
            value=date_format(counts.next_due, "j M Y") if counts.next_due else _("none set"),
            detail=counts.next_case,
        ),
        Fact(label=_("With differences"), value=_cases(counts.differing)),
        Fact(label=_("Open"), value=str(counts.open)),
    ]


def _cases(number: int) -> str:
    return ngettext("%(n)s case", "%(n)s cases", number) % {"n": number} if number else _("none")


class CaseForm(PageForm):
    """A case to open."""

    kind = forms.ChoiceField(label=gettext_lazy("What the case is for"), choices=CaseKind.choices)
    title = forms.CharField(
        label=gettext_lazy("Title"),
        max_length=200,
        help_text=gettext_lazy("What was seized and where, in a few words."),
    )
    agency = PartyField(label=gettext_lazy("Submitting agency"), required=False)
    new_agency = forms.CharField(label=gettext_lazy("Or a new agency"), max_length=200, required=False)
    offence_date = DayField(label=gettext_lazy("Day of the offence"), required=False)
    due_on = DayField(label=gettext_lazy("Report due on"), required=False)
    scheme = forms.ChoiceField(
        label=gettext_lazy("Whose number"), choices=[("", "–"), *ReferenceScheme.choices], required=False
    )
    value = forms.CharField(label=gettext_lazy("Their number"), max_length=80, required=False)
    synthetic = forms.BooleanField(
        label=gettext_lazy("Invented: mark everything of this case «SYNTHETIC – not evidence»"), required=False
    )

    def clean(self) -> dict[str, Any]:
        """One agency, chosen or new."""
        data = super().clean() or {}
        if not data.get("agency") and not data.get("new_agency"):
            self.add_error("agency", _("Choose the agency that submits, or name a new one."))
        if bool(data.get("scheme")) != bool(data.get("value")):
            self.add_error("value", _("Give both: whose number it is, and the number."))
        return data


@page_for("case.open")
def case_new(request: PageRequest) -> HttpResponse:
    """Open a case."""
    form = CaseForm(request.POST or None)
    form.fields["agency"].offer(agency_list(actor=request.actor))  # type: ignore[attr-defined]
    if done := submit(request, form, lambda: _opened(request.actor, form.cleaned_data)):
        return done
    layout = (
        (_("The case"), ("kind", "title", "agency", "new_agency")),
        (_("Dates"), ("offence_date", "due_on")),
        (_("Their reference"), ("scheme", "value")),
        ("", ("synthetic",)),
    )
    return form_page(
        request,
        form,
        FormPage(
            title=_("Open a case"),
            button=_("Open the case"),
            cancel=reverse("web:case_list"),
            layout=layout,
            icon="case",
            crumbs=[Crumb(label=_("Cases"), href=reverse("web:case_list")), Crumb(label=_("new"))],
        ),
    )


def _opened(actor: Actor, data: dict[str, Any]) -> str:
    agency: Party = data["agency"] or agency_create(actor=actor, name=data["new_agency"])
    row = case_open(
        actor=actor,
        kind=data["kind"],
        title=data["title"],
        agency=agency,
        synthetic=data["synthetic"],
        offence_date=data["offence_date"],
        due_on=data["due_on"],
    )
    if data["value"]:
        external_reference_add(actor=actor, case=row, scheme=data["scheme"], value=data["value"], issuer=agency)
    return reverse("web:case", args=[row.reference])


class VersionForm(PageForm):
    """A form about a row as it was when the page was read."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=500)


class CaseEditForm(VersionForm):
    """What of a case can be changed."""

    field_order = ("title", "due_on", "offence_date", "reason")
    title = forms.CharField(label=gettext_lazy("Title"), max_length=200)
    due_on = DayField(label=gettext_lazy("Report due on"), required=False)
    offence_date = DayField(label=gettext_lazy("Day of the offence"), required=False)


@case_page("case.edit")
def case_edit(request: PageRequest, case: Case) -> HttpResponse:
    """Change title or dates, with a reason."""
    initial = {
        "title": case.title,
        "due_on": case.due_on,
        "offence_date": case.offence_date,
        "version": case.version,
    }
    form = CaseEditForm(request.POST or None, initial=initial)

    def do() -> str:
        data = form.cleaned_data
        case_change(
            actor=request.actor,
            case=case,
            version=data["version"],
            title=data["title"] if data["title"] != case.title else None,
            due_on=data["due_on"],
            offence_date=data["offence_date"],
            reason=data["reason"],
        )
        return home_of(case)

    return submit(request, form, do) or act_page(request, case, form, _("Change the case"), _("Save changes"))


@case_page("case.edit")
def case_state(request: PageRequest, case: Case) -> HttpResponse:
    """Close an open case, or open a closed one again."""
    form = VersionForm(request.POST or None, initial={"version": case.version})
    act = case_close if case.state == "open" else case_reopen

    def do() -> str:
        data = form.cleaned_data
        act(actor=request.actor, case=case, version=data["version"], reason=data["reason"])
        return home_of(case)

    if case.state == "open":
        title, button = _("Close the case"), _("Close the case")
        note = _("Nothing new can be registered in a closed case. It can be opened again.")
    else:
        title, button, note = _("Open the case again"), _("Open the case again"), ""
    return submit(request, form, do) or act_page(request, case, form, title, button, note=note)


class HoldForm(PageForm):
    """A legal hold to set, with its reason."""

    authority = LongField(
        label=gettext_lazy("Whose decision it is: court or authority, order, date"), max_length=500, required=False
    )
    reason = LongField(label=gettext_lazy("Reason, such as the order and its date"), max_length=500)


class HoldLiftForm(HoldForm):
    """A legal hold to lift: on whose authority has to be said."""

    authority = LongField(label=gettext_lazy("Whose decision it is: court or authority, order, date"), max_length=500)


@case_page("hold.set")
def case_hold_page(request: PageRequest, case: Case) -> HttpResponse:
    """Set or lift the legal hold."""
    form = (HoldLiftForm if case.legal_hold else HoldForm)(request.POST or None)

    def do() -> str:
        said = {name: form.cleaned_data[name] for name in ("authority", "reason")}
        case_hold(actor=request.actor, case=case, hold=not case.legal_hold, **said)
        return home_of(case)

    title = _("Lift the legal hold") if case.legal_hold else _("Set a legal hold")
    note = _("While it stands nothing of the case is returned or disposed of, and none of its files can be deleted.")
    return submit(request, form, do) or act_page(request, case, form, title, title, note=note)


def home_of(case: Case) -> str:
    """The case's own page."""
    return reverse("web:case", args=[case.reference])


def act_page(
    request: PageRequest, case: Case, form: PageForm, title: str, button: str, *, note: str = ""
) -> HttpResponse:
    """An act on a case as a page of one form."""
    view = FormPage(
        title=title,
        button=button,
        cancel=home_of(case),
        eyebrow=f"{case.reference} · {case.title}",
        note=note,
        context=case_context(request, case, Crumb(label=title)),
    )
    return form_page(request, form, view)


urlpatterns = [
    path("cases/", cases, name="case_list"),
    path("cases/new/", case_new, name="case_new"),
    path("cases/<str:reference>/edit/", case_edit, name="case_edit"),
    path("cases/<str:reference>/state/", case_state, name="case_state"),
    path("cases/<str:reference>/hold/", case_hold_page, name="case_hold"),
]
