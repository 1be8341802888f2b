"""The main job, clicked: each step is what one person does on their own screen."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from lims.accounts.models import User
from tests.browser.checks import PATIENCE_MS, scan, troubles_of
from tests.lims import builders

WIDTH, HEIGHT = 1280, 860
RESULT_MS = 300_000


@dataclass(slots=True)
class Cast:
    """Everybody with a browser of their own; pictures go to `album` where one is named."""

    pages: dict[str, Page]
    album: Path | None = None
    taken: list[str] = field(default_factory=list)

    def __getitem__(self, who: str) -> Page:
        return self.pages[who]

    def picture(self, who: str, name: str) -> None:
        """The window as the person sees it now, when pictures are asked for."""
        if self.album is not None:
            page = self.pages[who]
            page.evaluate("document.fonts.ready.then(() => window.scrollTo(0, 0))")
            page.screenshot(path=self.album / f"{name}.png")
            self.taken.append(name)


@contextmanager
def cast_signed_in(browser: Browser, address: str, people: dict[str, User], album: Path | None) -> Iterator[Cast]:
    """Every person in a browser context of their own. Fails when a policy was breached or a script broke."""
    troubles: list[str] = []
    with ExitStack() as stack:
        pages: dict[str, Page] = {}
        for key, user in people.items():
            context = browser.new_context(
                base_url=address, locale="en-GB", viewport={"width": WIDTH, "height": HEIGHT}, accept_downloads=True
            )
            stack.callback(context.close)
            pages[key] = context.new_page()
            pages[key].set_default_timeout(PATIENCE_MS)
            troubles_of(pages[key], troubles)
            sign_in(pages[key], user)
        yield Cast(pages=pages, album=album)
    assert troubles == []


def sign_in(page: Page, user: User) -> None:
    """Name and password on the gate."""
    page.goto("/sign-in/")
    page.get_by_label("User name").fill(user.username)
    page.get_by_label("Password").fill(builders.PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: "/sign-in/" not in url)


def follow(page: Page, name: str) -> None:
    """Click a link of the page by its words."""
    page.get_by_role("main").get_by_role("link", name=name).first.click()


def menu(page: Page, name: str) -> None:
    """Click an entry of the menu."""
    page.get_by_role("navigation", name="Main").get_by_role("link", name=name).click()


def press(page: Page, name: str) -> None:
    """Click a button by its words."""
    page.get_by_role("main").get_by_role("button", name=name).first.click()


def fill(page: Page, **values: str) -> None:
    """Text into labelled fields: the words of a label with underscores for spaces."""
    for label, value in values.items():
        page.get_by_label(label.replace("_", " ")).first.fill(value)


def open_case(page: Page, title: str) -> str:
    """The custodian opens a case for a new agency; returns its reference."""
    menu(page, "Cases")
    follow(page, "Open a case")
    page.get_by_label("What the case is for").select_option(label="Casework")
    fill(page, Title=title, Or_a_new_agency="Harbour Customs")
    page.get_by_label("Invented").check()
    press(page, "Open the case")
    expect(page.get_by_role("heading", name=title, level=1)).to_be_visible()
    return page.url.rstrip("/").rsplit("/", 1)[1]


def record_seizure(page: Page) -> None:
    """Where and when it was seized."""
    follow(page, "Record the seizure")
    page.get_by_label("Place", exact=True).fill("Berth 14")
    page.get_by_label("Country").select_option("KE")
    page.get_by_label("When").fill("2026-10-16T22:40")
    page.get_by_label("Time zone there").select_option("Africa/Nairobi")
    page.get_by_label("Transport").select_option(label="Maritime")
    press(page, "Record the seizure")
    expect(page.get_by_text("Berth 14").first).to_be_visible()


def receive_container(page: Page) -> str:
    """A crate whose seal is broken is received closed; returns the intake's reference."""
    follow(page, "Receive evidence")
    fill(page, Or_a_new_person="A driver", Containers_stated_in_the_papers="1")
    row = "row0-"
    page.locator(f"[name={row}description]").fill("Crate 1")
    page.locator(f"[name={row}seal_stated]").fill("HC-501")
    page.locator(f"[name={row}seal_found]").fill("HC-501")
    page.locator(f"[name={row}seal_state]").select_option(label="Broken")
    press(page, "Receive the containers")
    expect(page.locator(".facts")).to_contain_text("1 wait for a second person")
    return page.url.rstrip("/").rsplit("/", 1)[1]


def countersign(page: Page) -> None:
    """The second person looks and signs; unticked it is refused in words."""
    page.goto("/")
    follow(page, "Countersign")
    press(page, "Countersign")
    expect(page.get_by_role("alert")).to_contain_text("This field is required")
    page.get_by_label("I have seen it myself").check()
    press(page, "Countersign")
    expect(page.get_by_role("link", name="Explain")).to_be_visible()


def itemise(page: Page, intake: str) -> str:
    """The crate is opened and its tusk registered; returns the exhibit's reference."""
    page.goto(f"/intakes/{intake}/")
    follow(page, "Open the seal")
    page.get_by_label("Broken").check()
    fill(page, Reason_for_opening="Itemising")
    press(page, "Open seal")
    page.goto(f"/intakes/{intake}/")
    follow(page, "Itemise")
    fields = {"description": "Raw tusk", "declared_taxon": "Loxodonta africana", "amount": "4200", "tolerance": "1"}
    for name, value in fields.items():
        page.locator(f"[name=row0-{name}]").fill(value)
    page.locator("[name=row0-term]").select_option("TUS")
    press(page, "Register the exhibits")
    follow(page, "Finish the itemising")
    press(page, "Finish the itemising")
    expect(page.locator(".facts")).to_contain_text("Itemised")
    follow(page, "-B01")
    follow(page, "E01")
    return page.url.rstrip("/").rsplit("/", 1)[1]


def print_label(page: Page, item: str) -> str:
    """A label is recorded and its sheet and picture made; returns the scan code."""
    page.goto(f"/items/{item}/")
    follow(page, "Print label")
    press(page, "Record and make the labels")
    with page.expect_download() as sheet:
        press(page, "Download the sheet, PDF")
    assert Path(sheet.value.path()).read_bytes().startswith(b"%PDF-")
    svg = page.request.get(page.get_by_role("link", name="SVG of").first.get_attribute("href") or "")
    assert svg.headers["content-type"].startswith("image/svg+xml")
    assert "SYNTHETIC" in svg.text()
    return page.get_by_role("link", name="SVG of").first.inner_text().split()[-1]


def take_out(page: Page, item: str) -> None:
    """The holder takes the item out of its crate."""
    page.goto(f"/items/{item}/")
    press(page, "More")
    follow(page, "Move")
    page.get_by_label("take it into my own hands").check()
    press(page, "Move it")
    expect(page.locator(".facts")).to_contain_text("(you)")


def find_by_scan(page: Page, code: str, item: str) -> None:
    """A scan on any page opens the item, typed in small letters just as well."""
    page.goto("/me/")
    scan(page, code.lower())
    page.wait_for_url(f"**/items/{item}/")


def offer_by_scan(page: Page, code: str, receiver: str) -> None:
    """Scan into a session, twice by mistake, then offer what is on the list."""
    page.goto("/")
    follow(page, "Start a scan session")
    expect(page.locator('form[data-scan-form="session"]')).to_be_visible()
    scan(page, code)
    expect(page.locator('#last-scan[data-outcome="taken"]')).to_be_visible()
    scan(page, code)
    expect(page.locator("#last-scan")).to_contain_text("on the list already")
    page.get_by_label("Receiver").select_option(label=receiver)


def receive(page: Page, code: str, giver: str) -> None:
    """The receiver scans what lies in front of them and signs; unscanned items are not received."""
    page.goto("/")
    follow(page, "Check and receive")
    press(page, "Receive the ticked items")
    expect(page.get_by_role("alert")).to_be_visible()
    scan(page, code)
    expect(page.get_by_label("I see it")).to_be_checked()
    press(page, "Receive the ticked items")
    expect(page.locator(".facts")).to_contain_text("Received")
    expect(page.locator(".facts")).to_contain_text(giver)


def take_sample(page: Page, item: str) -> str:
    """500 mg of powder, 5 mg lost; more than there is would be refused. Returns the sample's reference."""
    page.goto(f"/items/{item}/")
    follow(page, "Take sub-sample")
    page.get_by_label("Kind of sample").select_option(label="Powder")
    fill(page, Amount_taken="5000", Description="drilled at the base")
    press(page, "Take the sub-sample")
    expect(page.get_by_role("alert")).to_contain_text("4200")
    fill(page, Amount_taken="500", Lost_on_the_way="5")
    page.locator("[name=unit]").select_option("mg")
    press(page, "Take the sub-sample")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Powder")
    return page.url.rstrip("/").rsplit("/", 1)[1]
