"""Places and containers as the API lists them."""

from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from lims.accounts.actors import Actor, require
from lims.casework.models import Container, Location
from lims.casework.selectors.access import visible
from lims.common.errors import BadInput, NotFound


def location_list(*, actor: Actor) -> QuerySet[Location]:
    """Places by name, for those who handle evidence or may read every case.

    Raises:
        NotAllowed: without `custody.act` or `case.read` for the laboratory.
    """
    if not actor.may("custody.act"):
        require(actor, "case.read")
    return Location.objects.select_related("party", "parent__party").order_by("party__name")


def location_named(*, uuid: UUID, field: str = "parent") -> Location:
    """A place by the UUID of its party, as named in a body.

    Raises:
        BadInput: there is none.
    """
    row = Location.objects.select_related("party").filter(party__uuid=uuid).first()
    if row is None:
        raise BadInput(_("There is no such place."), code="unknown-location", field=field, found=str(uuid))
    return row


def container_list(*, actor: Actor) -> QuerySet[Container]:
    """Containers of the cases the actor may read, and for staff the laboratory's own, newest first."""
    items = ("item__custodian", "item__container", "item__sealed_by", "item__quantity")
    rows = Container.objects.select_related("case__agency", *items)
    cased = visible(Container.objects.filter(case__isnull=False), actor, "case.read")
    wanted = Q(pk__in=cased.values("pk"))
    if actor.in_laboratory:
        wanted |= Q(case__isnull=True)
    return rows.filter(wanted).order_by("-id")


def container_get(*, actor: Actor, uuid: UUID) -> Container:
    """One container by the UUID of its item.

    Raises:
        NotFound: the same answer whether it does not exist or may not be seen.
    """
    row = container_list(actor=actor).filter(item__uuid=uuid).first()
    if row is None:
        raise NotFound(_("There is no such container, or it is not yours to see."), code="container-not-found")
    return row
