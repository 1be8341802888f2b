"""A scan session as its page prints it: where things go, what is on the list, the box, what can be done next."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from chain_of_custody.models import Item
from lims.accounts.actors import Actor
from lims.casework.models import Container, ScanLine, ScanSession
from lims.casework.selectors.cases import item_case
from lims.casework.selectors.counter import box_grid, scan_list
from lims.casework.selectors.listing import contents
from lims.web.describing import Badge, held_badge, seal_badge, short_reference, with_amount
from lims.web.parts import BoxRow, Cell, Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class Scanned:
    """One line of the list, numbered from the first scan."""

    number: int
    item: Item
    href: str
    short: str
    text: str
    held: Badge
    seal: Badge
    elsewhere: bool
    position: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScannedCase:
    """The lines of one case."""

    reference: str
    lines: list[Scanned]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What the last scan did, large: taken, or refused with the reason and what to do."""

    code: str
    outcome: str
    word: str
    why: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """A box with its positions."""

    columns: list[int]
    rows: list[BoxRow]
    full: int
    places: int
    next: str


def session_context(actor: Actor, session: ScanSession | None) -> dict[str, Any]:
    """Everything the session's page and its part print."""
    lines = scan_list(session=session) if session else []
    box = box_grid(box=session.container) if session and session.container else None
    grid = grid_of(box, [line.item for line in reversed(lines)]) if box and box.rows else None
    groups = _groups(actor, lines)
    kind = target_kind(session)
    elsewhere = sum(1 for group in groups for line in group.lines if line.elsewhere)
    return {
        "session": session,
        "number": len(lines),
        "groups": groups,
        "grid": grid,
        "target_kind": kind,
        "title": _title(session, kind),
        "facts": _facts(session, kind, len(lines), elsewhere, grid),
        "elsewhere": elsewhere,
    }


def target_kind(session: ScanSession | None) -> str:
    """Where the list goes: `box`, `place`, `person`, or nowhere yet."""
    if session is None or (session.target is None and session.container is None):
        return ""
    if session.container is not None:
        return "box"
    return "place" if session.target and session.target.kind == "location" else "person"


def _title(session: ScanSession | None, kind: str) -> str:
    if session is None or not kind:
        return _("Scan items")
    if kind == "box" and session.container:
        return _("Scan into %(box)s") % {"box": session.container.reference}
    name = session.target.name if session.target else ""
    if kind == "place":
        return _("Put into %(place)s") % {"place": name}
    return _("Hand over to %(name)s") % {"name": name}


def _facts(session: ScanSession | None, kind: str, number: int, elsewhere: int, grid: Grid | None) -> list[Fact]:
    scanned = ngettext("%(n)s item", "%(n)s items", number) % {"n": number} if number else _("nothing yet")
    other = ngettext("%(n)s is not in your hands", "%(n)s are not in your hands", elsewhere) % {"n": elsewhere}
    first = Fact(label=_("Scanned"), value=scanned, detail=other if elsewhere else "", lead=grid is None)
    goal = Fact(
        label=_("They go to"), value=_goal(session, kind), detail="" if kind else _("scan a badge, place or box")
    )
    if grid is None:
        return [first, goal]
    lead = Fact(label=_("Next position"), value=grid.next or _("none free"), detail=_("scan a tube"), lead=True)
    full = _("%(full)s of %(all)s full") % {"full": grid.full, "all": grid.places}
    return [lead, first, Fact(label=_("Box"), value=full)]


def _goal(session: ScanSession | None, kind: str) -> str:
    if session is None or not kind:
        return _("not said yet")
    if session.container is not None:
        return session.container.reference
    return session.target.name if session.target else ""


def _groups(actor: Actor, lines: Sequence[ScanLine]) -> list[ScannedCase]:
    groups: dict[str, list[Scanned]] = {}
    for place, line in enumerate(lines):
        case = item_case(line.item)
        reference = case.reference if case else _("The laboratory's own")
        groups.setdefault(reference, []).append(_scanned(actor, line, len(lines) - place))
    return [ScannedCase(reference=reference, lines=found) for reference, found in groups.items()]


def _scanned(actor: Actor, line: ScanLine, number: int) -> Scanned:
    item = line.item
    return Scanned(
        number=number,
        item=item,
        href=reverse("web:item", args=[item.reference]),
        short=short_reference(item),
        text=with_amount(item),
        held=held_badge(item),
        seal=seal_badge(item),
        elsewhere=item.custodian_id != actor.party_id,
    )


def grid_of(box: Container, scanned: Sequence[Item]) -> Grid:
    """The box by rows: what lies in it, where the scanned items will go (first free first), the next free position."""
    inside = {row.position: row for row in contents(box=box.item) if row.position}
    names = [position(row, column) for row in range(box.rows) for column in range(1, box.columns + 1)]
    free = [name for name in names if name not in inside]
    here = {row.pk for row in inside.values()}
    going = dict(zip(free, [item for item in scanned if item.pk not in here], strict=False))
    after = free[len(going)] if len(going) < len(free) else ""
    numbers = {name: number for number, name in enumerate(going, start=1)}
    rows = [
        BoxRow(
            name=chr(ord("A") + row),
            cells=[_cell(position(row, column), inside, numbers, after) for column in range(1, box.columns + 1)],
        )
        for row in range(box.rows)
    ]
    return Grid(columns=list(range(1, box.columns + 1)), rows=rows, full=len(inside), places=len(names), next=after)


def position(row: int, column: int) -> str:
    """The name of a position: letters for rows, numbers for columns."""
    return f"{chr(ord('A') + row)}{column}"


def _cell(name: str, inside: dict[str, Item], numbers: dict[str, int], after: str) -> Cell:
    if name in inside:
        reference = inside[name].reference
        return Cell(position=name, text=reference.rsplit("-", 2)[-2], state="full", meaning=reference)
    if name in numbers:
        return Cell(position=name, text=str(numbers[name]), state="new", meaning=_("scanned now"))
    if name == after:
        return Cell(position=name, text="→", state="next", meaning=_("next position"))
    return Cell(position=name, meaning=_("free"))
