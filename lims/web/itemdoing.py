"""What the acts on one item call: from a valid form to a service and an address (empty: the item's page)."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from chain_of_custody.models import Item, StoredFile
from lims.accounts.actors import Actor
from lims.casework.models import Case
from lims.casework.selectors.resolve import resolve
from lims.casework.selectors.stores import own_party
from lims.casework.services import custody
from lims.casework.services.exhibits import component_add, exhibit_correct, live_event_record
from lims.casework.services.intake import photograph_attach
from lims.casework.services.items import Amount
from lims.casework.services.labels import label_replace
from lims.casework.services.samples import Taking, item_reweigh, item_use, sample_take
from lims.casework.services.sampling import sampling_plan_draw
from lims.common.errors import BadInput, NotFound

Stored = list[StoredFile]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Who acts on which item of which case, with the files handed in beside the form."""

    actor: Actor
    item: Item
    case: Case | None
    files: Stored

    @property
    def file(self) -> StoredFile | None:
        """The one file, where one was handed in."""
        return self.files[0] if self.files else None


def do_sample(one: Subject, data: dict[str, Any]) -> str:
    """Take a sub-sample."""
    made = None
    if data["made"] is not None:
        made = Amount(value=data["made"], unit=data["made_unit"])
    taking = Taking(parent=one.item, amount=data["amount"], unit=data["unit"], waste=data["waste"] or Decimal(0))
    row = sample_take(
        actor=one.actor,
        takings=[taking],
        kind=data["kind"],
        made=made,
        description=data["description"],
        method=data["method"],
        position_on_item=data["position_on_item"],
        authority=data["authority"],
        happened_at=data["happened_at"],
    )
    return reverse("web:item", args=[row.item.reference])


def do_reweigh(one: Subject, data: dict[str, Any]) -> str:
    """Weigh again."""
    item_reweigh(
        actor=one.actor,
        item=one.item,
        value=data["value"],
        unit=data["unit"],
        note=data["note"],
        happened_at=data["happened_at"],
    )
    return ""


def do_use(one: Subject, data: dict[str, Any]) -> str:
    """Use some of it up."""
    item_use(
        actor=one.actor,
        item=one.item,
        amount=data["amount"],
        unit=data["unit"],
        note=data["note"],
        authority=data["authority"],
        happened_at=data["happened_at"],
    )
    return ""


def do_apply_seal(one: Subject, data: dict[str, Any]) -> str:
    """Apply a seal."""
    custody.seal_apply(actor=one.actor, item=one.item, number=data["number"], happened_at=data["happened_at"])
    return ""


def do_open_seal(one: Subject, data: dict[str, Any]) -> str:
    """Open the seal in force."""
    custody.seal_open(
        actor=one.actor,
        item=one.item,
        found=data["found"],
        condition=data["condition"],
        reason=data["reason"],
        happened_at=data["happened_at"],
    )
    return ""


def do_move(one: Subject, data: dict[str, Any]) -> str:
    """Put it somewhere, or take it in hand."""
    to = own_party(actor=one.actor) if data["take"] else data["to"]
    box = box_named(one.actor, data["box"]) if data["box"] else None
    custody.items_move(
        actor=one.actor,
        items=[one.item],
        to=to,
        container=box,
        positions=[data["position"].upper()] if box is not None and data["position"] else [],
        reason=data["reason"],
        happened_at=data["happened_at"],
    )
    return ""


def box_named(actor: Actor, text: str) -> Item:
    """The box or bag somebody scanned or typed.

    Raises:
        BadInput: it is no item.
    """
    found = resolve(actor=actor, text=text)
    if found.item is None:
        raise BadInput(_("«%(found)s» is no box or bag.") % {"found": text}, field="box", found=text)
    return found.item


def do_give_back(one: Subject, data: dict[str, Any]) -> str:
    """Give it back for good."""
    custody.item_return(
        actor=one.actor,
        item=one.item,
        to=data["to"],
        authority=data["authority"],
        receipt=data["receipt"],
        happened_at=data["happened_at"],
    )
    return ""


def do_dispose(one: Subject, data: dict[str, Any]) -> str:
    """Dispose of it."""
    custody.item_dispose(
        actor=one.actor,
        item=one.item,
        method=data["method"],
        authority=data["authority"],
        witness=data["witness"],
        witness_name=data["witness_name"],
        certificate=one.file,
        happened_at=data["happened_at"],
    )
    return ""


def do_earlier(one: Subject, data: dict[str, Any]) -> str:
    """State earlier custody."""
    custody.custody_state_earlier(
        actor=one.actor,
        item=one.item,
        holder=data["holder"],
        statement=data["statement"],
        since=data["since"],
        until=data["until"],
        file=one.file,
    )
    return ""


def do_back_enter(one: Subject, data: dict[str, Any]) -> str:
    """Enter a transfer from a paper form."""
    file = one.file
    if file is None:
        raise BadInput(_("Hand in the paper form."), field="paper")
    custody.custody_back_enter(
        actor=one.actor,
        items=[one.item],
        to=data["to"],
        file=file,
        happened_at=data["happened_at"],
        reason=data["reason"],
    )
    return ""


def do_component(one: Subject, data: dict[str, Any]) -> str:
    """Name a component."""
    component_add(
        actor=one.actor,
        exhibit=one.item.exhibit,
        description=data["description"],
        declared_taxon=data["declared_taxon"],
        term=data["term"],
        pieces=data["pieces"],
    )
    return ""


def do_live(one: Subject, data: dict[str, Any]) -> str:
    """Record what happened to live animals."""
    live_event_record(
        actor=one.actor,
        exhibit=one.item.exhibit,
        kind=data["kind"],
        count=data["count"],
        mark=data["mark"],
        note=data["note"],
        happened_at=data["happened_at"],
    )
    return ""


def do_sampling(one: Subject, data: dict[str, Any]) -> str:
    """Draw a sampling plan."""
    sampling_plan_draw(
        actor=one.actor,
        lot=one.item.exhibit,
        rule=data["rule"],
        count=data["count"],
        seed=data["seed"],
        chosen=tuple(data["chosen"].replace(",", " ").split()),
        statement=data["statement"],
    )
    return reverse("web:item", args=[one.item.reference]) + "#sampling"


def do_correct(one: Subject, data: dict[str, Any]) -> str:
    """Correct the record."""
    exhibit_correct(
        actor=one.actor,
        exhibit=one.item.exhibit,
        version=data["version"],
        reason=data["reason"],
        description=data["description"],
        declared_taxon=data["declared_taxon"],
        condition=data["condition"],
        pieces_found=data["pieces_found"],
    )
    return ""


def do_photograph(one: Subject, data: dict[str, Any]) -> str:
    """Attach the stored photographs."""
    if one.case is None:
        raise BadInput(_("Files belong to items of a case."), field="photographs")
    for file in one.files:
        photograph_attach(actor=one.actor, case=one.case, file=file, item=one.item, caption=data["caption"])
    return ""


def do_replace(one: Subject, data: dict[str, Any]) -> str:
    """Draw a new scan code."""
    label_replace(actor=one.actor, item=one.item, reason=data["reason"])
    return reverse("web:label_list") + f"?item={one.item.reference}"


def item_named(actor: Actor, text: str, row: int) -> Item:
    """The item of a scanned or typed name, in a row of a form.

    Raises:
        BadInput: it names no item.
    """
    try:
        found = resolve(actor=actor, text=text)
    except (BadInput, NotFound) as error:
        raise BadInput(error.message, code=error.code, field="parent", found=text, row=row) from error
    if found.item is None:
        raise BadInput(_("«%(found)s» is no item.") % {"found": text}, field="parent", found=text, row=row)
    return found.item
