"""Acts on a link: reviewed by somebody who is not its analyst, merged and separated, released and withdrawn."""

from collections.abc import Callable

from django.db import transaction
from django.utils.translation import gettext as _

from lims.accounts.actors import Actor, require
from lims.casework.models import Seizure
from lims.casework.selectors.access import case_scope
from lims.common.checks import text_clean
from lims.common.errors import BadInput, NotAllowed, RuleViolation, StaleVersion
from lims.lab.models import Profile
from lims.links.enums import REVIEWS, LinkAct, LinkStanding
from lims.links.models import Link, LinkEntry
from lims.links.rules.history import LinkState
from lims.links.selectors.states import link_state
from lims.links.services.writing import act_write

Rule = Callable[[LinkState], None]


def link_review(*, actor: Actor, link: Link, seen: int, decision: str, note: str) -> LinkEntry:
    """Confirm or reject what the searches found. `seen` is the number of the last entry the reviewer looked at.

    Raises:
        NotAllowed: without `link.review`, or by somebody who ordered a search that found it or entered its profiles.
        BadInput: no such decision, or no note.
        StaleVersion: something was entered meanwhile.
        RuleViolation: it is decided so already, or the last search did not find what is to be confirmed.
    """
    require(actor, "link.review")
    if decision not in REVIEWS:
        raise BadInput(_("Confirm the link or reject it."), code="unknown-decision", field="decision", found=decision)

    def allowed(state: LinkState) -> None:
        _second_person(actor, link, state)
        if decision == state.standing and not state.waiting:
            raise RuleViolation(_("This was decided so already."), code="decided-already")
        if decision == LinkAct.CONFIRMED and not state.found:
            raise RuleViolation(
                _("The last search did not find this link: it can be rejected, not confirmed."), code="not-found-now"
            )

    return _act(actor, link, seen, decision, note, allowed)


def link_merge(*, actor: Actor, link: Link, seen: int, note: str) -> LinkEntry:
    """Say that the two seizures are one consignment: later searches count them as one. The rows stay as they are.

    Raises:
        NotAllowed, StaleVersion: as `link_review`.
        RuleViolation: the link is not confirmed, or they are one already.
    """
    require(actor, "link.review")

    def allowed(state: LinkState) -> None:
        _second_person(actor, link, state)
        if state.standing != LinkStanding.CONFIRMED or state.waiting:
            raise RuleViolation(_("Only a confirmed link makes two seizures one. Review it first."), code="unconfirmed")
        if state.merged:
            raise RuleViolation(_("These seizures are one already."), code="merged-already")

    return _act(actor, link, seen, LinkAct.MERGED, note, allowed)


def link_separate(*, actor: Actor, link: Link, seen: int, note: str) -> LinkEntry:
    """Take a merge back, by a new entry.

    Raises:
        NotAllowed, StaleVersion: as `link_review`.
        RuleViolation: they are not merged.
    """
    require(actor, "link.review")

    def allowed(state: LinkState) -> None:
        _second_person(actor, link, state)
        if not state.merged:
            raise RuleViolation(_("These seizures are not merged."), code="not-merged")

    return _act(actor, link, seen, LinkAct.SEPARATED, note, allowed)


def link_release(*, actor: Actor, link: Link, side: Seizure, note: str = "") -> LinkEntry:
    """Let the other side see this side's seizure, once it has released its own too.

    Whoever follows the case of the side acts for it; laboratory managers act on its behalf and note who asked.

    Raises:
        NotAllowed: without `link.release` for the case of this side.
        BadInput: the seizure is not of this link, or a manager gives no note.
        RuleViolation: the link is not confirmed, or released already.
    """

    def allowed(state: LinkState) -> None:
        if state.standing != LinkStanding.CONFIRMED:
            raise RuleViolation(_("Only a confirmed link can be released."), code="unconfirmed")
        if side.pk in state.released:
            raise RuleViolation(_("This side released the link already."), code="released-already")

    return _release(actor, link, side, LinkAct.RELEASED, note, allowed)


def link_release_withdraw(*, actor: Actor, link: Link, side: Seizure, note: str = "") -> LinkEntry:
    """Take a release back: from now on the other side sees again only that a link exists.

    Raises:
        NotAllowed, BadInput: as `link_release`.
        RuleViolation: this side has not released it.
    """

    def allowed(state: LinkState) -> None:
        if side.pk not in state.released:
            raise RuleViolation(_("This side has not released the link."), code="not-released")

    return _release(actor, link, side, LinkAct.RELEASE_WITHDRAWN, note, allowed)


def _act(actor: Actor, link: Link, seen: int, act: str, note: str, allowed: Rule) -> LinkEntry:
    note = text_clean(note, field="note", required=True)
    with transaction.atomic():
        row = _lock(link)
        state = link_state(row)
        if state.last != seen:
            raise StaleVersion(
                _("Somebody else acted on %(reference)s meanwhile. Look at its history, then decide again.")
                % {"reference": row.reference},
                field="seen",
                found=seen,
            )
        allowed(state)
        return act_write(
            actor=actor, link=row, act=act, number=state.last + 1, note=note, sides=(row.first, row.second)
        )


def _release(actor: Actor, link: Link, side: Seizure, act: str, note: str, allowed: Rule) -> LinkEntry:
    if side.pk not in {link.first_id, link.second_id}:
        raise BadInput(_("This seizure is not part of the link."), code="other-seizure", field="side")
    require(actor, "link.release", case_scope(side.case))
    note = text_clean(note, field="note", required=actor.in_laboratory)
    with transaction.atomic():
        row = _lock(link)
        state = link_state(row)
        allowed(state)
        return act_write(actor=actor, link=row, act=act, number=state.last + 1, note=note, sides=(side,), side=side)


def _lock(link: Link) -> Link:
    rows = Link.objects.select_for_update(no_key=True, of=("self",))
    return rows.select_related("first__case", "second__case").get(pk=link.pk)


def _second_person(actor: Actor, link: Link, state: LinkState) -> None:
    """The reviewer ordered none of the searches that found the link, and entered none of the profiles they compared."""
    finds = list(LinkEntry.objects.filter(link=link, act=LinkAct.PROPOSED))
    seizures = {uuid for find in finds for side in find.evidence["seizures"] for uuid in side}
    entered = Profile.objects.filter(
        link_searches__in=[find.search_id for find in finds],
        seizure__uuid__in=seizures,
        taxon=link.taxon,
        panel=link.panel,
        entered_by_id=actor.party_id,
    )
    if actor.party_id in state.analysts or entered.exists():
        raise NotAllowed(
            _("You ordered the search or entered profiles of this link. A second person reviews it."), code="own-work"
        )
