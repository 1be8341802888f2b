"""Old answers of a run beside new ones: which of those that findings rest on would be others."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """An answer of a run: about whom, which outcome, which name, in words."""

    subject: str
    identification: str
    name: str
    statement: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """The place of an old answer, and what would be said now; None where nothing is said of it any more."""

    place: int
    now: Said | None


def changes(before: Iterable[Said], now: Iterable[Said], places: Iterable[int]) -> list[Change]:
    """Of the old answers at `places` (from 0) those that would be others now.

    Answers about one subject are matched in their order. An answer is the same when outcome and name are; numbers may
    differ, they always do when records are added.
    """
    waiting: dict[str, list[Said]] = {}
    for one in now:
        waiting.setdefault(one.subject, []).append(one)
    wanted, found = set(places), []
    for place, old in enumerate(before):
        of_subject = waiting.get(old.subject)
        new = of_subject.pop(0) if of_subject else None
        if place in wanted and (new is None or (new.identification, new.name) != (old.identification, old.name)):
            found.append(Change(place=place, now=new))
    return found
