"""Links between seizures: the network with its table, and each link with its numbers and history."""

from urllib.parse import urlencode

from django import forms
from django.http import HttpResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from lims.accounts.actors import Actor
from lims.accounts.enums import AccessKind
from lims.accounts.selectors import reasons_stated
from lims.accounts.services import access_record
from lims.casework.models import Case, Seizure
from lims.casework.selectors.access import case_scope, reason_needed
from lims.links.enums import LinkAct, LinkBasis, LinkStanding
from lims.links.selectors.links import (
    LinkFilter,
    LinkView,
    Network,
    link_get,
    link_list,
    links_to_review,
    network,
    operations_known,
    taxa_known,
)
from lims.links.services.links import link_merge, link_release, link_release_withdraw, link_review, link_separate
from lims.web.access import PageRequest, page_for
from lims.web.casefile import client_address
from lims.web.fields import DayField, LongField, with_empty
from lims.web.forms import PageForm, page, submit
from lims.web.labfile import opened
from lims.web.linkwords import (
    against_chance,
    basis_words,
    bin_lines,
    entry_event,
    link_line,
    node_href,
    node_title,
    numbers,
    ratio_words,
    seizure_day,
    seizure_href,
    seizure_title,
    small,
    standing_badge,
)
from lims.web.navigation import Waiting, counts
from lims.web.networkchart import MOST_NODES, network_chart
from lims.web.parts import Crumb, Fact, Task
from lims.web.today import TodayPart, today_part


class FilterForm(PageForm):
    """Which links to show."""

    keyed = False
    operation = forms.ChoiceField(label=gettext_lazy("Operation"), required=False)
    taxon = forms.ChoiceField(label=gettext_lazy("Species"), required=False)
    basis = forms.ChoiceField(label=gettext_lazy("Kind of link"), choices=with_empty(LinkBasis.choices), required=False)
    standing = forms.ChoiceField(
        label=gettext_lazy("Reviewed"),
        choices=with_empty(LinkStanding.choices, gettext_lazy("all but rejected")),
        required=False,
    )
    since = DayField(label=gettext_lazy("Seized from"), required=False)
    until = DayField(label=gettext_lazy("Seized until"), required=False)

    def offer(self, actor: Actor) -> None:
        """Set the operations and species that there are."""
        for name, known in (("operation", operations_known(actor=actor)), ("taxon", taxa_known(actor=actor))):
            self.fields[name].choices = with_empty([(one, one) for one in known])  # type: ignore[attr-defined]


@page_for("link.read")
@require_GET
def link_network(request: PageRequest) -> HttpResponse:
    """Which seizures belong together, how strongly, and what was reviewed?"""
    form = FilterForm(request.GET if request.GET else None)
    form.offer(request.actor)
    asked = LinkFilter(**form.cleaned_data) if form.is_bound and form.is_valid() else LinkFilter()
    unstated = _unstated(request.actor, asked)
    net = network(actor=request.actor, wanted=asked, without=[case.pk for case in unstated])
    access_record(
        kind=AccessKind.VIEW,
        actor=request.actor,
        subject_kind="link network",
        path=request.path,
        address=client_address(request),
    )
    back = urlencode({"next": request.get_full_path()})
    context = {
        "form": form,
        "unstated": [
            (case.reference, f"{reverse('web:case_reason', args=[case.reference])}?{back}") for case in unstated
        ],
        "chart": network_chart(net),
        "hidden": max(len(net.nodes) - MOST_NODES, 0),
        "links": [link_line(view) for view in net.links],
        "nodes": _node_lines(net),
        "facts": _network_facts(net),
        "can_search": request.actor.may("link.search"),
        "can_see_searches": request.actor.may("link.read"),
        "crumbs": [Crumb(label=_("Links between seizures"))],
    }
    return page(request, "web/links/network.html", context, form=form)


def _unstated(actor: Actor, asked: LinkFilter) -> list[Case]:
    """Cases of links for which this person must say first why they look."""
    if actor.in_laboratory:
        return []
    views = link_list(actor=actor, wanted=asked)
    cases = {one.case_id: one.case for view in views for one in (view.link.first, view.link.second)}
    needed = [case for case in cases.values() if reason_needed(actor=actor, case=case)]
    stated = reasons_stated(user_id=actor.user_id, cases=[case.uuid for case in needed])
    return [case for case in needed if case.uuid not in stated]


def _node_lines(net: Network) -> list[tuple[str, str, str, str, int]]:
    """Title, address, day, operation and number of links of each consignment."""
    return [
        (
            node_title(node),
            node_href(node),
            seizure_day(node.seizure),
            node.seizure.operation,
            sum(node.seizure.pk in net.ends[one.link.uuid] for one in net.links),
        )
        for node in net.nodes
    ]


def _network_facts(net: Network) -> list[Fact]:
    waiting = sum(one.state.waiting for one in net.links)
    confirmed = sum(one.state.standing == LinkStanding.CONFIRMED for one in net.links)
    return [
        Fact(label=_("Links"), value=str(len(net.links)), lead=True),
        Fact(label=_("Consignments"), value=str(len(net.nodes)) if net.nodes else _("none")),
        Fact(label=_("Confirmed"), value=str(confirmed)),
        Fact(
            label=_("To be reviewed"),
            value=str(waiting) if waiting else _("none"),
            tone="warn" if waiting else "",
        ),
    ]


class ActForm(PageForm):
    """One act on the link, and why."""

    seen = forms.IntegerField(widget=forms.HiddenInput)
    note = LongField(label=gettext_lazy("What was checked, or why"), max_length=500)


class SideForm(PageForm):
    """A release on behalf of one side: who asked for it."""

    prefix = "side"
    note = LongField(label=gettext_lazy("Who of the agency asked, when and how"), max_length=500)


@page_for("link.read")
def link_page(request: PageRequest, reference: str) -> HttpResponse:
    """What speaks for this link, what would chance make, what was decided, and who may know?"""
    view = link_get(actor=request.actor, key=reference)
    for seizure in (view.link.first, view.link.second):
        gate = opened(request, seizure.case, kind="link", subject=view.link.uuid, reference=view.link.reference)
        if gate is not None:
            return gate
    form, side_form = _forms(request, view)
    done = submit(request, form, lambda: _review(request, view, form)) if form.is_bound else None
    done = done or (submit(request, side_form, lambda: _side(request, view, side_form)) if side_form.is_bound else None)
    if done:
        return done
    context = _link_context(request, view) | {"form": form, "side_form": side_form}
    return page(request, "web/links/link.html", context, form=form if form.is_bound else side_form)


def _forms(request: PageRequest, view: LinkView) -> tuple[ActForm, SideForm]:
    sent = request.method == "POST"
    about_side = sent and "side" in request.POST
    return (
        ActForm(request.POST if sent and not about_side else None, initial={"seen": view.state.last}),
        SideForm(request.POST if about_side else None),
    )


def _review(request: PageRequest, view: LinkView, form: ActForm) -> str:
    act, words = request.POST.get("act", ""), {"seen": form.cleaned_data["seen"], "note": form.cleaned_data["note"]}
    if act == LinkAct.MERGED:
        link_merge(actor=request.actor, link=view.link, **words)
    elif act == LinkAct.SEPARATED:
        link_separate(actor=request.actor, link=view.link, **words)
    else:
        link_review(actor=request.actor, link=view.link, decision=act, **words)
    return reverse("web:link", args=[view.link.reference])


def _side(request: PageRequest, view: LinkView, form: SideForm) -> str:
    side = view.link.second if request.POST["side"] == "second" else view.link.first
    act = link_release_withdraw if request.POST.get("act") == "withdraw" else link_release
    act(actor=request.actor, link=view.link, side=side, note=form.cleaned_data["note"])
    return reverse("web:link", args=[view.link.reference])


def _link_context(request: PageRequest, view: LinkView) -> dict[str, object]:
    told, actor = view.evidence, request.actor
    may_review = actor.may("link.review") and actor.party_id not in view.state.analysts
    return {
        "link": view.link,
        "view": view,
        "standing": standing_badge(view),
        "basis": basis_words(view.basis),
        "facts": _link_facts(view),
        "sides": [_side_line(actor, view, seizure, name) for seizure, name in _sides(view)],
        "numbers": numbers(view),
        "matches": [
            (one, ratio_words(one["log10_lr"]), ratio_words(one["log10_over_siblings"]))
            for one in told.get("matches", ())
        ],
        "bins": bin_lines(told["bins"], told["observed"], told["expected"]) if told else [],
        "events": [entry_event(entry) for entry in reversed(view.entries)],
        "may_review": may_review,
        "own_work": actor.may("link.review") and not may_review,
        "may_confirm": view.state.found and (view.state.waiting or view.state.standing != LinkStanding.CONFIRMED),
        "may_reject": view.state.waiting or view.state.standing != LinkStanding.REJECTED,
        "may_merge": view.state.standing == LinkStanding.CONFIRMED and not view.state.waiting and not view.state.merged,
        "synthetic": view.link.first.case.synthetic or view.link.second.case.synthetic,
        "crumbs": [
            Crumb(label=_("Links between seizures"), href=reverse("web:link_network")),
            Crumb(label=view.link.reference),
        ],
    }


def _sides(view: LinkView) -> tuple[tuple[Seizure, str], tuple[Seizure, str]]:
    return (view.link.first, "first"), (view.link.second, "second")


def _side_line(actor: Actor, view: LinkView, seizure: Seizure, name: str) -> dict[str, object]:
    released = seizure.pk in view.state.released
    return {
        "name": name,
        "title": seizure_title(seizure),
        "href": seizure_href(seizure),
        "day": seizure_day(seizure),
        "agency": seizure.case.agency.name,
        "operation": seizure.operation,
        "released": released,
        "may": actor.may("link.release", case_scope(seizure.case))
        and (released or view.state.standing == LinkStanding.CONFIRMED),
    }


def _link_facts(view: LinkView) -> list[Fact]:
    told = view.evidence
    if not told:
        return [Fact(label=_("Kind of link"), value="–", lead=True)]
    return [
        Fact(label=_("Kind of link"), value=basis_words(view.basis), lead=True),
        Fact(label=_("Same animal"), value=against_chance(told["direct"], told["direct_expected"])),
        Fact(
            label=_("Relatives, all bins"),
            value=against_chance(sum(told["observed"]), sum(told["expected"])),
            detail=_("chance of such counts: %(p)s") % {"p": small(told["p"])},
        ),
        Fact(label=_("Similarity"), value=f"{view.similarity:.1f}"),
        Fact(
            label=_("Known to"),
            value=_("both agencies") if view.state.open_to_both else _("the laboratory"),
            detail=_("%(n)s of 2 sides released it") % {"n": len(view.state.released)},
        ),
    ]


@counts("link_network")
def links_waiting_count(actor: Actor) -> Waiting:
    """Links this person may review."""
    return Waiting(number=len(links_to_review(actor=actor)) if actor.may("link.review") else 0)


@today_part("link.review", order=44)
def links_waiting(actor: Actor) -> TodayPart:
    """Links that wait for a second person."""
    tasks = [
        Task(
            title=_("Review the link %(reference)s") % {"reference": view.link.reference},
            detail=f"{seizure_title(view.link.first)}, {seizure_title(view.link.second)}: {basis_words(view.basis)}",
            icon="people",
            action=_("Look at it"),
            href=reverse("web:link", args=[view.link.reference]),
        )
        for view in links_to_review(actor=actor)[:5]
    ]
    return TodayPart(tasks=tuple(tasks))


urlpatterns = [
    path("links/", link_network, name="link_network"),
    path("links/<str:reference>/", link_page, name="link"),
]
