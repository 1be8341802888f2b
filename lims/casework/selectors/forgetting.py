"""Persons to be forgotten and those who have been."""

from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from chain_of_custody.models import Party
from lims.accounts.actors import Actor, require
from lims.accounts.models import Forgetting
from lims.common.errors import NotFound


def forgetting_list(*, actor: Actor) -> QuerySet[Forgetting]:
    """Every one asked for, the newest first.

    Raises:
        NotAllowed: without `person.forget` or `person.confirm`.
    """
    if not actor.may("person.forget"):
        require(actor, "person.confirm")
    return Forgetting.objects.select_related("party", "asked_by", "confirmed_by").order_by("-id")


def forgetting_get(*, actor: Actor, uuid: UUID) -> Forgetting:
    """One of them.

    Raises:
        NotFound: there is none.
    """
    row = forgetting_list(actor=actor).filter(uuid=uuid).first()
    if row is None:
        raise NotFound(_("There is no such request to forget a person."), code="forgetting-not-found")
    return row


def forgettable_list(*, actor: Actor) -> QuerySet[Party]:
    """Persons without an open account for whom it was not asked yet, by name."""
    require(actor, "person.forget")
    rows = Party.objects.select_related("organisation").filter(kind__in=["person", "courier"], erased_at__isnull=True)
    asked = Forgetting.objects.values("party")
    return rows.exclude(users__is_active=True).exclude(pk__in=asked).order_by("name", "id")
