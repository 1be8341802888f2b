"""Pages about origin on the map, individuals, age and keeping: forms, results, references, access per reference."""

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from analysis.registry import METHODS
from chain_of_custody.models import Party, StoredFile
from lims.demonstration.synthetic import bred_parrots, registered_profiles
from lims.lab.enums import ReferenceKind
from lims.lab.models import ReferenceGrant, ReferenceSet, Run
from lims.lab.selectors.regions import reference_regions
from lims.web.runforms import METHOD_FORMS
from tests.lims.lab import methods_support as made
from tests.lims.lab.support import Bench, upload
from tests.lims.web.laboratory import enter

pytestmark = pytest.mark.commits


def _page(client: Client, name: str, *given: Any) -> str:
    response = client.get(reverse(f"web:{name}", args=given))
    assert response.status_code == 200, (name, response.status_code)
    return response.content.decode()


def test_every_method_has_a_form_and_every_kind_of_reference_its_own(client: Client, bench: Bench) -> None:
    assert set(METHOD_FORMS) == set(METHODS)
    enter(client, bench.lab.analyst)
    for method, asked in METHOD_FORMS.items():
        shown = _page(client, "run_new", bench.item.reference, method)
        assert all(f'name="{name}"' in shown for name in asked.settings), method
    kinds = _page(client, "reference_new")
    for kind in ReferenceKind.values:
        assert f"?kind={kind}" in kinds
        shown = client.get(f"{reverse('web:reference_new')}?kind={kind}").content.decode()
        assert 'name="sources"' in shown, kind
        assert ('name="restricted"' in shown) == (kind in {"origin", "isoscape", "haplotypes", "profiles"}), kind
        assert ('name="coarse_km"' in shown) == (kind == "origin"), kind
    _page(client, "method_list")


def test_a_map_answers_with_areas_under_both_priors_and_a_run_page_links_no_hidden_set(
    client: Client, bench: Bench
) -> None:
    data = made.isolated()
    used = made.mapped(bench, data, restricted=True)
    run = made.run(bench, "origin.map", {"genotypes": data.sampled_csv}, used)
    address = reverse("web:reference", args=[used.uuid])
    shown = _page(enter(client, bench.lab.analyst), "run", run.reference)
    assert "95 % region, flat prior" in shown
    assert "sampling-density prior" in shown
    assert shown.count("<svg") >= 3
    assert address in shown
    reference = client.get(address).content.decode()
    assert "Accuracy by population" in reference
    assert "Hardy" in reference
    assert "Exact coordinates" in reference
    coarse = enter(client, bench.lab.manager).get(address).content.decode()
    assert "squares of 50 km" in coarse
    hidden = _page(enter(client, bench.lab.reviewer), "run", run.reference)
    assert address not in hidden
    assert client.get(address).status_code == 404


def test_quality_gives_and_ends_a_grant_on_the_page_and_nobody_else_does(client: Client, bench: Bench) -> None:
    used = made.mapped(bench, made.isolated(), restricted=True)
    here = reverse("web:reference_access", args=[used.uuid])
    assert enter(client, bench.lab.analyst).get(here).status_code == 403
    enter(client, bench.lab.manager)
    party = Party.objects.get(pk=bench.lab.technician.party_id)
    form = {"act": "grant", "party": str(party.uuid), "right": "use", "reason": ""}
    assert client.post(here, form).status_code == 422
    assert client.post(here, form | {"reason": "ivory case"}).status_code == 302
    grant = ReferenceGrant.objects.get()
    assert party.name in client.get(here).content.decode()
    end = reverse("web:reference_grant_end", args=[used.uuid, grant.pk])
    assert client.post(end, {"reason": "over"}).status_code == 302
    opened = client.post(here, {"act": "restrict", "coarse_km": "0", "reason": "published"})
    assert opened.status_code == 302
    assert not ReferenceSet.objects.get(pk=used.pk).restricted


def test_a_match_and_a_screen_for_relatives_on_their_pages(client: Client, bench: Bench) -> None:
    known = made.reference(
        bench, "profiles", "Known animals", {"known.csv": bench.data.baseline_csv.encode()}, id_column="id"
    )
    rows = bench.data.baseline_csv.splitlines()
    again = "\n".join([rows[0], rows[5].replace(rows[5].split(",")[1], "SYN-AGAIN")])
    match = made.run(bench, "individual.match", {"genotypes": again}, known)
    made.reference(bench, "scale", "House scale", {"scale.csv": made.SCALE.encode()})
    shown = _page(enter(client, bench.lab.analyst), "run", match.reference)
    assert "Same profile as" in shown
    assert re.search(r"Likelihood ratio 10\^\d+", shown)
    assert "strong" in shown
    kin = made.run(bench, "individual.kin", {"genotypes": bench.data.samples_csv}, bench.baseline, least_lr=1)
    leads = _page(client, "run", kin.reference)
    assert "none of them evidence" in leads
    assert "<details><summary>Leads" in leads
    form = _page(client, "finding_from_run", kin.reference, 1)
    assert "No single pair is evidence" in form


def test_age_and_keeping_on_their_pages(client: Client, bench: Bench) -> None:
    curve = made.reference(bench, "curve", "Tent", {"tent.csv": made.TENT})
    dated = made.run(bench, "age.radiocarbon", {"measurements": "id,f14c,sigma\nT,1.5,0.01\n"}, curve)
    shown = _page(enter(client, bench.lab.analyst), "run", dated.reference)
    assert "Calendar ranges" in shown
    assert "Formed after the dates of the law?" in shown
    training = made.reference(
        bench, "training", "Claws", {"t.csv": made.training_csv()}, class_column="keeping", variables="d13C,d15N"
    )
    assert "Confusion matrix" in _page(client, "reference", training.uuid)
    table = "id,d13C,d15N\nX,40,60\nW,-20.2,8.1\n"
    judged = made.run(bench, "captivity.classify", {"measurements": table}, training)
    assert "Unlike every class" in _page(client, "run", judged.reference)
    second = client.get(f"{reverse('web:run', args=[judged.reference])}?outcome=2").content.decode()
    assert "Like the class «wild»" in second


def test_measurements_are_handed_in_and_a_run_is_started_over_them(client: Client, bench: Bench) -> None:
    curve = made.reference(bench, "curve", "Tent", {"tent.csv": made.TENT})
    raw = reverse("web:raw_files", args=[bench.item.reference])
    enter(client, bench.lab.technician)
    bad = client.post(raw, {"measurements": SimpleUploadedFile("m.csv", b"name,f14c\nT,1\n"), "id_column": "id"})
    assert bad.status_code == 422
    assert "lacks the columns id" in bad.content.decode()
    good = SimpleUploadedFile("m.csv", b"id,f14c,sigma\nT,1.5,0.01\n")
    assert client.post(raw, {"measurements": good, "id_column": "id"}).status_code == 302
    address = reverse("web:run_new", args=[bench.item.reference, "age.radiocarbon"])
    field = re.search(r'name="(file_\d+)"', enter(client, bench.lab.analyst).get(address).content.decode())
    assert field is not None
    form = {field[1]: "measurements", "reference": str(curve.uuid), "longest": "12.5", "seed": "1"}
    assert client.post(address, form).status_code == 302
    run = Run.objects.get()
    assert run.parameters == {"longest": 12.5}
    assert run.inputs.get().role == "measurements"


def test_genotypes_are_checked_first_and_kept_then(client: Client, bench: Bench) -> None:
    address = reverse("web:genotypes_new", args=[bench.item.reference])
    enter(client, bench.lab.technician)
    bad = b"id,L1_1,L1_2\nX1,100,\nX2,100,102\n"
    told = client.post(address, {"file": SimpleUploadedFile("g.csv", bad), "id_column": "id", "act": "keep"})
    assert told.status_code == 422
    shown = told.content.decode()
    assert "Cells that cannot be read" in shown
    assert "L1_2" in shown
    assert not StoredFile.objects.filter(stream__kind="item").exists()
    good = b"id,L1_1,L1_2\nX1,100,102\nX2,100,102\n"
    look = client.post(address, {"file": SimpleUploadedFile("g.csv", good), "id_column": "id", "act": "check"})
    assert "Every cell can be read" in look.content.decode()
    assert not StoredFile.objects.filter(stream__kind="item").exists()
    kept = client.post(address, {"file": SimpleUploadedFile("g.csv", good), "id_column": "id", "act": "keep"})
    assert kept.status_code == 302
    assert set(StoredFile.objects.filter(stream__kind="item").values_list("role", flat=True)) == {
        "genotypes",
        "genotypes_source",
    }
    assert enter(client, bench.lab.reviewer).get(address).status_code == 403


def test_a_pedigree_on_its_page(client: Client, bench: Bench) -> None:
    """Drawing and table say the same; the whole first, then claim by claim; the settings stand in words."""
    run = made.pedigree(bench, made.parrots(bench), alpha=0.01)
    shown = _page(enter(client, bench.lab.analyst), "run", run.reference)
    assert "Claimed pedigree: excluded" in shown
    assert "breaks first at SYN-RING-0407" in shown
    drawing = shown[shown.index("<svg", shown.index("Save the figure")) :]
    drawing = drawing[: drawing.index("</svg>")]
    assert drawing.count("×") == 1
    assert 'aria-labelledby="pedigree-t pedigree-d"' in drawing
    table = shown[shown.index("Claims of the pedigree") :]
    for name in ("SYN-F1A", "SYN-RING-0407", "SYN-F2B", "excluded: mother", "possible; tested alone: mother"):
        assert name in table, name
    assert "What this panel does not resolve" in shown
    assert "Level for the whole pedigree, from 0 to 0.5</dt>" in shown
    claim = client.get(f"{reverse('web:run', args=[run.reference])}?outcome=4").content.decode()
    assert "Claimed parents of SYN-RING-0407: excluded" in claim
    assert "How often a false claim would be excluded" in claim
    french = client.get(reverse("web:run", args=[run.reference]), headers={"Accept-Language": "fr"}).content.decode()
    assert "Pedigree déclaré : exclu" in french or "Pedigree déclaré&nbsp;: exclu" in french


def test_regions_of_the_references_are_offered_and_a_wrong_one_is_told_at_its_field(
    client: Client, bench: Bench
) -> None:
    wild = made.parrots(bench)
    known = made.reference(bench, "profiles", "Known animals", {"k.csv": registered_profiles()}, id_column="id")
    upload(bench, bred_parrots(), "birds.csv", "genotypes")
    address = reverse("web:run_new", args=[bench.item.reference, "individual.kin"])
    shown = enter(client, bench.lab.analyst).get(address).content.decode()
    region = next(name for name, animals in reference_regions(wild).items() if animals == 40)
    assert f'<option value="{region}">{region} (40)</option>' in shown
    assert "all its animals" in shown
    field = re.search(r'name="(file_\d+)"', shown)
    assert field is not None
    numbers = {"least_lr": "1000", "least_shared": "0.8", "theta": "0.03", "dropout": "0.01", "miscall": "0.005"}
    form = {field[1]: "genotypes", "id_column": "id", "seed": "1", "frequencies_of": region, **numbers}
    wrong = client.post(address, form | {"reference": str(known.uuid)})
    assert wrong.status_code == 422
    assert "Only reference population data have populations and groups" in wrong.content.decode()
    assert not Run.objects.exists()
    assert client.post(address, form | {"reference": str(wild.uuid)}).status_code == 302
    assert Run.objects.get().parameters["frequencies_of"] == region
