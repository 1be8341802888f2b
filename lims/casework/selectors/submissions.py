"""Exhibit submission forms."""

from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from lims.accounts.actors import Actor
from lims.casework.models import Submission
from lims.casework.selectors.access import visible
from lims.common.errors import NotFound


def submission_list(*, actor: Actor, state: str = "") -> QuerySet[Submission]:
    """Submission forms, newest first: of the actor's agencies, and for staff all of them."""
    rows = Submission.objects.select_related("agency", "submitted_by__party", "case")
    if not actor.in_laboratory and not actor.may("case.read"):
        rows = visible(rows, actor, "submission.create", path="")
    return (rows.filter(state=state) if state else rows).order_by("-id")


def submission_get(*, actor: Actor, uuid: UUID) -> Submission:
    """One submission form with its lines and their labels.

    Raises:
        NotFound: the same answer whether it does not exist or may not be seen.
    """
    row = submission_list(actor=actor).prefetch_related("lines__labels").filter(uuid=uuid).first()
    if row is None:
        raise NotFound(_("There is no such form, or it is not yours to see."), code="submission-not-found")
    return row
