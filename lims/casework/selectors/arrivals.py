"""When exhibits arrived: with the intake that brought them, also after they left its container."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from chain_of_custody.models import Entry
from chain_of_custody.selectors.ledger import history_rows
from lims.casework.models import Case, Exhibit, Intake


def exhibits_received(case: Case) -> Mapping[UUID, datetime]:
    """By item, the time of the intake that brought each exhibit of a case; none for exhibits that came without.

    What was itemised is read from the intake's entries, since an exhibit leaves its container; what was registered into
    a container without itemising, from the container it is in.
    """
    received = dict(Intake.objects.filter(case=case).values_list("uuid", "received_at"))
    inside = Exhibit.objects.filter(case=case, item__container__intake_line__isnull=False).values_list(
        "item__uuid", "item__container__intake_line__intake__received_at"
    )
    found: dict[UUID, datetime] = dict(inside)
    if not received:
        return found
    entries = Entry.objects.filter(stream__kind="intake", stream__uuid__in=list(received))
    rows = list(entries.select_related("leaf", "stream").order_by("pk"))
    for entry, row in zip(rows, history_rows(rows), strict=True):
        made = row.values.get("exhibits")
        if row.verb == "itemised" and isinstance(made, list):
            found |= {UUID(str(one)): received[entry.stream.uuid] for one in made}
    return found
