"""Icons: small SVG files of our own, written into the page so that they take the text's colour."""

import re
from functools import cache
from pathlib import Path

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

_FOLDER = Path(__file__).parent / "templates" / "web" / "icons"
_DRAWING = re.compile(r'<svg[^>]*viewBox="(?P<box>[^"]+)"[^>]*>(?P<drawing>.*)</svg>', re.DOTALL)


class UnknownIconError(LookupError):
    """No file of that name lies in `templates/web/icons/`."""


@cache
def _drawing(name: str) -> tuple[str, str]:
    try:
        text = (_FOLDER / f"{name}.svg").read_text(encoding="utf-8")
    except FileNotFoundError:
        known = ", ".join(sorted(path.stem for path in _FOLDER.glob("*.svg")))
        raise UnknownIconError(f"there is no icon «{name}»; there are {known}") from None
    found = _DRAWING.search(text)
    if found is None:
        raise UnknownIconError(f"icons/{name}.svg is not an <svg viewBox=…> with a drawing in it")
    return found["box"], found["drawing"].strip()


def icon_svg(name: str, *, label: str = "", css: str = "icon") -> SafeString:
    """The icon as inline SVG: decoration by default, an image with a name when `label` is given.

    Raises:
        UnknownIconError: there is no such file.
    """
    box, drawing = _drawing(name)
    # The drawing is a file of this package, never user input.
    body = mark_safe(drawing)  # noqa: S308
    if label:
        return format_html('<svg class="{}" viewBox="{}" role="img" aria-label="{}">{}</svg>', css, box, label, body)
    return format_html('<svg class="{}" viewBox="{}" aria-hidden="true">{}</svg>', css, box, body)
