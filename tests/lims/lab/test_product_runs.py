"""Products in the laboratory: handed in, run as a job, read on a page; damaged files and other roles are refused."""

import gzip
import random
from datetime import date
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from lims.lab.enums import JobState
from lims.lab.models import ReferenceSet, Run
from lims.lab.rules.listing import Kind
from lims.lab.selectors.caselaw import names_asked, outcome_rulings
from lims.lab.services.runs import run_cancel
from lims.lab.tasks import run_execute
from tests.lims.lab.law_support import law
from tests.lims.lab.support import SEQUENCES, Bench, barcode_set, species_run, upload
from tests.lims.web.laboratory import enter

pytestmark = pytest.mark.commits
FIRST, SECOND, THIRD = "Novus primus", "Vagus secundus", "Pictus tertius"


@pytest.fixture
def library(bench: Bench) -> ReferenceSet:
    return barcode_set(bench.lab)


def reads(*parts: tuple[str, int], seed: int = 1) -> bytes:
    """FASTQ of so many error-free reads of each species, mixed."""
    names = [name for name, count in parts for _ in range(count)]
    random.Random(seed).shuffle(names)
    rows = (f"@r{n}\n{SEQUENCES[name]}\n+\n{'I' * len(SEQUENCES[name])}\n" for n, name in enumerate(names))
    return gzip.compress("".join(rows).encode(), mtime=0)


def test_a_product_is_handed_in_run_and_read(client: Client, bench: Bench, library: ReferenceSet) -> None:
    enter(client, bench.lab.analyst)
    raw = reverse("web:raw_files", args=[bench.item.reference])
    files = {
        "amplicons": SimpleUploadedFile("powder.fastq.gz", reads((FIRST, 60), (SECOND, 20), (THIRD, 10))),
        "blank": SimpleUploadedFile("blank.fastq.gz", reads((THIRD, 12), seed=2)),
    }
    assert client.post(raw, files).status_code == 302
    address = reverse("web:run_new", args=[bench.item.reference, "species.product"])
    form = client.get(address).content.decode()
    assert "powder.fastq.gz" in form
    stored = {file.role: file.pk for file in bench.item_files()}
    started = client.post(
        address,
        {
            f"file_{stored['amplicons']}": "amplicons",
            f"file_{stored['blank']}": "blank",
            "reference": str(library.uuid),
            "declared": f"{FIRST}; {THIRD}",
            "least": "8",
            "seed": "1",
        },
    )
    assert started.status_code == 302, started.content.decode()
    run = Run.objects.get()
    assert run.parameters == {"declared": f"{FIRST}; {THIRD}", "least": 8}
    run_execute(run.pk)
    run.refresh_from_db()
    assert (run.state, run.error) == (JobState.DONE, "")
    assert [(one.identification, one.name) for one in run.outcomes.order_by("number")] == [
        ("mixture", f"{FIRST}, {SECOND}"),
        ("species", FIRST),
        ("species", SECOND),
        ("inconclusive", ""),
    ]
    shown = client.get(started["Location"]).content.decode()
    for words in ("What is in the product", "a control shows it", "66.7", "What the label says", "not found"):
        assert words in shown, words
    assert "<svg" in shown
    one = client.get(f"{started['Location']}?outcome=2").content.decode()
    assert FIRST in one
    assert "Wrong on known samples" in one


def test_lists_of_the_law_are_asked_after_each_species_of_a_product(
    client: Client, bench: Bench, library: ReferenceSet
) -> None:
    head = "ScientificName,Rank,Family,ChangeType,Appendix,EffectiveAt,Populations,FullAnnotationEnglish,Synonyms\n"
    law(bench.lab, f"{head}{SECOND},SPECIES,Fictidae,ADDITION,I,01/01/2000,,,\n")
    bench.case.offence_date = date(2010, 1, 1)
    bench.case.save(update_fields=["offence_date"])
    powder = upload(bench, reads((FIRST, 60), (SECOND, 30)), "powder.fastq.gz", "amplicons")
    run = species_run(bench, library, [("amplicons", powder)], "species.product")
    whole = run.outcomes.get(identification="mixture")
    told = {one.name_found: (one.kind, one.categories) for one in outcome_rulings(whole)}
    assert told == {FIRST: (Kind.UNKNOWN_NAME, ()), SECOND: (Kind.LISTED, ("I",))}
    enter(client, bench.lab.analyst)
    shown = client.get(reverse("web:run", args=[run.reference])).content.decode()
    assert "Appendix I on 1 Jan 2010" in shown
    assert f"{FIRST}, {SECOND} is not a name" not in shown


@pytest.mark.parametrize(
    ("identification", "name", "among", "asked"),
    [
        ("mixture", "Aus albus + Bus niger", (), ("Aus albus", "Bus niger")),
        ("mixture", "Aus albus; Bus niger, Aus albus", (), ("Aus albus", "Bus niger")),
        ("mixture", "Aus albus, Bus niger, Cus ruber", ("Aus albus", "Dus viridis"), ("Aus albus", "Dus viridis")),
        ("species_group", "", ("Aus albus", "Bus niger"), ("Aus albus", "Bus niger")),
        ("species_group", "Aus", ("Aus albus", "Aus niger"), ("Aus",)),
        ("species", "Aus albus", (), ("Aus albus",)),
        ("mixture", "", (), ()),
    ],
)
def test_names_of_a_mixture_are_told_apart(
    identification: str, name: str, among: tuple[str, ...], asked: tuple[str, ...]
) -> None:
    assert names_asked(identification, name, among) == asked


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (reads((FIRST, 40))[:-30], "cannot be read on"),
        (b"@r1\nACGT\n+\nII\n", "row 1"),
        (gzip.compress(b"", mtime=0), "holds no read"),
    ],
)
def test_damaged_reads_are_refused_before_they_are_kept(
    client: Client, bench: Bench, content: bytes, words: str
) -> None:
    enter(client, bench.lab.technician)
    raw = reverse("web:raw_files", args=[bench.item.reference])
    refused = client.post(raw, {"amplicons": SimpleUploadedFile("p.fastq.gz", content)})
    assert refused.status_code == 422
    assert words in refused.content.decode()
    assert bench.item_files() == []


def test_a_product_of_which_no_sequence_remains_is_an_answer_not_a_failure(
    client: Client, bench: Bench, library: ReferenceSet
) -> None:
    poor = f"@r\n{SEQUENCES[FIRST]}\n+\n{'#' * len(SEQUENCES[FIRST])}\n".encode()
    # Plain FASTQ under a name that promises gzip is read as what it is.
    run = species_run(
        bench, library, [("amplicons", upload(bench, poor, "poor.fastq.gz", "amplicons"))], "species.product"
    )
    assert (run.state, run.error) == (JobState.DONE, "")
    assert [one.identification for one in run.outcomes.all()] == ["no_result"]
    enter(client, bench.lab.analyst)
    assert client.get(reverse("web:run", args=[run.reference])).status_code == 200
    start = reverse("web:run_new", args=[bench.item.reference, "species.product"])
    refused = client.post(start, {"seed": str(10**20), "reference": str(library.uuid)})
    assert refused.status_code == 422
    assert "2147483647" in refused.content.decode()


def test_reads_cut_off_in_the_store_fail_the_run_with_the_file(bench: Bench, library: ReferenceSet) -> None:
    cut = upload(bench, reads((FIRST, 40))[:-30], "powder.fastq.gz", "amplicons")
    run = species_run(bench, library, [("amplicons", cut)], method="species.product")
    assert run.state == JobState.FAILED
    assert "powder.fastq.gz" in run.error
    assert run.outcomes.count() == run.outputs.count() == 0


def test_a_run_cancelled_in_the_middle_writes_nothing(
    bench: Bench, library: ReferenceSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cancelled by another person while the worker reads: the next step of the work sees it."""
    from lims.lab.services import jobs

    file = upload(bench, reads((FIRST, 60)), "powder.fastq.gz", "amplicons")
    told = jobs.Heart.progress

    def progress(self: Any, share: float, words: str) -> None:
        if words.startswith("identifying") and not Run.objects.get().cancel_requested:
            run_cancel(actor=bench.lab.technician, run=Run.objects.get())
            self._beat()
        told(self, share, words)

    monkeypatch.setattr(jobs.Heart, "progress", progress)
    run = species_run(bench, library, [("amplicons", file)], method="species.product")
    assert run.state == JobState.CANCELLED
    assert run.outcomes.count() == run.outputs.count() == 0


def test_whoever_may_not_start_runs_does_not(client: Client, bench: Bench) -> None:
    address = reverse("web:run_new", args=[bench.item.reference, "species.product"])
    for who in (bench.lab.custodian, bench.lab.manager, bench.lab.reviewer):
        assert enter(client, who).get(address).status_code == 403
