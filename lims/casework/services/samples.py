"""Samples: taken from exhibits and samples, pooled, weighed again, used up. Amounts balance at every step."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from chain_of_custody.core.canonical import Json
from chain_of_custody.models import Item, Party
from chain_of_custody.services import EntryDraft, StreamKey, act_append, item_consume, item_touch_check
from lims.accounts.actors import Actor, require
from lims.casework.enums import SampleKind, StepKind
from lims.casework.ledger import SAMPLE
from lims.casework.models import Case, Exhibit, Quantity, QuantityStep, Sample, SampleParent
from lims.casework.rules import Balance, balance_after, made_allowed, plain, reweighing_allowed
from lims.casework.selectors.access import case_scope
from lims.casework.selectors.cases import item_case
from lims.casework.services.cases import case_lock, case_open_required, part_reference
from lims.casework.services.items import Amount, ItemSpec, items_make
from lims.common.checks import decimal_clean, not_in_future, text_clean
from lims.common.errors import BadInput, RuleViolation


@dataclass(frozen=True, slots=True, kw_only=True)
class Taking:
    """What is taken from one parent: the amount that goes into the child and what is lost, in one unit."""

    parent: Item
    amount: Decimal
    unit: str
    waste: Decimal = Decimal(0)


def sample_take(
    *,
    actor: Actor,
    takings: Sequence[Taking],
    kind: str,
    made: Amount | None = None,
    description: str = "",
    method: str = "",
    position_on_item: str = "",
    authority: str = "",
    happened_at: datetime | None = None,
) -> Sample:
    """Take a sub-sample from one parent, or pool several parents of one case.

    The child weighs what was taken, or `made` where a step changes the measure (50 mg of powder give 80 µL of extract).
    Every parent must be in the actor's custody and unsealed; none goes below zero (ISO/IEC 17025 7.4.2: identity kept
    through sub-division; ASTM E1459: sub-samples are labelled as exhibits are).
    Taking the last of an exhibit needs a recorded `authority` (prosecutor or court): ASTM E860 practice.

    Raises:
        NotAllowed: without `sample.take`.
        BadInput: unknown kind or unit, negative amounts.
        RuleViolation: more taken than is left, parents of different cases, an unweighed parent, an exhibit's last
            without authority.
        CustodyError: a parent is sealed, offered, final, or in somebody else's custody.
    """
    case = _one_case(takings)
    require(actor, "sample.take", case_scope(case))
    _shape_check(takings, kind, made)
    when = not_in_future(happened_at or timezone.now(), field="happened_at")
    with transaction.atomic():
        locked = case_lock(case)
        case_open_required(locked)
        quantities = _quantities_lock(takings)
        item_touch_check(actor=actor, items=[taking.parent for taking in takings], happened_at=happened_at)
        exhibit = _exhibit_of(takings)
        sample = _make(
            actor,
            locked,
            exhibit,
            takings,
            kind,
            made,
            when,
            {
                "description": text_clean(description, field="description", limit=300),
                "method": text_clean(method, field="method", limit=120),
                "position_on_item": text_clean(position_on_item, field="position_on_item", limit=120),
            },
        )
        act_id = uuid4()
        left = [_take(actor, taking, quantities[taking.parent.pk], sample.item, when, act_id) for taking in takings]
        authority = text_clean(authority, field="authority", limit=500)
        drafts = _drafts(sample, takings, left, authority)
        act_append(actor=actor, drafts=drafts, happened_at=happened_at, act=act_id)
    return sample


def item_reweigh(
    *,
    actor: Actor,
    item: Item,
    value: Decimal,
    unit: str,
    note: str = "",
    happened_at: datetime | None = None,
) -> QuantityStep:
    """Weigh an item again: hides dry and extracts evaporate. It cannot grow beyond the tolerance of the scale.

    An item without an amount so far gets its first one.

    Raises:
        NotAllowed: without `sample.take`.
        RuleViolation: it grew.
        CustodyError: not in the actor's custody, or sealed.
    """
    case = _case_of(item)
    require(actor, "sample.take", case_scope(case))
    Amount(value=value, unit=unit).check()
    when = not_in_future(happened_at or timezone.now(), field="happened_at")
    with transaction.atomic():
        case_lock(case)
        quantity = Quantity.objects.select_for_update(no_key=True).filter(item=item).first()
        item_touch_check(actor=actor, items=[item], happened_at=happened_at)
        if quantity is None:
            quantity = Quantity(item=item, unit=unit, initial=value, left=value)
            before, kind = Decimal(0), StepKind.INITIAL
        else:
            before, kind = quantity.left, StepKind.REWEIGHED
            quantity.left = reweighing_allowed(_balance(quantity), new=value, unit=unit)
        quantity.save()
        values: dict[str, Json] = {
            "before": plain(before),
            "after": plain(quantity.left),
            "unit": quantity.unit,
        }
        note = text_clean(note, field="note", limit=300)
        act = act_append(
            actor=actor, drafts=[_draft(item, "reweighed", values, {"note": note})], happened_at=happened_at
        )
        return QuantityStep.objects.create(
            quantity=quantity,
            kind=kind,
            amount=quantity.left - before,
            left=quantity.left,
            note=note,
            at=when,
            by_id=actor.party_id,
            act=act.id,
        )


def item_use(
    *,
    actor: Actor,
    item: Item,
    amount: Decimal,
    unit: str,
    note: str,
    authority: str = "",
    happened_at: datetime | None = None,
) -> Quantity:
    """Use up some of an item in an analysis; when nothing is left the item is consumed.

    Using the last of an exhibit needs a recorded authority (prosecutor or court): ASTM E860 practice.

    Raises:
        NotAllowed: without `sample.take`.
        RuleViolation: more than is left, or an exhibit's last without authority.
    """
    case = _case_of(item)
    require(actor, "sample.take", case_scope(case))
    note = text_clean(note, field="note", required=True, limit=300)
    amount = decimal_clean(amount, field="amount", above=Decimal(0))
    when = not_in_future(happened_at or timezone.now(), field="happened_at")
    with transaction.atomic():
        case_lock(case)
        taking = Taking(parent=item, amount=amount, unit=unit)
        quantity = _quantities_lock([taking])[item.pk]
        item_touch_check(actor=actor, items=[item], happened_at=happened_at)
        act_id = uuid4()
        left = _take(actor, taking, quantity, None, when, act_id)
        values: dict[str, Json] = {"amount": plain(amount), "unit": unit, "left": plain(left)}
        act_append(
            actor=actor,
            drafts=[_draft(item, "used", values, {"note": note})],
            happened_at=happened_at,
            act=act_id,
        )
        if left == 0:
            _authority_check(item, authority)
            item_consume(actor=actor, item=item, authority=authority, reason=note, happened_at=happened_at)
    return quantity


def _one_case(takings: Sequence[Taking]) -> Case:
    if not takings:
        raise BadInput(_("Name at least one item to take from."), code="required", field="parents")
    cases = {_case_of(taking.parent).pk: _case_of(taking.parent) for taking in takings}
    if len({taking.parent.pk for taking in takings}) != len(takings):
        raise BadInput(_("A parent is named twice."), code="duplicate", field="parents")
    if len(cases) != 1:
        raise RuleViolation(_("Parents of different cases cannot be pooled."), code="two-cases", field="parents")
    return next(iter(cases.values()))


def _case_of(item: Item) -> Case:
    case = item_case(item)
    if case is None:
        raise RuleViolation(_("%(item)s belongs to no case.") % {"item": item.reference}, code="no-case", field="item")
    return case


def _shape_check(takings: Sequence[Taking], kind: str, made: Amount | None) -> None:
    if kind not in SampleKind.values:
        raise BadInput(_("Choose what kind of sample this is."), code="unknown-kind", field="kind", found=kind)
    if made is not None:
        made.check()
    elif len({taking.unit for taking in takings}) != 1:
        raise BadInput(
            _("Give the amount of the pool: its parents are measured in different units."),
            code="required",
            field="made",
        )
    for row, taking in enumerate(takings):
        try:
            decimal_clean(taking.amount, field="amount", above=Decimal(0))
            Amount(value=taking.amount, unit=taking.unit).check()
            Amount(value=taking.waste, unit=taking.unit).check()
        except BadInput as error:
            error.row = row
            raise
    if made is not None:
        made_allowed(made.value, made.unit, [(taking.amount, taking.unit) for taking in takings])


def _quantities_lock(takings: Sequence[Taking]) -> dict[int, Quantity]:
    pks = sorted(taking.parent.pk for taking in takings)
    rows = {
        row.item_id: row
        for row in Quantity.objects.select_for_update(no_key=True).filter(item_id__in=pks).order_by("item_id")
    }
    for taking in takings:
        if taking.parent.pk not in rows:
            raise RuleViolation(
                _("%(item)s has not been weighed. Record its amount first.") % {"item": taking.parent.reference},
                code="not-weighed",
                field="amount",
            )
    return rows


def _exhibit_of(takings: Sequence[Taking]) -> Exhibit | None:
    """The one exhibit all parents come from; None for a pool of several exhibits."""
    found: set[int | None] = set()
    for taking in takings:
        owner = getattr(taking.parent, "exhibit", None)
        found.add(owner.pk if owner else taking.parent.sample.exhibit_id)
    only = found.pop() if len(found) == 1 else None
    return None if only is None else Exhibit.objects.select_related("item").get(pk=only)


def _make(
    actor: Actor,
    case: Case,
    exhibit: Exhibit | None,
    takings: Sequence[Taking],
    kind: str,
    made: Amount | None,
    when: datetime,
    texts: dict[str, str],
) -> Sample:
    last = Sample.objects.filter(case=case, exhibit=exhibit).aggregate(last=Max("number"))["last"]
    number = (last or 0) + 1
    parts = (f"E{exhibit.number:02d}", f"S{number:02d}") if exhibit else (f"P{number:02d}",)
    amount = made or Amount(value=sum((taking.amount for taking in takings), Decimal(0)), unit=takings[0].unit)
    spec = ItemSpec(kind="sample", reference=part_reference(case, *parts), amount=amount)
    holder = Party.objects.get(pk=actor.party_id)
    item = items_make(actor=actor, specs=[spec], held_by=holder, happened_at=when)[0]
    sample = Sample.objects.create(
        item=item,
        case=case,
        exhibit=exhibit,
        number=number,
        kind=kind,
        taken_at=when,
        taken_by=holder,
        **texts,
    )
    SampleParent.objects.bulk_create(
        [SampleParent(sample=sample, parent=t.parent, amount=t.amount, waste=t.waste, unit=t.unit) for t in takings]
    )
    return sample


def _take(actor: Actor, taking: Taking, quantity: Quantity, child: Item | None, when: datetime, act: UUID) -> Decimal:
    quantity.left = balance_after(_balance(quantity), out=taking.amount + taking.waste, unit=taking.unit)
    quantity.save(update_fields=["left"])
    kind = StepKind.TAKEN if child else StepKind.CONSUMED
    steps = [
        QuantityStep(
            quantity=quantity,
            kind=kind,
            amount=-taking.amount,
            left=quantity.left,
            child=child,
            at=when,
            by_id=actor.party_id,
            act=act,
            note=taking.unit,
        )
    ]
    if taking.waste:
        steps.append(
            QuantityStep(
                quantity=quantity,
                kind=StepKind.WASTE,
                amount=-taking.waste,
                left=quantity.left,
                at=when,
                by_id=actor.party_id,
                act=act,
                note=taking.unit,
            )
        )
    QuantityStep.objects.bulk_create(steps)
    return quantity.left


def _balance(quantity: Quantity) -> Balance:
    return Balance(left=quantity.left, unit=quantity.unit, tolerance=quantity.tolerance)


def _authority_check(item: Item, authority: str) -> None:
    if hasattr(item, "exhibit") and not authority.strip():
        raise RuleViolation(
            _("This uses up %(item)s. Record the authority of the prosecutor or court first.")
            % {"item": item.reference},
            code="authority-needed",
            field="authority",
        )


def _drafts(sample: Sample, takings: Sequence[Taking], left: Sequence[Decimal], authority: str) -> list[EntryDraft]:
    """The entries of a taking; the authority stands with each exhibit it used up, which without one is refused."""
    parents: list[Json] = [
        {"item": str(t.parent.uuid), "amount": plain(t.amount), "waste": plain(t.waste), "unit": t.unit}
        for t in takings
    ]
    values: dict[str, Json] = {
        "case": str(sample.case.uuid),
        "kind": sample.kind,
        "number": sample.number,
        "parents": parents,
        "method": sample.method,
    }
    texts: dict[str, str] = {"description": sample.description, "position_on_item": sample.position_on_item}
    drafts = [_draft(sample.item, "taken", values, texts)]
    for taking, rest in zip(takings, left, strict=True):
        gave: dict[str, Json] = {
            "child": str(sample.item.uuid),
            "amount": plain(taking.amount),
            "waste": plain(taking.waste),
            "unit": taking.unit,
            "left": plain(rest),
        }
        last = rest == 0 and hasattr(taking.parent, "exhibit")
        if last:
            _authority_check(taking.parent, authority)
        drafts.append(_draft(taking.parent, "gave", gave, {"authority": authority} if last else None))
    return drafts


def _draft(item: Item, verb: str, values: dict[str, Json], texts: dict[str, str] | None = None) -> EntryDraft:
    kept: dict[str, Json] = {name: value for name, value in (texts or {}).items() if value}
    return EntryDraft(
        stream=StreamKey(kind="item", id=item.uuid), schema=SAMPLE, verb=verb, values=values, committed=kept
    )
