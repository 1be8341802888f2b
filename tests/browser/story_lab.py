"""The main job, clicked, second half: from raw files to a pack that a stranger verifies."""

import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from playwright.sync_api import FilePayload, Page, expect

from analysis.origin.synthetic import synthetic_data
from analysis.species.abif import abif_bytes, trace_synthesise
from analysis.species.bases import reverse_complement
from analysis.species.synthetic import barcodes
from tests.browser.story import RESULT_MS, fill, follow, menu, press
from tests.lims import builders
from tests.lims.lab.support import DESIGN

FOUND = "Loxodonta africana"
SPECIES = (FOUND, "Loxodonta cyclotis", "Elephas maximus", "Panthera tigris", "Panthera leo", "Bos taurus",
           "Manis javanica", "Manis pentadactyla", "Smutsia gigantea", "Diceros bicornis")  # fmt: skip
_RUN_ON = date(2026, 11, 3)


@dataclass(frozen=True, slots=True)
class Material:
    """Reference data and raw files, all from our own generators."""

    barcodes: FilePayload
    baseline: FilePayload
    forward: FilePayload
    reverse: FilePayload
    genotypes: FilePayload
    strangers: tuple[str, ...]


def material() -> Material:
    """A species set of ten, a pair of traces of one of them, genotypes of which some come from no population."""
    library = barcodes(list(SPECIES), seed=7)
    sequence = next(one.sequence for one in library if one.species == FOUND)
    other = reverse_complement(sequence.encode()).decode()
    origin = synthetic_data(DESIGN)
    return Material(
        barcodes=_file("COI.fasta", "".join(one.fasta for one in library).encode()),
        baseline=_file("baseline.csv", origin.baseline_csv.encode()),
        forward=_file("S01-F.ab1", abif_bytes(trace_synthesise(sequence, sample="S01-F", seed=1, run_on=_RUN_ON))),
        reverse=_file("S01-R.ab1", abif_bytes(trace_synthesise(other, sample="S01-R", seed=2, run_on=_RUN_ON))),
        genotypes=_file("genotypes.csv", origin.samples_csv.encode()),
        strangers=tuple(name for name, population in origin.truth.items() if population is None),
    )


def _file(name: str, content: bytes) -> FilePayload:
    return {"name": name, "mimeType": "application/octet-stream", "buffer": content}


def propose_reference(page: Page, kind: str, name: str, file: FilePayload) -> None:
    """The analyst proposes a reference set."""
    menu(page, "Reference sets")
    follow(page, "Propose")
    follow(page, kind)
    page.get_by_label("Name", exact=True).fill(name)
    fill(page, Edition="1", Where_it_comes_from="Made by our own generator")
    page.get_by_label("Invented data").check()
    page.get_by_label("Source files").set_input_files(file)
    press(page, "Build and propose")
    expect(page.get_by_role("heading", name="Contents")).to_be_visible(timeout=RESULT_MS)
    expect(page.locator(".badges")).to_contain_text("Proposed")


def approve_references(page: Page, number: int) -> None:
    """The manager takes the second look that Today asks for."""
    for _turn in range(number):
        page.goto("/")
        follow(page, "Look at it")
        page.get_by_label("What was checked").fill("Checked against the generator.")
        press(page, "Approve for casework")
        expect(page.locator("#facts")).to_contain_text("Approved")


def hand_in_files(page: Page, sample: str, files: Material) -> None:
    """The technician hands in raw files; a file that is no trace is refused and nothing of it kept."""
    page.goto(f"/items/{sample}/")
    follow(page, "Raw files and runs")
    page.get_by_label("Trace, forward").set_input_files(_file("S01-F.ab1", b"no trace at all"))
    press(page, "Check and keep the files")
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_label("Trace, forward").set_input_files(files.forward)
    page.get_by_label("Trace, reverse").set_input_files(files.reverse)
    page.get_by_label("Genotype table").set_input_files(files.genotypes)
    press(page, "Check and keep the files")
    expect(page.get_by_role("link", name="S01-R.ab1")).to_be_visible()
    expect(page.get_by_role("link", name="S01-F.ab1")).to_have_count(1)


def start_run(page: Page, sample: str, method: str) -> None:
    """The analyst starts a run and stays on its page until the result stands there."""
    page.goto(f"/items/{sample}/raw/")
    follow(page, "Start a run")
    if method == "Geographic origin":
        follow(page, method)
        fill(page, Genotypes_made_for_the_exclusion_test="1000")
    press(page, "Start the run")
    expect(page.get_by_role("link", name="Record a finding")).to_be_visible(timeout=RESULT_MS)


def record_finding(page: Page) -> None:
    """A finding that says what the result says."""
    follow(page, "Record a finding")
    press(page, "Record it")
    expect(page.get_by_role("heading", name="Record a finding")).to_have_count(0)


def draft_report(page: Page, case: str) -> str:
    """The analyst drafts from the findings and sends the draft to review; returns its number."""
    page.goto(f"/cases/{case}/")
    follow(page, "Reports")
    follow(page, "Draft a report")
    fill(page, Title="Species and origin of a tusk", Question_that_was_asked="Which species, and from where?")
    page.get_by_label("Limits").fill("Relates to the sub-sample tested.")
    press(page, "Save the draft")
    expect(page.locator(".facts")).to_contain_text("2 findings")
    press(page, "Send to review")
    expect(page.locator(".facts")).to_contain_text("In technical review")
    return page.url.rstrip("/").rsplit("/", 1)[1]


def review_own(page: Page, number: str) -> None:
    """The author is offered no review; sending the form all the same is refused in words."""
    page.goto(f"/reports/{number}/")
    expect(page.get_by_role("button", name="Take the review")).to_have_count(0)
    page.evaluate(
        """action => {
            const form = document.createElement("form"), token = document.createElement("input");
            Object.assign(form, {method: "post", action});
            token.name = "csrfmiddlewaretoken";
            token.value = JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRFToken"];
            form.append(token);
            document.body.append(form);
            form.submit();
        }""",
        f"/reports/{number}/review/",
    )
    expect(page.get_by_text(f"You wrote or analysed part of {number}. Somebody else reviews it.")).to_be_visible()


def take_review(page: Page) -> None:
    """A second person takes the review that is due."""
    menu(page, "To review")
    press(page, "Take the review")
    expect(page.locator("#a-agree")).to_be_disabled()


def agree(page: Page) -> None:
    """Pass every point, then agree with the password."""
    points = page.locator("#points li[data-point]")
    for place in range(points.count()):
        point = points.nth(place)
        point.locator("summary").click()
        point.get_by_role("button", name="Pass this point").click()
        expect(point).to_have_class("ok")
    page.locator("#a-agree").check()
    fill(page, Password=builders.PASSWORD)
    press(page, "Sign the answer")
    expect(page.get_by_role("heading", level=1)).to_have_text("To review")


def sign(page: Page, number: str) -> bytes:
    """The author signs with the password, a wrong one refused; returns the signed PDF."""
    page.goto(f"/reports/{number}/")
    fill(page, Password="not the password")
    press(page, "Sign and issue")
    expect(page.get_by_role("alert")).to_contain_text("password is not right")
    fill(page, Password=builders.PASSWORD)
    press(page, "Sign and issue")
    expect(page.locator(".facts")).to_contain_text("Issued")
    with page.expect_download() as download:
        follow(page, "Signed report, PDF")
    return Path(download.value.path()).read_bytes()


def assign_prosecutor(page: Page, case: str, name: str) -> None:
    """The custodian assigns the prosecutor to the case."""
    page.goto(f"/cases/{case}/")
    press(page, "More")
    follow(page, "Assign an investigator or prosecutor")
    person = page.get_by_label("Person")
    person.select_option(label=person.get_by_role("option", name=name).inner_text())
    page.get_by_label("As", exact=True).select_option(label="Prosecutor")
    press(page, "Assign")
    expect(page.get_by_text(name).first).to_be_visible()


def ask_for_evidence(page: Page) -> None:
    """The prosecutor, who had no menu before she was assigned, asks for the record of the case."""
    page.goto("/")
    menu(page, "Disclosure packs")
    follow(page, "Ask for evidence")
    fill(page, Legal_basis="Court order 12/2026", What_you_need="The whole record")
    press(page, "Send the request")
    expect(page.locator(".facts")).to_contain_text("Waiting for approval")


def approve_and_build(page: Page) -> None:
    """The manager withholds one field, approves, and orders the pack."""
    page.goto("/")
    follow(page, "Decide")
    page.locator("[name=row0-what]").select_option(label="The place of the seizure, with its coordinates")
    for name, value in {"description": "Place", "rule": "Protection of an informant", "decided_by": "Court"}.items():
        page.locator(f"[name=row0-{name}]").fill(value)
    page.get_by_role("radio", name="Approve").check()
    press(page, "Record the decision")
    press(page, "Order the pack")
    expect(page.get_by_role("link", name="Download all")).to_be_visible(timeout=RESULT_MS)


def fetch_pack(page: Page, target: Path) -> None:
    """The prosecutor downloads the pack."""
    menu(page, "Disclosure packs")
    page.get_by_role("main").get_by_role("table").get_by_role("link", name=re.compile("DP01")).first.click()
    expect(page.get_by_text("Passed: complete, unaltered, in order")).to_be_visible()
    with page.expect_download() as download:
        follow(page, "Download all")
    download.value.save_as(target)


def verdict(page: Page, archive: Path, *, keys: str = "", own: bool = False) -> str:
    """What the public page says of a file, trusting the given keys."""
    page.goto("/verify/")
    page.get_by_label("Pack, export or proof").set_input_files(archive)
    page.get_by_label("Trust the keys").set_checked(own)
    page.get_by_label("Keys you got on another way").fill(keys)
    press(page, "Verify")
    answer = page.locator(".verdict").first
    expect(answer).to_be_visible()
    return answer.inner_text()
