"""The acts on one item: their forms, what they call, when the page offers them. The services hold the rules."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from chain_of_custody.models import Item
from lims.accounts.actors import Actor
from lims.casework.models import Case
from lims.casework.selectors.access import case_scope
from lims.casework.selectors.stores import place_parties, receiver_list
from lims.web import itemdoing, itemforms
from lims.web.forms import PageForm
from lims.web.itemdoing import Stored, Subject
from lims.web.uploads import form_store, pictures_store


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemAct:
    """One act as the pages offer it.

    Attributes:
        words: title and button, made when shown, in the reader's language.
        do: carries it out; returns an address, empty for the item's own page.
        offered: whether it makes sense for an item as it stands.
        upload: the name of the form's file field.
    """

    form: type[PageForm]
    capability: str
    words: Callable[[Item], tuple[str, str]]
    do: Callable[[Subject, dict[str, Any]], str]
    offered: Callable[[Item], bool]
    note: Callable[[], str] = str
    icon: str = "next"
    upload: str = ""
    danger: bool = False


def _held(item: Item) -> bool:
    return item.state == "held"


def _touchable(item: Item) -> bool:
    return item.state == "held" and item.sealed_by_id is None


def _exhibit(item: Item, *kinds: str) -> bool:
    exhibit = getattr(item, "exhibit", None)
    return exhibit is not None and (not kinds or exhibit.kind in kinds)


def _about(title: Callable[[], str], button: Callable[[], str]) -> Callable[[Item], tuple[str, str]]:
    return lambda item: (f"{title()}: {item.reference}", button())


ACTS: Mapping[str, ItemAct] = {
    "sample": ItemAct(
        form=itemforms.SampleForm,
        capability="sample.take",
        words=_about(lambda: _("Take sub-sample"), lambda: _("Take the sub-sample")),
        do=itemdoing.do_sample,
        offered=_touchable,
        note=lambda: _("What goes in, what is lost and what is left must add up. The sample gets a code."),
        icon="flask",
    ),
    "seal": ItemAct(
        form=itemforms.SealForm,
        capability="custody.act",
        words=_about(lambda: _("Seal"), lambda: _("Apply the seal")),
        do=itemdoing.do_apply_seal,
        offered=_touchable,
        icon="seal",
    ),
    "open": ItemAct(
        form=itemforms.OpenForm,
        capability="custody.act",
        words=lambda item: (
            _("Open seal %(seal)s?") % {"seal": item.sealed_by.number if item.sealed_by else ""},
            _("Open seal"),
        ),
        do=itemdoing.do_open_seal,
        offered=lambda item: _held(item) and item.sealed_by_id is not None,
        note=lambda: _("You will be recorded as the person who opened it. The old seal stays on record."),
        icon="seal",
        danger=True,
    ),
    "move": ItemAct(
        form=itemforms.MoveForm,
        capability="custody.act",
        words=_about(lambda: _("Move"), lambda: _("Move it")),
        do=itemdoing.do_move,
        offered=_held,
        icon="box",
    ),
    "reweigh": ItemAct(
        form=itemforms.ReweighForm,
        capability="sample.take",
        words=_about(lambda: _("Weigh again"), lambda: _("Record the weighing")),
        do=itemdoing.do_reweigh,
        offered=_touchable,
        note=lambda: _("Hides dry and extracts evaporate: less is normal. More than before is a discrepancy."),
    ),
    "use": ItemAct(
        form=itemforms.UseForm,
        capability="sample.take",
        words=_about(lambda: _("Use some of it"), lambda: _("Record the use")),
        do=itemdoing.do_use,
        offered=_touchable,
    ),
    "photographs": ItemAct(
        form=itemforms.PhotographForm,
        capability="file.upload",
        words=_about(lambda: _("Add photographs"), lambda: _("Store the photographs")),
        do=itemdoing.do_photograph,
        offered=lambda item: True,
        note=lambda: _("A stored photograph cannot be changed or deleted."),
        upload="photographs",
        icon="camera",
    ),
    "component": ItemAct(
        form=itemforms.ComponentForm,
        capability="item.register",
        words=_about(lambda: _("Name a component"), lambda: _("Add the component")),
        do=itemdoing.do_component,
        offered=lambda item: _exhibit(item, "mixed", "lot"),
    ),
    "sampling": ItemAct(
        form=itemforms.SamplingForm,
        capability="sample.take",
        words=_about(lambda: _("Draw a sampling plan"), lambda: _("Draw the pieces")),
        do=itemdoing.do_sampling,
        offered=lambda item: _exhibit(item, "lot"),
        note=lambda: _("The plan keeps the rule, the seed, and the pieces that are not sampled."),
    ),
    "live": ItemAct(
        form=itemforms.LiveForm,
        capability="custody.act",
        words=_about(lambda: _("Live animals: record an event"), lambda: _("Record the event")),
        do=itemdoing.do_live,
        offered=lambda item: _exhibit(item, "live_animal"),
    ),
    "correct": ItemAct(
        form=itemforms.CorrectForm,
        capability="item.register",
        words=_about(lambda: _("Correct the record"), lambda: _("Save the correction")),
        do=itemdoing.do_correct,
        offered=_exhibit,
        note=lambda: _("The earlier text stays in the ledger; the new entry names both."),
    ),
    "label": ItemAct(
        form=itemforms.ReplaceLabelForm,
        capability="label.print",
        words=_about(lambda: _("Replace the label"), lambda: _("Make the label void and draw a new code")),
        do=itemdoing.do_replace,
        offered=lambda item: True,
        danger=True,
    ),
    "earlier": ItemAct(
        form=itemforms.EarlierForm,
        capability="custody.act",
        words=_about(lambda: _("State earlier custody"), lambda: _("Record the statement")),
        do=itemdoing.do_earlier,
        offered=lambda item: True,
        note=lambda: _("It is recorded as stated, not witnessed, and changes nothing about who holds it."),
        upload="paper",
    ),
    "back-enter": ItemAct(
        form=itemforms.BackEnterForm,
        capability="custody.act",
        words=_about(lambda: _("Enter a transfer from a paper form"), lambda: _("Enter the transfer")),
        do=itemdoing.do_back_enter,
        offered=_held,
        note=lambda: _("For a form filled in during an outage: both times and the scan are kept."),
        upload="paper",
    ),
    "return": ItemAct(
        form=itemforms.ReturnForm,
        capability="item.dispose",
        words=_about(lambda: _("Give back for good"), lambda: _("Record the return")),
        do=itemdoing.do_give_back,
        offered=_held,
        danger=True,
    ),
    "dispose": ItemAct(
        form=itemforms.DisposeForm,
        capability="item.dispose",
        words=_about(lambda: _("Dispose of it"), lambda: _("Record the disposal")),
        do=itemdoing.do_dispose,
        offered=_held,
        upload="certificate",
        danger=True,
    ),
}


def acts_offered(actor: Actor, item: Item, case: Case | None) -> dict[str, ItemAct]:
    """The acts that make sense for the item and lie within the actor's roles."""
    scope = case_scope(case) if case else None
    return {
        name: act
        for name, act in ACTS.items()
        if act.offered(item) and (actor.may(act.capability, scope) if case else actor.in_laboratory)
    }


def form_filled(act: ItemAct, subject: Subject, form: PageForm) -> None:
    """Give the form's choices what selectors know."""
    for name, parties in (("to", _parties(act, subject)), ("witness", _receivers(subject))):
        if name in form.fields:
            form.fields[name].offer(parties())  # type: ignore[attr-defined]


def _parties(act: ItemAct, subject: Subject) -> Callable[[], Any]:
    if act.form is itemforms.MoveForm:
        return lambda: place_parties(actor=subject.actor)
    if act.form is itemforms.BackEnterForm:
        return lambda: [*receiver_list(actor=subject.actor), *place_parties(actor=subject.actor)]
    return _receivers(subject)


def _receivers(subject: Subject) -> Callable[[], Any]:
    return lambda: receiver_list(actor=subject.actor)


def initial_of(name: str, item: Item) -> dict[str, Any]:
    """What a form starts with."""
    quantity = getattr(item, "quantity", None)
    start: dict[str, Any] = {"unit": quantity.unit if quantity else "g"}
    if name == "correct":
        exhibit = item.exhibit
        names = ("version", "description", "declared_taxon", "condition", "pieces_found")
        start |= {field: getattr(exhibit, field) for field in names}
    return start


def files_stored(act: ItemAct, subject: Subject, data: dict[str, Any]) -> Stored:
    """Store what the form carries, before the act; nothing when it carries nothing."""
    given = data.get(act.upload) if act.upload else None
    if not given or subject.case is None:
        return []
    if isinstance(given, list):
        return pictures_store(actor=subject.actor, case=subject.case, uploads=given, field=act.upload)
    return [form_store(actor=subject.actor, case=subject.case, upload=given, field=act.upload)]
