"""Which stored files of this app are kept as long as their cases."""

from django.db.models import Q, QuerySet

from lims.casework.models import Case
from lims.lab.models import ReferenceSet, Report, Run


def files_of_cases(cases: QuerySet[Case]) -> Q:
    """Results of runs, reports, and the reference sets that runs of these cases rest on."""
    runs = Run.objects.filter(case__in=cases)
    references = ReferenceSet.objects.filter(runs__in=runs).values("uuid")
    return (
        Q(stream__kind="run", stream__uuid__in=runs.values("uuid"))
        | Q(stream__kind="report", stream__uuid__in=Report.objects.filter(case__in=cases).values("uuid"))
        | Q(stream__kind="reference", stream__uuid__in=references)
    )
