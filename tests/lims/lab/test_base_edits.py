"""Edits of bases: a layer with a reason and a second reader over traces that stay as they are; the viewer."""

import json
import re
from uuid import uuid4
from xml.etree import ElementTree as ET

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from chain_of_custody.models import Entry
from chain_of_custody.vault.services import store_current
from lims.accounts.roles import Role
from lims.common.errors import BadInput, NotAllowed, RuleViolation
from lims.lab.models import BaseEdit, ReferenceSet, Run
from lims.lab.selectors.traces import consensus_of, edits_to_read, trace_view
from lims.lab.services.edits import edit_propose, edit_read, edit_withdraw, edits_compute
from lims.lab.tasks import run_execute
from tests.lims import builders
from tests.lims.api.client import Caller, problem
from tests.lims.builders import Laboratory
from tests.lims.lab.support import Bench, barcode_set, species_run, trace_pair, upload
from tests.lims.web.laboratory import enter

pytestmark = pytest.mark.commits
SPECIES = "Novus secundus"
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def library(bench: Bench) -> ReferenceSet:
    return barcode_set(bench.lab)


@pytest.fixture
def run(bench: Bench, library: ReferenceSet) -> Run:
    return species_run(bench, library, trace_pair(bench, SPECIES), name="scale")


def verbs(run: Run) -> list[str]:
    rows = Entry.objects.filter(stream__kind="run", stream__uuid=run.uuid).order_by("sequence")
    read = [json.loads(bytes(row.canonical)) for row in rows]
    return [one["verb"] for one in read if one["schema"] == "lab.edit/1"]


def refused(lab: Laboratory, run: Run, at: int, old: str, new: str) -> None:
    """What is no edit is not proposed, nor by whom may not."""
    for bad, words in (
        ({"position": at, "old": new, "new": old}, "stands"),
        ({"position": 99999, "old": "A", "new": "C"}, "no position"),
        ({"position": at, "old": old, "new": "!"}, "IUPAC"),
        ({"position": at, "old": old, "new": old}, "one base"),
    ):
        with pytest.raises(BadInput, match=words):
            edit_propose(actor=lab.analyst, run=run, reason="A test.", **bad)  # type: ignore[arg-type]
    with pytest.raises(NotAllowed):
        edit_propose(actor=lab.reviewer, run=run, position=at, old=old, new=new, reason="Seen so.")


def agreed(client: Client, lab: Laboratory, run: Run, at: int, old: str, new: str) -> None:
    """An edit proposed on the page, and read there by somebody else."""
    enter(client, lab.analyst)
    page = reverse("web:edit_new", args=[run.reference])
    assert f">{at}</text>" in client.get(page, {"position": str(at), "old": old}).content.decode(), "its signals"
    for odd in ("", "0", "99999", "x"):
        assert 'class="fig"' not in client.get(page, {"position": odd}).content.decode(), odd
    form = {"position": str(at), "old": old, "new": new, "reason": "Seen so in both reads."}
    assert client.post(reverse("web:edit_new", args=[run.reference]), form | {"reason": ""}).status_code == 422
    assert client.post(reverse("web:edit_new", args=[run.reference]), form).status_code == 302
    edit = BaseEdit.objects.get()
    with pytest.raises(BadInput, match="already"):
        edit_propose(actor=lab.technician, run=run, position=at, old=old, new="N", reason="Rather so.")
    with pytest.raises(RuleViolation, match="second reader"):
        edits_compute(actor=lab.analyst, run=run)
    with pytest.raises(NotAllowed, match="second person"):
        edit_read(actor=lab.analyst, edit=edit, agree=True)
    with pytest.raises(IntegrityError), transaction.atomic():
        BaseEdit.objects.filter(pk=edit.pk).update(state="agreed", reader=edit.editor)
    assert [one.pk for one in edits_to_read(actor=lab.technician)] == [edit.pk]
    assert not edits_to_read(actor=lab.analyst).exists()
    enter(client, lab.technician)
    address = reverse("web:edit_read", args=[edit.uuid])
    assert f">{at}</text>" in client.get(address).content.decode(), "who reads an edit sees the signals beside it"
    assert client.post(address, {"answer": "refuse", "note": ""}).status_code == 422
    assert client.post(address, {"answer": "agree", "note": ""}).status_code == 302
    edit.refresh_from_db()
    assert (edit.state, edit.reader_id) == ("agreed", lab.technician.party_id)


def computed_with(client: Client, lab: Laboratory, run: Run) -> Run:
    """The run computed again with its edits, once."""
    key = {"idempotency_key": str(uuid4())}
    enter(client, lab.analyst)
    assert 'name="idempotency_key"' in client.get(reverse("web:run_trace", args=[run.reference])).content.decode()
    made, twice = (client.post(reverse("web:edits_run", args=[run.reference]), key) for _click in range(2))
    assert made["Location"] == twice["Location"], "a double click computes once"
    again = Run.objects.latest("pk")
    assert made["Location"] == reverse("web:run", args=[again.reference])
    run_execute(again.pk)
    again.refresh_from_db()
    assert (again.state, again.error) == ("done", "")
    return again


def test_an_edit_is_proposed_read_by_another_and_computed_with(client: Client, bench: Bench, run: Run) -> None:
    lab, consensus = bench.lab, consensus_of(run)
    before = (run.result_digest, list(run.inputs.values_list("file__digest", flat=True)))
    at = 200
    old = chr(consensus.bases[at - 1])
    new = {"A": "G", "G": "A", "C": "T", "T": "C"}[old]
    refused(lab, run, at, old, new)
    agreed(client, lab, run, at, old, new)
    again = computed_with(client, lab, run)
    layer = again.inputs.get(role="edits").file
    edited = bytearray(consensus.bases)
    edited[at - 1] = ord(new)
    fasta = again.outputs.get(name="consensus.fasta").file
    with store_current().open(fasta.digest, version=fasta.store_version) as chunks:
        assert b"".join(chunks) == b">scale\n" + bytes(edited) + b"\n"
    run.refresh_from_db()
    assert (run.result_digest, list(run.inputs.values_list("file__digest", flat=True))) == before
    assert verbs(run) == ["proposed", "agreed", "layered"]
    with pytest.raises(RuleViolation, match="computed with edits"):
        edit_propose(actor=lab.analyst, run=again, position=1, old="A", new="C", reason="On top.")
    shown = client.get(reverse("web:run_trace", args=[again.reference])).content.decode()
    assert "This run was computed with edits." in shown
    for inputs in (
        [*trace_pair(bench, SPECIES)[:1], ("edits", layer)],
        [*trace_pair(bench, SPECIES), ("edits", upload(bench, b"[]", "e.json", "edits"))],
    ):
        with pytest.raises(BadInput, match="no layer of agreed edits"):
            species_run(bench, run.reference_set, inputs)  # type: ignore[arg-type]


def test_an_edit_is_withdrawn_by_its_editor_only_and_the_api_tells_the_same(bench: Bench, run: Run) -> None:
    lab, base = bench.lab, chr(consensus_of(run).bases[9])
    analyst, technician = Caller(lab.analyst), Caller(lab.technician)
    # That a run of a case has no edits is content of the case too: an outsider says why.
    auditor = Caller(builders.actor(Role.AUDITOR, name="Ingrid Auditor"))
    problem(auditor.get(f"runs/{run.uuid}/edits/"), 403, "reason-needed")
    assert auditor.get(f"runs/{run.uuid}/edits/", X_Access_Reason="Quarterly audit of edits").status_code == 200
    ask = {"position": 10, "old": base, "new": "N", "reason": "A blob of dye."}
    made = analyst.post(f"runs/{run.uuid}/edits/", ask)
    assert made.status_code == 201, made.content
    uuid = made.json()["uuid"]
    problem(analyst.post(f"edits/{uuid}/reading/", {"agree": True}), 403, "own-work")
    problem(technician.post(f"edits/{uuid}/withdrawal/", {"note": "Not mine."}), 403, "not-yours")
    assert Caller(builders.actor()).get(f"runs/{run.uuid}/edits/").status_code == 404
    done = analyst.post(f"edits/{uuid}/withdrawal/", {"note": "It is clear after all."})
    assert done.json()["state"] == "withdrawn"
    problem(technician.post(f"edits/{uuid}/reading/", {"agree": True}), 422, "edit-closed")
    problem(analyst.post(f"runs/{run.uuid}/edited-run/", {}), 422, "no-edit")
    assert [one["state"] for one in analyst.get(f"runs/{run.uuid}/edits/").json()["results"]] == ["withdrawn"]
    with pytest.raises(RuleViolation):
        edit_withdraw(actor=lab.analyst, edit=BaseEdit.objects.get(), note="Twice.")


def test_reads_that_cannot_be_laid_together_are_shown_each_alone(
    client: Client, bench: Bench, library: ReferenceSet
) -> None:
    (_role, forward), _ = trace_pair(bench, SPECIES)
    _, (_role, other) = trace_pair(bench, "Vagus primus")
    failed = species_run(bench, library, [("trace_forward", forward), ("trace_reverse", other)])
    assert failed.state == "failed"
    enter(client, bench.lab.analyst)
    address = reverse("web:run_trace", args=[failed.reference])
    assert address in client.get(reverse("web:run", args=[failed.reference])).content.decode()
    for way, file in (("forward", forward), ("reverse", other)):
        shown = client.get(address, {"read": way}).content.decode()
        assert f">Read {file.name}</text>" in shown
        assert "cannot be laid together" in shown
        assert f"read={way}&amp;from=" in shown, "moving stays with the read"
        assert "Edit a base" not in shown
    assert f">Read {forward.name}</text>" in client.get(address).content.decode()
    assert client.get(address, {"read": "reverse", "paper": "1"}).status_code == 200


def test_signals_are_shown_moved_zoomed_and_printed(client: Client, bench: Bench, run: Run) -> None:
    view = trace_view(run=run)
    assert view.columns >= len(view.consensus.bases)
    drawing = ET.fromstring(view.drawing(1, 80, 14, "k"))  # noqa: S314 - our own
    letters = [one.text for one in drawing.iter(f"{SVG}text") if one.get("class", "").startswith("mono strong")]
    assert "".join(map(str, letters)) == view.consensus.bases.decode()[: len(letters)]
    assert len(drawing.findall(f".//{SVG}path[@class='tr tr-a']")) == 2, "one curve a read"
    enter(client, bench.lab.reviewer)
    address = reverse("web:run_trace", args=[run.reference])
    first = client.get(address).content.decode()
    assert 'aria-labelledby="view-t view-d"' in first
    assert "Closer" in first
    assert "Propose" not in first, "a reviewer edits nothing"
    editing = reverse("web:edit_new", args=[run.reference])
    assert f"{editing}?position=" not in first
    enter(client, bench.lab.analyst)
    seen = client.get(address).content.decode()
    for one in view.noted:
        assert f"{editing}?position={one.position}&amp;old={one.base}" in seen
    enter(client, bench.lab.reviewer)
    near = client.get(address, {"base": "300", "zoom": "3"}).content.decode()
    assert ">300</text>" in near
    assert "Closer" not in near
    for odd in ({"from": "-5"}, {"from": "999999", "zoom": "99"}, {"base": "x"}, {"zoom": "²"}):
        assert client.get(address, odd).status_code == 200, odd
    paper = client.get(address, {"paper": "1"}).content.decode()
    assert paper.count('<figure class="fig fit"') == -(-view.columns // 60)
    assert view.columns % 60  # the last row is not full, and is drawn at the scale of the others
    assert set(re.findall(r'<figure class="fig fit"[^>]*><svg [^>]*viewBox="0 0 ([0-9]+) ', paper)) == {
        str(60 * 14 + 8)
    }
    assert client.get(reverse("web:edit_new", args=[run.reference])).status_code == 403
    client.cookies["django_language"] = "fr"
    told = client.get(address).content.decode()
    assert re.search(r'<title id="view-t">Bases [0-9]+ à [0-9]+</title>\s*<desc id="view-d">Consensus ', told)
    assert "Rien n’est marqué." in told or "Marqué : " in told
    assert 'lang="en"' not in told
