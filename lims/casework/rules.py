"""Pure rules of casework: units, quantity balance, the draw of a sampling plan. No database, no clock."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from lims.common.errors import BadInput, RuleViolation

_FACTORS: dict[str, tuple[str, Decimal]] = {
    "kg": ("mass", Decimal(1000)),
    "g": ("mass", Decimal(1)),
    "mg": ("mass", Decimal("0.001")),
    "ug": ("mass", Decimal("0.000001")),
    "l": ("volume", Decimal(1000)),
    "ml": ("volume", Decimal(1)),
    "ul": ("volume", Decimal("0.001")),
    "no": ("number", Decimal(1)),
    "m2": ("area", Decimal(1)),
    "m3": ("space", Decimal(1)),
}
DRAW_ALGORITHM = "sha256-rank/1"
_STEP = Decimal("0.000001")
"""The finest amount a balance shows, in its own unit: as many decimals as the columns keep."""


def convert(amount: Decimal, unit: str, to: str) -> Decimal:
    """An amount in another unit of the same dimension.

    Raises:
        BadInput: unknown unit, or units of different dimensions (mg into µL).
    """
    for name in (unit, to):
        if name not in _FACTORS:
            raise BadInput(
                _("«%(found)s» is not a unit used here. Use one of %(units)s.")
                % {"found": name, "units": ", ".join(_FACTORS)},
                code="unknown-unit",
                field="unit",
                found=name,
            )
    (dimension, factor), (target, divisor) = _FACTORS[unit], _FACTORS[to]
    if dimension != target:
        raise BadInput(
            _("%(unit)s cannot be taken from an amount kept in %(to)s. Give the amount in a unit of the same kind.")
            % {"unit": unit, "to": to},
            code="unit-mismatch",
            field="unit",
            found=unit,
        )
    return amount * factor / divisor


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """An amount left, the unit it is kept in, and the tolerance of the scale in that unit."""

    left: Decimal
    unit: str
    tolerance: Decimal = Decimal(0)


def balance_after(balance: Balance, *, out: Decimal, unit: str) -> Decimal:
    """What is left after `out` was taken (waste included).

    A shortfall within the tolerance of the scale counts as nothing left, once; never a negative amount, and nothing
    from what is empty.

    Raises:
        BadInput: an amount so small that the balance, kept to six decimals of its unit, would not show it.
        RuleViolation: more than there is, naming both amounts.
    """
    taken = convert(out, unit, balance.unit)
    left = (balance.left - taken).quantize(_STEP)
    if left == balance.left and out > 0:
        raise BadInput(
            _(
                "%(out)s %(unit)s is too little for an amount kept in %(kept)s. Weigh off a portion as a sample of its "
                "own first."
            )
            % {"out": plain(out), "unit": unit, "kept": balance.unit},
            code="too-fine",
            field="amount",
            found=plain(out),
        )
    if left >= 0:
        return left
    if balance.left > 0 and -left <= balance.tolerance:
        return Decimal(0)
    raise RuleViolation(
        _("%(out)s %(unit)s is more than the %(left)s %(kept)s left. Weigh again or take less.")
        % {"out": plain(out), "unit": unit, "left": plain(balance.left), "kept": balance.unit},
        code="not-enough",
        field="amount",
        found=plain(out),
    )


def reweighing_allowed(balance: Balance, *, new: Decimal, unit: str) -> Decimal:
    """The new amount in the kept unit. Hides dry and extracts evaporate: less is normal; more only within tolerance.

    Raises:
        RuleViolation: the amount grew beyond the tolerance: that is a discrepancy, not a weighing.
    """
    amount = convert(new, unit, balance.unit)
    if amount > balance.left + balance.tolerance:
        raise RuleViolation(
            _(
                "%(new)s %(unit)s is more than the %(left)s %(kept)s recorded. An item does not grow: check the scale, "
                "or record a discrepancy."
            )
            % {"new": plain(new), "unit": unit, "left": plain(balance.left), "kept": balance.unit},
            code="grew",
            field="amount",
            found=plain(new),
        )
    return amount


def made_allowed(made: Decimal, unit: str, taken: Sequence[tuple[Decimal, str]]) -> None:
    """What a step makes weighs no more than what went in, where both are measured alike (mass from mass).

    50 mg of powder may give 80 µL of extract: masses and volumes are not compared.

    Raises:
        RuleViolation: more than was taken, naming both amounts.
    """
    kind = _FACTORS[unit][0]
    if any(_FACTORS[name][0] != kind for _amount, name in taken):
        return
    whole = sum((convert(amount, name, unit) for amount, name in taken), Decimal(0))
    if made > whole:
        raise RuleViolation(
            _("%(made)s %(unit)s cannot come from the %(taken)s %(unit)s taken. Weigh again.")
            % {"made": plain(made), "unit": unit, "taken": plain(whole)},
            code="more-than-taken",
            field="made",
            found=plain(made),
        )


def plain(amount: Decimal) -> str:
    """A decimal without exponent or trailing zeros: the form shown and written to the ledger."""
    text = format(amount.normalize(), "f")
    return "0" if text in {"-0", ""} else text


def draw(population: Sequence[str], *, count: int, seed: str) -> tuple[list[str], list[str]]:
    """A random draw anyone can repeat: pieces ranked by SHA-256 over seed and piece; the first `count` are sampled.

    Every subset of the same size is equally likely over seeds. Returns sampled and unsampled, each in population order.

    Raises:
        BadInput: more pieces asked for than there are, none, an empty seed, or a piece named twice.
    """
    if len(set(population)) != len(population):
        raise BadInput(_("A piece is named twice in the population."), code="duplicate", field="population")
    if not 1 <= count <= len(population):
        raise BadInput(
            _("%(count)s of %(population)s pieces cannot be drawn. Ask for between 1 and all of them.")
            % {"count": count, "population": len(population)},
            code="bad-count",
            field="count",
            found=count,
        )
    if not seed:
        raise BadInput(_("A random draw needs a seed."), code="required", field="seed")
    ranked = sorted(
        population, key=lambda piece: hashlib.sha256(f"{DRAW_ALGORITHM}\0{seed}\0{piece}".encode()).digest()
    )
    chosen = set(ranked[:count])
    return [piece for piece in population if piece in chosen], [piece for piece in population if piece not in chosen]
