"""Today: what waits for a person, most urgent first. Each area adds its part.

@today_part("custody.act", order=10)
def offered(actor: Actor) -> TodayPart:
    return TodayPart(facts=(…,), tasks=(…,), cards=(…,))
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from lims.accounts.actors import Actor
from lims.web.parts import Fact, Task

_URGENCY = {"bad": 0, "warn": 1, "": 2, "ok": 3}


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A card of Today: a title and a template with its values; beside the list or in the column on the right."""

    title: str
    template: str
    context: Mapping[str, object] = field(default_factory=dict)
    aside: str = ""
    flush: bool = False
    right: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TodayPart:
    """What one area has to say: facts for the strip, tasks for «Do next», cards."""

    facts: tuple[Fact, ...] = ()
    tasks: tuple[Task, ...] = ()
    cards: tuple[Card, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Today:
    """Everything, in order."""

    facts: tuple[Fact, ...]
    tasks: tuple[Task, ...]
    main: tuple[Card, ...]
    right: tuple[Card, ...]

    @property
    def stopping(self) -> int:
        """How many tasks stop other people."""
        return sum(task.tone in {"bad", "warn"} for task in self.tasks)


Collect = Callable[[Actor], TodayPart]
_PARTS: list[tuple[int, str, Collect]] = []


def today_part(capability: str, *, order: int = 50) -> Callable[[Collect], Collect]:
    """Add an area's part for everyone who holds the capability in any scope; low `order` comes first."""

    def register(collect: Collect) -> Collect:
        _PARTS.append((order, capability, collect))
        _PARTS.sort(key=lambda part: part[0])
        return collect

    return register


def today_of(actor: Actor) -> Today:
    """What waits for the person. The strip holds five facts; the first leads."""
    parts = [collect(actor) for _order, capability, collect in _PARTS if actor.may_somewhere(capability)]
    cards = [card for part in parts for card in part.cards]
    tasks = [task for part in parts for task in part.tasks]
    return Today(
        facts=tuple(fact for part in parts for fact in part.facts)[:5],
        tasks=tuple(sorted(tasks, key=lambda task: _URGENCY[task.tone])),
        main=tuple(card for card in cards if not card.right),
        right=tuple(card for card in cards if card.right),
    )
