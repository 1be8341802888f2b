"""Where samples come from and went: the graph of takings around one item, in one statement."""

from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from chain_of_custody.models import Item
from lims.casework.rules import plain
from lims.casework.selectors.items import RELATED

MOST_EDGES = 500

_TAKINGS = """
WITH RECURSIVE up (item) AS (
    SELECT %s::bigint
    UNION
    SELECT p.parent_id
    FROM up JOIN casework_sample s ON s.item_id = up.item JOIN casework_sampleparent p ON p.sample_id = s.id
), down (item) AS (
    SELECT %s::bigint
    UNION
    SELECT s.item_id
    FROM down JOIN casework_sampleparent p ON p.parent_id = down.item JOIN casework_sample s ON s.id = p.sample_id
)
SELECT parent.uuid, parent.reference, child.uuid, child.reference, p.amount, p.waste, p.unit, s.kind
FROM casework_sampleparent p
JOIN casework_sample s ON s.id = p.sample_id
JOIN chain_of_custody_item parent ON parent.id = p.parent_id
JOIN chain_of_custody_item child ON child.id = s.item_id
WHERE s.item_id IN (SELECT item FROM up) OR p.parent_id IN (SELECT item FROM down)
ORDER BY s.id, p.id
LIMIT %s
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taking:
    """How much of a parent went into a child, and how much was lost."""

    parent: UUID
    parent_reference: str
    child: UUID
    child_reference: str
    amount: str
    waste: str
    unit: str
    kind: str


def item_family(*, item: Item) -> list[Taking]:
    """All takings above and below an item already seen, in the order made, at most 500."""
    with connection.cursor() as cursor:
        cursor.execute(_TAKINGS, [item.pk, item.pk, MOST_EDGES])
        rows = cursor.fetchall()
    return [
        Taking(
            parent=parent,
            parent_reference=parent_reference,
            child=child,
            child_reference=child_reference,
            amount=plain(amount),
            waste=plain(waste),
            unit=unit,
            kind=kind,
        )
        for parent, parent_reference, child, child_reference, amount, waste, unit, kind in rows
    ]


def item_contents(item: Item) -> list[Item]:
    """Everything inside an item, at any depth, with the cases it belongs to; one statement a level."""
    found: list[Item] = []
    level = [item.pk]
    while level:
        inside = list(Item.objects.filter(container__in=level).select_related(*RELATED).order_by("pk"))
        found += inside
        level = [one.pk for one in inside]
    return found
