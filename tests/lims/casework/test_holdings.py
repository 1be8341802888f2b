"""The chain of custody as read from entries: holdings, stated custody, gaps."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from lims.casework.holdings import Chain, chain, joined

START = datetime(2026, 10, 16, 12, 0, tzinfo=UTC)


@dataclass
class Entry:
    """What `chain` reads of an entry."""

    sequence: int
    verb: str
    hour: int
    values: dict[str, Any] = field(default_factory=dict)
    shown: dict[str, Any] = field(default_factory=dict)
    schema: str = "custody.item/1"

    @property
    def happened_at(self) -> datetime:
        """Hours after the start."""
        return START + timedelta(hours=self.hour)


def created(sequence: int = 1, hour: int = 0) -> Entry:
    """Taken into custody by A."""
    return Entry(sequence, "created", hour, {"custodian": "a"}, {"custodian.name": "A"})


def passed(sequence: int, hour: int, giver: str, taker: str, verb: str = "received") -> Entry:
    """From one party to another."""
    return Entry(sequence, verb, hour, {"from": giver, "to": taker}, {"to.name": taker.upper()})


def names(made: Chain) -> list[tuple[str, int, int | None]]:
    """Holdings as name, hour from, hour until."""

    def hour(moment: datetime) -> int:
        return int((moment - START).total_seconds() // 3600)

    return [(one.name, hour(one.since), hour(one.until) if one.until else None) for one in made.holdings]


def test_one_custodian_after_the_other_without_a_gap() -> None:
    made = chain(
        [created(), passed(2, 1, "a", "b", "offered"), passed(3, 2, "a", "b"), passed(4, 5, "b", "c", "moved")]
    )
    assert names(made) == [("A", 0, 2), ("B", 2, 5), ("C", 5, None)]
    assert made.breaks == ()


def test_end_closes_the_last_holding() -> None:
    made = chain([created(), Entry(2, "consumed", 4, {"from": "a"})])
    assert names(made) == [("A", 0, 4)]


def test_giver_who_was_not_the_custodian_is_a_break() -> None:
    assert chain([created(), passed(2, 1, "x", "b")]).breaks == (2,)


def test_entry_left_out_is_a_break() -> None:
    assert 3 in chain([created(), passed(3, 1, "a", "b")]).breaks


def test_entries_before_the_first_custody_are_a_break() -> None:
    assert chain([passed(1, 1, "a", "b")]).breaks == (1,)


def test_back_entered_time_never_runs_backwards() -> None:
    made = chain([created(), passed(2, 5, "a", "b"), passed(3, 3, "b", "c", "back_entered")])
    assert names(made) == [("A", 0, 5), ("B", 5, 5), ("C", 5, None)]


def test_stated_custody_stands_before_and_is_marked() -> None:
    since, until = (START - timedelta(days=2)).isoformat(), (START - timedelta(days=1)).isoformat()
    stated = Entry(2, "stated_earlier", 1, {"since": since, "until": until}, {"holder": "Ranger"})
    made = chain([created(), stated])
    assert [(one.name, one.stated) for one in made.holdings] == [("Ranger", True), ("A", False)]
    assert made.breaks == ()


def test_forgotten_names_leave_a_dash() -> None:
    entry = created()
    entry.shown = {}
    assert names(chain([entry])) == [("–", 0, None)]


def test_sample_begins_with_its_parents_history() -> None:
    parent = chain([created(), passed(2, 2, "a", "b")])
    own = chain([Entry(1, "created", 6, {"custodian": "b"}, {"custodian.name": "B"})])
    line = joined([parent], own)
    assert [(one.name, one.until is None) for one in line] == [("A", False), ("B", False), ("B", True)]
    assert line[1].until == START + timedelta(hours=6)
