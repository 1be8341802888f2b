"""How items are named in words: what it is, who holds it, its seal. One way on every page."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from chain_of_custody.models import Item
from lims.casework.rules import plain
from lims.casework.selectors.cases import item_case
from lims.web.writing import quantity_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Badge:
    """A badge: its shape and its word."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemLine:
    """One item as a list prints it."""

    item: Item
    href: str
    short: str
    text: str
    made: str
    left: str
    held: Badge
    seal: Badge
    depth: int = 1

    @property
    def css(self) -> str:
        """The class that indents a row of a tree."""
        return "" if self.depth == 1 else f"l{min(self.depth, 4)}"


def item_line(item: Item, *, depth: int = 1) -> ItemLine:
    """An item in words; of an item that came from `item_rows`."""
    made, left = amounts(item)
    return ItemLine(
        item=item,
        href=reverse("web:item", args=[item.reference]),
        short=short_reference(item),
        text=item_text(item),
        made=made,
        left=left,
        held=held_badge(item),
        seal=seal_badge(item),
        depth=depth,
    )


def item_text(item: Item) -> str:
    """What it is: the exhibit's description, a sample's kind and description, a container's."""
    exhibit = getattr(item, "exhibit", None)
    if exhibit is not None:
        return f"{exhibit.description} ({exhibit.term})" if exhibit.term else str(exhibit.description)
    sample = getattr(item, "sample", None)
    if sample is not None:
        kind = str(sample.get_kind_display())
        return f"{kind}, {sample.description}" if sample.description else kind
    container = getattr(item, "container_of", None)
    if container is not None:
        kind = str(container.get_kind_display())
        return f"{kind}, {container.description}" if container.description else kind
    return str(item.get_kind_display())


def short_reference(item: Item) -> str:
    """The reference without its case, as lists within a case print it: `E02-S01-R`."""
    case = item_case(item)
    prefix = f"{case.reference}-" if case else ""
    return item.reference.removeprefix(prefix)


def amounts(item: Item) -> tuple[str, str]:
    """What there was and what is left, in words; empty while it was never weighed."""
    quantity = getattr(item, "quantity", None)
    if quantity is None:
        return "", ""
    unit = str(quantity.get_unit_display())
    return quantity_text(plain(quantity.initial), unit), quantity_text(plain(quantity.left), unit)


def with_amount(item: Item) -> str:
    """What it is and how much is left."""
    _made, left = amounts(item)
    return f"{item_text(item)}, {left}" if left else item_text(item)


def held_badge(item: Item) -> Badge:
    """Who holds it, that it waits for a receiver, or that it has left for good."""
    if item.state == "held":
        return Badge(kind="held", text=item.custodian.name)
    if item.state == "offered":
        to = getattr(item, "offered_to", "") or ""
        return Badge(kind="offered", text=_("offered to %(name)s") % {"name": to} if to else _("offered"))
    words = {"consumed": _("consumed"), "returned": _("returned"), "disposed": _("disposed of")}
    return Badge(kind="idle", text=words.get(item.state, item.state))


def seal_badge(item: Item) -> Badge:
    """The seal in force, that it was opened, or that it never had one."""
    seal = item.sealed_by
    if seal is not None:
        if seal.state in {"broken", "absent"}:
            return Badge(kind="bad", text=f"{seal.number} {str(seal.get_state_display()).lower()}")
        return Badge(kind="sealed", text=seal.number)
    if getattr(item, "ever_sealed", False):
        return Badge(kind="unsealed", text=_("open"))
    return Badge(kind="idle", text=_("no seal"))
