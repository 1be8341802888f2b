"""What every page must keep: accessible and without sideways scrolling, at every width, light and dark."""

import re
import time

from axe_playwright_python.base import AXE_SCRIPT
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import ConsoleMessage, Page

PATIENCE_MS = 60_000
"""How long a busy machine may take over a page; what is there is met at once."""
WIDTHS = (390, 820, 1440)
SCHEMES = ("light", "dark")
SMALLEST = 320  # CSS pixels at which a page must reflow (WCAG 2.2, 1.4.10)
# A refused request is reported by the browser and by htmx as an error of its own.
_EXPECTED = re.compile("Failed to load resource|^Response Status Error Code")
_RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


def assert_accessible(page: Page) -> None:
    """Axe finds nothing on the present page at 390, 820 and 1440 px, light and dark, and it reflows at 320 px."""
    found: list[str] = []
    before = page.viewport_size or {"width": 1440, "height": 900}
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            results = Axe().run(page, options=_RULES).response["violations"]
            found += [f"{width} {scheme} {_words(violation)}" for violation in results]
    page.emulate_media(color_scheme="light")
    assert not found, f"{page.url}\n" + "\n".join(found)
    assert_reflows(page)
    page.set_viewport_size(before)


def faults_of(page: Page) -> list[str]:
    """What is wrong with the present page at 390 and 1280 px, light and dark, and at 320 px.

    Axe is loaded once and asked for everything in the light scheme; the dark one changes colours only, so its
    contrast is all that is asked again.
    """
    before = page.viewport_size or {"width": 1280, "height": 900}
    page.evaluate(AXE_SCRIPT)
    found: list[str] = []
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 900})
        for scheme, options in (
            ("light", _RULES),
            ("dark", {"runOnly": {"type": "rule", "values": ["color-contrast"]}}),
        ):
            page.emulate_media(color_scheme=scheme)
            violations = page.evaluate("options => axe.run(document, options).then(all => all.violations)", options)
            found += [f"{width} {scheme} {_words(violation)}" for violation in violations]
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": SMALLEST, "height": 640})
    wide = page.evaluate("document.documentElement.scrollWidth")
    found += [f"{wide} px wide in a window of {SMALLEST}"] if wide > SMALLEST else []
    page.set_viewport_size(before)
    return found


def assert_reflows(page: Page) -> None:
    """Nothing makes the page itself scroll sideways at 320 px."""
    page.set_viewport_size({"width": SMALLEST, "height": 640})
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= SMALLEST, f"{page.url} is {wide} px wide in a window of {SMALLEST}"


def troubles_of(page: Page, troubles: list[str]) -> None:
    """Note what scripts break on this page and what the content policy refuses."""
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("console", lambda message: _note(message, troubles))


def _note(message: ConsoleMessage, troubles: list[str]) -> None:
    if "Content Security Policy" in message.text or (message.type == "error" and not _EXPECTED.search(message.text)):
        troubles.append(message.text)


def _words(violation: dict[str, object]) -> str:
    nodes = violation["nodes"]
    where = ", ".join(str(node["target"]) for node in nodes[:3]) if isinstance(nodes, list) else ""
    return f"{violation['id']}: {violation['help']} ({where})"


def scan(page: Page, text: str) -> None:
    """A wedge scanner: keys 5 ms apart, then Enter.

    The keys carry their own times, as those of a scanner do, so that a busy machine does not make it a slow hand.
    """
    session = page.context.new_cdp_session(page)
    begun = time.time() - 0.005 * (len(text) + 1)
    for number, sign in enumerate([*text, "\r"]):
        key = {"key": "Enter" if sign == "\r" else sign, "timestamp": begun + 0.005 * number}
        code = {"windowsVirtualKeyCode": 13, "code": "Enter"} if sign == "\r" else {}
        session.send("Input.dispatchKeyEvent", {"type": "keyDown", "text": sign, **code, **key})
        session.send("Input.dispatchKeyEvent", {"type": "keyUp", **code, **key})
    session.detach()
