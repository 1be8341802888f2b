"""Places, boxes and those who can receive: for lists and for choosing."""

from uuid import UUID

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from chain_of_custody.models import Item, Party
from lims.accounts.actors import Actor, require
from lims.casework.models import Container, Location
from lims.common.errors import NotFound

_IN = Q(party__held_items__state__in=["held", "offered"])


def place_list(*, actor: Actor) -> QuerySet[Location]:
    """Every place that holds evidence, with how many items it holds, by name.

    Raises:
        NotAllowed: without `custody.act`.
    """
    require(actor, "custody.act")
    rows = Location.objects.select_related("party", "parent__party")
    return rows.annotate(held=Count("party__held_items", filter=_IN)).order_by("party__name")


def place_get(*, actor: Actor, uuid: UUID) -> Location:
    """One place by its party's UUID.

    Raises:
        NotFound: none.
    """
    row = place_list(actor=actor).filter(party__uuid=uuid).first()
    if row is None:
        raise NotFound(_("There is no such place."), code="place-not-found")
    return row


def box_list(*, actor: Actor, place: Location | None = None) -> QuerySet[Container]:
    """The laboratory's own boxes, plates and trays, with how many items lie in each.

    Raises:
        NotAllowed: without `custody.act`.
    """
    require(actor, "custody.act")
    rows = Container.objects.filter(case__isnull=True).select_related("item__custodian", "item__container")
    if place is not None:
        rows = rows.filter(item__custodian=place.party)
    return rows.annotate(inside=Count("item__contents")).order_by("item__reference")


def box_get(*, actor: Actor, reference: str) -> Container:
    """One of the laboratory's own boxes.

    Raises:
        NotFound: none.
    """
    row = box_list(actor=actor).filter(item__reference=reference.upper()).first()
    if row is None:
        raise NotFound(_("There is no such box."), code="box-not-found")
    return row


def place_items(*, actor: Actor, place: Location) -> QuerySet[Item]:
    """What a place holds directly, not inside a box.

    Raises:
        NotAllowed: without `custody.act`.
    """
    require(actor, "custody.act")
    return Item.objects.filter(custodian=place.party, container__isnull=True, state__in=["held", "offered"])


def agency_list(*, actor: Actor) -> QuerySet[Party]:
    """Organisations: the laboratory's staff and administrator see all, others those their grants name."""
    rows = Party.objects.filter(kind="organisation", active=True).order_by("name")
    if actor.in_laboratory or actor.may("account.manage"):
        return rows
    own = [grant.agency for grant in actor.grants if grant.agency]
    return rows.filter(uuid__in=own)


def receiver_list(*, actor: Actor) -> QuerySet[Party]:
    """Persons, couriers and organisations that can receive, other than the actor, by name.

    Raises:
        NotAllowed: without `custody.act`.
    """
    require(actor, "custody.act")
    rows = Party.objects.filter(kind__in=["person", "courier", "organisation"], active=True)
    return rows.exclude(pk=actor.party_id).select_related("organisation").order_by("name")


def place_parties(*, actor: Actor) -> QuerySet[Party]:
    """Places as parties, for choosing where something goes.

    Raises:
        NotAllowed: without `custody.act`.
    """
    require(actor, "custody.act")
    return Party.objects.filter(kind="location", active=True).order_by("name")


def own_party(*, actor: Actor) -> Party:
    """The party behind the actor."""
    return Party.objects.select_related("organisation").get(pk=actor.party_id)
