"""A new edition of a reference set: which reported answers it would change, and that nothing reported is altered."""

import json
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.urls import reverse

from chain_of_custody.models import Entry
from lims.casework.services.cases import case_close
from lims.common.errors import NotAllowed, RuleViolation
from lims.lab.models import DriftCheck, DriftLine, ReferenceSet, Run
from lims.lab.rules.drifting import Change, Said, changes
from lims.lab.selectors.drift import drift_lines, drift_undecided
from lims.lab.services import jobs
from lims.lab.services.drift import drift_ask, drift_cancel, drift_decide
from lims.lab.services.references import reference_approve
from lims.lab.tasks import drift_execute
from tests.lims import builders
from tests.lims.api.client import Caller
from tests.lims.lab import support
from tests.lims.lab.support import SEQUENCES, Bench, barcode_set, species_run, upload
from tests.lims.web.laboratory import enter

pytestmark = pytest.mark.commits
HIDDEN, KNOWN = "Fictus tertius", "Vagus tertius"


def reported(bench: Bench, library: ReferenceSet) -> Run:
    """Two sequences identified, a finding on each, the case closed."""
    text = f">hidden\n{SEQUENCES[HIDDEN]}\n>known\n{SEQUENCES[KNOWN]}\n".encode()
    run = species_run(bench, library, [("sequence", upload(bench, text, "two.fasta", "sequence"))])
    for outcome in run.outcomes.order_by("number"):
        support.finding(bench, outcome, identification=outcome.identification, text="As the run says.")
    case_close(actor=bench.lab.custodian, case=bench.case, version=bench.case.version, reason="Judgment is final.")
    return run


def frozen(run: Run) -> tuple[object, ...]:
    """Everything a run said."""
    row = Run.objects.get(pk=run.pk)
    return (
        row.result_digest,
        row.reference_set_id,
        row.state,
        list(row.outcomes.order_by("pk").values()),
        list(row.outputs.order_by("pk").values()),
        list(row.findings.order_by("pk").values()),
    )


def verbs(kind: str, uuid: UUID) -> list[str]:
    rows = Entry.objects.filter(stream__kind=kind, stream__uuid=uuid).order_by("sequence")
    read = [json.loads(bytes(row.canonical)) for row in rows]
    return [one["verb"] for one in read if one["schema"] == "lab.drift/1"]


def test_answers_are_matched_by_subject_and_order() -> None:
    old = [
        Said(subject=s, identification=i, name=n)
        for s, i, n in (("a", "species", "X"), ("b", "genus", "Y"), ("b", "species", "Z"), ("c", "species", "W"))
    ]
    new = [
        Said(subject="b", identification="genus", name="Y"),
        Said(subject="a", identification="species", name="X"),
        Said(subject="b", identification="species", name="other"),
    ]
    assert changes(old, new, range(4)) == [Change(place=2, now=new[2]), Change(place=3, now=None)]
    assert changes(old, new, [0, 1]) == []
    assert changes(old, old, range(4)) == []


def decided(client: Client, bench: Bench, line: DriftLine) -> None:
    """Quality says on the page what follows, once."""
    lab, decide = bench.lab, reverse("web:drift_line", args=[line.uuid])
    assert client.get(decide).status_code == 403
    enter(client, lab.manager)
    assert client.post(decide, {"decision": "examine", "note": ""}).status_code == 422
    assert client.post(decide, {"decision": "examine", "note": "The owner is told."}).status_code == 302
    line.refresh_from_db()
    assert (line.decision, line.note, line.decided_by_id) == ("examine", "The owner is told.", lab.manager.party_id)
    with pytest.raises(RuleViolation, match="decided"):
        drift_decide(actor=lab.manager, line=line, decision="nothing", note="After all.")


def test_a_new_edition_lists_what_it_would_change_and_alters_nothing(client: Client, bench: Bench) -> None:
    lab = bench.lab
    run = reported(bench, barcode_set(lab, HIDDEN))
    before = frozen(run)
    assert not DriftCheck.objects.exists()
    newer = barcode_set(lab, edition="2", approved=False)
    with pytest.raises(RuleViolation, match="approved"):
        drift_ask(actor=lab.manager, reference=newer)
    newer = reference_approve(actor=lab.manager, reference=newer, note="Checked.")
    check = DriftCheck.objects.get()
    with pytest.raises(RuleViolation, match="under way"):
        drift_ask(actor=lab.analyst, reference=newer)
    waiting = enter(client, lab.analyst).get(reverse("web:drift", args=[check.uuid]))
    assert waiting.status_code == 202
    drift_execute(check.pk)
    drift_execute(check.pk)  # a bell rung twice
    check.refresh_from_db()
    assert (check.state, check.error, check.runs, check.answers) == ("done", "", 1, 2)
    line = check.lines.get()
    assert line.outcome is not None
    assert line.outcome.subject == "hidden"
    assert line.outcome.identification != "species"
    assert (line.identification, line.name, line.decision) == ("species", HIDDEN, "open")
    assert frozen(run) == before
    assert verbs("reference", newer.uuid) == ["queued", "finished"]
    assert verbs("run", run.uuid) == ["would_change"]

    shown = client.get(reverse("web:drift", args=[check.uuid])).content.decode()
    assert HIDDEN in shown
    assert bench.case.reference in shown
    assert "Say what follows" not in shown, "quality decides"
    decided(client, bench, line)
    assert verbs("run", run.uuid) == ["would_change", "decided"]
    assert frozen(run) == before

    manager = Caller(lab.manager)
    listed = manager.get(f"reference-sets/{newer.uuid}/drift-checks/").json()["results"]
    assert [(one["changed"], one["undecided"]) for one in listed] == [(1, 0)]
    (told,) = manager.get(f"drift-checks/{check.uuid}/lines/").json()["results"]
    assert (told["run"], told["name"], told["decision"]) == (run.reference, HIDDEN, "examine")
    stranger = Caller(builders.actor())
    assert stranger.get(f"drift-checks/{check.uuid}/lines/").status_code in {403, 404}
    assert stranger.post(f"reference-sets/{newer.uuid}/drift-checks/", {}).status_code in {403, 404}


def test_a_check_is_cancelled_and_asked_for_by_those_who_may(bench: Bench) -> None:
    lab = bench.lab
    run = reported(bench, barcode_set(lab, HIDDEN))
    newer = barcode_set(lab, edition="2")
    check = DriftCheck.objects.get()
    for who in (lab.technician, lab.reviewer):
        with pytest.raises(NotAllowed):
            drift_ask(actor=who, reference=newer)
        with pytest.raises(NotAllowed):
            drift_cancel(actor=who, check=check)
    drift_cancel(actor=lab.manager, check=check)
    drift_execute(check.pk)
    check.refresh_from_db()
    assert (check.state, check.lines.count()) == ("cancelled", 0)
    assert verbs("run", run.uuid) == []
    again = drift_ask(actor=lab.analyst, reference=newer)
    assert again.pk != check.pk
    assert not drift_lines(actor=builders.actor()).exists()
    assert not drift_undecided(actor=lab.analyst).exists()


def test_a_check_cancelled_in_the_middle_writes_nothing_and_can_be_asked_for_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cancelled by another person while the worker computes: the next step of the work sees it."""
    lab = bench.lab
    run = reported(bench, barcode_set(lab, HIDDEN))
    before = frozen(run)
    newer = barcode_set(lab, edition="2")
    check = DriftCheck.objects.get()
    told, steps = jobs.Heart.progress, []

    def progress(self: Any, share: float, words: str) -> None:
        if words.startswith("identifying") and steps[-1] == "reading":
            drift_cancel(actor=lab.manager, check=check)
            self._beat()
        steps.append(words)
        told(self, share, words)

    monkeypatch.setattr(jobs.Heart, "progress", progress)
    drift_execute(check.pk)
    check.refresh_from_db()
    assert (check.state, check.runs, check.lines.count()) == ("cancelled", 0, 0)
    assert steps[-1] == "identifying hidden", "nothing was computed after it"
    assert frozen(run) == before
    assert verbs("run", run.uuid) == []
    assert verbs("reference", newer.uuid) == ["queued", "cancelled"]
    monkeypatch.undo()
    again = drift_ask(actor=lab.analyst, reference=newer)
    drift_execute(again.pk)
    again.refresh_from_db()
    assert (again.state, again.lines.count()) == ("done", 1)
