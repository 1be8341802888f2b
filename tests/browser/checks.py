"""What every page must keep: accessible and without sideways scrolling, at every width, light and dark."""

import re
import time

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import ConsoleMessage, Page

PATIENCE_MS = 60_000
"""How long a busy machine may take over a page; what is there is met at once."""
WIDTHS = (390, 820, 1440)
"""One of each layout of the stylesheet: below 48 rem, up to 64 rem, from there on."""
SMALLEST = 320  # CSS pixels at which a page must reflow (WCAG 2.2, 1.4.10)
# A refused request is reported by the browser and by htmx as an error of its own.
_EXPECTED = re.compile("Failed to load resource|^Response Status Error Code")
_ASK = "options => axe.run(document, {resultTypes: ['violations'], ...options}).then(all => all.violations)"
_RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
_CONTRAST = {"runOnly": {"type": "rule", "values": ["color-contrast"]}}


def assert_accessible(page: Page) -> None:
    """Nothing is wrong with the present page, at any of the three layouts, light and dark."""
    found = faults_of(page, light=WIDTHS, dark=(WIDTHS[0], WIDTHS[-1]))
    assert not found, f"{page.url}\n" + "\n".join(found)


def faults_of(page: Page, *, light: tuple[int, ...] = (390, 1440), dark: tuple[int, ...] = (1440,)) -> list[str]:
    """What is wrong with the present page at these widths in the light and the dark scheme, and at 320 px.

    Axe is loaded once and asked for everything in the light scheme; the dark one changes colours only, so its
    contrast is all that is asked again.
    """
    before = page.viewport_size or {"width": 1440, "height": 900}
    page.evaluate(AXE_SCRIPT)
    found: list[str] = []
    for scheme, widths, rules in (("light", light, _RULES), ("dark", dark, _CONTRAST)):
        page.emulate_media(color_scheme=scheme)
        for width in widths:
            page.set_viewport_size({"width": width, "height": 900})
            found += [f"{width} {scheme} {_words(violation)}" for violation in page.evaluate(_ASK, rules)]
    page.emulate_media(color_scheme="light")
    wide = _width_at_smallest(page)
    found += [f"{wide} px wide in a window of {SMALLEST}"] if wide > SMALLEST else []
    page.set_viewport_size(before)
    return found


def _width_at_smallest(page: Page) -> int:
    page.set_viewport_size({"width": SMALLEST, "height": 640})
    wide: int = page.evaluate("document.documentElement.scrollWidth")
    return wide


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


PAINTED = """() => Promise.race([
  new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))),
  new Promise((done) => setTimeout(done, 5000)),
])"""


def scan(page: Page, text: str) -> None:
    """A wedge scanner: keys 5 ms apart, then Enter.

    The keys carry their own times, as those of a scanner do, so that a busy machine does not make it a slow hand.
    """
    page.wait_for_load_state("load")
    page.evaluate(PAINTED)  # what is typed before a page is painted may be lost, to scanners and to people
    session = page.context.new_cdp_session(page)
    begun = time.time() - 0.005 * (len(text) + 1)
    for number, sign in enumerate([*text, "\r"]):
        key = {"key": "Enter" if sign == "\r" else sign, "timestamp": begun + 0.005 * number}
        code = {"windowsVirtualKeyCode": 13, "code": "Enter"} if sign == "\r" else {}
        session.send("Input.dispatchKeyEvent", {"type": "keyDown", "text": sign, **code, **key})
        session.send("Input.dispatchKeyEvent", {"type": "keyUp", **code, **key})
    session.detach()
