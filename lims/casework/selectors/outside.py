"""What somebody outside the laboratory follows."""

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from lims.accounts.actors import Actor
from lims.casework.models import Case
from lims.casework.selectors.access import visible
from lims.common.errors import NotFound


def cases_followed(*, actor: Actor) -> QuerySet[Case]:
    """Cases whose status the actor may see, newest first, with seizures and external references loaded."""
    rows = visible(Case.objects.select_related("agency"), actor, "status.read", path="")
    return rows.prefetch_related("seizures", "external_references").order_by("-id")


def case_get_followed(*, actor: Actor, reference: str) -> Case:
    """One of them.

    Raises:
        NotFound: none, or not the actor's to follow.
    """
    row = cases_followed(actor=actor).filter(reference=reference.upper()).first()
    if row is None:
        raise NotFound(_("There is no such case, or it is not yours to see."), code="case-not-found")
    return row
