"""Who held an item, as a chart: one lane for each custodian, drawn on the server; the list below has the acts."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from lims.casework.holdings import Holding

_LEFT, _WIDTH, _LANE, _TOP = 150.0, 480.0, 22.0, 17.0
_LANES = 9
_LONGEST = 22
Scale = Callable[[datetime], float]


def custody_chart(holdings: Sequence[Holding], *, now: datetime) -> SafeString:
    """The chart, empty without holdings. The last nine custodians are drawn; the list holds all."""
    drawn = _last_lanes(holdings)
    if not drawn:
        return SafeString("")
    lanes = list(dict.fromkeys(one.name for one in drawn))
    start = min(one.since for one in drawn)
    span = max((now - start).total_seconds(), 60.0)

    def x(moment: datetime) -> float:
        return _LEFT + _WIDTH * min(1.0, max(0.0, (moment - start).total_seconds() / span))

    height = _TOP + _LANE * len(lanes) + 24
    current = drawn[-1].name if drawn[-1].until is None else ""
    return format_html(
        '<svg viewBox="0 0 640 {}" role="img" aria-labelledby="ln-t ln-d"><title id="ln-t">{}</title>'
        '<desc id="ln-d">{}</desc>{}{}{}</svg>',
        f"{height:g}",
        _("Who held it"),
        _description(drawn),
        _lanes(lanes, current),
        _holds(drawn, lanes, x, now),
        _axis(start, start + timedelta(seconds=span), height - 18),
    )


def _last_lanes(holdings: Sequence[Holding]) -> list[Holding]:
    names: dict[str, None] = {}
    for one in reversed(holdings):
        names.setdefault(one.name)
        if len(names) > _LANES:
            names.popitem()
            break
    return [one for one in holdings if one.name in names]


def _description(holdings: Sequence[Holding]) -> str:
    parts = [
        _("%(name)s from %(since)s")
        % {"name": one.name, "since": date_format(timezone.localtime(one.since), "j M Y H:i")}
        for one in holdings
    ]
    return "; ".join(parts) + "."


def _lanes(lanes: Sequence[str], current: str) -> SafeString:
    return format_html_join(
        "",
        '<path class="lane" d="M{} {}H630"/><text x="{}" y="{}" text-anchor="end"{}>{}</text>',
        (
            (
                f"{_LEFT:g}",
                f"{_TOP + _LANE * n:g}",
                f"{_LEFT - 10:g}",
                f"{_TOP + 4 + _LANE * n:g}",
                SafeString(' class="strong"') if name == current else "",
                name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…",
            )
            for n, name in enumerate(lanes)
        ),
    )


def _holds(holdings: Sequence[Holding], lanes: Sequence[str], x: Scale, now: datetime) -> SafeString:
    parts: list[tuple[str, str, str, str, SafeString]] = []
    for n, one in enumerate(holdings):
        y = _TOP + _LANE * lanes.index(one.name)
        left, right = x(one.since), x(one.until or now)
        css = "hold transit" if one.stated else "hold now" if one.until is None else "hold"
        after = holdings[n + 1] if n + 1 < len(holdings) else None
        step = SafeString("")
        if after is not None:
            below = _TOP + _LANE * lanes.index(after.name)
            step = format_html('<path class="pass" d="M{} {}V{}"/>', f"{x(after.since):.1f}", f"{y:g}", f"{below:g}")
        parts.append((css, f"{left:.1f}", f"{y - 7:g}", f"{max(right - left, 5):.1f}", step))
    return format_html_join("", '<rect class="{}" x="{}" y="{}" width="{}" height="14" rx="2"/>{}', parts)


def _axis(start: datetime, end: datetime, y: float) -> SafeString:
    days = (end - start).days
    form = "j M" if days >= 4 else "j M H:i"
    # Five marks where they differ; a stretch of minutes has its ends only.
    last = 4 if end - start >= timedelta(minutes=10) else 1
    ticks = []
    for n in range(last + 1):
        moment = timezone.localtime(start + (end - start) * n / last)
        anchor = "start" if n == 0 else "end" if n == last else "middle"
        at = f"{_LEFT + _WIDTH * n / last:g}"
        ticks.append((at, f"{y - 8:g}", at, f"{y + 10:g}", anchor, date_format(moment, form)))
    return format_html_join(
        "",
        '<path class="axis" d="M{} {}v6"/><text class="tiny" x="{}" y="{}" text-anchor="{}">{}</text>',
        ticks,
    )
