"""Maps in reports: regions as the run drew them, with prior, areas and digest, in the PDF/A and in what is frozen."""

import hashlib
import io
from dataclasses import replace
from typing import Any

import pytest
from django.utils import timezone
from pypdf import PdfReader

from chain_of_custody.vault.services import store_current
from lims.documents.data.parts import Marks
from lims.documents.data.report import ReportData
from lims.documents.render import report_render
from lims.lab.models import Report, Run
from lims.lab.selectors.report_data import report_data, report_digest
from tests.lims.lab import methods_support as made
from tests.lims.lab.support import Bench, finding, report


def _draft(bench: Bench, run: Run) -> Report:
    outcome = run.outcomes.order_by("number")[0]
    return report(bench, finding(bench, outcome, text=outcome.summary["statement"], identification=""))


def _data(draft: Report) -> ReportData:
    return report_data(draft, kind="draft", issued_at=timezone.now(), marks=Marks(), signer=None)


def _stored(run: Run, name: str) -> bytes:
    file = run.outputs.get(name=name).file
    with store_current().open(file.digest, version=file.store_version) as chunks:
        return b"".join(chunks)


def _flat(pdf: bytes) -> str:
    pages = PdfReader(io.BytesIO(pdf)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


@pytest.fixture
def placed(bench: Bench) -> Run:
    """A run about isotopes, finished."""
    iso = made.reference(bench, "isoscape", "Rain", made.isoscape(), element="H")
    return made.run(bench, "origin.isotope", {"measurements": "id,value,scale\nS,-45,LAB\nT,-80,LAB\n"}, iso)


def test_an_isotope_result_has_its_surface_as_drawing_and_picture(placed: Run) -> None:
    names = set(placed.outputs.values_list("name", flat=True))
    assert {"surface-0001.svg", "surface-0001.png", "surface-0002.png", "regions-0001.geojson"} <= names
    assert _stored(placed, "surface-0001.png").startswith(b"\x89PNG\r\n")
    assert _stored(placed, "surface-0001.png") != _stored(placed, "surface-0002.png")


def test_the_report_shows_the_surface_with_prior_areas_and_digest(bench: Bench, placed: Run) -> None:
    draft = _draft(bench, placed)
    (figure,) = _data(draft).figures
    drawing = _stored(placed, "surface-0001.svg")
    assert figure.svg.encode() == drawing, "the drawing of this sample, not of the other"
    assert "flat prior over the isoscape" in figure.caption
    wide = next(one for one in placed.outcomes.get(number=1).summary["numbers"] if one["name"] == "area_95_flat")
    assert f"95 % region {wide['value']:,.0f} km²" in figure.caption
    assert hashlib.sha256(drawing).hexdigest() in figure.caption
    pdf = report_render(_data(draft))
    assert b"<pdfaid:part>3</pdfaid:part>" in pdf
    printed = _flat(pdf)
    assert f"{wide['value']:,.0f} km²" in printed
    assert "inner region 50 %, outer 95 %" in printed, "the drawing itself, not only its caption"


def test_a_report_in_french_names_the_prior_in_french(bench: Bench, placed: Run) -> None:
    draft = _draft(bench, placed)
    draft.language = "fr"
    (figure,) = _data(draft).figures
    assert "a priori" in figure.caption
    assert "flat prior" not in figure.caption


def test_what_is_frozen_names_the_drawing_without_reading_it(
    bench: Bench, placed: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = _draft(bench, placed)

    def unread(_file: Any) -> bytes:
        raise AssertionError("the digest of a report reads no drawing")

    before = report_digest(draft)
    monkeypatch.setattr("lims.lab.selectors.report_figures.run_output_content", unread)
    assert report_digest(draft) == before
    output = placed.outputs.get(name="surface-0001.svg")
    output.file = placed.outputs.get(name="surface-0002.svg").file
    output.save()
    assert report_digest(draft) != before, "another drawing is another report"


def test_a_map_stands_in_the_report_under_both_priors(bench: Bench) -> None:
    data = made.isolated()
    run = made.run(
        bench, "origin.map", {"genotypes": data.sampled_csv}, made.mapped(bench, data), id_column="id", calibrated=False
    )
    told = _data(_draft(bench, run))
    assert [one.caption.partition(": ")[2].partition(" prior")[0] for one in told.figures] == [
        "flat",
        "sampling-density",
    ]
    numbers = {one["name"]: one["value"] for one in run.outcomes.get(number=1).summary["numbers"]}
    for figure, prior in zip(told.figures, ("flat", "density"), strict=True):
        for level in ("50", "95"):
            assert f"{level} % region {numbers[f'area_{level}_{prior}']:,.0f} km²" in figure.caption
    bare = report_render(replace(told, figures=()))
    assert len(report_render(told)) > len(bare)


def test_findings_without_a_map_bring_no_figure(bench: Bench) -> None:
    curve = made.reference(bench, "curve", "Tent", {"tent.csv": made.TENT}, zone="NH1")
    run = made.run(bench, "age.radiocarbon", {"measurements": "id,f14c,sigma\nT,1.5,0.01\n"}, curve)
    assert _data(_draft(bench, run)).figures == ()
