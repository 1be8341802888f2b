"""Bench batches: items at their positions, controls, and what a failed control stops."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_POST

from chain_of_custody.models import Item
from lims.accounts.actors import Actor
from lims.casework.selectors.listing import items_by_reference
from lims.common.errors import BadInput
from lims.lab.enums import BatchKind, BatchState, ControlKind, ControlOutcome
from lims.lab.models import Batch, BatchControl
from lims.lab.selectors.pages import batches_blocked, batches_in
from lims.lab.selectors.work import batch_get, batch_list, control_get
from lims.lab.services.batches import ControlSpec, batch_dispose, batch_open, batch_release, control_read
from lims.web.access import PageRequest, page_for
from lims.web.controlrows import ControlForm, control_row
from lims.web.describing import Badge
from lims.web.fields import LongField
from lims.web.formpage import FormPage, form_page
from lims.web.forms import CodeField, PageForm, page, submit
from lims.web.labfile import address_of
from lims.web.listing import Column, Listing, ListRequest
from lims.web.navigation import Waiting, counts
from lims.web.parts import Crumb, Fact, Task, Tone
from lims.web.rows import RowForm, RowsForm
from lims.web.today import TodayPart, today_part

_BADGES = {"open": "running", "blocked": "bad", "released": "ok", "rejected": "idle"}


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchRow:
    """A batch in a list."""

    row: Batch
    href: str
    state: Badge
    controls: Badge


def _row(row: Batch) -> BatchRow:
    return BatchRow(
        row=row, href=reverse("web:batch", args=[row.reference]), state=state_badge(row), controls=_controls_badge(row)
    )


def state_badge(row: Batch) -> Badge:
    """Open, blocked, released or rejected."""
    return Badge(kind=_BADGES[row.state], text=str(row.get_state_display()))


def _controls_badge(row: Any) -> Badge:
    if row.failed_count:
        return Badge(
            kind="bad", text=ngettext("%(n)s failed", "%(n)s failed", row.failed_count) % {"n": row.failed_count}
        )
    if row.unread_count:
        return Badge(
            kind="idle", text=ngettext("%(n)s not read", "%(n)s not read", row.unread_count) % {"n": row.unread_count}
        )
    return Badge(kind="ok", text=_("all %(n)s passed") % {"n": row.control_count})


def _columns() -> tuple[Column, ...]:
    return (
        Column(key="batch", label=_("Batch"), order="reference"),
        Column(key="kind", label=_("Step"), order="kind"),
        Column(key="method", label=_("Method"), order="method"),
        Column(key="items", label=_("Items"), order="item_count", numeric=True),
        Column(key="controls", label=_("Controls"), order="failed_count"),
        Column(key="opened", label=_("Opened"), order="opened_at"),
        Column(key="state", label=_("State"), order="state"),
    )


@page_for("run.read")
@require_GET
def batches(request: PageRequest) -> HttpResponse:
    """Which batches does a control stop?"""
    ask = ListRequest.of(request, columns=_columns(), filters=("state", "kind"), sort="-opened")
    rows = batch_list(actor=request.actor, state=ask.one("state") or "")
    if ask.one("kind"):
        rows = rows.filter(kind=ask.one("kind"))
    for word in ask.words:
        rows = rows.filter(reference__icontains=word) | rows.filter(method__icontains=word)
    found = ask.listing(rows.order_by(*ask.order_by, "-id"))
    blocked = list(batches_blocked(actor=request.actor))
    context = {
        "batches": Listing(ask=ask, rows=tuple(map(_row, found)), total=found.total, number=found.number),
        "facts": [
            Fact(
                label=_("Blocked"),
                value=str(len(blocked)) if blocked else _("none"),
                detail=", ".join(row.reference for row in blocked[:3]),
                tone="bad" if blocked else "",
                lead=True,
            ),
            Fact(label=_("Open"), value=str(batches_in(actor=request.actor, state=BatchState.OPEN).count())),
            Fact(label=_("All batches"), value=str(found.total)),
        ],
        "can_open": request.actor.may("batch.work"),
        "crumbs": [Crumb(label=_("Batches"))],
    }
    return page(request, "web/lab/batch_list.html", context)


class PlaceForm(RowForm):
    """An item at its position."""

    item = CodeField(label=gettext_lazy("Item"), max_length=60)
    position = forms.CharField(label=gettext_lazy("Position"), max_length=10, required=False)


class BatchForm(RowsForm):
    """A batch to open."""

    row_class = PlaceForm
    at_first = 8
    more = 8
    kind = forms.ChoiceField(label=gettext_lazy("Step"), choices=BatchKind.choices)
    method = forms.CharField(label=gettext_lazy("Method"), max_length=120)
    reagents = forms.CharField(
        label=gettext_lazy("Reagents and lots"), max_length=300, required=False, help_text=gettext_lazy("Name and lot.")
    )
    instrument = forms.CharField(label=gettext_lazy("Instrument"), max_length=120, required=False)
    reagent_blank = forms.CharField(label=gettext_lazy("Reagent blank at"), max_length=10, required=False)
    no_template = forms.CharField(label=gettext_lazy("No-template control at"), max_length=10, required=False)
    positive = forms.CharField(label=gettext_lazy("Positive control at"), max_length=10, required=False)
    positive_expectation = forms.CharField(
        label=gettext_lazy("Positive control reads as"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("A species that no exhibit of this batch is expected to be."),
    )
    sequencing = forms.CharField(label=gettext_lazy("Sequencing control at"), max_length=10, required=False)

    def controls(self) -> list[ControlSpec]:
        """The controls with a position, in the order of the form."""
        clear = _("no product")
        wanted = (
            (ControlKind.REAGENT_BLANK, clear),
            (ControlKind.NO_TEMPLATE, clear),
            (ControlKind.POSITIVE, self.cleaned_data["positive_expectation"]),
            (ControlKind.SEQUENCING, _("the known sequence")),
        )
        return [
            ControlSpec(kind=kind.value, position=self.cleaned_data[kind.value].upper(), expectation=expectation)
            for kind, expectation in wanted
            if self.cleaned_data[kind.value]
        ]


@page_for("batch.work")
def batch_new(request: PageRequest) -> HttpResponse:
    """Open a batch with its controls."""
    form = BatchForm(request.POST or None)

    def do() -> str:
        data = form.cleaned_data
        rows = list(form.values())
        items = _items(request.actor, [row["item"] for row in rows])
        made = batch_open(
            actor=request.actor,
            kind=data["kind"],
            method=data["method"],
            items=[(item, row["position"].upper()) for item, row in zip(items, rows, strict=True)],
            controls=form.controls(),
            reagents=data["reagents"],
            instrument=data["instrument"],
        )
        return reverse("web:batch", args=[made.reference])

    view = FormPage(
        title=_("Open a batch"),
        button=_("Open the batch"),
        cancel=reverse("web:batch_list"),
        note=_("Items and controls stand at their positions from the start. A failed control stops the whole batch."),
        layout=(
            (_("What is done"), ("kind", "method", "reagents", "instrument")),
            (
                _("Controls"),
                ("reagent_blank", "no_template", "positive", "positive_expectation", "sequencing"),
            ),
        ),
        rows_title=_("Items"),
        icon="batch",
        crumbs=[Crumb(label=_("Batches"), href=reverse("web:batch_list")), Crumb(label=_("new"))],
    )
    return submit(request, form, do) or form_page(request, form, view)


def _items(actor: Actor, named: Sequence[str]) -> list[Item]:
    wanted = [name.strip().upper() for name in named]
    found = {item.reference: item for item in items_by_reference(actor=actor, references=wanted)}
    for row, name in enumerate(wanted):
        if name not in found:
            raise BadInput(_("There is no item %(found)s.") % {"found": name}, field="item", found=name, row=row)
    return [found[name] for name in wanted]


class DispositionForm(PageForm):
    """Quality's word on a blocked batch."""

    release = forms.ChoiceField(
        label=gettext_lazy("What happens to the batch"),
        widget=forms.RadioSelect,
        choices=[
            ("no", gettext_lazy("Reject: the work is done again")),
            ("yes", gettext_lazy("Release: the cause is known and does not touch the results")),
        ],
    )
    disposition = LongField(label=gettext_lazy("Cause and reason, as they shall stand in the record"), max_length=500)


@page_for("run.read")
def batch_page(request: PageRequest, reference: str) -> HttpResponse:
    """Did the controls pass?"""
    row = batch_get(actor=request.actor, key=reference)
    form = DispositionForm(request.POST or None)

    def do() -> str:
        data = form.cleaned_data
        batch_dispose(actor=request.actor, batch=row, release=data["release"] == "yes", disposition=data["disposition"])
        return reverse("web:batch", args=[row.reference])

    if done := submit(request, form, do):
        return done
    return _batch_show(request, row, form)


def _batch_show(request: PageRequest, row: Batch, form: PageForm, wrong: ControlForm | None = None) -> HttpResponse:
    actor = request.actor
    controls = list(row.controls.select_related("read_by").prefetch_related("sequences").order_by("id"))
    may_dispose = row.state == BatchState.BLOCKED and actor.may("quality.manage")
    context = {
        "row": row,
        "state": state_badge(row),
        "controls": [control_row(one, actor, row, wrong) for one in controls],
        "items": [
            (one, address_of("item", one.item.reference), address_of("raw_files", one.item.reference))
            for one in row.items.select_related("item").order_by("position", "id")
        ],
        "runs": list(row.runs.select_related("item").order_by("-id")[:50]),
        "facts": _facts(row, controls),
        "form": form if may_dispose else None,
        "blocked": row.state == BatchState.BLOCKED,
        "can_release": row.state == BatchState.OPEN
        and actor.may("batch.work")
        and all(one.outcome == ControlOutcome.PASSED for one in controls),
        "can_upload": actor.may("file.upload"),
        "can_staff": actor.may("quality.manage"),
        "crumbs": [Crumb(label=_("Batches"), href=reverse("web:batch_list")), Crumb(label=row.reference)],
    }
    return page(request, "web/lab/batch.html", context, form=wrong or form)


def _facts(row: Batch, controls: Sequence[BatchControl]) -> list[Fact]:
    failed = [one for one in controls if one.outcome == ControlOutcome.FAILED]
    unread = sum(one.outcome == ControlOutcome.PENDING for one in controls)
    passed = len(controls) - unread - len(failed)
    tone: Tone = "bad" if failed else "warn" if unread else ""
    value = _("%(passed)s of %(all)s passed") % {"passed": passed, "all": len(controls)}
    detail = ", ".join(str(one.get_kind_display()) for one in failed) or (
        ngettext("%(n)s not read yet", "%(n)s not read yet", unread) % {"n": unread} if unread else ""
    )
    return [
        Fact(label=_("Controls"), value=value, detail=detail, tone=tone, lead=True),
        Fact(label=_("State"), value=str(row.get_state_display())),
        Fact(label=_("Items"), value=str(row.items.count()), detail=row.plate.reference if row.plate else ""),
        Fact(
            label=_("Opened"),
            value=date_format(timezone.localtime(row.opened_at), "j M Y H:i"),
            detail=row.opened_by.name,
        ),
    ]


@page_for("batch.work")
@require_POST
def control_page(request: PageRequest, reference: str, pk: int) -> HttpResponse:
    """Read a control."""
    row = batch_get(actor=request.actor, key=reference)
    control = control_get(actor=request.actor, batch=row, pk=pk)
    form = ControlForm(request.POST, prefix=f"c{pk}")

    def do() -> str:
        passed = request.POST.get("outcome") == "passed"
        control_read(actor=request.actor, control=control, passed=passed, note=form.cleaned_data["note"])
        return reverse("web:batch", args=[row.reference])

    return submit(request, form, do) or _batch_show(request, row, DispositionForm(), wrong=form)


@page_for("batch.work")
@require_POST
def release_page(request: PageRequest, reference: str) -> HttpResponse:
    """Release a batch whose controls all passed."""
    row = batch_get(actor=request.actor, key=reference)
    batch_release(actor=request.actor, batch=row)
    return redirect("web:batch", row.reference)


@counts("batch_list")
def _blocked(actor: Actor) -> Waiting:
    return Waiting(number=batches_blocked(actor=actor).count(), hot=True)


@today_part("run.read", order=20)
def blocked_batches(actor: Actor) -> TodayPart:
    """Batches a control stops, for those who work on them and for quality, who decides."""
    if not (actor.may("batch.work") or actor.may("quality.manage")):
        return TodayPart()
    decides = actor.may("quality.manage")
    tasks = [
        Task(
            title=_("%(batch)s is blocked by a control") % {"batch": row.reference},
            detail=f"{row.get_kind_display()}, {row.method}",
            icon="batch",
            tone="bad",
            action=_("Record a disposition") if decides else _("Look at it"),
            href=reverse("web:batch", args=[row.reference]),
        )
        for row in batches_blocked(actor=actor)[:8]
    ]
    return TodayPart(tasks=tuple(tasks))


urlpatterns = [
    path("batches/", batches, name="batch_list"),
    path("batches/new/", batch_new, name="batch_new"),
    path("batches/<str:reference>/", batch_page, name="batch"),
    path("batches/<str:reference>/controls/<int:pk>/", control_page, name="control_read"),
    path("batches/<str:reference>/release/", release_page, name="batch_release"),
]
