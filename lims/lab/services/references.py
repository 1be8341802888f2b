"""Reference sets: proposed, built by a job, approved by a second look, used only while approved.

draft ─ job builds, calibrates, freezes (`services.builds`) ─► proposed ─ second person ─► approved ─► retired
"""

import hashlib
from collections.abc import Sequence
from typing import BinaryIO
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
from lims.common.bell import ring
from lims.common.checks import text_clean
from lims.common.errors import BadInput, NotAllowed, RuleViolation
from lims.lab.enums import ReferenceKind, ReferenceState
from lims.lab.ledger import REFERENCE
from lims.lab.models import ReferenceBuild, ReferenceSet, ReferenceSource
from lims.lab.rules.references import SHAPES
from lims.lab.selectors.curation import approval_problem
from lims.lab.selectors.drift import drift_runs
from lims.lab.selectors.referenceaccess import references_used
from lims.lab.services.drift import drift_queue

TASK = "lims.lab.reference_build"
USUAL_KM, MOST_KM = 50, 1000
"""Size of the squares that stand for the places of a restricted set, where nobody chose one, and the largest."""


def reference_propose(
    *,
    actor: Actor,
    kind: str,
    name: str,
    edition: str,
    files: Sequence[tuple[str, BinaryIO]],
    parameters: dict[str, Json] | None = None,
    provenance: str,
    synthetic: bool = False,
    restricted: bool = False,
    coarse_km: int = 0,
) -> ReferenceSet:
    """Take in the source files of a reference and queue the job that builds, calibrates and freezes it.

    What each kind takes stands in `rules.references`; who may see a `restricted` one in `services.referenceaccess`. A
    file that cannot be used ends the build with the reason, naming file, row and remedy; the edition is free again
    then.

    Raises:
        NotAllowed: without `reference.manage`.
        BadInput: no file or too many, a column is not named, or the name and edition exist, also when somebody else
            proposes them at the same moment.
        RuleViolation: a source file is a file of a case or an item: evidence may not enter a reference.
    """
    require(actor, "reference.manage")
    if kind not in ReferenceKind.values:
        raise BadInput(_("Choose what the reference is for."), code="unknown-kind", field="kind", found=kind)
    name = text_clean(name, field="name", required=True, limit=120)
    edition = text_clean(edition, field="edition", required=True, limit=40)
    provenance = text_clean(provenance, field="provenance", required=True)
    given = _sources_check(kind, files, parameters or {})
    if given.get("against"):
        given["against"] = str(_against(actor, str(given["against"])).uuid)
    coarse = coarse_check(coarse_km, restricted=restricted)
    _no_evidence(files)
    row = ReferenceSet(
        uuid=uuid4(),
        kind=kind,
        name=name,
        edition=edition,
        parameters=given,
        provenance=provenance,
        synthetic=synthetic,
        restricted=restricted,
        coarse_km=coarse,
        added_by_id=actor.party_id,
        added_at=timezone.now(),
    )
    _take_in(actor, row, files)
    return row


def _take_in(actor: Actor, row: ReferenceSet, files: Sequence[tuple[str, BinaryIO]]) -> None:
    """The set, its source files and the job that builds it, in one transaction."""
    with transaction.atomic():
        _insert(row)
        sources = _sources_store(actor, row, files)
        build = ReferenceBuild.objects.create(reference=row)
        values: dict[str, Json] = {"kind": row.kind, "name": row.name, "edition": row.edition, "sources": sources}
        if row.restricted:
            values |= {"restricted": True, "coarse_km": row.coarse_km}
        act_append(actor=actor, drafts=[reference_draft(row, "drafted", values)])
        ring(TASK, build.pk)


def reference_approve(*, actor: Actor, reference: ReferenceSet, note: str) -> ReferenceSet:
    """Approve a reference for casework; where reports rest on another edition, what it would change is computed.

    Raises:
        NotAllowed: without `quality.manage`, by the person who proposed it, or who decided on its records.
        RuleViolation: not waiting for approval, records are not decided on or are still to be left out.
    """
    require(actor, "quality.manage")
    note = text_clean(note, field="note", required=True)
    with transaction.atomic():
        row = ReferenceSet.objects.select_for_update(no_key=True).get(pk=reference.pk)
        if row.added_by_id == actor.party_id:
            raise NotAllowed(_("You proposed this reference. A second person approves it."), code="own-work")
        if row.state != ReferenceState.PROPOSED:
            raise RuleViolation(_("This reference is not waiting for approval."), code="wrong-state")
        _curated_check(actor, row)
        row.state, row.approved_by_id, row.approved_at = ReferenceState.APPROVED, actor.party_id, timezone.now()
        row.save(update_fields=["state", "approved_by", "approved_at"])
        _entry(actor, row, "approved", note)
        if drift_runs(row).exists():
            drift_queue(actor=actor, reference=row)
    return row


def _curated_check(actor: Actor, row: ReferenceSet) -> None:
    """Records that contradict their set are decided on first, by another person than the one who approves."""
    if row.decisions.filter(decided_by_id=actor.party_id).exists():
        raise NotAllowed(_("You decided on records of this reference. Another person approves it."), code="own-work")
    problem = approval_problem(row)
    if problem:
        raise RuleViolation(problem, code="not-curated")


def reference_retire(*, actor: Actor, reference: ReferenceSet, reason: str) -> ReferenceSet:
    """Take a reference out of use; runs that used it keep it.

    Raises:
        NotAllowed: without `quality.manage`.
        RuleViolation: it is not built, or retired already.
    """
    require(actor, "quality.manage")
    reason = text_clean(reason, field="reason", required=True)
    with transaction.atomic():
        row = ReferenceSet.objects.select_for_update(no_key=True).get(pk=reference.pk)
        if row.state not in {ReferenceState.PROPOSED, ReferenceState.APPROVED}:
            raise RuleViolation(_("This reference is not in use and waits for nobody."), code="wrong-state")
        row.state = ReferenceState.RETIRED
        row.save(update_fields=["state"])
        _entry(actor, row, "retired", reason)
    return row


def reference_draft(
    row: ReferenceSet, verb: str, values: dict[str, Json], committed: dict[str, Json] | None = None
) -> EntryDraft:
    """An entry in the reference's stream."""
    stream = StreamKey(kind="reference", id=row.uuid)
    return EntryDraft(stream=stream, schema=REFERENCE, verb=verb, values=values, committed=committed or {})


def coarse_check(km: int, *, restricted: bool) -> int:
    """The size of squares that stand for places on output.

    Raises:
        BadInput: not from 0 to 1,000 km.
    """
    if not 0 <= km <= MOST_KM:
        raise BadInput(
            _("Squares have 0 to %(most)s km.") % {"most": MOST_KM}, code="bad-size", field="coarse_km", found=km
        )
    return km or (USUAL_KM if restricted else 0)


def _sources_check(kind: str, files: Sequence[tuple[str, BinaryIO]], parameters: dict[str, Json]) -> dict[str, Json]:
    """What can be said before a worker has read a byte; the parameters that are not empty."""
    shape = SHAPES[kind]
    if not files:
        raise BadInput(_("A reference needs at least one file."), code="required", field="files")
    if len(files) < shape.least or (shape.most is not None and len(files) > shape.most):
        words = str(shape.least) if shape.least == shape.most else f"{shape.least}–{shape.most or '…'}"
        raise BadInput(
            _("A reference of this kind is made from %(n)s files.") % {"n": words},
            code="bad-count",
            field="files",
            found=len(files),
        )
    for key in shape.needed:
        if not parameters.get(key):
            raise BadInput(_("This must be named for a reference of this kind."), code="required", field=key)
    unknown = [key for key in parameters if key not in shape.parameters and parameters[key]]
    if unknown:
        raise BadInput(
            _("«%(name)s» says nothing about a reference of this kind.") % {"name": unknown[0]},
            code="unknown-parameter",
            field="parameters",
            found=unknown[0],
        )
    return {key: value for key, value in parameters.items() if value}


def _against(actor: Actor, named: str) -> ReferenceSet:
    """The set beside whose records new ones are laid to learn their locus and strand; it may be retired since.

    Raises:
        BadInput: no set of sequences that was approved, or not the actor's to use.
    """
    rows = ReferenceSet.objects.filter(
        kind=ReferenceKind.SPECIES, state__in=[ReferenceState.APPROVED, ReferenceState.RETIRED]
    )
    try:
        row = references_used(rows, actor).filter(uuid=UUID(named)).first()
    except ValueError:
        row = None
    if row is None:
        words = _("Name an approved set of sequences beside which the records are laid.")
        raise BadInput(words, code="unknown-reference", field="against", found=named[:80])
    return row


def _sources_store(actor: Actor, row: ReferenceSet, files: Sequence[tuple[str, BinaryIO]]) -> list[Json]:
    told: list[Json] = []
    for name, source in files:
        file = file_store(
            actor=actor,
            stream=StreamKey(kind="reference", id=row.uuid),
            source=source,
            name=name,
            media_type="text/plain",
            role="reference_source",
            limit=settings.SPOOR_UPLOAD_LIMIT,
        )
        ReferenceSource.objects.create(reference=row, file=file)
        told.append(file.digest)
    return told


def _no_evidence(files: Sequence[tuple[str, BinaryIO]]) -> None:
    """What was handed in about a case or an item, or came out of a run, is evidence: known by its bytes."""
    names = {_digest(source): name for name, source in files}
    known = StoredFile.objects.filter(digest__in=list(names), stream__kind__in=["case", "item", "run"])
    for digest in known.values_list("digest", flat=True)[:1]:
        raise RuleViolation(
            _("«%(file)s» is a file of a case: evidence may not enter a reference. Leave it out.")
            % {"file": names[digest]},
            code="evidence-in-reference",
            field="files",
            found=names[digest],
        )


def _digest(source: BinaryIO) -> str:
    whole = hashlib.sha256()
    while piece := source.read(1 << 20):
        whole.update(piece)
    source.seek(0)
    return whole.hexdigest()


def _taken(name: str, edition: str) -> BadInput:
    return BadInput(
        _("%(name)s %(edition)s exists. A reference never changes: choose a new edition.")
        % {"name": name, "edition": edition},
        code="taken",
        field="edition",
        found=edition,
    )


def _insert(row: ReferenceSet) -> None:
    """The database decides who was first where two propose the same edition at the same moment."""
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        if "reference_edition_once" not in str(error):
            raise
        raise _taken(row.name, row.edition) from error


def _entry(actor: Actor, row: ReferenceSet, verb: str, reason: str) -> None:
    act_append(actor=actor, drafts=[reference_draft(row, verb, {"digest": row.digest})], reason=reason)
