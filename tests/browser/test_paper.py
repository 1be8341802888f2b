"""The stylesheet on paper: what a screen scrolls or folds must stand on the sheet."""

import pytest
from playwright.sync_api import Browser

from tests.conftest import ROOT

pytestmark = pytest.mark.slow
SHEET = 703
"""Pixels between the margins of an A4 sheet: 186 mm at 96 to the inch."""

PAGE = """<style>{style}</style><main><section class="card"><div class="table-wrap"><table class="table">
<thead><tr>{heads}</tr></thead><tbody><tr>{cells}</tr></tbody></table></div></section>
<section class="card"><details><summary>Source</summary><p id="folded">Limits of the method.</p></details></section>
<div class="no-print" id="filter">Show</div></main>"""


def test_wide_tables_fit_the_sheet_and_what_is_folded_is_open(browser: Browser) -> None:
    style = (ROOT / "lims/web/static/web/spoor.css").read_text(encoding="utf-8")
    heads = "".join(f'<th scope="col">Unrelated excluded {place}</th>' for place in range(9))
    cells = "".join("<td>SYN-RING-0407-WF-2026-000003</td>" for _ in range(9))
    page = browser.new_page(viewport={"width": SHEET, "height": 900})
    page.set_content(PAGE.format(style=style, heads=heads, cells=cells))
    table = page.locator("table")
    assert table.evaluate("it => it.offsetWidth") > SHEET
    assert not page.locator("#folded").is_visible()
    page.emulate_media(media="print")
    assert table.evaluate("it => it.offsetWidth") <= SHEET
    assert page.locator("#folded").is_visible()
    assert not page.locator("#filter").is_visible()
    page.close()
