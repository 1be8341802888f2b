"""What is in a product, as its run's page prints it: the list of taxa, the label answered, what the controls show."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from lims.lab.enums import Identification
from lims.web.describing import Badge
from lims.web.parts import Check
from lims.web.shares import percent


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductLine:
    """A taxon of the product; `number` is the outcome that says it whole, 0 where the run keeps none."""

    taxon: str
    outcome: str
    reads: int
    share: str
    sequences: int
    control_reads: int
    state: Badge
    present: bool
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlLine:
    """A control and what was read in it."""

    name: str
    kept: int
    total: int
    taxa: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductView:
    """A product in words."""

    lines: tuple[ProductLine, ...]
    label: tuple[Check, ...]
    controls: tuple[ControlLine, ...]


def product_view(outcome: Mapping[str, Any], kept: int) -> ProductView | None:
    """The first outcome of a run of `species.product`; None for every other. `kept` outcomes stand in the run."""
    details = outcome.get("details") or {}
    if "product" not in details:
        return None
    return ProductView(
        lines=tuple(_line(row, place, kept) for place, row in enumerate(details["product"], start=2)),
        label=tuple(_label(row) for row in details.get("label") or ()),
        controls=tuple(_control(row) for row in details.get("controls") or ()),
    )


def _line(row: Mapping[str, Any], place: int, kept: int) -> ProductLine:
    states = {
        "present": Badge(kind="ok", text=_("found")),
        "in_control": Badge(kind="warn", text=_("a control shows it")),
        "unidentified": Badge(kind="idle", text=_("not named")),
    }
    return ProductLine(
        taxon=str(row["taxon"]),
        outcome=str(Identification(row["outcome"]).label),
        reads=int(row["reads"]),
        share=percent(row["share"]),
        sequences=int(row["sequences"]),
        control_reads=int(row["control_reads"]),
        state=states[row["state"]],
        present=row["state"] == "present",
        number=place if place <= kept else 0,
    )


def _label(row: Mapping[str, Any]) -> Check:
    words: Mapping[str, tuple[Any, str, str]] = {
        "found": ("ok", _("found"), ""),
        "genus_found": ("warn", _("its genus was found"), _("The sequence does not settle the species.")),
        "not_found": ("warn", _("not found"), _("It may be there all the same: too little DNA, or none that is left.")),
        "not_testable": ("wait", _("not in the set"), _("The reference set has no record of it.")),
    }
    state, value, detail = words[str(row["answer"])]
    return Check(label=str(row["name"]), state=state, value=value, detail=detail)


def _control(row: Mapping[str, Any]) -> ControlLine:
    return ControlLine(
        name=str(row["name"]), kept=int(row["kept"]), total=int(row["total"]), taxa=_taxa(row.get("taxa") or ())
    )


def _taxa(taxa: Sequence[Mapping[str, Any]]) -> str:
    return ", ".join(f"{one['taxon'] or _('not named')} {one['reads']}" for one in taxa[:8])
