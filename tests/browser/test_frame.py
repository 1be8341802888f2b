"""The frame in a real browser: accessible pages, scanning from anywhere, keys, the camera."""

import re
import time

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from lims.accounts.models import User
from lims.accounts.roles import Role
from tests.browser.checks import assert_accessible, scan
from tests.browser.conftest import SignIn
from tests.conftest import ROOT
from tests.lims import builders

CODE = "7K3M9Q2P"  # its last sign does not fit: the answer is a page that says so


def test_gate_is_accessible(page: Page) -> None:
    page.goto("/sign-in/")
    assert page.url.endswith("/set-up/")
    assert_accessible(page)
    builders.person(Role.TECHNICIAN)
    page.goto("/sign-in/")
    assert_accessible(page)
    page.get_by_label("User name").fill("somebody")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_be_focused()
    assert_accessible(page)


@pytest.mark.parametrize("address", ["/", "/me/", "/find/", "/find/?code=7K3M9Q2P", "/bench/camera/", "/nothing/"])
def test_pages_of_the_frame_are_accessible(page: Page, sign_in: SignIn, address: str) -> None:
    sign_in(Role.TECHNICIAN)
    page.goto(address)
    assert_accessible(page)


def test_component_sheet_is_accessible(page: Page, sign_in: SignIn) -> None:
    sign_in(Role.TECHNICIAN)
    page.goto("/demo/components/")
    assert_accessible(page)


def test_scan_is_taken_wherever_focus_is(page: Page, sign_in: SignIn) -> None:
    sign_in(Role.TECHNICIAN)
    page.goto("/me/")
    scan(page, CODE)
    page.wait_for_url(f"**/find/?code={CODE}")
    expect(page.get_by_role("alert")).to_contain_text("check sign does not fit")


def test_scan_into_another_field_leaves_that_field_as_it_was(page: Page, sign_in: SignIn) -> None:
    sign_in(Role.TECHNICIAN)
    page.goto("/demo/components/")
    page.get_by_label("Note").fill("half a thought")
    asked: list[str] = []

    def stay(route: Route) -> None:
        asked.append(route.request.url)
        route.fulfill(status=204)

    page.route("**/find/**", stay)
    with page.expect_request("**/find/**"):
        scan(page, CODE)
    expect(page.get_by_label("Note")).to_have_value("half a thought")
    assert [url.rsplit("=", 1)[1] for url in asked] == [CODE]


def test_field_that_asks_for_a_code_keeps_the_scan(page: Page, sign_in: SignIn) -> None:
    sign_in(Role.TECHNICIAN)
    page.goto("/demo/components/")
    field = page.get_by_label("Scan code")
    field.fill("")
    field.focus()
    scan(page, CODE)
    expect(field).to_have_value(CODE)
    assert page.url.endswith("/demo/components/")


def test_typing_by_hand_is_no_scan(page: Page, sign_in: SignIn) -> None:
    sign_in(Role.TECHNICIAN)
    page.goto("/demo/components/")
    field = page.get_by_label("Note")
    field.focus()
    page.keyboard.type("by hand", delay=110)
    expect(field).to_have_value("by hand")


def test_slash_goes_to_the_field_and_enter_finds(page: Page, sign_in: SignIn) -> None:
    sign_in(Role.TECHNICIAN)
    page.goto("/me/")
    page.keyboard.press("/")
    field = page.get_by_label("Scan or type a code, reference or case number")
    expect(field).to_be_focused()
    expect(field).to_have_value("")
    page.keyboard.type("WF-2026-000123", delay=90)
    page.keyboard.press("Enter")
    page.wait_for_url("**/find/?code=WF-2026-000123")


def test_single_keys_switched_off_do_nothing(page: Page, sign_in: SignIn) -> None:
    sign_in(Role.TECHNICIAN)
    page.goto("/me/")
    page.get_by_label("Single keys are commands").uncheck()
    page.get_by_role("button", name="Keep this setting").click()
    expect(page.get_by_label("Single keys are commands")).not_to_be_checked()
    page.keyboard.press("/")
    time.sleep(0.3)
    expect(page.locator("#scan")).not_to_be_focused()


def test_address_with_a_slash_in_it_is_a_scan_not_a_command(page: Page, sign_in: SignIn) -> None:
    sign_in(Role.TECHNICIAN)
    page.goto("/me/")
    scan(page, f"HTTPS://ELSEWHERE.EXAMPLE/X/{CODE}")
    page.wait_for_url("**/find/?code=HTTPS*")
    expect(page.get_by_role("alert")).to_be_visible()


def test_camera_reads_a_label_and_opens_its_page(page: Page, sign_in: SignIn) -> None:
    sign_in(Role.TECHNICIAN)
    page.goto("/bench/camera/")
    page.get_by_role("button", name="Start the camera").click()
    page.wait_for_url(re.compile(rf"/find/\?code={CODE}$"))


def test_link_of_the_error_summary_goes_into_the_field(page: Page, sign_in: SignIn) -> None:
    sign_in(Role.TECHNICIAN)
    page.goto("/demo/components/")
    page.get_by_role("link", name=re.compile("^Amount taken")).click()
    expect(page.get_by_label("Amount taken")).to_be_focused()


def test_menu_opens_without_script_on_a_phone(page: Page, sign_in: SignIn) -> None:
    sign_in(Role.TECHNICIAN)
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/me/")
    expect(page.get_by_role("navigation", name="Main")).to_be_hidden()
    page.get_by_role("button", name="Menu").click()
    expect(page.get_by_role("navigation", name="Main")).to_be_visible()


def test_dialog_opens_and_closes_without_script(page: Page, sign_in: SignIn) -> None:
    sign_in(Role.TECHNICIAN)
    page.goto("/demo/components/")
    page.get_by_role("button", name="Open the dialog").click()
    dialog = page.get_by_role("dialog", name="Open the seal?")
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


def test_language_is_switched_on_the_gate(page: Page) -> None:
    builders.person(Role.TECHNICIAN)
    page.goto("/sign-in/")
    page.get_by_role("button", name="Français").click()
    expect(page.get_by_role("heading", name="Se connecter")).to_be_visible()
    assert page.locator("html").get_attribute("lang") == "fr"
    assert User.objects.count() == 1


def test_refusal_of_a_part_is_shown_and_takes_focus(page: Page, sign_in: SignIn) -> None:
    sign_in(Role.TECHNICIAN)
    page.goto("/me/")
    page.evaluate("htmx.ajax('GET', '/nothing/', {target: '#toasts'})")
    expect(page.locator("#refused").get_by_role("alert")).to_contain_text("There is no such page")
    expect(page.locator("#toasts")).to_be_empty()


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
