"""The investigator's page: where the work on their cases stands. Words and dates, never an interim result."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.http import HttpResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from lims.accounts.actors import Actor
from lims.casework.models import Case, Submission
from lims.casework.selectors.counter import submission_queue
from lims.casework.selectors.outside import case_get_followed, cases_followed
from lims.disclosure.selectors.requests import STATUS_WORDS, ExhibitStatus, status_list
from lims.web.access import PageRequest, page_for
from lims.web.casefile import seen
from lims.web.describing import Badge
from lims.web.forms import page
from lims.web.parts import Crumb, Fact, Step

_KINDS = {
    "received": "idle",
    "in_analysis": "running",
    "in_review": "info",
    "reported": "ok",
    "returned": "plain",
}
MOST_CASES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusLine:
    """One exhibit as its sender sees it."""

    reference: str
    description: str
    badge: Badge
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusCase:
    """One case: a course of steps and its exhibits."""

    reference: str
    href: str
    note: str
    steps: list[Step]
    lines: list[StatusLine]
    synthetic: bool


def words() -> dict[str, str]:
    """The five status words."""
    return {
        "received": _("received"),
        "in_analysis": _("in work"),
        "in_review": _("in review"),
        "reported": _("reported"),
        "returned": _("returned"),
    }


@page_for("status.read")
@require_GET
def status(request: PageRequest) -> HttpResponse:
    """Where do my items stand; what does the laboratory wait for from me?"""
    actor = request.actor
    followed = list(cases_followed(actor=actor)[:MOST_CASES])
    found = [(case, status_list(actor=actor, case=case)) for case in followed]
    for case, _rows in found:
        seen(request, case, kind="status", subject=case)
    waiting = [row for row in submission_queue(actor=actor) if row.state == "submitted"] if _sends(actor) else []
    context = {
        "cases": [_case(case, rows) for case, rows in found],
        "waiting": waiting,
        "facts": _facts(found, waiting),
        "synthetic": any(case.synthetic for case in followed),
        "can_send": _sends(actor),
    }
    return page(request, "web/status/status.html", context)


def _sends(actor: Actor) -> bool:
    return actor.may_somewhere("submission.create")


@page_for("status.read")
@require_GET
def status_case(request: PageRequest, reference: str) -> HttpResponse:
    """One case alone."""
    case = case_get_followed(actor=request.actor, reference=reference)
    seen(request, case, kind="status", subject=case)
    rows = status_list(actor=request.actor, case=case)
    context = {
        "cases": [_case(case, rows)],
        "waiting": [],
        "facts": _facts([(case, rows)], []),
        "synthetic": case.synthetic,
        "can_send": _sends(request.actor),
        "crumbs": [Crumb(label=_("Our cases"), href=reverse("web:status")), Crumb(label=case.reference)],
    }
    return page(request, "web/status/status.html", context)


def _case(case: Case, rows: Sequence[ExhibitStatus]) -> StatusCase:
    seizure = next(iter(case.seizures.all()), None)
    theirs = ", ".join(row.value for row in case.external_references.all()[:2])
    parts = [
        _("your file %(number)s") % {"number": theirs} if theirs else "",
        _("seized %(day)s") % {"day": _day(seizure.seized_at)} if seizure else "",
    ]
    return StatusCase(
        reference=case.reference,
        href=reverse("web:status_case", args=[case.reference]),
        note=" · ".join(part for part in parts if part),
        steps=_steps(case, rows),
        lines=[_line(row) for row in rows],
        synthetic=case.synthetic,
    )


def _day(value: datetime) -> str:
    return date_format(timezone.localtime(value), "j M Y")


def _line(row: ExhibitStatus) -> StatusLine:
    return StatusLine(
        reference=row.reference,
        description=row.description,
        badge=Badge(kind=_KINDS[row.status], text=words()[row.status]),
        since=row.since,
    )


def _steps(case: Case, rows: Sequence[ExhibitStatus]) -> list[Step]:
    """The course of a case: it stands where its slowest exhibit stands, and shows when the first got there."""
    order = {word: place for place, word in enumerate(STATUS_WORDS)}
    now = min((order[row.status] for row in rows), default=-1)
    titles = words()
    steps: list[Step] = []
    for place, word in enumerate(STATUS_WORDS):
        reached = [row.since for row in rows if order[row.status] == place]
        detail = _("since %(day)s") % {"day": _day(min(reached))} if reached else ""
        if word == "reported" and not reached and case.due_on:
            detail = _("expected %(day)s") % {"day": date_format(case.due_on, "j M Y")}
        state = "done" if place < now else "now" if place == now else "next"
        steps.append(Step(label=titles[word].capitalize(), detail=detail, state=state))  # type: ignore[arg-type]
    return steps


def _facts(found: Sequence[tuple[Case, Sequence[ExhibitStatus]]], waiting: Sequence[Submission]) -> list[Fact]:
    items = sum(len(rows) for _case, rows in found)
    reported = sum(1 for _case, rows in found for row in rows if row.status in {"reported", "returned"})
    dates = sorted((case.due_on, case.reference) for case, _rows in found if case.due_on and case.state == "open")
    return [
        Fact(
            label=_("Needs you"),
            value=ngettext("%(n)s announcement to bring", "%(n)s announcements to bring", len(waiting))
            % {"n": len(waiting)}
            if waiting
            else _("nothing"),
            tone="warn" if waiting else "",
            lead=True,
        ),
        Fact(
            label=_("At the laboratory"),
            value=ngettext("%(n)s case", "%(n)s cases", len(found)) % {"n": len(found)},
            detail=ngettext("%(n)s exhibit", "%(n)s exhibits", items) % {"n": items},
        ),
        Fact(label=_("Reported"), value=_("%(done)s of %(all)s exhibits") % {"done": reported, "all": items}),
        Fact(
            label=_("Next date"),
            value=date_format(dates[0][0], "j M Y") if dates else _("none set"),
            detail=dates[0][1] if dates else "",
        ),
    ]


urlpatterns = [
    path("status/", status, name="status"),
    path("status/<str:reference>/", status_case, name="status_case"),
]
