"""What an act makes of held items, written with its entries in one statement."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from chain_of_custody.core.actor import Actor
from chain_of_custody.enums import ItemState
from chain_of_custody.models import Item, Party
from chain_of_custody.services.arrays import Bigints, Texts
from chain_of_custody.services.claims import claimed_now
from chain_of_custody.services.holding import Holding, conflicts
from chain_of_custody.services.ledger import EntryDraft, act_append
from chain_of_custody.services.statements import Along

_ITEMS_WRITE = """
UPDATE chain_of_custody_item i SET
    version = i.version + 1,
    last_act_at = greatest(i.last_act_at, coalesce(%s::timestamptz, statement_timestamp())),
    state = coalesce(%s::text, i.state){custodian}{place}
FROM unnest(%s::bigint[], %s::text[]) AS w (id, position)
WHERE i.id = w.id
"""
_CUSTODIAN = ",\n    custodian_id = %s::bigint"
# What is inside a root stays where it is in it: its position comes as null.
_PLACE = """,
    container_id = CASE WHEN w.position IS NULL THEN i.container_id ELSE %s::bigint END,
    position = coalesce(w.position, i.position)"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """Where the roots are afterwards: in a container, one position per root or none at all. By default in none."""

    container: Item | None = None
    positions: Sequence[str] = ()


OUT = Spot()
"""Out of the container they were in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What the held items are after an act: custodian and state of all, container and positions of roots.

    What is not said stays as it was.
    """

    custodian: Party | None = None
    state: ItemState | None = None
    spot: Spot | None = None


def outcome_append(
    actor: Actor,
    holding: Holding,
    drafts: Sequence[EntryDraft],
    outcome: Outcome,
    *,
    happened_at: datetime | None,
    reason: str,
    place: str,
) -> None:
    """Write an act on held items: its entries and its outcome, in one statement.

    Raises as `act_append` does, and `Conflict` for what the database refuses (a position taken meanwhile).
    """
    act_append(
        actor=actor,
        drafts=drafts,
        happened_at=happened_at,
        reason=reason,
        place=place,
        along=_along(holding, outcome, happened_at),
        heads=holding.heads,
    )


def _along(holding: Holding, outcome: Outcome, happened_at: datetime | None) -> Along:
    recorded_at = None if holding.heads is None else holding.heads.recorded_at
    moment = happened_at or claimed_now() or recorded_at
    roots, inside = [item.pk for item in holding.roots], list(holding.inside)
    spot = outcome.spot or OUT
    positions = list(spot.positions) or [""] * len(roots)
    given = [] if outcome.custodian is None else [outcome.custodian.pk]
    placed = [] if outcome.spot is None else [None if spot.container is None else spot.container.pk]
    statement = _ITEMS_WRITE.format(custodian=_CUSTODIAN if given else "", place=_PLACE if placed else "")
    rows = [Bigints([*roots, *inside]), Texts([*positions, *([None] * len(inside))])]
    values = [moment, None if outcome.state is None else str(outcome.state.value), *given, *placed, *rows]

    @contextmanager
    def around() -> Iterator[None]:
        with conflicts():
            yield
        _mirror(holding, outcome)

    return Along(statement, values, around)


def _mirror(holding: Holding, outcome: Outcome) -> None:
    """Let the objects in hand say what the rows now say, so that callers need not read again."""
    for item in holding.everything:
        item.version += 1
        item.custodian = outcome.custodian or holding.parties[item.custodian_id]
        item.state = outcome.state or item.state
    if outcome.spot is not None:
        for number, item in enumerate(holding.roots):
            item.container = outcome.spot.container
            item.position = outcome.spot.positions[number] if outcome.spot.positions else ""
