"""Stated against found: every difference becomes a custody discrepancy, and nothing stops for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from chain_of_custody.enums import SealState
from chain_of_custody.models import Item
from lims.accounts.actors import Actor
from lims.casework.enums import ContainerKind, DiscrepancyKind
from lims.casework.models import Case, Exhibit, Intake
from lims.casework.services.discrepancies import discrepancy_record

_KG = Decimal("0.001")
_SEAL_FAILED = frozenset({SealState.BROKEN, SealState.ABSENT})


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerFacts:
    """One closed container as the papers state it and as it was found. Weights in kilograms."""

    description: str
    kind: str = ContainerKind.CRATE
    seal_stated: str = ""
    seal_found: str = ""
    seal_state: str = SealState.INTACT
    weight_stated_kg: Decimal | None = None
    weight_found_kg: Decimal | None = None
    pieces_stated: int | None = None
    condition: str = ""
    code: str = ""


def container_differences(actor: Actor, intake: Intake, items: Sequence[Item], facts: Sequence[ContainerFacts]) -> None:
    """Record what differs of the containers of an intake: their count, and the seal and weight of each."""
    found: list[tuple[str, str, str, Item | None]] = []
    if intake.containers_stated != intake.containers_found:
        found.append(
            (
                DiscrepancyKind.COUNT,
                _("%(n)s containers") % {"n": intake.containers_stated},
                _("%(n)s containers") % {"n": intake.containers_found},
                None,
            )
        )
    for item, one in zip(items, facts, strict=True):
        if one.seal_stated.strip().upper() != one.seal_found.strip().upper():
            found.append((DiscrepancyKind.SEAL, one.seal_stated or _("no seal"), one.seal_found or _("no seal"), item))
        elif one.seal_found.strip() and one.seal_state in _SEAL_FAILED:
            state = SealState(one.seal_state).label.lower()
            words = _("%(seal)s intact") % {"seal": one.seal_stated}, f"{one.seal_found} {state}"
            found.append((DiscrepancyKind.SEAL, *words, item))
        pair = (one.weight_stated_kg, one.weight_found_kg)
        if None not in pair and pair[0] != pair[1]:
            found.append((DiscrepancyKind.WEIGHT, f"{kilograms(pair[0])} kg", f"{kilograms(pair[1])} kg", item))
    for kind, stated, seen, about in found:
        discrepancy_record(
            actor=actor, case=intake.case, kind=kind, stated=stated, found=seen, intake=intake, item=about
        )


def exhibit_differences(actor: Actor, case: Case, made: Sequence[Exhibit], intake: Intake | None = None) -> None:
    """Record where the pieces of exhibits found are not those stated."""
    for one in made:
        if one.pieces_stated is not None and one.pieces_found is not None and one.pieces_stated != one.pieces_found:
            discrepancy_record(
                actor=actor,
                case=case,
                kind=DiscrepancyKind.COUNT,
                stated=_("%(n)s pieces") % {"n": one.pieces_stated},
                found=_("%(n)s pieces") % {"n": one.pieces_found},
                intake=intake,
                item=one.item,
                exhibit=one,
            )


def kilograms(value: Decimal | None) -> str | None:
    """A weight to the gram, as it is written to the ledger."""
    return None if value is None else str(value.quantize(_KG))
