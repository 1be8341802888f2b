"""Which stored files of this app are kept as long as their cases."""

from django.db.models import Q, QuerySet

from lims.casework.models import Case
from lims.links.models import LinkSearch


def files_of_cases(cases: QuerySet[Case]) -> Q:
    """Results of searches that compared profiles of these cases."""
    searches = LinkSearch.objects.filter(profiles__case__in=cases)
    return Q(stream__kind="link_search", stream__uuid__in=searches.values("uuid"))
