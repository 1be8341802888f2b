"""Which seizures are one, by the merges that stand."""

from lims.links.enums import MERGES, REVIEWS
from lims.links.models import Link, LinkEntry
from lims.links.rules.history import Step, state_of


def merges_standing() -> list[tuple[int, int]]:
    """Pairs of seizures that are one consignment, whoever asks."""
    rows = LinkEntry.objects.filter(link__in=LinkEntry.objects.filter(act__in=sorted(MERGES)).values("link"))
    rows = rows.filter(act__in=sorted(MERGES | REVIEWS)).select_related("link").order_by("link_id", "number")
    steps: dict[Link, list[Step]] = {}
    for row in rows:
        steps.setdefault(row.link, []).append(Step(number=row.number, act=row.act, by=row.by_id))
    return [(link.first_id, link.second_id) for link, own in steps.items() if state_of(own).merged]
