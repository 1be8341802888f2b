"""Who held an item from when to when, read from its ledger entries, and whether each act follows the one before."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

_TO = {"received", "moved", "returned", "reassigned", "back_entered"}
_END = {"consumed", "disposed"}
_STAY = {"offered", "refused", "withdrawn", "sealed", "opened"}


class CustodyEntry(Protocol):
    """What is needed of an entry: `HistoryRow` has it."""

    @property
    def sequence(self) -> int:
        """Place in the item's stream, from 1."""

    @property
    def schema(self) -> str:
        """Schema of the payload."""

    @property
    def verb(self) -> str:
        """What happened."""

    @property
    def happened_at(self) -> datetime:
        """The claimed time."""

    @property
    def values(self) -> object:
        """The frozen values."""

    @property
    def shown(self) -> object:
        """The committed values still there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """One custodian's time with an item. `until` is None while it lasts; `stated`: nobody here witnessed it."""

    party: str
    name: str
    since: datetime
    until: datetime | None = None
    stated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """An item's custody: holdings in order, stated ones first, and the sequence numbers at which something is missing.

    Attributes:
        acts: number of entries read.
        breaks: sequence numbers of entries that do not follow: a number left out, or a giver who was not the custodian.
    """

    holdings: tuple[Holding, ...]
    acts: int
    breaks: tuple[int, ...]


def chain(rows: Sequence[CustodyEntry]) -> Chain:
    """The chain of custody that an item's entries tell, which must be given whole and in order."""
    holdings: list[Holding] = []
    stated: list[Holding] = []
    breaks: list[int] = []
    for number, row in enumerate(rows, start=1):
        if row.sequence != number:
            breaks.append(row.sequence)
        if not row.schema.startswith("custody.item/"):
            continue
        if row.verb == "stated_earlier":
            stated += _stated(row)
        elif not _follow(holdings, row):
            breaks.append(row.sequence)
    stated.sort(key=lambda one: one.since)
    return Chain(holdings=(*stated, *holdings), acts=len(rows), breaks=tuple(dict.fromkeys(breaks)))


def _value(row: CustodyEntry, name: str) -> str:
    values = row.values
    found = values.get(name) if isinstance(values, dict) else None
    return "" if found is None else str(found)


def _name(row: CustodyEntry, name: str) -> str:
    shown = row.shown
    found = shown.get(name) if isinstance(shown, dict) else None
    return str(found) if isinstance(found, str) else "–"


def _stated(row: CustodyEntry) -> list[Holding]:
    since = _value(row, "since") or _value(row, "until")
    if not since:
        return []
    until = _value(row, "until")
    return [
        Holding(
            party="",
            name=_name(row, "holder"),
            since=datetime.fromisoformat(since),
            until=datetime.fromisoformat(until) if until else None,
            stated=True,
        )
    ]


def _follow(holdings: list[Holding], row: CustodyEntry) -> bool:
    """Apply an entry; False when it does not follow from what came before."""
    if row.verb == "created":
        holdings.append(
            Holding(party=_value(row, "custodian"), name=_name(row, "custodian.name"), since=row.happened_at)
        )
        return len(holdings) == 1
    if not holdings:
        return False
    present = holdings[-1]
    fits = _value(row, "from") == present.party
    at = max(row.happened_at, present.since)
    if row.verb in _END:
        holdings[-1] = replace(present, until=at)
    elif row.verb in _TO and _value(row, "to") != present.party:
        holdings[-1] = replace(present, until=at)
        holdings.append(Holding(party=_value(row, "to"), name=_name(row, "to.name"), since=at))
    return fits and row.verb in _TO | _END | _STAY


def joined(parents: Sequence[Chain], own: Chain) -> tuple[Holding, ...]:
    """The holdings of an item preceded by those of what it was made from, each cut where the next begins.

    Args:
        parents: from the item's own parent back to the exhibit.
        own: the item's own chain.
    """
    line = list(own.holdings)
    for parent in parents:
        start = line[0].since if line else None
        line = [_cut(one, start) for one in parent.holdings if start is None or one.since < start] + line
    return tuple(line)


def _cut(holding: Holding, end: datetime | None) -> Holding:
    if end is None or (holding.until is not None and holding.until <= end):
        return holding
    return replace(holding, until=end)
