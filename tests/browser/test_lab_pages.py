"""The pages of the laboratory's work, review, disclosure and the ledger in a real browser, with real data."""

import os
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from lims.accounts.actors import Actor
from lims.accounts.models import User
from lims.accounts.roles import Role
from lims.casework.services.cases import case_assign
from lims.disclosure.selectors.requests import pack_list
from lims.disclosure.tasks import pack_build
from lims.lab.models import ReferenceSet
from lims.lab.services.batches import ControlSpec, batch_open
from lims.lab.services.requests import Asked, examination_request
from lims.lab.services.reviews import review_open, review_point_set
from tests.browser.checks import assert_accessible, faults_of
from tests.lims import builders
from tests.lims.lab import support
from tests.lims.lab.support import Bench, species_run, trace_pair
from tests.lims.lab.test_species_runs import library  # noqa: F401 - a fixture

pytestmark = [pytest.mark.slow]


@pytest.fixture
def bench(settings: Any, tmp_path: Path) -> Bench:
    keys = support.installation(settings, tmp_path)
    (tmp_path / "log.vkey").write_text(str(keys.log.verifier))
    return support.bench()


def enter(page: Page, who: Actor) -> None:
    user = User.objects.get(pk=who.user_id)
    page.context.clear_cookies()
    page.goto("/sign-in/")
    page.get_by_label("User name").fill(user.username)
    page.get_by_label("Password").fill(builders.PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: "/sign-in/" not in url)


def look(page: Page, address: str, name: str, *, every_width: bool = False) -> None:
    """The page is accessible; with LAB_PICTURES set, only a picture of it is kept there."""
    page.goto(address)
    folder = os.environ.get("LAB_PICTURES")
    if folder:
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)
    elif every_width:
        assert_accessible(page)
    else:
        found = faults_of(page, light=(1440,), dark=())
        assert not found, f"{page.url}\n" + "\n".join(found)


def bench_work(bench: Bench) -> dict[str, str]:
    """A request, a blocked batch, a run with a finding; addresses of their pages."""
    lab = bench.lab
    asked = examination_request(
        actor=lab.analyst, case=bench.case, lines=[Asked(item=bench.item, question="origin", note="Only this tusk")]
    )
    batch = batch_open(
        actor=lab.technician,
        kind="genotyping",
        method="16 microsatellites",
        items=[(bench.item, "A1")],
        controls=[
            ControlSpec(kind="no_template", position="H11", expectation="no product"),
            ControlSpec(kind="positive", position="H12", expectation="Gallus gallus"),
        ],
        reagents="Taq mix, lot 4412",
        instrument="3500xL",
    )
    run = support.origin_run(bench)
    return {
        "request": reverse("web:request", args=[asked.uuid]),
        "batch": reverse("web:batch", args=[batch.reference]),
        "run": reverse("web:run", args=[run.reference]),
        "raw_files": reverse("web:raw_files", args=[bench.item.reference]),
        "run_new": reverse("web:run_new", args=[bench.item.reference, "origin.assign"]),
        "finding": reverse("web:finding_from_run", args=[run.reference, 1]),
    }


def test_pages_of_the_bench_are_accessible(page: Page, bench: Bench) -> None:
    pages = bench_work(bench)
    case = bench.case.reference
    enter(page, bench.lab.analyst)
    for name in ("request", "run", "raw_files", "run_new", "finding"):
        look(page, pages[name], name, every_width=name == "run")
    look(page, "/", "today-analyst")
    look(page, reverse("web:result_list"), "results")
    look(page, reverse("web:reference", args=[bench.baseline.uuid]), "reference")
    look(page, reverse("web:method_list"), "methods")
    look(page, reverse("web:case_requests", args=[case]), "case-requests")
    look(page, reverse("web:request_new_in_case", args=[case]), "request-new")
    enter(page, bench.lab.technician)
    look(page, pages["batch"], "batch")
    look(page, reverse("web:batch_new"), "batch-new")
    page.goto(pages["batch"])
    page.get_by_label("What was seen").first.fill("A product of 250 bp")
    page.get_by_role("button", name="Failed: block the batch").first.click()
    expect(page.get_by_text("A control failed: this batch is blocked.")).to_be_visible()
    enter(page, bench.lab.manager)
    look(page, pages["batch"], "batch-blocked")
    look(page, "/", "today-manager")


def test_review_by_keyboard(page: Page, bench: Bench) -> None:
    report = support.submitted(bench)
    review = review_open(actor=bench.lab.reviewer, report=report)
    review_point_set(actor=bench.lab.reviewer, review=review, key="controls", passed=True)
    review_point_set(
        actor=bench.lab.reviewer, review=review, key="limits", passed=False, comment="Name the populations not sampled."
    )
    enter(page, bench.lab.reviewer)
    look(page, reverse("web:review_list"), "review-list")
    address = reverse("web:review", args=[review.uuid])
    look(page, address, "review", every_width=True)
    page.goto(address)
    expect(page.locator("#a-agree")).to_be_disabled()
    page.keyboard.press("j")
    expect(page.locator("#point-raw_data")).to_be_focused()
    page.keyboard.press("c")
    expect(page.locator("#point-raw_data details")).to_have_attribute("open", "")
    page.keyboard.press("Escape")
    for key in ("raw_data", "results", "findings", "limits"):
        review_point_set(actor=bench.lab.reviewer, review=review, key=key, passed=True)
    page.goto(address)
    page.locator("#a-agree").check()
    page.get_by_label("Password").fill(builders.PASSWORD)
    page.get_by_role("button", name="Sign the answer").click()
    page.wait_for_url("**/reviews/")
    look(page, reverse("web:report", args=[report.number]), "report-in-review")


def sign(page: Page, who: Actor, number: str) -> None:
    """Sign a reviewed report through its page."""
    enter(page, who)
    page.goto(reverse("web:report", args=[number]))
    page.get_by_label("Password").fill(builders.PASSWORD)
    page.get_by_role("button", name="Sign and issue").click()
    expect(page.get_by_role("link", name="Signed report, PDF")).to_be_visible()


def test_report_is_signed_on_its_page(page: Page, bench: Bench) -> None:
    report = support.reviewed(bench)
    sign(page, bench.lab.analyst, report.number)
    look(page, reverse("web:report", args=[report.number]), "report-issued")
    look(page, reverse("web:case_reports", args=[bench.case.reference]), "case-reports")
    look(page, reverse("web:report_amend", args=[report.number]), "report-amend")
    prosecutor = builders.person(Role.PROSECUTOR, name="Claire Dumont", agency=bench.case.agency)
    enter(page, builders.actor_of(prosecutor))
    look(page, reverse("web:pack_list"), "packs-prosecutor")


def pack_asked_for(page: Page, bench: Bench, prosecutor: Actor) -> None:
    """The prosecutor asks for the evidence; the manager approves, with one field withheld, and orders the pack."""
    enter(page, prosecutor)
    look(page, reverse("web:case_index", args=[bench.case.reference]), "index")
    page.goto(reverse("web:evidence_new", args=[bench.case.reference]))
    page.get_by_label("Legal basis").fill("Order 2026/118, Northern District")
    page.get_by_label("What you need").fill("Report on the tusk, with its evidence")
    page.get_by_role("button", name="Send the request").click()
    expect(page.get_by_text("Waiting for approval").first).to_be_visible()
    address = page.url
    enter(page, bench.lab.manager)
    look(page, address, "evidence-decide")
    page.goto(address)
    page.get_by_label("Approve, with the schedule below").check()
    first = page.get_by_label("What is withheld").first
    first.select_option("field:place.name")
    page.get_by_label("As the schedule names it").first.fill("Place of the seizure")
    page.get_by_label("Rule").first.fill("Order 2026/118")
    page.get_by_label("Decided by").first.fill("Northern District")
    page.get_by_role("button", name="Record the decision").click()
    page.get_by_role("button", name="Order the pack").click()
    expect(page.get_by_role("heading", name="The pack is being built")).to_be_visible()
    look(page, page.url, "pack-wait")


def test_species_run_and_pack(page: Page, bench: Bench, library: ReferenceSet) -> None:  # noqa: F811 - the fixture
    lab = bench.lab
    run = species_run(bench, library, trace_pair(bench, "Novus primus"), declared="Novus secundus")
    enter(page, lab.analyst)
    look(page, reverse("web:run", args=[run.reference]), "species", every_width=True)
    block = page.locator("pre.code").first.inner_text().strip("\n").splitlines()
    assert len(block) >= 3, "query, marks and record of an alignment stand below each other"
    assert len(block[0]) == len(block[2])
    expect(page.get_by_text("Left open:")).to_have_count(0)  # the one species that is left is the one named
    sign(page, lab.reviewer, support.reviewed(bench).number)
    outsider = builders.person(Role.PROSECUTOR, name="Claire Dumont", agency=bench.case.agency)
    case_assign(actor=lab.custodian, case=bench.case, user=outsider, role="prosecutor")
    pack_asked_for(page, bench, builders.actor_of(outsider))
    pack = pack_list(actor=lab.manager)[0]
    support.log_settle()
    pack_build(pack.pk)
    # The page that waits turns into the page of the pack by itself.
    expect(page.get_by_role("heading", name="Passed: complete, unaltered, in order")).to_be_visible()
    look(page, page.url, "pack", every_width=True)
    look(page, reverse("web:ledger"), "ledger", every_width=True)
    page.goto(reverse("web:verify"))
    with page.expect_download() as waiting:
        page.goto(reverse("web:pack", args=[pack.reference]))
        page.get_by_role("link", name="Download all").click()
    page.goto(reverse("web:verify"))
    page.get_by_label("Pack, export or proof").set_input_files(waiting.value.path())
    page.get_by_role("button", name="Verify", exact=True).click()
    expect(page.get_by_role("heading", name="Passed: complete, unaltered, in order")).to_be_visible()
    folder = os.environ.get("LAB_PICTURES")
    if folder:
        page.screenshot(path=f"{folder}/verify.png", full_page=True)
