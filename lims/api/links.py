"""Profiles, searches, links and what each side may know of them over the API."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response

from lims.api.base import View, created, etag, if_match
from lims.api.link_shapes import (
    LinkQuery,
    LinkShow,
    NetworkShow,
    NoteAsk,
    OurLinkShow,
    ProfileQuery,
    ProfilesAsk,
    ProfileShow,
    ProfilesShow,
    ReleaseAsk,
    ReviewAsk,
    SearchAsk,
    SearchQuery,
    SearchShow,
)
from lims.api.operations import acts, creates, downloads, edits, lists, reads
from lims.casework.models import Case
from lims.casework.selectors.cases import case_get, seizure_get
from lims.casework.selectors.parts import files_get
from lims.common.errors import BadInput, NotFound
from lims.lab.selectors.profiles import file_of_run, profile_get, profile_list
from lims.lab.selectors.work import reference_get, run_get
from lims.lab.services.profiles import ProfileTable, profiles_enter
from lims.links.selectors.exporting import network_csv, network_graphml, network_values
from lims.links.selectors.links import LinkFilter, LinkView, Network, link_get, link_list, network
from lims.links.selectors.outside import link_followed_get, link_side_get, links_followed
from lims.links.selectors.searches import search_get, search_list, search_result
from lims.links.services.links import link_merge, link_release, link_release_withdraw, link_review, link_separate
from lims.links.services.searches import search_cancel, search_order

AREA = "links"


class Profiles(View):
    """Genotype profiles of a case."""

    @lists("profile_list", ProfileShow, area=AREA, query=ProfileQuery)
    def get(self, request: Request, key: str) -> Response:
        """Profiles of the case, newest first."""
        rows = profile_list(actor=self.actor, case=self._case(key), **self.query(ProfileQuery))
        return self.page(rows, ProfileShow, seen=lambda one: one.case)

    @creates("profiles_enter", ProfilesAsk, ProfilesShow, area=AREA)
    def post(self, request: Request, key: str) -> Response:
        """Enter a profile for every row of a table; all rows or none."""
        data = self.body(ProfilesAsk)
        case = case_get(actor=self.actor, key=key)
        run = run_get(actor=self.actor, key=data.pop("run")) if data.get("run") else data.pop("run", None)
        uuid, reason = data.pop("file"), data.pop("reason", "")
        if run is None:
            file = files_get(actor=self.actor, uuids=[uuid], case=case)[uuid]
        else:
            file = file_of_run(run=run, uuid=uuid)
        table = ProfileTable(**data | {"quality_columns": tuple(data["quality_columns"])})
        made = profiles_enter(actor=self.actor, case=case, file=file, table=table, run=run, reason=reason)
        return created(
            {"profiles": [dict(ProfileShow(one).data) for one in made]}, location=f"/api/v1/cases/{case.uuid}/profiles/"
        )

    def _case(self, key: str) -> Case:
        return case_get(actor=self.actor, key=key, capability="run.read")


class Profile(View):
    """One profile."""

    @reads("profile_get", ProfileShow, area=AREA)
    def get(self, request: Request, uuid: UUID) -> Response:
        """Alleles by locus, with the table and row they were read from."""
        row = profile_get(actor=self.actor, uuid=uuid)
        self.shows(row.case, kind="profile", subject=row.uuid, reference=row.item.reference)
        return self.one(row, ProfileShow)


class Searches(View):
    """Searches for links."""

    @lists("link_search_list", SearchShow, area=AREA, query=SearchQuery)
    def get(self, request: Request) -> Response:
        """Searches, newest first."""
        rows = search_list(actor=self.actor, **self.query(SearchQuery))
        return self.page(rows, SearchShow, index="link search list")

    @creates("link_search_order", SearchAsk, SearchShow, area=AREA, status=202)
    def post(self, request: Request) -> Response:
        """Freeze the profiles that count now and queue their comparison."""
        data = self.body(SearchAsk)
        frequencies, rules = data.pop("frequencies", None), data.pop("rule_set", None)
        made = search_order(
            actor=self.actor,
            seizures=[_seizure(self, one) for one in data.pop("seizures")],
            frequencies=reference_get(actor=self.actor, uuid=frequencies) if frequencies else None,
            rule_set=reference_get(actor=self.actor, uuid=rules) if rules else None,
            **data,
        )
        row = search_get(actor=self.actor, uuid=made.uuid)
        return Response(SearchShow(row).data, status=202, headers={"Location": f"/api/v1/link-searches/{made.uuid}/"})


def _seizure(view: View, uuid: UUID) -> Any:
    try:
        return seizure_get(actor=view.actor, uuid=uuid)
    except NotFound as error:
        raise BadInput(str(error), code="unknown-seizure", field="seizures", found=str(uuid)) from error


class Search(View):
    """One search: the job's address."""

    @reads("link_search_get", SearchShow, area=AREA)
    def get(self, request: Request, uuid: UUID) -> Response:
        """Progress while it runs, then counts over the whole beside what chance lets expect."""
        row = search_get(actor=self.actor, uuid=uuid)
        self.shows_index("link search")
        return self.one(row, SearchShow)


class SearchCancellation(View):
    """The wish to stop a search."""

    @acts("link_search_cancel", None, SearchShow, area=AREA)
    def post(self, request: Request, uuid: UUID) -> Response:
        """At once when it waits, at its next step when it runs."""
        search_cancel(actor=self.actor, search=search_get(actor=self.actor, uuid=uuid))
        return Response(SearchShow(search_get(actor=self.actor, uuid=uuid)).data)


class SearchResult(View):
    """The whole result of a search."""

    @downloads("link_search_result", "application/json", area=AREA)
    def get(self, request: Request, uuid: UUID) -> HttpResponse:
        """Every pair of seizures compared; pairs of relatives are counted and not named."""
        row, _stored, content = search_result(actor=self.actor, uuid=uuid)
        self.shows_index("link search")
        return _file(content, "application/json", f"{row.reference}.json")


def _file(content: bytes, media: str, name: str) -> HttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "X-Content-Type-Options": "nosniff"}
    return HttpResponse(content, content_type=media, headers=headers)


class Links(View):
    """Links between seizures."""

    @lists("link_list", LinkShow, area=AREA, query=LinkQuery)
    def get(self, request: Request) -> Response:
        """Links of which both sides may be seen, strongest first."""
        rows = link_list(actor=self.actor, wanted=LinkFilter(**self.query(LinkQuery)))
        return self.page(rows, LinkShow, index="link list", seen=_first_case, also=self._also)

    def _also(self, rows: Any) -> None:
        self.shows(*(one.link.second.case for one in rows))


def _first_case(view: LinkView) -> Case:
    return view.link.first.case


class LinkBase(View):
    """What works on one link."""

    def link(self, uuid: UUID) -> LinkView:
        """The link with both sides; looking at it is recorded for both cases."""
        view = link_get(actor=self.actor, key=uuid)
        for seizure in (view.link.first, view.link.second):
            self.shows(seizure.case, kind="link", subject=view.link.uuid, reference=view.link.reference)
        return view

    def answer(self, uuid: UUID) -> Response:
        """The link as it is now; its ETag is the number of its last entry."""
        view = link_get(actor=self.actor, key=uuid)
        return Response(LinkShow(view).data, headers={"ETag": etag(view.state.last)})


class Link(LinkBase):
    """One link."""

    @reads("link_get", LinkShow, area=AREA, edited=True)
    def get(self, request: Request, uuid: UUID) -> Response:
        """Where it stands, the numbers of the last find, its history."""
        self.link(uuid)
        return self.answer(uuid)


class LinkReview(LinkBase):
    """A second person's decision."""

    @edits("link_review", ReviewAsk, LinkShow, area=AREA)
    def post(self, request: Request, uuid: UUID) -> Response:
        """Confirm or reject what the searches found."""
        seen, data = if_match(request), self.body(ReviewAsk)
        link_review(actor=self.actor, link=self.link(uuid).link, seen=seen, **data)
        return self.answer(uuid)


class LinkMerge(LinkBase):
    """Two seizures that are one consignment."""

    @edits("link_merge", NoteAsk, LinkShow, area=AREA)
    def post(self, request: Request, uuid: UUID) -> Response:
        """Later searches count them as one."""
        seen, data = if_match(request), self.body(NoteAsk)
        link_merge(actor=self.actor, link=self.link(uuid).link, seen=seen, **data)
        return self.answer(uuid)


class LinkSeparation(LinkBase):
    """A merge taken back."""

    @edits("link_separate", NoteAsk, LinkShow, area=AREA)
    def post(self, request: Request, uuid: UUID) -> Response:
        """They are two again; both words stay on record."""
        seen, data = if_match(request), self.body(NoteAsk)
        link_separate(actor=self.actor, link=self.link(uuid).link, seen=seen, **data)
        return self.answer(uuid)


class LinkNetwork(View):
    """The network of links as plain values."""

    @reads("link_network", NetworkShow, area=AREA, query=LinkQuery)
    def get(self, request: Request) -> Response:
        """Consignments and links; merged seizures are one node."""
        return Response(network_values(network_shown(self)))


class LinkNetworkFile(View):
    """The network of links for other programs."""

    media = "text/csv"
    name = "links.csv"
    write: Callable[[Network], bytes] = staticmethod(network_csv)

    @downloads("link_network_csv", "text/csv", area=AREA)
    def get(self, request: Request) -> HttpResponse:
        """One line for each link."""
        return _file(self.write(network_shown(self)), self.media, self.name)


class LinkNetworkGraphml(LinkNetworkFile):
    """The network of links for programs that draw graphs."""

    media = "application/graphml+xml"
    name = "links.graphml"
    write: Callable[[Network], bytes] = staticmethod(network_graphml)

    @downloads("link_network_graphml", "application/graphml+xml", area=AREA)
    def get(self, request: Request) -> HttpResponse:
        """GraphML 1.0, undirected."""
        return super().get(request)


def network_shown(view: View) -> Network:
    """The network that was asked for; looking at it is recorded for every case in it."""
    net = network(actor=view.actor, wanted=LinkFilter(**view.query(LinkQuery)))
    view.shows_index("link network")
    view.shows(*(one.case for link in net.links for one in (link.link.first, link.link.second)))
    return net


class OurLinks(View):
    """Confirmed links of the cases one may speak for."""

    @lists("our_link_list", OurLinkShow, area=AREA)
    def get(self, request: Request) -> Response:
        """That a link exists; to which seizure, once both sides have released it."""
        return self.page(links_followed(actor=self.actor), OurLinkShow, seen=lambda one: one.own.case)


class OwnSide(View):
    """What works on a link from one's own side."""

    def said(self, uuid: UUID, act: Callable[..., Any]) -> Response:
        """The act, for the side that is named."""
        data = self.body(ReleaseAsk)
        link, side = link_side_get(actor=self.actor, uuid=uuid, side=data["seizure"])
        act(actor=self.actor, link=link, side=side, note=data.get("note", ""))
        return Response(OurLinkShow(link_followed_get(actor=self.actor, uuid=uuid, side=side.uuid)).data)


class OurLink(OwnSide):
    """One link from one's own side."""

    @reads("our_link_get", OurLinkShow, area=AREA)
    def get(self, request: Request, uuid: UUID) -> Response:
        """What one may know of it."""
        one = link_followed_get(actor=self.actor, uuid=uuid)
        self.shows(one.own.case, kind="link", subject=one.uuid, reference=one.own.case.reference)
        return Response(OurLinkShow(one).data)


class OurLinkRelease(OwnSide):
    """The word of one's own side."""

    @acts("our_link_release", ReleaseAsk, OurLinkShow, area=AREA)
    def post(self, request: Request, uuid: UUID) -> Response:
        """Let the other side see this side's seizure, once it has released its own."""
        return self.said(uuid, link_release)


class OurLinkWithdrawal(OwnSide):
    """The word of one's own side taken back."""

    @acts("our_link_withdraw", ReleaseAsk, OurLinkShow, area=AREA)
    def post(self, request: Request, uuid: UUID) -> Response:
        """The other side sees again only that a link exists."""
        return self.said(uuid, link_release_withdraw)


urlpatterns = [
    path("cases/<str:key>/profiles/", Profiles.as_view()),
    path("profiles/<uuid:uuid>/", Profile.as_view()),
    path("link-searches/", Searches.as_view()),
    path("link-searches/<uuid:uuid>/", Search.as_view()),
    path("link-searches/<uuid:uuid>/cancellation/", SearchCancellation.as_view()),
    path("link-searches/<uuid:uuid>/result/", SearchResult.as_view()),
    path("links/", Links.as_view()),
    path("links/network/", LinkNetwork.as_view()),
    path("links/network.csv", LinkNetworkFile.as_view()),
    path("links/network.graphml", LinkNetworkGraphml.as_view()),
    path("links/<uuid:uuid>/", Link.as_view()),
    path("links/<uuid:uuid>/review/", LinkReview.as_view()),
    path("links/<uuid:uuid>/merge/", LinkMerge.as_view()),
    path("links/<uuid:uuid>/separation/", LinkSeparation.as_view()),
    path("our-links/", OurLinks.as_view()),
    path("our-links/<uuid:uuid>/", OurLink.as_view()),
    path("our-links/<uuid:uuid>/release/", OurLinkRelease.as_view()),
    path("our-links/<uuid:uuid>/withdrawal/", OurLinkWithdrawal.as_view()),
]
