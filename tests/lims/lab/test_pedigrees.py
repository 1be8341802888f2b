"""Claimed pedigrees as jobs: from the tables handed in to the figure of the report; what cannot be is refused."""

import io
import json

import pytest
from django.utils import timezone
from pypdf import PdfReader

from chain_of_custody.vault.services import store_current
from lims.common.errors import BadInput
from lims.demonstration.synthetic import bred_parrots, registered_profiles
from lims.documents.data.parts import Marks
from lims.documents.data.report import ReportData
from lims.documents.render import report_render
from lims.lab.models import ReferenceSet, Run
from lims.lab.selectors.regions import reference_regions
from lims.lab.selectors.report_data import report_data
from lims.lab.services.runs import run_rerun
from lims.lab.tasks import run_execute
from tests.lims.lab import methods_support as made
from tests.lims.lab.support import Bench, finding, report


@pytest.fixture
def wild(bench: Bench) -> ReferenceSet:
    return made.parrots(bench)


def _bytes(run: Run, name: str) -> bytes:
    file = run.outputs.get(name=name).file
    with store_current().open(file.digest, version=file.store_version) as chunks:
        return b"".join(chunks)


def _data(bench: Bench, run: Run, language: str) -> ReportData:
    outcome = run.outcomes.get(number=1)
    draft = report(bench, finding(bench, outcome, text=outcome.summary["statement"], identification=""))
    draft.language = language
    return report_data(draft, kind="draft", issued_at=timezone.now(), marks=Marks(), signer=None)


def test_a_pedigree_is_one_answer_and_one_for_each_claim(bench: Bench, wild: ReferenceSet) -> None:
    """The bird that was caught in the wild breaks it; the families of the generator are true."""
    run = made.pedigree(bench, wild)
    assert (run.state, run.error) == ("done", "")
    assert [(one.subject, one.identification) for one in run.outcomes.order_by("number")] == [
        ("claims.csv", "pedigree_excluded"),
        ("SYN-F1A", "parents_possible"),
        ("SYN-F1B", "parents_possible"),
        ("SYN-RING-0407", "parents_excluded"),
        ("SYN-F2A", "parents_possible"),
        ("SYN-F2B", "parents_possible"),
    ]
    found = json.loads(_bytes(run, "parentage.json"))["pedigree"]
    assert (found["first"], found["first_row"], found["tests"]) == ("SYN-RING-0407", 4, 5)
    assert found["alpha_each"] == pytest.approx(0.001 / 5)
    again = run_rerun(actor=bench.lab.analyst, run=run)
    run_execute(again.pk)
    again.refresh_from_db()
    assert again.identical is True


@pytest.mark.parametrize("language", ["en", "fr", "es"])
def test_the_report_shows_the_drawing_once_and_explains_it(bench: Bench, wild: ReferenceSet, language: str) -> None:
    words = {"en": "broken and crossed out: excluded", "fr": "barré d’une croix : exclu", "es": "tachada con una cruz"}
    run = made.pedigree(bench, wild)
    told = _data(bench, run, language)
    (figure,) = told.figures
    assert figure.svg.encode() == _bytes(run, "pedigree.svg")
    assert words[language] in figure.caption
    assert run.outputs.get(name="pedigree.svg").file.digest in figure.caption
    printed = " ".join(
        " ".join(page.extract_text() for page in PdfReader(io.BytesIO(report_render(told))).pages).split()
    )
    assert "It breaks first at SYN-RING-0407" in printed
    assert words[language] in printed


@pytest.mark.parametrize(
    ("claims", "told"),
    [
        ("young,mother,father\nA,B,C\n", "row 2, field young: «A» is not in the genotype table"),
        (
            "young,mother,father\nSYN-F1A,SYN-DAM-1,SYN-SIRE-1\nSYN-DAM-1,SYN-F1A,\n",
            "claims.csv, row 2, field young: «SYN-F1A» is its own ancestor",
        ),
        (
            "young,mother,father\nSYN-F1A,SYN-DAM-1,SYN-SIRE-1\nSYN-F1B,SYN-SIRE-1,\n",
            "row 3, field mother: «SYN-SIRE-1» is a father in row 2 and a mother here",
        ),
        (
            "young,mother,father\nSYN-F1A,SYN-DAM-1,\nSYN-F1A,SYN-DAM-2,\n",
            "row 3, field young: Parents of «SYN-F1A» are claimed twice, and differently (row 2 too)",
        ),
    ],
    ids=["unknown", "circle", "sexes", "twice"],
)
def test_a_pedigree_that_cannot_be_fails_with_file_row_and_remedy(
    bench: Bench, wild: ReferenceSet, claims: str, told: str
) -> None:
    run = made.run(bench, "individual.parentage", {"genotypes": bred_parrots().decode(), "claims": claims}, wild)
    assert run.state == "failed"
    assert told in run.error
    assert not run.outcomes.exists()


def test_a_level_that_is_none_and_a_table_beside_a_single_claim_are_refused(bench: Bench, wild: ReferenceSet) -> None:
    with pytest.raises(BadInput) as refused:
        made.pedigree(bench, wild, alpha=0)
    assert (refused.value.code, refused.value.field) == ("out-of-range", "alpha")
    run = made.pedigree(bench, wild, young="SYN-F1A", mother="SYN-DAM-1")
    assert "A table of claims and a single claim were given" in run.error


def test_frequencies_of_one_region_are_named_in_the_result_and_checked_before_the_run(
    bench: Bench, wild: ReferenceSet
) -> None:
    regions = reference_regions(wild)
    region = next(name for name, animals in regions.items() if animals == 40)
    run = made.pedigree(bench, wild, frequencies_of=region)
    assert run.state == "done", run.error
    (first, *_) = json.loads(_bytes(run, "outcomes.json"))
    told = next(one["text"] for one in first["diagnostics"] if one["code"] == "frequencies")
    assert told == f"frequencies of 40 animals of «Wild parrots: {region}»"
    files = {"genotypes": bred_parrots().decode()}
    with pytest.raises(BadInput) as refused:
        made.run(bench, "individual.kin", files, wild, frequencies_of="Atlantis")
    assert (refused.value.code, refused.value.field) == ("unknown-region", "frequencies_of")
    assert region in refused.value.message
    known = made.reference(bench, "profiles", "Known", {"k.csv": registered_profiles()}, id_column="id")
    with pytest.raises(BadInput) as none_here:
        made.run(bench, "individual.match", files, known, frequencies_of=region)
    assert none_here.value.code == "no-regions"
