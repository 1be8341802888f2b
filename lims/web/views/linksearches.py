"""Searches for links: ordered, watched, and what they found in all beside what chance lets expect."""

from uuid import UUID

from django import forms
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from lims.lab.enums import JobState, ReferenceKind, ReferenceState
from lims.lab.models import ReferenceSet
from lims.lab.selectors.work import reference_list
from lims.links.models import LinkSearch
from lims.links.selectors.links import links_of_search
from lims.links.selectors.rules import rule_of, rule_sets, rules_offered
from lims.links.selectors.searches import search_get, search_list, search_result, seizures_searchable
from lims.links.services.searches import search_cancel, search_order
from lims.web.access import PageRequest, page_for
from lims.web.fields import NumberField, RegionField, with_empty
from lims.web.formpage import FormPage, form_page
from lims.web.forms import PageForm, page, submit
from lims.web.jobs import JobPart, job_answer, job_badge
from lims.web.labfile import attachment
from lims.web.linkwords import against_chance, bin_lines, link_line, ratio_words, seizure_day, seizure_title, small
from lims.web.parts import Crumb, Fact


@page_for("link.read")
@require_GET
def searches(request: PageRequest) -> HttpResponse:
    """What was compared, when, by whom, under which rule?"""
    rows = list(search_list(actor=request.actor)[:200])
    context = {
        "rows": [(row, job_badge(row)) for row in rows],
        "facts": [
            Fact(label=_("Searches"), value=str(len(rows)), lead=True),
            Fact(label=_("Seizures with profiles"), value=str(len(seizures_searchable(actor=request.actor)))),
        ],
        "can_search": request.actor.may("link.search"),
        "crumbs": _crumbs(),
    }
    return page(request, "web/links/search_list.html", context)


def _crumbs(*more: Crumb) -> list[Crumb]:
    first = Crumb(label=_("Links between seizures"), href=reverse("web:link_network"))
    href = reverse("web:link_search_list") if more else ""
    return [first, Crumb(label=_("Searches"), href=href), *more]


class SearchForm(PageForm):
    """What is compared, and under which rule."""

    field_of = {
        "frequencies": "frequencies",
        "frequencies_taxon": "frequencies_taxon",
        "frequencies_of": "frequencies_of",
    }
    seizures = forms.MultipleChoiceField(
        label=gettext_lazy("Seizures"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("None chosen: every seizure of casework that has profiles."),
    )
    rule = forms.ChoiceField(label=gettext_lazy("Rule"))
    frequencies = forms.ChoiceField(label=gettext_lazy("Allele frequencies"), required=False)
    frequencies_taxon = forms.CharField(
        label=gettext_lazy("Species these frequencies are of"), max_length=120, required=False
    )
    frequencies_of = RegionField(
        label=gettext_lazy("Allele frequencies of"),
        required=False,
        help_text=gettext_lazy(
            "One population or group of the reference set, of 20 animals or more; else all its animals. It holds for "
            "every pair: seizures that may come from different regions are searched with all its animals, or apart."
        ),
    )
    theta = NumberField(
        label=gettext_lazy("Theta for every species"),
        required=False,
        help_text=gettext_lazy("Empty: as the rule has it for each species."),
    )

    def offer(self, request: PageRequest) -> None:
        """Set what can be chosen."""
        found = seizures_searchable(actor=request.actor)
        self.known = {str(one.uuid): one for one, _number in found}
        ready = reference_list(actor=request.actor, kind=ReferenceKind.ORIGIN, state=ReferenceState.APPROVED)
        self.references: dict[str, ReferenceSet] = {str(one.uuid): one for one in ready}
        self.fields["seizures"].choices = [  # type: ignore[attr-defined]
            (str(one.uuid), f"{seizure_title(one)}, {seizure_day(one)} ({number})") for one, number in found
        ]
        self.rules = {str(one.uuid): one for one in rule_sets(actor=request.actor)}
        self.fields["rule"].choices = rules_offered(actor=request.actor)  # type: ignore[attr-defined]
        named = [(key, str(one)) for key, one in self.references.items()]
        self.fields["frequencies"].choices = with_empty(  # type: ignore[attr-defined]
            named, gettext_lazy("those of the profiles compared")
        )
        regions: RegionField = self.fields["frequencies_of"]  # type: ignore[assignment]
        regions.offer(self.references.values())


@page_for("link.search")
def search_new(request: PageRequest) -> HttpResponse:
    """Compare the profiles of seizures; a job does it."""
    form = SearchForm(request.POST or None)
    form.offer(request)

    def do() -> str:
        data = form.cleaned_data
        made = search_order(
            actor=request.actor,
            seizures=[form.known[key] for key in data["seizures"]],
            frequencies=form.references.get(data["frequencies"]),
            frequencies_taxon=data["frequencies_taxon"],
            frequencies_of=data["frequencies_of"],
            theta=None if data["theta"] is None else float(data["theta"]),
            rule="" if data["rule"] in form.rules else data["rule"],
            rule_set=form.rules.get(data["rule"]),
        )
        return reverse("web:link_search", args=[made.uuid])

    view = FormPage(
        title=_("Search for links"),
        button=_("Compare the profiles"),
        cancel=reverse("web:link_search_list"),
        note=_("Profiles are compared within one species and one marker panel. Somebody else reviews what is found."),
        layout=(
            (_("What is compared"), ("seizures",)),
            (_("How"), ("rule", "frequencies", "frequencies_taxon", "frequencies_of", "theta")),
        ),
        icon="search",
        crumbs=_crumbs(Crumb(label=_("new"))),
    )
    return submit(request, form, do) or form_page(request, form, view)


@page_for("link.read")
@require_GET
def search_page(request: PageRequest, uuid: UUID) -> HttpResponse:
    """What did this search find, what would chance have found, and what was left out?"""
    row = search_get(actor=request.actor, uuid=uuid)
    told = row.summary
    context = {
        "row": row,
        "state": job_badge(row),
        "job": _job(row),
        "facts": _facts(row),
        "groups": [_group_lines(one, told["bins"]) for one in told.get("groups", ())],
        "links": [link_line(view) for view in links_of_search(actor=request.actor, search=row)],
        "rule": rule_of(row),
        "can_cancel": request.actor.may("link.search") and not row.over,
        "crumbs": _crumbs(Crumb(label=row.reference)),
    }
    return page(request, "web/links/search.html", context, status=200 if row.over else 202)


@page_for("link.read")
@require_GET
def search_progress(request: PageRequest, uuid: UUID) -> HttpResponse:
    """The part of the page that is fetched until the search is over."""
    return job_answer(request, _job(search_get(actor=request.actor, uuid=uuid)))


@page_for("link.search")
@require_POST
def search_stop(request: PageRequest, uuid: UUID) -> HttpResponse:
    """Ask it to stop."""
    search_cancel(actor=request.actor, search=search_get(actor=request.actor, uuid=uuid))
    return redirect("web:link_search", uuid)


@page_for("link.read")
@require_GET
def search_file(request: PageRequest, uuid: UUID) -> HttpResponseBase:
    """The whole result as a file, checked against its digest."""
    _row, file, content = search_result(actor=request.actor, uuid=uuid)
    return attachment([content], name=file.name, media_type=file.media_type, size=file.size)


def _job(row: LinkSearch) -> JobPart:
    return JobPart(
        job=row,
        state=job_badge(row),
        name=row.reference,
        label=_("Progress of the search"),
        href=reverse("web:link_search", args=[row.uuid]),
        show=_("Show the search"),
        address=reverse("web:link_search_progress", args=[row.uuid]),
    )


def _facts(row: LinkSearch) -> list[Fact]:
    told = row.summary
    if row.state != JobState.DONE or not told:
        return [Fact(label=_("State"), value=str(row.get_state_display()), lead=True)]
    return [
        Fact(
            label=_("Links found"),
            value=str(told["links"]),
            detail=_("by chance at most %(budget)s from relatives, and as many from single animals")
            % {"budget": small(told["budget"])},
            lead=True,
        ),
        Fact(label=_("Pairs of seizures"), value=str(told["seizure_pairs"])),
        Fact(label=_("Animals"), value=str(sum(one["animals"] for one in told["groups"]))),
        Fact(label=_("Pairs of animals"), value=str(sum(one["pairs_compared"] for one in told["groups"]))),
    ]


def _group_lines(told: dict[str, object], bins: list[float]) -> dict[str, object]:
    """One species and panel, in words."""
    given: dict[str, object] = dict(told)
    return given | {
        "direct_words": against_chance(told["direct"], told["direct_expected"]),  # type: ignore[arg-type]
        "bound": ratio_words(told["direct_log10"]),  # type: ignore[arg-type]
        "lines": list(
            zip(
                bin_lines(bins, told["observed"], told["expected"]),  # type: ignore[arg-type]
                [small(one) for one in told["rates"]],  # type: ignore[attr-defined]
                [small(one) for one in told["rate_errors"]],  # type: ignore[attr-defined]
                ["–" if one is None else small(one) for one in told["published"]],  # type: ignore[attr-defined]
                strict=True,
            )
        )
        if told["rates"]
        else [],
        "found_words": f"{float(told['found']) * 100:.1f}\u00a0%",  # type: ignore[arg-type]
        "siblings_words": small(float(told["siblings"])),  # type: ignore[arg-type]
    }


urlpatterns = [
    path("link-searches/", searches, name="link_search_list"),
    path("link-searches/new/", search_new, name="link_search_new"),
    path("link-searches/<uuid:uuid>/", search_page, name="link_search"),
    path("link-searches/<uuid:uuid>/progress/", search_progress, name="link_search_progress"),
    path("link-searches/<uuid:uuid>/cancel/", search_stop, name="link_search_cancel"),
    path("link-searches/<uuid:uuid>/result/", search_file, name="link_search_file"),
]
