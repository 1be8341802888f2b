"""Disclosure packs: ordered, built once by a job, delivered with every access recorded. A pack is never overwritten."""

import hashlib
import io
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from chain_of_custody.core.canonical import Json
from chain_of_custody.models import Party, StoredFile
from chain_of_custody.services import EntryDraft, StreamKey, act_append
from chain_of_custody.vault.services import file_open, file_store
from lims.accounts.actors import Actor, require
from lims.accounts.enums import AccessKind
from lims.accounts.services import access_record, system_actor
from lims.casework.models import Case
from lims.casework.selectors.access import case_scope
from lims.casework.services.belonging import file_of_case_check
from lims.casework.services.cases import case_lock
from lims.common.bell import ring
from lims.common.errors import BadInput, NotAllowed, NotFound, RuleViolation
from lims.disclosure.enums import DeliveryWay, EvidenceRequestState
from lims.disclosure.execution import BuiltPack
from lims.disclosure.ledger import PACK
from lims.disclosure.models import Delivery, DisclosurePack, EvidenceRequest
from lims.lab.enums import JobState
from lims.lab.services.jobs import job_finish, job_hold, job_take

TASK = "lims.disclosure.pack_build"
CODE_DAYS = 7


def pack_order(*, actor: Actor, request: EvidenceRequest) -> DisclosurePack:
    """Order the next pack of an approved request. Earlier packs stay as they are.

    Raises:
        NotAllowed: without `pack.approve`.
        RuleViolation: the request is not approved, or a pack of it is being built.
    """
    case = Case.objects.select_related("agency").get(pk=request.case_id)
    require(actor, "pack.approve", case_scope(case))
    with transaction.atomic():
        locked = case_lock(case)
        row = EvidenceRequest.objects.select_for_update(no_key=True, of=("self",)).get(pk=request.pk)
        if row.state not in {EvidenceRequestState.APPROVED, EvidenceRequestState.DELIVERED}:
            raise RuleViolation(
                _("%(ref)s is not approved.") % {"ref": row.reference}, code="not-approved", field="request"
            )
        if row.packs.filter(state__in=[JobState.QUEUED, JobState.RUNNING]).exists():
            raise RuleViolation(_("A pack of this request is being built. Wait for it."), code="pack-building")
        number = DisclosurePack.objects.filter(case=locked).count() + 1
        pack = DisclosurePack.objects.create(
            uuid=uuid4(),
            reference=f"{locked.reference}-DP{number:02d}",
            request=row,
            case=locked,
            ordered_by_id=actor.party_id,
        )
        values: dict[str, Json] = {"reference": pack.reference, "request": row.reference, "case": str(case.uuid)}
        act_append(actor=actor, drafts=[pack_draft(pack, "ordered", values)])
        ring(TASK, pack.pk)
    return pack


def pack_start(*, pk: int, worker: str) -> DisclosurePack | None:
    """Take the pack for this worker; None when somebody else has it or it is over."""
    with transaction.atomic():
        pack = job_take(jobs=DisclosurePack.objects, pk=pk, worker=worker)
        if pack is not None:
            act_append(actor=system_actor(), drafts=[pack_draft(pack, "started", {"attempt": pack.attempt})])
    return pack


def pack_finish(*, pack: DisclosurePack, built: BuiltPack) -> None:
    """Store the archive and its signature under retention, with rows and entries in one transaction.

    The pack's row is held meanwhile: however long a large archive takes, nobody else builds the pack, and a worker that
    comes late stores nothing.

    Raises:
        LeaseLost: another worker has the pack now.
    """
    contents: list[dict[str, Any]] = [
        {"path": one.path, "size": one.size, "sha256": one.sha256} for one in built.contents
    ]
    with transaction.atomic():
        job_hold(jobs=DisclosurePack.objects, job=pack)
        stored, signature = _built_store(pack, built)
        job_finish(
            jobs=DisclosurePack.objects,
            job=pack,
            state=JobState.DONE,
            file=stored,
            signature_file=signature,
            contents=contents,
            checkpoint_size=built.checkpoint_size,
        )
        values: dict[str, Json] = {
            "sha256": stored.digest,
            "size": stored.size,
            "files": len(contents),
            "tagmanifest": built.tagmanifest,
            "checkpoint": built.checkpoint_size,
        }
        act_append(actor=system_actor(), drafts=[pack_draft(pack, "built", values)])


def _built_store(pack: DisclosurePack, built: BuiltPack) -> tuple[StoredFile, StoredFile]:
    actor = system_actor()
    stream = StreamKey(kind="pack", id=pack.uuid)
    with built.path.open("rb") as source:
        stored = file_store(
            actor=actor,
            stream=stream,
            source=source,
            name=f"{pack.reference}.zip",
            media_type="application/zip",
            role="pack",
        )
    signature = file_store(
        actor=actor,
        stream=stream,
        source=io.BytesIO(built.signature),
        name=f"{pack.reference}.zip.sig",
        media_type="text/plain",
        role="pack_signature",
    )
    return stored, signature


def pack_fail(*, pack: DisclosurePack, error: str, state: str = JobState.FAILED) -> None:
    """End the pack's job without a pack."""
    with transaction.atomic():
        job_finish(jobs=DisclosurePack.objects, job=pack, state=state, error=error)
        act_append(actor=system_actor(), drafts=[pack_draft(pack, "failed", {"attempt": pack.attempt})])


def pack_give_up(pack: DisclosurePack) -> None:
    """A pack whose workers died three times is failed; another can be ordered."""
    pack_fail(pack=pack, error=_("The worker stopped %(n)s times while building this pack.") % {"n": pack.attempt})


@contextmanager
def pack_read(*, actor: Actor, pack: DisclosurePack) -> Iterator[tuple[StoredFile, Iterator[bytes]]]:
    """The pack's bytes for somebody signed in; the reading enters the access log and the ledger.

    Raises:
        NotAllowed: without `pack.read` in the case.
        NotFound: it is not built yet.
    """
    case = Case.objects.select_related("agency").get(pk=pack.case_id)
    require(actor, "pack.read", case_scope(case))
    file = _built(pack)
    access_record(
        kind=AccessKind.DOWNLOAD,
        actor=actor,
        subject_kind="pack",
        subject=pack.uuid,
        case=case.uuid,
        reference=pack.reference,
    )
    if "prosecutor" in actor.roles:
        _delivered(actor, pack, DeliveryWay.SIGN_IN, Party.objects.get(pk=actor.party_id))
    with file_open(actor=actor, file=file, purpose="disclosure", recipient=actor.name) as chunks:
        yield file, chunks


def delivery_code_create(*, actor: Actor, pack: DisclosurePack, recipient: Party) -> tuple[Delivery, str]:
    """A one-time code with which a named recipient fetches the pack without an account; valid for seven days.

    Raises:
        NotAllowed: without `pack.approve`.
        NotFound: the pack is not built yet.
    """
    case = Case.objects.select_related("agency").get(pk=pack.case_id)
    require(actor, "pack.approve", case_scope(case))
    _built(pack)
    code = secrets.token_urlsafe(18)
    with transaction.atomic():
        delivery = Delivery.objects.create(
            uuid=uuid4(),
            pack=pack,
            way=DeliveryWay.CODE,
            recipient=recipient,
            delivered_by_id=actor.party_id,
            delivered_at=timezone.now(),
            code_digest=_code_digest(code),
            code_expires_at=timezone.now() + timedelta(days=CODE_DAYS),
        )
        _delivered_entry(actor, pack, DeliveryWay.CODE, recipient)
    return delivery, code


@contextmanager
def delivery_code_use(*, delivery: Delivery, code: str) -> Iterator[tuple[StoredFile, Iterator[bytes]]]:
    """The pack's bytes against a one-time code, once.

    Raises:
        NotAllowed: wrong, used or expired; the same answer for all three.
    """
    with transaction.atomic():
        row = (
            Delivery.objects.select_for_update(no_key=True, of=("self",))
            .select_related("pack__case", "recipient")
            .get(pk=delivery.pk)
        )
        now = timezone.now()
        fits = row.code_digest and secrets.compare_digest(row.code_digest, _code_digest(code))
        if not fits or row.code_used_at or not row.code_expires_at or row.code_expires_at < now:
            raise NotAllowed(
                _("This code is wrong, used or expired. Ask the laboratory for a new one."),
                code="bad-code",
                field="code",
            )
        row.code_used_at = now
        row.save(update_fields=["code_used_at"])
    actor = system_actor("web")
    access_record(
        kind=AccessKind.DOWNLOAD,
        actor=actor,
        subject_kind="pack",
        subject=row.pack.uuid,
        case=row.pack.case.uuid,
        reference=row.pack.reference,
        reason=row.recipient.name,
    )
    with file_open(actor=actor, file=_built(row.pack), purpose="disclosure", recipient=row.recipient.name) as chunks:
        yield _built(row.pack), chunks


def delivery_stick_check(*, actor: Actor, pack: DisclosurePack, digest: str) -> str:
    """The SHA-256 of the copy on a stick, which must be the archive's; asked before a receipt is stored.

    Raises:
        NotAllowed: without `pack.approve`.
        NotFound: the pack is not built yet.
        BadInput: the copy on the stick is not the archive.
    """
    require(actor, "pack.approve", case_scope(Case.objects.select_related("agency").get(pk=pack.case_id)))
    read = "".join(digest.split()).lower()
    if read != _built(pack).digest:
        raise BadInput(
            _("This is not the SHA-256 of %(pack)s. Copy the archive to the stick again and compute the hash there.")
            % {"pack": pack.reference},
            code="other-digest",
            field="digest",
            found=digest[:80],
        )
    return read


def delivery_stick_record(
    *, actor: Actor, pack: DisclosurePack, recipient: Party, receipt: StoredFile, digest: str
) -> Delivery:
    """Record a delivery on a USB stick: the SHA-256 of the copy on it, and the signed receipt.

    Raises:
        NotAllowed: without `pack.approve`.
        BadInput: the copy is not the archive, or the receipt was not handed in for the pack's case.
    """
    case = Case.objects.select_related("agency").get(pk=pack.case_id)
    read = delivery_stick_check(actor=actor, pack=pack, digest=digest)
    file_of_case_check(receipt, case, field="receipt")
    with transaction.atomic():
        delivery = Delivery.objects.create(
            uuid=uuid4(),
            pack=pack,
            way=DeliveryWay.USB,
            recipient=recipient,
            receipt=receipt,
            delivered_by_id=actor.party_id,
            delivered_at=timezone.now(),
        )
        _delivered_entry(actor, pack, DeliveryWay.USB, recipient, archive=read, receipt=receipt.digest)
    return delivery


def pack_draft(
    pack: DisclosurePack, verb: str, values: dict[str, Json], committed: dict[str, Json] | None = None
) -> EntryDraft:
    """An entry in the pack's stream."""
    stream = StreamKey(kind="pack", id=pack.uuid)
    return EntryDraft(stream=stream, schema=PACK, verb=verb, values=values, committed=committed or {})


def _built(pack: DisclosurePack) -> StoredFile:
    row = DisclosurePack.objects.select_related("file__stream", "file__uploaded_by").get(pk=pack.pk)
    if row.file is None or row.state != JobState.DONE:
        raise NotFound(_("%(pack)s is not built yet.") % {"pack": row.reference}, code="pack-not-built")
    return row.file


def _delivered(actor: Actor, pack: DisclosurePack, way: str, recipient: Party) -> None:
    with transaction.atomic():
        known = Delivery.objects.filter(pack=pack, way=way, recipient=recipient).exists()
        if not known:
            Delivery.objects.create(uuid=uuid4(), pack=pack, way=way, recipient=recipient, delivered_at=timezone.now())
            _delivered_entry(actor, pack, way, recipient)


def _delivered_entry(actor: Actor, pack: DisclosurePack, way: str, recipient: Party, **digests: str) -> None:
    EvidenceRequest.objects.filter(pk=pack.request_id, state=EvidenceRequestState.APPROVED).update(
        state=EvidenceRequestState.DELIVERED
    )
    values: dict[str, Json] = {"way": way, "recipient": str(recipient.uuid), **digests}
    act_append(actor=actor, drafts=[pack_draft(pack, "delivered", values, {"recipient.name": recipient.name})])


def _code_digest(code: str) -> str:
    return hashlib.sha256(code.strip().encode()).hexdigest()
