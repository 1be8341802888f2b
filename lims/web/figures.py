"""Figures of a run on a page: our own SVG, taken apart and written again, so that only drawing is left of it."""

import re
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape, quoteattr

from django.utils.safestring import SafeString, mark_safe

from lims.web.phrases import said

LARGEST = 4_000_000
_SPACE = "{http://www.w3.org/2000/svg}"
_ELEMENTS = frozenset(
    ("svg", "g", "path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "text", "tspan", "title", "desc")
)
_ATTRIBUTES = frozenset(
    (
        *(
            "aria-label",
            "aria-labelledby",
            "class",
            "cx",
            "cy",
            "d",
            "dominant-baseline",
            "dx",
            "dy",
            "fill",
            "fill-rule",
        ),
        *("font-family", "font-size", "font-style", "font-weight", "height", "id", "opacity", "points", "r", "role"),
        *("rx", "ry", "stroke", "stroke-dasharray", "stroke-linejoin", "stroke-width", "text-anchor", "transform"),
        *("viewBox", "width", "x", "x1", "x2", "y", "y1", "y2", "preserveAspectRatio"),
    )
)
_TOLD = frozenset(f"{_SPACE}{name}" for name in ("title", "desc", "text"))
_WORD = 4
"""Letters from which a text of a drawing may be a sentence; shorter ones are bases and numbers, many in a trace."""
_ACTIVE = re.compile(r"url\s*\(|javascript:|data:|&#", re.IGNORECASE)


class UnsafeFigure(ValueError):
    """A file that is more than a drawing; it is offered for download instead."""


def svg_inline(content: bytes, *, part: str = "") -> SafeString:
    """A figure as markup for the page; with `part` what it draws is one group of that id, for `svg_rows`.

    Raises:
        UnsafeFigure: no SVG, too large, or an element, attribute or value that a drawing does not need.
    """
    if len(content) > LARGEST or b"<!" in content or b"<?xml-stylesheet" in content:
        raise UnsafeFigure("The figure is too large, or holds a declaration.")
    try:
        # No entities can be declared (refused above), and the bytes are a run's own output, checked by digest.
        root = ET.fromstring(content)  # noqa: S314
    except ET.ParseError as error:
        raise UnsafeFigure(f"The figure is no XML: {error}") from error
    if root.tag != f"{_SPACE}svg":
        raise UnsafeFigure(f"The figure begins with {root.tag}.")
    if part:
        _grouped(root, part)
    return mark_safe("".join(_written(root)))  # noqa: S308 - every part of it is written by `_written`


def _grouped(root: ET.Element, part: str) -> None:
    """What the figure draws becomes one group, which has the class that the stylesheet knows figures by."""
    group = ET.Element(f"{_SPACE}g", {"id": part, "class": "fig"})
    for child in [one for one in root if one.tag not in {f"{_SPACE}title", f"{_SPACE}desc"}]:
        root.remove(child)
        group.append(child)
    root.append(group)


def svg_rows(content: bytes, *, part: str, across: int) -> list[SafeString]:
    """A wide figure once more for paper: windows of `across` units on the group `part`, one below the other.

    They are hidden from screen readers, which have the figure itself.
    """
    root = ET.fromstring(content)  # noqa: S314 - the caller has had it through `svg_inline`
    try:
        width, height = int(root.get("width", "")), int(root.get("height", ""))
    except ValueError:
        return []
    return [
        mark_safe(  # noqa: S308 - numbers, and a name of our own
            f'<svg viewBox="{left} 0 {across} {height}" width="{across}" height="{height}" aria-hidden="true">'
            f'<use href="#{part}"/></svg>'
        )
        for left in range(0, width, across)
    ]


def _written(element: ET.Element) -> list[str]:
    name = element.tag.removeprefix(_SPACE)
    if name not in _ELEMENTS:
        raise UnsafeFigure(f"The figure holds <{name}>.")
    inside = [escape(_words(element))]
    for child in element:
        inside += [*_written(child), escape(child.tail or "")]
    return [f"<{name}{_attributes(element)}>", *inside, f"</{name}>"]


def _words(element: ET.Element) -> str:
    """The text of an element, in the reader's language where it is a method's own words."""
    text = element.text or ""
    return said(text).text if element.tag in _TOLD and len(text) >= _WORD else text


def _attributes(element: ET.Element) -> str:
    written = []
    for name, value in element.attrib.items():
        if name not in _ATTRIBUTES or _ACTIVE.search(value):
            raise UnsafeFigure(f"The figure holds {name}={value[:40]!r}.")
        written.append(f" {name}={quoteattr(value)}")
    return "".join(written)


def svg_words(content: bytes) -> tuple[str, str]:
    """Title and description of a figure, empty where it has none."""
    try:
        root = ET.fromstring(content)  # noqa: S314 - as above
    except ET.ParseError:
        return "", ""
    return root.findtext(f"{_SPACE}title", ""), root.findtext(f"{_SPACE}desc", "")
