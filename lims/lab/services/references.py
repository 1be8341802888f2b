"""Reference sets: proposed with their content hash, approved by a second look, used only while approved."""

import hashlib
import io
from uuid import UUID, uuid4

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from chain_of_custody.core.canonical import Json
from chain_of_custody.models import StoredFile
from chain_of_custody.services import EntryDraft, StreamKey, act_append
from chain_of_custody.vault.services import file_store
from lims.accounts.actors import Actor, require
from lims.common.checks import text_clean
from lims.common.errors import BadInput, NotAllowed, RuleViolation
from lims.lab.enums import ReferenceKind, ReferenceState
from lims.lab.execution import reference_freeze
from lims.lab.ledger import REFERENCE
from lims.lab.models import ReferenceSet


def reference_propose(
    *,
    actor: Actor,
    kind: str,
    name: str,
    edition: str,
    files: list[tuple[str, bytes]],
    parameters: dict[str, Json] | None = None,
    provenance: str,
    synthetic: bool = False,
) -> ReferenceSet:
    """Build and freeze a reference from its source files; its content hash is its identity.

    `species` takes FASTA files (headers `accession|Genus species|…`); `origin` takes one genotype table, whose
    `parameters` name `id_column`, `population_column` and optionally `group_column`.

    Raises:
        NotAllowed: without `reference.manage`.
        BadInput: the name and edition exist, also when somebody else proposes them at the same moment.
        RuleViolation: a source file is a file of a case or an item: evidence may not enter a reference.
        AnalysisError: a file cannot be used, naming file, row and remedy.
    """
    require(actor, "reference.manage")
    if kind not in ReferenceKind.values:
        raise BadInput(_("Choose what the reference is for."), code="unknown-kind", field="kind", found=kind)
    name = text_clean(name, field="name", required=True, limit=120)
    edition = text_clean(edition, field="edition", required=True, limit=40)
    provenance = text_clean(provenance, field="provenance", required=True)
    if ReferenceSet.objects.filter(kind=kind, name=name, edition=edition).exists():
        raise _taken(name, edition)
    _no_evidence(files)
    frozen = reference_freeze(kind=kind, name=name, edition=edition, files=files, parameters=parameters or {})
    uuid = uuid4()
    row = ReferenceSet(
        uuid=uuid,
        kind=kind,
        name=name,
        edition=edition,
        digest=frozen.digest,
        file=_archive_store(actor, uuid, f"{name}-{edition}.zip", frozen.archive),
        records=frozen.records,
        summary=frozen.summary,
        parameters=parameters or {},
        provenance=provenance,
        synthetic=synthetic,
        added_by_id=actor.party_id,
        added_at=timezone.now(),
    )
    _add(actor, row)
    return row


def reference_approve(*, actor: Actor, reference: ReferenceSet, note: str) -> ReferenceSet:
    """Approve a reference for casework.

    Raises:
        NotAllowed: without `quality.manage`, or by the person who proposed it.
        RuleViolation: not waiting for approval.
    """
    require(actor, "quality.manage")
    note = text_clean(note, field="note", required=True)
    with transaction.atomic():
        row = ReferenceSet.objects.select_for_update(no_key=True).get(pk=reference.pk)
        if row.added_by_id == actor.party_id:
            raise NotAllowed(_("You proposed this reference. A second person approves it."), code="own-work")
        if row.state != ReferenceState.PROPOSED:
            raise RuleViolation(_("This reference is not waiting for approval."), code="wrong-state")
        row.state, row.approved_by_id, row.approved_at = ReferenceState.APPROVED, actor.party_id, timezone.now()
        row.save(update_fields=["state", "approved_by", "approved_at"])
        _entry(actor, row, "approved", note)
    return row


def reference_retire(*, actor: Actor, reference: ReferenceSet, reason: str) -> ReferenceSet:
    """Take a reference out of use; runs that used it keep it.

    Raises:
        NotAllowed: without `quality.manage`.
    """
    require(actor, "quality.manage")
    reason = text_clean(reason, field="reason", required=True)
    with transaction.atomic():
        row = ReferenceSet.objects.select_for_update(no_key=True).get(pk=reference.pk)
        row.state = ReferenceState.RETIRED
        row.save(update_fields=["state"])
        _entry(actor, row, "retired", reason)
    return row


def _archive_store(actor: Actor, uuid: UUID, name: str, archive: bytes) -> StoredFile:
    return file_store(
        actor=actor,
        stream=StreamKey(kind="reference", id=uuid),
        source=io.BytesIO(archive),
        name=name,
        media_type="application/zip",
        role="reference",
        limit=settings.SPOOR_UPLOAD_LIMIT,
    )


def _no_evidence(files: list[tuple[str, bytes]]) -> None:
    """Whatever was handed in about a case or an item is evidence, and is known by its bytes whatever its name."""
    names = {hashlib.sha256(content).hexdigest(): name for name, content in files}
    known = StoredFile.objects.filter(digest__in=list(names), stream__kind__in=["case", "item"])
    for digest in known.values_list("digest", flat=True)[:1]:
        raise RuleViolation(
            _("«%(file)s» is a file of a case: evidence may not enter a reference. Leave it out.")
            % {"file": names[digest]},
            code="evidence-in-reference",
            field="files",
            found=names[digest],
        )


def _taken(name: str, edition: str) -> BadInput:
    return BadInput(
        _("%(name)s %(edition)s exists. A reference never changes: choose a new edition.")
        % {"name": name, "edition": edition},
        code="taken",
        field="edition",
        found=edition,
    )


def _add(actor: Actor, row: ReferenceSet) -> None:
    stream = StreamKey(kind="reference", id=row.uuid)
    values: dict[str, Json] = {
        "kind": row.kind,
        "name": row.name,
        "edition": row.edition,
        "digest": row.digest,
        "file": str(row.file.uuid),
        "records": row.records,
    }
    with transaction.atomic():
        try:
            with transaction.atomic():
                row.save(force_insert=True)
        except IntegrityError as error:
            # Proposed at the same moment: the database decides who was first.
            if "reference_edition_once" not in str(error):
                raise
            raise _taken(row.name, row.edition) from error
        act_append(actor=actor, drafts=[EntryDraft(stream=stream, schema=REFERENCE, verb="proposed", values=values)])


def _entry(actor: Actor, row: ReferenceSet, verb: str, reason: str) -> None:
    stream = StreamKey(kind="reference", id=row.uuid)
    draft = EntryDraft(stream=stream, schema=REFERENCE, verb=verb, values={"digest": row.digest})
    act_append(actor=actor, drafts=[draft], reason=reason)
