"""The component sheet: every part once, with its states. Demonstration, tests and debugging only."""

from datetime import datetime, timedelta, timezone
from decimal import Decimal

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lims.common.errors import BadInput, ManyErrors, RuleViolation
from lims.web.access import PageRequest, page_for
from lims.web.forms import CodeField, PageForm, page
from lims.web.listing import Column, ListRequest
from lims.web.parts import BoxRow, Cell, Check, Crumb, Event, Fact, Share, Step, Tab, Task
from lims.web.templatetags.spoor import BADGES
from lims.web.views.frame import demo_only

_MOMENT = datetime(2026, 11, 21, 9, 44, tzinfo=timezone(timedelta(hours=3)))


class SpecimenForm(PageForm):
    """A form with every kind of control."""

    mass = forms.CharField(label=gettext_lazy("Amount taken"), widget=forms.TextInput(attrs={"inputmode": "decimal"}))
    unit = forms.ChoiceField(
        label=gettext_lazy("Unit"),
        choices=[("mg", "mg"), ("µL", "µL")],
        widget=forms.Select(attrs={"aria-label": gettext_lazy("Unit")}),
    )
    when = forms.DateTimeField(
        label=gettext_lazy("When"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    code = CodeField(
        label=gettext_lazy("Scan code"),
        help_text=gettext_lazy("Eight signs; the last one checks the others."),
    )
    note = forms.CharField(label=gettext_lazy("Note"), required=False)
    seal = forms.ChoiceField(
        label=gettext_lazy("Seal as you find it"),
        choices=[("intact", gettext_lazy("Intact")), ("broken", gettext_lazy("Broken"))],
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
    more = RuleViolation(_("600.0 mg is more than the 300.0 mg left. Weigh again or take less."), field="mass")
    late = BadInput(_("This is in the future. It is 21 Nov 2026 10:12 here."), field="when")
    form.refuse(ManyErrors([more, late]))
    return form


def _specimens(request: HttpRequest) -> dict[str, object]:
    return {
        "crumbs": [Crumb(label=_("Today"), href="/"), Crumb(label=_("Components"))],
        "facts": _facts(),
        "badges": [(kind, kind) for kind in sorted(BADGES)],
        "steps": _steps(),
        "events": _events(),
        "checks": _checks(),
        "tasks": [
            Task(
                title=_("A control failed"),
                detail=_("What it stops."),
                icon="bad",
                tone="bad",
                action=_("Record the cause"),
                href="#x",
            ),
            Task(
                title=_("Something waits"),
                detail=_("Since when."),
                icon="handover",
                tone="warn",
                action=_("Check and accept"),
                href="#x",
            ),
        ],
        "shares": [
            Share(label=_("left"), amount=Decimal("300.0"), kind="left"),
            Share(label=_("in sub-samples"), amount=Decimal("150.0"), kind="child"),
            Share(label=_("used"), amount=Decimal("45.0"), kind="used"),
            Share(label=_("waste"), amount=Decimal("5.0"), kind="waste"),
        ],
        "box_columns": ["1", "2", "3"],
        "box_rows": [
            BoxRow(
                name="A",
                cells=[
                    Cell(position="A1", text="R5", state="full"),
                    Cell(position="A2", text="1", state="new", meaning=_("new")),
                    Cell(position="A3", text="?", state="bad", meaning=_("to check")),
                ],
            ),
            BoxRow(
                name="B",
                cells=[
                    Cell(position="B1", state="next", meaning=_("next")),
                    Cell(position="B2"),
                    Cell(position="B3"),
                ],
            ),
        ],
        "tabs": [
            Tab(label=_("Overview"), href="#tab-1", current=True),
            Tab(label=_("Items"), href="#tab-2", count=6),
        ],
        "items": _items(request),
        "moment": _MOMENT,
    }


def _facts() -> list[Fact]:
    return [
        Fact(label=_("Fact that answers first"), value=_("the value"), detail=_("the detail"), lead=True),
        Fact(label=_("Fact"), value=_("value"), detail=_("detail")),
        Fact(
            label=_("Warning as lead fact"),
            value=_("2 waiting"),
            detail=_("oldest 52 min"),
            tone="warn",
            lead=True,
        ),
        Fact(label=_("Failure as lead fact"), value=_("stopped"), detail=_("reason"), tone="bad", lead=True),
    ]


def _steps() -> list[Step]:
    return [
        Step(label=_("Request"), detail="18 Nov", state="done"),
        Step(label=_("Run"), detail="20 Nov", state="done"),
        Step(label=_("Control"), detail=_("blank failed"), state="stopped"),
        Step(label=_("Repeat"), detail=_("today"), state="now"),
        Step(label=_("Report")),
    ]


def _events() -> list[Event]:
    return [
        Event(title=_("Seal opened"), at=_MOMENT, detail=_("the newest act"), record="act 48 207", kind="now"),
        Event(title=_("Received"), at=_MOMENT - timedelta(minutes=3), kind="transit"),
        Event(title=_("Sealed"), at=_MOMENT - timedelta(days=18), kind="seal"),
        Event(title=_("Nobody held it for 40 minutes"), at=_MOMENT - timedelta(days=20), kind="gap"),
        Event(title=_("Made"), at=_MOMENT - timedelta(days=21)),
    ]


def _checks() -> list[Check]:
    return [
        Check(label=_("Seals as stated"), value="6 / 6"),
        Check(label=_("Weight"), state="warn", value="178 kg", detail=_("stated 180 kg")),
        Check(label=_("Seal number"), state="bad", value="S-88245"),
        Check(label=_("Photographs"), state="wait"),
    ]


def _items(request: HttpRequest) -> object:
    columns = (
        Column(key="item", label=_("Item"), order="item"),
        Column(key="what", label=_("What")),
        Column(key="left", label=_("Left"), order="left", numeric=True),
    )
    ask = ListRequest.of(request, columns=columns, filters=("held", "seal"), sort="item")
    rows = [(f"WF-2026-000123-E{number:02d}", _("raw tusk"), Decimal(number)) for number in range(1, 61)]
    key = {"item": 0, "left": 2}[ask.sort.removeprefix("-") or "item"]
    found = [row for row in rows if all(word.lower() in " ".join(map(str, row)).lower() for word in ask.words)]
    return ask.listing(sorted(found, key=lambda row: row[key], reverse=ask.sort.startswith("-")))
