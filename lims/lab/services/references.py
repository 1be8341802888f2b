"""Reference sets: proposed with their content hash, approved by a second look, used only while approved."""

import io
from uuid import uuid4

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from chain_of_custody.core.canonical import Json
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
        BadInput: the name and edition exist.
        AnalysisError: a file cannot be used, naming file, row and remedy.
    """
    require(actor, "reference.manage")
    if kind not in ReferenceKind.values:
        raise BadInput(_("Choose what the reference is for."), code="unknown-kind", field="kind", found=kind)
    name = text_clean(name, field="name", required=True, limit=120)
    edition = text_clean(edition, field="edition", required=True, limit=40)
    provenance = text_clean(provenance, field="provenance", required=True)
    if ReferenceSet.objects.filter(kind=kind, name=name, edition=edition).exists():
        raise BadInput(
            _("%(name)s %(edition)s exists. A reference never changes: choose a new edition.")
            % {"name": name, "edition": edition},
            code="taken",
            field="edition",
            found=edition,
        )
    frozen = reference_freeze(kind=kind, name=name, edition=edition, files=files, parameters=parameters or {})
    uuid = uuid4()
    stream = StreamKey(kind="reference", id=uuid)
    stored = file_store(
        actor=actor,
        stream=stream,
        source=io.BytesIO(frozen.archive),
        name=f"{name}-{edition}.zip",
        media_type="application/zip",
        role="reference",
        limit=settings.SPOOR_UPLOAD_LIMIT,
    )
    with transaction.atomic():
        row = ReferenceSet.objects.create(
            uuid=uuid,
            kind=kind,
            name=name,
            edition=edition,
            digest=frozen.digest,
            file=stored,
            records=frozen.records,
            summary=frozen.summary,
            parameters=parameters or {},
            provenance=provenance,
            synthetic=synthetic,
            added_by_id=actor.party_id,
            added_at=timezone.now(),
        )
        values: dict[str, Json] = {
            "kind": kind,
            "name": name,
            "edition": edition,
            "digest": frozen.digest,
            "file": str(stored.uuid),
            "records": frozen.records,
        }
        act_append(actor=actor, drafts=[EntryDraft(stream=stream, schema=REFERENCE, verb="proposed", values=values)])
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


def _entry(actor: Actor, row: ReferenceSet, verb: str, reason: str) -> None:
    stream = StreamKey(kind="reference", id=row.uuid)
    draft = EntryDraft(stream=stream, schema=REFERENCE, verb=verb, values={"digest": row.digest})
    act_append(actor=actor, drafts=[draft], reason=reason)
