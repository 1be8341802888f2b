"""What somebody who follows a case may know of its links.

A confirmed link exists: that much is said to both sides. The other seizure, and what the link rests on, is shown once
both sides have released it, or where one follows both cases.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Prefetch, Q
from django.utils.translation import gettext as _

from lims.accounts.actors import Actor
from lims.casework.models import Case, Seizure
from lims.casework.selectors.access import visible
from lims.common.errors import NotFound
from lims.links.enums import RELEASES, LinkStanding
from lims.links.models import Link, LinkEntry
from lims.links.selectors.links import MISSING, LinkView, view_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """An act of one's own side: release or its withdrawal."""

    act: str
    at: datetime
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowedLink:
    """A confirmed link seen from one of its sides.

    `other` and `view` are None until they may be known. `released` says whether one's own side has released; of the
    other side's word nothing is said before both have.
    """

    uuid: UUID
    own: Seizure
    confirmed_at: datetime
    released: bool
    words: tuple[Word, ...]
    other: Seizure | None = None
    view: LinkView | None = None

    @property
    def disclosed(self) -> bool:
        """Whether the other side is shown."""
        return self.other is not None


def links_followed(*, actor: Actor, case: Case | None = None) -> list[FollowedLink]:
    """Confirmed links of the cases one may act for, newest first, one for each side that is one's own."""
    mine = set(visible(Case.objects.all(), actor, "link.release", path="").values_list("pk", flat=True))
    told = mine if case is None else mine & {case.pk}
    rows = (
        Link.objects.filter(Q(first__case_id__in=told) | Q(second__case_id__in=told)) if told else Link.objects.none()
    )
    rows = rows.select_related("first__case__agency", "second__case__agency", "first__agency", "second__agency")
    entries = LinkEntry.objects.select_related("by", "search", "side").order_by("number")
    loaded = rows.prefetch_related(Prefetch("entries", queryset=entries)).order_by("-id")
    return [one for link in loaded for one in _sides(link, mine, told)]


def link_followed_get(*, actor: Actor, uuid: UUID, side: UUID | None = None) -> FollowedLink:
    """One link from one of one's own sides; the first of them unless `side` names a seizure.

    Raises:
        NotFound: none, not confirmed, or not one's own: always the same answer.
    """
    for one in links_followed(actor=actor):
        if one.uuid == uuid and side in {None, one.own.uuid}:
            return one
    raise NotFound(_("There is no such link, or it is not yours to see."), code=MISSING)


def link_side_get(*, actor: Actor, uuid: UUID, side: UUID) -> tuple[Link, Seizure]:
    """A link and the seizure of it for which the actor may speak, to act on.

    Raises:
        NotFound: as `link_followed_get`.
    """
    own = link_followed_get(actor=actor, uuid=uuid, side=side).own
    return Link.objects.get(uuid=uuid), own


def _sides(link: Link, mine: set[int], told: set[int]) -> Iterator[FollowedLink]:
    view = view_of(link)
    if view.state.standing != LinkStanding.CONFIRMED:
        return
    shown = {link.first.case_id, link.second.case_id} <= mine or view.state.open_to_both
    confirmed = next(entry.at for entry in reversed(view.entries) if entry.act == LinkStanding.CONFIRMED)
    for own, other in ((link.first, link.second), (link.second, link.first)):
        if own.case_id in told:
            yield FollowedLink(
                uuid=link.uuid,
                own=own,
                confirmed_at=confirmed,
                released=own.pk in view.state.released,
                words=tuple(
                    Word(act=str(entry.get_act_display()), at=entry.at, by=entry.by.name)
                    for entry in view.entries
                    if entry.act in RELEASES and entry.side_id == own.pk
                ),
                other=other if shown else None,
                view=view if shown else None,
            )
