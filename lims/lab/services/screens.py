"""Sequences that runs are screened against: kept from finished runs, read from files of controls and of staff."""

import hashlib
import io
import secrets
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from analysis.errors import AnalysisError
from analysis.inputs import InputFile
from analysis.species.assembly import single
from analysis.species.traces import Read, reads_of, trace_read
from chain_of_custody.core.canonical import Json
from chain_of_custody.models import StoredFile
from chain_of_custody.services import EntryDraft, StreamKey, act_append
from chain_of_custody.vault.services import file_store
from lims.accounts.actors import Actor, require
from lims.common.checks import text_clean
from lims.common.errors import BadInput, RuleViolation
from lims.lab.enums import ScreenKind
from lims.lab.execution import Answer
from lims.lab.ledger import BATCH, STAFF
from lims.lab.models import Batch, BatchControl, Run, RunScreen, ScreenSequence
from lims.lab.rules.screens import MOST_OUTCOMES, SHORTEST, bases_digest, list_digest
from lims.lab.selectors.screens import screen_draw

LARGEST = 16 << 20
STAFF_STREAM = "staff_sequence"
_TRACE = ".ab1"


def screen_freeze(*, run: Run) -> RunScreen:
    """Draw the list that a run is screened against, once: a second attempt finds the first one's."""
    frozen = RunScreen.objects.filter(run=run).first()
    if frozen is None:
        content = screen_draw(run)
        frozen = RunScreen.objects.create(run=run, content=content, digest=list_digest(content))
    return frozen


def screen_repeat(*, run: Run, earlier: Run) -> RunScreen | None:
    """Give a repetition the very list of the run it repeats; None where that one had none."""
    frozen = RunScreen.objects.filter(run=earlier).first()
    return RunScreen.objects.create(run=run, content=frozen.content, digest=frozen.digest) if frozen else None


def sequences_keep(*, run: Run, answers: Sequence[Answer]) -> None:
    """Keep the sequences of a finished run, so that later runs are screened against them.

    A repetition adds none (it has the bases of the run it repeats), nor does a run of very many queries.
    """
    if run.rerun_of_id or len(answers) > MOST_OUTCOMES:
        return
    now = timezone.now()
    ScreenSequence.objects.bulk_create(
        [
            _sequence(answer.bases, kind=ScreenKind.RUN, run=run, number=number, locus=answer.locus, added_at=now)
            for number, answer in enumerate(answers, start=1)
            if len(answer.bases) >= SHORTEST
        ]
    )


def control_sequence_add(*, actor: Actor, control: BatchControl, name: str, source: BinaryIO) -> list[ScreenSequence]:
    """Keep a trace (ab1) or sequences (FASTA, FASTQ) of a control, trimmed as any read, to screen samples against.

    A control without a readable sequence is kept as that: what a blank should give.

    Raises:
        NotAllowed: without `batch.work`.
        BadInput: the file cannot be read; nothing is kept.
    """
    require(actor, "batch.work")
    content, read = _read(name, source)
    with transaction.atomic():
        batch = Batch.objects.select_for_update(no_key=True).get(pk=control.batch_id)
        stream = StreamKey(kind="batch", id=batch.uuid)
        stored = file_store(
            actor=actor,
            stream=stream,
            source=io.BytesIO(content),
            name=name,
            media_type="application/octet-stream",
            role="control",
            limit=settings.SPOOR_UPLOAD_LIMIT,
        )
        now = timezone.now()
        kept = ScreenSequence.objects.bulk_create(
            [
                _sequence(
                    bases,
                    kind=ScreenKind.CONTROL,
                    control=control,
                    file=stored,
                    name=called[:120],
                    added_at=now,
                    added_by_id=actor.party_id,
                )
                for called, bases in read
            ]
        )
        values = _sequenced(control, stored, kept)
        draft = EntryDraft(stream=stream, schema=BATCH, verb="control_sequenced", values=values)
        act_append(actor=actor, drafts=[draft])
    return kept


def _sequenced(control: BatchControl, file: StoredFile, kept: Sequence[ScreenSequence]) -> dict[str, Json]:
    return {
        "control": control.kind,
        "position": control.position,
        "sha256": file.digest,
        "sequences": [{"id": str(one.uuid), "bases": len(one.bases), "digest": one.digest} for one in kept],
    }


def staff_sequence_add(
    *, actor: Actor, code: str, agreed_on: date, name: str, source: BinaryIO
) -> list[ScreenSequence]:
    """Keep sequences of a member of staff who agreed to it, under a code that names nobody.

    Only the bases are kept, not the file. Records of cases show neither code nor bases.

    Raises:
        NotAllowed: without `quality.manage`.
        BadInput: no code, agreed in the future, a file that cannot be read or holds nothing readable.
    """
    require(actor, "quality.manage")
    code = text_clean(code, field="code", required=True, limit=40)
    if agreed_on > timezone.localdate():
        raise BadInput(_("The day of the agreement lies in the future."), code="future", field="agreed_on")
    _content, read = _read(name, source)
    if not any(bases for _called, bases in read):
        raise BadInput(
            _("«%(file)s» holds no readable sequence of %(n)s bases.") % {"file": name, "n": SHORTEST},
            code="nothing-readable",
            field="file",
            found=name,
        )
    with transaction.atomic():
        now = timezone.now()
        kept = ScreenSequence.objects.bulk_create(
            [
                _sequence(
                    bases,
                    kind=ScreenKind.STAFF,
                    name=code,
                    added_at=now,
                    added_by_id=actor.party_id,
                    agreed_on=agreed_on,
                )
                for _called, bases in read
                if bases
            ]
        )
        act_append(actor=actor, drafts=[_staff_draft(one, "added", {"agreed_on": str(agreed_on)}) for one in kept])
    return kept


def staff_sequence_withdraw(*, actor: Actor, sequence: ScreenSequence) -> ScreenSequence:
    """Erase the bases of a staff sequence; runs from now on are not screened against it.

    A run screened against it before keeps its result; its repetition says that the sequence is gone.

    Raises:
        NotAllowed: without `quality.manage`.
        RuleViolation: it was withdrawn already, or is none of the staff.
    """
    require(actor, "quality.manage")
    with transaction.atomic():
        row = ScreenSequence.objects.select_for_update(no_key=True, of=("self",)).get(pk=sequence.pk)
        if row.kind != ScreenKind.STAFF or row.ended_at is not None:
            raise RuleViolation(_("This sequence was withdrawn already."), code="over")
        row.bases, row.ended_at = "", timezone.now()
        row.save(update_fields=["bases", "ended_at"])
        act_append(actor=actor, drafts=[_staff_draft(row, "withdrawn", {})])
    return row


def _staff_draft(row: ScreenSequence, verb: str, values: dict[str, Json]) -> EntryDraft:
    stream = StreamKey(kind=STAFF_STREAM, id=row.uuid)
    return EntryDraft(stream=stream, schema=STAFF, verb=verb, values={**values, "digest": row.digest})


def _sequence(bases: str, **facts: object) -> ScreenSequence:
    salt = secrets.token_hex(16)
    return ScreenSequence(uuid=uuid4(), bases=bases, salt=salt, digest=bases_digest(salt, bases), **facts)


def _read(name: str, source: BinaryIO) -> tuple[bytes, list[tuple[str, str]]]:
    """The file, and what can be read of it: names and bases, empty where too little is left after trimming."""
    content = source.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise BadInput(_("«%(file)s» is too large.") % {"file": name}, code="too-large", field="file", found=name)
    with tempfile.TemporaryDirectory(prefix="screen-") as folder:
        path = Path(folder) / "file"
        path.write_bytes(content)
        given = InputFile(role="screen", name=name, path=path, sha256=hashlib.sha256(content).hexdigest())
        try:
            reads = _reads(given, content)
        except AnalysisError as error:
            raise BadInput(
                _("File %(why)s") % {"why": str(error)}, code="unreadable-file", field="file", found=name
            ) from error
    return content, [(read.name, _usable(read)) for read in reads[:MOST_OUTCOMES]]


def _reads(given: InputFile, content: bytes) -> list[Read]:
    if given.name.lower().endswith(_TRACE) or content[:4] == b"ABIF":
        return [replace(trace_read(given), name=given.name)]
    return reads_of(given)


def _usable(read: Read) -> str:
    bases = single(read).bases
    return bases.decode() if len(bases) - bases.count(b"N") >= SHORTEST else ""
