"""The state of links, read from their entries."""

from collections.abc import Iterable

from lims.links.models import Link, LinkEntry
from lims.links.rules.history import LinkState, Step, state_of


def steps_of(entries: Iterable[LinkEntry]) -> list[Step]:
    """Entries as the rules read them."""
    return [Step(number=one.number, act=one.act, by=one.by_id, side=one.side_id) for one in entries]


def link_state(link: Link) -> LinkState:
    """The state of one link now."""
    return state_of(steps_of(link.entries.order_by("number")))
