"""Fetching records of references by accession: the list, one fetch with its progress and report, a set from it."""

from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from lims.common.errors import BadInput
from lims.lab.enums import JobState
from lims.lab.models import RecordFetch
from lims.lab.selectors.fetches import fetch_get, fetch_list, fetching_problem
from lims.lab.services.fetches import fetch_ask, fetch_cancel, fetch_propose, fetch_resume
from lims.web.access import PageRequest, page_for
from lims.web.fields import LongField
from lims.web.forms import KeyForm, PageForm, page, press, submit
from lims.web.jobs import JobPart, job_answer, job_badge
from lims.web.parts import Crumb, Fact

LARGEST_LIST = 1 << 20
MOST_SHOWN = 500


class FetchForm(PageForm):
    """Accessions, pasted or as a file."""

    name = forms.CharField(
        label=gettext_lazy("What the records are for"),
        max_length=120,
        help_text=gettext_lazy("For example: cats, COI."),
    )
    accessions = LongField(
        label=gettext_lazy("Accessions, one a line"),
        required=False,
        max_length=LARGEST_LIST,
        help_text=gettext_lazy("Such as NC_000845 or AY851612.1. What stands behind # is not read."),
    )
    file = forms.FileField(label=gettext_lazy("Or a file of them"), required=False)

    def text(self) -> str:
        """The list, pasted or from the file."""
        sent = self.cleaned_data.get("file")
        if sent is None:
            return str(self.cleaned_data["accessions"])
        content = sent.read(LARGEST_LIST + 1)
        try:
            if len(content) > LARGEST_LIST:
                raise ValueError
            return str(content.decode("utf-8-sig"))
        except ValueError as error:
            raise BadInput(
                _("«%(file)s» is no list of accessions (text of at most 1 MB).") % {"file": sent.name},
                code="bad-list",
                field="file",
                found=sent.name,
            ) from error


class SetForm(PageForm):
    """A set from what was fetched."""

    name = forms.CharField(label=gettext_lazy("Name of the set"), max_length=120)
    edition = forms.CharField(label=gettext_lazy("Edition"), max_length=40)
    locus = forms.CharField(label=gettext_lazy("Locus of the sequences"), max_length=60, required=False)


def _crumbs(*more: Crumb) -> list[Crumb]:
    return [Crumb(label=_("Reference sets"), href=reverse("web:reference_list")), *more]


@page_for("reference.manage")
def fetches(request: PageRequest) -> HttpResponse:
    """Which records were fetched, and fetching more."""
    form = FetchForm(request.POST or None, request.FILES or None, initial=_from_search(request))

    def do() -> str:
        made = fetch_ask(actor=request.actor, name=form.cleaned_data["name"], accessions=form.text())
        return reverse("web:record_fetch", args=[made.uuid])

    if done := submit(request, form, do):
        return done
    problem = fetching_problem()
    context = {
        "rows": [(row, job_badge(row)) for row in fetch_list(actor=request.actor)[:100]],
        "form": None if problem else form,
        "problem": problem,
        "crumbs": _crumbs(Crumb(label=_("Fetch by accession"))),
    }
    return page(request, "web/lab/fetch_list.html", context, form=form)


def _from_search(request: PageRequest) -> dict[str, str]:
    """The accessions that a search found, to be looked through before they are fetched."""
    if not (asked := request.GET.get("from", "")):
        return {}
    try:
        search = fetch_get(actor=request.actor, uuid=UUID(asked))
    except ValueError:
        return {}
    found = (
        f"{name}  # {one['species']}, {one['locus']}"
        for one in search.report
        for name in (one["accessions"] if search.wanted else ())
    )
    return {"name": search.name, "accessions": "\n".join(found)}


@page_for("reference.manage")
def fetch_page(request: PageRequest, uuid: UUID) -> HttpResponse:
    """What came of each accession?"""
    row = fetch_get(actor=request.actor, uuid=uuid)
    form = SetForm(request.POST or None, initial={"name": row.name})

    def do() -> str:
        data = form.cleaned_data
        made = fetch_propose(
            actor=request.actor, fetch=row, name=data["name"], edition=data["edition"], locus=data["locus"]
        )
        return reverse("web:reference", args=[made.uuid])

    if done := submit(request, form, do):
        return done
    context = (_found(row) if row.wanted else _came(row)) | {
        "fetch": row,
        "state": job_badge(row),
        "job": _job(row),
        "form": form if row.file else None,
        "again": KeyForm(),
        "problem": fetching_problem(),
        "can_cancel": not row.over,
        "can_resume": row.state in {JobState.FAILED, JobState.CANCELLED} and not fetching_problem(),
        "crumbs": _crumbs(
            Crumb(label=_("Fetch by accession"), href=reverse("web:record_fetches")), Crumb(label=row.name)
        ),
    }
    return page(request, "web/lab/fetch.html", context, form=form, status=200 if row.over else 202)


def _came(row: RecordFetch) -> dict[str, Any]:
    """What a fetch brought."""
    missing = [one for one in row.report if one["state"] == "missing"]
    came = len(row.report) - len(missing)
    return {
        "missing": missing[:MOST_SHOWN],
        "came": [one for one in row.report if one["state"] != "missing"][:MOST_SHOWN],
        "more": max(0, came - MOST_SHOWN),
        "facts": [
            Fact(label=_("Asked for"), value=str(len(row.accessions)), lead=True),
            Fact(label=_("Came"), value=str(came) if row.report else "–"),
            Fact(
                label=_("Not on the server"),
                value=str(len(missing)) if row.report else "–",
                tone="warn" if missing else "",
            ),
        ],
    }


def _found(row: RecordFetch) -> dict[str, Any]:
    """What a search found: accessions of each species and locus, and what the server has nothing of."""
    none = sum(one["state"] == "none" for one in row.report)
    listed = sum(len(one["accessions"]) for one in row.report)
    return {
        "found": row.report[:MOST_SHOWN],
        "more": max(0, len(row.report) - MOST_SHOWN),
        "fetch_them": f"{reverse('web:record_fetches')}?{urlencode({'from': str(row.uuid)})}" if listed else "",
        "facts": [
            Fact(label=_("Species and loci searched for"), value=str(len(row.wanted)), lead=True),
            Fact(label=_("Accessions listed"), value=str(listed) if row.report else "–"),
            Fact(
                label=_("Nothing on the server"),
                value=str(none) if row.report else "–",
                tone="warn" if none else "",
            ),
        ],
    }


def _job(row: RecordFetch) -> JobPart:
    return JobPart(
        job=row,
        state=job_badge(row),
        name=row.name,
        label=_("Progress of the fetch"),
        href=reverse("web:record_fetch", args=[row.uuid]),
        show=_("Show what came"),
        address=reverse("web:record_fetch_progress", args=[row.uuid]),
    )


@page_for("reference.manage")
@require_GET
def fetch_progress(request: PageRequest, uuid: UUID) -> HttpResponse:
    """The part of a fetch's page that is loaded every two seconds until it is over."""
    return job_answer(request, _job(fetch_get(actor=request.actor, uuid=uuid)))


@page_for("reference.manage")
@require_POST
def fetch_stop(request: PageRequest, uuid: UUID) -> HttpResponse:
    """Ask a fetch to stop."""
    fetch_cancel(actor=request.actor, fetch=fetch_get(actor=request.actor, uuid=uuid))
    return redirect("web:record_fetch", uuid)


@page_for("reference.manage")
@require_POST
def fetch_go_on(request: PageRequest, uuid: UUID) -> HttpResponse:
    """Go on with a fetch that failed or was cancelled."""
    row = fetch_get(actor=request.actor, uuid=uuid)

    def do() -> str:
        fetch_resume(actor=request.actor, fetch=row)
        return reverse("web:record_fetch", args=[row.uuid])

    return press(request, do)


urlpatterns = [
    path("references/fetches/", fetches, name="record_fetches"),
    path("references/fetches/<uuid:uuid>/", fetch_page, name="record_fetch"),
    path("references/fetches/<uuid:uuid>/progress/", fetch_progress, name="record_fetch_progress"),
    path("references/fetches/<uuid:uuid>/cancel/", fetch_stop, name="record_fetch_cancel"),
    path("references/fetches/<uuid:uuid>/resume/", fetch_go_on, name="record_fetch_resume"),
]
