"""What a new edition of a reference set would change in reported findings: the list, and what follows from each."""

from dataclasses import dataclass
from uuid import UUID

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_POST

from lims.accounts.actors import Actor
from lims.lab.enums import DriftDecision, DriftKind, Identification, JobState
from lims.lab.models import DriftCheck, DriftLine
from lims.lab.selectors.drift import drift_get, drift_line_get, drift_lines, drift_list, drift_undecided
from lims.lab.selectors.work import reference_get
from lims.lab.services.drift import drift_ask, drift_cancel, drift_decide
from lims.web.access import PageRequest, page_for
from lims.web.describing import Badge
from lims.web.fields import LongField
from lims.web.formpage import FormPage, form_page
from lims.web.forms import PageForm, page, submit
from lims.web.jobs import JobPart, job_answer, job_badge
from lims.web.parts import Crumb, Fact, Task
from lims.web.today import TodayPart, today_part

_DECISIONS = {"open": "warn", "examine": "info", "nothing": "idle"}
MOST_SHOWN = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class LineView:
    """One change in words."""

    row: DriftLine
    case: str
    run: str
    subject: str
    before: str
    now: str
    reports: str
    edition: str
    method: str
    decision: Badge
    decide: str


@page_for("run.read")
@require_GET
def drift_checks(request: PageRequest) -> HttpResponse:
    """Which editions were checked against what was reported?"""
    rows = [(row, job_badge(row)) for row in drift_list(actor=request.actor)[:200]]
    crumbs = [
        Crumb(label=_("Reference sets"), href=reverse("web:reference_list")),
        Crumb(label=_("What editions change")),
    ]
    return page(request, "web/lab/drift_list.html", {"checks": rows, "crumbs": crumbs})


@page_for("run.read")
@require_GET
def drift(request: PageRequest, uuid: UUID) -> HttpResponse:
    """Which reported answers would be others with this edition?"""
    check = drift_get(actor=request.actor, uuid=uuid)
    may = request.actor.may("quality.manage")
    lines = [_line(one, may) for one in drift_lines(actor=request.actor, check=check)[:MOST_SHOWN]]
    context = {
        "check": check,
        "state": job_badge(check),
        "job": _job(check),
        "can_cancel": not check.over and request.actor.may("reference.manage"),
        "lines": lines,
        "facts": _facts(check, lines),
        "crumbs": [
            Crumb(label=_("Reference sets"), href=reverse("web:reference_list")),
            Crumb(label=str(check.reference), href=reverse("web:reference", args=[check.reference.uuid])),
            Crumb(label=_("What it changes")),
        ],
    }
    return page(request, "web/lab/drift.html", context, status=200 if check.over else 202)


@page_for("run.read")
@require_GET
def drift_progress(request: PageRequest, uuid: UUID) -> HttpResponse:
    """The part of a check's page that is fetched every two seconds until it is over."""
    return job_answer(request, _job(drift_get(actor=request.actor, uuid=uuid)))


@page_for("reference.manage")
@require_POST
def drift_new(request: PageRequest, uuid: UUID) -> HttpResponse:
    """Ask for a check of an edition."""
    check = drift_ask(actor=request.actor, reference=reference_get(actor=request.actor, uuid=uuid))
    return redirect("web:drift", check.uuid)


@page_for("reference.manage")
@require_POST
def drift_stop(request: PageRequest, uuid: UUID) -> HttpResponse:
    """Ask a check to stop."""
    check = drift_get(actor=request.actor, uuid=uuid)
    drift_cancel(actor=request.actor, check=check)
    return redirect("web:drift", check.uuid)


class DecisionForm(PageForm):
    """What follows from a change."""

    decision = forms.ChoiceField(
        label=gettext_lazy("What follows"),
        choices=[(one.value, one.label) for one in (DriftDecision.EXAMINE, DriftDecision.NOTHING)],
        widget=forms.RadioSelect,
    )
    note = LongField(label=gettext_lazy("Why"), max_length=500)


@page_for("quality.manage")
def drift_line(request: PageRequest, uuid: UUID) -> HttpResponse:
    """Decide what follows from one change."""
    row = drift_line_get(actor=request.actor, uuid=uuid)
    form = DecisionForm(request.POST or None)
    back = reverse("web:drift", args=[row.check_of.uuid])
    shown = _line(row, False)

    def do() -> str:
        data = form.cleaned_data
        drift_decide(actor=request.actor, line=row, decision=data["decision"], note=data["note"])
        return back

    view = FormPage(
        title=_("What follows from this change"),
        button=_("Record it"),
        cancel=back,
        eyebrow=f"{shown.case} · {shown.run} · {shown.subject}",
        note=_("Reported: %(before)s. With %(edition)s: %(now)s.")
        % {"before": shown.before, "edition": str(row.check_of.reference), "now": shown.now},
        icon="review",
        crumbs=[
            Crumb(label=_("Reference sets"), href=reverse("web:reference_list")),
            Crumb(label=str(row.check_of.reference), href=back),
            Crumb(label=_("What follows")),
        ],
    )
    return submit(request, form, do) or form_page(request, form, view)


def _job(check: DriftCheck) -> JobPart:
    return JobPart(
        job=check,
        state=job_badge(check),
        name=str(check.reference),
        label=_("Progress of the check of %(set)s") % {"set": str(check.reference)},
        href=reverse("web:drift", args=[check.uuid]),
        show=_("Show what it found"),
        address=reverse("web:drift_progress", args=[check.uuid]),
    )


def _facts(check: DriftCheck, lines: list[LineView]) -> list[Fact]:
    if check.state != JobState.DONE:
        return [Fact(label=_("State"), value=str(check.get_state_display()), lead=True)]
    changed = sum(one.row.kind == DriftKind.CHANGED for one in lines)
    open_ones = sum(one.row.decision == DriftDecision.OPEN for one in lines)
    return [
        Fact(
            label=_("Answers that would be others"),
            value=str(changed) if changed else _("none"),
            tone="warn" if changed else "ok",
            lead=True,
        ),
        Fact(label=_("Answers computed again"), value=str(check.answers), detail=_runs(check.runs)),
        Fact(label=_("Could not be computed"), value=str(len(lines) - changed)),
        Fact(
            label=_("Not decided"), value=str(open_ones) if open_ones else _("none"), tone="warn" if open_ones else ""
        ),
    ]


def _runs(number: int) -> str:
    return ngettext("%(n)s run", "%(n)s runs", number) % {"n": number}


def _line(row: DriftLine, may: bool) -> LineView:
    run, outcome = row.run, row.outcome
    reports = {report.number for finding in run.findings.all() for report in finding.issued}  # type: ignore[attr-defined]
    version = run.method_version
    return LineView(
        row=row,
        case=run.case.reference,
        run=run.reference,
        subject=outcome.subject if outcome else "",
        before=_said(outcome.identification, outcome.name) if outcome else "–",
        now=_said(row.identification, row.name) if row.kind == DriftKind.CHANGED else str(row.get_kind_display()),
        reports=", ".join(sorted(reports)),
        edition=next((one.edition for one in run.sets if one.kind == row.check_of.reference.kind), ""),
        method=version if version == row.method_version else f"{version} → {row.method_version}",
        decision=Badge(kind=_DECISIONS[row.decision], text=str(row.get_decision_display())),
        decide=reverse("web:drift_line", args=[row.uuid]) if may and row.decision == DriftDecision.OPEN else "",
    )


def _said(identification: str, name: str) -> str:
    if not identification:
        return _("nothing is said of it any more")
    label = str(Identification(identification).label)
    return f"{label}: {name}" if name else label


@today_part("quality.manage", order=47)
def drift_to_decide(actor: Actor) -> TodayPart:
    """Reported answers that a new edition would change, of which nobody has said what follows."""
    tasks = [
        Task(
            title=_("%(edition)s would change %(run)s")
            % {"edition": str(row.check_of.reference), "run": row.run.reference},
            detail=row.run.case.reference,
            icon="review",
            tone="warn",
            action=_("Say what follows"),
            href=reverse("web:drift", args=[row.check_of.uuid]),
        )
        for row in drift_undecided(actor=actor)[:5]
    ]
    return TodayPart(tasks=tuple(tasks))


urlpatterns = [
    path("references/changes/", drift_checks, name="drift_list"),
    path("references/changes/<uuid:uuid>/", drift, name="drift"),
    path("references/changes/<uuid:uuid>/progress/", drift_progress, name="drift_progress"),
    path("references/changes/<uuid:uuid>/cancel/", drift_stop, name="drift_cancel"),
    path("references/<uuid:uuid>/changes/", drift_new, name="drift_new"),
    path("references/changes/lines/<uuid:uuid>/", drift_line, name="drift_line"),
]
