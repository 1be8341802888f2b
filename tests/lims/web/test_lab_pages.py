"""Pages of the laboratory's work: what each role meets, what a form records, what is refused in words."""

import re
from datetime import date
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from analysis.species.abif import abif_bytes, trace_synthesise
from chain_of_custody.models import StoredFile
from lims.accounts.models import AccessEntry
from lims.accounts.roles import Role
from lims.lab.models import Finding, Run, RunOutcome
from lims.lab.services.references import reference_retire
from lims.lab.services.runs import run_rerun
from lims.lab.tasks import run_execute
from lims.web.rundescribing import run_row
from tests.lims import builders
from tests.lims.lab import support
from tests.lims.lab.support import Bench
from tests.lims.web.laboratory import enter

pytestmark = pytest.mark.commits


LISTS = {
    "analyst": ("today", "request_list", "result_list", "reference_list", "method_list", "report_list"),
    "technician": ("today", "batch_list", "batch_new", "result_list"),
    "reviewer": ("today", "review_list", "review_sent_back", "review_signed"),
    "manager": ("today", "pack_list", "evidence_list", "ledger", "exception_list", "access_list", "verify"),
}
NOT_THEIRS = {
    "technician": ("report_list", "pack_list", "ledger", "access_list", "review_list", "reference_new"),
    "custodian": ("result_list", "batch_list", "pack_list", "ledger"),
    "analyst": ("evidence_list", "ledger"),
}


def test_each_role_opens_its_lists_and_no_other(client: Client, bench: Bench) -> None:
    for who, pages in LISTS.items():
        enter(client, getattr(bench.lab, who))
        for page in pages:
            assert client.get(reverse(f"web:{page}")).status_code == 200, (who, page)
    for who, pages in NOT_THEIRS.items():
        enter(client, getattr(bench.lab, who))
        for page in pages:
            assert client.get(reverse(f"web:{page}")).status_code == 403, (who, page)


def test_request_is_asked_and_accepted(client: Client, bench: Bench) -> None:
    ask = reverse("web:request_new_in_case", args=[bench.case.reference])
    form = {"rows": "3", "row0-item": bench.item.reference, "row0-question": "species", "row0-note": ""}
    asked = enter(client, bench.lab.analyst).post(ask, form)
    assert asked.status_code == 302, asked.content.decode()
    address = asked["Location"]
    shown = client.get(address)
    assert b"Waiting for contract review" in shown.content
    refused = client.post(address, {"version": "1", "answer": "decline", "note": ""})
    assert refused.status_code == 422
    done = client.post(address, {"version": "1", "answer": "accept", "note": ""})
    assert done["Location"] == address
    assert b"Accepted" in client.get(address).content


def test_request_without_a_question_says_which_row(client: Client, bench: Bench) -> None:
    ask = reverse("web:request_new_in_case", args=[bench.case.reference])
    form = {"rows": "3", "row1-item": bench.item.reference, "row1-question": ""}
    response = enter(client, bench.lab.analyst).post(ask, form)
    assert response.status_code == 422
    assert b"2. Question" in response.content


def test_run_page_answers_first_and_records_the_view(client: Client, bench: Bench) -> None:
    run = support.origin_run(bench)
    response = enter(client, bench.lab.analyst).get(reverse("web:run", args=[run.reference]))
    text = response.content.decode()
    assert response.status_code == 200
    assert "Best explained by" in text
    assert "How often it is right, how often wrong" in text
    assert "<svg" in text
    assert 'class="off"' in text
    assert AccessEntry.objects.filter(subject=run.uuid, kind="view").count() == 1
    for number in (2, 3, 4):
        assert client.get(f"{reverse('web:run', args=[run.reference])}?outcome={number}").status_code == 200


def test_damaged_raw_files_are_refused_in_words_and_none_is_kept(client: Client, bench: Bench) -> None:
    address = reverse("web:raw_files", args=[bench.item.reference])
    enter(client, bench.lab.technician)
    trace = abif_bytes(trace_synthesise("ACGT" * 60, sample="S1", seed=1, run_on=date(2026, 1, 1)))
    cases = {
        "trace_forward": ("cut.ab1", trace[: len(trace) // 2], "cut.ab1"),
        "trace_reverse": ("fake.ab1", b"GIF89a, not a trace", "fake.ab1"),
        "sequence": ("empty.fasta", b"", "empty"),
        "genotypes": ("table.csv", b"name,L1\nA,100/102\n", "table.csv"),
    }
    for role, (name, content, said) in cases.items():
        good = SimpleUploadedFile("good.ab1", trace)
        other = "trace_reverse" if role == "trace_forward" else "trace_forward"
        response = client.post(address, {role: SimpleUploadedFile(name, content), other: good, "id_column": "id"})
        assert response.status_code == 422, role
        shown = response.content.decode()
        assert said in shown, shown[shown.find("<main") :][:3000]
        assert not StoredFile.objects.filter(stream__kind="item").exists()
    kept = client.post(address, {"trace_forward": SimpleUploadedFile("a.ab1", trace), "id_column": "id"})
    assert kept.status_code == 302
    file = StoredFile.objects.get(stream__kind="item")
    read = client.get(reverse("web:raw_file", args=[bench.item.reference, file.pk]))
    assert b"".join(read.streaming_content) == trace  # type: ignore[attr-defined]
    assert read["X-Content-Type-Options"] == "nosniff"
    assert read["Content-Disposition"].startswith("attachment")


def test_run_is_started_once_waits_and_is_cancelled(client: Client, bench: Bench) -> None:
    support.upload(bench, bench.data.samples_csv.encode(), "samples.csv", "genotypes")
    address = reverse("web:run_new", args=[bench.item.reference, "origin.assign"])
    enter(client, bench.lab.analyst)
    page = client.get(address).content.decode()
    field = re.search(r'name="(file_\d+)"', page)
    assert field is not None
    form = {
        field[1]: "genotypes",
        "reference": str(bench.baseline.uuid),
        "id_column": "id",
        "simulations": "1000",
        "seed": "7",
        "idempotency_key": str(uuid4()),
    }
    first, second = client.post(address, form), client.post(address, form)
    assert first["Location"] == second["Location"]
    assert Run.objects.count() == 1
    run = Run.objects.get()
    assert (run.seed, run.parameters["simulations"]) == (7, 1000)
    waiting = client.get(first["Location"])
    assert waiting.status_code == 202
    assert 'hx-trigger="every 2s"' in waiting.content.decode()
    assert client.post(reverse("web:run_cancel", args=[run.reference])).status_code == 302
    stopped = client.get(reverse("web:run_progress", args=[run.reference])).content.decode()
    assert "hx-trigger" not in stopped
    assert "Cancelled" in stopped


def test_failed_run_says_why(client: Client, bench: Bench) -> None:
    run = support.origin_run(bench, content=b"id,L1\nA,100/102\n")
    response = enter(client, bench.lab.analyst).get(reverse("web:run", args=[run.reference]))
    assert response.status_code == 200
    assert "The run failed" in response.content.decode()
    assert run.error
    assert escape(run.error) in response.content.decode()


def test_finding_rests_on_the_run_and_a_rerun_gives_the_same_bytes(client: Client, bench: Bench) -> None:
    run = support.origin_run(bench)
    enter(client, bench.lab.analyst)
    address = reverse("web:finding_from_run", args=[run.reference, 1])
    opinion = client.post(address, {"kind": "opinion", "text": "From the south.", "basis": ""})
    assert opinion.status_code == 422
    assert b"An opinion states its basis." in opinion.content
    done = client.post(
        address, {"kind": "finding", "text": "Assigned to one population.", "identification": "assigned"}
    )
    assert done.status_code == 302, done.content.decode()
    assert Finding.objects.get().outcome_id == run.outcomes.get(number=1).pk
    key = {"idempotency_key": str(uuid4())}
    assert b'name="idempotency_key"' in client.get(reverse("web:run", args=[run.reference])).content
    again, twice = (client.post(reverse("web:run_rerun", args=[run.reference]), key) for _click in range(2))
    assert again["Location"] == twice["Location"]
    repeated = Run.objects.get(rerun_of=run)
    run_execute(repeated.pk)
    assert b"Repeated: same bytes" in client.get(again["Location"]).content


def test_a_repetition_that_differs_leads_to_what_differs_and_names_another_version(
    client: Client, bench: Bench
) -> None:
    run = support.origin_run(bench)
    again = run_rerun(actor=bench.lab.analyst, run=run)
    run_execute(again.pk)
    enter(client, bench.lab.analyst)
    Run.objects.filter(pk=again.pk).update(identical=False)
    compare = f"{reverse('web:run_compare', args=[run.reference])}?other={again.reference}"
    shown = client.get(reverse("web:run", args=[run.reference])).content.decode()
    assert "Repeated: different result" in shown
    assert compare in shown
    Run.objects.filter(pk=run.pk).update(method_version="0.9")
    reference_retire(actor=bench.lab.manager, reference=bench.baseline, reason="A newer edition is in use.")
    shown = client.get(reverse("web:run", args=[run.reference])).content.decode()
    assert "Repeated with another version: different result" in shown
    assert "retired since" in shown
    assert client.get(compare).status_code == 200


def test_a_repetition_that_fails_says_that_another_version_computed_the_first(client: Client, bench: Bench) -> None:
    run = support.origin_run(bench)
    again = run_rerun(actor=bench.lab.analyst, run=run)
    Run.objects.filter(pk=again.pk).update(state="failed", error="It cannot be read.")
    enter(client, bench.lab.analyst)
    address = reverse("web:run", args=[again.reference])
    words = f"{run.reference} was computed by version 0.9 of the method"
    assert words not in client.get(address).content.decode()
    Run.objects.filter(pk=run.pk).update(method_version="0.9")
    assert words in client.get(address).content.decode()


def test_a_list_does_not_read_as_if_what_was_found_had_been_declared(bench: Bench) -> None:
    run = support.origin_run(bench)
    RunOutcome.objects.filter(run=run).exclude(number=1).delete()
    RunOutcome.objects.filter(run=run).update(identification="excluded", name="Bos taurus")
    row = run_row(Run.objects.get(pk=run.pk))
    assert f"{row.answer} {row.taxon}" == "Not the declared species, found: Bos taurus"


def test_outsiders_meet_one_404(client: Client, bench: Bench) -> None:
    run = support.origin_run(bench)
    stranger = builders.actor(Role.PROSECUTOR, agency=builders.agency("Elsewhere"))
    enter(client, stranger)
    addresses = [
        reverse("web:run", args=[run.reference]),
        reverse("web:raw_files", args=[bench.item.reference]),
        reverse("web:case_index", args=[bench.case.reference]),
        reverse("web:evidence_new", args=[bench.case.reference]),
        reverse("web:evidence", args=[uuid4()]),
        reverse("web:pack", args=["WF-2026-000001-DP01"]),
    ]
    answers = [client.get(address) for address in addresses]
    assert [answer.status_code for answer in answers] == [404] * len(addresses)


def test_fetching_says_nothing_without_the_right_code(client: Client, bench: Bench) -> None:
    address = reverse("web:fetch", args=[uuid4()])
    assert client.get(address).status_code == 200
    refused = client.post(address, {"code": "wrong"})
    assert refused.status_code == 422
    assert b"This code is wrong, used or expired." in refused.content


def test_verifying_needs_no_account_and_names_what_fails(client: Client, bench: Bench) -> None:
    address = reverse("web:verify")
    assert client.get(address).status_code == 200
    broken = client.post(address, {"file": SimpleUploadedFile("pack.zip", b"PK\x03\x04 not a pack"), "own": "on"})
    assert broken.status_code == 200
    assert b"Failed: it is not as the laboratory made it" in broken.content
    bad_key = client.post(address, {"file": SimpleUploadedFile("pack.zip", b"PK"), "keys": "no key"})
    assert bad_key.status_code == 422
    assert b"is no key" in bad_key.content


def test_author_changes_a_draft_that_leaves_an_item_out(client: Client, bench: Bench) -> None:
    support.origin_run(bench)
    draft = support.report(bench, support.finding(bench))
    other = builders.exhibits(bench.lab.custodian, bench.case)[0].item
    address = reverse("web:report_edit", args=[draft.number])
    shown = enter(client, bench.lab.analyst).get(address)
    assert shown.status_code == 200
    form = {
        "title": "Origin of the tusk",
        "question": draft.question,
        "findings": [str(one.uuid) for one in draft.findings.all()],
        "language": "en",
        "version": str(draft.version),
        "rows": "2",
        "row0-item": other.reference,
        "row0-reason": "Too little material",
    }
    assert client.post(address, form).status_code == 302
    draft.refresh_from_db()
    assert draft.title == "Origin of the tusk"
    again = client.get(address)
    assert again.status_code == 200
    assert b"Too little material" in again.content
