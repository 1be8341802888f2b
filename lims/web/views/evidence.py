"""Requests for evidence: asked by a prosecutor, decided by the laboratory with a schedule of what is withheld."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext
from django.views.decorators.http import require_GET, require_POST

from lims.accounts.actors import Actor
from lims.casework.models import Case
from lims.casework.selectors.access import case_scope
from lims.disclosure.enums import EvidenceRequestState
from lims.disclosure.models import EvidenceRequest
from lims.disclosure.rules import ALONE
from lims.disclosure.selectors.pages import (
    cases_followed,
    evidence_to_order,
    evidence_waiting,
    packs_of,
    withheld_list,
    withholdable_files,
)
from lims.disclosure.selectors.requests import building, case_index, evidence_get, evidence_list, pack_list
from lims.disclosure.services.packs import pack_order
from lims.disclosure.services.requests import Withholding, evidence_decide, evidence_request
from lims.web.access import PageRequest, page_for
from lims.web.describing import Badge
from lims.web.fields import DayField, LongField, with_empty
from lims.web.formpage import FormPage, form_page
from lims.web.forms import PageForm, page, submit
from lims.web.labfile import about_case, followed_case, opened
from lims.web.listing import Column, Listing, ListRequest
from lims.web.parts import Crumb, Fact, Step, Task, Tone
from lims.web.rows import RowForm, RowsForm
from lims.web.today import TodayPart, today_part
from lims.web.views.packs import pack_row
from lims.web.views.requests import due_badge

_BADGES = {"requested": "warn", "approved": "running", "declined": "idle", "delivered": "ok"}
_FAMILIES = (
    ("place.name", gettext_lazy("The place of the seizure, with its coordinates")),
    ("actor.name", gettext_lazy("Names of persons, in every act")),
)
_ALONE = {
    "actor.organisation": gettext_lazy("Organisations of those who acted"),
    "basis": gettext_lazy("Basis of opinions"),
    "condition": gettext_lazy("Condition of items"),
    "description": gettext_lazy("Descriptions"),
    "explanation": gettext_lazy("Explanations of discrepancies"),
    "name": gettext_lazy("Names of files"),
    "note": gettext_lazy("Notes"),
    "operation": gettext_lazy("Name of the operation"),
    "reason": gettext_lazy("Reasons of acts"),
    "statement": gettext_lazy("Statements"),
    "text": gettext_lazy("Texts of findings"),
    "transport": gettext_lazy("Means of transport"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceRow:
    """A request for evidence in a list."""

    row: EvidenceRequest
    href: str
    state: Badge
    due: Badge | None


def evidence_row(row: EvidenceRequest) -> EvidenceRow:
    """A request for evidence in words."""
    return EvidenceRow(
        row=row,
        href=reverse("web:evidence", args=[row.uuid]),
        state=state_badge(row),
        due=due_badge(row.needed_on, open_=row.state in {"requested", "approved"}),
    )


def state_badge(row: EvidenceRequest) -> Badge:
    """Waiting, approved, declined or delivered."""
    return Badge(kind=_BADGES[row.state], text=str(row.get_state_display()))


def _columns() -> tuple[Column, ...]:
    return (
        Column(key="request", label=_("Request"), order="reference"),
        Column(key="case", label=_("Case"), order="case__reference"),
        Column(key="about", label=pgettext("of a request", "About")),
        Column(key="by", label=_("Asked by"), order="requested_by__party__name"),
        Column(key="asked", label=_("Asked"), order="requested_at"),
        Column(key="due", label=_("Needed by"), order="needed_on"),
        Column(key="state", label=_("Stands at"), order="state"),
    )


@page_for("pack.read")
@require_GET
def evidence_requests(request: PageRequest) -> HttpResponse:
    """What was asked for, and where does it stand?"""
    ask = ListRequest.of(request, columns=_columns(), filters=("state",), sort="-asked")
    rows = evidence_list(actor=request.actor, state=ask.one("state") or "")
    for word in ask.words:
        rows = rows.filter(reference__icontains=word) | rows.filter(case__reference__icontains=word)
    found = ask.listing(rows.order_by(*ask.order_by, "-id"))
    every = evidence_list(actor=request.actor)
    open_ = every.filter(state__in=[EvidenceRequestState.REQUESTED, EvidenceRequestState.APPROVED]).count()
    context = {
        "requests": Listing(ask=ask, rows=tuple(map(evidence_row, found)), total=found.total, number=found.number),
        "facts": [
            Fact(
                label=_("Open requests"),
                value=str(open_) if open_ else _("none"),
                tone="warn" if open_ else "",
                lead=True,
            ),
            Fact(label=_("Delivered"), value=str(every.filter(state=EvidenceRequestState.DELIVERED).count())),
            Fact(label=_("All requests"), value=str(found.total)),
        ],
        "can_ask": request.actor.may_somewhere("pack.request"),
        "crumbs": [Crumb(label=_("Disclosure packs"), href=reverse("web:pack_list")), Crumb(label=_("Requests"))],
    }
    return page(request, "web/disclosure/evidence_list.html", context)


@page_for("pack.request")
@require_GET
def evidence_choose(request: PageRequest) -> HttpResponse:
    """About which case is the request?"""
    cases = list(cases_followed(actor=request.actor))
    if len(cases) == 1:
        return redirect("web:evidence_new", cases[0].reference)
    context = {"cases": cases, "crumbs": _steps(Crumb(label=_("Ask for evidence")))}
    return page(request, "web/disclosure/evidence_choose.html", context)


def _steps(*steps: Crumb) -> list[Crumb]:
    return [Crumb(label=_("Disclosure packs"), href=reverse("web:pack_list")), *steps]


class AskForm(PageForm):
    """What is needed, on what legal basis."""

    legal_basis = forms.CharField(
        label=gettext_lazy("Legal basis"),
        max_length=300,
        help_text=gettext_lazy("Such as the order, its number and court."),
    )
    needed_on = DayField(label=gettext_lazy("Needed by"), required=False)
    reports = forms.MultipleChoiceField(
        label=gettext_lazy("Reports"),
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=gettext_lazy("None chosen means: every report issued in this case."),
    )
    scope = LongField(
        label=gettext_lazy("What you need"),
        max_length=500,
        help_text=gettext_lazy("A pack holds the reports, raw and result files, and the custody history."),
    )

    def clean_needed_on(self) -> Any:
        """A day that has not passed."""
        day = self.cleaned_data["needed_on"]
        if day is not None and day < timezone.localdate():
            raise forms.ValidationError(
                _("%(day)s has passed. Today is %(today)s.")
                % {"day": date_format(day, "j M Y"), "today": date_format(timezone.localdate(), "j M")}
            )
        return day


@followed_case("pack.request")
def evidence_new(request: PageRequest, case: Case) -> HttpResponse:
    """Ask the laboratory to disclose its record of a case."""
    issued = {str(one.uuid): one for one in case_index(actor=request.actor, case=case)}
    form = AskForm(request.POST or None)
    words = [(key, f"{one.number} · {one.title}") for key, one in issued.items()]
    form.fields["reports"].choices = words  # type: ignore[attr-defined]
    if not words:
        del form.fields["reports"]

    def do() -> str:
        data = form.cleaned_data
        made = evidence_request(
            actor=request.actor,
            case=case,
            legal_basis=data["legal_basis"],
            scope=data["scope"],
            reports=[issued[key] for key in data.get("reports", ())],
            needed_on=data["needed_on"],
        )
        return reverse("web:evidence", args=[made.uuid])

    view = FormPage(
        title=_("Ask for evidence"),
        button=_("Send the request"),
        cancel=reverse("web:pack_list"),
        eyebrow=f"{case.reference} · {case.title}",
        note=_("You get a signed pack that anyone can check. What has not been issued is not listed here."),
        icon="request",
        context=about_case(request, case) | {"crumbs": _steps(Crumb(label=_("Ask for evidence")))},
    )
    return submit(request, form, do) or form_page(request, form, view)


class WithheldForm(RowForm):
    """One line of the schedule of withheld material."""

    what = forms.ChoiceField(label=gettext_lazy("What is withheld"))
    description = forms.CharField(label=gettext_lazy("As the schedule names it"), max_length=300)
    rule = forms.CharField(label=gettext_lazy("Rule"), max_length=300)
    decided_by = forms.CharField(label=gettext_lazy("Decided by"), max_length=200)

    def __init__(self, *args: Any, files: Sequence[tuple[UUID, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        alone = [(name, _ALONE.get(name, name)) for name in sorted(ALONE)]
        fields = [(f"field:{name}", label) for name, label in (*_FAMILIES, *alone)]
        things = [(f"file:{uuid}", label) for uuid, label in files]
        groups: list[tuple[Any, Any]] = [(_("Parts of the custody history"), fields)]
        self.fields["what"].choices = with_empty([*groups, (_("Files"), things)] if things else groups)  # type: ignore[attr-defined]


class DecideForm(RowsForm):
    """The laboratory's decision."""

    row_class = WithheldForm
    at_first = 3
    version = forms.IntegerField(widget=forms.HiddenInput)
    answer = forms.ChoiceField(
        label=gettext_lazy("Decision"),
        widget=forms.RadioSelect,
        choices=[
            ("approve", gettext_lazy("Approve, with the schedule below")),
            ("decline", gettext_lazy("Decline, with the reason")),
        ],
    )
    note = LongField(label=gettext_lazy("Reason or note"), required=False, max_length=500)

    def withheld(self) -> list[Withholding]:
        """The schedule."""
        return [_withholding(row) for row in self.values()]


def _withholding(row: dict[str, Any]) -> Withholding:
    kind, _colon, what = row["what"].partition(":")
    return Withholding(
        kind=kind,
        field=what if kind == "field" else "",
        subject=UUID(what) if kind == "file" else None,
        description=row["description"],
        rule=row["rule"],
        decided_by=row["decided_by"],
    )


@page_for("pack.read")
def evidence_page(request: PageRequest, uuid: UUID) -> HttpResponse:
    """Where does the request stand; what is withheld; what was built?"""
    row = evidence_get(actor=request.actor, uuid=uuid)
    gate = opened(request, row.case, kind="evidence_request", subject=row.uuid, reference=row.reference)
    if gate is not None:
        return gate
    may = request.actor.may("pack.approve", case_scope(row.case))
    waiting = row.state == EvidenceRequestState.REQUESTED
    files = withholdable_files(actor=request.actor, case=row.case) if may and waiting else []
    form = DecideForm(request.POST or None, initial={"version": row.version}, row_arguments={"files": files})

    def do() -> str:
        data = form.cleaned_data
        evidence_decide(
            actor=request.actor,
            request=row,
            version=data["version"],
            approve=data["answer"] == "approve",
            note=data["note"],
            withheld=form.withheld() if data["answer"] == "approve" else (),
        )
        return reverse("web:evidence", args=[row.uuid])

    if done := submit(request, form, do):
        return done
    context = about_case(request, row.case) | {
        "row": row,
        "state": state_badge(row),
        "steps": evidence_steps(row),
        "facts": _facts(row),
        "reports": list(row.reports.order_by("id")),
        "withheld": list(withheld_list(request=row)),
        "packs": list(packs_of(request=row)),
        "form": form if may and waiting else None,
        "has_errors": form.has_errors,
        "can_order": may and row.state in {"approved", "delivered"} and not building(request=row),
        "crumbs": _steps(Crumb(label=row.reference)),
    }
    status = 422 if form.has_errors else 200
    return page(request, "web/disclosure/evidence.html", context, status=status)


def evidence_steps(row: EvidenceRequest) -> list[Step]:
    """Asked, decided, built, delivered: where the request is."""
    order = {"requested": 1, "declined": 1, "approved": 2, "delivered": 4}
    at = order[row.state]
    decided = ""
    if row.decided_by and row.decided_at:
        decided = f"{date_format(timezone.localtime(row.decided_at), 'j M')}, {row.decided_by.name}"
    asked = f"{date_format(timezone.localtime(row.requested_at), 'j M')}, {row.requested_by.party.name}"
    labels = ((_("Requested"), asked), (_("Decided"), decided), (_("Built"), ""), (_("Delivered"), ""))
    steps = [
        Step(label=label, detail=detail, state="done" if place < at else "now" if place == at else "next")
        for place, (label, detail) in enumerate(labels)
    ]
    if row.state == "declined":
        steps[1] = Step(label=_("Declined"), detail=decided, state="stopped")
    return steps


def _facts(row: EvidenceRequest) -> list[Fact]:
    tones: dict[str, Tone] = {"requested": "warn", "declined": "bad"}
    number = row.withheld.count()
    return [
        Fact(label=_("Stands at"), value=str(row.get_state_display()), tone=tones.get(row.state, ""), lead=True),
        Fact(label=_("Needed by"), value=date_format(row.needed_on, "j M Y") if row.needed_on else _("no date given")),
        Fact(label=_("Legal basis"), value=row.legal_basis),
        Fact(
            label=_("Withheld"),
            value=ngettext("%(n)s entry", "%(n)s entries", number) % {"n": number} if number else _("nothing"),
        ),
    ]


@page_for("pack.approve")
@require_POST
def order_page(request: PageRequest, uuid: UUID) -> HttpResponse:
    """Order the next pack of an approved request."""
    pack = pack_order(actor=request.actor, request=evidence_get(actor=request.actor, uuid=uuid))
    return redirect("web:pack", pack.reference)


@followed_case("pack.read")
@require_GET
def index_page(request: PageRequest, case: Case) -> HttpResponse:
    """Everything issued in a case: what may be asked for."""
    actor = request.actor
    context = about_case(request, case) | {
        "issued": list(case_index(actor=actor, case=case)),
        "requests": [evidence_row(row) for row in evidence_list(actor=actor, case=case)],
        "packs": [pack_row(row) for row in pack_list(actor=actor, case=case)],
        "can_ask": actor.may("pack.request", case_scope(case)),
        "crumbs": _steps(Crumb(label=case.reference)),
    }
    return page(request, "web/disclosure/index.html", context)


@today_part("pack.approve", order=35)
def requests_to_decide(actor: Actor) -> TodayPart:
    """Requests for evidence that wait for the laboratory."""
    tasks = [
        Task(
            title=_("Decide on %(request)s") % {"request": row.reference},
            detail=_("%(name)s, case %(case)s") % {"name": row.requested_by.party.name, "case": row.case.reference},
            icon="pack",
            tone="warn",
            action=_("Decide"),
            href=reverse("web:evidence", args=[row.uuid]),
        )
        for row in evidence_waiting(actor=actor)[:5]
    ]
    tasks += [
        Task(
            title=_("Order the pack of %(request)s") % {"request": row.reference},
            detail=_("approved, case %(case)s") % {"case": row.case.reference},
            icon="pack",
            action=_("Order it"),
            href=reverse("web:evidence", args=[row.uuid]),
        )
        for row in evidence_to_order(actor=actor)[:5]
    ]
    return TodayPart(tasks=tuple(tasks))


urlpatterns = [
    path("requests/", evidence_requests, name="evidence_list"),
    path("requests/new/", evidence_choose, name="evidence_choose"),
    path("requests/<uuid:uuid>/", evidence_page, name="evidence"),
    path("requests/<uuid:uuid>/order/", order_page, name="pack_order"),
    path("cases/<str:reference>/evidence/new/", evidence_new, name="evidence_new"),
    path("cases/<str:reference>/index/", index_page, name="case_index"),
]
