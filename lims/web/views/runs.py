"""Analysis runs: the list of results, progress, and the page that answers first and then says what it rests on."""

from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from analysis.registry import METHODS
from lims.accounts.actors import Actor
from lims.casework.selectors.access import case_scope
from lims.lab.enums import JobState
from lims.lab.models import ReferenceSet, Run, RunOutcome
from lims.lab.selectors.caselaw import outcome_rulings
from lims.lab.selectors.pages import runs_failed, runs_waiting
from lims.lab.selectors.referenceaccess import reference_seen_by
from lims.lab.selectors.results import run_figures, run_file, run_outcome
from lims.lab.selectors.scales import scale_now
from lims.lab.selectors.work import run_get, run_list
from lims.lab.services.runs import run_cancel, run_rerun
from lims.web.access import PageRequest, page_for
from lims.web.describing import Badge
from lims.web.figures import UnsafeFigure, svg_inline, svg_rows, svg_words
from lims.web.forms import KeyForm, page, press
from lims.web.jobs import JobPart, job_answer, job_badge
from lims.web.labfile import about_case, address_of, download, opened
from lims.web.listing import Column, Listing, ListRequest
from lims.web.navigation import Waiting, counts
from lims.web.parts import Crumb, Fact, Task
from lims.web.phrases import said
from lims.web.productview import product_view
from lims.web.results import result_view
from lims.web.rulings import ruling_views
from lims.web.rundescribing import method_name, run_row
from lims.web.screenview import screen_view
from lims.web.speciesview import species_view
from lims.web.today import TodayPart, today_part
from lims.web.views.traces import trace_address


def _columns() -> tuple[Column, ...]:
    return (
        Column(key="run", label=_("Run"), order="reference"),
        Column(key="item", label=_("Item"), order="item__reference"),
        Column(key="method", label=_("Method"), order="method"),
        Column(key="answer", label=_("Answer")),
        Column(key="by", label=_("Started by"), order="started_by__name"),
        Column(key="when", label=_("Queued"), order="queued_at"),
        Column(key="state", label=_("State"), order="state"),
    )


@page_for("run.read")
@require_GET
def results(request: PageRequest) -> HttpResponse:
    """Which runs are done and wait for a finding?"""
    ask = ListRequest.of(request, columns=_columns(), filters=("state", "method"), sort="-when")
    rows = run_list(actor=request.actor, state=ask.one("state") or "", method=ask.one("method") or "")
    for word in ask.words:
        rows = rows.filter(reference__icontains=word) | rows.filter(item__reference__icontains=word)
    found = ask.listing(rows.order_by(*ask.order_by, "-id"))
    waiting = list(runs_waiting(actor=request.actor))
    context = {
        "runs": Listing(ask=ask, rows=tuple(map(run_row, found)), total=found.total, number=found.number),
        "facts": [
            Fact(
                label=_("Done, no finding yet"),
                value=str(len(waiting)) if waiting else _("none"),
                detail=", ".join(run.reference for run in waiting[:2]),
                tone="warn" if waiting else "",
                lead=True,
            ),
            Fact(label=_("Running now"), value=str(_running(request.actor))),
            Fact(label=_("All runs"), value=str(found.total)),
        ],
        "crumbs": [Crumb(label=_("Results"))],
    }
    return page(request, "web/lab/result_list.html", context)


def _running(actor: Actor) -> int:
    rows = run_list(actor=actor)
    return rows.filter(state__in=[JobState.QUEUED, JobState.RUNNING]).count()


@page_for("run.read")
@require_GET
def run_page(request: PageRequest, reference: str) -> HttpResponse:
    """Which species or region, how far the next one is, how often this is wrong? Progress while it runs (202)."""
    run = run_get(actor=request.actor, key=reference)
    gate = opened(request, run.case, kind="run", subject=run.uuid, reference=run.reference)
    if gate is not None:
        return gate
    context = about_case(request, run.case, *_steps(run)) | _common(request, run)
    if run.state != JobState.DONE:
        status = 202 if not run.over else 200
        traces = trace_address(run) if run.state == JobState.FAILED else ""
        return page(request, "web/lab/run_wait.html", context | {"traces": traces}, status=status)
    outcomes = sorted(run.outcomes.all(), key=lambda one: one.number)
    shown = _chosen(outcomes, request.GET.get("outcome", ""))
    if shown is None:
        return page(request, "web/lab/run_empty.html", context)
    whole = run_outcome(run=run, number=shown.number)
    context |= {
        "again": KeyForm(),
        "outcomes": outcomes if len(outcomes) > 1 else [],
        "shown": shown,
        "result": result_view(whole, shown.identification, shown.name, scale_now()),
        "traces": trace_address(run),
        "species": species_view(request.actor, run, whole, shown.number),
        "screen": screen_view(request.actor, run, whole, shown.number),
        "product": product_view(whole, len(outcomes)),
        "figures": _figures(run, shown.number),
        "reference_digest": (whole.get("reference") or {}).get("sha256", ""),
        "finding": _finding_of(run, shown),
        "rulings": ruling_views(outcome_rulings(shown)),
        "can_find": request.actor.may("finding.write", case_scope(run.case)),
    }
    return page(request, "web/lab/run.html", context)


def _references(request: PageRequest, run: Run) -> list[tuple[ReferenceSet, str]]:
    """The references that were used, each with the address of its page where the reader may see it."""
    seen = [reference_seen_by(actor=request.actor, reference=one) for one in run.sets]
    pages = [reverse("web:reference", args=[one.uuid]) for one in run.sets]
    return [(one, href if may else "") for one, href, may in zip(run.sets, pages, seen, strict=True)]


def _steps(run: Run) -> list[Crumb]:
    steps = []
    if run.item is not None:
        steps.append(Crumb(label=run.item.reference, href=reverse("web:raw_files", args=[run.item.reference])))
    return [*steps, Crumb(label=run.reference)]


def _chosen(outcomes: list[RunOutcome], asked: str) -> RunOutcome | None:
    wanted = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 6 else 1
    return next((one for one in outcomes if one.number == wanted), outcomes[0] if outcomes else None)


def _finding_of(run: Run, shown: RunOutcome) -> Any:
    return next((one for one in run.findings.all() if one.outcome_id == shown.pk and not one.replaced_by_id), None)


def _common(request: PageRequest, run: Run) -> dict[str, Any]:
    may = request.actor.may("run.start", case_scope(run.case))
    return {
        "run": run,
        "state": job_badge(run),
        "method": METHODS.get(run.method),
        "method_name": method_name(run.method),
        "inputs": list(enumerate(run.inputs.all())),
        "outputs": sorted(run.outputs.all(), key=lambda one: one.name),
        "job": _job(run),
        "can_cancel": may and not run.over,
        "can_rerun": may and run.state == JobState.DONE,
        "repeated": _repeated(run),
        "reruns": list(run.reruns.order_by("id")),
        "controls": _controls(run),
        "references": _references(request, run),
        "item_href": address_of("item", run.item.reference) if run.item else "",
    }


def _job(run: Run) -> JobPart:
    return JobPart(
        job=run,
        state=job_badge(run),
        name=run.reference,
        kind=method_name(run.method),
        label=_("Progress of %(run)s") % {"run": run.reference},
        href=reverse("web:run", args=[run.reference]),
        show=_("Show the page of the run"),
        address=reverse("web:run_progress", args=[run.reference]),
    )


def _repeated(run: Run) -> Badge | None:
    """How a repetition compares: with what it repeats, or the latest repetition of it with this one."""
    latest = run if run.rerun_of_id else run.reruns.filter(state=JobState.DONE).order_by("-id").first()
    if latest is None or latest.identical is None:
        return None
    if latest.identical:
        return Badge(kind="info", text=_("Repeated: same bytes"))
    if latest.rerun_of is not None and latest.rerun_of.method_version != latest.method_version:
        return Badge(kind="warn", text=_("Repeated with another version: different result"))
    return Badge(kind="bad", text=_("Repeated: different result"))


def _controls(run: Run) -> list[Any]:
    return list(run.batch.controls.order_by("id")) if run.batch else []


_SIGNALS = frozenset({"chromatogram", "trace"})
_ON_PAPER = 840
"""How much of a long figure a row on paper shows: 60 bases."""


def _figures(run: Run, number: int) -> list[dict[str, Any]]:
    found = []
    for name, content in run_figures(run=run, number=number):
        title, description = svg_words(content)
        kind = name.partition("-")[0]
        part = f"drawn-{slugify(name)}" if kind in _SIGNALS else ""
        try:
            drawing: Any = svg_inline(content, part=part)
            rows = svg_rows(content, part=part, across=_ON_PAPER) if part else []
        except UnsafeFigure:
            drawing, rows = "", []
        found.append(
            {
                "name": name,
                "kind": kind,
                "title": title or name,
                "description": said(description),
                "drawing": drawing,
                "rows": rows,
                "bases": kind in _SIGNALS,
                "wide": kind in _SIGNALS or kind == "pedigree",
                "href": reverse("web:run_file", args=[run.reference, f"{name}.svg"]),
            }
        )
    return found


@page_for("run.read")
@require_GET
def run_progress(request: PageRequest, reference: str) -> HttpResponse:
    """The part of a run's page that is fetched every two seconds until the run is over."""
    return job_answer(request, _job(run_get(actor=request.actor, key=reference)))


@page_for("run.start")
@require_POST
def cancel(request: PageRequest, reference: str) -> HttpResponse:
    """Ask a run to stop."""
    run = run_get(actor=request.actor, key=reference)
    run_cancel(actor=request.actor, run=run)
    return redirect("web:run", run.reference)


@page_for("run.start")
@require_POST
def rerun(request: PageRequest, reference: str) -> HttpResponse:
    """Compute a run again, to compare the bytes."""
    run = run_get(actor=request.actor, key=reference)

    def do() -> str:
        return reverse("web:run", args=[run_rerun(actor=request.actor, run=run).reference])

    return press(request, do)


@page_for("run.read")
@require_GET
def run_download(request: PageRequest, reference: str, name: str) -> HttpResponseBase:
    """An input or result file of a run, checked against its digest."""
    run = run_get(actor=request.actor, key=reference)
    return download(request, run_file(run=run, name=name), run.case)


@page_for("run.read")
@require_GET
def run_input(request: PageRequest, reference: str, place: int) -> HttpResponseBase:
    """A raw file a run read."""
    run = run_get(actor=request.actor, key=reference)
    return download(request, run_file(run=run, name=f"inputs/{place}"), run.case)


@counts("result_list")
def _waiting(actor: Actor) -> Waiting:
    return Waiting(number=runs_waiting(actor=actor).count())


@today_part("run.start", order=25)
def runs_of_mine(actor: Actor) -> TodayPart:
    """Runs that wait for a finding, and the person's own that failed."""
    tasks = [
        Task(
            title=_("%(run)s is done: %(answer)s") % {"run": run.reference, "answer": _answer(run)},
            detail=_("%(item)s, no finding rests on it yet") % {"item": run.item.reference if run.item else "–"},
            icon="dna",
            action=_("Look at the result"),
            href=reverse("web:run", args=[run.reference]),
        )
        for run in runs_waiting(actor=actor)[:8]
    ]
    tasks += [
        Task(
            title=_("%(run)s failed") % {"run": run.reference},
            detail=run.error[:160],
            icon="bad",
            tone="bad",
            action=_("See why"),
            href=reverse("web:run", args=[run.reference]),
        )
        for run in runs_failed(actor=actor)[:4]
    ]
    return TodayPart(tasks=tuple(tasks))


def _answer(run: Run) -> str:
    row = run_row(run)
    return f"{row.answer} {row.taxon}".strip() or _("no answer")


urlpatterns = [
    path("runs/", results, name="result_list"),
    path("runs/<str:reference>/", run_page, name="run"),
    path("runs/<str:reference>/progress/", run_progress, name="run_progress"),
    path("runs/<str:reference>/cancel/", cancel, name="run_cancel"),
    path("runs/<str:reference>/again/", rerun, name="run_rerun"),
    path("runs/<str:reference>/inputs/<int:place>", run_input, name="run_input"),
    path("runs/<str:reference>/files/<str:name>", run_download, name="run_file"),
]
