"""From seizure to a verified pack in the browser: real web, worker and sequencer processes, seven people who click.

`SPOOR_SCREENSHOTS=FOLDER` keeps the pictures of the documentation on the way.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.test import override_settings
from playwright.sync_api import Browser, expect

from lims.accounts.models import User
from lims.accounts.roles import Role
from lims.documents.signature_check import signature_check
from tests.browser import story, story_lab
from tests.browser.story import Cast
from tests.conftest import TestBroker, TestDatabase
from tests.lims import builders
from tests.system import ROOT, System, running_system

pytestmark = [pytest.mark.slow]


@pytest.fixture
def system(committed_db: TestDatabase, embedded_redis: TestBroker, tmp_path: Path) -> Iterator[System]:
    """A running system in which everything is marked synthetic."""
    with running_system(tmp_path, {**committed_db.environment(), **embedded_redis.environment()}) as running:
        running.environment["SPOOR_MODE"] = "demo"
        subprocess.run(
            [sys.executable, "manage.py", "collectstatic", "--no-input", "--verbosity", "0"],
            cwd=ROOT,
            env=running.environment,
            check=True,
        )
        running.start()
        yield running


@pytest.fixture
def cast(system: System, browser: Browser) -> Iterator[Cast]:
    """Everybody signed in, each in a browser of their own."""
    album = Path(os.environ["SPOOR_SCREENSHOTS"]).resolve() if "SPOOR_SCREENSHOTS" in os.environ else None
    with override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.ScryptPasswordHasher"]):  # as it runs
        people = _people()
    with story.cast_signed_in(browser, system.address, people, album) as cast:
        yield cast


def _people() -> dict[str, User]:
    return {
        "custodian": builders.person(Role.CUSTODIAN, name="Tomás Ferreira"),
        "technician": builders.person(Role.TECHNICIAN, name="Ana Reyes"),
        "analyst": builders.person(Role.ANALYST, name="Amina Yusuf"),
        "reviewer": builders.person(Role.REVIEWER, name="Lena Brandt"),
        "manager": builders.person(Role.MANAGER, name="Okello Odongo"),
        "prosecutor": builders.person(name="Grace Mwangi"),
    }


def test_from_seizure_to_verified_pack(cast: Cast, system: System, browser: Browser, tmp_path: Path) -> None:
    case, item, code = _seizure_to_label(cast)
    sample = _to_the_bench(cast, item, code)
    _analyses(cast, sample)
    number = _report(cast, case)
    archive = _pack(cast, case, tmp_path)
    assert number.startswith(case)
    _a_stranger_verifies(browser, system, archive)


def _seizure_to_label(cast: Cast) -> tuple[str, str, str]:
    custodian = cast["custodian"]
    case = story.open_case(custodian, "Container at berth 14")
    story.record_seizure(custodian)
    intake = story.receive_container(custodian)
    cast["technician"].goto("/")
    cast.picture("technician", "today")
    story.countersign(cast["technician"])
    item = story.itemise(custodian, intake)
    return case, item, story.print_label(custodian, item)


def _to_the_bench(cast: Cast, item: str, code: str) -> str:
    custodian, technician = cast["custodian"], cast["technician"]
    story.take_out(custodian, item)
    story.find_by_scan(custodian, code, item)
    story.offer_by_scan(custodian, code, "Ana Reyes")
    cast.picture("custodian", "scan")
    story.press(custodian, "Offer one item")
    story.receive(technician, code, "Tomás Ferreira")
    sample = story.take_sample(technician, item)
    technician.goto(f"/items/{item}/")
    cast.picture("technician", "item")
    return sample


def _analyses(cast: Cast, sample: str) -> None:
    files, analyst = story_lab.material(), cast["analyst"]
    story_lab.propose_reference(analyst, "Reference sequences", "Synthetic COI", files.barcodes)
    story_lab.propose_reference(analyst, "Reference population data", "Synthetic baseline", files.baseline)
    story_lab.approve_references(cast["manager"], 2)
    story_lab.hand_in_files(cast["technician"], sample, files)
    story_lab.start_run(analyst, sample, "Species identification")
    expect(analyst.get_by_role("heading", level=1)).to_have_text(story_lab.FOUND)
    cast.picture("analyst", "run-species")
    story_lab.record_finding(analyst)
    story_lab.start_run(analyst, sample, "Geographic origin")
    story.follow(analyst, files.strangers[0])
    expect(analyst.get_by_role("heading", level=1)).to_have_text("None of these populations")
    story_lab.record_finding(analyst)


def _report(cast: Cast, case: str) -> str:
    analyst, reviewer = cast["analyst"], cast["reviewer"]
    number = story_lab.draft_report(analyst, case)
    story_lab.review_own(analyst, number)
    for _kind in ("technical", "administrative"):
        story_lab.take_review(reviewer)
        story_lab.agree(reviewer)
    analyst.goto(f"/reports/{number}/")
    cast.picture("analyst", "report")
    pdf = story_lab.sign(analyst, number)
    with ThreadPoolExecutor() as aside:  # this thread runs the browser's event loop, the check wants one of its own
        checked = aside.submit(signature_check, pdf).result()
    assert checked.signatures
    assert checked.verdict != "failed"
    return number


def _pack(cast: Cast, case: str, folder: Path) -> Path:
    story_lab.assign_prosecutor(cast["custodian"], case, "Grace Mwangi")
    cast.picture("custodian", "case")
    story_lab.ask_for_evidence(cast["prosecutor"])
    story_lab.approve_and_build(cast["manager"])
    archive = folder / "pack.zip"
    story_lab.fetch_pack(cast["prosecutor"], archive)
    cast.picture("prosecutor", "pack")
    return archive


def _a_stranger_verifies(browser: Browser, system: System, archive: Path) -> None:
    """Without an account: passed with keys, undecided without, failed after one changed byte."""
    context = browser.new_context(base_url=system.address, locale="en-GB")
    page = context.new_page()
    keys = "\n".join((system.home / "secrets" / name).read_text().strip() for name in ("log.vkey", "pack.vkey"))
    assert story_lab.verdict(page, archive, keys=keys).startswith("Passed")
    assert story_lab.verdict(page, archive, own=True).startswith("Passed")
    assert story_lab.verdict(page, archive).startswith("Cannot tell")
    content = bytearray(archive.read_bytes())
    place = content.index(b"ABIF") + 500
    content[place] ^= 1
    changed = archive.with_name("changed.zip")
    changed.write_bytes(bytes(content))
    assert story_lab.verdict(page, changed, keys=keys).startswith("Failed")
    context.close()
