"""What happens in the demonstration laboratory after its story, so that every kind of page has something to show.

Whoever adds a page that only work leads to adds that work here: `test_every_page_is_reached_and_in_one_share`
names the pages no role comes by.
"""

import io
from types import SimpleNamespace

import pytest
from django.test import override_settings
from django.utils import timezone

from lims.casework.models import Sample
from lims.casework.services.files import item_file_store
from lims.demonstration.synthetic import ABSENT, library, query, traces
from lims.demonstration.world import World
from lims.lab.enums import BatchState, JobState
from lims.lab.models import Batch, DriftCheck, DriftLine, RecordFetch, Run
from lims.lab.selectors.traces import consensus_of, has_traces
from lims.lab.services.curation import curation_decide
from lims.lab.services.edits import edit_propose
from lims.lab.services.fetches import fetch_ask, search_ask
from lims.lab.services.plates import plate_receive
from lims.lab.services.references import reference_approve, reference_propose
from lims.lab.services.runs import run_queue
from lims.lab.services.screens import control_sequence_add, staff_sequence_add
from lims.lab.tasks import drift_execute, fetch_execute, run_execute
from lims.links.enums import LinkAct
from lims.links.models import Link
from lims.links.selectors.states import link_state
from lims.links.services.links import link_review
from tests.analysis.species.ncbi import serving
from tests.lims import builders
from tests.lims.builders import Laboratory
from tests.lims.lab.law_support import law
from tests.lims.lab.methods_support import typings
from tests.lims.lab.support import built
from tests.lims.links.support import Links, enter, haul, quick_rule, searched


def later(world: World) -> None:
    """All of it."""
    law(SimpleNamespace(analyst=world.actor("analyst"), manager=world.actor("manager")))
    newer_edition(world)
    plate(world)
    plate_finished(world)
    set_to_decide_on(world)
    base_edit(world)
    typings_joined(world)
    seizures_linked(world)
    screened(world)
    records_fetched(world)


def newer_edition(world: World) -> None:
    """An edition without one species, which changes what was reported: somebody has to decide what follows."""
    older = world.reference("reference.species")
    text = "".join(one.fasta for one in library() if one.species not in {ABSENT, "Panthera pardus"})
    row = reference_propose(
        actor=world.actor("analyst"),
        kind=older.kind,
        name=older.name,
        edition="without one species",
        files=[("barcodes.fasta", io.BytesIO(text.encode()))],
        parameters=older.parameters,
        provenance="Synthetic.",
        synthetic=True,
    )
    reference_approve(actor=world.actor("manager"), reference=built(row), note="Checked.")
    drift_execute(DriftCheck.objects.get().pk)
    assert DriftLine.objects.exists()


def plate(world: World) -> None:
    """A plate of one file that belongs to nothing: a refused row with its reason."""
    plate_receive(
        actor=world.actor("analyst"),
        files=[("noise.ab1", io.BytesIO(b"no trace"))],
        reference=world.reference("reference.species"),
    )


def plate_finished(world: World) -> None:
    """A plate whose one pair has its answer."""
    item = world.item("tissue-skin")
    pair = traces(query("Panthera pardus", number=41), sample="skin", number=41, run_on=timezone.localdate())
    files = [
        (f"{item.reference}_F.ab1", io.BytesIO(pair.forward)),
        (f"{item.reference}_R.ab1", io.BytesIO(pair.reverse)),
    ]
    made = plate_receive(
        actor=world.actor("analyst"), files=files, items=[item], reference=world.reference("reference.species")
    )
    sample = made.samples.get()
    assert sample.run_id is not None, sample.problem
    run_execute(sample.run_id)
    assert Run.objects.get(pk=sample.run_id).state == JobState.DONE


def set_to_decide_on(world: World) -> None:
    """A proposed set with records that contradict the others: one is decided on, the rest wait."""
    known = library()
    wrong = "".join(
        f">{name}|{known[0].species}|\n{one.sequence}\n"
        for name, one in (("WRONG-1", known[-1]), ("WRONG-2", known[-2]))
    )
    row = reference_propose(
        actor=world.actor("analyst"),
        kind="species",
        name="Barcodes to be looked through",
        edition="1",
        files=[("barcodes.fasta", io.BytesIO(("".join(one.fasta for one in known) + wrong).encode()))],
        parameters={"locus": "COI"},
        provenance="Synthetic.",
        synthetic=True,
    )
    curation_decide(
        actor=world.actor("analyst"), reference=built(row), accession="WRONG-1", choice="exclude", reason="Mislabelled."
    )


def base_edit(world: World) -> None:
    """A base read otherwise by the analyst, waiting for a second reader."""
    run = next(one for one in Run.objects.filter(case=world.case("case.port")).order_by("pk") if has_traces(one))
    position = 200
    old = chr(consensus_of(run).bases[position - 1])
    edit_propose(
        actor=world.actor("analyst"),
        run=run,
        position=position,
        old=old,
        new="G" if old == "A" else "A",
        reason="Overlapping peaks.",
    )


def records_fetched(world: World) -> None:
    """Two accessions asked for, of which the server has one; a search for two species, of which it has one."""
    with serving() as server, override_settings(SPOOR_NCBI_EMAIL="lab@example.org", SPOOR_NCBI_SERVER=server.address):
        row = fetch_ask(actor=world.actor("analyst"), name="Invented cats", accessions="AB100001\nZZ999999\n")
        pairs = [("Aus albus", "COI"), ("Phantasma nullum", "COI")]
        search = search_ask(actor=world.actor("analyst"), name="What is missing", wanted=pairs)
        for one in (row, search):
            fetch_execute(one.pk)
    assert {one.state for one in RecordFetch.objects.all()} == {JobState.DONE}


def screened(world: World) -> None:
    """Sequences to screen against: of a member of staff, and of a control; a run that meets them."""
    item, analyst = world.item("tissue-skin"), world.actor("analyst")
    batch = Batch.objects.filter(state__in=[BatchState.OPEN, BatchState.RELEASED]).order_by("pk")[0]
    content = f">own\n{query('Panthera pardus', number=41)}\n".encode()
    staff_sequence_add(
        actor=world.actor("manager"),
        code="S-01",
        agreed_on=timezone.localdate(),
        name="own.fasta",
        source=io.BytesIO(content),
    )
    control = batch.controls.order_by("pk")[0]
    control_sequence_add(actor=analyst, control=control, name="blank.fasta", source=io.BytesIO(content))
    file = item_file_store(
        actor=analyst, item=item, source=io.BytesIO(content), name="q.fasta", media_type="text/x-fasta", role="sequence"
    )
    run = run_queue(
        actor=analyst,
        case=Sample.objects.get(item=item).case,
        item=item,
        batch=batch,
        method="species.identify",
        inputs=[("sequence", file)],
        reference=world.reference("reference.species"),
    )
    run_execute(run.pk)
    assert Run.objects.get(pk=run.pk).state == JobState.DONE


def typings_joined(world: World) -> None:
    """Repeated typings of two animals joined: tables of rates and of what the repeats disagree about."""
    item, analyst = world.item("tissue-skin"), world.actor("analyst")
    table = item_file_store(
        actor=analyst,
        item=item,
        source=io.BytesIO(typings().encode()),
        name="typings.csv",
        media_type="text/csv",
        role="genotype_runs",
    )
    run = run_queue(
        actor=analyst,
        case=Sample.objects.get(item=item).case,
        item=item,
        method="individual.consensus",
        inputs=[("genotype_runs", table)],
    )
    run_execute(run.pk)
    assert Run.objects.get(pk=run.pk).state == JobState.DONE


def seizures_linked(world: World) -> None:
    """Three seizures with profiles; two share an animal, one of them the investigator's. The link is confirmed."""
    people = ("custodian", "technician", "analyst", "reviewer", "manager")
    made = Links(lab=Laboratory(**{key: world.actor(key) for key in people}))
    shared = made.herd.animal()
    agencies = [builders.agency(), builders.agency(), world.party("agency.customs")]
    with pytest.MonkeyPatch.context() as patch:
        quick_rule(patch)
        patch.setattr(builders, "agency", lambda _name="": agencies.pop())
        for number in range(3):
            one = haul(made.lab, operation="Operation Baobab" if number < 2 else "", days=30 * number)
            animals = [made.herd.animal() for _piece in range(3)]
            enter(made.lab, one, [*animals, shared if number < 2 else made.herd.animal()])
            made.hauls.append(one)
        searched(made, seizures=[one.seizure for one in made.hauls])
    link = Link.objects.filter(first__case__in=made.cases, second__case__in=made.cases).order_by("pk")[0]
    seen = link_state(link).last
    link_review(actor=made.lab.reviewer, link=link, seen=seen, decision=LinkAct.CONFIRMED, note="Alleles looked at.")
