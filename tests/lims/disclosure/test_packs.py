"""From a prosecutor's request to a pack that verifies without us: withheld fields, second packs, one-time codes."""

import io
import json
import subprocess
import sys
import zipfile
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from chain_of_custody.core.note import note_open
from chain_of_custody.core.verify import Report as Verdict
from chain_of_custody.core.verify import Status, verify_file
from chain_of_custody.models import Commitment
from chain_of_custody.vault.errors import ObjectMissing
from chain_of_custody.vault.services import store_current
from lims.accounts.models import AccessEntry, User
from lims.accounts.roles import Role
from lims.casework.services.cases import case_close, case_hold
from lims.casework.services.files import item_file_store
from lims.casework.services.retention import files_kept
from lims.common.errors import BadInput, NotAllowed, NotFound, RuleViolation, StaleVersion
from lims.disclosure.execution import BuiltPack
from lims.disclosure.models import DisclosurePack, EvidenceRequest
from lims.disclosure.rules import FIELDS
from lims.disclosure.selectors.contents import pack_contents
from lims.disclosure.services.packs import (
    delivery_code_create,
    delivery_code_use,
    pack_finish,
    pack_order,
    pack_read,
    pack_start,
)
from lims.disclosure.services.requests import Withholding, evidence_decide, evidence_request
from lims.disclosure.tasks import pack_build
from lims.lab.services.jobs import LeaseLost
from lims.lab.services.runs import run_queue
from tests.lims import builders
from tests.lims.disclosure.conftest import Disclosure
from tests.lims.lab.support import finding, log_settle, report, submitted

PLACE = Withholding(
    kind="field",
    field="place.name",
    description="Exact place of the seizure",
    rule="Protection of a source",
    decided_by="District court, order 12/26",
)


def _approved(here: Disclosure, *withheld: Withholding) -> EvidenceRequest:
    request = evidence_request(
        actor=here.prosecutor,
        case=here.bench.case,
        legal_basis="Criminal Procedure Act s. 42",
        scope="The whole record of the case",
        reports=[here.report],
    )
    return evidence_decide(actor=here.bench.lab.manager, request=request, version=1, approve=True, withheld=withheld)


def _built(here: Disclosure, request: EvidenceRequest) -> DisclosurePack:
    pack = pack_order(actor=here.bench.lab.manager, request=request)
    log_settle()
    pack_build(pack.pk)
    pack.refresh_from_db()
    assert (pack.state, pack.error) == ("done", "")
    return pack


def _written(here: Disclosure, pack: DisclosurePack) -> Path:
    path = here.folder / f"{pack.reference}.zip"
    assert pack.file is not None
    with store_current().open(pack.file.digest, version=pack.file.store_version) as chunks:
        path.write_bytes(b"".join(chunks))
    return path


def _verify(here: Disclosure, path: Path) -> Verdict:
    return verify_file(path, pinned=(here.keys.log.verifier, here.keys.pack.verifier))


def test_a_pack_verifies_with_both_keys_and_fails_when_one_byte_changes(disclosure: Disclosure) -> None:
    path = _written(disclosure, _built(disclosure, _approved(disclosure)))
    verdict = _verify(disclosure, path)
    assert verdict.status is Status.PASSED, verdict
    assert verify_file(path).status is Status.INDETERMINATE
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        signed = next(info for info in archive.infolist() if "/data/report/" in info.filename)
    for part in ("data/raw/", "data/results/", "data/reference/", "data/custody/custody.jsonl", "data/certificates/",
                 "data/index.pdf", "data/schedule-withheld.json", "data/verifier/", "signature.txt"):  # fmt: skip
        assert any(f"/{part}" in name for name in names), part
    body = bytearray(path.read_bytes())
    body[signed.header_offset + 4000] ^= 1
    path.write_bytes(body)
    broken = _verify(disclosure, path)
    assert broken.status is Status.FAILED
    assert any(disclosure.report.number in str(step) for step in broken.steps)


def test_the_verifier_inside_the_pack_runs_on_its_own(disclosure: Disclosure) -> None:
    path = _written(disclosure, _built(disclosure, _approved(disclosure)))
    with zipfile.ZipFile(path) as archive:
        archive.extractall(disclosure.folder / "unpacked")
    here = next((disclosure.folder / "unpacked").glob("*/data/verifier"))
    keys = [part for key in (disclosure.keys.log, disclosure.keys.pack) for part in ("--key", str(key.verifier))]
    done = subprocess.run(
        [sys.executable, "-m", "chain_of_custody.core", "verify", str(path), *keys],
        cwd=here,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_is_withheld_is_not_in_the_pack_and_is_on_the_schedule(disclosure: Disclosure) -> None:
    open_pack = _written(disclosure, _built(disclosure, _approved(disclosure)))
    shut_pack = _written(disclosure, _built(disclosure, _approved(disclosure, PLACE)))

    def custody(path: Path) -> str:
        with zipfile.ZipFile(path) as archive:
            name = next(name for name in archive.namelist() if name.endswith("custody.jsonl"))
            return archive.read(name).decode()

    assert "Berth 14" in custody(open_pack)
    assert "Berth 14" not in custody(shut_pack)
    assert _verify(disclosure, shut_pack).status is Status.PASSED
    with zipfile.ZipFile(shut_pack) as archive:
        name = next(name for name in archive.namelist() if name.endswith("schedule-withheld.json"))
        line = json.loads(archive.read(name))["withheld"][0]
    assert (line["field"], line["rule"]) == ("place.name", "Protection of a source")


def test_a_withheld_file_is_left_out(disclosure: Disclosure) -> None:
    raw = disclosure.bench.case.runs.get().inputs.get().file
    line = Withholding(
        kind="file", subject=raw.uuid, description="Raw genotypes", rule="Third party", decided_by="Court"
    )
    path = _written(disclosure, _built(disclosure, _approved(disclosure, line)))
    with zipfile.ZipFile(path) as archive:
        assert not [name for name in archive.namelist() if "/data/raw/" in name]
    assert _verify(disclosure, path).status is Status.PASSED


def test_a_second_pack_leaves_the_first_as_it_was(disclosure: Disclosure) -> None:
    request = _approved(disclosure)
    first = _built(disclosure, request)
    before = _written(disclosure, first).read_bytes()
    draft = report(disclosure.bench, finding(disclosure.bench))
    second = _built(disclosure, request)
    assert (second.reference, draft.number) != (first.reference, disclosure.report.number)
    first.refresh_from_db()
    assert _written(disclosure, first).read_bytes() == before
    assert _verify(disclosure, _written(disclosure, first)).status is Status.PASSED
    assert _verify(disclosure, _written(disclosure, second)).status is Status.PASSED
    assert second.checkpoint_size > first.checkpoint_size


def test_the_signature_beside_the_archive_covers_its_bytes(disclosure: Disclosure) -> None:
    pack = _built(disclosure, _approved(disclosure))
    assert pack.signature_file is not None
    assert pack.file is not None
    with store_current().open(pack.signature_file.digest, version=pack.signature_file.store_version) as chunks:
        note = note_open(b"".join(chunks), disclosure.keys.pack.verifier)
    assert note.text.splitlines() == ["spoor-pack-archive/1", pack.reference, pack.file.digest]


def test_only_an_approved_request_of_the_prosecutor_of_the_case_is_packed(disclosure: Disclosure) -> None:
    lab, case = disclosure.bench.lab, disclosure.bench.case
    with pytest.raises(NotAllowed):
        evidence_request(actor=builders.actor(Role.INVESTIGATOR), case=case, legal_basis="x", scope="y")
    with pytest.raises(NotAllowed):
        evidence_request(actor=disclosure.prosecutor, case=builders.case(lab.custodian), legal_basis="x", scope="y")
    with pytest.raises(BadInput, match="issued"):
        evidence_request(
            actor=disclosure.prosecutor,
            case=case,
            legal_basis="x",
            scope="y",
            reports=[report(disclosure.bench, finding(disclosure.bench))],
        )
    request = evidence_request(actor=disclosure.prosecutor, case=case, legal_basis="x", scope="y")
    with pytest.raises(RuleViolation, match="not approved"):
        pack_order(actor=lab.manager, request=request)
    with pytest.raises(NotAllowed):
        evidence_decide(actor=disclosure.prosecutor, request=request, version=1, approve=True)
    with pytest.raises(BadInput):
        evidence_decide(actor=lab.manager, request=request, version=1, approve=False)
    evidence_decide(actor=lab.manager, request=request, version=1, approve=False, note="Ask for less.")
    with pytest.raises(StaleVersion):
        evidence_decide(actor=lab.manager, request=request, version=1, approve=True)
    with pytest.raises(RuleViolation, match="not approved"):
        pack_order(actor=lab.manager, request=request)


def test_a_one_time_code_works_once(disclosure: Disclosure) -> None:
    lab = disclosure.bench.lab
    request = _approved(disclosure)
    waiting = pack_order(actor=lab.manager, request=request)
    court = builders.driver("Court registry")
    with pytest.raises(NotFound, match="not built"):
        delivery_code_create(actor=lab.manager, pack=waiting, recipient=court)
    log_settle()
    pack_build(waiting.pk)
    delivery, code = delivery_code_create(actor=lab.manager, pack=waiting, recipient=court)
    with pytest.raises(NotAllowed, match="wrong, used or expired"), delivery_code_use(delivery=delivery, code="guess"):
        pass
    with delivery_code_use(delivery=delivery, code=code) as (stored, chunks):
        assert sum(len(chunk) for chunk in chunks) == stored.size
    with pytest.raises(NotAllowed, match="wrong, used or expired"), delivery_code_use(delivery=delivery, code=code):
        pass
    request.refresh_from_db()
    assert request.state == "delivered"


def test_every_reading_of_a_pack_is_on_record(disclosure: Disclosure) -> None:
    pack = _built(disclosure, _approved(disclosure))
    with pytest.raises(NotAllowed), pack_read(actor=disclosure.bench.lab.technician, pack=pack):
        pass
    with pack_read(actor=disclosure.prosecutor, pack=pack) as (stored, chunks):
        assert sum(len(chunk) for chunk in chunks) == stored.size
    line = AccessEntry.objects.get(kind="download", reference=pack.reference)
    assert line.shown_as == "Claire Dumont"
    assert [row.way for row in pack.deliveries.all()] == ["sign_in"]


def test_a_report_still_in_review_is_not_disclosed(disclosure: Disclosure) -> None:
    waiting = submitted(disclosure.bench)
    request = evidence_request(
        actor=disclosure.prosecutor, case=disclosure.bench.case, legal_basis="x", scope="whole record"
    )
    request = evidence_decide(actor=disclosure.bench.lab.manager, request=request, version=1, approve=True)
    path = _written(disclosure, _built(disclosure, request))
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
    assert any(disclosure.report.number in name for name in names)
    assert not any(waiting.number in name for name in names)


def test_a_place_and_a_persons_name_are_withheld_whole(disclosure: Disclosure) -> None:
    name = Withholding(
        kind="field", field="actor.name", description="Staff", rule="Witness protection", decided_by="Court"
    )
    place = Withholding(
        kind="field", field="place.latitude", description="Site", rule="Protection of a source", decided_by="Court"
    )
    with pytest.raises(RuleViolation) as refused:  # the report names its people
        _approved(disclosure, name, place)
    assert (refused.value.code, refused.value.found) == ("report-tells", disclosure.report.number)
    assert "redacted report" in str(refused.value)
    assert disclosure.report.signed_file is not None
    whole = Withholding(
        kind="file", subject=disclosure.report.signed_file.uuid, description="Report", rule="x", decided_by="Court"
    )
    path = _written(disclosure, _built(disclosure, _approved(disclosure, name, place, whole)))
    with zipfile.ZipFile(path) as archive:
        assert not [one for one in archive.namelist() if "/data/report/" in one]
        schedule = next(one for one in archive.namelist() if one.endswith("schedule-withheld.json"))
        assert "was not searched" in json.loads(archive.read(schedule))["note"]
        inside = next(one for one in archive.namelist() if one.endswith("custody.jsonl"))
        custody = archive.read(inside).decode()
    assert "Berth 14" not in custody
    assert disclosure.bench.lab.custodian.name not in custody
    assert _verify(disclosure, path).status is Status.PASSED


def test_a_file_name_that_says_what_is_withheld_is_replaced(disclosure: Disclosure) -> None:
    bench = disclosure.bench
    upload = item_file_store(
        actor=bench.lab.technician,
        item=bench.item,
        source=io.BytesIO(bench.data.samples_csv.encode()),
        name="found at Berth 14.csv",
        media_type="text/csv",
        role="genotypes",
    )
    run_queue(
        actor=bench.lab.analyst,
        case=bench.case,
        item=bench.item,
        method="origin.assign",
        inputs=[("genotypes", upload)],
        reference=bench.baseline,
        parameters={"id_column": "id", "simulations": 1000, "figures": 1},
    )
    open_names = zipfile.ZipFile(_written(disclosure, _built(disclosure, _approved(disclosure)))).namelist()
    assert any("Berth_14" in one for one in open_names)
    shut = zipfile.ZipFile(_written(disclosure, _built(disclosure, _approved(disclosure, PLACE))))
    assert not any("Berth_14" in one for one in shut.namelist())
    assert any("/name-withheld-" in one for one in shut.namelist())
    assert b"Berth 14" not in shut.read(next(one for one in shut.namelist() if one.endswith("custody.jsonl")))


@pytest.mark.parametrize(
    ("kind", "field", "code"), [("field", "place_name", "unknown-field"), ("file", "", "unknown-file")]
)
def test_a_line_that_would_withhold_nothing_is_refused(
    disclosure: Disclosure, kind: str, field: str, code: str
) -> None:
    line = Withholding(kind=kind, field=field, description="x", rule="y", decided_by="z", subject=uuid4())
    with pytest.raises(BadInput) as refused:
        _approved(disclosure, line)
    assert (refused.value.code, refused.value.row) == (code, 0)


def test_every_committed_field_of_a_pack_can_be_withheld(disclosure: Disclosure) -> None:
    pack = _built(disclosure, _approved(disclosure))
    contents = pack_contents(pack)
    streams = [(key.kind, key.id) for key in contents.streams] + [("item", item.uuid) for item in contents.items]
    written = {
        field
        for kind, uuid in streams
        for field in Commitment.objects.filter(entry__stream__kind=kind, entry__stream__uuid=uuid).values_list(
            "field", flat=True
        )
    }
    assert {"place.name", "actor.name", "description", "text"} <= written
    assert written <= FIELDS


def test_a_late_worker_stores_no_byte_of_its_pack(disclosure: Disclosure) -> None:
    pack = pack_order(actor=disclosure.bench.lab.manager, request=_approved(disclosure))
    late = pack_start(pk=pack.pk, worker="late")
    assert late is not None
    DisclosurePack.objects.filter(pk=pack.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    assert pack_start(pk=pack.pk, worker="second") is not None
    archive = disclosure.folder / "late.zip"
    archive.write_bytes(b"an archive that came late")
    built = BuiltPack(path=archive, signature=b"signed late", contents=(), tagmanifest="", checkpoint_size=1)
    with pytest.raises(LeaseLost):
        pack_finish(pack=late, built=built)
    for content in (archive.read_bytes(), built.signature):
        with pytest.raises(ObjectMissing):
            store_current().stat(sha256(content).hexdigest())
    pack.refresh_from_db()
    assert (pack.state, pack.attempt, pack.file) == ("running", 2, None)


def test_files_of_a_held_case_are_kept_after_it_is_closed(disclosure: Disclosure) -> None:
    pack, case, lab = _built(disclosure, _approved(disclosure)), disclosure.bench.case, disclosure.bench.lab
    run = case.runs.get()
    assert pack.file is not None
    assert disclosure.report.signed_file is not None
    wanted = {pack.file.uuid, disclosure.report.signed_file.uuid, run.outputs.order_by("pk")[0].file.uuid}
    assert wanted <= set(files_kept())
    case_hold(actor=lab.custodian, case=case, hold=True, reason="Appeal is pending")
    case.refresh_from_db()
    case = case_close(actor=lab.custodian, case=case, version=case.version, reason="Reported")
    assert wanted <= set(files_kept())
    case_hold(actor=lab.custodian, case=case, hold=False, reason="Appeal decided", authority="Order 8/26")
    assert not wanted & set(files_kept())


def test_the_pages_of_a_case_show_its_packs(disclosure: Disclosure, client: Client) -> None:
    pack = _built(disclosure, _approved(disclosure))
    for who, name in ((disclosure.bench.lab.manager, "web:case_packs"), (disclosure.prosecutor, "web:case_index")):
        client.force_login(User.objects.get(pk=who.user_id))
        answer = client.get(reverse(name, args=[disclosure.bench.case.reference]))
        assert answer.status_code == 200, name
        assert pack.reference in answer.content.decode()
