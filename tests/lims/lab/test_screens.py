"""The contamination screen drawn by the laboratory itself: batch, controls, staff, earlier runs; frozen with a run."""

import io
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from chain_of_custody.models import Item
from lims.accounts.actors import Grant
from lims.accounts.models import User
from lims.casework.models import Case
from lims.casework.services.files import item_file_store
from lims.common.errors import BadInput, NotAllowed, RuleViolation
from lims.lab.models import Batch, ReferenceSet, Run, RunScreen, ScreenSequence
from lims.lab.selectors.results import run_json, run_outcome
from lims.lab.selectors.screens import run_screened
from lims.lab.services.batches import ControlSpec, batch_open
from lims.lab.services.plates import plate_receive
from lims.lab.services.runs import run_queue, run_rerun, run_start
from lims.lab.services.screens import control_sequence_add, staff_sequence_add, staff_sequence_withdraw
from lims.lab.tasks import run_execute
from tests.lims import builders
from tests.lims.lab.support import SEQUENCES, Bench, barcode_set
from tests.lims.lab.test_plates import traces

OWN, OTHER = "Novus primus", "Vagus secundus"


@pytest.fixture
def library(bench: Bench) -> ReferenceSet:
    return barcode_set(bench.lab)


@pytest.fixture
def batch(bench: Bench) -> Batch:
    """The item of the bench and one of another case in one batch with a blank and a positive control."""
    return batch_open(
        actor=bench.lab.technician,
        kind="pcr",
        method="COI",
        items=[(bench.item, "A01"), (stranger(bench), "B01")],
        controls=[ControlSpec(kind="no_template", position="H11"), ControlSpec(kind="positive", position="H12")],
    )


def stranger(bench: Bench) -> Item:
    """An item of another case."""
    other: Case = builders.case(bench.lab.custodian)
    return builders.fresh(builders.exhibits(bench.lab.custodian, other)[0].item)


def fasta(species: str, name: str = "q") -> bytes:
    return f">{name}\n{SEQUENCES[species]}\n".encode()


def identified(bench: Bench, library: ReferenceSet, item: Item, content: bytes, batch: Batch | None = None) -> Run:
    """A run over a FASTA file of an item, executed in process."""
    run = queued(bench, library, item, content, batch)
    run_execute(run.pk)
    run.refresh_from_db()
    assert (run.state, run.error) == ("done", "")
    return run


def queued(bench: Bench, library: ReferenceSet, item: Item, content: bytes, batch: Batch | None = None) -> Run:
    file = item_file_store(
        actor=bench.lab.technician,
        item=item,
        source=io.BytesIO(content),
        name="q.fasta",
        media_type="text/x-fasta",
        role="sequence",
    )
    return run_queue(
        actor=bench.lab.analyst,
        case=item.exhibit.case,
        item=item,
        batch=batch,
        method="species.identify",
        inputs=[("sequence", file)],
        reference=library,
    )


def told(run: Run) -> dict[str, Any]:
    """The contamination check of the run's first outcome."""
    found: dict[str, Any] = next(
        one for one in run_outcome(run=run, number=1)["diagnostics"] if one["code"] == "contamination"
    )
    return found


def screen(run: Run) -> dict[str, Any]:
    """What the decision record says of the screen."""
    return dict(run_json(run=run, name="decision-record.json")["screen"])


def test_with_an_empty_laboratory_the_record_says_that_there_was_nothing(bench: Bench, library: ReferenceSet) -> None:
    run = identified(bench, library, bench.item, fasta(OWN))
    check = told(run)
    assert check["state"] == "not_done"
    assert "nothing to screen against" in check["text"]
    assert "belongs to no batch" in check["text"]
    assert (screen(run)["compared"], screen(run)["drawn"]["sequences"]) == ({}, [])


def test_a_sample_of_another_case_of_the_batch_is_found_and_not_named(
    bench: Bench, library: ReferenceSet, batch: Batch
) -> None:
    foreign = batch.items.get(position="B01").item
    first = identified(bench, library, foreign, fasta(OWN), batch)
    assert told(first)["state"] == "not_done"
    assert screen(first)["drawn"]["samples_without"] == 1
    run = identified(bench, library, bench.item, fasta(OWN), batch)
    check = told(run)
    assert check["state"] == "warning"
    (alike,) = check["value"]
    assert (alike["group"], alike["identity"]) == ("batch_other", 1.0)
    assert screen(run)["compared"] == {"batch_other": 1}
    assert screen(run)["drawn"]["batches"] == [batch.reference]
    everything = [output.file for output in run.outputs.all()]
    assert everything
    for secret in (foreign.reference, foreign.exhibit.case.reference, first.reference):
        assert secret not in json.dumps(run_outcome(run=run, number=1)), "the record names another case"
        assert secret not in json.dumps(run_json(run=run, name="decision-record.json"))
    assert SEQUENCES[OWN] not in json.dumps(screen(run))

    seen = run_screened(actor=bench.lab.analyst, run=run, number=1, alike=check["value"])
    assert seen is not None
    assert seen.alike[0].run == first
    # The first one was computed before there was anything to compare: it meets the second on its page.
    later = run_screened(actor=bench.lab.analyst, run=first, number=1, alike=[])
    assert later is not None
    assert (later.later, [one.run for one in later.later_alike]) == (1, [run])


def test_a_run_of_another_case_is_shown_to_those_only_who_may_see_it(
    bench: Bench, library: ReferenceSet, batch: Batch
) -> None:
    identified(bench, library, batch.items.get(position="B01").item, fasta(OWN), batch)
    run = identified(bench, library, bench.item, fasta(OWN), batch)
    grant = Grant(role="analyst", scope="case", case=bench.case.uuid)
    guest = replace(bench.lab.analyst, grants=(grant,))
    seen = run_screened(actor=guest, run=run, number=1, alike=told(run)["value"])
    assert seen is not None
    assert [one.run for one in seen.alike] == [None]


@pytest.mark.parametrize(("place", "group", "state"), [("H11", "negative", "failed"), ("H12", "positive", "warning")])
def test_controls_of_the_batch_are_screened_against(
    bench: Bench, library: ReferenceSet, batch: Batch, place: str, group: str, state: str
) -> None:
    control = batch.controls.get(position=place)
    control_sequence_add(
        actor=bench.lab.technician, control=control, name="control.fasta", source=io.BytesIO(fasta(OWN))
    )
    run = identified(bench, library, bench.item, fasta(OWN), batch)
    assert (told(run)["state"], told(run)["value"][0]["group"]) == (state, group)
    assert screen(run)["drawn"]["controls_without"] == 1


def test_a_blank_without_a_readable_sequence_is_kept_as_that(bench: Bench, library: ReferenceSet, batch: Batch) -> None:
    blank = batch.controls.get(position="H11")
    (kept,) = control_sequence_add(
        actor=bench.lab.technician, control=blank, name="blank.fasta", source=io.BytesIO(b">b\n" + b"N" * 400 + b"\n")
    )
    assert kept.bases == ""
    run = identified(bench, library, bench.item, fasta(OWN), batch)
    assert (told(run)["state"], screen(run)["drawn"]["controls_without"]) == ("not_done", 2)
    with pytest.raises(BadInput, match=r"noise\.ab1"):
        control_sequence_add(actor=bench.lab.technician, control=blank, name="noise.ab1", source=io.BytesIO(b"noise"))
    with pytest.raises(NotAllowed):
        control_sequence_add(actor=bench.lab.custodian, control=blank, name="x", source=io.BytesIO(fasta(OWN)))


def staff_add(bench: Bench) -> ScreenSequence:
    (row,) = staff_sequence_add(
        actor=bench.lab.manager,
        code="S-07",
        agreed_on=date(2026, 1, 5),
        name="own.fasta",
        source=io.BytesIO(fasta(OWN)),
    )
    return row


def test_staff_are_screened_against_without_code_or_bases_and_a_withdrawal_is_told(
    bench: Bench, library: ReferenceSet
) -> None:
    row = staff_add(bench)
    run = identified(bench, library, bench.item, fasta(OWN))
    assert told(run)["state"] == "failed"
    assert "S-07" not in json.dumps(run_json(run=run, name="decision-record.json"))
    again = run_rerun(actor=bench.lab.analyst, run=run)
    run_execute(again.pk)
    again.refresh_from_db()
    assert again.identical is True

    staff_sequence_withdraw(actor=bench.lab.manager, sequence=row)
    row.refresh_from_db()
    assert row.bases == ""
    with pytest.raises(RuleViolation, match="withdrawn already"):
        staff_sequence_withdraw(actor=bench.lab.manager, sequence=row)
    last = run_rerun(actor=bench.lab.analyst, run=run)
    run_execute(last.pk)
    last.refresh_from_db()
    assert last.identical is False
    assert "Withdrawn since the list was drawn, and not compared: 1" in told(last)["text"]
    after = identified(bench, library, stranger(bench), fasta(OTHER))
    assert "staff" not in screen(after)["compared"]


def test_staff_sequences_are_qualitys_alone_and_need_an_agreement(bench: Bench) -> None:
    with pytest.raises(NotAllowed):
        staff_sequence_add(
            actor=bench.lab.analyst,
            code="S",
            agreed_on=date(2026, 1, 5),
            name="x.fasta",
            source=io.BytesIO(fasta(OWN)),
        )
    tomorrow = timezone.localdate() + timedelta(days=1)
    with pytest.raises(BadInput, match="future"):
        staff_sequence_add(
            actor=bench.lab.manager, code="S", agreed_on=tomorrow, name="x.fasta", source=io.BytesIO(fasta(OWN))
        )
    with pytest.raises(BadInput, match="no readable sequence"):
        staff_sequence_add(
            actor=bench.lab.manager,
            code="S",
            agreed_on=date(2026, 1, 5),
            name="x.fasta",
            source=io.BytesIO(b">x\nACGT\n"),
        )
    assert not ScreenSequence.objects.exists()


def test_earlier_runs_of_the_same_locus_count_for_some_days(bench: Bench, library: ReferenceSet, settings: Any) -> None:
    foreign = stranger(bench)
    earlier = identified(bench, library, foreign, fasta(OWN))
    mine = identified(bench, library, bench.item, fasta(OWN))
    assert [one["group"] for one in told(mine)["value"]] == ["earlier"]
    assert screen(mine)["drawn"]["loci"] == ["COI"]
    # The same material is no other: a second run of the item does not meet its own sequence.
    again = identified(bench, library, bench.item, fasta(OWN))
    assert screen(again)["compared"] == {"earlier": 1}

    kept = ScreenSequence.objects.filter(run=earlier)
    kept.update(added_at=timezone.now() - timedelta(days=settings.SPOOR_SCREEN_DAYS + 1))
    late = identified(bench, library, bench.item, fasta(OWN))
    assert told(late)["state"] == "not_done"
    kept.update(added_at=timezone.now(), locus="cytb")
    assert told(identified(bench, library, bench.item, fasta(OWN)))["state"] == "not_done"


def test_a_repetition_has_the_very_list_of_the_run_it_repeats(
    bench: Bench, library: ReferenceSet, batch: Batch
) -> None:
    foreign = batch.items.get(position="B01").item
    identified(bench, library, foreign, fasta(OTHER), batch)
    run = identified(bench, library, bench.item, fasta(OWN), batch)
    identified(bench, library, foreign, fasta(OWN), batch)
    again = run_rerun(actor=bench.lab.analyst, run=run)
    assert again.screened.content == run.screened.content
    run_execute(again.pk)
    again.refresh_from_db()
    assert again.identical is True
    assert told(again) == told(run)
    assert not ScreenSequence.objects.filter(run=again).exists()


def test_a_second_attempt_keeps_the_list_of_the_first(bench: Bench, library: ReferenceSet, batch: Batch) -> None:
    run = queued(bench, library, bench.item, fasta(OWN), batch)
    started = run_start(pk=run.pk, worker="dies")
    assert started is not None
    before = RunScreen.objects.get(run=run)
    identified(bench, library, batch.items.get(position="B01").item, fasta(OWN), batch)
    Run.objects.filter(pk=run.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    run_execute(run.pk)
    run.refresh_from_db()
    assert (run.state, run.attempt) == ("done", 2)
    assert RunScreen.objects.get(run=run).content == before.content == screen(run)["drawn"]


def test_traces_in_the_well_of_a_control_are_kept_as_its_own(bench: Bench, library: ReferenceSet, batch: Batch) -> None:
    forward, reverse_read = traces(OWN, 40)
    plate = plate_receive(
        actor=bench.lab.technician,
        files=[
            ("A01_F.ab1", io.BytesIO(forward)),
            ("A01_R.ab1", io.BytesIO(reverse_read)),
            ("H11_F.ab1", io.BytesIO(forward)),
        ],
        reference=library,
        batch=batch,
    )
    rows = {row.place: row for row in plate.samples.all()}
    assert rows["H11"].control == batch.controls.get(position="H11")
    assert (rows["H11"].run, rows["H11"].problem) == (None, "")
    run = next(row.run for row in rows.values() if row.run)
    assert run is not None
    run_execute(run.pk)
    run.refresh_from_db()
    assert (run.state, told(run)["state"]) == ("done", "failed")


def test_the_page_of_the_run_the_batch_and_the_staff_show_it(
    client: Client, bench: Bench, library: ReferenceSet, batch: Batch
) -> None:
    sign_in(client, bench.lab.technician.user_id)
    sent = client.post(
        reverse("web:control_sequence", args=[batch.reference, batch.controls.get(position="H11").pk]),
        {"file": named(fasta(OWN), "blank.fasta")},
    )
    assert sent.status_code == 302, sent.content.decode()
    assert "a blank should give none" in client.get(reverse("web:batch", args=[batch.reference])).content.decode()
    run = identified(bench, library, bench.item, fasta(OWN), batch)
    page = client.get(reverse("web:run", args=[run.reference])).content.decode()
    assert "Screened for contamination" in page
    assert "Negative controls of the batch" in page
    answer = client.get(f"/api/v1/runs/{run.uuid}/screen/")
    assert answer.status_code == 200
    assert [one["group"] for one in answer.json()["alike"]] == ["negative"]

    assert client.get(reverse("web:staff_sequences")).status_code == 403
    sign_in(client, bench.lab.manager.user_id)
    body: Mapping[str, Any] = {"code": "S-07", "agreed_on": "2026-01-05", "file": named(fasta(OWN), "s.fasta")}
    assert client.post(reverse("web:staff_sequences"), body).status_code == 302
    row = ScreenSequence.objects.get(kind="staff")
    assert "S-07" in client.get(reverse("web:staff_sequences")).content.decode()
    assert client.post(reverse("web:staff_sequence_withdraw", args=[row.uuid])).status_code == 302
    listed = client.get("/api/v1/staff-sequences/").json()["results"]
    assert [(one["name"], one["length"]) for one in listed] == [("S-07", 0)]


def sign_in(client: Client, pk: int | None) -> None:
    client.force_login(User.objects.get(pk=pk))


def named(content: bytes, name: str) -> io.BytesIO:
    file = io.BytesIO(content)
    file.name = name
    return file
