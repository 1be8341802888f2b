"""Making items: the one place where a custody item, its scan code and its amount come into being together."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import uuid4

from django.utils import timezone
from django.utils.translation import gettext as _

from chain_of_custody.enums import SealState
from chain_of_custody.models import Item, Party
from chain_of_custody.services import NewItem, items_create
from lims.accounts.actors import Actor
from lims.casework.enums import LabelState, StepKind, Unit
from lims.casework.models import Label, Quantity, QuantityStep
from lims.casework.rules import plain
from lims.casework.services.labels import codes_new, labels_issue
from lims.common.errors import BadInput, Conflict

MOST = Decimal(10) ** 11
TOLERANCE_SHARE = Decimal("0.1")
"""A tolerance may be a tenth of the amount at most: a rule of this product, not of a standard."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """An amount in a unit, with the tolerance of the scale in the same unit."""

    value: Decimal
    unit: str
    tolerance: Decimal = Decimal(0)

    def check(self) -> None:
        """Refuse what no scale shows.

        Raises:
            BadInput: unknown unit, negative or absurd amount, negative tolerance.
        """
        if self.unit not in Unit.values:
            raise BadInput(
                _("«%(found)s» is not a unit used here. Use one of %(units)s.")
                % {"found": self.unit, "units": ", ".join(Unit.values)},
                code="unknown-unit",
                field="unit",
                found=self.unit,
            )
        if not self.value.is_finite() or self.value < 0 or self.value > MOST:
            raise BadInput(
                _("%(found)s is not an amount: give a number from 0 upwards.") % {"found": self.value},
                code="negative-amount",
                field="amount",
                found=str(self.value),
            )
        if self.tolerance > self.value * TOLERANCE_SHARE:
            raise BadInput(
                _("A tolerance of %(found)s %(unit)s is no weighing of %(value)s %(unit)s. Give that of the scale.")
                % {"found": plain(self.tolerance), "unit": self.unit, "value": plain(self.value)},
                code="tolerance-too-wide",
                field="tolerance",
                found=plain(self.tolerance),
            )
        if self.tolerance < 0:
            raise BadInput(
                _("A tolerance is 0 or more."),
                code="negative-amount",
                field="tolerance",
                found=str(self.tolerance),
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemSpec:
    """What an item is made from. `code` is a reserved scan code to bind; else a new one is drawn."""

    kind: str
    reference: str
    code: str = ""
    amount: Amount | None = None
    seal_number: str = ""
    seal_state: str = SealState.INTACT
    condition: str = ""
    position: str = ""


def items_make(
    *,
    actor: Actor,
    specs: Sequence[ItemSpec],
    held_by: Party,
    container: Item | None = None,
    received_from: Party | None = None,
    happened_at: datetime | None = None,
) -> list[Item]:
    """Items with their custody entries, live labels and first amounts, in one act. Within the caller's transaction.

    Raises:
        Conflict: a reserved code is bound already.
    """
    reserved = _reserved([spec.code for spec in specs if spec.code])
    fresh = iter(codes_new(sum(1 for spec in specs if not spec.code)))
    codes = [spec.code or next(fresh) for spec in specs]
    items = items_create(
        actor=actor,
        new=[
            NewItem(
                kind=spec.kind,
                reference=spec.reference,
                scan_code=code,
                seal_number=spec.seal_number,
                seal_state=spec.seal_state,
                condition=spec.condition,
                position=spec.position,
            )
            for spec, code in zip(specs, codes, strict=True)
        ],
        custodian=held_by,
        container=container,
        received_from=received_from,
        happened_at=happened_at,
    )
    for item, spec in zip(items, specs, strict=True):
        if spec.code:
            Label.objects.filter(pk=reserved[spec.code]).update(state=LabelState.LIVE, item=item)
    labels_issue(items=[(item, code) for item, code, spec in zip(items, codes, specs, strict=True) if not spec.code])
    _amounts(actor, items, specs, happened_at)
    return items


def _reserved(codes: Sequence[str]) -> dict[str, int]:
    if not codes:
        return {}
    rows = dict(
        Label.objects.select_for_update(no_key=True, of=("self",))
        .filter(code__in=codes, state=LabelState.RESERVED)
        .values_list("code", "pk")
    )
    for code in codes:
        if code not in rows:
            raise Conflict(
                _("The code %(code)s names something already, or was never announced.") % {"code": code},
                code="code-taken",
                field="code",
                found=code,
            )
    return rows


def _amounts(actor: Actor, items: Sequence[Item], specs: Sequence[ItemSpec], happened_at: datetime | None) -> None:
    pairs = [(item, spec.amount) for item, spec in zip(items, specs, strict=True) if spec.amount is not None]
    quantities = Quantity.objects.bulk_create(
        [
            Quantity(
                item=item,
                unit=amount.unit,
                initial=amount.value,
                left=amount.value,
                tolerance=amount.tolerance,
            )
            for item, amount in pairs
        ]
    )
    act = uuid4()
    when = happened_at or timezone.now()
    QuantityStep.objects.bulk_create(
        [
            QuantityStep(
                quantity=quantity,
                kind=StepKind.INITIAL,
                amount=quantity.initial,
                left=quantity.initial,
                at=when,
                by_id=actor.party_id,
                act=act,
            )
            for quantity in quantities
        ]
    )
