"""Whose work a report rests on: they stand on the side of the work, and none of them reviews it."""

from collections.abc import Iterable, Sequence

from lims.lab.models import Finding, Run


def people_of_work(findings: Sequence[Finding]) -> list[int]:
    """The parties who made the findings, or earlier ones these replace, and who started the runs they rest on.

    An analyst whose finding was corrected by somebody else has worked on the matter all the same, and so has whoever
    started the run that a re-run repeats (ISO 21043-5: the reviewer took no part in the work).
    """
    people: dict[int, None] = {}
    level = [finding.pk for finding in findings]
    runs: set[int] = set()
    while level:
        rows = list(Finding.objects.filter(pk__in=level).order_by("pk"))
        people |= dict.fromkeys(row.analyst_id for row in rows)
        runs |= {row.run_id for row in rows if row.run_id is not None}
        level = list(Finding.objects.filter(replaced_by__in=level).order_by("pk").values_list("pk", flat=True))
    return [*people, *(party for party in _starters(runs) if party not in people)]


def _starters(runs: Iterable[int]) -> list[int]:
    people: dict[int, None] = {}
    level = sorted(runs)
    while level:
        starters = Run.objects.filter(pk__in=level).order_by("pk").values_list("started_by_id", flat=True)
        people |= dict.fromkeys(starters)
        level = list(Run.objects.filter(reruns__in=level).order_by("pk").values_list("pk", flat=True))
    return list(people)
