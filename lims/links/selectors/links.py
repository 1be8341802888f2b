"""Links as the laboratory sees them: both seizures, numbers, history; and the network they form."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import Prefetch, Q, QuerySet
from django.utils.translation import gettext as _

from lims.accounts.actors import Actor, require
from lims.casework.models import Seizure
from lims.casework.selectors.access import visible
from lims.common.errors import NotFound
from lims.links.enums import LinkAct, LinkStanding
from lims.links.models import Link, LinkEntry, LinkSearch
from lims.links.rules.history import LinkState, state_of, units_of
from lims.links.selectors.merges import merges_standing
from lims.links.selectors.states import steps_of

MISSING = "link-not-found"
MOST_LINKS = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkFilter:
    """Which links to show; empty fields ask for nothing. Days are those of the seizures."""

    operation: str = ""
    taxon: str = ""
    basis: str = ""
    standing: str = ""
    since: date | None = None
    until: date | None = None
    seizure: UUID | None = None
    case: UUID | None = None
    rejected: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkView:
    """A link with its entries in order, its state, and the last find that showed it."""

    link: Link
    entries: tuple[LinkEntry, ...]
    state: LinkState
    find: LinkEntry | None

    @property
    def basis(self) -> str:
        """What made it a link when it was last found."""
        return self.find.basis if self.find else ""

    @property
    def evidence(self) -> dict[str, Any]:
        """The numbers of that find."""
        return self.find.evidence if self.find else {}

    @property
    def similarity(self) -> float:
        """The strength of that find."""
        return float(self.evidence.get("similarity", 0.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One consignment: a seizure, or several that were merged, the first of them standing for all."""

    seizure: Seizure
    also: tuple[Seizure, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """The consignments of the links shown, and the links. `ends` gives the primary keys of a link's two nodes."""

    nodes: tuple[Node, ...]
    links: tuple[LinkView, ...]
    ends: dict[UUID, tuple[int, int]]


def link_rows(*, actor: Actor) -> QuerySet[Link]:
    """Links of which the actor may see both sides, with everything a list or page needs, in a fixed number of reads."""
    entries = LinkEntry.objects.select_related("by", "search", "side").order_by("number")
    rows = Link.objects.select_related("first__case__agency", "second__case__agency", "first__agency", "second__agency")
    rows = visible(visible(rows, actor, "link.read", path="first__case__"), actor, "link.read", path="second__case__")
    return rows.prefetch_related(Prefetch("entries", queryset=entries)).order_by("-id")


def link_list(*, actor: Actor, wanted: LinkFilter | None = None) -> list[LinkView]:
    """Links, strongest first; rejected ones only where they are asked for."""
    asked = wanted or LinkFilter()
    views = [view_of(link) for link in _filtered(link_rows(actor=actor), asked)[:MOST_LINKS]]
    kept = [view for view in views if _stands(view, asked) and (not asked.basis or view.basis == asked.basis)]
    return sorted(kept, key=lambda view: (-view.similarity, view.link.pk))


def link_get(*, actor: Actor, key: UUID | str) -> LinkView:
    """One link by UUID or reference.

    Raises:
        NotFound: none, or one of its sides is not the actor's to see.
    """
    rows = link_rows(actor=actor)
    row = rows.filter(uuid=key).first() if isinstance(key, UUID) else rows.filter(reference=key.upper()).first()
    if row is None:
        raise NotFound(_("There is no such link, or it is not yours to see."), code=MISSING)
    return view_of(row)


def links_to_review(*, actor: Actor) -> list[LinkView]:
    """Links with a find that nobody reviewed, whose search the actor did not order."""
    waiting = [view_of(link) for link in link_rows(actor=actor)[:MOST_LINKS]]
    return [one for one in waiting if one.state.waiting and actor.party_id not in one.state.analysts]


def network(*, actor: Actor, wanted: LinkFilter | None = None, without: Collection[int] = ()) -> Network:
    """The links as a network of consignments: merged seizures are one node. Links of the cases `without` are left out.

    Raises:
        NotAllowed: without `link.read` in any scope.
    """
    if not actor.may_somewhere("link.read"):
        require(actor, "link.read")
    hidden = set(without)
    every = link_list(actor=actor, wanted=wanted)
    links = [view for view in every if hidden.isdisjoint({view.link.first.case_id, view.link.second.case_id})]
    seizures = {one.pk: one for view in links for one in (view.link.first, view.link.second)}
    units = units_of(merges_standing(), sorted(seizures))
    members: dict[int, list[Seizure]] = {}
    for pk in sorted(seizures):
        members.setdefault(units[pk], []).append(seizures[pk])
    nodes = [Node(seizure=own[0], also=tuple(own[1:])) for own in members.values()]
    place = {one.pk: node.seizure.pk for node in nodes for one in (node.seizure, *node.also)}
    ends = {view.link.uuid: (place[view.link.first_id], place[view.link.second_id]) for view in links}
    return Network(nodes=tuple(nodes), links=tuple(links), ends=ends)


def operations_known(*, actor: Actor) -> list[str]:
    """The operations of seizures that have links, for a filter."""
    return _known(link_rows(actor=actor), ("first__operation", "second__operation"))


def taxa_known(*, actor: Actor) -> list[str]:
    """The species of links, for a filter."""
    return _known(link_rows(actor=actor), ("taxon",))


def view_of(link: Link) -> LinkView:
    """A link whose entries are loaded."""
    entries = tuple(link.entries.all())
    finds = [entry for entry in entries if entry.act == LinkAct.PROPOSED]
    return LinkView(link=link, entries=entries, state=state_of(steps_of(entries)), find=finds[-1] if finds else None)


def _filtered(rows: QuerySet[Link], asked: LinkFilter) -> QuerySet[Link]:
    if asked.operation:
        rows = rows.filter(Q(first__operation=asked.operation) | Q(second__operation=asked.operation))
    if asked.taxon:
        rows = rows.filter(taxon=asked.taxon)
    if asked.since:
        rows = rows.filter(first__seized_at__date__gte=asked.since, second__seized_at__date__gte=asked.since)
    if asked.until:
        rows = rows.filter(first__seized_at__date__lte=asked.until, second__seized_at__date__lte=asked.until)
    if asked.seizure:
        rows = rows.filter(Q(first__uuid=asked.seizure) | Q(second__uuid=asked.seizure))
    if asked.case:
        rows = rows.filter(Q(first__case__uuid=asked.case) | Q(second__case__uuid=asked.case))
    return rows


def _stands(view: LinkView, asked: LinkFilter) -> bool:
    if asked.standing:
        return view.state.standing == asked.standing
    return asked.rejected or view.state.standing != LinkStanding.REJECTED


def _known(rows: QuerySet[Link], names: Iterable[str]) -> list[str]:
    found: set[str] = set()
    for name in names:
        found.update(rows.order_by().values_list(name, flat=True).distinct())
    return sorted(found - {""})


def links_of_search(*, actor: Actor, search: LinkSearch) -> list[LinkView]:
    """Links that a search entered a find for, as they stand now, strongest first."""
    rows = link_rows(actor=actor).filter(pk__in=LinkEntry.objects.filter(search=search).values("link"))
    return sorted(map(view_of, rows[:MOST_LINKS]), key=lambda view: (-view.similarity, view.link.pk))
