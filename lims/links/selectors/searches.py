"""Searches as lists and single rows, and what can be searched."""

from uuid import UUID

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from chain_of_custody.models import StoredFile
from chain_of_custody.vault.services import file_content
from lims.accounts.actors import Actor, require
from lims.casework.models import Seizure
from lims.casework.selectors.access import visible
from lims.common.errors import NotFound
from lims.links.models import LinkSearch


def search_list(*, actor: Actor, state: str = "") -> QuerySet[LinkSearch]:
    """Searches, newest first. They reach over cases, so only a grant for the whole laboratory shows them.

    Raises:
        NotAllowed: without `link.read` for the whole laboratory.
    """
    require(actor, "link.read")
    rows = LinkSearch.objects.select_related("ordered_by", "frequencies", "rule_set__approved_by", "result")
    if state:
        rows = rows.filter(state=state)
    return rows.order_by("-id")


def search_get(*, actor: Actor, uuid: UUID) -> LinkSearch:
    """One search.

    Raises:
        NotAllowed: as `search_list`.
        NotFound: none.
    """
    row = search_list(actor=actor).filter(uuid=uuid).first()
    if row is None:
        raise NotFound(_("There is no such search."), code="link-search-not-found")
    return row


def search_result(*, actor: Actor, uuid: UUID) -> tuple[LinkSearch, StoredFile, bytes]:
    """A search with its result file, read from the vault against its digest.

    Raises:
        NotAllowed: as `search_list`.
        NotFound: none, or it has no result.
    """
    row = search_get(actor=actor, uuid=uuid)
    if row.result is None:
        raise NotFound(_("This search has no result."), code="link-search-not-found")
    return row, row.result, file_content(row.result)


def seizures_searchable(*, actor: Actor) -> list[tuple[Seizure, int]]:
    """Seizures that have profiles and whose cases the actor may read links of, newest first, with their number."""
    current = Q(profiles__superseded_by__isnull=True, profiles__isnull=False)
    rows = visible(Seizure.objects.select_related("case"), actor, "link.read")
    counted = rows.annotate(profile_count=Count("profiles", filter=current)).filter(profile_count__gt=0)
    return [(row, row.profile_count) for row in counted.order_by("-id")]
