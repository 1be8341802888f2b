"""Fetches of records by accession, and whether this laboratory fetches at all."""

from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from lims.accounts.actors import Actor, require
from lims.common.errors import NotFound
from lims.lab.models import RecordFetch


def fetching_problem() -> str:
    """Why nothing is fetched here, empty where fetching is switched on."""
    if settings.SPOOR_NCBI_EMAIL:
        return ""
    return _(
        "This laboratory fetches nothing from the network: no e-mail address is set for it (SPOOR_NCBI_EMAIL). Fetch "
        "on a computer with a line (python -m analysis species fetch), carry the file here and propose a set from it."
    )


def fetch_list(*, actor: Actor) -> QuerySet[RecordFetch]:
    """Fetches, newest first.

    Raises:
        NotAllowed: without `reference.manage`.
    """
    require(actor, "reference.manage")
    return RecordFetch.objects.select_related("asked_by", "file__stream").order_by("-pk")


def fetch_get(*, actor: Actor, uuid: UUID) -> RecordFetch:
    """One fetch.

    Raises:
        NotAllowed: without `reference.manage`.
        NotFound: none.
    """
    row = fetch_list(actor=actor).filter(uuid=uuid).first()
    if row is None:
        raise NotFound(_("There is no such fetch."), code="fetch-not-found", found=str(uuid))
    return row
