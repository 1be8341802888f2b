"""Which stored files of this app are kept as long as their cases."""

from django.db.models import Q, QuerySet

from lims.casework.models import Case
from lims.disclosure.models import DisclosurePack


def files_of_cases(cases: QuerySet[Case]) -> Q:
    """Disclosure packs and their signatures."""
    packs = DisclosurePack.objects.filter(case__in=cases).values("uuid")
    return Q(stream__kind="pack", stream__uuid__in=packs)
