"""Lists of the law: what may be asked, what each edition holds, which of its rows could not be read."""

from datetime import date
from uuid import UUID

from django import forms
from django.http import HttpResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from lims.accounts.actors import Actor
from lims.lab.enums import JobState, LegalScheme, ReferenceState
from lims.lab.models import LegalList
from lims.lab.selectors.law import Question, law_get, law_list, laws_to_approve, listing_ask
from lims.lab.services.law import law_approve, law_propose, law_retire
from lims.web.access import PageRequest, page_for
from lims.web.describing import Badge
from lims.web.fields import DayField, LongField, code_choices
from lims.web.formpage import FormPage, form_page
from lims.web.forms import PageForm, page, submit
from lims.web.jobs import JobPart, job_answer, job_badge
from lims.web.parts import Crumb, Fact, Task
from lims.web.rulings import RulingView, ruling_views
from lims.web.today import TodayPart, today_part

_BADGES = {"proposed": "warn", "approved": "ok", "retired": "idle"}


class AskForm(PageForm):
    """A name and a day."""

    keyed = False
    name = forms.CharField(label=gettext_lazy("Scientific name"), max_length=160)
    on = DayField(label=gettext_lazy("On"))
    origin = forms.ChoiceField(label=gettext_lazy("Country of origin"), choices=code_choices("country"), required=False)
    term = forms.ChoiceField(label=gettext_lazy("Specimen"), choices=code_choices("term"), required=False)
    law_of = forms.ChoiceField(label=gettext_lazy("National law of"), choices=code_choices("country"), required=False)


def badge_of(row: LegalList) -> Badge:
    """How far its reading is, then whether answers rest on it."""
    if row.state != JobState.DONE:
        return job_badge(row)
    return Badge(kind=_BADGES[row.standing], text=str(row.get_standing_display()))


def law_words(row: LegalList) -> str:
    """The law a list belongs to."""
    return str(row.get_scheme_display()) if row.scheme == LegalScheme.CITES else row.jurisdiction


@page_for("run.read")
@require_GET
def laws(request: PageRequest) -> HttpResponse:
    """Which listing did a name have on a day, and by which lists is that known?"""
    asked = "name" in request.GET
    form = AskForm(request.GET if asked else None, initial={"on": timezone.localdate()})
    found: list[RulingView] | None = None
    if asked and form.is_valid():
        data = form.cleaned_data
        question = Question(name=data["name"], population=data["origin"], specimen=data["term"])
        countries = [data["law_of"]] if data["law_of"] else []
        found = ruling_views(
            listing_ask(actor=request.actor, question=question, day=data["on"], jurisdictions=countries)
        )
    rows = list(law_list(actor=request.actor)[:200])
    in_use = [row for row in rows if row.standing == ReferenceState.APPROVED and row.state == JobState.DONE]
    cites = [row for row in in_use if row.scheme == LegalScheme.CITES]
    waiting = [row for row in rows if row.standing == ReferenceState.PROPOSED and row.state == JobState.DONE]
    context = {
        "form": form,
        "rulings": found,
        "lists": [(row, badge_of(row), law_words(row)) for row in rows],
        "facts": [
            Fact(
                label=_("CITES list in use"),
                value=cites[0].edition if cites else _("none"),
                detail=_("as of %(day)s") % {"day": _day(cites[0].as_of)} if cites else "",
                tone="" if cites else "warn",
                lead=True,
            ),
            Fact(label=_("National lists in use"), value=str(len(in_use) - len(cites))),
            Fact(
                label=_("Waiting for a second look"),
                value=str(len(waiting)) if waiting else _("none"),
                tone="warn" if waiting else "",
            ),
        ],
        "can_propose": request.actor.may("reference.manage"),
        "crumbs": [Crumb(label=_("Lists of the law"))],
    }
    return page(request, "web/lab/law_list.html", context, form=form)


class ProposeForm(PageForm):
    """A checklist to read."""

    scheme = forms.ChoiceField(label=gettext_lazy("Which law"), choices=LegalScheme.choices)
    jurisdiction = forms.ChoiceField(
        label=gettext_lazy("Country of the national law"), choices=code_choices("country"), required=False
    )
    name = forms.CharField(label=gettext_lazy("Name of the list"), max_length=120)
    edition = forms.CharField(label=gettext_lazy("Edition"), max_length=40)
    as_of = DayField(
        label=gettext_lazy("State of"),
        help_text=gettext_lazy("The day whose law the file gives: the day it was downloaded, or its date of issue."),
    )
    file = forms.FileField(
        label=gettext_lazy("CSV file"),
        help_text=gettext_lazy(
            "Species+ or Checklist of CITES Species: the history of listings answers for every day, the index for one "
            "day only."
        ),
    )
    provenance = LongField(label=gettext_lazy("Where it comes from"), max_length=500)
    synthetic = forms.BooleanField(label=gettext_lazy("Invented data"), required=False)


@page_for("reference.manage")
def law_new(request: PageRequest) -> HttpResponse:
    """Propose a list; a job reads it row by row."""
    form = ProposeForm(request.POST or None, request.FILES or None)

    def do() -> str:
        data = form.cleaned_data
        made = law_propose(
            actor=request.actor,
            scheme=data["scheme"],
            jurisdiction=data["jurisdiction"],
            name=data["name"],
            edition=data["edition"],
            as_of=data["as_of"],
            source=(data["file"].name, data["file"].read()),
            provenance=data["provenance"],
            synthetic=data["synthetic"],
        )
        return reverse("web:law", args=[made.uuid])

    view = FormPage(
        title=_("Propose a list of the law"),
        button=_("Keep the file and read it"),
        cancel=reverse("web:law_list"),
        note=_("Answers rest on it only after a second person has approved it. An edition never changes."),
        layout=(
            (_("The list"), ("scheme", "jurisdiction", "name", "edition", "as_of", "synthetic")),
            (_("File"), ("file", "provenance")),
        ),
        icon="flag",
        crumbs=[Crumb(label=_("Lists of the law"), href=reverse("web:law_list")), Crumb(label=_("new"))],
    )
    return submit(request, form, do) or form_page(request, form, view)


class NoteForm(PageForm):
    """What was checked, or why it ends."""

    note = LongField(label=gettext_lazy("What was checked, or why it is retired"), max_length=500)


@page_for("run.read")
def law_page(request: PageRequest, uuid: UUID) -> HttpResponse:
    """Which days does this list speak of, and what in it could not be read?"""
    row = law_get(actor=request.actor, uuid=uuid)
    form = NoteForm(request.POST or None)

    def do() -> str:
        note = form.cleaned_data["note"]
        if request.POST.get("act") == "retire":
            law_retire(actor=request.actor, row=row, reason=note)
        else:
            law_approve(actor=request.actor, row=row, note=note)
        return reverse("web:law", args=[row.uuid])

    if done := submit(request, form, do):
        return done
    may = request.actor.may("quality.manage") and row.standing != ReferenceState.RETIRED and row.state == JobState.DONE
    mine = row.added_by_id == request.actor.party_id
    context = {
        "row": row,
        "state": badge_of(row),
        "law": law_words(row),
        "job": _job(row),
        "facts": _facts(row),
        "form": form if may else None,
        "can_approve": row.standing == ReferenceState.PROPOSED and not mine,
        "mine": mine,
        "refused": row.report.get("refused") or [],
        "crumbs": [Crumb(label=_("Lists of the law"), href=reverse("web:law_list")), Crumb(label=str(row))],
    }
    return page(request, "web/lab/law.html", context, form=form, status=200 if row.over else 202)


@page_for("run.read")
@require_GET
def law_progress(request: PageRequest, uuid: UUID) -> HttpResponse:
    """The part of the page that is fetched until the file is read."""
    return job_answer(request, _job(law_get(actor=request.actor, uuid=uuid)))


def _job(row: LegalList) -> JobPart:
    return JobPart(
        job=row,
        state=badge_of(row),
        name=str(row),
        label=_("Progress of the reading"),
        href=reverse("web:law", args=[row.uuid]),
        show=_("Show the list"),
        address=reverse("web:law_progress", args=[row.uuid]),
    )


def _facts(row: LegalList) -> list[Fact]:
    if row.state != JobState.DONE:
        return [Fact(label=_("State"), value=str(row.get_state_display()), lead=True)]
    speaks = (
        _("%(since)s to %(until)s") % {"since": _day(row.history_since), "until": _day(row.as_of)}
        if row.history_since
        else _("%(day)s only") % {"day": _day(row.as_of)}
    )
    return [
        Fact(
            label=_("Speaks of"),
            value=speaks,
            detail="" if row.history_since else _("no history: earlier days stay unknown"),
            lead=True,
        ),
        Fact(label=_("Taxa"), value=str(row.taxa_count)),
        Fact(label=_("Listings"), value=str(row.listing_count)),
        Fact(
            label=_("Rows not read"),
            value=str(row.refused_count) if row.refused_count else _("none"),
            tone="warn" if row.refused_count else "",
        ),
    ]


def _day(value: date) -> str:
    return date_format(value, "j M Y")


@today_part("quality.manage", order=46)
def laws_waiting(actor: Actor) -> TodayPart:
    """Lists that wait for the second look."""
    tasks = [
        Task(
            title=_("Approve %(name)s") % {"name": str(row)},
            detail=_("proposed by %(name)s") % {"name": row.added_by.name},
            icon="flag",
            action=_("Look at it"),
            href=reverse("web:law", args=[row.uuid]),
        )
        for row in laws_to_approve(actor=actor)[:5]
    ]
    return TodayPart(tasks=tuple(tasks))


urlpatterns = [
    path("law/", laws, name="law_list"),
    path("law/new/", law_new, name="law_new"),
    path("law/<uuid:uuid>/", law_page, name="law"),
    path("law/<uuid:uuid>/progress/", law_progress, name="law_progress"),
]
