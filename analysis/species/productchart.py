"""What is in a product as a bar chart: SVG with classes of the application's stylesheet and plain colours beside."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Final

from analysis.species.amplicon import Line

SHOWN: Final = 20
_WIDTH: Final = 640
_LABEL: Final = 220
_ROW: Final = 24
_TOP: Final = 30
_BAR: Final = 250
_FONT: Final = "system-ui, 'Segoe UI', Roboto, 'Noto Sans', 'Liberation Sans', sans-serif"
_STATES: Final = {"present": "", "in_control": "in a control", "unidentified": "not named"}


def product_svg(lines: Sequence[Line], *, kept: int, name: str) -> str:
    """Bars of the share of reads, most first, at most 20; grey where a control shows the taxon or it has no name."""
    shown = lines[:SHOWN]
    body = [_text("taxon", 4, 16, "tiny"), _text("share of the reads kept", _LABEL, 16, "tiny")]
    for number, line in enumerate(shown):
        body += _row(line, _TOP + number * _ROW)
    bottom = _TOP + max(len(shown), 1) * _ROW
    body.append(f'<path class="axis" fill="none" stroke="#dbd7cc" d="M{_LABEL} {_TOP - 4}V{bottom}"/>')
    if not shown:
        body.append(_text("no sequence was left", _LABEL + 8, _TOP + 14))
    if len(lines) > SHOWN:
        rest = sum(line.reads for line in lines[SHOWN:])
        body.append(_text(f"and {len(lines) - SHOWN} more with {rest} reads", 4, bottom + 14, "tiny"))
    return "\n".join(
        [
            (
                f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {bottom + 22}" width="{_WIDTH}" '
                f'height="{bottom + 22}" role="img" aria-labelledby="product-t product-d" font-family="{_FONT}">'
            ),
            f'<title id="product-t">What is in the product: {escape(name)}</title>',
            f'<desc id="product-d">{escape(_words(shown, kept))}</desc>',
            *body,
            "</svg>",
            "",
        ]
    )


def _row(line: Line, top: int) -> list[str]:
    kind, colour = ("r50", "#0e5a4c") if line.state == "present" else ("q-bar", "#dbd7cc")
    wide = max(round(_BAR * line.share, 1), 1.0)
    told = _STATES.get(line.state, "")
    if line.control_reads:
        told = f"{line.control_reads} in a control"
    return [
        _text(_short(line.taxon or "not named"), 4, top + 13, "strong" if line.state == "present" else ""),
        f'<rect class="{kind}" fill="{colour}" x="{_LABEL}" y="{top + 2}" width="{wide:g}" height="14"/>',
        _text(f"{line.share:.1%} · {line.reads}", round(_LABEL + wide + 6, 1), top + 13),
        _text(told, _WIDTH - 4, top + 13, anchor="end"),
    ]


def _text(words: str, x: float, y: float, kind: str = "", *, anchor: str = "start") -> str:
    if not words:
        return ""
    size = 10 if kind == "tiny" else 12
    weight = ' font-weight="650"' if kind == "strong" else ""
    named = f' class="{kind}"' if kind else ""
    place = f'x="{x:g}" y="{y:g}" text-anchor="{anchor}" fill="#46514b" font-size="{size}"{weight}'
    return f"<text{named} {place}>{escape(words)}</text>"


def _short(name: str) -> str:
    return name if len(name) <= 32 else f"{name[:31]}…"


def _words(shown: Sequence[Line], kept: int) -> str:
    parts = [
        f"{line.taxon or 'not named'} {line.share:.1%}"
        + (f" ({_STATES[line.state]})" if _STATES.get(line.state) else "")
        for line in shown
    ]
    return f"Shares of {kept} reads: " + (", ".join(parts) or "none") + ". Reads are no amounts."
