"""Isotope values and the scale each was measured on.

A δ value means something only on a scale: keratin δ²H of one feather differs by some 10 ‰ between laboratories that
tied their measurements to different values of the same standards (Magozzi et al. 2021, Methods Ecol. Evol. 12:
1930-1939). Two scales that give the values of the same two standards are joined by the straight line through
them; values whose scale is not stated, or not joined to the other's, are never compared.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from analysis.errors import InputRefused

ELEMENTS = {
    "H": ("d2H", "‰", "VSMOW", (-400.0, 250.0)),
    "O": ("d18O", "‰", "VSMOW", (-60.0, 80.0)),
    "C": ("d13C", "‰", "VPDB", (-60.0, 20.0)),
    "N": ("d15N", "‰", "AIR", (-20.0, 40.0)),
    "S": ("d34S", "‰", "VCDT", (-50.0, 50.0)),
    "Sr": ("87Sr/86Sr", "1", "ratio", (0.69, 0.80)),
}
"""Element: quantity, unit, international scale, and the range of values that tissues can have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """A laboratory's scale: the values (per mil) it gives its low and its high standard, and their errors."""

    name: str
    element: str
    low_standard: str
    low: float
    low_error: float
    high_standard: str
    high: float
    high_error: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A value with its standard deviation, on a named scale."""

    element: str
    value: float
    deviation: float
    scale: str

    def __post_init__(self) -> None:
        known = ELEMENTS.get(self.element)
        if known is None:
            raise InputRefused(
                f"«{self.element}» is no element this method knows.",
                field="element",
                remedy=f"Use {', '.join(ELEMENTS)}.",
            )
        name, unit, _, (low, high) = known
        if not (math.isfinite(self.value) and low <= self.value <= high):
            raise InputRefused(
                f"{name} of {self.value} {unit} cannot be; values lie between {low:g} and {high:g}.",
                field=name,
                remedy="Check the columns and the unit.",
            )
        if not (math.isfinite(self.deviation) and self.deviation >= 0):
            raise InputRefused(f"The error of {name} is {self.deviation}.", field=name, remedy="Give zero or more.")
        if not self.scale:
            raise InputRefused(
                f"The scale of {name} is not stated.", field="scale", remedy="Name the laboratory scale of the value."
            )


def transform(value: Measured, *, scales: Sequence[Scale], to: str) -> Measured:
    """Bring a value to another scale over shared standards, through intermediate scales if need be.

    Each step is the line through the two standards; the errors of their values on the new scale are
    carried along by linear propagation. Raises `InputRefused` where no chain joins the scales.
    """
    if value.scale == to:
        return value
    by_name = {scale.name: scale for scale in scales if scale.element == value.element}
    for name in (value.scale, to):
        if name not in by_name:
            raise InputRefused(
                f"The scale «{name}» of {value.element} is unknown; values are not compared unharmonised.",
                field="scale",
                remedy="Add the scale with its two standards, or measure again on a known one.",
            )
    path = _path(list(by_name.values()), value.scale, to)
    for step in path:
        value = _step(value, by_name[value.scale], by_name[step])
    return value


def comparable(scales: Sequence[Scale], element: str, to: str) -> dict[str, bool]:
    """The scales of an element by name, `to` among them, and whether values of each can be brought to `to`."""
    names = {scale.name for scale in scales if scale.element == element} | {to}
    middle = sum(ELEMENTS[element][3]) / 2
    found = {}
    for name in sorted(names):
        try:
            transform(Measured(element=element, value=middle, deviation=0.0, scale=name), scales=scales, to=to)
        except InputRefused:
            found[name] = False
        else:
            found[name] = True
    return found


def _path(scales: Sequence[Scale], start: str, end: str) -> list[str]:
    """Shortest chain of scales that share both standards with their neighbour."""
    reached: dict[str, list[str]] = {start: []}
    border = [start]
    by_name = {scale.name: scale for scale in scales}
    while border:
        here = border.pop(0)
        for other in scales:
            if other.name not in reached and _joined(by_name[here], other):
                reached[other.name] = [*reached[here], other.name]
                border.append(other.name)
    if end not in reached:
        raise InputRefused(
            f"The scales «{start}» and «{end}» share no standards; the values cannot be compared.",
            field="scale",
            remedy="Add a scale that was tied to the standards of both.",
        )
    return reached[end]


def _joined(first: Scale, second: Scale) -> bool:
    return (first.low_standard, first.high_standard) == (second.low_standard, second.high_standard)


def _step(value: Measured, old: Scale, new: Scale) -> Measured:
    share = (value.value - old.low) / (old.high - old.low)
    slope = (new.high - new.low) / (old.high - old.low)
    variance = (slope * value.deviation) ** 2 + ((1 - share) * new.low_error) ** 2 + (share * new.high_error) ** 2
    return Measured(
        element=value.element,
        value=new.low + share * (new.high - new.low),
        deviation=math.sqrt(variance),
        scale=new.name,
    )
