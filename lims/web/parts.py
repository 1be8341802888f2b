"""What the components under `templates/web/parts/` are given: plain, frozen values, ready to print.

A view fills these from what selectors return. Labels and values are already in the reader's language.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

Tone = Literal["", "ok", "warn", "bad"]
Text = str  # a str or a SafeString made by one of the tags


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One cell of the strip under a page's title; the first one answers the page's question (`lead`)."""

    label: Text
    value: Text
    detail: Text = ""
    tone: Tone = ""
    lead: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One line of a list of things to do. `action` and `href` are the button; most urgent first."""

    title: Text
    detail: Text = ""
    icon: str = "next"
    tone: Tone = ""
    action: Text = ""
    href: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of a course of work."""

    label: Text
    detail: Text = ""
    state: Literal["done", "now", "stopped", "next"] = "next"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One line of a list of checks, with what was found on the right; `lang` of a sentence that is not the page's."""

    label: Text
    state: Literal["ok", "warn", "bad", "wait"] = "ok"
    value: Text = ""
    detail: Text = ""
    lang: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One act in a timeline. `kind` draws its mark: `now`, `seal`, `transit` (dashed), `gap` (failure)."""

    title: Text
    at: datetime
    detail: Text = ""
    record: Text = ""
    kind: Literal["", "now", "seal", "transit", "gap"] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A part of a quantity: what is left, in children, used, waste."""

    label: Text
    amount: Decimal
    kind: Literal["left", "child", "used", "waste"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """A share as drawn: percent from the left edge and percent wide."""

    share: Share
    start: Decimal
    width: Decimal


def slices(shares: Sequence[Share]) -> list[Slice]:
    """The shares side by side, scaled to 100 percent; nothing when they add up to zero."""
    total = sum((share.amount for share in shares), Decimal(0))
    if total <= 0:
        return []
    drawn: list[Slice] = []
    start = Decimal(0)
    for share in shares:
        width = (share.amount * 100 / total).quantize(Decimal("0.01"))
        drawn.append(Slice(share=share, start=start, width=width))
        start += width
    return drawn


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One position of a box: its name (`B7`), what is written into it and its state."""

    position: str
    text: Text = ""
    state: Literal["", "full", "new", "next", "bad"] = ""
    meaning: Text = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BoxRow:
    """One row of a box."""

    name: str
    cells: Sequence[Cell]


@dataclass(frozen=True, slots=True, kw_only=True)
class Crumb:
    """One step of the path above the title; the last has no address."""

    label: Text
    href: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tab:
    """One tab: an address of its own, no script."""

    label: Text
    href: str
    current: bool = False
    count: int | None = None
