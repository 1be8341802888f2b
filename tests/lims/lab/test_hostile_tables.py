"""Bad tables, rasters and samples, as a newcomer hands them in: each refusal names file, row, field and what to do."""

import io
from typing import Any

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from analysis.errors import InputRefused
from chain_of_custody.models import StoredFile
from lims.common.errors import RuleViolation
from lims.lab.models import ReferenceSet, Run
from lims.lab.services.references import reference_propose
from tests.analysis.origin.test_isotope import geotiff
from tests.lims.lab import methods_support as made
from tests.lims.lab.support import Bench, built
from tests.lims.web.laboratory import enter


def _failed(run: Run) -> str:
    assert run.state == "failed"
    assert not run.outcomes.exists()
    assert not run.outputs.exists()
    return run.error


def test_genotype_tables_that_are_shifted_half_typed_or_of_another_panel(bench: Bench) -> None:
    head, *rows = bench.data.samples_csv.splitlines()
    names = head.split(",")
    first = next(place for place, name in enumerate(names) if name.endswith("_1"))
    locus = names[first].removesuffix("_1")

    def answer(*lines: str) -> str:
        table = {"genotypes": "\n".join([head, *lines])}
        return _failed(made.run(bench, "origin.assign", table, bench.baseline, simulations=1000))

    cells = [row.split(",") for row in rows]
    shifted = [",".join([*one[:first], *one[first + 2 :], *one[first : first + 2]]) for one in cells]
    assert "Columns shifted, or another calibration?" in answer(*shifted)
    half = [*cells[0][:first], "", *cells[0][first + 1 :]]
    told = answer(",".join(half))
    assert f"genotypes.csv, row 2, field {locus}_1" in told
    assert "half typed" in told
    told = answer(",".join(cells[0][:-1]))
    assert "genotypes.csv, row 2: The row has" in told
    assert "shifted" in told
    far = [*cells[0][:first], "9001", "9001", *cells[0][first + 2 :]]
    assert "outside the range of this locus" in answer(",".join(far))
    other = {"genotypes": "id,X_1,X_2\na,1,2\n"}
    assert "No locus is also in the baseline" in _failed(made.run(bench, "origin.assign", other, bench.baseline))


def test_a_map_is_not_queued_against_a_set_without_coordinates(bench: Bench) -> None:
    with pytest.raises(RuleViolation) as refused:
        made.run(bench, "origin.map", {"genotypes": bench.data.samples_csv}, bench.baseline)
    assert refused.value.code == "no-coordinates"
    assert "Synthetic populations 1" in str(refused.value)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (geotiff(np.zeros((3, 12)), keys=(1, 1, 0, 2, 1024, 0, 1, 1, 3072, 0, 1, 3857)), "wrong projection"),
        (b"GIF89a", "no TIFF file"),
        (geotiff(np.zeros((3, 12)))[:120], "cannot be read"),
    ],
    ids=["projected", "not-a-tiff", "cut-off"],
)
def test_rasters_that_are_refused_leave_no_set(bench: Bench, content: bytes, words: str) -> None:
    files = {"d2h.tif": content, "known.csv": made.isoscape()["known.csv"]}
    row = reference_propose(
        actor=bench.lab.analyst,
        kind="isoscape",
        name="Bad raster",
        edition="1",
        files=[(name, io.BytesIO(one)) for name, one in files.items()],
        parameters={"element": "H"},
        provenance="Made up.",
    )
    with pytest.raises(InputRefused, match=words) as refused:
        built(row)
    assert refused.value.file == "d2h.tif"
    assert refused.value.remedy
    assert ReferenceSet.objects.get(pk=row.pk).digest == ""


def test_dates_outside_the_curve_of_another_zone_or_without_a_number(bench: Bench) -> None:
    curve = made.reference(bench, "curve", "Tent", {"tent.csv": made.TENT}, zone="NH1")
    cases = [
        ("id,f14c,sigma\nT,0.5,0.01\n", "measurements.csv, row 2, field f14c", "older than the curve"),
        ("id,f14c,sigma,zone\nT,1.5,0.01,SH3\n", "measurements.csv, row 2, field zone", "Choose the curve of the zone"),
        ("id,f14c,sigma\nT,1.5,-1\n", "measurements.csv, row 2, field sigma", "Give one standard error"),
        ("id,f14c,sigma\nT,abc,1\n", "measurements.csv, row 2, field f14c", "no number"),
        ("id,f14c,sigma\nT,1.5,0.1\nT,1.5,0.1\n", "measurements.csv, row 3, field id", "stands twice"),
        ("id,f14c\nT,1.5\n", "measurements.csv, row 1, field sigma", "lacks the columns sigma"),
    ]
    for table, place, words in cases:
        told = _failed(made.run(bench, "age.radiocarbon", {"measurements": table}, curve))
        assert told.startswith(place), told
        assert words in told


def test_isotope_values_without_name_number_or_known_scale(bench: Bench) -> None:
    iso = made.reference(bench, "isoscape", "Rain", made.isoscape(), element="H")
    cases = [
        ("id,value,scale\nS,-45,\n", "measurements.csv, row 2, field scale", "is not stated"),
        ("id,value,scale\nS,-45,OTHER\n", "measurements.csv, field scale: S:", "«OTHER»"),
        ("id,value,scale\nS,nan,LAB\n", "measurements.csv, row 2", "cannot be"),
        ("id,value,scale\n,-45,LAB\n", "measurements.csv, row 2, field id", "has no name"),
        ("id,value,scale\nS,-45,LAB\nS,-50,LAB\n", "measurements.csv, row 3, field id", "has a value already"),
        ("id;value;scale\nS;-45,5;LAB\n", "measurements.csv, row 2, field value", "no number"),
    ]
    for table, place, words in cases:
        told = _failed(made.run(bench, "origin.isotope", {"measurements": table}, iso))
        assert told.startswith(place), told
        assert words in told


def test_files_that_cannot_be_read_are_told_beside_their_field_and_not_kept(client: Client, bench: Bench) -> None:
    enter(client, bench.lab.technician)
    address = reverse("web:raw_files", args=[bench.item.reference])
    before = StoredFile.objects.count()
    cases: list[tuple[str, bytes, str]] = [
        ("genotypes", b"id,A_1,A_2\na,1,\n", "row 2, field A_2"),
        ("genotypes", b"id,A_1,A_2\na,1,2\na,1,2\n", "row 3, field id"),
        ("measurements", b"foo,bar\n1,2\n", "lacks the columns id"),
        ("range_map", b"{}", "not GeoJSON"),
    ]
    for role, content, words in cases:
        sent: dict[str, Any] = {role: SimpleUploadedFile("file.csv", content), "id_column": "id"}
        answer = client.post(address, sent)
        assert answer.status_code == 422
        assert words in answer.content.decode(), role
    assert StoredFile.objects.count() == before


def test_a_form_sent_twice_queues_one_run(client: Client, bench: Bench) -> None:
    from tests.lims.lab.support import upload

    file = upload(bench, bench.data.samples_csv.encode(), "g.csv", "genotypes")
    enter(client, bench.lab.analyst)
    address = reverse("web:run_new", args=[bench.item.reference, "origin.assign"])
    page = client.get(address).content.decode()
    marker = 'name="idempotency_key" value="'
    assert marker in page, "every form carries a key"
    key = page.partition(marker)[2].partition('"')[0]
    form = {
        "idempotency_key": key,
        "reference": str(bench.baseline.uuid),
        "batch": "",
        "seed": "1",
        "id_column": "id",
        "simulations": "1000",
        f"file_{file.pk}": "genotypes",
    }
    answers = [client.post(address, form) for _time in range(2)]
    assert [one.status_code for one in answers] == [302, 302]
    assert answers[0].headers["Location"] == answers[1].headers["Location"]
    assert Run.objects.count() == 1
