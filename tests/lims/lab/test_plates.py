"""A plate of traces: pairs from names, wells or a map; each row by itself; bad rows told, good rows run."""

import csv
import io
import zipfile
from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from analysis.species.abif import abif_bytes, trace_synthesise
from analysis.species.bases import reverse_complement
from chain_of_custody.models import Item, StoredFile
from labels.reference import reference_compose
from lims.casework.models import Case
from lims.common.errors import BadInput, NotAllowed
from lims.lab.models import Batch, Plate, ReferenceSet, Run
from lims.lab.rules.plates import MapRefused, name_read, pairs_by_map, pairs_by_name, references_in
from lims.lab.services.batches import ControlSpec, batch_open
from lims.lab.services.plates import plate_receive
from lims.lab.tasks import run_execute
from tests.lims import builders
from tests.lims.lab.support import SEQUENCES, Bench, barcode_set
from tests.lims.web.laboratory import enter

KNOWN = {"WF2026000001XE01": "E01", "WF2026000001XE02": "E02", "A01": "E01", "B12": "E02"}


@pytest.mark.parametrize(
    ("name", "key", "direction"),
    [
        ("WF-2026-000001-X-E01_F.ab1", "E01", "F"),
        ("wf-2026-000001-x-e01_REV_2026.ab1", "E01", "R"),
        ("run7_A1_M13F_.ab1", "E01", "F"),
        ("B12.LCO1490.ab1", "E02", "F"),
        ("HCO2198-b12.ab1", "E02", "R"),
        ("C03_F.ab1", "", "F"),
        ("A01_A02.ab1", "E01", ""),
        ("noise.ab1", "", ""),
    ],
)
def test_names_say_sample_and_direction(name: str, key: str, direction: str) -> None:
    read = name_read(name, KNOWN)
    assert (read.key, read.direction) == (key, direction)


def test_every_file_is_in_one_row_with_the_reason_where_it_is_not_placed() -> None:
    names = ["A01_F.ab1", "A01_R.ab1", "A1_R_again.ab1", "B12_F.ab1", "C05_F.ab1", "A01.ab1"]
    rows = pairs_by_name(names, KNOWN)
    good = [(row.item, row.forward, row.reverse) for row in rows if not row.problem]
    assert good == [("E01", "A01_F.ab1", "A01_R.ab1"), ("E02", "B12_F.ab1", "")]
    told = {row.forward or row.reverse: row.problem for row in rows if row.problem}
    assert told.keys() == {"A1_R_again.ab1", "C05_F.ab1", "A01.ab1"}
    assert "same read" in told["A1_R_again.ab1"]


def test_a_map_stands_before_names_and_its_rows_are_judged_one_by_one() -> None:
    text = b"\xef\xbb\xbfforward;reverse;item;well;declared\na;b;E1;a1;Aus albus\na;c;E2;;\n;;E3;;\nd;;;;\n\n"
    rows = pairs_by_map(text, ["a", "b", "c", "d", "e"])
    assert [(row.place, row.item, row.declared, bool(row.problem)) for row in rows] == [
        ("A01", "E1", "Aus albus", False),
        ("row 3", "E2", "", True),
        ("row 4", "E3", "", True),
        ("row 5", "", "", True),
        ("", "", "", True),
    ]
    assert rows[-1].forward == "e"
    with pytest.raises(MapRefused, match="item"):
        pairs_by_map(b"forward,reverse\n", ["a"])
    with pytest.raises(MapRefused, match="UTF-8"):
        pairs_by_map(b"\xff\xfe", ["a"])
    (twice,) = pairs_by_map(b"forward,reverse,item\na,a,WF-1\n", ["a"])
    assert twice.problem == "row 2 of the map names «a» as forward and as reverse"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"forward,reverse,item\na\0,b,E1\n", "zero bytes"),
        (b"forward,reverse,item\n" + b"a" * 200_000 + b",b,E1\n", "Line 2"),
        (b"forward,reverse,item," + b"a" * 200_000 + b"\na,b,E1\n", "Line 1"),
        (b"forward,reverse,item,Forward\na,b,E1,c\n", "two columns «forward»"),
        (b"forward,reverse,item\n" + b"\n" * (1 << 20), "larger than"),
    ],
)
def test_a_map_that_no_program_should_guess_at_is_refused_with_its_line(content: bytes, told: str) -> None:
    before = csv.field_size_limit(1_000_000)  # as where a list of the law was read: the limit is the whole process's
    try:
        with pytest.raises(MapRefused, match=told):
            pairs_by_map(content, ["a", "b"])
    finally:
        csv.field_size_limit(before)


def test_a_map_may_end_its_lines_as_old_programs_do() -> None:
    for end in (b"\r", b"\r\n", b"\n"):
        (row,) = pairs_by_map(end.join([b"forward,reverse,item", b"a,b,E1", b""]), ["a", "b"])
        assert (row.forward, row.reverse, row.item, row.problem) == ("a", "b", "E1", "")


def test_whole_references_are_found_in_names_and_wrong_ones_are_not() -> None:
    right = reference_compose("WF-2026-000123", "E02", "S03")
    wrong = right[:-1] + ("A" if right[-1] != "A" else "B")
    for name in (f"{right}_F.ab1", f"run 7 {right.replace('-', '_')} R.ab1", f"{right.replace('-', '')}.F.ab1"):
        assert references_in(name) == {right}, name
    assert references_in(f"{wrong}_F.ab1") == set()
    assert references_in("A01_F.ab1") == set()


def traces(species: str, seed: int) -> tuple[bytes, bytes]:
    """A forward and a reverse trace of a species."""
    ways = (SEQUENCES[species], reverse_complement(SEQUENCES[species].encode()).decode())
    made = [
        abif_bytes(trace_synthesise(text, sample="SYNTHETIC", seed=seed + at, run_on=date(2026, 11, 2)))
        for at, text in enumerate(ways)
    ]
    return made[0], made[1]


def plate(bench: Bench) -> tuple[list[Item], Batch]:
    """Three exhibits of two cases in a sequencing batch."""
    lab = bench.lab
    other: Case = builders.case(lab.custodian)
    items = [builders.fresh(one.item) for one in builders.exhibits(lab.custodian, other, 2)]
    everything = [bench.item, *items]
    batch = batch_open(
        actor=lab.technician,
        kind="sequencing",
        method="BigDye",
        items=[(item, well) for item, well in zip(everything, ("A01", "B1", "C01"), strict=True)],
        controls=[ControlSpec(kind="sequencing", position="H12")],
    )
    return everything, batch


@pytest.fixture
def library(bench: Bench) -> ReferenceSet:
    return barcode_set(bench.lab)


@pytest.mark.commits
def test_a_plate_becomes_runs_of_its_items_and_bad_rows_are_told(
    client: Client, bench: Bench, library: ReferenceSet
) -> None:
    items, batch = plate(bench)
    one, two = traces("Novus primus", 10), traces("Vagus secundus", 20)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("run/A01_F.ab1", one[0])
        packed.writestr("run/A01_R.ab1", one[1])
        packed.writestr("__MACOSX/run/._A01_R.ab1", b"junk")
    sent = [
        SimpleUploadedFile("plate.zip", archive.getvalue()),
        SimpleUploadedFile(f"{items[1].reference}-F.ab1", two[0]),
        SimpleUploadedFile(f"{items[1].reference}-R.ab1", two[1]),
        SimpleUploadedFile("C01_F.ab1", one[0][:2000]),
        SimpleUploadedFile("D07_F.ab1", one[0]),
    ]
    enter(client, bench.lab.technician)
    made = client.post(
        reverse("web:plate_new"),
        {"traces": sent, "reference": str(library.uuid), "batch": batch.reference},
    )
    assert made.status_code == 302, made.content.decode()
    waiting = client.get(made["Location"])
    assert waiting.status_code == 202
    rows = list(Plate.objects.get().samples.order_by("number"))
    assert [(row.item_id, row.run_id is not None, bool(row.problem)) for row in rows] == [
        (items[0].pk, True, False),
        (items[1].pk, True, False),
        (None, False, True),
        (None, False, True),
    ]
    assert "C01_F.ab1" in rows[2].problem
    assert not StoredFile.objects.filter(name="C01_F.ab1").exists(), "a refused row keeps nothing"
    for run in Run.objects.order_by("pk"):
        run_execute(run.pk)
    answers = {run.item_id: run.outcomes.get().name for run in Run.objects.all()}
    assert answers == {items[0].pk: "Novus primus", items[1].pk: "Vagus secundus"}
    assert {run.case_id for run in Run.objects.all()} == {bench.case.pk, Case.objects.latest("pk").pk}
    shown = client.get(made["Location"])
    assert shown.status_code == 200
    for words in ("Novus primus", "Vagus secundus", "refused", "no item and no well"):
        assert words in shown.content.decode(), words
    assert client.get(reverse("web:plate_list")).status_code == 200
    enter(client, bench.lab.custodian)
    assert client.get(reverse("web:plate_new")).status_code == 403
    assert client.get(made["Location"]).status_code == 403


@pytest.mark.commits
def test_without_a_batch_references_in_names_place_the_traces(
    client: Client, bench: Bench, library: ReferenceSet
) -> None:
    """An empty file is told in its row, an item that is not there as no item, a failed run with its reason."""
    forward, _reverse = traces("Novus primus", 10)
    reference = bench.item.reference
    absent = reference_compose("ZZ-2026-999999", "E01")
    files = {
        f"{reference}_F.ab1": forward,
        f"{reference}_R.ab1": b"",
        f"{absent}_F.ab1": forward,
    }
    made = plate_receive(
        actor=bench.lab.technician,
        files=[(name, io.BytesIO(content)) for name, content in files.items()],
        reference=library,
    )
    told = {row.names: row.problem for row in made.samples.all()}
    assert "empty (0 bytes)" in told[f"{reference}_F.ab1, {reference}_R.ab1"]
    assert "no item and no well" in told[f"{absent}_F.ab1"]
    files[f"{reference}_R.ab1"] = forward
    made = plate_receive(
        actor=bench.lab.technician,
        files=[(name, io.BytesIO(content)) for name, content in files.items()],
        reference=library,
    )
    assert [(row.item, row.problem == "") for row in made.samples.order_by("number")] == [
        (bench.item, True),
        (None, False),
    ]
    run_execute(Run.objects.get().pk)
    enter(client, bench.lab.technician)
    shown = client.get(reverse("web:plate", args=[made.uuid])).content.decode()
    assert "Forward and reverse are the same read." in shown, "why a run failed stands in its row"


@pytest.mark.commits
def test_whole_plates_that_cannot_be_read_write_nothing(bench: Bench, library: ReferenceSet) -> None:
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("A01_F.ab1", bytes(17 << 20))
    spoilt = io.BytesIO()
    with zipfile.ZipFile(spoilt, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("A01_F.ab1", b"ABIF" * 1000)
    damaged = bytearray(spoilt.getvalue())
    damaged[40:50] = b"\xff" * 10  # inside what is packed: 30 bytes of header and 9 of name come before it
    for files, words in (
        ([], "Choose the traces"),
        ([("p.zip", io.BytesIO(b"PK\x03\x04 and no more"))], "no archive"),
        ([("p.zip", bomb)], "more than a plate"),
        ([("p.zip", io.BytesIO(bytes(damaged)))], "no archive"),
        ([("a/x_F.ab1", io.BytesIO(b"1")), ("b/x_F.ab1", io.BytesIO(b"2"))], "Two files"),
    ):
        with pytest.raises(BadInput, match=words):
            plate_receive(actor=bench.lab.technician, files=files, reference=library)
    assert not Plate.objects.exists()
    with pytest.raises(NotAllowed):
        plate_receive(actor=bench.lab.reviewer, files=[("x_F.ab1", io.BytesIO(b"1"))], reference=library)
    assert bench.item_files() == []
