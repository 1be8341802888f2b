"""The traces of a run: signals base by base, zoomed and moved by links, on paper in rows; edits and who read them."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from analysis.species.traceview import STEPS, Noted
from lims.accounts.actors import Actor
from lims.casework.selectors.access import case_scope
from lims.common.errors import BadInput
from lims.lab.enums import EditState, JobState
from lims.lab.models import BaseEdit, Run
from lims.lab.selectors.traces import (
    TRACE_ROLES,
    TraceView,
    edit_get,
    edit_list,
    edits_to_read,
    has_traces,
    trace_view,
    unedited_run,
)
from lims.lab.selectors.work import run_get
from lims.lab.services.edits import edit_propose, edit_read, edit_withdraw, edits_compute
from lims.web.access import PageRequest, page_for
from lims.web.describing import Badge
from lims.web.figures import svg_inline
from lims.web.formpage import FormPage, form_page
from lims.web.forms import KeyForm, PageForm, page, press, submit
from lims.web.labfile import about_case, opened
from lims.web.parts import Crumb, Task
from lims.web.phrases import Said, said
from lims.web.today import TodayPart, today_part

WIDE = 1120
"""How wide a stretch is drawn, in pixels; narrower screens scroll it."""

_ON_PAPER = 60
_AROUND = 20
_BADGES = {"open": "warn", "agreed": "ok", "refused": "bad", "withdrawn": "idle"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A stretch of columns at a zoom, and the addresses of its neighbours."""

    first: int
    last: int
    zoom: int
    most: int
    address: str

    @property
    def step(self) -> int:
        """Pixels of a base."""
        return STEPS[self.zoom]

    def at(self, first: int, zoom: int | None = None) -> str:
        """The address of another stretch."""
        zoom = self.zoom if zoom is None else zoom
        return f"{self.address}from={max(1, first)}&zoom={zoom}#view"

    @property
    def moves(self) -> list[tuple[str, str]]:
        """Where one can go from here: along the read, closer, further."""
        size = self.last - self.first + 1
        found = []
        if self.first > 1:
            found += [(_("Start"), self.at(1)), (_("Back"), self.at(self.first - size))]
        if self.last < self.most:
            found += [(_("On"), self.at(self.last + 1)), (_("End"), self.at(self.most - size + 1))]
        middle = (self.first + self.last) // 2
        if self.zoom < len(STEPS) - 1:
            found.append((_("Closer"), self.at(middle - _fits(self.zoom + 1) // 2, self.zoom + 1)))
        if self.zoom:
            found.append((_("Further"), self.at(middle - _fits(self.zoom - 1) // 2, self.zoom - 1)))
        return found


def _fits(zoom: int) -> int:
    return WIDE // STEPS[zoom]


def _number(text: str, default: int, most: int) -> int:
    return min(int(text), most) if text.isascii() and text.isdigit() and len(text) < 7 else default


def _window(request: PageRequest, view: TraceView, address: str) -> Window:
    zoom = _number(request.GET.get("zoom", ""), 1, len(STEPS) - 1)
    first = _number(request.GET.get("from", ""), view.lead + 1, view.columns)
    if asked := _number(request.GET.get("base", ""), 0, view.columns):
        first = view.lead + asked - _fits(zoom) // 2
    first = max(1, min(first, view.columns - _fits(zoom) + 1))
    return Window(
        first=first, last=min(view.columns, first + _fits(zoom) - 1), zoom=zoom, most=view.columns, address=address
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class EditLine:
    """An edit in a list."""

    row: BaseEdit
    state: Badge
    read: str
    mine: bool


@page_for("run.read")
@require_GET
def run_trace(request: PageRequest, reference: str) -> HttpResponse:
    """What did the sequencer see at each base, and which bases were read otherwise by whom?"""
    run = run_get(actor=request.actor, key=reference)
    gate = opened(request, run.case, kind="run", subject=run.uuid, reference=run.reference)
    if gate is not None:
        return gate
    base = unedited_run(run)
    view, alone, problem = _laid(base, request.GET.get("read", ""))
    page_of_run = reverse("web:run_trace", args=[run.reference])
    address = f"{page_of_run}?read={alone}&" if alone else f"{page_of_run}?"
    may = request.actor.may("run.start", case_scope(run.case))
    context = about_case(
        request,
        run.case,
        Crumb(label=run.reference, href=reverse("web:run", args=[run.reference])),
        Crumb(label=_("Traces")),
    ) | {
        "run": run,
        "base": base,
        "edited": base.pk != run.pk,
        "trims": _trims(view),
        "noted": [_noted(one, address, reverse("web:edit_new", args=[base.reference])) for one in view.noted],
        "edits": [_edit(one, request.actor, may=may) for one in edit_list(actor=request.actor, run=base)],
        "can_edit": may and base.pk == run.pk and run.state == JobState.DONE,
        "alone": alone,
        "problem": said(problem),
        "can_compute": may and any(one.state == EditState.AGREED for one in view.edits),
    }
    if "paper" in request.GET:
        context["rows"] = [_drawn(view, first, 14) for first in range(1, view.columns + 1, _ON_PAPER)]
        return page(request, "web/lab/run_trace_paper.html", context)
    window = _window(request, view, address)
    context |= {
        "again": KeyForm(),
        "window": window,
        "drawing": svg_inline(view.drawing(window.first, window.last, window.step, "view").encode()),
    }
    return page(request, "web/lab/run_trace.html", context)


def _laid(run: Run, asked: str) -> tuple[TraceView, str, str]:
    """The reads laid together; where they cannot be, the one asked for alone, which it is, and why."""
    try:
        return trace_view(run=run), "", ""
    except BadInput as error:
        if not has_traces(run, *TRACE_ROLES):
            raise
        alone = "reverse" if asked == "reverse" else "forward"
        return trace_view(run=run, only=f"trace_{alone}"), alone, str(error)


def _drawn(view: TraceView, first: int, step: int) -> Any:
    return svg_inline(view.drawing(first, first + _ON_PAPER - 1, step, f"row{first}").encode())


def _around(run: Run, position: int) -> str:
    """The signals around a base of the consensus, for a form about it; empty where the consensus has no such base."""
    view = trace_view(run=run)
    if not 1 <= position <= len(view.consensus.bases):
        return ""
    first = max(1, view.lead + position - _AROUND)
    return svg_inline(view.drawing(first, first + 2 * _AROUND, STEPS[2], "view").encode())


def _trims(view: TraceView) -> list[tuple[str, int, int, int, str]]:
    """Each read: its name, how many bases, and which part was kept."""
    return [
        (kept.read.name, len(kept.read.bases), kept.start + 1, kept.end, f"{kept.mean_quality:.1f}")
        for kept in view.consensus.reads
    ]


def _noted(one: Noted, address: str, editing: str) -> tuple[int, Badge, Said, str, str]:
    """A position, what it is, what was seen there (an edit has its editor's own words), where it is drawn, edited."""
    kinds = {
        "edit": Badge(kind="info", text=_("edited")),
        "disagreement": Badge(kind="warn", text=_("reads differ")),
        "mixed": Badge(kind="warn", text=_("several bases")),
        "low": Badge(kind="idle", text=_("poor")),
    }
    text = Said(text=one.text) if one.kind == "edit" else said(one.text)
    edit = "" if one.kind == "edit" else f"{editing}?position={one.position}&old={one.base.strip('-')}"
    return one.position, kinds[one.kind], text, f"{address}base={one.position}&zoom=2#view", edit


def _edit(row: BaseEdit, actor: Actor, *, may: bool) -> EditLine:
    waits = may and row.state == EditState.OPEN
    return EditLine(
        row=row,
        state=Badge(kind=_BADGES[row.state], text=str(row.get_state_display())),
        read=reverse("web:edit_read", args=[row.uuid]) if waits else "",
        mine=row.editor_id == actor.party_id,
    )


class EditForm(PageForm):
    """A base to read otherwise."""

    position = forms.IntegerField(
        label=gettext_lazy("Position in the consensus"),
        min_value=1,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
    )
    old = forms.CharField(
        label=gettext_lazy("Stands there"),
        max_length=1,
        required=False,
        help_text=gettext_lazy("Empty to insert a base before it."),
    )
    new = forms.CharField(
        label=gettext_lazy("Should stand there"),
        max_length=1,
        required=False,
        help_text=gettext_lazy("A base or an IUPAC code; empty to take it out."),
    )
    reason = forms.CharField(label=gettext_lazy("Why"), max_length=300)


@page_for("run.start")
def edit_new(request: PageRequest, reference: str) -> HttpResponse:
    """Propose to read a base otherwise."""
    run = run_get(actor=request.actor, key=reference)
    gate = opened(request, run.case, kind="run", subject=run.uuid, reference=run.reference)
    if gate is not None:
        return gate
    form = EditForm(request.POST or None, initial={key: request.GET.get(key, "") for key in ("position", "old")})
    back = reverse("web:run_trace", args=[run.reference])

    def do() -> str:
        data = form.cleaned_data
        made = edit_propose(
            actor=request.actor,
            run=run,
            position=data["position"],
            old=data["old"],
            new=data["new"],
            reason=data["reason"],
        )
        return f"{back}?base={made.position}&zoom=2"

    if (done := submit(request, form, do)) is not None:
        return done
    view = FormPage(
        title=_("Edit a base"),
        button=_("Propose the edit"),
        cancel=back,
        eyebrow=run.reference,
        note=_("The traces never change. The edit is a layer with its reason, and a second person reads it."),
        layout=(("", ("position", "old", "new", "reason")),),
        figure=_around(run, _number(str(form["position"].value() or ""), 0, 10**6)),
        figure_title=_("Signals"),
        icon="edit",
        context=about_case(request, run.case, Crumb(label=run.reference, href=back), Crumb(label=_("Edit a base"))),
    )
    return form_page(request, form, view)


class ReadForm(PageForm):
    """The word of the second reader, or of the editor who takes it back."""

    answer = forms.ChoiceField(label=gettext_lazy("Answer"), widget=forms.RadioSelect)
    note = forms.CharField(label=gettext_lazy("Why (needed unless you agree)"), max_length=300, required=False)


@page_for("run.start")
def edit_second(request: PageRequest, uuid: UUID) -> HttpResponse:
    """Read an edit a second time, or take one's own back."""
    row = edit_get(actor=request.actor, uuid=uuid)
    gate = opened(request, row.run.case, kind="run", subject=row.run.uuid, reference=row.run.reference)
    if gate is not None:
        return gate
    mine = row.editor_id == request.actor.party_id
    form = ReadForm(request.POST or None)
    choices = [("withdraw", _("Withdraw it"))] if mine else [("agree", _("Agree")), ("refuse", _("Refuse"))]
    form.fields["answer"].choices = choices  # type: ignore[attr-defined]
    back = f"{reverse('web:run_trace', args=[row.run.reference])}?base={row.position}&zoom=2"

    def do() -> str:
        data = form.cleaned_data
        if mine:
            edit_withdraw(actor=request.actor, edit=row, note=data["note"])
        else:
            edit_read(actor=request.actor, edit=row, agree=data["answer"] == "agree", note=data["note"])
        return back

    words = {"old": row.old or "–", "new": row.new or "–", "n": row.position, "who": row.editor.name, "why": row.reason}
    if (done := submit(request, form, do)) is not None:
        return done
    view = FormPage(
        title=_("Read an edit"),
        button=_("Record it"),
        cancel=back,
        eyebrow=row.run.reference,
        note=_("Position %(n)s: %(old)s → %(new)s, by %(who)s: %(why)s") % words,
        figure=_around(row.run, row.position),
        figure_title=_("Signals"),
        icon="review",
        context=about_case(
            request, row.run.case, Crumb(label=row.run.reference, href=back), Crumb(label=_("Read an edit"))
        ),
    )
    return form_page(request, form, view)


@page_for("run.start")
@require_POST
def edits_run(request: PageRequest, reference: str) -> HttpResponse:
    """Compute a run with its agreed edits."""
    run = run_get(actor=request.actor, key=reference)

    def do() -> str:
        made = edits_compute(actor=request.actor, run=unedited_run(run))
        return reverse("web:run", args=[made.reference])

    return press(request, do)


@today_part("run.start", order=26)
def edits_of_others(actor: Actor) -> TodayPart:
    """Edits that wait for a second reader."""
    tasks = [
        Task(
            title=_("Read an edit of %(run)s") % {"run": row.run.reference},
            detail=_("position %(n)s, by %(who)s") % {"n": row.position, "who": row.editor.name},
            icon="edit",
            action=_("Look at the traces"),
            href=f"{reverse('web:run_trace', args=[row.run.reference])}?base={row.position}&zoom=2",
        )
        for row in edits_to_read(actor=actor)[:5]
    ]
    return TodayPart(tasks=tuple(tasks))


def trace_address(run: Run) -> str:
    """The page of a run's traces, empty where it read none."""
    return reverse("web:run_trace", args=[run.reference]) if has_traces(run) else ""


urlpatterns = [
    path("runs/<str:reference>/traces/", run_trace, name="run_trace"),
    path("runs/<str:reference>/traces/edit/", edit_new, name="edit_new"),
    path("runs/<str:reference>/traces/compute/", edits_run, name="edits_run"),
    path("edits/<uuid:uuid>/", edit_second, name="edit_read"),
]
