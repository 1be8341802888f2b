"""The few SVG elements the figures need.

Every element carries a class of the application's stylesheet and the colour of its light theme as an
attribute: on a page the class decides, in a report or a saved file the attribute does. No style attribute
and no script, so that a strict content security policy lets it through.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

FONT = "system-ui, 'Segoe UI', Roboto, 'Noto Sans', 'Liberation Sans', sans-serif"

_PAINT = {
    "axis": 'fill="none" stroke="#dbd7cc"',
    "branch": 'fill="none" stroke="#7d7c72" stroke-width="1.5"',
    "cross": 'fill="none" stroke="#18211d" stroke-width="1.5"',
    "frontier": 'fill="none" stroke="#7d7c72" stroke-width=".7" stroke-linejoin="round"',
    "hold": 'fill="#5f6963"',
    "q-bar": 'fill="#dbd7cc"',
    "query": 'fill="#0e5a4c" stroke="#0e5a4c"',
    "land": 'fill="#f1efe8" stroke="#b9b4a6" stroke-width=".8"',
    "r95": 'fill="#0e5a4c" fill-rule="evenodd" opacity=".32"',
    "ring": 'fill="none" stroke="#fbfaf6" stroke-width="4"',
    "sea": 'fill="#fbfaf6"',
    "r50": 'fill="#0e5a4c" fill-rule="evenodd" opacity=".85"',
}
_INK = {"": "#46514b", "strong": "#18211d", "tiny": "#46514b"}


def amount(value: float) -> str:
    """A coordinate with at most one decimal."""
    return f"{round(value, 1) + 0.0:.1f}".removesuffix(".0")


def path(kind: str, commands: str) -> str:
    """A path."""
    return f'<path class="{kind}" {_PAINT[kind]} d="{commands}"/>'


def rect(kind: str, x: float, y: float, width: float, height: float) -> str:
    """A rectangle."""
    size = f'x="{amount(x)}" y="{amount(y)}" width="{amount(width)}" height="{amount(height)}"'
    return f'<rect class="{kind}" {_PAINT[kind]} {size}/>'


def circle(kind: str, x: float, y: float, radius: float) -> str:
    """A circle."""
    return f'<circle class="{kind}" {_PAINT[kind]} cx="{amount(x)}" cy="{amount(y)}" r="{amount(radius)}"/>'


def text(words: str, x: float, y: float, *, kind: str = "", anchor: str = "start") -> str:
    """A text; `kind` is "", "strong" or "tiny"."""
    size = 10 if kind == "tiny" else 12
    weight = ' font-weight="650"' if kind == "strong" else ""
    named = f' class="{kind}"' if kind else ""
    return (
        f'<text{named} x="{amount(x)}" y="{amount(y)}" text-anchor="{anchor}" fill="{_INK[kind]}" '
        f'font-size="{size}"{weight}>{escape(words)}</text>'
    )


def document(*, key: str, title: str, description: str, width: float, height: float, body: Sequence[str]) -> str:
    """A figure of its own; `key` makes the ids of title and description unique on a page."""
    box = f'viewBox="0 0 {amount(width)} {amount(height)}" width="{amount(width)}" height="{amount(height)}"'
    named = f'role="img" aria-labelledby="{key}-t {key}-d"'
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" {box} {named} font-family="{FONT}">',
            f'<title id="{key}-t">{escape(title)}</title>',
            f'<desc id="{key}-d">{escape(description)}</desc>',
            *body,
            "</svg>",
            "",
        ]
    )
