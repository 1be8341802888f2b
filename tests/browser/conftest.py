"""Debian's Chromium, driven by Playwright, against a live server with a database of its own."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect, sync_playwright

from lims.accounts.models import User
from lims.accounts.roles import Role
from tests.browser.checks import PATIENCE_MS, troubles_of
from tests.browser.pictures import y4m_of_label
from tests.lims import builders

expect.set_options(timeout=PATIENCE_MS)

_NAMES = ("chromium", "chromium-browser", "google-chrome")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here needs a browser and commits."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.commits)


def chromium() -> str:
    """The browser's path; `SPOOR_CHROMIUM` names another one."""
    found = os.environ.get("SPOOR_CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)
    if not found:
        pytest.skip("no Chromium here: apt-get install --no-install-recommends chromium, or set SPOOR_CHROMIUM")
    return found


@pytest.fixture(scope="session")
def camera_picture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the browser's fake camera sees: a label with the code HTTP://LOCALHOST/X/7K3M9Q2P."""
    path = tmp_path_factory.mktemp("camera") / "label.y4m"
    path.write_bytes(y4m_of_label("7K3M9Q2P"))
    return path


@pytest.fixture(scope="module")
def playwright_driver() -> Iterator[Playwright]:
    """Playwright's driver, for no longer than a module: its event loop runs in this thread.

    While it runs, Django would refuse to reach the database and no other loop can start, which signing a PDF needs.
    So it must be gone before tests of other modules run in the same process.
    """
    chromium()
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as driver:
        yield driver
    if before is None:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture(scope="module")
def browser(playwright_driver: Playwright, camera_picture: Path) -> Iterator[Browser]:
    """One browser for a module; each test has a context of its own."""
    instance = playwright_driver.chromium.launch(
        executable_path=chromium(),
        args=[
            "--no-sandbox",
            "--disable-gpu",  # there is none: pages are drawn without the detour over an imitated one
            "--use-fake-ui-for-media-stream",
            "--use-fake-device-for-media-stream",
            f"--use-file-for-fake-video-capture={camera_picture}",
        ],
    )
    yield instance
    instance.close()


@pytest.fixture
def page(browser: Browser, live_server: "object") -> Iterator[Page]:
    """A page on the live server. The test fails when the content policy refused anything or a script broke."""
    context = browser.new_context(base_url=str(live_server), locale="en-GB", viewport={"width": 1440, "height": 900})
    context.grant_permissions(["camera"])
    tab = context.new_page()
    tab.set_default_timeout(PATIENCE_MS)
    troubles: list[str] = []
    troubles_of(tab, troubles)
    yield tab
    context.close()
    assert troubles == []


SignIn = Callable[..., User]


@pytest.fixture
def sign_in(page: Page) -> SignIn:
    """`sign_in(Role.TECHNICIAN)`: a new account with these roles, signed in through the page."""

    def enter(*roles: Role, name: str = "Ana Reyes") -> User:
        user = builders.person(*roles, name=name)
        page.goto("/sign-in/")
        page.get_by_label("User name").fill(user.username)
        page.get_by_label("Password").fill(builders.PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(lambda url: "/sign-in/" not in url)
        return user

    return enter
