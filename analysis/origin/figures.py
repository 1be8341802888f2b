"""Figures of an assignment: the ranking, and the sample among genotypes made of each population."""

from __future__ import annotations

from collections.abc import Sequence

from analysis.origin import svg
from analysis.origin.assign import Assignment, Candidate
from analysis.origin.numbers import p_text, posterior_text

SHOWN = 15
_WIDTH = 640.0
_LABEL = 190.0
_ROW = 22.0
_TOP = 30.0


def ranking_figure(answer: Assignment, *, key: str) -> str:
    """Bars of the posterior, best first, at most 15 populations; excluded ones in grey with their p."""
    shown = answer.ranking[:SHOWN]
    bar = _WIDTH - _LABEL - 175
    body = [
        svg.text("population", 4, 16, kind="tiny"),
        svg.text("posterior", _LABEL, 16, kind="tiny"),
        svg.text("exclusion p", _WIDTH - 4, 16, kind="tiny", anchor="end"),
    ]
    for index, item in enumerate(shown):
        top = _TOP + index * _ROW
        body += [
            svg.text(_short(item.population), 4, top + 13, kind="" if item.excluded else "strong"),
            svg.rect("q-bar" if item.excluded else "r50", _LABEL, top + 2, bar * item.posterior, 14),
            svg.text(posterior_text(item.posterior), _LABEL + bar * item.posterior + 6, top + 13),
            svg.text(_verdict(item), _WIDTH - 4, top + 13, anchor="end"),
        ]
    bottom = _TOP + len(shown) * _ROW
    body += [svg.path("axis", f"M{svg.amount(_LABEL)} {svg.amount(_TOP - 4)}V{svg.amount(bottom)}")]
    body += _rest(answer, bottom)
    return svg.document(
        key=key,
        title=f"Ranking of populations for {answer.id}",
        description=_ranking_words(answer),
        width=_WIDTH,
        height=bottom + 22,
        body=body,
    )


def exclusion_figure(answer: Assignment, *, key: str) -> str:
    """The sample's log-likelihood (dot) beside the middle 98 % of genotypes made of each population (line).

    A crossed dot lies so far left that the population is excluded. Needs the spread of made genotypes.
    """
    shown = [item for item in answer.ranking[:SHOWN] if item.spread is not None]
    scale = _Scale(shown)
    body = [
        svg.text("population", 4, 16, kind="tiny"),
        svg.text("fits worse ←  log-likelihood  → fits better", scale.right, 16, kind="tiny", anchor="end"),
        svg.text("exclusion p", _WIDTH - 4, 16, kind="tiny", anchor="end"),
    ]
    for index, item in enumerate(shown):
        body += _exclusion_row(item, scale, _TOP + index * _ROW + 9)
    bottom = _TOP + len(shown) * _ROW
    body += [
        svg.path("axis", f"M{svg.amount(scale.left)} {svg.amount(bottom)}H{svg.amount(scale.right)}"),
        svg.text(f"{scale.low:.1f}", scale.left, bottom + 14, kind="tiny"),
        svg.text(f"{scale.high:.1f}", scale.right, bottom + 14, kind="tiny", anchor="end"),
    ]
    return svg.document(
        key=key,
        title=f"Exclusion test for {answer.id}",
        description=_exclusion_words(shown),
        width=_WIDTH,
        height=bottom + 22,
        body=body,
    )


class _Scale:
    def __init__(self, shown: Sequence[Candidate]) -> None:
        values = [item.log_likelihood for item in shown]
        values += [value for item in shown if item.spread is not None for value in item.spread]
        self.low = min(values, default=0.0)
        self.high = max(values, default=1.0)
        self.left, self.right = _LABEL, _WIDTH - 130

    def place(self, value: float) -> float:
        span = self.high - self.low or 1.0
        return self.left + (value - self.low) / span * (self.right - self.left)


def _exclusion_row(item: Candidate, scale: _Scale, middle: float) -> list[str]:
    low, median, high = (scale.place(value) for value in item.spread or (0.0, 0.0, 0.0))
    at = scale.place(item.log_likelihood)
    y = svg.amount(middle)
    row = [
        svg.text(_short(item.population), 4, middle + 4, kind="" if item.excluded else "strong"),
        svg.path("branch", f"M{svg.amount(low)} {y}H{svg.amount(high)}"),
        svg.path("branch", f"M{svg.amount(median)} {svg.amount(middle - 5)}V{svg.amount(middle + 5)}"),
        svg.text(_verdict(item), _WIDTH - 4, middle + 4, anchor="end"),
    ]
    if item.excluded:
        left, right = svg.amount(at - 4), svg.amount(at + 4)
        up, down = svg.amount(middle - 4), svg.amount(middle + 4)
        return [*row, svg.path("cross", f"M{left} {up}L{right} {down}M{right} {up}L{left} {down}")]
    return [*row, svg.circle("query", at, middle, 4)]


def _rest(answer: Assignment, bottom: float) -> list[str]:
    rest = answer.ranking[SHOWN:]
    if not rest:
        return []
    total = sum(item.posterior for item in rest)
    words = f"{len(rest)} more populations share {posterior_text(total)}; the table lists them."
    return [svg.text(words, 4, bottom + 14, kind="tiny")]


def _verdict(item: Candidate) -> str:
    return f"{p_text(item.exclusion_p)} {'excluded' if item.excluded else 'possible'}"


def _short(name: str, most: int = 26) -> str:
    return name if len(name) <= most else f"{name[: most - 1]}…"


def _ranking_words(answer: Assignment) -> str:
    return "; ".join(
        f"{item.population} posterior {posterior_text(item.posterior)}, {_verdict(item)}" for item in answer.ranking[:5]
    )


def _exclusion_words(shown: Sequence[Candidate]) -> str:
    possible = [item.population for item in shown if not item.excluded]
    names = ", ".join(possible) if possible else "none"
    return f"Of the {len(shown)} best populations these stay possible: {names}."
