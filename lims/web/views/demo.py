"""The component sheet: every part once, with its states. Demonstration, tests and debugging only.

Its words are specimens and stay English.
"""

from datetime import datetime, timedelta, timezone
from decimal import Decimal

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import path

from lims.common.errors import BadInput, ManyErrors, RuleViolation
from lims.lab.enums import JobState
from lims.lab.models import Run
from lims.web.access import PageRequest, page_for
from lims.web.forms import CodeField, PageForm, page
from lims.web.jobs import JobPart, job_badge
from lims.web.listing import Column, ListRequest
from lims.web.parts import BoxRow, Cell, Check, Crumb, Event, Fact, Share, Step, Tab, Task
from lims.web.templatetags.spoor import BADGES
from lims.web.views.frame import demo_only

_MOMENT = datetime(2026, 11, 21, 9, 44, tzinfo=timezone(timedelta(hours=3)))


class SpecimenForm(PageForm):
    """A form with every kind of control."""

    mass = forms.CharField(label="Amount taken", widget=forms.TextInput(attrs={"inputmode": "decimal"}))
    unit = forms.ChoiceField(
        label="Unit",
        choices=[("mg", "mg"), ("µL", "µL")],
        widget=forms.Select(attrs={"aria-label": "Unit"}),
    )
    when = forms.DateTimeField(
        label="When",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    code = CodeField(
        label="Scan code",
        help_text="Eight signs; the last one checks the others.",
    )
    note = forms.CharField(label="Note", required=False)
    seal = forms.ChoiceField(
        label="Seal as you find it",
        choices=[("intact", "Intact"), ("broken", "Broken")],
        widget=forms.RadioSelect,
    )


@page_for()
def components(request: PageRequest) -> HttpResponse:
    """The sheet. Its lists and forms work like those of the other pages."""
    demo_only(request)
    return page(request, "web/demo/components.html", _specimens(request) | {"form": _refused_form()})


def _refused_form() -> SpecimenForm:
    form = SpecimenForm(
        {"mass": "600.0", "unit": "mg", "when": "2026-11-22T09:00", "code": "7K3M9Q2P", "seal": "intact"}
    )
    form.is_valid()
    more = RuleViolation("600.0 mg is more than the 300.0 mg left. Weigh again or take less.", field="mass")
    late = BadInput("This is in the future. It is 21 Nov 2026 10:12 here.", field="when")
    form.refuse(ManyErrors([more, late]))
    return form


def _specimens(request: HttpRequest) -> dict[str, object]:
    return {
        "crumbs": [Crumb(label="Today", href="/"), Crumb(label="Components")],
        "facts": _facts(),
        "badges": [(kind, kind) for kind in sorted(BADGES)],
        "steps": _steps(),
        "events": _events(),
        "checks": _checks(),
        "job": _job(),
        "tasks": _tasks(),
        "shares": _shares(),
        "box_columns": ["1", "2", "3"],
        "box_rows": _box_rows(),
        "tabs": [
            Tab(label="Overview", href="#tab-1", current=True),
            Tab(label="Items", href="#tab-2", count=6),
        ],
        "items": _items(request),
        "moment": _MOMENT,
    }


def _facts() -> list[Fact]:
    return [
        Fact(label="Fact that answers first", value="the value", detail="the detail", lead=True),
        Fact(label="Fact", value="value", detail="detail"),
        Fact(
            label="Warning as lead fact",
            value="2 waiting",
            detail="oldest 52 min",
            tone="warn",
            lead=True,
        ),
        Fact(label="Failure as lead fact", value="stopped", detail="reason", tone="bad", lead=True),
    ]


def _job() -> JobPart:
    run = Run(state=JobState.RUNNING, progress=0.625, message="5 of 8 steps")
    return JobPart(
        job=run,
        state=job_badge(run),
        kind="Species",
        name="R-2026-0001",
        label="Progress of R-2026-0001",
        href="#x",
        show="Show the page of the run",
        address="",
    )


def _tasks() -> list[Task]:
    return [
        Task(
            title="A control failed",
            detail="What it stops.",
            icon="bad",
            tone="bad",
            action="Record the cause",
            href="#x",
        ),
        Task(
            title="Something waits",
            detail="Since when.",
            icon="handover",
            tone="warn",
            action="Check and accept",
            href="#x",
        ),
    ]


def _shares() -> list[Share]:
    return [
        Share(label="left", amount=Decimal("300.0"), kind="left"),
        Share(label="in sub-samples", amount=Decimal("150.0"), kind="child"),
        Share(label="used", amount=Decimal("45.0"), kind="used"),
        Share(label="waste", amount=Decimal("5.0"), kind="waste"),
    ]


def _box_rows() -> list[BoxRow]:
    full = [
        Cell(position="A1", text="R5", state="full"),
        Cell(position="A2", text="1", state="new", meaning="new"),
        Cell(position="A3", text="?", state="bad", meaning="to check"),
    ]
    free = [Cell(position="B1", state="next", meaning="next"), Cell(position="B2"), Cell(position="B3")]
    return [BoxRow(name="A", cells=full), BoxRow(name="B", cells=free)]


def _steps() -> list[Step]:
    return [
        Step(label="Request", detail="18 Nov", state="done"),
        Step(label="Run", detail="20 Nov", state="done"),
        Step(label="Control", detail="blank failed", state="stopped"),
        Step(label="Repeat", detail="today", state="now"),
        Step(label="Report"),
    ]


def _events() -> list[Event]:
    return [
        Event(title="Seal opened", at=_MOMENT, detail="the newest act", record="act 48 207", kind="now"),
        Event(title="Received", at=_MOMENT - timedelta(minutes=3), kind="transit"),
        Event(title="Sealed", at=_MOMENT - timedelta(days=18), kind="seal"),
        Event(title="Nobody held it for 40 minutes", at=_MOMENT - timedelta(days=20), kind="gap"),
        Event(title="Made", at=_MOMENT - timedelta(days=21)),
    ]


def _checks() -> list[Check]:
    return [
        Check(label="Seals as stated", value="6 / 6"),
        Check(label="Weight", state="warn", value="178 kg", detail="stated 180 kg"),
        Check(label="Seal number", state="bad", value="S-88245"),
        Check(label="Photographs", state="wait"),
    ]


def _items(request: HttpRequest) -> object:
    columns = (
        Column(key="item", label="Item", order="item"),
        Column(key="what", label="What"),
        Column(key="left", label="Left", order="left", numeric=True),
    )
    ask = ListRequest.of(request, columns=columns, filters=("held", "seal"), sort="item")
    rows = [(f"WF-2026-000123-E{number:02d}", "raw tusk", Decimal(number)) for number in range(1, 61)]
    key = {"item": 0, "left": 2}[ask.sort.removeprefix("-") or "item"]
    found = [row for row in rows if all(word.lower() in " ".join(map(str, row)).lower() for word in ask.words)]
    return ask.listing(sorted(found, key=lambda row: row[key], reverse=ask.sort.startswith("-")))


urlpatterns = [path("demo/components/", components, name="components")]
