"""What only a browser shows of the species pages: on paper, with everything ticked, with the network allowed."""

import io
from typing import Any

import pytest
from playwright.sync_api import Browser, expect
from pypdf import PdfReader

from lims.demonstration.world import world_open
from lims.lab.models import ReferenceSet
from tests.browser.laboratory import client_of
from tests.browser.test_accessible_pages import _context, _look, committed_db, walked

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]
__all__ = ["committed_db", "walked"]  # fixtures


def _sheets(page: Any, address: str) -> list[str]:
    """The words of each sheet of a page's print."""
    page.goto(address)
    printed = page.pdf(format="A4")
    return [" ".join(sheet.extract_text().split()) for sheet in PdfReader(io.BytesIO(printed)).pages]


def test_a_result_prints_whole_with_its_numbers_on_every_sheet(browser: Browser, live_server: object) -> None:
    run = world_open({}).run("run.scales")
    assert run.item is not None
    with _context(browser, live_server, client_of("analyst"), []) as page:
        sheets = _sheets(page, f"/runs/{run.reference}/")
        assert len(sheets) > 3
        for number, sheet in enumerate(sheets, start=1):
            assert run.reference in sheet, number
            assert run.item.reference in sheet, number
            assert "SYNTHETIC – not evidence." in sheet, number
            assert f"{number} / {len(sheets)}" in sheet
        words = " ".join(sheets)
        assert "Reference sets" not in words  # the menu
        assert "Run again" not in words
        # The signals are in rows: base 600 of the forward read is on a sheet, which a scrolled box would cut off.
        rows = page.locator(".fig.in-rows > .paper svg")
        page.emulate_media(media="print")
        paper = page.locator(".fig.in-rows").bounding_box()
        assert paper is not None
        assert rows.count() >= 10
        for place in range(rows.count()):
            box = rows.nth(place).bounding_box()
            assert box is not None
            assert box["width"] <= paper["width"]
        expect(page.locator(".fig.in-rows > .scroll")).to_be_hidden()


def test_all_boxes_are_ticked_and_unticked_without_loading_the_page(browser: Browser, live_server: object) -> None:
    row = ReferenceSet.objects.get(name="Barcodes to be looked through")
    address = f"/references/{row.uuid}/curation/"
    with _context(browser, live_server, client_of("analyst"), []) as page:
        page.goto(address)
        boxes = page.locator("input[type=checkbox][name=record]")
        number = boxes.count()
        assert number > 1
        page.set_viewport_size({"width": 1280, "height": 300})
        below = page.evaluate("document.documentElement.scrollHeight - document.body.getBoundingClientRect().height")
        assert below < 5, "what a long table hides for the eye makes no empty page below the foot"
        page.set_viewport_size({"width": 1280, "height": 900})
        page.get_by_role("link", name="Tick all shown").click()
        expect(page.locator("input[name=record]:checked")).to_have_count(number)
        expect(page.get_by_text(f"{number} / {number}")).to_be_visible()
        boxes.first.uncheck()
        page.get_by_role("link", name="Untick all").click()
        expect(page.locator("input[name=record]:checked")).to_have_count(0)
        assert page.url.endswith(address)  # the link's own address was not loaded


def test_the_form_that_fetches_records_is_accessible(browser: Browser, live_server: object, settings: Any) -> None:
    """Fetching is off on the walk; here it is on, and nothing is sent."""
    settings.SPOOR_NCBI_EMAIL = "lab@example.org"
    troubles: list[str] = []
    with _context(browser, live_server, client_of("analyst"), troubles) as page:
        faults = _look(page, "analyst", "/references/fetches/")
        expect(page.get_by_role("button", name="Fetch them")).to_be_visible()
        page.get_by_role("button", name="Fetch them").click()
        page.get_by_role("alert").wait_for()
        faults += _look(page, "analyst", page.url.removeprefix(str(live_server)))
    assert (faults, troubles) == ([], [])
