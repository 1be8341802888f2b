"""Repeated typings joined, and genotype with isotopes, as jobs: from files to result page, report and next run."""

import io
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from chain_of_custody.models import StoredFile
from chain_of_custody.vault.services import store_current
from lims.common.errors import BadInput, ManyErrors, RuleViolation
from lims.documents.data.parts import Marks
from lims.lab.execution import _sets
from lims.lab.models import ReferenceSet, Run
from lims.lab.selectors.drift import drift_runs
from lims.lab.selectors.report_data import report_data
from lims.lab.services.genotypes import GenotypeFile, genotypes_import
from lims.lab.services.runs import run_queue, run_rerun
from lims.lab.tasks import run_execute
from lims.web.views.rawfiles import UploadForm
from tests.lims.api.client import Caller, pointers
from tests.lims.lab import methods_support as made
from tests.lims.lab.support import Bench, finding, report, upload
from tests.lims.web.laboratory import enter


def _data(bench: Bench, run: Run) -> Any:
    outcome = run.outcomes.order_by("number")[0]
    draft = report(bench, finding(bench, outcome, text=outcome.summary["statement"], identification=""))
    return report_data(draft, kind="draft", issued_at=timezone.now(), marks=Marks(), signer=None)


@pytest.fixture
def joined(bench: Bench) -> Run:
    """Typings joined."""
    return made.run(bench, "individual.consensus", {"genotype_runs": made.typings()}, None)


def test_joined_typings_bring_their_rates_to_the_report_and_a_table_to_the_next_run(
    bench: Bench, joined: Run, client: Client
) -> None:
    assert (joined.state, joined.error) == ("done", "")
    assert [one.identification for one in joined.outcomes.order_by("number")] == ["consensus", "consensus"]
    told = _data(bench, joined)
    rates = [one.statement for one in told.error_rates]
    assert any("96 typings of confirmed heterozygotes" in words and "0.125" in words for words in rates), rates
    assert told.reference_data == ()
    shown = enter(client, bench.lab.analyst).get(reverse("web:run", args=[joined.reference])).content.decode()
    assert "What the repeats disagree about" in shown
    assert "1 / 8" in shown, "of the eight typings of a locus, one lost an allele"
    table = joined.outputs.get(name="consensus.csv").file
    known = made.reference(bench, "profiles", "Known", {"known.csv": made.typings(1).encode()}, id_column="id")
    again = run_queue(
        actor=bench.lab.analyst,
        case=bench.case,
        item=bench.item,
        method="individual.match",
        inputs=[("genotypes", table)],
        reference=known,
    )
    run_execute(again.pk)
    again.refresh_from_db()
    assert (again.state, again.error) == ("done", "")
    form = client.get(reverse("web:run_new", args=[bench.item.reference, "individual.match"])).content.decode()
    assert f"consensus.csv ({joined.reference})" in form


def test_the_result_of_another_case_is_no_input(bench: Bench, joined: Run) -> None:
    from tests.lims import builders

    elsewhere = builders.case(bench.lab.custodian)
    with pytest.raises(BadInput) as refused:
        run_queue(
            actor=bench.lab.analyst,
            case=elsewhere,
            method="individual.consensus",
            inputs=[("genotype_runs", joined.outputs.get(name="consensus.csv").file)],
        )
    assert refused.value.code == "unknown-file"


def test_repeated_names_are_taken_in_as_typings_when_that_is_said(bench: Bench) -> None:
    def given(*, repeats: bool) -> GenotypeFile:
        return GenotypeFile(name="typings.csv", source=io.BytesIO(made.typings(2).encode()), repeats=repeats)

    with pytest.raises(ManyErrors) as refused:
        genotypes_import(actor=bench.lab.technician, item=bench.item, file=given(repeats=False))
    assert "repeated typings" in str(refused.value.errors[0])
    _source, table = genotypes_import(actor=bench.lab.technician, item=bench.item, file=given(repeats=True))
    assert table.role == "genotype_runs"
    with store_current().open(table.digest, version=table.store_version) as chunks:
        assert b"".join(chunks).count(b"TUSK,") == 2


def _both(bench: Bench) -> Any:
    data = made.isolated()
    iso = made.reference(bench, "isoscape", "Rain", made.isoscape_for(data), element="H")
    return data, made.mapped(bench, data), iso


def test_genotype_and_isotopes_together_are_a_job_with_both_references(bench: Bench, client: Client) -> None:
    data, mapped, iso = _both(bench)
    name = data.sampled_csv.splitlines()[1].split(",")[1]
    files = {"genotypes": data.sampled_csv, "measurements": f"id,value,scale\n{name},-60,LAB\n"}
    with pytest.raises(BadInput) as no_reason:
        made.run(bench, "origin.combined", files, mapped, second=iso)
    assert no_reason.value.field == "independent"
    with pytest.raises(BadInput) as no_second:
        made.run(bench, "origin.combined", files, mapped, independent="bone")
    assert no_second.value.field == "second_reference"
    with pytest.raises(RuleViolation) as swapped:
        made.run(bench, "origin.combined", files, iso, second=mapped, independent="bone")
    assert swapped.value.code == "other-kind"
    run = made.run(bench, "origin.combined", files, mapped, second=iso, independent="Bone of a calf.", calibrated=False)
    assert (run.state, run.error) == ("done", "")
    assert run.outcomes.get().identification in ("region", "disagreement")
    again = run_rerun(actor=bench.lab.analyst, run=run)
    assert again.second_set == iso
    run_execute(again.pk)
    again.refresh_from_db()
    assert again.identical is True
    told = _data(bench, run)
    assert [one.name for one in told.reference_data] == ["Mapped populations", "Rain"]
    assert any("Bone of a calf." in limit for limit in told.limits)
    shown = enter(client, bench.lab.analyst).get(reverse("web:run", args=[run.reference])).content.decode()
    assert "Taken as independent: Bone of a calf." in shown
    assert shown.count("Rain 1") >= 1
    if run.outcomes.get().identification == "region":
        (figure,) = told.figures
        assert "flat prior" in figure.caption
        assert "genotype and isotope value together" in figure.svg
    listed = Caller(bench.lab.analyst).get(f"runs/{run.uuid}/").json()
    assert (listed["second_set"], listed["second_digest"]) == (str(iso.uuid), iso.digest)


def test_an_edition_of_either_reference_is_tried_in_its_own_place(bench: Bench) -> None:
    data, mapped, iso = _both(bench)
    name = data.sampled_csv.splitlines()[1].split(",")[1]
    files = {"genotypes": data.sampled_csv, "measurements": f"id,value,scale\n{name},-60,LAB\n"}
    run = made.run(bench, "origin.combined", files, mapped, second=iso, independent="bone", calibrated=False)
    assert _sets(run, None) == (mapped, iso)
    assert _sets(run, mapped) == (mapped, iso)
    newer = ReferenceSet(kind="isoscape", name="Rain", edition="2")
    assert _sets(run, newer) == (mapped, newer)
    outcome = run.outcomes.get()
    finding(bench, outcome, text="As the run says.", identification="")
    from lims.casework.services.cases import case_close

    case_close(actor=bench.lab.custodian, case=bench.case, version=bench.case.version, reason="Judgment is final.")
    other = made.reference(bench, "isoscape", "Rain", made.isoscape_for(data), edition="2", approved=False, element="H")
    assert list(drift_runs(other)) == [run]


def test_a_page_starts_a_run_with_two_references(bench: Bench, client: Client) -> None:
    data, mapped, iso = _both(bench)
    first = upload(bench, data.sampled_csv.encode(), "g.csv", "genotypes")
    second = upload(bench, b"id,value,scale\nSYN-S0001,-60,LAB\n", "m.csv", "measurements")
    address = reverse("web:run_new", args=[bench.item.reference, "origin.combined"])
    form = {
        "reference": str(mapped.uuid),
        "second": str(iso.uuid),
        "batch": "",
        "seed": "1",
        "id_column": "id",
        "value_column": "value",
        "scale_column": "scale",
        f"file_{first.pk}": "genotypes",
        f"file_{second.pk}": "measurements",
    }
    enter(client, bench.lab.analyst)
    refused = client.post(address, form)
    assert refused.status_code == 422
    assert 'id="id_independent"' in refused.content.decode()
    assert Run.objects.filter(method="origin.combined").count() == 0
    assert client.post(address, form | {"independent": "Bone of a calf."}).status_code == 302
    run = Run.objects.get(method="origin.combined")
    assert (run.reference_set, run.second_set) == (mapped, iso)
    assert run.parameters["independent"] == "Bone of a calf."


def test_the_api_lists_what_can_be_run_and_with_what(bench: Bench) -> None:
    told = Caller(bench.lab.analyst).get("methods/").json()
    rows = {one["name"]: one for one in told["results"]}
    assert told["count"] == len(rows) == 14
    one = rows["origin.combined"]
    assert (one["reference_kinds"], one["second_reference_kinds"]) == (["origin"], ["isoscape"])
    assert {"name": "measurements", "needed": True, "several": False} in one["roles"]
    needed = [row["name"] for row in one["parameters"] if row["needed"]]
    assert needed == ["independent"]
    assert rows["individual.consensus"]["reference_kinds"] == []
    assert (one["started_by"], one["may_start"]) == (["analyst", "technician"], True)
    assert Caller(bench.lab.reviewer).get("methods/").json()["results"][0]["may_start"] is False
    assert Caller(bench.lab.custodian).get("methods/").status_code == 403


def test_typings_are_handed_in_joined_and_read_on_the_pages(bench: Bench, client: Client) -> None:
    enter(client, bench.lab.technician)
    raw = reverse("web:raw_files", args=[bench.item.reference])
    shown = client.get(raw).content.decode()
    assert all(f'name="{role}"' in shown for role in UploadForm().fields), "every file that is taken has its field"
    sent = {"genotype_runs": SimpleUploadedFile("typings.csv", made.typings().encode()), "id_column": "id"}
    assert client.post(raw, sent).status_code == 302
    file = StoredFile.objects.get(role="genotype_runs")
    address = reverse("web:run_new", args=[bench.item.reference, "individual.consensus"])
    form = client.get(address).content.decode()
    assert 'name="reference"' not in form, "it needs no reference"
    asked = {
        "batch": "",
        "seed": "1",
        "id_column": "id",
        "allele_runs": "2",
        "homozygote_runs": "3",
        f"file_{file.pk}": "genotype_runs",
    }
    assert client.post(address, asked | {"allele_runs": "0"}).status_code == 422
    assert client.post(address, asked).status_code == 302
    run = Run.objects.get()
    run_execute(run.pk)
    run.refresh_from_db()
    assert (run.state, run.error) == ("done", "")
    page = client.get(reverse("web:run", args=[run.reference])).content.decode()
    assert "TUSK" in page
    assert "typings confirm a genotype at 12 of 12 loci" in page


def test_a_refused_run_points_at_the_place_in_the_body(bench: Bench) -> None:
    file = upload(bench, bench.data.samples_csv.encode(), "g.csv", "genotypes")
    caller = Caller(bench.lab.analyst)
    body: dict[str, Any] = {
        "method": "origin.assign",
        "inputs": [{"role": "genotypes", "file": str(file.uuid)}],
        "item": bench.item.reference,
        "reference_set": str(bench.baseline.uuid),
    }
    both = [*body["inputs"], {"role": "measurements", "file": str(file.uuid)}]
    cases: list[tuple[dict[str, Any], str]] = [
        ({"parameters": {"simulations": 5}}, "#/parameters/simulations"),
        ({"parameters": {"simulatons": 500}}, "#/parameters"),
        ({"inputs": [{"role": "genotype", "file": str(file.uuid)}]}, "#/inputs/0/role"),
        ({"reference_set": None}, "#/reference_set"),
        ({"method": "origin.combined", "inputs": both[:1]}, "#/inputs"),
        ({"method": "origin.combined", "inputs": both, "parameters": {"independent": "x"}}, "#/second_set"),
    ]
    for changed, place in cases:
        sent = {key: value for key, value in (body | changed).items() if value is not None}
        answer = caller.post(f"cases/{bench.case.reference}/runs/", sent)
        assert answer.status_code == 422, answer.json()
        assert pointers(answer) == [place], answer.json()
    assert not Run.objects.exists()
