"""Runs about origin on the map, individuals, age and keeping: from a reference of each kind to the report."""

import io
import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pypdf import PdfReader

from chain_of_custody.vault.services import store_current
from lims.common.errors import BadInput, RuleViolation
from lims.documents.data.report import ReportData
from lims.documents.render import report_render
from lims.lab.models import Run
from lims.lab.selectors.report_data import report_data
from lims.lab.selectors.results import run_figures
from lims.lab.selectors.scales import scale_now, scale_on
from lims.lab.services.references import reference_propose, reference_retire
from lims.lab.services.runs import run_rerun
from lims.lab.tasks import run_execute
from tests.lims.lab import methods_support as made
from tests.lims.lab.support import Bench, finding, report
from tests.lims.web.laboratory import enter


def _output(run: Run, name: str) -> Any:
    file = run.outputs.get(name=name).file
    with store_current().open(file.digest, version=file.store_version) as chunks:
        return json.loads(b"".join(chunks))


def _report(bench: Bench, run: Run) -> ReportData:
    outcome = run.outcomes.order_by("number")[0]
    draft = report(bench, finding(bench, outcome, text=outcome.summary["statement"], identification=""))
    from django.utils import timezone

    from lims.documents.data.parts import Marks

    return report_data(draft, kind="draft", issued_at=timezone.now(), marks=Marks(), signer=None)


def test_a_map_is_a_job_with_regions_figures_and_a_repeat_of_the_same_bytes(bench: Bench) -> None:
    data = made.isolated()
    used = made.mapped(bench, data)
    places = used.checks["places"]
    assert sum(one["animals"] for one in places) == used.records == 12 * 8
    assert used.checks["validation"]["differentiation"]["fst"] > 0
    assert used.checks["equilibrium"]["hardy_weinberg_tests"] > 0
    run = made.run(bench, "origin.map", {"genotypes": data.sampled_csv}, used, id_column="id")
    assert (run.state, run.error) == ("done", "")
    assert {one.identification for one in run.outcomes.all()} == {"region"}
    names = [name for name, _content in run_figures(run=run, number=1)]
    assert names == ["map-0001", "map-density-0001", "calibration"]
    again = run_rerun(actor=bench.lab.analyst, run=run)
    run_execute(again.pk)
    again.refresh_from_db()
    assert again.identical is True
    told = _report(bench, run)
    assert any(one.name == "area_95_flat" and one.unit == "km²" for one in told.results)
    assert any("population was left out" in one.statement for one in told.error_rates)
    assert any("outside it cannot be shown" in limit for limit in told.limits)


def test_a_match_stands_in_the_report_in_number_and_in_the_words_of_the_approved_scale(bench: Bench) -> None:
    known = made.reference(
        bench, "profiles", "Known animals", {"known.csv": bench.data.baseline_csv.encode()}, id_column="id"
    )
    rows = bench.data.baseline_csv.splitlines()
    again = "\n".join([rows[0], rows[5].replace(rows[5].split(",")[1], "SYN-AGAIN")])
    run = made.run(bench, "individual.match", {"genotypes": again}, known)
    (only,) = run.outcomes.all()
    assert (only.identification, only.name) == ("match", rows[5].split(",")[1])
    assert only.summary["likelihood_ratio"]["log10"] > 3
    before = _report(bench, run)
    assert (before.findings[0].verbal, before.verbal_scales) == ("", ())
    scale = made.reference(bench, "scale", "House scale", {"scale.csv": made.SCALE.encode()})
    told = _report(bench, run)
    assert told.findings[0].verbal == "strong (House 1)"
    assert told.findings[0].likelihood_ratio.startswith("10^")
    assert told.findings[0].propositions[0] == "Both profiles are of one animal."
    assert told.verbal_scales[0].bands == (("1", "1,000", "weak"), ("1,000", "", "strong"))
    assert told.verbal_scales[0].signed_off.startswith(bench.lab.manager.name)
    results = {one.name: one for one in told.results}
    assert results["match_probability"].interval
    pages = PdfReader(io.BytesIO(report_render(told))).pages
    printed = " ".join(" ".join(page.extract_text() for page in pages).split())
    number, words = told.findings[0].likelihood_ratio, told.findings[0].verbal
    beside = printed.index(words)
    assert number in printed[beside - 80 : beside], "number and words stand together"
    annex = printed[printed.rindex("House rules") :]
    for bound in ("1,000", "weak", "strong", bench.lab.manager.name, told.verbal_scales[0].digest[:16]):
        assert bound in annex, bound
    moment = run.finished_at
    assert moment is not None
    assert scale_on(moment) is None, "it was approved after the run"
    reference_retire(actor=bench.lab.manager, reference=scale, reason="a newer one")
    assert scale_now() is None
    assert told.findings[0].verbal == _report_again(bench, run)


def _report_again(bench: Bench, run: Run) -> str:
    """A finding of a day keeps the scale of that day, also once it is retired."""
    return _report(bench, run).findings[0].verbal


def test_a_screen_for_relatives_gives_no_pair_to_a_report(bench: Bench) -> None:
    run = made.run(bench, "individual.kin", {"genotypes": bench.data.samples_csv}, bench.baseline, least_lr=1)
    (only,) = run.outcomes.all()
    assert only.identification == "kin_screen"
    assert "No single pair is evidence" in only.summary["statement"]
    told = _report(bench, run)
    assert told.findings[0].likelihood_ratio == ""
    pairs = _output(run, "kin.json")["pairs"]
    assert pairs
    assert not any(pairs[0]["a"] in one.definition + one.name for one in told.results)


def test_radiocarbon_keeping_isotopes_and_haplotypes_run_as_jobs(bench: Bench) -> None:
    curve = made.reference(bench, "curve", "Tent", {"tent.csv": made.TENT}, zone="NH1")
    assert (curve.records, curve.summary["hemisphere"]) == (3, "north")
    dated = made.run(bench, "age.radiocarbon", {"measurements": "id,f14c,sigma\nT,1.5,0.01\n"}, curve)
    assert dated.outcomes.get().identification == "dated"
    assert [name for name, _content in run_figures(run=dated, number=1)] == ["calibration-0001"]
    wrong = made.run(bench, "age.radiocarbon", {"measurements": "id,f14c,sigma,zone\nT,1.5,0.01,SH3\n"}, curve)
    assert wrong.state == "failed"
    assert "zone" in wrong.error
    assert "Choose the curve of the zone" in wrong.error
    training = made.reference(
        bench, "training", "Claws", {"t.csv": made.training_csv()}, class_column="keeping", variables="d13C, d15N"
    )
    assert sum(sum(row.values()) for row in training.checks["confusion"].values()) == 60
    table = "id,d13C,d15N\nW,-20.2,8.1\nX,40,60\n"
    judged = made.run(bench, "captivity.classify", {"measurements": table}, training)
    assert [one.identification for one in judged.outcomes.order_by("number")] == ["keeping", "out_of_domain"]
    iso = made.reference(bench, "isoscape", "Rain", made.isoscape(), element="H")
    assert [one["level"] for one in iso.checks["coverage"]] == [0.5, 0.75, 0.9, 0.95]
    placed = made.run(bench, "origin.isotope", {"measurements": "id,value,scale\nS,-45,LAB\n"}, iso)
    assert placed.outcomes.get().identification == "region"
    rows = b"region,site,haplotype\nNorth,N1,H1\nSouth,S1,H2\n"
    haplotypes = made.reference(bench, "haplotypes", "Mothers", {"h.csv": rows})
    seen = made.run(bench, "origin.haplotype", {"measurements": "id,haplotype\nA,H2\nB,H9\n"}, haplotypes)
    answers = [one.identification for one in seen.outcomes.order_by("number")]
    assert answers == ["haplotype_seen", "haplotype_not_seen"]


def test_a_method_refuses_a_reference_of_another_kind_and_a_set_its_wrong_files(bench: Bench) -> None:
    curve = made.reference(bench, "curve", "Tent", {"tent.csv": made.TENT})
    with pytest.raises(RuleViolation, match="needs «Reference population data»") as refused:
        made.run(bench, "origin.map", {"genotypes": bench.data.samples_csv}, curve)
    assert refused.value.code == "other-kind"
    asked: dict[str, Any] = {"actor": bench.lab.analyst, "edition": "1", "provenance": "x", "name": "n"}
    with pytest.raises(BadInput) as no_files:
        reference_propose(kind="isoscape", files=[], parameters={"element": "H"}, **asked)
    assert no_files.value.field == "files"
    with pytest.raises(BadInput) as one_file:
        reference_propose(kind="isoscape", files=[("a.tif", io.BytesIO(b"x"))], parameters={"element": "H"}, **asked)
    assert one_file.value.code == "bad-count"
    with pytest.raises(BadInput) as not_named:
        reference_propose(kind="training", files=[("t.csv", io.BytesIO(b"x"))], parameters={}, **asked)
    assert not_named.value.field == "class_column"
    with pytest.raises(BadInput) as unknown:
        reference_propose(kind="curve", files=[("t.csv", io.BytesIO(b"x"))], parameters={"locus": "COI"}, **asked)
    assert unknown.value.code == "unknown-parameter"


def test_scales_of_an_isoscape_stand_on_its_page_and_a_value_that_fits_nowhere_has_no_region(
    bench: Bench, client: Client
) -> None:
    """The laboratory's own table joins «LAB» and «OTHER» by two standards; «ALONE» shares none of them."""
    head = "name,element,low_standard,low,low_error,high_standard,high,high_error"
    rows = ["LAB,H,CBS,-197,1.8,KHS,-54,0.6", "OTHER,H,CBS,-187,2,KHS,-50,1", "ALONE,H,X,-187,2,Y,-50,1"]
    scales = "\n".join([head, *rows]).encode()
    iso = made.reference(bench, "isoscape", "Rain", {**made.isoscape(), "scales.csv": scales}, element="H", scale="LAB")
    told = {one["name"]: one["comparable"] for one in iso.checks["scales"]}
    assert told == {"LAB": True, "OTHER": True, "ALONE": False}
    enter(client, bench.lab.analyst)
    shown = client.get(reverse("web:reference", args=[iso.uuid])).content.decode()
    assert "CBS: -187 ± 2" in shown
    assert "no: it shares no standards" in shown
    asked = client.get(f"{reverse('web:reference_new')}?kind=isoscape").content.decode()
    assert "low_standard, low, low_error, high_standard, high, high_error" in asked
    table = {"measurements": "id,value,scale,sd\nNEAR,-45,OTHER,2\nFAR,240,LAB,2\n"}
    run = made.run(bench, "origin.isotope", table, iso, deviation_column="sd")
    near, far = run.outcomes.order_by("number")
    assert (near.identification, far.identification) == ("region", "inconclusive")
    page = client.get(reverse("web:run", args=[run.reference]) + "?outcome=2").content.decode()
    assert "the value fits no place" in page
    lone = made.run(bench, "origin.isotope", {"measurements": "id,value,scale\nA,-45,ALONE\n"}, iso)
    assert (lone.state, lone.outcomes.count()) == ("failed", 0)
    assert "share no standards" in lone.error
