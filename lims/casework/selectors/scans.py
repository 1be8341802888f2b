"""Scan sessions and their lines: each person's own."""

from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from lims.accounts.actors import Actor
from lims.casework.models import ScanLine, ScanSession
from lims.common.errors import NotFound


def scan_session_get(*, actor: Actor, uuid: UUID) -> ScanSession:
    """One of the actor's own sessions.

    Raises:
        NotFound: there is none, or it is somebody else's.
    """
    rows = ScanSession.objects.select_related("target", "container").filter(user_id=actor.user_id, uuid=uuid)
    found = rows.first()
    if found is None:
        raise NotFound(_("There is no such scan session."), code="session-not-found")
    return found


def scan_line_list(*, session: ScanSession) -> QuerySet[ScanLine]:
    """What is on the list now, in the order scanned."""
    related = ("item__exhibit__case__agency", "item__sample__case__agency", "item__container_of__case__agency")
    rows = ScanLine.objects.filter(session=session, removed_at__isnull=True)
    return rows.select_related("item__custodian", *related).order_by("id")
