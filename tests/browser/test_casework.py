"""Casework in the browser: accessible pages; a wedge scanner fills the list without a reload."""

from playwright.sync_api import Page, expect

from lims.accounts.models import User
from tests.browser.checks import assert_accessible, scan
from tests.lims import builders
from tests.lims.web.laboratory import Desk


def enter(page: Page, user: User) -> None:
    """Sign in through the page."""
    page.goto("/sign-in/")
    page.get_by_label("User name").fill(user.username)
    page.get_by_label("Password").fill(builders.PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: "/sign-in/" not in url)


def test_pages_of_a_case_are_accessible(page: Page) -> None:
    desk = Desk()
    desk.fill()
    enter(page, desk.technician_user)
    case, item = desk.case.reference, desk.tusks[0].item.reference
    for address in (
        f"/cases/{case}/",
        f"/cases/{case}/exhibits/new/",
        f"/intakes/{desk.intake.reference}/",
        f"/items/{item}/",
        f"/handovers/{desk.offer.uuid}/",
        f"/bench/box/{desk.box.item.reference}/",
        "/bench/scan/",
        f"/labels/?case={case}",
        "/?today",
    ):
        page.goto(address)
        assert_accessible(page)


def test_refused_form_moves_focus_to_the_summary_and_its_link_into_the_field(page: Page) -> None:
    desk = Desk()
    enter(page, desk.custodian_user)
    page.goto("/cases/new/")
    page.get_by_label("Title").fill("Horn")
    page.get_by_role("button", name="Open the case").click()
    summary = page.get_by_role("alert")
    expect(summary).to_be_focused()
    summary.get_by_role("link").first.click()
    expect(page.get_by_label("Submitting agency")).to_be_focused()
    expect(page.get_by_label("Title")).to_have_value("Horn")


def test_wedge_scans_fill_the_list_and_a_box_takes_all(page: Page) -> None:
    desk = Desk()
    desk.fill()
    enter(page, desk.custodian_user)
    page.goto("/bench/scan/")
    page.evaluate("window.unloaded = false; addEventListener('pagehide', () => { window.unloaded = true; })")
    scan(page, desk.tusks[2].item.scan_code or "")
    expect(page.locator("#last-scan")).to_contain_text(desk.tusks[2].item.reference)
    scan(page, desk.sample.item.scan_code or "")
    expect(page.get_by_role("heading", name="2 items on the list")).to_be_visible()
    scan(page, "7K3M9Q2A")
    expect(page.locator("#last-scan")).to_have_attribute("data-outcome", "refused")
    scan(page, desk.box.item.scan_code or "")
    expect(page.get_by_role("button", name="Store 2 items")).to_be_visible()
    assert page.evaluate("window.unloaded") is False
    page.get_by_role("button", name="Store 2 items").click()
    page.wait_for_url(f"**/bench/box/{desk.box.item.reference}/")
    expect(page.get_by_role("table").first).to_contain_text("A")
    assert builders.fresh(desk.tusks[2].item).position == "A1"
