"""Does a region hold what it promises? Nominal against observed coverage, with intervals: the calibration plot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from analysis.origin import svg

_WIDTH, _HEIGHT = 640.0, 330.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 56.0, 610.0, 16.0, 280.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Covered:
    """`covered` of `animals` lay in regions of a nominal `level`; exact or Wilson `interval` of the share."""

    level: float
    covered: int
    animals: int
    interval: tuple[float, float]

    @property
    def share(self) -> float:
        """The observed share."""
        return self.covered / self.animals if self.animals else 0.0


def coverage_figure(points: Sequence[Covered], *, key: str, title: str) -> str:
    """Dots of observed coverage with their intervals; on the diagonal a region holds what it promises."""
    low = min([0.4, *(point.interval[0] for point in points), *(point.level for point in points)])
    low = max(round(low - 0.05, 1), 0.0)

    def x(value: float) -> float:
        return _LEFT + (value - low) / (1 - low) * (_RIGHT - _LEFT)

    def y(value: float) -> float:
        return _BOTTOM - (value - low) / (1 - low) * (_BOTTOM - _TOP)

    body = [
        svg.path("axis", f"M{_LEFT:g} {_TOP:g}V{_BOTTOM:g}H{_RIGHT:g}"),
        svg.path("branch", f"M{_LEFT:g} {_BOTTOM:g}L{_RIGHT:g} {_TOP:g}"),
    ]
    for point in points:
        at, (down, up) = svg.amount(x(point.level)), point.interval
        body.append(svg.path("cross", f"M{at} {svg.amount(y(max(down, low)))}V{svg.amount(y(up))}"))
        body.append(svg.circle("query", x(point.level), y(point.share), 4))
    for step in range(5):
        value = low + step / 4 * (1 - low)
        body.append(svg.text(f"{value:.0%}", x(value), _BOTTOM + 16, kind="tiny", anchor="middle"))
        body.append(svg.text(f"{value:.0%}", _LEFT - 6, y(value) + 3, kind="tiny", anchor="end"))
    middle = (_LEFT + _RIGHT) / 2
    body.append(svg.text("share that the region states", middle, _BOTTOM + 34, kind="tiny", anchor="middle"))
    body.append(svg.text("share of left-out animals inside, with interval", _LEFT + 6, _TOP + 8, kind="tiny"))
    words = "; ".join(
        f"{point.level:.0%} regions held {point.covered} of {point.animals} left-out animals "
        f"({point.interval[0]:.0%} to {point.interval[1]:.0%})"
        for point in points
    )
    return svg.document(key=key, title=title, description=words, width=_WIDTH, height=_HEIGHT, body=body)
