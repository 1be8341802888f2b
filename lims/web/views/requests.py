"""Examination requests: asked per item, accepted or declined in contract review."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext
from django.views.decorators.http import require_GET

from chain_of_custody.models import Item
from lims.accounts.actors import Actor
from lims.casework.models import Case
from lims.casework.selectors.access import case_scope
from lims.lab.enums import Question, RequestState
from lims.lab.models import ExaminationRequest
from lims.lab.selectors.pages import components_of, examinable_items, requests_waiting
from lims.lab.selectors.work import request_get, request_lines, request_list
from lims.lab.services.requests import Asked, examination_decide, examination_request
from lims.web.access import PageRequest, page_for
from lims.web.describing import Badge, item_text, short_reference
from lims.web.fields import DayField, LongField
from lims.web.formpage import FormPage, form_page
from lims.web.forms import PageForm, page, submit
from lims.web.labfile import about_case, address_of, followed_case, opened
from lims.web.listing import Column, Listing, ListRequest
from lims.web.navigation import Waiting, counts
from lims.web.parts import Crumb, Fact, Task, Tone
from lims.web.rows import RowForm, RowsForm
from lims.web.today import TodayPart, today_part

_BADGES = {"submitted": "warn", "accepted": "running", "declined": "idle", "done": "ok"}


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRow:
    """An examination request in a list."""

    row: ExaminationRequest
    href: str
    asked: str
    state: Badge
    due: Badge | None


def request_row(row: ExaminationRequest) -> RequestRow:
    """A request in words."""
    number = getattr(row, "line_count", 0)
    return RequestRow(
        row=row,
        href=reverse("web:request", args=[row.uuid]),
        asked=ngettext("%(n)s question", "%(n)s questions", number) % {"n": number},
        state=Badge(kind=_BADGES[row.state], text=str(row.get_state_display())),
        due=due_badge(row.due_on, open_=row.state in {"submitted", "accepted"}),
    )


def due_badge(day: date | None, *, open_: bool) -> Badge | None:
    """A date something is wanted on, louder the nearer it is."""
    if day is None:
        return None
    left = (day - timezone.localdate()).days
    kind = "plain" if not open_ or left > 7 else "bad" if left < 0 else "warn"
    return Badge(kind=kind, text=date_format(day, "j M Y"))


def _columns() -> tuple[Column, ...]:
    return (
        Column(key="request", label=_("Request"), order="reference"),
        Column(key="case", label=_("Case"), order="case__reference"),
        Column(key="asked", label=pgettext("of a request", "Asks"), order="line_count"),
        Column(key="by", label=_("Customer"), order="customer__name"),
        Column(key="due", label=_("Wanted by"), order="due_on"),
        Column(key="state", label=_("Stands at"), order="state"),
    )


@page_for("run.read", "examination.request")
@require_GET
def requests(request: PageRequest) -> HttpResponse:
    """What is asked of the laboratory, and what waits for contract review?"""
    ask = ListRequest.of(request, columns=_columns(), filters=("state",), sort="-request")
    rows = request_list(actor=request.actor, state=ask.one("state") or "")
    for word in ask.words:
        rows = rows.filter(reference__icontains=word) | rows.filter(case__reference__icontains=word)
    found = ask.listing(rows.order_by(*ask.order_by, "-id"))
    waiting = requests_waiting(actor=request.actor)
    context = {
        "requests": Listing(ask=ask, rows=tuple(map(request_row, found)), total=found.total, number=found.number),
        "facts": _list_facts(list(waiting), found.total),
        "crumbs": [Crumb(label=_("Requests"))],
    }
    return page(request, "web/lab/request_list.html", context)


def _list_facts(waiting: Sequence[ExaminationRequest], total: int) -> list[Fact]:
    late = [row for row in waiting if row.due_on and row.due_on < timezone.localdate()]
    return [
        Fact(
            label=_("Waiting for contract review"),
            value=str(len(waiting)) if waiting else _("none"),
            detail=waiting[0].reference if waiting else "",
            tone="warn" if waiting else "",
            lead=True,
        ),
        Fact(label=_("Late before they began"), value=str(len(late)) if late else _("none")),
        Fact(label=_("All requests"), value=str(total)),
    ]


class LineForm(RowForm):
    """One question about one item."""

    item = forms.ChoiceField(label=gettext_lazy("Item"))
    question = forms.ChoiceField(label=gettext_lazy("Question"), choices=[("", "–"), *Question.choices])
    component = forms.ChoiceField(label=gettext_lazy("Component"), required=False)
    note = forms.CharField(label=gettext_lazy("Note"), max_length=300, required=False)

    def __init__(self, *args: Any, items: Sequence[Item], components: Mapping[str, Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["item"].choices = [  # type: ignore[attr-defined]
            ("", "–"),
            *((item.reference, f"{short_reference(item)} · {item_text(item)}") for item in items),
        ]
        if components:
            self.fields["component"].choices = [  # type: ignore[attr-defined]
                ("", pgettext("component of an exhibit", "the whole")),
                *(
                    (key, f"{one.exhibit.item.reference}/{one.label} {one.description}")
                    for key, one in components.items()
                ),
            ]
        else:
            del self.fields["component"]


class AskForm(RowsForm):
    """What is asked, and on what terms."""

    row_class = LineForm
    at_first = 3
    due_on = DayField(label=gettext_lazy("Wanted by"), required=False)
    destructive_allowed = forms.BooleanField(
        label=gettext_lazy("Material may be used up where the method needs it"), required=False
    )
    propositions = LongField(
        label=gettext_lazy("What each side says"),
        required=False,
        max_length=500,
        help_text=gettext_lazy("The propositions to compare, such as «farmed» against «from the wild»."),
    )


@followed_case("examination.request")
def request_new(request: PageRequest, case: Case) -> HttpResponse:
    """Ask the laboratory to examine items."""
    items = list(examinable_items(actor=request.actor, case=case))
    components = {str(one.uuid): one for one in components_of(items)}
    form = AskForm(request.POST or None, row_arguments={"items": items, "components": components})
    known = {item.reference: item for item in items}

    def do() -> str:
        lines = [
            Asked(
                item=known[row["item"]],
                question=row["question"],
                component=components.get(row.get("component") or ""),
                note=row["note"],
            )
            for row in form.values()
        ]
        data = form.cleaned_data
        made = examination_request(
            actor=request.actor,
            case=case,
            lines=lines,
            propositions=data["propositions"],
            destructive_allowed=data["destructive_allowed"],
            due_on=data["due_on"],
        )
        return reverse("web:request", args=[made.uuid])

    view = FormPage(
        title=_("Ask for an examination"),
        button=_("Send the request"),
        cancel=address_of("case", case.reference) or reverse("web:request_list"),
        eyebrow=f"{case.reference} · {case.title}",
        note=_("One line for each question about each item. The laboratory answers whether it can do it, and by when."),
        layout=((_("Terms"), ("due_on", "destructive_allowed", "propositions")),),
        rows_title=_("Questions"),
        icon="request",
        context=about_case(request, case, Crumb(label=_("Ask for an examination"))),
    )
    return submit(request, form, do) or form_page(request, form, view)


class DecideForm(PageForm):
    """Contract review."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    answer = forms.ChoiceField(
        label=gettext_lazy("Your answer"),
        widget=forms.RadioSelect,
        choices=[
            ("accept", gettext_lazy("Accept: in scope, methods and people at hand")),
            ("decline", gettext_lazy("Decline, with the reason below")),
        ],
    )
    due_on = DayField(label=gettext_lazy("Promised for"), required=False)
    note = LongField(label=gettext_lazy("Note to the customer"), required=False, max_length=500)


@page_for("run.read", "examination.request")
def request_page(request: PageRequest, uuid: UUID) -> HttpResponse:
    """What is asked, and where it stands; contract review for whoever may decide."""
    row = request_get(actor=request.actor, uuid=uuid)
    gate = opened(request, row.case, kind="examination", subject=row.uuid, reference=row.reference)
    if gate is not None:
        return gate
    form = DecideForm(request.POST or None, initial={"version": row.version, "due_on": row.due_on})

    def do() -> str:
        data = form.cleaned_data
        accept = data["answer"] == "accept"
        examination_decide(
            actor=request.actor,
            request=row,
            version=data["version"],
            accept=accept,
            note=data["note"],
            due_on=data["due_on"] if accept else None,
        )
        return reverse("web:request", args=[row.uuid])

    if done := submit(request, form, do):
        return done
    may = request.actor.may("examination.accept", case_scope(row.case)) and row.state == RequestState.SUBMITTED
    context = about_case(request, row.case, Crumb(label=row.reference)) | {
        "row": row,
        "state": Badge(kind=_BADGES[row.state], text=str(row.get_state_display())),
        "lines": [_line(line, request.actor) for line in request_lines(request=row)],
        "facts": _facts(row),
        "form": form if may or form.is_bound else None,
    }
    return page(request, "web/lab/request.html", context, form=form)


@dataclass(frozen=True, slots=True, kw_only=True)
class LineRow:
    """One question as the page prints it."""

    item: str
    href: str
    component: str
    question: str
    note: str
    start: str


def _line(line: Any, actor: Actor) -> LineRow:
    may_start = actor.may_somewhere("run.start") and line.question in {"species", "origin"}
    return LineRow(
        item=line.item.reference,
        href=address_of("item", line.item.reference) if actor.may_somewhere("case.read") else "",
        component=line.component.label if line.component else "",
        question=str(line.get_question_display()),
        note=line.note,
        start=address_of("raw_files", line.item.reference) if may_start else "",
    )


def _facts(row: ExaminationRequest) -> list[Fact]:
    tones: dict[str, Tone] = {"submitted": "warn", "declined": "bad"}
    asked = date_format(timezone.localtime(row.requested_at), "j M Y H:i")
    decided = ""
    if row.decided_by and row.decided_at:
        decided = f"{row.decided_by.name}, {date_format(timezone.localtime(row.decided_at), 'j M Y H:i')}"
    return [
        Fact(
            label=_("Stands at"),
            value=str(row.get_state_display()),
            detail=decided,
            tone=tones.get(row.state, ""),
            lead=True,
        ),
        Fact(label=_("Wanted by"), value=date_format(row.due_on, "j M Y") if row.due_on else _("no date given")),
        Fact(label=_("Asked"), value=asked, detail=row.requested_by.name),
        Fact(
            label=_("Using material up"),
            value=_("allowed") if row.destructive_allowed else _("not allowed"),
        ),
    ]


@counts("request_list")
def _waiting(actor: Actor) -> Waiting:
    return Waiting(number=requests_waiting(actor=actor).count(), hot=True)


@today_part("examination.accept", order=30)
def contract_reviews(actor: Actor) -> TodayPart:
    """Requests that wait for contract review."""
    rows = list(requests_waiting(actor=actor)[:8])
    tasks = [
        Task(
            title=_("Contract review: %(request)s") % {"request": row.reference},
            detail=_("%(case)s, asked by %(name)s") % {"case": row.case.reference, "name": row.requested_by.name},
            icon="request",
            tone="warn",
            action=_("Accept or decline"),
            href=reverse("web:request", args=[row.uuid]),
        )
        for row in rows
    ]
    return TodayPart(tasks=tuple(tasks))


urlpatterns = [
    path("examinations/", requests, name="request_list"),
    path("examinations/<uuid:uuid>/", request_page, name="request"),
    path("cases/<str:reference>/examinations/new/", request_new, name="request_new_in_case"),
]
