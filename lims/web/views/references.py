"""Reference sets and methods: what results are measured against, and by which rules."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from analysis.registry import METHODS
from lims.accounts.actors import Actor
from lims.common.errors import BadInput
from lims.lab.enums import ReferenceKind, ReferenceState
from lims.lab.models import ReferenceSet
from lims.lab.selectors.pages import reference_usable, references_waiting
from lims.lab.selectors.referencechecks import reference_checks
from lims.lab.selectors.work import reference_get, reference_list
from lims.lab.services.builds import build_cancel
from lims.lab.services.references import reference_approve, reference_propose, reference_retire
from lims.web.access import PageRequest, page_for
from lims.web.describing import Badge
from lims.web.fields import LongField
from lims.web.formpage import FormPage, form_page
from lims.web.forms import PageForm, page, submit
from lims.web.jobs import JobPart, job_answer
from lims.web.listing import Column, Listing, ListRequest
from lims.web.parts import Crumb, Fact, Task
from lims.web.recordwords import code_words, summary_words
from lims.web.referencechecks import checks_view
from lims.web.referenceforms import ProposeForm, kind_title, kind_uses, parameter_words
from lims.web.rundescribing import method_name
from lims.web.speciesrates import rates_tables
from lims.web.sureview import NO_TABLE, taxonomy_words
from lims.web.today import TodayPart, today_part

_BADGES = {"draft": "running", "not_built": "bad", "proposed": "warn", "approved": "ok", "retired": "idle"}
LARGEST = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceRow:
    """A reference set in a list."""

    row: ReferenceSet
    href: str
    state: Badge


def _row(row: ReferenceSet) -> ReferenceRow:
    return ReferenceRow(row=row, href=reverse("web:reference", args=[row.uuid]), state=state_badge(row))


def state_badge(row: ReferenceSet) -> Badge:
    """Where a set stands, from its build to its end."""
    return Badge(kind=_BADGES[row.state], text=str(row.get_state_display()))


def _columns() -> tuple[Column, ...]:
    return (
        Column(key="name", label=_("Name"), order="name"),
        Column(key="edition", label=_("Edition"), order="edition"),
        Column(key="kind", label=_("For"), order="kind"),
        Column(key="records", label=_("Records"), order="records", numeric=True),
        Column(key="digest", label=_("Digest")),
        Column(key="added", label=_("Proposed"), order="added_at"),
        Column(key="state", label=_("State"), order="state"),
    )


@page_for("run.read")
@require_GET
def references(request: PageRequest) -> HttpResponse:
    """Which reference data may be used, and which waits for a second look?"""
    ask = ListRequest.of(request, columns=_columns(), filters=("state", "kind"), sort="-added")
    rows = reference_list(actor=request.actor, kind=ask.one("kind") or "", state=ask.one("state") or "")
    for word in ask.words:
        rows = rows.filter(name__icontains=word) | rows.filter(digest__startswith=word.lower())
    found = ask.listing(rows.order_by(*ask.order_by, "-id"))
    every = reference_list(actor=request.actor)
    proposed = every.filter(state=ReferenceState.PROPOSED).count()
    context = {
        "sets": Listing(ask=ask, rows=tuple(map(_row, found)), total=found.total, number=found.number),
        "facts": [
            Fact(label=_("Approved"), value=str(every.filter(state=ReferenceState.APPROVED).count()), lead=True),
            Fact(
                label=_("Waiting for a second look"),
                value=str(proposed) if proposed else _("none"),
                tone="warn" if proposed else "",
            ),
            Fact(label=_("Retired"), value=str(every.filter(state=ReferenceState.RETIRED).count())),
        ],
        "can_propose": request.actor.may("reference.manage"),
        "crumbs": [Crumb(label=_("Reference sets"))],
    }
    return page(request, "web/lab/reference_list.html", context)


def _proposed(request: PageRequest, kind: str, form: ProposeForm) -> ReferenceSet:
    data = form.cleaned_data
    size = sum(one.size for one in data["sources"])
    if size > LARGEST:
        raise BadInput(_("These files hold more than 256 MB. Send them over the API."), field="files", found=size)
    return reference_propose(
        actor=request.actor,
        kind=kind,
        name=data["name"],
        edition=data["edition"],
        files=[(one.name, one) for one in data["sources"]],
        parameters=dict(form.parameters()),
        provenance=data["provenance"],
        synthetic=data["synthetic"],
        restricted=bool(data.get("restricted")),
        coarse_km=(data.get("coarse_km") or 0) if data.get("restricted") else 0,
    )


@page_for("reference.manage")
def reference_new(request: PageRequest) -> HttpResponse:
    """Propose a reference set of a kind; its content hash is its identity."""
    kind = request.POST.get("kind") or request.GET.get("kind", "")
    crumbs = [Crumb(label=_("Reference sets"), href=reverse("web:reference_list")), Crumb(label=_("new"))]
    if kind not in ReferenceKind.values:
        return page(request, "web/lab/reference_kinds.html", {"kinds": kind_uses(), "crumbs": crumbs})
    usable = reference_usable(actor=request.actor, kind=kind)
    form = ProposeForm(request.POST or None, request.FILES or None, kind=kind, usable=list(usable))

    def do() -> str:
        return reverse("web:reference", args=[_proposed(request, kind, form).uuid])

    view = FormPage(
        title=kind_title(kind),
        button=_("Build and propose"),
        cancel=reverse("web:reference_list"),
        note=_("It is used only after a second person has approved it. An edition never changes."),
        layout=(
            (_("The set"), ("name", "edition", "synthetic")),
            (_("Files"), ("sources", *form.parameter_names)),
            (_("Provenance"), ("provenance",)),
            (_("Access"), ("restricted", "coarse_km")),
        ),
        icon="map",
        crumbs=crumbs,
    )
    return submit(request, form, do) or form_page(request, form, view)


class NoteForm(PageForm):
    """What was checked, or why it ends."""

    note = LongField(label=gettext_lazy("What was checked, or why it is retired"), max_length=500)


@page_for("run.read")
def reference_page(request: PageRequest, uuid: UUID) -> HttpResponse:
    """May this set be used, and what is in it?"""
    row = reference_get(actor=request.actor, uuid=uuid)
    form = NoteForm(request.POST or None)

    def do() -> str:
        note = form.cleaned_data["note"]
        if request.POST.get("act") == "retire":
            reference_retire(actor=request.actor, reference=row, reason=note)
        else:
            reference_approve(actor=request.actor, reference=row, note=note)
        return reverse("web:reference", args=[row.uuid])

    if done := submit(request, form, do):
        return done
    actor = request.actor
    mine = row.added_by_id == actor.party_id
    may = actor.may("quality.manage") and row.state in {ReferenceState.PROPOSED, ReferenceState.APPROVED}
    context = {
        "facts": _facts(row),
        "form": form if may else None,
        "can_approve": row.state == ReferenceState.PROPOSED and not mine,
        "mine": mine,
        "looked": _looked(row),
        "can_check": row.state == ReferenceState.APPROVED and actor.may("reference.manage"),
        "summary": _summary(row),
        "parameters": [(parameter_words(name), value) for name, value in row.parameters.items()],
        "left_out": row.summary.get("left_out") or [],
        "rates": rates_tables(row.summary.get("error_rates") or ()),
        "checks": checks_view(reference_checks(actor=actor, reference=row)),
        "can_grant": actor.may("quality.manage"),
        "synthetic": row.synthetic,
        "runs": row.runs.count(),
        "crumbs": [Crumb(label=_("Reference sets"), href=reverse("web:reference_list")), Crumb(label=str(row))],
    }
    status = 202 if row.state == ReferenceState.DRAFT else 200
    return page(request, "web/lab/reference.html", context | _building(request, row), form=form, status=status)


TOLD_APART = frozenset(
    {"error_rates", "left_out", "left_out_count", "records_read", "checklist", "findings", "taxonomy", "legacy"}
)
"""Parts of a summary that have cards or pages of their own."""


def _summary(row: ReferenceSet) -> list[tuple[str, Any]]:
    """What the build says of the set, and whose names it uses."""
    told = [(summary_words(key), value) for key, value in sorted(row.summary.items()) if key not in TOLD_APART]
    if "taxonomy" in row.summary:
        told.append((_("names"), taxonomy_words({"taxonomy": row.summary["taxonomy"] or NO_TABLE})))
    return told


def _looked(row: ReferenceSet) -> list[tuple[str, int]]:
    """What the build saw in the records, by kind."""
    return [(code_words(code), number) for code, number in (row.summary.get("findings") or {}).items()]


def _building(request: PageRequest, row: ReferenceSet) -> dict[str, Any]:
    build = row.build
    return {
        "row": row,
        "state": state_badge(row),
        "build": build,
        "job": _job(row),
        "can_cancel": build is not None and not build.over and request.actor.may("reference.manage"),
    }


def _job(row: ReferenceSet) -> JobPart:
    return JobPart(
        job=row.build,
        state=state_badge(row),
        name=str(row),
        label=_("Progress of %(set)s") % {"set": str(row)},
        href=reverse("web:reference", args=[row.uuid]),
        show=_("Show the page of the set"),
        address=reverse("web:reference_progress", args=[row.uuid]),
    )


@page_for("run.read")
@require_GET
def reference_progress(request: PageRequest, uuid: UUID) -> HttpResponse:
    """The part of a set's page that is fetched every two seconds until its build is over."""
    return job_answer(request, _job(reference_get(actor=request.actor, uuid=uuid)))


@page_for("reference.manage")
@require_POST
def reference_cancel(request: PageRequest, uuid: UUID) -> HttpResponse:
    """Ask the build of a set to stop."""
    row = reference_get(actor=request.actor, uuid=uuid)
    build_cancel(actor=request.actor, reference=row)
    return redirect("web:reference", row.uuid)


def _facts(row: ReferenceSet) -> list[Fact]:
    approved = ""
    if row.approved_by and row.approved_at:
        approved = f"{row.approved_by.name}, {date_format(timezone.localtime(row.approved_at), 'j M Y')}"
    return [
        Fact(
            label=_("State"),
            value=str(row.get_state_display()),
            detail=approved,
            tone="warn" if row.state == ReferenceState.PROPOSED else "",
            lead=True,
        ),
        Fact(label=_("Records"), value=str(row.records) if row.file else "–"),
        Fact(
            label=_("Proposed"),
            value=date_format(timezone.localtime(row.added_at), "j M Y"),
            detail=row.added_by.name,
        ),
        Fact(label=_("Runs that used it"), value=str(row.runs.count())),
    ]


@page_for("run.read")
@require_GET
def methods(request: PageRequest) -> HttpResponse:
    """What this system can compute, from which source, with which limits."""
    rows = [(method_name(name), METHODS[name]) for name in METHODS]
    return page(request, "web/lab/methods.html", {"methods": rows, "crumbs": [Crumb(label=_("Methods"))]})


@today_part("quality.manage", order=45)
def references_to_approve(actor: Actor) -> TodayPart:
    """Reference sets that wait for the second look."""
    tasks = [
        Task(
            title=_("Approve %(name)s") % {"name": str(row)},
            detail=_("proposed by %(name)s") % {"name": row.added_by.name},
            icon="map",
            action=_("Look at it"),
            href=reverse("web:reference", args=[row.uuid]),
        )
        for row in references_waiting(actor=actor)[:5]
    ]
    return TodayPart(tasks=tuple(tasks))


urlpatterns = [
    path("references/", references, name="reference_list"),
    path("references/new/", reference_new, name="reference_new"),
    path("references/<uuid:uuid>/", reference_page, name="reference"),
    path("references/<uuid:uuid>/progress/", reference_progress, name="reference_progress"),
    path("references/<uuid:uuid>/cancel/", reference_cancel, name="reference_cancel"),
    path("methods/", methods, name="method_list"),
]
